//! The settings of a TOML file, each taken with the line that it stands in.

use serde::Deserialize as _;
use toml::de::{DeTable, DeValue};
use toml::{Spanned, Value};

use super::Reader;
use super::nearest::nearest;
use crate::config::problems::{Origin, Problem};

impl Reader<'_> {
    pub(super) fn read_file(&mut self, file: &str, text: &str) {
        let place = |at: usize| Origin::Line {
            file: file.to_owned(),
            line: 1 + text.bytes().take(at).filter(|byte| *byte == b'\n').count(),
        };
        let (document, errors) = DeTable::parse_recoverable(text);
        if !errors.is_empty() {
            self.is_whole = false;
            self.problems.extend(errors.iter().map(|error| Problem {
                place: place(error.span().map_or(0, |span| span.start)),
                what: format!("this is not TOML: {}", error.message()),
                fix: "write one `key = value` a line, with texts in quotation marks".into(),
            }));
            return;
        }
        self.read_table(document.get_ref(), "", &place);
    }

    fn read_table(&mut self, table: &DeTable<'_>, within: &str, place: &impl Fn(usize) -> Origin) {
        for (key, value) in table {
            let path =
                if within.is_empty() { key.get_ref().to_string() } else { format!("{within}.{}", key.get_ref()) };
            let place_of_key = place(key.span().start);
            let sections = self.sections;
            if let Some(setting) = sections.iter().flat_map(|section| &section.settings).find(|s| s.path == path) {
                let example = |default: &Value| format!("write for example {} = {default}", setting.key());
                self.take(setting, place_of_key, value_of(value).into_iter(), example);
            } else if sections.iter().any(|section| section.path == path) {
                match value.get_ref() {
                    DeValue::Table(inner) => self.read_table(inner, &path, place),
                    _ => self.problems.push(Problem {
                        place: place_of_key,
                        what: format!("{path} is a section, not a setting"),
                        fix: format!("write [{path}] and its settings below"),
                    }),
                }
            } else {
                self.problems.push(Problem {
                    place: place_of_key,
                    what: format!("there is no setting {}", path.escape_debug()),
                    fix: nearest(&path, sections),
                });
            }
        }
    }
}

fn value_of(value: &Spanned<DeValue<'_>>) -> Option<Value> {
    Value::deserialize(toml::de::ValueDeserializer::from(value.clone())).ok()
}
