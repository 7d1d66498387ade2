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

# The authentication method, and authenticator apps.

method-label = What you use to log in
    .hint = If you choose a method that you have not set up yet, you set it up next.
method-not-enrolled = (to be set up)
method-change = Change
method-changed = Your authentication method was changed.
devices-heading = Devices with an authenticator app
devices-none = There are no devices.
device-add = Add a device with an authenticator app
device-delete = Remove “{ $name }”
device-deletion-heading = Remove “{ $name }”?
device-deletion-means = The digits that the app on this device shows will no longer let you log in. Take care not to remove the device that you are using.
passkeys-manage = See, add or remove passkeys
passkeys-back-profile = Back to your profile
