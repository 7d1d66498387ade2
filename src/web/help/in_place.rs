//! Answers that open on the page that needs them, beneath an error or a form: nobody loses a login over reading one.

use serde::Serialize;

use super::{HelpSite, HelpSnapshot};
use crate::i18n::{Catalogue, Locale};

/// An answer, to stand within another page.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct InPlace {
    /// Safe to put into a page. It has no headings, as nobody knows between which of the page's it will stand, and its
    /// links open in a new tab.
    pub html: String,
    /// The language of the answer: another than the page's where the translation is missing.
    pub locale: String,
}

impl HelpSite {
    /// The answer to the question `id`, from what is at hand. `None`: there is no such question.
    pub fn answer_in_place(&self, locale: &Locale, id: &str) -> Option<InPlace> {
        self.at_hand().answer_in_place(&self.app.catalogue, locale, id)
    }
}

impl HelpSnapshot {
    /// The answer to the question `id`. `None`: there is no such question.
    pub fn answer_in_place(&self, catalogue: &Catalogue, locale: &Locale, id: &str) -> Option<InPlace> {
        let (_, question) = self.help_in(locale).question(id)?;
        let new_tab = catalogue.text(locale, "opens-in-new-tab", &[]);
        Some(InPlace { html: in_place(&question.answer.html, &new_tab), locale: question.locale.clone() })
    }
}

/// `html` is a sanitised answer: its headings have no attributes, its links begin with their `href`, and none lies within
/// another.
fn in_place(html: &str, new_tab: &str) -> String {
    let mut html = html.to_owned();
    for level in 3..=6 {
        html = html
            .replace(&format!("<h{level}>"), "<p class=\"answer-heading\">")
            .replace(&format!("</h{level}>"), "</p>");
    }
    let mut parts = html.split("<a href=\"http");
    let mut out = parts.next().unwrap_or_default().to_owned();
    for link in parts {
        out.push_str("<a target=\"_blank\" href=\"http");
        out.push_str(&link.replacen("</a>", &format!("<span class=\"visually-hidden\">{new_tab}</span></a>"), 1));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::help::markdown::Body;

    fn of(markdown: &str) -> String {
        in_place(&Body::of(markdown).html, "(new)")
    }

    #[test]
    fn links_open_in_a_new_tab_and_say_so() {
        assert_eq!(
            of("[FAQ](/help/faq), [mail](mailto:a@example.jp) and <https://portal.example.jp/>"),
            "<p><a target=\"_blank\" href=\"https://id.example.jp/help/faq\" rel=\"noopener noreferrer\">FAQ\
             <span class=\"visually-hidden\">(new)</span></a>, \
             <a href=\"mailto:a@example.jp\" rel=\"noopener noreferrer\">mail</a> and \
             <a target=\"_blank\" href=\"https://portal.example.jp/\" rel=\"noopener noreferrer\">https://portal.example.jp/\
             <span class=\"visually-hidden\">(new)</span></a></p>"
        );
    }

    #[test]
    fn headings_become_paragraphs_and_text_stays_text() {
        assert_eq!(
            of("# One\n\n#### Four"),
            "<p class=\"answer-heading\">One</p>\n<p class=\"answer-heading\">Four</p>"
        );
        assert_eq!(of("`<h3>` `<a href=\"http`"), "<p><code>&lt;h3&gt;</code> <code>&lt;a href=\"http</code></p>");
    }
}
