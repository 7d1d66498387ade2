//! Which settings there are, read off the types: the JSON Schema, and the flat list of settings that reading, showing and
//! documenting them share.

use std::rc::Rc;

use schemars::Schema;
use schemars::generate::SchemaSettings;
use schemars::transform::RecursiveTransform;
use serde_json::{Map, Value};

use super::Settings;
use crate::domain::unix_time::Span;

/// The JSON Schema of the settings file (draft 2020-12), for editors that check and complete while one types. Beside the
/// standard keywords it has `x-unit`, and for lengths of time `x-at-least` and `x-at-most`.
pub(super) fn schema() -> Value {
    let generator = SchemaSettings::draft2020_12().with_transform(RecursiveTransform(as_toml)).into_generator();
    generator.into_root_schema_for::<Settings>().to_value()
}

/// Fits what serde says of the types to what a settings file may hold: TOML has no null, and the part of a section that is
/// left out takes its default. Only the alternatives of a choice have keys that must be there. A doc comment's line breaks
/// mean nothing.
fn as_toml(schema: &mut Schema) {
    if let Some(Value::Array(types)) = schema.get_mut("type") {
        types.retain(|name| name != "null");
        if let [only] = types.as_slice() {
            let only = only.clone();
            schema.insert("type".into(), only);
        }
    }
    if schema.get("default") == Some(&Value::Null) {
        schema.remove("default");
    }
    if let Some(Value::String(description)) = schema.get_mut("description") {
        *description = description.split_whitespace().collect::<Vec<_>>().join(" ");
    }
    let is_alternative = schema
        .get("properties")
        .and_then(Value::as_object)
        .is_some_and(|properties| properties.values().any(|property| property.get("const").is_some()));
    if !is_alternative {
        schema.remove("required");
    }
}

/// A table of the settings file.
pub(super) struct Section {
    /// `passwords.argon2`; empty for the settings that stand before all sections.
    pub path: String,
    pub about: String,
    /// In the order of their declaration.
    pub settings: Vec<Setting>,
}

/// One setting, with a value of its own.
pub(super) struct Setting {
    /// `passwords.argon2.memory_kib`.
    pub path: String,
    /// What the schema says of it, references followed.
    about: Map<String, Value>,
    /// The schema's type, if it has a name: `Span`.
    of: Option<String>,
    /// The settings' schema, for the references within.
    root: Rc<Value>,
}

/// All sections, outer before inner, in the order of their declaration.
pub(super) fn sections() -> Vec<Section> {
    let root = Rc::new(schema());
    let mut sections = Vec::new();
    collect(&root, &root, String::new(), &mut sections);
    sections
}

fn collect(root: &Rc<Value>, node: &Value, path: String, sections: &mut Vec<Section>) {
    let (about, _) = resolved(root, node);
    let mut section = Section { path: path.clone(), about: text(&about, "description"), settings: Vec::new() };
    let mut inner = Vec::new();
    for (key, property) in about.get("properties").and_then(Value::as_object).into_iter().flatten() {
        let path = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
        let (about, of) = resolved(root, property);
        if about.contains_key("properties") {
            inner.push((path, property));
        } else {
            section.settings.push(Setting { path, about, of, root: root.clone() });
        }
    }
    sections.push(section);
    for (path, property) in inner {
        collect(root, property, path, sections);
    }
}

/// What `node` says, with the definition that it refers to underneath, and that definition's name.
fn resolved(root: &Value, node: &Value) -> (Map<String, Value>, Option<String>) {
    let own = node.as_object().cloned().unwrap_or_default();
    let name =
        own.get("$ref").and_then(Value::as_str).and_then(|link| link.strip_prefix("#/$defs/")).map(str::to_owned);
    let definition = name.as_ref().and_then(|name| root.get("$defs")?.get(name)?.as_object());
    let mut all = definition.cloned().unwrap_or_default();
    all.extend(own);
    (all, name)
}

