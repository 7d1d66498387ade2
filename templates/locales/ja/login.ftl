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
user-id-unknown-help = ユーザIDが分からないとき
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
    .help = 初期パスワードの期限が切れたとき

# The first login: a password of one's own.

initial-password-heading = 新しいパスワードを決めてください
initial-password-why = はじめてのログインです。お届けした初期パスワードの代わりに、ご自分だけが知っているパスワードを決めていただきます。
old-password-why = 今のパスワードは、有効期限が切れました。新しいパスワードを決めると、ログインの続きに進みます。
initial-password-save = このパスワードに決める
initial-password-next = 次回からは、ここで決めたパスワードでログインします。
new-password = 新しいパスワード
new-password-again = 新しいパスワード（確認のため、もう一度）
password-mismatch = 2つのパスワードが一致していません。同じパスワードを2回入力してください。

password-show = パスワードを表示する
password-rule-kept = （満たしています）
password-rule-wrong = （満たしていません）
password-rules-kept = いま確かめられる決まりは、すべて満たしています。
password-rules-left = まだ満たしていない決まり：
password-same = 2つのパスワードは一致しています。
password-differs = 2つのパスワードは、まだ一致していません。

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
password-rule-not-initial = { $n ->
    [0] 初期パスワードと同じものは使えません
    [1] 初期パスワードと、その1つ前のパスワードは使えません
   *[other] 初期パスワードと、その前に使っていた{ $n }個のパスワードは使えません
}
password-rule-not-before = { $n ->
    [0] 今のパスワードと同じものは使えません
    [1] 今のパスワードと、その1つ前のパスワードは使えません
   *[other] 今のパスワードと、その前に使っていた{ $n }個のパスワードは使えません
}
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

# Showing again who one is, before a change to the account.

confirm-heading = ご本人の確認
confirm-why = 大切な情報を表示または変更するため、もう一度ログインしてください。
confirm-again = ご本人の確認が必要なため、前の画面で送信した内容はまだ反映していません。ログインのあとに表示される画面で、もう一度操作してください。

# The second factor.

progress = 手順 { $step } / { $of }
continue-button = 次へ進む
alternatives-heading = ほかの方法で確認する
alternative-email = メールで受け取るワンタイムパスワードを使う
alternative-totp = 認証アプリのワンタイムパスワードを使う
alternative-passkey = 生体認証（パスキー）を使う
alternative-recovery-code = 回復コードを使う

code = ワンタイムパスワード
    .hint = 6桁の数字です（例：123456）。
code-malformed = ワンタイムパスワードは6桁の数字です。
    .next = 表示されている6桁の数字を、そのまま入力してください。
code-wrong = ワンタイムパスワードが正しくありません
    .next = いま表示されている新しい6桁の数字を入力してください。数字は一定の時間ごとに変わります。
code-spent = このワンタイムパスワードは使えなくなりました
    .next = 有効期限が切れたか、何度も間違えたためです。「もう一度送る」を押して、新しいワンタイムパスワードを受け取ってください。
code-too-soon = まだ送り直せません
    .next = 少し待ってから、もう一度押してください。先に届いたメールのワンタイムパスワードはまだ使えます。
code-too-many = メールを送れませんでした
    .next = 短い時間に多くのメールを送ったため、いったん止めています。しばらくしてから、もう一度お試しください。
recovery-code-malformed = 回復コードの形が違います
    .next = 12文字の英数字です。印刷した紙のとおりに入力してください。
recovery-code-wrong = 回復コードが正しくありません
    .next = まだ使っていない回復コードを入力してください。一度使ったコードは使えません。

totp-heading = ワンタイムパスワードを入力してください
totp-how = スマートフォンなどの認証アプリを開き、表示されている6桁の数字を入力してください。
totp-device = どの端末の認証アプリを使いますか？
totp-of-device = 使う端末：{ $name }
last-used = 最後に使った日時：{ $at }
otp-incorrect-help = ワンタイムパスワードが正しくないと表示されるとき
otp-not-accepted-help = ワンタイムパスワードを入力してもうまくいかないとき
device-lost-help = スマートフォンを機種変更した・なくしたとき
lost-link = スマートフォンの変更・紛失などで使えないとき
trust-device = この端末では{ $days }日間、ワンタイムパスワードの入力を省く
    .hint = ご自分だけが使う端末のときに選んでください。
recovery-code-heading = 回復コードを入力してください
recovery-code-how = 印刷や控えをしておいた回復コードのうち、まだ使っていないものを1つ入力してください。
recovery-code = 回復コード
    .hint = 例：abcd-efgh-jk23

# Choosing and enrolling a method.

authentication-method = 認証方法
method-heading = 認証方法を選んでください
method-why = パスワードに加えて、ご本人であることを確かめる方法です。次回からのログインで使います。あとで「プロフィール変更」から変えられます。
method-next = 次の画面で、選んだ方法の登録をします。
method-missing = 認証方法を選んでください。
method-email = メール
    .means = ログインのたびに、{ $email } に6桁の数字を送ります。ほかに用意するものはありません。
