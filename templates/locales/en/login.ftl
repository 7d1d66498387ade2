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
    .help = How user IDs and initial passwords are sent

# The first login: a password of one's own.

initial-password-heading = Choose a new password
initial-password-why = This is your first login. In place of the initial password that you received, choose a password that only you know.
initial-password-save = Use this password
initial-password-next = From the next time on, you log in with the password that you choose here.
new-password = New password
new-password-again = New password again, to confirm
password-mismatch = The two passwords are not the same. Enter the same password twice.

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
password-rule-not-before = Not the initial password
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
