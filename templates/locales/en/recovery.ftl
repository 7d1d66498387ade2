# Forgotten password, forgotten user ID.

forgotten-password-heading = Forgotten password
forgotten-password-how = Enter your user ID and the e-mail address that you registered. We will mail you a link to choose a new password.
forgotten-password-sent = If what you entered is registered, a mail is on its way. Open its link within { $minutes } minutes.
forgotten-user-id-heading = Forgotten user ID
forgotten-user-id-how = Enter the e-mail address that you registered. We will mail you your user ID.
forgotten-user-id-sent = If this address is registered, a mail with your user ID is on its way.
forgotten-sent-heading = Please check your mail
forgotten-no-mail = If nothing arrives after a while, look into your junk folder and check what you entered. The sender is { $sender }.
forgotten-send = Send the mail
password-forgotten-help = When you have forgotten your password
to-login = To the login page
reset-password-heading = Choose a new password
reset-password-whose = You are changing the password of the user ID “{ $user_id }”.
reset-password-next = You will be logged out everywhere.
reset-password-done = Your password was changed
    .next = Please log in with the new password.
    .lost = If you have a new phone or lost yours, choose “I can’t use this any more” on the page that asks for your authentication method.
link-unusable-heading = This link can’t be used
link-unusable-why = A link can be used once. It was used already, has expired, or was followed by a newer mail. If you have changed your password, log in with the new one. If you have not, please have another mail sent.
link-again = Send another mail

# Cancelling what somebody has asked for.

cancel-reset-form = Do you want to cancel the request?
    .whose = Somebody has asked to set up the authentication methods of the user ID “{ $user_id }” again.
    .means = If this was not you, cancel it. Everything stays as it is.
    .button = Cancel the request
cancel-reset-done = The request was cancelled
    .what = The authentication methods of the user ID “{ $user_id }” stay as they are.
    .next = If it was not you who asked, somebody may know your password. Set a new one at once.
    .button = Set a new password
cancel-reset-nothing-to-cancel = There is nothing to cancel
    .why = It was cancelled already, has expired, or everything has been set up again.
    .next = If that was not you, write to us at once.
