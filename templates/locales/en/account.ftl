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
