# Logging in.

login-heading = Log in
login-button = Log in
login-cancel = Leave without logging in

user-id = User ID
    .hint = The ID that you received from { $society }.
password = Password
user-id-forgotten = Forgotten your user ID?
password-forgotten = Forgotten your password?

check-what-you-typed = Please check what you entered
user-id-unknown-help = When you don’t know your user ID
user-id-missing = Enter your user ID.
password-missing = Enter your password.

wrong-credentials = The user ID or password is not valid.
    .next = Please check both and enter them again. In passwords, capital and small letters are different.
    .help = If this keeps happening
password-locked = The password is locked.
    .why = A wrong password was entered several times in a row, so logging in with the password has been stopped for safety.
    .until = You can try again after { $until }.
    .inquire = To have it unlocked, please write to us through the inquiry form.
    .ask = To have it unlocked, please contact { $society }.
    .help = About locked passwords
account-locked = The account is locked.
    .why = For safety, every way of logging in to this account has been stopped.
    .until = You can try again after { $until }.
    .inquire = To have it unlocked, please write to us through the inquiry form.
    .ask = To have it unlocked, please contact { $society }.
    .help = About locked accounts
initial-password-expired = The initial password has expired.
    .why = The initial password that you received can only be used for a limited time.
    .until = You can try again after { $until }.
    .inquire = Please ask for a new initial password through the inquiry form.
    .ask = Please ask { $society } for a new initial password.
    .help = When the initial password has expired

# The first login: a password of one's own.

initial-password-heading = Choose a new password
initial-password-why = This is your first login. In place of the initial password that you received, choose a password that only you know.
old-password-why = Your present password has expired. Choose a new one, and the login goes on.
initial-password-save = Use this password
initial-password-next = From the next time on, you log in with the password that you choose here.
new-password = New password
new-password-again = New password again, to confirm
password-mismatch = The two passwords are not the same. Enter the same password twice.

password-show = Show the password
password-rule-kept = {" "}(done)
password-rule-wrong = {" "}(not so)
password-rules-kept = All rules that can be checked now are kept.
password-rules-left = Still to do:
password-same = The two passwords are the same.
password-differs = The two passwords are not the same yet.

password-policy-heading = Rules for the password
password-policy-help = About passwords that can be used
password-rule-min-length = { $n } characters or more
    .broken = Use { $n } characters or more.
password-rule-max-length = No more than { $n } characters
    .broken = Use no more than { $n } characters.
password-rule-allowed-characters = Only half-width letters, digits and symbols
    .broken = It has a character that cannot be used. Use only half-width letters, digits and symbols.
password-rule-needs-lower = At least one small letter (a–z)
    .broken = Put in at least one small letter (a–z).
password-rule-needs-upper = At least one capital letter (A–Z)
    .broken = Put in at least one capital letter (A–Z).
password-rule-needs-digit = At least one digit (0–9)
    .broken = Put in at least one digit (0–9).
