# Forgotten password, forgotten user ID.

forgotten-password-heading = パスワードを忘れた方
forgotten-password-how = ユーザIDと、登録しているメールアドレスを入力してください。新しいパスワードを決めるためのリンクをメールでお送りします。
forgotten-password-sent = 入力された内容が登録と合っていれば、メールをお送りします。届いたメールのリンクを、{ $minutes }分以内に開いてください。
forgotten-user-id-heading = ユーザIDを忘れた方
forgotten-user-id-how = 登録しているメールアドレスを入力してください。ユーザIDをメールでお送りします。
forgotten-user-id-sent = 入力されたメールアドレスが登録されていれば、ユーザIDをメールでお送りします。
forgotten-sent-heading = メールをご確認ください
forgotten-no-mail = 少し待っても届かないときは、迷惑メールのフォルダと、入力した内容をご確認ください。差出人は { $sender } です。
forgotten-send = メールを送る
password-forgotten-help = パスワードを忘れたとき
to-login = ログイン画面へ
reset-password-heading = 新しいパスワードを決めてください
reset-password-whose = ユーザID「{ $user_id }」のパスワードを変更します。
reset-password-next = 変更すると、ほかの端末でのログインはすべて終わります。
reset-password-done = パスワードを変更しました
    .next = 新しいパスワードでログインしてください。
    .lost = スマートフォンの変更・紛失などで認証方法も使えないときは、ログインの途中の画面で「スマートフォンの変更・紛失などで使えないとき」を押してください。
link-unusable-heading = このリンクは使えません
link-unusable-why = リンクは1回だけ使えます。すでに使ったか、有効期限が切れたか、そのあとに新しいメールを送ったためです。パスワードを変更し終えた方は、新しいパスワードでログインしてください。まだの方は、もう一度メールを送ってください。
link-again = もう一度メールを送る

# Cancelling what somebody has asked for.

cancel-reset-form = 認証方法の登録し直しを取り消しますか？
    .whose = ユーザID「{ $user_id }」について、認証方法を登録し直す申し込みがありました。
    .means = お心当たりがないときは、取り消してください。いまの登録はそのまま残ります。
    .button = 申し込みを取り消す
cancel-reset-done = 申し込みを取り消しました
    .what = ユーザID「{ $user_id }」の認証方法は、そのまま残ります。
    .next = お心当たりがないときは、パスワードをほかの人に知られている可能性があります。すぐにパスワードを設定し直してください。
    .button = パスワードを設定し直す
cancel-reset-nothing-to-cancel = 取り消すものがありません
    .why = すでに取り消したか、有効期限が切れたか、登録し直しが終わっているためです。
    .next = お心当たりのない登録し直しがあったときは、すぐにお問い合わせください。