method-totp = 認証アプリ
    .means = スマートフォンのアプリ（Google Authenticator、Microsoft Authenticatorなど）に表示される6桁の数字を入力します。
method-passkey = 生体認証（パスキー）
    .means = 指紋・顔・画面ロックで確認します。入力するものがなく、偽のサイトにだまされにくい方法です。
methods-help = 認証方法について
choose-another-method = ほかの認証方法を選ぶ

totp-enrolment-heading = 認証アプリを登録してください
totp-enrolment-install = 認証アプリを用意する
    .how = スマートフォンに、Google Authenticator、Microsoft Authenticator、FreeOTPなどの認証アプリを入れて開きます。
totp-enrolment-scan = QRコードを読み取る
    .how = 認証アプリの「追加（＋）」から、下のQRコードを読み取ります。
totp-enrolment-qr = 認証アプリに登録するためのQRコード
totp-enrolment-cannot-scan = スキャンできませんか？
    .how = 認証アプリで「セットアップキーを入力」などを選び、次のキーを入力してください。
totp-enrolment-account = アカウント名
totp-enrolment-kind = キーの種類
    .time = 時間ベース
totp-enrolment-confirm = 表示された数字を入力する
    .how = 認証アプリに表示された6桁の数字を入力して、登録を終えます。
totp-enrolment-button = 登録する
enrolment-code-wrong = ワンタイムパスワードが正しくありません
    .next = 認証アプリにいま表示されている6桁の数字を入力してください。うまくいかないときは、端末の時刻が自動で合うようになっているかをお確かめください。
device-name = 端末の名前
    .hint = あとで見分けるための名前です。例：わたしのスマートフォン
device-name-missing = 端末の名前を40文字以内で入力してください。
    .next = どの端末かが分かる名前を付けてください。
too-many-devices = これ以上は登録できません
    .next = 使わなくなった端末を「プロフィール変更」から削除すると、登録できます。
    .at-list = 登録できる台数の上限です。追加するには、使わなくなった端末を削除してください。
app-qr-help = QRコードを読み取れないとき
copy-button = キーをコピーする
copied = コピーしました

system-iphone = iPhone
system-ipad = iPad
system-android = Android
system-windows = Windows
system-mac = Mac
system-linux = Linux
system-other = 端末
browser-edge = Edge
browser-firefox = Firefox
browser-chrome = Chrome
browser-safari = Safari
browser-other = ブラウザ
device-in-words = { $system }の{ $browser }

# Codes by e-mail, and registering an address.

email-code-wrong = ワンタイムパスワードが正しくありません
    .next = メールに書かれた6桁の数字を、もう一度お確かめください。何通か届いているときは、いちばん新しいメールの数字を入力してください。
email-code-heading = メールで届いたワンタイムパスワードを入力してください
email-code-how = { $address } に6桁の数字を送りました。{ $minutes }分以内に入力してください。
email-code-no-mail = メールが届かないとき
    .how = 少し待っても届かないときは、迷惑メールのフォルダをご確認ください。差出人は { $sender } です。
email-code-resend = もう一度送る
email-code-sent-again = 新しいワンタイムパスワードを送りました。先に届いたものは使えません。
mail-not-received-help = メールを受信できないとき
email-address-heading = メールアドレスを登録してください
email-address-why = パスワードを忘れたときや、大切なお知らせをするときに使います。ご家族と同じアドレスでもかまいません。
email-address = メールアドレス
    .hint = 例：hanako@example.jp
email-address-next = { $sender } から確認のメールを送ります。受信できるようにしておいてください。
email-address-send = 確認のメールを送る
email-malformed = メールアドレスの形が正しくありません。
    .next = 「@」の前後を含めて、正しく入力されているかお確かめください。
email-address-code-heading = 届いたメールの数字を入力してください
email-address-code-how = { $address } に6桁の数字を送りました。{ $minutes }分以内に入力してください。
email-address-other = 別のメールアドレスを登録する
# Passkeys.

passkey-login = パスキーでログイン
    .hint = 生体認証（指紋・顔・画面ロック）を登録した方は、ユーザIDとパスワードを入力せずにログインできます。
passkey-heading = 生体認証（パスキー）で確認してください
passkey-how = ボタンを押して、指紋・顔・画面ロックなどで確認してください。
    .phone = この端末で生体認証ができないときは、ボタンを押すと表示されるQRコードを、パスキーを登録したスマートフォンで読み取ってください。Bluetoothをオンにしておく必要があります。
passkey-missing = このブラウザではパスキーを使えません。
    .password = ユーザIDとパスワードでログインしてください。
    .alternatives = 下にある「ほかの方法で確認する」から選んでください。
    .choose = 新しいブラウザでやり直すか、ほかの認証方法を選んでください。
    .inquire = パスキーを使えるブラウザや端末でやり直してください。お困りのときはお問い合わせください。
passkey-no-script = パスキーを使うには、ブラウザの設定でJavaScriptを有効にしてください。
passkey-cancelled = パスキーでの確認が終わりませんでした
    .next = 途中で取り消したか、時間がかかりすぎたか、この端末にパスキーがないためです。もう一度ボタンを押してお試しください。