password-rule-needs-symbol = At least one symbol (such as ! # %)
    .broken = Put in at least one symbol (such as ! # %).
password-rule-not-user-id = Not the same as your user ID
    .broken = It is the same as your user ID. Choose another.
password-rule-not-common = Not a common one such as “password1”
    .broken = Many people use this password, so it could be guessed. Choose another.
password-rule-not-initial = { $n ->
    [0] Not the initial password
    [one] Neither the initial password nor the one before
   *[other] Neither the initial password nor one of the { $n } before
}
password-rule-not-before = { $n ->
    [0] Not your present password
    [one] Neither your present password nor the one before
   *[other] Neither your present password nor one of the { $n } before
}
    .broken = You have used this password before. Choose another.

# Passing on one's data.

consent-heading = Share your information?
consent-question = “{ $application }” asks for the following information about you. May it have it?
consent-as = You are logged in as { $name } (user ID: { $user_id }).
consent-goes-to = If you allow it, it goes to { $host }. Please check this place too, not only the name.
consent-deny-means = If you choose “Do not allow”, you go back without sharing anything.
consent-allow = Allow
consent-deny = Do not allow

scope-openid = A number that identifies you
    .means = It tells the application that you are the same member each time.
scope-profile = Basic details such as your name
    .means = Your name, language and other details of your profile.
scope-email = E-mail address
    .means = Your registered e-mail address and whether it has been verified.
scope-phone = Telephone number
    .means = Your registered telephone number and whether it has been verified.
scope-address = Postal address
    .means = Your registered address.
scope-offline_access = Access while you are away
    .means = It can receive the information that you allow while you are not using it, too.

# Showing again who one is, before a change to the account.

confirm-heading = Confirm that it is you
confirm-why = You are about to see or change something important. Please log in once more.
confirm-again = You have to show first that it is you, so what you sent from the last page has not been done yet. Please do it once more on the page that follows the login.

# The second factor.

progress = Step { $step } of { $of }
continue-button = Continue
alternatives-heading = Confirm in another way
alternative-email = Use a one-time password by e-mail
alternative-totp = Use a one-time password from an authenticator app
alternative-passkey = Use biometrics (passkey)
alternative-recovery-code = Use a recovery code

code = One-time password
    .hint = Six digits, for example 123456.
code-malformed = A one-time password has six digits.
    .next = Enter the six digits just as they are shown.
code-wrong = The one-time password is not correct
    .next = Enter the six digits that are shown now. They change after a short time.
code-spent = This one-time password can no longer be used
    .next = It has expired or was entered wrongly too often. Press “Send again” to receive a new one.
code-too-soon = It is too early to send another one
    .next = Please wait a little and press again. The one in the last mail is still good.
code-too-many = The mail could not be sent
    .next = Too many mails were sent in a short time, so sending has been paused. Please try again later.
recovery-code-malformed = This is not what a recovery code looks like
    .next = It has 12 letters and digits. Enter it just as it was printed.
recovery-code-wrong = The recovery code is not correct
    .next = Enter a recovery code that you have not used yet. Each can be used once.

totp-heading = Enter your one-time password
totp-how = Open the authenticator app on your phone and enter the six digits that it shows.
totp-device = Which device’s app are you using?
totp-of-device = Device: { $name }
last-used = Last used: { $at }
otp-incorrect-help = When a one-time password is said to be incorrect
otp-not-accepted-help = When a one-time password is not accepted
device-lost-help = If you have a new phone or lost yours
lost-link = I can’t use this any more
trust-device = Do not ask for a one-time password on this device for { $days } days
    .hint = Choose this only on a device that nobody else uses.
recovery-code-heading = Enter a recovery code
recovery-code-how = Enter one of the recovery codes that you printed or wrote down and have not used yet.
recovery-code = Recovery code
    .hint = For example abcd-efgh-jk23

# Choosing and enrolling a method.

authentication-method = Authentication method
method-heading = Choose an authentication method
method-why = It confirms, beside your password, that it is you. You will use it whenever you log in, and can change it later under “Profile”.
method-next = On the next page you set up the method that you choose.
method-missing = Choose an authentication method.
method-email = E-mail
    .means = Six digits are sent to { $email } each time you log in. You need nothing else.
method-totp = Authenticator app
    .means = You enter six digits that an app on your phone shows (Google Authenticator, Microsoft Authenticator and others).
method-passkey = Biometrics (passkey)
    .means = You confirm with your fingerprint, face or screen lock. There is nothing to type, and false sites can hardly deceive you.
methods-help = About authentication methods
choose-another-method = Choose another method

totp-enrolment-heading = Set up your authenticator app
totp-enrolment-install = Get an authenticator app ready
    .how = Install Google Authenticator, Microsoft Authenticator, FreeOTP or another authenticator app on your phone and open it.
totp-enrolment-scan = Scan the QR code
    .how = Choose “Add (+)” in the app and scan the QR code below.
totp-enrolment-qr = QR code to set up the authenticator app
totp-enrolment-cannot-scan = Unable to scan?
    .how = Choose “Enter a setup key” or the like in the app, and enter this key.
totp-enrolment-account = Account name
totp-enrolment-kind = Type of key
    .time = Time based
totp-enrolment-confirm = Enter the digits that it shows
    .how = Enter the six digits that the app shows to finish.
totp-enrolment-button = Set up
enrolment-code-wrong = The one-time password is not correct
    .next = Enter the six digits that the app shows now. If that does not help, make sure that the device sets its clock automatically.
device-name = Name of the device
    .hint = To tell it from others later, for example “My phone”.
device-name-missing = Enter a name of at most 40 characters for the device.
    .next = Choose a name by which you will know which device it is.
too-many-devices = No more devices can be added
    .next = Remove a device that you no longer use under “Profile” first.
    .at-list = You have as many devices as there may be. To add one, delete one that you no longer use.
app-qr-help = When the QR code can’t be read
copy-button = Copy the key
copied = Copied

system-iphone = iPhone
system-ipad = iPad
system-android = Android
system-windows = Windows
system-mac = Mac
system-linux = Linux
system-other = unknown device
browser-edge = Edge
browser-firefox = Firefox
browser-chrome = Chrome
browser-safari = Safari
browser-other = a browser
device-in-words = { $browser } on { $system }

# Codes by e-mail, and registering an address.

email-code-wrong = The one-time password is not correct
    .next = Please check the six digits in the mail. If you have received several mails, use the latest one.
email-code-heading = Enter the one-time password that was mailed to you
email-code-how = Six digits were sent to { $address }. Enter them within { $minutes } minutes.
email-code-no-mail = If no mail arrives
    .how = Wait a little, then look into your junk folder. The sender is { $sender }.
email-code-resend = Send again
email-code-sent-again = A new one-time password has been sent. The earlier one can no longer be used.
mail-not-received-help = When mail does not arrive
email-address-heading = Register your e-mail address
email-address-why = We use it when you forget your password and for important notices. It may be the same as that of others in your family.
email-address = E-mail address
    .hint = For example hanako@example.jp
email-address-next = A mail will be sent from { $sender } to confirm it. Please make sure that you can receive it.
email-address-send = Send the confirmation mail
email-malformed = This is not an e-mail address.
    .next = Please check that it is complete, before and after the “@”.
email-address-code-heading = Enter the digits from the mail
email-address-code-how = Six digits were sent to { $address }. Enter them within { $minutes } minutes.
email-address-other = Register another address
# Passkeys.

passkey-login = Log in with a passkey
    .hint = If you have set up biometrics (fingerprint, face, screen lock), you can log in without your user ID and password.
passkey-heading = Confirm with biometrics (passkey)
passkey-how = Press the button and confirm with your fingerprint, face or screen lock.
    .phone = If this device has no biometrics, press the button and scan the QR code that appears with the phone on which you set up your passkey. Bluetooth must be on.
passkey-missing = This browser cannot use passkeys.
    .password = Please log in with your user ID and password.
    .alternatives = Choose another way under “Confirm in another way” below.
    .choose = Try again in a newer browser, or choose another authentication method.
    .inquire = Try again in a browser or on a device that can use passkeys. If you need help, please write to us.
passkey-no-script = To use a passkey, turn on JavaScript in your browser’s settings.
passkey-cancelled = Confirming with the passkey was not finished
    .next = It was cancelled, it took too long, or there is no passkey on this device. Press the button to try again.
passkey-registered = The passkey of this device is set up already
    .next = You can log in with it as it is. To set up another device, open this page on that device.
passkey-failed = The passkey could not be used
    .next = Make sure that a screen lock or a password manager is set up on the device.
security-key-invalid = The security key’s registration is not valid
    .next = This passkey is not registered, or the device did not confirm that it is you. Try again, or use another way.
passkey-expired = It took too long
    .next = For your safety, please press the button again.
passkey-unanswered = The passkey was not asked
    .next = Turn on JavaScript in your browser’s settings and try again.
too-many-passkeys = No more passkeys can be added
    .next = Remove a passkey that you no longer use under “Profile” first.
phone-qr-help = When a phone can’t read the QR code
passkey-qr-help = When the passkey’s QR code can’t be read
security-key-help = When “the security key’s registration is not valid” is shown
passkey-enrolment-heading = Set up biometrics (passkey)
passkey-enrolment-why = This device is set up so that you confirm with your fingerprint, face or screen lock. Your fingerprint and face never leave the device.
passkey-enrolment-name = Choose a name
passkey-name = Name of the passkey
    .hint = To tell it from others later. You can leave it as it is.
passkey-enrolment-make = Confirm on the device
    .how = When you press “Set up”, your device asks you to confirm with your fingerprint, face or screen lock.
    .phone = To set up a phone, choose “another device” or “phone” there and scan the QR code that appears.
passkey-enrolment-button = Set up

# Nothing can be shown any more: a lost or changed phone.

lost-show-another = Please confirm in another way
    .how = A second confirmation is needed beside the password. Choose a way that still works for you under “Confirm in another way” below.
    .none = If none of them works for you, please write to us. Once we have made sure that it is you, we will let you set everything up again.
lost-reset-password-first = Please set a new password first
    .why = We make sure that it is you by means of your registered e-mail address. Please proceed like this.
    .mail = Press the button below and choose a new password by the link in the mail that arrives.
    .log-in = Log in again with the new password and choose “I can’t use this any more” again.
    .button = Set a new password by mail
lost-then-set-up = Set up your authentication methods again.
lost-then-ask-staff = Ask to set up your authentication methods again. You can do so once our staff have approved it.
lost-then-wait = Ask to set up your authentication methods again. You can do so after a waiting time.
lost-cancelled = What you asked for before was cancelled by the link in the mail.
lost-no-mailbox = If you can’t receive mail either, please write to us
lost-may-ask = Do you want to ask to set up your authentication methods again?
    .wait = If you ask now, you can set them up again from { $at }. Until then everything stays as it is.
    .staff = Our staff will look at it. Once they have approved it, you will get a mail and can set them up again. Until then everything stays as it is.
    .told = A mail to your registered address will tell of it. It can be cancelled from that mail.
    .button = Ask for it
lost-wait-for-staff = Waiting for our staff
    .since = We received your request on { $at }.
    .next = Once it is approved you will get a mail. Then log in again and choose “I can’t use this any more”. If it is urgent, please write to us.
lost-wait = Your request has been received
    .until = From { $at } you can set up your authentication methods again.
    .next = After that, log in again and choose “I can’t use this any more”.
lost-may-set-up-again = Do you want to set up your authentication methods again?
    .what = Once a new authentication method is set up, all of the following will be taken away. This can’t be undone.
    .sessions = You will be logged out everywhere else.
    .choose = On the next page you will choose and set up a new authentication method.
    .password-alone = From this login on you log in with the password alone, and all of this is taken away at once. Please log in and set up a new authentication method in your profile.
    .until = You can do so until { $at }.
    .button = Take all away and set up again
lost-removed-apps = { $count ->
    [one] { $count } authenticator app
   *[other] { $count } authenticator apps
}
lost-removed-passkeys = { $count ->
    [one] { $count } passkey
   *[other] { $count } passkeys
}
lost-removed-email = One-time passwords by e-mail
lost-removed-recovery-codes = { $count ->
    [one] { $count } recovery code
   *[other] { $count } recovery codes
}
lost-removed-trust = { $count ->
    [one] Trust in { $count } device
   *[other] Trust in { $count } devices
}
