//! A help text in its three forms. All of them go into portals' pages, which may render the Markdown themselves: so no
//! Markdown is taken that another renderer could make a script of (HTML, links of other schemes, pictures from elsewhere),
//! and a tight list says once more what the HTML may hold.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::ops::Range;

use ammonia::UrlRelative;
use pulldown_cmark::{CowStr, Event, HeadingLevel, LinkType, Options, Parser, Tag, TagEnd};
use serde::Serialize;
use url::Url;

use super::images::Image;
pub use super::live_values::escaped;

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
    "img",
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
    /// With its live values filled in; links and pictures are absolute. It holds no HTML and no link that runs script.
    pub markdown: String,
    /// Safe to put into a page. Headings begin at `h3`; links are absolute.
    pub html: String,
    /// For reading as it is: list marks, links as `words (URL)`, a line per row of a table.
    pub text: String,
}

/// Something in a text that can't be shown: where, in bytes, and what.
pub(super) type Refused = (usize, String);

/// Where links and pictures lead.
#[derive(Clone, Copy)]
pub(super) struct Around<'a> {
    /// Relative links are led there.
    pub base: &'a Url,
    /// The pictures that a text may show, as it names them: `images/login.png`.
    pub images: &'a BTreeMap<String, Image>,
}

impl Body {
    /// The three forms of a text, or everything in it that can't be shown.
    pub(super) fn render(markdown: &str, around: Around<'_>) -> Result<Body, Vec<Refused>> {
        let mut refused = refused(markdown, around);
        let text = text(markdown, around.base);
        if let Some(at) = text.find("{{") {
            // What portals' templates take for an expression of theirs.
            let before = text.get(..at).unwrap_or_default().chars().rev().take(12).collect::<Vec<_>>();
            let before: String = before.into_iter().rev().collect();
            refused.push((0, format!("shows two braces in a row, after \"{before}\": put a space between them")));
        }
        if refused.is_empty() {
            let html = html(markdown, around);
            Ok(Body { markdown: absolute(markdown, around).trim().to_owned(), html, text })
        } else {
            Err(refused)
        }
    }
}

#[cfg(test)]
impl Body {
    /// For tests elsewhere: a text without pictures.
    pub fn of(markdown: &str) -> Body {
        let base = Url::parse("https://id.example.jp/").expect("a URL");
        Body::render(markdown, Around { base: &base, images: &BTreeMap::new() }).expect("it is sound")
    }
}

fn events(markdown: &str) -> Parser<'_> {
    Parser::new_ext(markdown, Options::ENABLE_TABLES)
}

fn refused(markdown: &str, around: Around<'_>) -> Vec<Refused> {
    let mut refused = Vec::new();
    // Where the picture begins, and whether words for it were seen.
    let mut picture: Option<(usize, bool)> = None;
    for (event, Range { start, .. }) in events(markdown).into_offset_iter() {
        match event {
            Event::Html(_) | Event::InlineHtml(_) => {
                let what = "holds HTML, which is not taken: write Markdown, and \\< for the sign itself";
                refused.push((start, what.to_owned()));
            }
            Event::Start(Tag::Link { link_type, dest_url, .. })
                if target(link_type, &dest_url, around.base).is_none() =>
            {
                let what =
                    format!("the link \"{dest_url}\" leads nowhere: https, http and mailto are taken, and /help/…");
                refused.push((start, what));
            }
            Event::Start(Tag::Image { dest_url, .. }) => {
                if !around.images.contains_key(&*dest_url) {
                    let what =
                        format!("the picture \"{dest_url}\" is not there: pictures lie under images/ of the language");
                    refused.push((start, what));
                }
                picture = Some((start, false));
            }
            Event::Text(words) | Event::Code(words) => {
                if let Some((_, has_words)) = &mut picture {
                    *has_words |= !words.trim().is_empty();
                }
            }
            Event::End(TagEnd::Image) => {
                if let Some((start, false)) = picture.take() {
                    refused.push((
                        start,
                        "the picture has no words for those who can't see it: ![what it shows](…)".into(),
                    ));
                }
            }
            _ => {}
        }
    }
    // An HTML block is one event a line.
    refused.dedup_by(|later, earlier| later.1 == earlier.1);
    refused
}

/// Where a link leads; `None` if nobody may follow it.
fn target(link_type: LinkType, to: &str, base: &Url) -> Option<Url> {
    let to = if link_type == LinkType::Email { Cow::from(format!("mailto:{to}")) } else { Cow::from(to) };
    base.join(&to).ok().filter(|url| SCHEMES.contains(&url.scheme()))
}

/// Relative links and pictures made absolute, for whoever renders it elsewhere.
fn absolute(markdown: &str, around: Around<'_>) -> String {
    let mut absolute = markdown.to_owned();
    let mut edits = Vec::new();
    for (event, range) in events(markdown).into_offset_iter() {
        let (to, replacement) = match event {
            Event::Start(Tag::Link { link_type: LinkType::Inline, dest_url, .. }) if dest_url.starts_with('/') => {
                let Some(url) = target(LinkType::Inline, &dest_url, around.base) else { continue };
                (dest_url, url.to_string())
            }
            Event::Start(Tag::Image { dest_url, .. }) => {
                let Some(image) = around.images.get(&*dest_url) else { continue };
                let url = image.url(around.base);
                (dest_url, url)
            }
            _ => continue,
        };
        if let Some(at) = markdown.get(range.clone()).and_then(|source| source.rfind(&*to)) {
            let at = range.start + at;
            edits.push((at..at + to.len(), replacement));
        }
    }
    for (range, replacement) in edits.into_iter().rev() {
        absolute.replace_range(range, &replacement);
    }
    absolute
}

