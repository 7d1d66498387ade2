//! `[society]`: whose portal this is, as members see it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use url::Url;

/// Whose portal this is, as members see it.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Society {
    /// The organisation that the members know and ask for help.
    pub name: Localized,
    /// What members call the service that they log in to.
    pub service_name: Localized,
    /// The inquiry form (お問い合わせフォーム) that lock messages and help answers lead to.
    pub inquiry_url: Option<Url>,
}

/// A text in each language, by language tag. A language that has none is answered in Japanese, then in any.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct Localized(pub std::collections::BTreeMap<String, String>);

impl Localized {
    pub fn of(pairs: &[(&str, &str)]) -> Localized {
        Localized(pairs.iter().map(|(tag, text)| ((*tag).into(), (*text).into())).collect())
    }

    /// The text for the language `tag`, else the Japanese one, else any, else nothing.
    pub fn get(&self, tag: &str) -> &str {
        self.0.get(tag).or_else(|| self.0.get("ja")).or_else(|| self.0.values().next()).map_or("", String::as_str)
    }
}

impl Default for Society {
    fn default() -> Self {
        Society {
            name: Localized::of(&[("ja", "健康保険組合"), ("en", "Health Insurance Society")]),
            service_name: Localized::of(&[("ja", "会員ポータル"), ("en", "Member Portal")]),
            inquiry_url: None,
        }
    }
}