passkey-registered = この端末のパスキーは、もう登録されています
    .next = そのままログインに使えます。別の端末を登録するときは、その端末でこのページを開いてください。
passkey-failed = パスキーを使えませんでした
    .next = 端末で画面ロックやパスワード管理アプリが使えるようになっているかをお確かめください。
security-key-invalid = セキュリティキーの登録が無効です
    .next = このパスキーの登録が見つからないか、端末での本人確認ができませんでした。もう一度試すか、ほかの方法をお使いください。
passkey-expired = 時間が過ぎたため、確認できませんでした
    .next = 安全のため、もう一度ボタンを押してやり直してください。
passkey-unanswered = パスキーの確認が行われませんでした
    .next = ブラウザの設定でJavaScriptを有効にしてから、もう一度お試しください。
too-many-passkeys = これ以上は登録できません
    .next = 使わなくなったパスキーを「プロフィール変更」から削除すると、登録できます。
phone-qr-help = スマートフォンでQRコードを読み取れないとき
passkey-qr-help = パスキーのQRコードを読み取れないとき
security-key-help = 「セキュリティキーの登録が無効です」と表示されるとき
passkey-enrolment-heading = 生体認証（パスキー）を登録してください
passkey-enrolment-why = 指紋・顔・画面ロックで確認できるように、この端末を登録します。指紋や顔の情報が端末の外に送られることはありません。
passkey-enrolment-name = 名前を決める
passkey-name = パスキーの名前
    .hint = あとで見分けるための名前です。このままでもかまいません。
passkey-enrolment-make = 端末で確認する
    .how = 「登録する」を押すと、端末の確認画面が開きます。指紋・顔・画面ロックなどで確認してください。
    .phone = スマートフォンを登録したいときは、確認画面で「別の端末」や「スマートフォン」を選び、表示されるQRコードを読み取ってください。
passkey-enrolment-button = 登録する

# Nothing can be shown any more: a lost or changed phone.

lost-show-another = ほかの方法で確認してください
    .how = パスワードのほかにもう1つの確認が必要です。下の「ほかの方法で確認する」から、まだ使える方法を選んでください。
    .none = どの方法も使えないときは、お問い合わせください。ご本人であることを確かめたうえで、登録し直せるようにします。
lost-reset-password-first = まず、パスワードを設定し直してください
    .why = ご本人であることを確かめるため、登録されているメールアドレスを使います。次の順に進めてください。
    .mail = 下のボタンを押し、届いたメールのリンクから新しいパスワードを決めます。
    .log-in = 新しいパスワードでもう一度ログインし、「スマートフォンの変更・紛失などで使えないとき」をもう一度押します。
    .button = パスワードをメールで設定し直す
lost-then-set-up = 認証方法を登録し直します。
lost-then-ask-staff = 登録し直すことを申し込みます。担当者が認めると、登録し直せます。
lost-then-wait = 登録し直すことを申し込みます。決められた時間がたつと、登録し直せます。
lost-cancelled = 前の申し込みは、メールのリンクから取り消されました。
lost-no-mailbox = メールも受け取れないときは、お問い合わせください
lost-may-ask = 認証方法を登録し直すことを申し込みますか？
    .wait = 申し込むと、{ $at }から登録し直せるようになります。それまでは、いまの登録のままです。
    .staff = 担当者が確認します。認められるとメールでお知らせし、登録し直せるようになります。それまでは、いまの登録のままです。
    .told = 申し込んだことは、登録されているメールアドレスにお知らせします。そのメールから取り消すこともできます。
    .button = 申し込む
lost-wait-for-staff = 担当者の確認を待っています
    .since = { $at }に申し込みを受け付けました。
    .next = 認められるとメールでお知らせします。メールが届いたら、もう一度ログインし、「スマートフォンの変更・紛失などで使えないとき」を押してください。お急ぎのときはお問い合わせください。
lost-wait = 申し込みを受け付けています
    .until = { $at }から、認証方法を登録し直せます。
    .next = その時刻を過ぎたら、もう一度ログインし、「スマートフォンの変更・紛失などで使えないとき」を押してください。
lost-may-set-up-again = 認証方法を登録し直しますか？
    .what = 新しい認証方法の登録が終わると、次の登録をすべて取り消します。元には戻せません。
    .sessions = ほかの端末でのログインは、すべて終わります。
    .choose = 次の画面で、新しい認証方法を選んで登録します。
    .password-alone = このログインからは、パスワードだけでログインします。次の登録はすぐに取り消します。新しい認証方法は、ログインしてから「プロフィール変更」で登録してください。
    .until = { $at }まで登録し直せます。
    .button = すべて取り消して登録し直す
lost-removed-apps = 認証アプリ（{ $count }台）
lost-removed-passkeys = 生体認証（パスキー{ $count }個）
lost-removed-email = メールで受け取るワンタイムパスワード
lost-removed-recovery-codes = 回復コード（残り{ $count }個）
lost-removed-trust = ワンタイムパスワードの省略（{ $count }台の端末）
