# The help: its pages, and the words of its live values.

help-heading = Help and support
help-trail = You are here
help-faq-heading = Frequently asked questions
help-faq-means = Choose a question to see its answer.
help-faq-how = Choose a subject, then press a question to open its answer.
help-faq-empty = There are no questions yet.
help-categories = Subjects
help-question-alone = Show this question by itself
    .which = : { $question }
help-answer = Answer
help-related = Related questions
help-guide-heading = Service guide
help-guide-means = The main functions, and the systems and browsers that we recommend.
help-sections = Contents

help-search-label = Search the help
help-search-hint = Say in your own words what the matter is. Example: new phone
help-search-button = Search
help-search-heading = Searching the help
help-search-results = Questions about “{ $query }”
help-search-guide = Service guide
help-search-nothing = There is no question that matches “{ $query }”
    .shorter = Try fewer words. Example: password
    .other = Try other words.
    .all = See all frequently asked questions
help-vote = Did this answer help?
    .yes = Yes
    .no = No
help-vote-thanks = Thank you for your answer
    .further = It helps us to make the help better. We do not keep whose answer it is.

# What answers quote from the settings.

help-inquiry-form = inquiry form
help-list-separator = {"; "}
help-days = { $n ->
    [one] { $n } day
   *[other] { $n } days
}
help-hours = { $n ->
    [one] { $n } hour
   *[other] { $n } hours
}
help-minutes = { $n ->
    [one] { $n } minute
   *[other] { $n } minutes
}
help-seconds = { $n ->
    [one] { $n } second
   *[other] { $n } seconds
}
help-password-lock-release-staff = The lock stays until you set a new password by mail, or our staff lift it.
help-password-lock-release-time = The lock ends by itself after { $after }.
help-password-lock-release-growing-delay = The lock lasts { $first } at first and longer with each further mistake, { $longest } at most. Then it ends by itself.
help-account-lock-release-staff = The lock stays until our staff lift it.
help-account-lock-release-time = A lock after wrong one-time passwords ends by itself after { $after }. A lock by our staff stays until they lift it.
help-account-lock-release-growing-delay = A lock after wrong one-time passwords lasts { $first } at first and longer with each further mistake, { $longest } at most. Then it ends by itself. A lock by our staff stays until they lift it.
help-password-classes-free = any
help-password-no-age = A password does not expire
help-password-max-age = A password expires after { $age }; at the next login you then choose a new one
help-password-common-allowed = Please avoid common ones such as “password1”
help-method-email = one-time password by e-mail
help-method-totp = authenticator app
help-method-passkey = biometrics (passkey)
help-app-old-codes-none = Once a new code appears, the old one can't be used.
help-app-old-codes-for = An old code can't be used any more { $after } after a new one has appeared.
help-lost-methods-mail = First set a new password by mail. Then log in with it and choose the same link again: all that was registered is taken away, and you set up your authentication method again.
help-lost-methods-proof = A new password does not change your authentication methods. Confirm with another authentication method that you have registered, or with a recovery code. If none of them works, our staff will make sure that it is you and let you set everything up again.
    .without-codes = A new password does not change your authentication methods. Confirm with another authentication method that you have registered. If none of them works, our staff will make sure that it is you and let you set everything up again.
help-lost-methods-staff = First set a new password by mail. Then log in with it, choose the same link again and ask to set everything up again. Once our staff have approved it you get a mail: log in again and set up your authentication method.
help-lost-methods-wait = First set a new password by mail. Then log in with it, choose the same link again and ask to set everything up again. After { $lasts } you can log in again and set up your authentication method.

# The component that portals put into their pages.

help-component-menu = Menu
help-component-help = Help and support
help-component-guide = Guide
help-component-faq = Frequently asked questions
help-component-back = Back
help-component-close = Close
help-component-search = Search the questions
help-component-search-button = Search
help-component-found = Questions found
help-component-nothing = Nothing was found. Please try other words.
help-component-loading = Loading
help-component-failed = This could not be loaded
help-component-again = Load again
help-component-page = Open the help in a new window
help-component-related = Related questions
help-component-helpful = Was this answer helpful?
help-component-yes = Yes
help-component-no = No
help-component-thanks = Thank you.
help-component-not-counted = This could not be sent. Please try again in a while.
