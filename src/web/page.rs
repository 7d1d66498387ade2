//! What members see: the templates under `templates/`, filled in the reader's language. A page is a struct beside its
//! handler that names its template and brings samples of every state it can be in; `gallery.rs` lists them all, and the
//! tests below render every sample in every language, so that a forgotten text or value never reaches a member.
//! Everything is part of the program.
//!
//! In a template: `t(key="login-heading")` is a text (further arguments go to it), `asset(name="style.css")` the URL of a
//! file under `templates/assets/`, `faq_answer(id="password-locked")` an answer of the help, if it has that question,
//! `chrome` what stands around every page, and the page's own fields are plain variables.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::body::Bytes;
use include_dir::{Dir, include_dir};
use serde::Serialize;
use tera::{Context, Kwargs, State, Tera};

use crate::i18n::{Catalogue, Locale, Value};
use crate::web::brand::Brand;
use crate::web::help::in_place::InPlace;
use crate::web::prepared::Prepared;

static TEMPLATES: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/templates");
static ASSETS: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/templates/assets");

/// A page: its template, its values, and samples of every state it can be in.
pub trait PageTemplate: Serialize {
    /// The template's path under `templates/`.
    const TEMPLATE: &'static str;

    /// Every state, by name.
    fn samples() -> Vec<(&'static str, Self)>
    where
        Self: Sized;
}

/// What the layout shows around every page.
#[derive(Clone, Debug, Serialize)]
pub struct Chrome {
    pub locale: Locale,
    /// Goes into every form as the hidden field `csrf`.
    pub csrf: String,
    pub service_name: String,
    pub society_name: String,
    /// The inquiry form; an http(s) URL.
    pub inquiry_url: Option<String>,
    /// Goes into every form of the account's pages as the hidden field `owner`. Empty elsewhere.
    pub owner: String,
    /// What was done: the end of a text's key.
    pub notice: Option<&'static str>,
    /// The application that the member is logging in to, if there is one.
    pub application: Option<ApplicationLine>,
    /// Path and query of this page, for the links that show it in another language. Empty where there is no way to ask
    /// for it again, as after a POST: then there are no such links.
    pub here: String,
}

/// The application that a member is logging in to. Its URLs are http(s): the registration takes no others.
#[derive(Clone, Debug, Serialize)]
pub struct ApplicationLine {
    pub name: String,
    pub logo_uri: Option<String>,
    pub policy_uri: Option<String>,
    pub tos_uri: Option<String>,
}

/// A file that pages refer to.
#[derive(Clone, Debug)]
pub struct Asset {
    pub prepared: Arc<Prepared>,
    pub content_type: &'static str,
    /// The part of its URL that changes with its content, so that it may be kept for ever.
    pub hash: String,
}

impl Asset {
    pub fn new(bytes: Bytes, content_type: &'static str) -> Asset {
        let is_text = content_type.starts_with("text/") || content_type == "image/svg+xml";
        let prepared = if is_text { Prepared::text(bytes) } else { Prepared::as_it_is(bytes) };
        let hash = prepared.digest().chars().take(16).collect();
        Asset { prepared: Arc::new(prepared), content_type, hash }
    }
}

/// A page cannot be shown: its template or its values do not fit together.
#[derive(Debug, thiserror::Error)]
pub enum RenderError {
    #[error("templates/{0} is not UTF-8")]
    NotText(String),
    #[error("templates/assets/{0} has no known ending: css, js, svg, png, ico, webp, txt")]
    UnknownAsset(String),
    /// The engine's own words say which template, where and why.
    #[error(transparent)]
    Template(#[from] tera::Error),
}

/// The engine: every template in every language.
pub struct Pages {
    catalogue: Arc<Catalogue>,
    /// One engine per language, so that the texts inside components are in the page's language too.
    engines: Vec<(Locale, Tera)>,
    assets: Arc<BTreeMap<&'static str, Asset>>,
    own: Own,
}

/// What the society has of its own, for the layout.
#[derive(Serialize)]
struct Own {
    /// The name and the type of its logo.
    logo: Option<(&'static str, &'static str)>,
    colours: bool,
}

/// Another language in which this page can be had.
#[derive(Serialize)]
struct LanguageLink {
    tag: &'static str,
    name: String,
    /// A query alone: it stays on this page and on this host, whatever the path.
    href: String,
    current: bool,
}

impl Pages {
    pub fn load(catalogue: Arc<Catalogue>, answers: Answers, brand: Brand) -> Result<Pages, RenderError> {
        Pages::with(catalogue, answers, brand, |catalogue, locale, key, args| Ok(catalogue.text(&locale, key, args)))
    }