fn html(markdown: &str, around: Around<'_>) -> String {
    let mut picture: Option<(&Image, String)> = None;
    let events = events(markdown).filter_map(|event| match event {
        // A page's own headings come first: its title, then the question or section.
        Event::Start(Tag::Heading { level, id, classes, attrs }) => {
            Some(Event::Start(Tag::Heading { level: level.max(HeadingLevel::H3), id, classes, attrs }))
        }
        Event::End(TagEnd::Heading(level)) => Some(Event::End(TagEnd::Heading(level.max(HeadingLevel::H3)))),
        Event::Start(Tag::Image { dest_url, .. }) => {
            picture = around.images.get(&*dest_url).map(|image| (image, String::new()));
            None
        }
        Event::End(TagEnd::Image) => picture.take().map(|(image, words)| {
            let words = words.replace('&', "&amp;").replace('"', "&quot;").replace('<', "&lt;");
            let (url, width, height) = (image.url(around.base), image.width, image.height);
            Event::InlineHtml(CowStr::from(format!(
                "<img src=\"{url}\" alt=\"{words}\" width=\"{width}\" height=\"{height}\" loading=\"lazy\">"
            )))
        }),
        within if picture.is_some() => {
            if let (Some((_, shown)), Event::Text(words) | Event::Code(words)) = (&mut picture, within) {
                shown.push_str(&words);
            }
            None
        }
        // Refused before; shown as it is written if it ever came here.
        Event::Html(html) | Event::InlineHtml(html) => Some(Event::Text(html)),
        other => Some(other),
    });
    let mut html = String::new();
    pulldown_cmark::html::push_html(&mut html, events);
    ammonia::Builder::empty()
        .tags(HashSet::from(ELEMENTS))
        .clean_content_tags(HashSet::from(["script", "style"]))
        .tag_attributes(HashMap::from([
            ("a", HashSet::from(["href"])),
            ("img", HashSet::from(["src", "alt", "width", "height", "loading"])),
            ("ol", HashSet::from(["start"])),
        ]))
        .generic_attributes(HashSet::new())
        .url_schemes(HashSet::from(SCHEMES))
        .url_relative(UrlRelative::RewriteWithBase(around.base.clone()))
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
            Event::Start(Tag::Link { link_type, dest_url, .. }) => {
                out.links.push((out.text.len(), target(link_type, &dest_url, base)));
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

    fn rendered(markdown: &str) -> Result<Body, Vec<Refused>> {
        let base = Url::parse("https://id.example.jp/").expect("a URL");
        let picture = Image {
            kind: super::super::images::ImageType::Png,
            width: 36,
            height: 64,
            hash: "h".into(),
            name: "login.png".into(),
            content: Vec::new().into(),
        };
        let images = BTreeMap::from([("images/login.png".to_owned(), picture)]);
        Body::render(markdown, Around { base: &base, images: &images })
    }

    fn body(markdown: &str) -> Body {
        rendered(markdown).expect("it is sound")
    }

    #[test]
    fn relative_links_lead_to_the_provider_and_all_links_are_severed_from_the_page() {
        let body = body("[FAQ](/help/faq) <https://portal.example.jp/> <a@example.jp>");
        assert_eq!(
            body.html,
            "<p><a href=\"https://id.example.jp/help/faq\" rel=\"noopener noreferrer\">FAQ</a> \
             <a href=\"https://portal.example.jp/\" rel=\"noopener noreferrer\">https://portal.example.jp/</a> \
             <a href=\"mailto:a@example.jp\" rel=\"noopener noreferrer\">a@example.jp</a></p>"
        );
        assert_eq!(body.text, "FAQ (https://id.example.jp/help/faq) https://portal.example.jp/ a@example.jp");
        assert_eq!(body.markdown, "[FAQ](https://id.example.jp/help/faq) <https://portal.example.jp/> <a@example.jp>");
    }

    #[test]
    fn a_picture_has_its_address_its_size_and_words() {
        let body = body("![The **login** \"page\" & <more>](images/login.png)".replace("<more>", "more").as_str());
        let url = "https://id.example.jp/help/v1/images/h/login.png";
        assert_eq!(
            body.html,
            format!(
                "<p><img src=\"{url}\" alt=\"The login &quot;page&quot; &amp; more\" width=\"36\" height=\"64\" \
                 loading=\"lazy\"></p>"
            )
        );
        assert_eq!(body.text, "The login \"page\" & more");
        assert!(body.markdown.ends_with(&format!("]({url})")), "{}", body.markdown);
    }

    #[test]
    fn what_another_renderer_could_run_is_refused_where_it_stands() {
        for (markdown, word) in [
            ("a <b>c</b>", "HTML"),
            ("<!-- c -->", "HTML"),
            ("[x](javascript:alert(1))", "leads nowhere"),
            ("[x](JaVaScRiPt:alert(1))", "leads nowhere"),
            ("[x][y]\n\n[y]: data:text/html,z", "leads nowhere"),
            ("<vbscript:x>", "leads nowhere"),
            ("![x](https://evil.example/track.png)", "not there"),
            ("![](images/login.png)", "no words"),
            ("![ ](images/login.png)", "no words"),
            ("\\{\\{ x }}", "two braces"),
            ("&#123;&#123; x }}", "two braces"),
        ] {
            let refused = rendered(&format!("One.\n\n{markdown}")).expect_err(markdown);
            assert!(refused.iter().any(|(_, what)| what.contains(word)), "{markdown}: {refused:?}");
            if word != "two braces" {
                assert!(refused.iter().all(|(at, _)| *at >= 6), "{markdown}: {refused:?}");
            }
        }
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
