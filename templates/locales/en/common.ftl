# What stands on every page.

language-name = English
language-choice = Language
date-time = { $day } { $month ->
    [1] January
    [2] February
    [3] March
    [4] April
    [5] May
    [6] June
    [7] July
    [8] August
    [9] September
    [10] October
    [11] November
   *[12] December
} { $year }, { $hour }:{ $minute }

skip-to-content = Skip to the main content
opens-in-new-tab = {" "}(opens in a new tab)
title-with-error = Error: { $title }

signing-in-to = Logging in to “{ $name }”
application-policy = Privacy policy of “{ $name }”
application-terms = Terms of use of “{ $name }”
this-application = the site you came from

leave-heading = On your way
leave-by-itself = You are taken on automatically. If this page stays, please press the button.
leave-stays = Once the app has opened, you can close this page.
leave-to = Go on to “{ $name }”

help-link = Help and FAQ
help-in-new-tab = Read this on a page of its own
inquiry-link = Inquiry form
