# A member's own pages, and logging out.

profile-heading = プロフィール変更
user-name = ユーザー名
    .who-corrects = ユーザー名はご自分では変更できません。誤りがあるときは、{ $society }が訂正しますのでご連絡ください。
email = メールアドレス
    .unverified = まだ確認が済んでいません。
not-registered = 未登録

logout-button = ログアウト
logout-stay = ログインしたままにする
logout-confirm-heading = ログアウトしますか？
logout-confirm-means = ログアウトすると、{ $service }を使うときに、もう一度ログインが必要になります。
logged-out-heading = ログアウトしました
logged-out-shared-device = ほかの人も使うパソコンやスマートフォンでは、ブラウザをすべて閉じてください。
back-to = 「{ $name }」に戻る
logged-out-goes-to = 下のボタンは、当サイトを離れて { $destination } に移ります。行き先に心当たりがないときは、この画面を閉じてください。

# Passkeys.

passkeys-heading = 生体認証（パスキー）
passkeys-none = 登録されているパスキーはありません。
passkeys-back = パスキーの一覧に戻る
profile-back = プロフィール変更に戻る
passkey-add = パスキーを追加する
passkey-created = 登録した日時：{ $at }
passkey-last-used = 最後に使った日時：{ $at }（{ $device }）
passkey-never-used = まだログインに使われていません
passkey-cloned = 複製されたおそれがあるため、使えなくしました。削除して、登録し直してください。
rename-link = 名前を変える
delete-link = 削除する
passkey-rename-heading = パスキーの名前を変える
passkey-rename-button = 変更する
passkey-name-refused = パスキーの名前を40文字以内で入力してください。
passkey-deletion-heading = 「{ $name }」を削除しますか？
passkey-deletion-means = 削除すると、このパスキーではログインできなくなります。端末やパスワード管理アプリに残ったパスキーは、その設定から削除してください。
delete-button = 削除する
delete-not = 削除しないで戻る
last-factor = 削除できません
    .next = ログインに必要な認証方法がなくなるためです。先に別の認証方法か別のパスキーを登録してから削除してください。

# What was done, on the page that follows.

notice-step-done = 前の手順はもう済んでいます。いま送信された内容は使わずに、続きの画面を表示しました。
notice-language-changed = 表示する言語を変更しました。
notice-notices-on = お知らせメールを受け取るようにしました。
notice-notices-off = お知らせメールを止めました。
notice-password-changed = パスワードを変更しました。ほかの端末のログインは終了しました。
notice-email-changed = メールアドレスを変更しました。
notice-method-changed = 認証方法を変更しました。次回のログインから使います。
notice-email-method-removed = メールによる認証を使わないようにしました。
notice-totp-added = 認証アプリを登録しました。
notice-passkey-added = パスキーを登録しました。
notice-authenticator-renamed = 名前を変更しました。
notice-authenticator-removed = 削除しました。
notice-session-ended = その端末のログインを終了しました。
notice-other-sessions-ended = この端末を除く、すべてのログインを終了しました。
notice-trust-withdrawn = ワンタイムパスワードの省略をすべて取り消しました。
notice-application-withdrawn = 情報の提供を取り消しました。

# The profile.

email-change-link = メールアドレスを変更する
email-register-link = メールアドレスを登録・確認する
password-set = 最後に変更した日時：{ $at }
password-change-link = パスワードを変更する
profile-login-heading = ログインの方法
profile-language-heading = 表示する言語
profile-language = 画面とメールの言語
language-change-button = 言語を変更する
profile-notices-heading = お知らせメール
profile-notices = 更新などのお知らせ
    .hint = 安全に関するお知らせと、ワンタイムパスワードなどのメールは、止めても届きます。
    .on = メールで受け取る
    .off = 受け取らない
notices-change-button = お知らせメールを変更する
profile-use-heading = ご利用の状況
change-not = 変更しないで戻る

# The authentication method.

method-choice =
    .hint = パスワードに加えて使う方法です。「未登録」の方法を選ぶと、続けて登録の画面に進みます。
    .none = 選んでください
    .not-enrolled = （未登録）
