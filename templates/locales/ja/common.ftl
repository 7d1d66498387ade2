# What stands on every page.

language-name = 日本語
language-choice = 表示する言語
date-time = { $year }年{ $month }月{ $day }日 { $hour }:{ $minute }

skip-to-content = 本文へ移動
opens-in-new-tab = （新しいタブで開きます）
title-with-error = エラー：{ $title }

signing-in-to = 「{ $name }」にログインします
application-policy = 「{ $name }」のプライバシーポリシー
application-terms = 「{ $name }」の利用規約
this-application = 元のサイト

leave-heading = 移動しています
leave-by-itself = 自動で移動します。画面が変わらないときは、ボタンを押してください。
leave-stays = アプリが開いたら、このページは閉じてかまいません。
leave-to = 「{ $name }」へ進む

help-link = ヘルプ・よくある質問
help-in-new-tab = この説明を別の画面で読む
inquiry-link = お問い合わせフォーム
