# Pages that say what went wrong: what happened, why it may be, what to do now.

error-for-support = If you contact us, please quote
error-code = Error code
error-reference = Reference number
error-detail = Details
error-way-log-in-again = Log in again
error-way-to-login = To the login page
error-way-to-portal = To the portal
error-way-reopen = Open the page anew
error-way-to-profile = To the pages of the member who is logged in
error-way-go-on = Go on
error-way-log-out = Log out here

# Mistakes of an application: a member can only tell those who run it.

error-redirect-uri-missing = The login could not start
    .why = The site you came from did not say where to return to after the login. You did nothing wrong.
    .next = Go back to that site and press its login button again. If this keeps happening, contact us with the error code and reference number below.
error-redirect-uri-mismatch = The login could not start
    .why = The place to return to after the login is not one that is registered. We stopped here for your safety.
    .next = Open the site as you usually do, not by a link or bookmark, and log in from there. If this keeps happening, contact us with the error code and reference number below.
error-client-unknown = The login could not start
    .why = The login comes from a site that is not registered. We stopped here for your safety.
    .next = Open the site as you usually do, not by a link or bookmark, and log in from there. If this keeps happening, contact us with the error code and reference number below.
error-request-invalid = The login could not start
    .why = The login request from the site you came from has a mistake in it. You did nothing wrong.
    .next = Go back to that site and press its login button again. If this keeps happening, contact us with the error code and reference number below.

refused-heading = The login could not go on
refused-why = We could not do what the application that you were opening asked of us.
refused-goes-to = { $society } has not checked this application. The button below leaves our site and leads to { $destination }.
refused-next = Go on only if you know this place. If you do not, close this page. Do not enter the user ID and password that you use here over there.
refused-go-on = Go on to { $destination }

# Ways of a login that a member can take up again.

error-flow-expired = The login took too long
    .why = For safety, a login page can only be used for a limited time. You may also see this after you changed the password on another page, or pressed a button twice.
    .next = Press the button below and log in again.
error-flow-other-browser = This login cannot be continued
    .why = The login was started in another browser, or your browser is set to refuse cookies.
    .next = Open the site in the browser that you are using now, or press the button below, and log in from the start. If you see this again, allow cookies in the settings of your browser.
error-flow-done = You have logged in already
    .why = This page belongs to a login that is complete. You see it when you go back with your browser, or press a button twice.
    .next = Press the button below to go on.
error-form-expired = Please do that once more
    .why = The page had been open for a long time, or the cookies of your browser were deleted, so for safety we did not accept what was sent. Nothing has been changed.
    .next = Press the button below and start that step again.

error-too-many-requests = Please wait a moment
    .why = There were many requests in a short time, so we are not accepting any more for now.
    .next = { $seconds ->
        [one] Please wait about one second and try again.
       *[other] Please wait about { $seconds } seconds and try again.
    }
error-busy = We are very busy just now
    .why = So many people are using the service that we could not take your request.
    .next = Please wait a little and try again.
error-not-found = Page not found
    .why = The address may be wrong, or the page may no longer exist.
    .next = Please check the address, or open the site as you usually do.
error-method-not-allowed = This page cannot be opened by itself
    .why = It only receives what another page sends.
    .next = Please open the site as you usually do and start again.
error-server-error = Sorry, something went wrong
    .why = A fault on our side kept us from finishing this.
    .next = Please wait a little and try again. If this keeps happening, contact us with the error code and reference number below.
error-account-disabled = This account cannot be used
    .why = Use of the account has been stopped.
    .next = If you do not know why, contact us with the error code and reference number below.

error-logout-hint-invalid = You could not be logged out
    .why = We could not verify the logout request from the site you came from, so you are still logged in.
    .next = Go back to that site and log out again. If other people use this device too, close all windows of the browser afterwards.
error-post-logout-redirect-uri-mismatch = You could not be logged out
    .why = The place to return to after logging out is not one that is registered. We stopped here for your safety, so you are still logged in.
    .next = Go back to that site and log out again. If other people use this device too, close all windows of the browser afterwards.
error-account-locked = The account is locked
    .why = Every way of logging in to this account has been stopped, because wrong one-time passwords were entered several times in a row, or by an administrator.
    .next = To have it unlocked, please write to us through the inquiry form.
error-other-member = Another member is logged in
    .why = After this page was opened, another member logged in to the same browser, so for safety we did not accept what was sent. Nothing has been changed.
    .next = To change your own account, open the page by the button below, press “Log out”, and log in again with your own user ID.