    fn with(catalogue: Arc<Catalogue>, answers: Answers, brand: Brand, words: Words) -> Result<Pages, RenderError> {
        let mut assets = assets()?;
        let own = Own {
            logo: brand.logo.as_ref().map(|logo| (logo.name, logo.asset.content_type)),
            colours: brand.colours.is_some(),
        };
        assets.extend(brand.logo.map(|logo| (logo.name, logo.asset)));
        assets.extend(brand.colours.map(|colours| ("colours.css", colours)));
        let assets = Arc::new(assets);
        let mut sources = Vec::new();
        collect_templates(&TEMPLATES, &mut sources)?;
        let mut engines = Vec::new();
        for locale in catalogue.locales() {
            let mut tera = Tera::new();
            let texts = Arc::clone(&catalogue);
            tera.register_function("t", move |kwargs: Kwargs, _: &State<'_>| -> tera::TeraResult<String> {
                let mut key = None;
                let mut args = Vec::new();
                for (name, value) in kwargs.iter() {
                    match name.as_str() {
                        Some("key") => key = value.as_str(),
                        Some(name) => args.push((name, argument(value))),
                        None => {}
                    }
                }
                let key = key.ok_or_else(|| tera::Error::message("t() needs a key"))?;
                words(&texts, locale, key, &args).map_err(|problem| tera::Error::message(format!("{key}: {problem}")))
            });
            let known = Arc::clone(&assets);
            tera.register_function("asset", move |kwargs: Kwargs, _: &State<'_>| -> tera::TeraResult<String> {
                let name: &str = kwargs.must_get("name")?;
                let asset = known.get(name).ok_or_else(|| tera::Error::message(format!("there is no asset {name}")))?;
                Ok(format!("/assets/{}/{name}", asset.hash))
            });
            let answers = Arc::clone(&answers);
            tera.register_function(
                "faq_answer",
                move |kwargs: Kwargs, _: &State<'_>| -> tera::TeraResult<tera::Value> {
                    tera::Value::try_from_serializable(&answers(&locale, kwargs.must_get("id")?))
                },
            );
            tera.add_raw_templates(sources.iter().copied())?;
            engines.push((locale, tera));
        }
        Ok(Pages { catalogue, engines, assets, own })
    }

    /// The page as HTML, in the language of its `chrome`.
    pub fn render<P: PageTemplate>(&self, chrome: &Chrome, page: &P) -> Result<String, RenderError> {
        let mut context = Context::from_serialize(page)?;
        context.insert("chrome", chrome);
        context.insert("languages", &self.languages(chrome));
        context.insert("own", &self.own);
        let engine = self.engines.iter().find(|(locale, _)| *locale == chrome.locale).or(self.engines.first());
        let (_, tera) = engine.ok_or_else(|| tera::Error::message("there is no language to render in"))?;
        Ok(tera.render(P::TEMPLATE, &context)?)
    }

    /// The file `name` under `templates/assets/`.
    pub fn asset(&self, name: &str) -> Option<Asset> {
        self.assets.get(name).cloned()
    }

    fn languages(&self, chrome: &Chrome) -> Vec<LanguageLink> {
        if chrome.here.is_empty() {
            return Vec::new();
        }
        let query = chrome.here.split_once('?').map_or("", |(_, query)| query);
        let kept: Vec<&str> =
            query.split('&').filter(|pair| !pair.is_empty() && !pair.starts_with("ui_locales=")).collect();
        self.engines
            .iter()
            .map(|(locale, _)| {
                let asked = format!("ui_locales={}", locale.tag());
                LanguageLink {
                    tag: locale.tag(),
                    name: self.catalogue.text(locale, "language-name", &[]),
                    href: format!("?{}", [kept.as_slice(), &[asked.as_str()]].concat().join("&")),
                    current: *locale == chrome.locale,
                }
            })
            .collect()
    }
}

