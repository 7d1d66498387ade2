//! The service guide (ご利用案内): its main functions, first steps, and recommended systems and browsers, in sections.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use toml::Spanned;

use super::front_matter::Source;
use super::markdown::Body;
use super::{FIRST_LOCALE, Reader};

/// One section of the guide.
#[derive(Clone, Debug, Serialize)]
pub struct Section {
    /// Never changes: portals link to it.
    pub id: String,
    /// Plain text.
    pub title: String,
    pub body: Body,
    /// The language of title and body: another than the reader's where the translation is missing.
    pub locale: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Front {
    title: Spanned<String>,
    order: u32,
    /// A condition: where it does not hold, there is no such section.
    when: Option<Spanned<String>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TranslatedFront {
    title: Spanned<String>,
}

/// The guide of the first language.
pub(super) fn read(reader: &mut Reader<'_>, files: &BTreeMap<&str, Source<'_>>) -> Vec<Section> {
    if files.is_empty() {
        reader.missing(&format!("{FIRST_LOCALE}/guide/"), "has no section of the guide");
    }
    let mut sections: Vec<(u32, Section)> = Vec::new();
    for (id, source) in files {
        let Some((front, body)) = reader.entry::<Front>(source) else { continue };
        let Some(title) = reader.title(source, &front.title) else { continue };
        if reader.holds(source, front.when.as_ref()) {
            let section = Section { id: (*id).to_owned(), title, body, locale: FIRST_LOCALE.to_owned() };
            sections.push((front.order, section));
        }
    }
    sections.sort_by_key(|(order, _)| *order);
    sections.into_iter().map(|(_, section)| section).collect()
}

/// The guide in another language.
pub(super) fn translate(
    reader: &mut Reader<'_>,
    first: &[Section],
    locale: &str,
    files: &BTreeMap<&str, Source<'_>>,
) -> Vec<Section> {
    let mut translated = BTreeMap::new();
    for (id, source) in files {
        let Some((front, body)) = reader.entry::<TranslatedFront>(source) else { continue };
        let Some(title) = reader.title(source, &front.title) else { continue };
        translated.insert(*id, (title, body));
    }
    first
        .iter()
        .map(|section| match translated.remove(section.id.as_str()) {
            Some((title, body)) => Section { id: section.id.clone(), title, body, locale: locale.to_owned() },
            None => {
                if !files.contains_key(section.id.as_str()) {
                    reader.untranslated.push(format!("{locale}/guide/{}.md", section.id));
                }
                section.clone()
            }
        })
        .collect()
}