method-choice-why = ログインのときに、パスワードに加えて使う方法を選びます。
method-choice-off = いまは、パスワードだけでログインします。
method-change-button = 認証方法を変更する
methods-manage-link = 認証アプリの端末やパスキーを追加・削除する
methods-back = 認証方法に戻る
totp-none = 登録されている認証アプリはありません。
totp-add-link = 認証アプリの端末を追加する
totp-rename-heading = 端末の名前を変える
totp-deletion-heading = 「{ $name }」を削除しますか？
totp-deletion-means = 削除すると、この端末の認証アプリに表示される数字ではログインできなくなります。いまお使いの端末を、誤って削除しないようご注意ください。アプリの中に残った項目は、アプリの操作で消してください。
deletion-other-method = 次回のログインからは、認証方法が「{ $method }」になります。
deletion-password-alone = ほかに認証方法の登録がないため、次回からはパスワードだけでログインすることになります。
last-factor-app = ログインに必要な認証方法がなくなるためです。先に別の端末か別の認証方法を登録してから、削除してください。
last-factor-email = ログインに必要な認証方法がなくなるためです。先に認証アプリか生体認証を登録してから、もう一度操作してください。
remove-device-help = 使わなくなった端末を削除するとき
passkeys-count = { $count ->
    [0] 登録されているパスキーはありません。
   *[other] { $count }個のパスキーが登録されています。
}
passkeys-manage-link = パスキーを確認・追加・削除する
email-method-on = { $address } に届くワンタイムパスワードでログインできます。
email-method-remove-link = メールを認証方法として使わない
email-method-remove-button = 使わない
email-method-heading = メールで受け取れることを確認します
email-method-button = メールを認証方法にする
email-method-deletion-heading = メールを認証方法として使わないようにしますか？
email-method-deletion-means = ログインのときに、メールのワンタイムパスワードを選べなくなります。メールアドレスの登録はそのまま残ります。

# Recovery codes.

recovery-codes-heading = 回復コード
recovery-codes-left = 使える回復コード：{ $left }個
recovery-codes-link = 回復コードを作る
recovery-codes-why = スマートフォンをなくしたときなど、いつもの認証方法を使えないときに、代わりに入力するコードです。1つのコードは1回だけ使えます。
recovery-codes-make-means = 新しい回復コードを{ $count }個作ります。前に作ったコードは、すべて使えなくなります。
recovery-codes-make = 新しい回復コードを作る
recovery-codes-new-heading = 新しい回復コード
recovery-codes-once = この画面を閉じると、もう一度見ることはできません。印刷するか、紙に書き写してください。
recovery-codes-paper = { $service }　ユーザID：{ $user_id }　作成：{ $at }
recovery-codes-how = ほかの人の目に触れないところに、大切に保管してください。使ったコードには線を引いておくと便利です。
recovery-codes-done = 保管しました
print-button = 印刷する

# Another password, another address.

account-password-heading = パスワードの変更
account-password-why = 新しいパスワードを決めて、2回入力してください。
account-password-next = 変更すると、この端末を除くすべての端末で、ログインが終了します。
account-password-save = パスワードを変更する
email-change-heading = メールアドレスの変更
email-change-current = 今のメールアドレス
email-change-until = 新しいメールアドレスの確認が済むまでは、今のメールアドレスのままです。
email-new = 新しいメールアドレス
email-change-button = このメールアドレスにする
email-same = すでに登録されているメールアドレスです。
    .next = 別のメールアドレスに変更するときは、そのアドレスを入力してください。

# Sessions and trusted devices.

sessions-heading = ログイン中の端末
    .short = どの端末でログインしているかを確かめ、終了できます。
sessions-how = いまログインしている端末の一覧です。心当たりのない端末があるときは、その端末のログインを終了し、パスワードを変更してください。
sessions-this-one = この端末
sessions-since = ログインした日時：{ $at }
sessions-end = ログインを終了する
sessions-end-others = ほかの端末をすべて終了する
sessions-no-others = ほかにログインしている端末はありません。
trusted-heading = ワンタイムパスワードを省く端末
trusted-count = { $count ->
    [0] 入力を省くようにした端末はありません。
   *[other] { $count }台の端末で、ワンタイムパスワードの入力を省いています。
}
trusted-withdraw = すべての端末で、省くのをやめる

# Applications.

applications-heading = 情報を提供しているサイト
    .short = 会員情報を受け取っているサイトを確かめ、取り消せます。
