# A member's own pages, and logging out.

profile-heading = Your profile
user-name = User name
    .who-corrects = You cannot change the user name yourself. If it is wrong, please tell { $society }, whose staff will correct it.
email = E-mail address
    .unverified = Not verified yet.
not-registered = Not registered

logout-button = Log out
logout-stay = Stay logged in
logout-confirm-heading = Log out?
logout-confirm-means = After that, you will have to log in again to use { $service }.
logged-out-heading = You are logged out
logged-out-shared-device = If other people use this computer or phone too, please close all windows of the browser.
back-to = Back to “{ $name }”
logged-out-goes-to = The button below leaves our site and leads to { $destination }. If you do not know this place, close this page.

# Passkeys.

passkeys-heading = Biometrics (passkeys)
passkeys-none = You have no passkeys.
passkeys-back = Back to your passkeys
profile-back = Back to your profile
passkey-add = Add a passkey
passkey-created = Set up: { $at }
passkey-last-used = Last used: { $at } ({ $device })
passkey-never-used = Not used to log in yet
passkey-cloned = It may have been copied and has been switched off. Delete it and set it up again.
rename-link = Rename
delete-link = Delete
passkey-rename-heading = Rename a passkey
passkey-rename-button = Rename
passkey-name-refused = Enter a name of at most 40 characters for the passkey.
passkey-deletion-heading = Delete “{ $name }”?
passkey-deletion-means = You will no longer be able to log in with this passkey. If it stays on your device or in your password manager, delete it in the settings there.
delete-button = Delete
delete-not = Keep it and go back
last-factor = It cannot be deleted
    .next = You would have no authentication method left, and you need one to log in. Set up another method or another passkey first.

# What was done, on the page that follows.

notice-step-done = That step was finished before. What you have just sent was not used; here is where it goes on.
notice-language-changed = The language has been changed.
notice-notices-on = You will get notices by e-mail.
notice-notices-off = You will get no more notices by e-mail.
notice-password-changed = The password has been changed. You have been logged out on all other devices.
notice-email-changed = The e-mail address has been changed.
notice-method-changed = The authentication method has been changed. You will use it from the next login on.
notice-email-method-removed = E-mail is no longer one of your authentication methods.
notice-totp-added = The authenticator app has been set up.
notice-passkey-added = The passkey has been set up.
notice-authenticator-renamed = The name has been changed.
notice-authenticator-removed = It has been deleted.
notice-session-ended = You have been logged out on that device.
notice-other-sessions-ended = You have been logged out on all devices but this one.
notice-trust-withdrawn = One-time passwords will be asked for on every device again.
notice-application-withdrawn = The access has been withdrawn.

# The profile.

email-change-link = Change the e-mail address
email-register-link = Register and verify an e-mail address
password-set = Last changed: { $at }
password-change-link = Change the password
profile-login-heading = How you log in
profile-language-heading = Language
profile-language = Language of pages and mails
language-change-button = Change the language
profile-notices-heading = Notices by e-mail
profile-notices = Notices of updates and the like
    .hint = Security notices, one-time passwords and other mails that you need come in any case.
    .on = Send them by e-mail
    .off = Do not send them
notices-change-button = Change notices by e-mail
profile-use-heading = Your use of the account
change-not = Go back without a change

# The authentication method.

method-choice =
    .hint = What you use to log in, in addition to your password. If you choose one that is not set up, setting it up comes next.
    .none = Please choose
    .not-enrolled = {" "}(not set up)
method-choice-why = Choose what you use to log in, in addition to your password.
method-choice-off = At present you log in with your password alone.
method-change-button = Change the method
methods-manage-link = Add or delete authenticator apps and passkeys
methods-back = Back to authentication methods
totp-none = You have no authenticator app.
totp-add-link = Add a device with an authenticator app
totp-rename-heading = Rename a device
totp-deletion-heading = Delete “{ $name }”?
totp-deletion-means = You will no longer be able to log in with the digits that the app on this device shows. Take care not to delete the device that you are using now. The entry stays in the app until you delete it there.
deletion-other-method = From the next login on, your authentication method will be: { $method }.
deletion-password-alone = You have no other method, so from the next login on you will log in with your password alone.
last-factor-app = You would have no authentication method left, and you need one to log in. Add another device or another method first.
last-factor-email = You would have no authentication method left, and you need one to log in. Set up an authenticator app or biometrics first.
remove-device-help = About deleting devices that you no longer use
passkeys-count = { $count ->
    [0] You have no passkeys.
    [one] You have one passkey.
   *[other] You have { $count } passkeys.
}
passkeys-manage-link = See, add or delete passkeys
email-method-on = You can log in with one-time passwords that are sent to { $address }.
email-method-remove-link = Stop using e-mail to log in
email-method-remove-button = Stop using it
email-method-heading = Let us make sure that our mail reaches you
email-method-button = Use e-mail as my method
email-method-deletion-heading = Stop using e-mail to log in?
email-method-deletion-means = You will no longer be able to choose one-time passwords by e-mail when you log in. Your e-mail address stays registered.

# Recovery codes.

