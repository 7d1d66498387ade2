# Logging in.

login-heading = ログイン
login-button = ログイン
login-cancel = ログインをやめて戻る

user-id = ユーザID
    .hint = { $society }からお知らせしたIDです。
password = パスワード
user-id-forgotten = ユーザIDを忘れた方はこちら
password-forgotten = パスワードを忘れた方はこちら

check-what-you-typed = 入力内容をご確認ください
user-id-missing = ユーザIDを入力してください。
password-missing = パスワードを入力してください。

wrong-credentials = 無効なユーザIDまたはパスワードです。
    .next = ユーザIDとパスワードをお確かめのうえ、もう一度入力してください。パスワードは大文字と小文字を区別します。
    .help = 解決しないときは
password-locked = パスワードがロックされています。
    .why = 正しくないパスワードが続けて入力されたため、安全のためにパスワードでのログインを止めています。
    .until = { $until }を過ぎると、もう一度お試しいただけます。
    .inquire = ロックの解除は、お問い合わせフォームからご依頼ください。
    .ask = ロックの解除は、{ $society }にご依頼ください。
    .help = パスワードのロックについて
account-locked = アカウントがロックされています。
    .why = 安全のために、このアカウントでのログインをすべて止めています。
    .until = { $until }を過ぎると、もう一度お試しいただけます。
    .inquire = ロックの解除は、お問い合わせフォームからご依頼ください。
    .ask = ロックの解除は、{ $society }にご依頼ください。
    .help = アカウントのロックについて
initial-password-expired = 初期パスワードの有効期限が切れています。
    .why = お届けした初期パスワードは、期限を過ぎると使えなくなります。
    .until = { $until }を過ぎると、もう一度お試しいただけます。
    .inquire = 新しい初期パスワードの発行を、お問い合わせフォームからご依頼ください。
    .ask = 新しい初期パスワードの発行を、{ $society }にご依頼ください。
    .help = ユーザIDと初期パスワードのお届けについて

# The first login: a password of one's own.

initial-password-heading = 新しいパスワードを決めてください
initial-password-why = はじめてのログインです。お届けした初期パスワードの代わりに、ご自分だけが知っているパスワードを決めていただきます。
initial-password-save = このパスワードに決める
initial-password-next = 次回からは、ここで決めたパスワードでログインします。
new-password = 新しいパスワード
new-password-again = 新しいパスワード（確認のため、もう一度）
password-mismatch = 2つのパスワードが一致していません。同じパスワードを2回入力してください。

password-policy-heading = パスワードの決まり
password-policy-help = 使えるパスワードについて
password-rule-min-length = { $n }文字以上
    .broken = { $n }文字以上にしてください。
password-rule-max-length = { $n }文字以内
    .broken = { $n }文字以内にしてください。
password-rule-allowed-characters = 使える文字は、半角の英字・数字・記号
    .broken = 使えない文字が入っています。半角の英字・数字・記号だけにしてください。
password-rule-needs-lower = 英小文字（a～z）を1文字以上入れる
    .broken = 英小文字（a～z）を1文字以上入れてください。
password-rule-needs-upper = 英大文字（A～Z）を1文字以上入れる
    .broken = 英大文字（A～Z）を1文字以上入れてください。
password-rule-needs-digit = 数字（0～9）を1文字以上入れる
    .broken = 数字（0～9）を1文字以上入れてください。
password-rule-needs-symbol = 記号（! # % など）を1文字以上入れる
    .broken = 記号（! # % など）を1文字以上入れてください。
password-rule-not-user-id = ユーザIDと同じものは使えません
    .broken = ユーザIDと同じパスワードは使えません。別のものにしてください。
password-rule-not-common = 「password1」のような、よく使われるものは使えません
    .broken = よく使われているパスワードで、推測されるおそれがあります。別のものにしてください。
password-rule-not-before = 初期パスワードと同じものは使えません
    .broken = これまでに使ったパスワードです。別のものにしてください。

# Passing on one's data.

consent-heading = 情報の提供をご確認ください
consent-question = 「{ $application }」が、あなたについて次の情報を求めています。提供してよいですか？
consent-as = { $name }さん（ユーザID：{ $user_id }）としてログインしています。
consent-goes-to = 許可すると、{ $host } に提供されます。名前だけでなく、この行き先もお確かめください。
consent-deny-means = 「許可しない」を選ぶと、情報を提供せずに元のサイトへ戻ります。
consent-allow = 許可する
consent-deny = 許可しない

scope-openid = 会員を識別する番号
    .means = ログインしているのが同じ会員であることを確かめるための番号です。
scope-profile = お名前などの基本情報
    .means = お名前や表示言語など、プロフィールに登録されている情報です。
scope-email = メールアドレス
    .means = 登録されているメールアドレスと、その確認が済んでいるかどうかです。
scope-phone = 電話番号
    .means = 登録されている電話番号と、その確認が済んでいるかどうかです。
scope-address = 住所
    .means = 登録されている住所です。
scope-offline_access = 利用していない間のアクセス
    .means = サイトを閉じている間も、許可した情報を受け取れるようになります。