applications-how = 次のサイトに、あなたの情報を提供しています。取り消すと、そのサイトは情報を受け取れなくなり、次に使うときに、もう一度確認の画面が表示されます。
applications-none = 情報を提供しているサイトはありません。
applications-host = 提供先：{ $host }
applications-since = 提供を始めた日時：{ $at }
applications-scopes = 提供している情報
applications-first-party = { $society }のサイトです。取り消しても、次にログインすると確認なしでまた使えます。
applications-withdraw = 提供を取り消す

# What has happened.

activity-heading = 最近の利用履歴
    .short = ログインや変更の記録を確かめられます。
activity-how = 新しいものから{ $count }件までを表示しています。
activity-none = 記録はまだありません。
activity-not-member = { $society }の担当者による操作、または自動の処理
activity-not-you = 心当たりのない記録があるとき
    .what = パスワードを変更し、心当たりのない端末のログインを終了してください。
event-logged-in = { $method ->
    [email] ログインしました（パスワードとメールのワンタイムパスワード）
    [totp] ログインしました（パスワードと認証アプリ）
    [passkey] ログインしました（生体認証）
   *[none] ログインしました（パスワード）
}
event-first-login = はじめてのログインが完了しました
event-password-locked = パスワードがロックされました
event-account-locked = アカウントがロックされました
event-locks-lifted = ロックが解除されました
event-password-changed = パスワードを変更しました
event-password-reset = パスワードを再設定しました
event-password-issued = 新しい初期パスワードが発行されました
event-email-changed = { $from ->
    [none] メールアドレスを登録しました（{ $to }）
   *[other] メールアドレスを変更しました（{ $from } から { $to }）
}
event-method-chosen = { $method ->
    [email] 認証方法を「メール」にしました
    [totp] 認証方法を「認証アプリ」にしました
   *[passkey] 認証方法を「生体認証」にしました
}
event-email-method-removed = メールを認証方法として使わないようにしました
event-totp-added = 認証アプリの端末「{ $name }」を登録しました
event-totp-removed = 認証アプリの端末「{ $name }」を削除しました
event-passkey-added = パスキー「{ $name }」を登録しました
event-passkey-removed = パスキー「{ $name }」を削除しました
event-passkey-cloned = パスキー「{ $name }」が複製されたおそれがあり、使えなくしました
event-recovery-codes-made = 回復コードを作りました
event-recovery-code-used = 回復コードを使いました（残り{ $left }個）
event-methods-reset = 認証方法の登録がすべて取り消されました
event-methods-reset-asked = 認証方法を登録し直すことを申し込みました
event-methods-reset-approved = 認証方法の登録し直しが認められました
event-methods-reset-cancelled = 認証方法の登録し直しの申し込みを取り消しました
event-device-trusted = この端末でワンタイムパスワードを省くようにしました
event-trust-withdrawn = ワンタイムパスワードを省く設定をすべて取り消しました
event-session-ended = { $device }のログインを終了しました
event-other-sessions-ended = ほかの端末のログインをすべて終了しました
event-application-withdrawn = 「{ $name }」への情報の提供を取り消しました
event-data-downloaded = 登録データをダウンロードしました
event-account-disabled = アカウントの利用が停止されました
event-account-enabled = アカウントの利用が再開されました
event-name-corrected = ユーザー名が「{ $to }」に修正されました
event-something-else = そのほかの出来事がありました

# One's own data.

data-heading = 登録データのダウンロード
    .short = あなたについて登録されているデータを受け取れます。
data-what = { $service }に登録されているあなたのデータを、1つのファイル（JSON形式）にまとめて受け取れます。会員情報、認証方法、ログイン中の端末、情報を提供しているサイト、利用履歴、送信したメールの記録が入ります。パスワードは入りません。
data-keep = ファイルにはお名前やメールアドレスなどが含まれます。ほかの人も使うパソコンには保存しないでください。
data-download = ダウンロードする

# Turning notices off, from the link in each.

notices-off-heading = お知らせメールを止めますか？
notices-off-what = 更新などのお知らせのメールが届かなくなります。安全に関するお知らせと、ワンタイムパスワードなどのメールは、これまでどおり届きます。
notices-off-button = お知らせメールを止める
notices-off-done = お知らせメールを止めました
    .still = 安全に関するお知らせと、ワンタイムパスワードなどのメールは、これまでどおり届きます。
    .again = もう一度受け取りたいときは、ログインして「プロフィール変更」の「お知らせメール」で変更できます。
