# A member's own pages, and logging out.

profile-heading = プロフィール変更
user-name = ユーザー名
    .who-corrects = ユーザー名はご自分では変更できません。誤りがあるときは、{ $society }が訂正しますのでご連絡ください。
email = メールアドレス
not-registered = 未登録

logout-button = ログアウト
logout-stay = ログインしたままにする
logout-confirm-heading = ログアウトしますか？
logout-confirm-means = ログアウトすると、{ $service }を使うときに、もう一度ログインが必要になります。
logged-out-heading = ログアウトしました
logged-out-shared-device = ほかの人も使うパソコンやスマートフォンでは、ブラウザをすべて閉じてください。
back-to = 「{ $name }」に戻る

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

# The authentication method, and authenticator apps.

method-label = ログインのときに使う方法
    .hint = まだ登録していない方法を選ぶと、続けて登録の画面に進みます。
method-not-enrolled = （これから登録）
method-change = 変更する
method-changed = 認証方法を変更しました。
devices-heading = 認証アプリを登録した端末
devices-none = 登録されている端末はありません。
device-add = 認証アプリの端末を追加する
device-delete = 「{ $name }」を削除する
device-deletion-heading = 「{ $name }」を削除しますか？
device-deletion-means = 削除すると、この端末の認証アプリに表示される数字ではログインできなくなります。いまお使いの端末を削除しないようご注意ください。
passkeys-manage = パスキーを確認・追加・削除する
passkeys-back-profile = プロフィール変更に戻る