fn text(about: &Map<String, Value>, keyword: &str) -> String {
    about.get(keyword).and_then(Value::as_str).unwrap_or_default().to_owned()
}

/// One of the values that a setting chooses between, as TOML, and what it means.
pub(super) struct Choice {
    pub value: String,
    pub about: String,
}

impl Setting {
    /// The last part of the path: the key within its section.
    pub fn key(&self) -> &str {
        self.path.rsplit('.').next().unwrap_or_default()
    }

    /// The environment variable that sets it: `SEKISHO_PASSWORDS__ARGON2__MEMORY_KIB`.
    pub fn variable(&self) -> String {
        format!("SEKISHO_{}", self.path.replace('.', "__").to_ascii_uppercase())
    }

    /// What it means, as one line of Markdown.
    pub fn meaning(&self) -> String {
        text(&self.about, "description")
    }

    pub fn unit(&self) -> String {
        match self.of.as_deref() {
            Some("Span") => "s, m, h or d, written with it".into(),
            _ => text(&self.about, "x-unit"),
        }
    }

    /// The values that it chooses between; none if it takes any of its type.
    pub fn choices(&self) -> Vec<Choice> {
        let alternatives = self.about.get("oneOf").and_then(Value::as_array).into_iter().flatten();
        let mut choices: Vec<Choice> = alternatives
            .filter_map(|alternative| {
                let about = alternative.as_object()?;
                let value = match about.get("properties").and_then(Value::as_object) {
                    Some(properties) => as_inline_table(properties),
                    None => about.get("const")?.to_string(),
                };
                Some(Choice { value, about: text(about, "description") })
            })
            .collect();
        let plain = self.about.get("enum").and_then(Value::as_array).into_iter().flatten();
        choices.extend(plain.map(|value| Choice { value: value.to_string(), about: String::new() }));
        choices
    }

    /// The type in words, as in "must be a whole number from 1 to 1024".
    pub fn expected(&self) -> String {
        let choices = self.choices();
        if !choices.is_empty() {
            return any_of(&choices);
        }
        if self.of.as_deref() == Some("Span") {
            return format!("a length of time{}", self.range("x-at-least", "x-at-most"));
        }
        match (text(&self.about, "type").as_str(), text(&self.about, "format").as_str()) {
            ("integer", _) => format!("a whole number{}", self.range("minimum", "maximum")),
            ("boolean", _) => "true or false".into(),
            ("array", _) => format!("a list, each entry {}", self.entry().expected()),
            ("object", _) => "a text for each language, such as { ja = \"…\", en = \"…\" }".into(),
            (_, "path") => "a path".into(),
            (_, "uri") => "a URL, such as \"https://login.example.jp\"".into(),
            (_, "colour") => "a colour, such as \"#1f4e86\"".into(),
            (_, "email") => "a mail address".into(),
            (_, "network") => "a network such as \"10.0.0.0/8\"".into(),
            (_, "socket-address") => "an IP address and port, such as \"127.0.0.1:8080\"".into(),
            _ => "a text".into(),
        }
    }

    /// Whether `value`, which has the right type, lies within the bounds that the schema states.
    pub fn within_bounds(&self, value: &toml::Value) -> bool {
        let span = |keyword| self.about.get(keyword).and_then(Value::as_str).and_then(Span::parse);
        let number = |keyword| self.about.get(keyword).and_then(Value::as_i64);
        match value {
            toml::Value::Integer(value) => {
                number("minimum").is_none_or(|least| *value >= least)
                    && number("maximum").is_none_or(|most| *value <= most)
            }
            toml::Value::String(value) if self.of.as_deref() == Some("Span") => {
                Span::parse(value).is_some_and(|value| {
                    span("x-at-least").is_none_or(|least| value >= least)
                        && span("x-at-most").is_none_or(|most| value <= most)
                })
            }
            _ => true,
        }
    }