/// The help's answer to the question with this id, in this language.
pub type Answers = Arc<dyn Fn(&Locale, &str) -> Option<InPlace> + Send + Sync>;

/// How a text is found: shown as its key where it is missing (for members), or refused (for tests).
type Words = fn(&Catalogue, Locale, &str, &[(&str, Value<'_>)]) -> Result<String, String>;

fn argument(value: &tera::Value) -> Value<'static> {
    match value.as_i64() {
        Some(number) => number.into(),
        None => value.to_string().into(),
    }
}

fn collect_templates(
    folder: &'static Dir<'static>,
    into: &mut Vec<(&'static str, &'static str)>,
) -> Result<(), RenderError> {
    for file in folder.files() {
        let not_text = || RenderError::NotText(file.path().to_string_lossy().into_owned());
        let path = file.path().to_str().ok_or_else(not_text)?;
        if path.ends_with(".html") {
            into.push((path, file.contents_utf8().ok_or_else(not_text)?));
        }
    }
    folder.dirs().try_for_each(|inner| collect_templates(inner, into))
}

fn assets() -> Result<BTreeMap<&'static str, Asset>, RenderError> {
    ASSETS
        .files()
        .map(|file| {
            let path = file.path();
            let name = path.to_str().ok_or_else(|| RenderError::UnknownAsset(path.to_string_lossy().into_owned()))?;
            let content_type = match path.extension().and_then(|ending| ending.to_str()) {
                Some("css") => "text/css; charset=utf-8",
                Some("js") => "text/javascript; charset=utf-8",
                Some("svg") => "image/svg+xml",
                Some("png") => "image/png",
                Some("ico") => "image/x-icon",
                Some("webp") => "image/webp",
                Some("txt") => "text/plain; charset=utf-8",
                _ => return Err(RenderError::UnknownAsset(name.to_owned())),
            };
            Ok((name, Asset::new(Bytes::from_static(file.contents()), content_type)))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use scraper::{ElementRef, Html, Selector};

    use super::*;
    use crate::actions::help;
    use crate::config::Settings;
    use crate::domain::unix_time::UnixTime;
    use crate::web::gallery::{self, chromes};
    use crate::web::help::HelpSnapshot;
    use crate::web::login::consent::ConsentPage;
    use crate::web::login::password::PasswordPage;

    /// Refuses texts that are missing or lack an argument, and answers that the shipped help does not have.
    fn strict() -> Pages {
        let catalogue = Arc::new(Catalogue::load().expect("the translations are whole"));
        let settings = Settings::default();
        let content = help::build(&help::files::shipped(), &settings, &catalogue).expect("it is sound");
        let help = HelpSnapshot::of(&settings, &catalogue, content, UnixTime(0)).expect("it is sound");
        let texts = Arc::clone(&catalogue);
        let answers: Answers = Arc::new(move |locale, id| {
            Some(help.answer_in_place(&texts, locale, id).unwrap_or_else(|| panic!("the help has no question {id}")))
        });
        Pages::with(catalogue, answers, Brand::default(), |catalogue, locale, key, args| {
            catalogue.find(&locale, key, args)
        })
        .unwrap_or_else(|error| panic!("{error}"))
    }

    /// For members where the help has no questions at all.
    fn without_help() -> Pages {
        let catalogue = Arc::new(Catalogue::load().expect("the translations are whole"));
        Pages::load(catalogue, Arc::new(|_, _| None), Brand::default()).expect("the templates are whole")
    }

    fn all<'a>(html: &'a Html, selector: &str) -> Vec<ElementRef<'a>> {
        html.select(&Selector::parse(selector).expect("a selector")).collect()
    }

    fn mistakes(text: &str, chrome: &Chrome) -> Vec<String> {
        let html = Html::parse_document(text);
        let mut mistakes: Vec<String> = html.errors.iter().map(|error| format!("not HTML: {error}")).collect();
        let mut expect = |holds: bool, otherwise: String| {
            if !holds {
                mistakes.push(otherwise);
            }
        };
        let lang = html.root_element().attr("lang");
        expect(lang == Some(chrome.locale.tag()), format!("lang is {lang:?}"));
        expect(all(&html, "h1").len() == 1, "there is not one h1".into());
        let title: String = all(&html, "title").iter().flat_map(|title| title.text()).collect();
        expect(title.len() > chrome.service_name.len() + " – ".len(), format!("the title is {title:?}"));

        let ids: Vec<&str> = all(&html, "[id]").iter().filter_map(|element| element.attr("id")).collect();
        let known: BTreeSet<&str> = ids.iter().copied().collect();
        expect(ids.len() == known.len(), format!("an id stands twice: {ids:?}"));
        for attribute in ["for", "aria-describedby", "aria-labelledby"] {
            for element in all(&html, &format!("[{attribute}]")) {
                for id in element.attr(attribute).unwrap_or_default().split_whitespace() {
                    expect(known.contains(id), format!("{attribute} names no element: {id}"));
                }
            }
        }
        for link in all(&html, "a") {
            let href = link.attr("href").unwrap_or_default();
            expect(!href.is_empty(), format!("a link goes nowhere: {}", link.html()));
            let to = href.strip_prefix('#');
            expect(to.is_none_or(|id| known.contains(id)), format!("a link names no element: {href}"));
            let words: String = link.text().collect();
            expect(!words.trim().is_empty(), format!("a link has no words: {href}"));
        }
        for link in all(&html, "[target=_blank]") {
            expect(link.attr("rel").is_some_and(|rel| rel.contains("noopener")), format!("opener: {}", link.html()));
        }

        for input in all(&html, "input:not([type=hidden]):not([hidden]), select, textarea") {
            let id = input.attr("id").unwrap_or_default();
            let labelled = all(&html, "label").iter().any(|label| label.attr("for") == Some(id));
            expect(labelled, format!("no label: {}", input.html()));
        }
        for form in all(&html, "form[method=post]") {
            let csrf = Selector::parse("input[type=hidden][name=csrf]").expect("a selector");
            let value = form.select(&csrf).next().and_then(|input| input.attr("value"));
            expect(value == Some(chrome.csrf.as_str()), format!("csrf is {value:?}"));
            let owner = Selector::parse("input[type=hidden][name=owner]").expect("a selector");
            let value = form.select(&owner).next().and_then(|input| input.attr("value"));
            let expected = form.attr("action").filter(|to| to.starts_with("/account/")).map(|_| chrome.owner.as_str());
            expect(value == expected, format!("owner is {value:?}"));
        }

        // The Content-Security-Policy has no place for these.
        let inline = "script:not([src^='/assets/']), style, [style]";
        expect(all(&html, inline).is_empty(), "script or style within the page".into());
        let said: String = all(&html, "script").iter().flat_map(|script| script.text()).collect();
        expect(said.is_empty(), format!("script within the page: {said}"));
        for element in all(&html, "*") {
            let handler = element.value().attrs().find(|(name, _)| name.starts_with("on"));
            expect(handler.is_none(), format!("script within the page: {handler:?}"));
        }
        // Values and texts come out as text: none of the samples' brackets became an element.
        expect(all(&html, "hanako, wrong, of, b").is_empty(), "a value became an element".into());
        expect(!text.contains("{$") && !text.contains("&amp;lt;"), "a text was filled wrongly".into());
        mistakes
    }

    #[test]
    fn every_page_is_whole_in_every_state_and_language() {
        let pages = strict();
        let mut checked = BTreeSet::new();
        for sample in gallery::samples() {
            for locale in pages.catalogue.locales() {
                for chrome in chromes(locale) {
                    let place = format!("{}, {}, {locale}", sample.template, sample.state);
                    let text = sample.render(&pages, &chrome).unwrap_or_else(|error| panic!("{place}: {error}"));
                    let mistakes = mistakes(&text, &chrome);
                    assert!(mistakes.is_empty(), "{place}: {mistakes:#?}");
                }
            }
            checked.insert(sample.template);
        }
        let mut sources = Vec::new();
        collect_templates(&TEMPLATES, &mut sources).expect("the templates are text");
        let all = sources.iter().filter(|(_, source)| source.contains("{% extends")).map(|(name, _)| *name).collect();
        assert_eq!(checked, all, "each page belongs into the list in gallery.rs");
    }

    #[test]
    fn no_template_holds_japanese_words() {
        let mut sources = Vec::new();
        collect_templates(&TEMPLATES, &mut sources).expect("the templates are text");
        for (name, source) in sources {
            assert!(!source.contains(|letter: char| ('\u{3040}'..='\u{9fff}').contains(&letter)), "{name}");
        }
    }

    #[test]
    fn a_text_that_is_missing_does_not_take_the_page_from_the_member() {
        let mut pages = without_help();
        for (_, tera) in &mut pages.engines {
            tera.add_raw_template("login/consent.html", "{{ t(key=\"no-such-text\") }}").expect("a template");
        }
        let [chrome, _] = chromes(pages.engines[0].0);
        let (_, page) = ConsentPage::samples().remove(0);
        assert_eq!(pages.render(&chrome, &page).expect("a page"), "no-such-text");
    }

    #[test]
    fn an_answer_opens_in_place_and_without_one_there_is_the_way_to_the_help() {
        let (_, page) = PasswordPage::samples().into_iter().find(|(name, _)| *name == "password_locked").expect("one");
        for (pages, opens) in [(strict(), true), (without_help(), false)] {
            for locale in pages.catalogue.locales() {
                let [chrome, _] = chromes(locale);
                let html = Html::parse_document(&pages.render(&chrome, &page).expect("a page"));
                let answers = all(&html, "#error details#error-help > .answer");
                assert_eq!(answers.len(), usize::from(opens));
                assert!(answers.iter().all(|answer| answer.text().any(|words| words.contains('5'))), "{locale}");
                let link = if opens { "#error-help a[href='/help/faq/password-locked']" } else { "a#error-help" };
                assert_eq!(all(&html, link).len(), 1);
            }
        }
    }

    #[test]
    fn language_links_keep_the_query_and_can_lead_to_no_other_host() {
        let pages = strict();
        let [chrome, bare] = chromes(pages.engines[0].0);
        let hrefs = |here: &str| -> Vec<String> {
            let chrome = Chrome { here: here.into(), ..chrome.clone() };
            pages.languages(&chrome).into_iter().map(|link| link.href).collect()
        };
        assert_eq!(
            hrefs("/login?flow=1&ui_locales=en&x=%26"),
            ["?flow=1&x=%26&ui_locales=ja", "?flow=1&x=%26&ui_locales=en"]
        );
        assert_eq!(hrefs("//evil.example/"), ["?ui_locales=ja", "?ui_locales=en"]);
        assert!(pages.languages(&bare).is_empty(), "a page after a POST cannot be asked for again");
    }

    #[test]
    fn an_assets_url_changes_with_its_content() {
        let pages = strict();
        let style = pages.asset("style.css").expect("the style sheet");
        assert_eq!(style.content_type, "text/css; charset=utf-8");
        assert_eq!(style.hash.len(), 16);
        let mark = pages.asset("mark.svg").expect("the mark");
        assert_ne!(style.hash, mark.hash);
        assert!(pages.asset("../layout.html").is_none() && pages.asset("").is_none());
    }
}
