# The help: its pages, and the words of its live values.

help-heading = ヘルプ・サポート
help-trail = 現在の位置
help-faq-heading = よくある質問
help-faq-means = 質問を選ぶと、答えが表示されます。
help-faq-how = 知りたい項目を選び、質問を押すと答えが開きます。
help-faq-empty = 質問はまだありません。
help-categories = 項目
help-question-alone = この質問だけを表示する
    .which = ：{ $question }
help-answer = 答え
help-related = 関連する質問
help-guide-heading = ご利用案内
help-guide-means = 主な機能と、おすすめのOS・ブラウザをご紹介します。
help-sections = 目次

help-search-label = ヘルプを検索する
help-search-hint = 困っていることを、そのままの言葉で入力してください。例: スマホを変えた
help-search-button = 検索
help-search-heading = ヘルプの検索
help-search-results = 「{ $query }」に関連する質問
help-search-guide = ご利用案内
help-search-nothing = 「{ $query }」に合う質問は見つかりませんでした
    .shorter = 言葉を短くしてお試しください。例: パスワード
    .other = 別の言葉でお試しください。
    .all = よくある質問をすべて見る
help-vote = この答えは役に立ちましたか
    .yes = はい
    .no = いいえ
help-vote-thanks = ご回答ありがとうございます
    .further = 答えをよりよくするために役立てます。どなたのご回答かは記録しません。

# What answers quote from the settings.

help-inquiry-form = お問い合わせフォーム
help-list-separator = {"、"}
help-days = { $n }日
help-hours = { $n }時間
help-minutes = { $n }分
help-seconds = { $n }秒
help-password-lock-release-staff = ロックは、メールでパスワードを設定し直すか、担当者が解除するまで続きます。
help-password-lock-release-time = ロックは、{ $after }たつと自動で解除されます。
help-password-lock-release-growing-delay = ロックははじめ{ $first }で、まちがいが重なるたびに長くなります（最長{ $longest }）。時間がたつと自動で解除されます。
help-account-lock-release-staff = ロックは、担当者が解除するまで続きます。
help-account-lock-release-time = ワンタイムパスワードのまちがいによるロックは、{ $after }たつと自動で解除されます。担当者によるロックは、担当者が解除するまで続きます。
help-account-lock-release-growing-delay = ワンタイムパスワードのまちがいによるロックは、はじめ{ $first }で、まちがいが重なるたびに長くなります（最長{ $longest }）。時間がたつと自動で解除されます。担当者によるロックは、担当者が解除するまで続きます。
help-password-classes-free = 決まりはありません
help-password-no-age = パスワードに有効期限はありません
help-password-max-age = パスワードの有効期限は{ $age }です。期限が過ぎると、次のログインで新しいパスワードを決めていただきます
help-password-common-allowed = 「password1」のような、よく使われるものは避けてください
help-method-email = メールのワンタイムパスワード
help-method-totp = 認証アプリ
help-method-passkey = 生体認証（パスキー）
help-app-old-codes-none = 新しい番号に変わると、前の番号は使えません。
help-app-old-codes-for = 新しい番号に変わってから{ $after }を過ぎると、前の番号は使えません。
help-lost-methods-mail = 先にパスワードをメールで設定し直してください。そのあと新しいパスワードでログインし、同じところを押すと、これまでの登録をすべて取り消して、認証方法をもう一度設定できます。
help-lost-methods-proof = パスワードを設定し直しても、認証方法はそのままです。ほかに登録した認証方法か回復コードで確認してください。どれも使えないときは、担当者がご本人であることを確かめて、設定し直せるようにします。
    .without-codes = パスワードを設定し直しても、認証方法はそのままです。ほかに登録した認証方法で確認してください。どれも使えないときは、担当者がご本人であることを確かめて、設定し直せるようにします。
help-lost-methods-staff = 先にパスワードをメールで設定し直してください。そのあと新しいパスワードでログインし、同じところを押して申し込みます。担当者が認めるとメールでお知らせしますので、もう一度ログインして、認証方法を設定し直してください。
help-lost-methods-wait = 先にパスワードをメールで設定し直してください。そのあと新しいパスワードでログインし、同じところを押して申し込みます。申し込んでから{ $lasts }たつと、もう一度ログインして、認証方法を設定し直せます。

# The component that portals put into their pages.

help-component-menu = メニュー
help-component-help = ヘルプ・サポート
help-component-guide = ご利用案内
help-component-faq = よくある質問
help-component-back = 戻る
help-component-close = 閉じる
help-component-search = 質問を探す
help-component-search-button = 探す
help-component-found = 見つかった質問
help-component-nothing = 見つかりませんでした。別の言葉でお試しください。
help-component-loading = 読み込んでいます
help-component-failed = 読み込めませんでした
help-component-again = もう一度読み込む
help-component-page = ヘルプを新しい画面で開く
help-component-related = 関連する質問
help-component-helpful = この答えは役に立ちましたか
help-component-yes = はい
help-component-no = いいえ
help-component-thanks = ありがとうございました。
help-component-not-counted = 送信できませんでした。しばらくしてから、もう一度お試しください。
