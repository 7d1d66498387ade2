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
link-unusable-heading = このリンクは使えません
link-unusable-why = リンクは1回だけ使えます。すでに使ったか、有効期限が切れたか、そのあとに新しいメールを送ったためです。パスワードを変更し終えた方は、新しいパスワードでログインしてください。まだの方は、もう一度メールを送ってください。
link-again = もう一度メールを送る