recovery-codes-heading = Recovery codes
recovery-codes-left = Recovery codes left: { $left }
recovery-codes-link = Make recovery codes
recovery-codes-why = Codes that you enter when you cannot use your usual authentication method, for example because your phone is lost. Each can be used once.
recovery-codes-make-means = { $count } new recovery codes will be made. All that you made before can no longer be used.
recovery-codes-make = Make new recovery codes
recovery-codes-new-heading = Your new recovery codes
recovery-codes-once = Once you leave this page, you cannot see them again. Print them or write them down on paper.
recovery-codes-paper = { $service }, user ID: { $user_id }, made: { $at }
recovery-codes-how = Keep them in a safe place where nobody else sees them. It helps to cross out those that you have used.
recovery-codes-done = I have kept them
print-button = Print

# Another password, another address.

account-password-heading = Change your password
account-password-why = Choose a new password and enter it twice.
account-password-next = You will be logged out on all devices but this one.
account-password-save = Change the password
email-change-heading = Change your e-mail address
email-change-current = Your present e-mail address
email-change-until = It stays in use until the new one has been verified.
email-new = New e-mail address
email-change-button = Use this e-mail address
email-same = This e-mail address is registered already.
    .next = To change it, enter another address.

# Sessions and trusted devices.

sessions-heading = Where you are logged in
    .short = See on which devices you are logged in, and log out there.
sessions-how = These are the devices on which you are logged in now. If you do not know one of them, log out there and change your password.
sessions-this-one = This device
sessions-since = Logged in: { $at }
sessions-end = Log out there
sessions-end-others = Log out on all other devices
sessions-no-others = You are logged in on no other device.
trusted-heading = Devices without one-time passwords
trusted-count = { $count ->
    [0] One-time passwords are asked for on every device.
    [one] On one device, no one-time password is asked for.
   *[other] On { $count } devices, no one-time password is asked for.
}
trusted-withdraw = Ask for one on every device again

# Applications.

applications-heading = Sites that receive your information
    .short = See which sites receive your information, and withdraw their access.
applications-how = These sites receive information about you. If you withdraw the access, a site receives no more, and you will be asked again the next time you use it.
applications-none = No site receives your information.
applications-host = It goes to: { $host }
applications-since = Since: { $at }
applications-scopes = What it receives
applications-first-party = This site belongs to { $society }. Even after you withdraw the access, you can use it again by logging in, without being asked.
applications-withdraw = Withdraw the access

# What has happened.

activity-heading = Recent activity
    .short = See your logins and what was changed.
activity-how = The latest { $count } entries, newest first.
activity-none = There is nothing yet.
activity-not-member = By the staff of { $society }, or automatically
activity-not-you = If something here was not you
    .what = Change your password, and log out on devices that you do not know.
event-logged-in = { $method ->
    [email] Logged in (password and one-time password by e-mail)
    [totp] Logged in (password and authenticator app)
    [passkey] Logged in (biometrics)
   *[none] Logged in (password)
}
event-first-login = The first login was completed
event-password-locked = The password was locked
event-account-locked = The account was locked
event-locks-lifted = The lock was lifted
event-password-changed = You changed the password
event-password-reset = The password was reset
event-password-issued = A new initial password was issued
event-email-changed = { $from ->
    [none] You registered an e-mail address ({ $to })
   *[other] You changed the e-mail address (from { $from } to { $to })
}
event-method-chosen = { $method ->
    [email] You made e-mail your authentication method
    [totp] You made the authenticator app your authentication method
   *[passkey] You made biometrics your authentication method
}
event-email-method-removed = You stopped using e-mail to log in
event-totp-added = You set up an authenticator app on “{ $name }”
event-totp-removed = You deleted the authenticator app on “{ $name }”
event-passkey-added = You set up the passkey “{ $name }”
event-passkey-removed = You deleted the passkey “{ $name }”
event-passkey-cloned = The passkey “{ $name }” may have been copied and was switched off
event-recovery-codes-made = You made recovery codes
event-recovery-code-used = You used a recovery code ({ $left } left)
event-methods-reset = All authentication methods were taken away
event-methods-reset-asked = You asked to set up your authentication methods again
event-methods-reset-approved = Setting up your authentication methods again was approved
event-methods-reset-cancelled = Setting up your authentication methods again was cancelled
event-device-trusted = You chose not to be asked for one-time passwords on this device
event-trust-withdrawn = You chose to be asked for one-time passwords on every device again
event-session-ended = You logged out on another device ({ $device })
event-other-sessions-ended = You logged out on all other devices
event-application-withdrawn = You withdrew the access of “{ $name }”
event-data-downloaded = You downloaded your data
event-account-disabled = Your account was closed
event-account-enabled = Your account was opened again
event-name-corrected = Your user name was corrected to “{ $to }”
event-something-else = Something else happened

# One's own data.

data-heading = Download your data
    .short = Receive the data that is registered about you.
data-what = You can receive all the data that { $service } holds about you as one file (JSON): your details, your authentication methods, where you are logged in, the sites that receive your information, the activity of your account and the mails that were sent. It does not contain your password.
data-keep = The file contains your name, e-mail address and more. Do not store it on a computer that other people use, too.
data-download = Download

# Turning notices off, from the link in each.

notices-off-heading = Stop notices by e-mail?
notices-off-what = You will get no more mails about updates and the like. Security notices, one-time passwords and other mails that you need come as before.
notices-off-button = Stop notices by e-mail
notices-off-done = Notices by e-mail have been stopped
    .still = Security notices, one-time passwords and other mails that you need come as before.
    .again = To get them again, log in and look for “Notices by e-mail” in your profile.