    fn range(&self, least: &str, most: &str) -> String {
        let bound = |keyword| self.about.get(keyword).map(|bound| bound.to_string().replace('"', ""));
        match (bound(least), bound(most)) {
            (Some(least), Some(most)) => format!(" from {least} to {most}"),
            (Some(least), None) => format!(" of at least {least}"),
            (None, Some(most)) => format!(" of at most {most}"),
            (None, None) => String::new(),
        }
    }

    /// What each entry of a list is.
    fn entry(&self) -> Setting {
        let (about, of) = resolved(&self.root, self.about.get("items").unwrap_or(&Value::Null));
        Setting { path: self.path.clone(), about, of, root: self.root.clone() }
    }
}

fn any_of(choices: &[Choice]) -> String {
    let values: Vec<&str> = choices.iter().map(|choice| choice.value.as_str()).collect();
    match values.split_last() {
        Some((last, [])) => (*last).to_owned(),
        Some((last, others)) => format!("{} or {last}", others.join(", ")),
        None => String::new(),
    }
}

/// `{ by = "time", after = "…" }`: the key that tells the alternatives apart stands first.
fn as_inline_table(properties: &Map<String, Value>) -> String {
    let (tags, others): (Vec<_>, Vec<_>) = properties.iter().partition(|(_, property)| property.get("const").is_some());
    let pairs: Vec<String> = tags
        .into_iter()
        .chain(others)
        .map(|(key, property)| match property.get("const") {
            Some(constant) => format!("{key} = {constant}"),
            None => format!("{key} = \"…\""),
        })
        .collect();
    format!("{{ {} }}", pairs.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn setting(path: &str) -> Setting {
        sections().into_iter().flat_map(|section| section.settings).find(|setting| setting.path == path).unwrap()
    }

    #[test]
    fn every_section_and_every_setting_says_what_it_is_for() {
        for section in sections() {
            assert!(!section.about.is_empty(), "[{}]", section.path);
            for setting in section.settings {
                assert!(!setting.meaning().is_empty(), "{}", setting.path);
            }
        }
    }

    #[test]
    fn every_count_and_size_has_a_unit() {
        for setting in sections().into_iter().flat_map(|section| section.settings) {
            if setting.about.get("type").and_then(Value::as_str) == Some("integer") {
                assert!(!setting.unit().is_empty(), "{}", setting.path);
            }
        }
    }

    #[test]
    fn every_bound_of_a_length_of_time_is_one() {
        for setting in sections().into_iter().flat_map(|section| section.settings) {
            for keyword in ["x-at-least", "x-at-most"] {
                if let Some(bound) = setting.about.get(keyword) {
                    assert_eq!(setting.of.as_deref(), Some("Span"), "{}", setting.path);
                    assert!(bound.as_str().and_then(Span::parse).is_some(), "{keyword} of {}", setting.path);
                }
            }
        }
    }

    #[test]
    fn what_a_setting_takes_is_said_in_words() {
        for (path, words) in [
            ("passwords.min_length", "a whole number from 1 to 1024"),
            ("tokens.code_lifetime", "a length of time from 1s to 60s"),
            ("http.shutdown_grace", "a length of time"),
            ("http.trusted_proxies", "a list, each entry a network such as \"10.0.0.0/8\""),
            ("passwords.required_classes", "a list, each entry \"lower\", \"upper\", \"digit\" or \"symbol\""),
            ("registration.pkce", "\"required\", \"or_nonce\" or \"optional\""),
            (
                "locks.password.release",
                "{ by = \"staff\" }, { by = \"time\", after = \"…\" } or \
                 { by = \"growing_delay\", first = \"…\", longest = \"…\" }",
            ),
            ("demo", "true or false"),
        ] {
            assert_eq!(setting(path).expected(), words, "{path}");
        }
    }

    #[test]
    fn names_of_variables_follow_from_the_path() {
        assert_eq!(setting("issuer").variable(), "SEKISHO_ISSUER");
        assert_eq!(setting("passwords.argon2.memory_kib").variable(), "SEKISHO_PASSWORDS__ARGON2__MEMORY_KIB");
    }
}
