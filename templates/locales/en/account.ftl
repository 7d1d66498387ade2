# A member's own pages, and logging out.

profile-heading = Your profile
user-name = User name
    .who-corrects = You cannot change the user name yourself. If it is wrong, please tell { $society }, whose staff will correct it.
email = E-mail address
not-registered = Not registered

logout-button = Log out
logout-stay = Stay logged in
logout-confirm-heading = Log out?
logout-confirm-means = After that, you will have to log in again to use { $service }.
logged-out-heading = You are logged out
logged-out-shared-device = If other people use this computer or phone too, please close all windows of the browser.
back-to = Back to “{ $name }”

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

notice-language-changed = The language has been changed.
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
