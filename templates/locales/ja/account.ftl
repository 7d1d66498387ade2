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
