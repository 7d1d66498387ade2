//! The settings of the environment: `SEKISHO_`, the section and the key in capitals, with two underscores between them.

use std::collections::BTreeMap;
use std::ffi::OsString;

use toml::Value;

use super::Reader;
use super::nearest::most_alike;
use crate::config::problems::{Origin, Problem};
use crate::config::shape::Setting;

/// Names the settings file and is no setting itself.
const SETTINGS_FILE: &str = "SEKISHO_CONFIG";
const TEST_VARIABLES: &str = "SEKISHO_TEST_";

impl Reader<'_> {
    pub(super) fn read_environment(&mut self, environment: &BTreeMap<OsString, OsString>) {
        let sections = self.sections;
        let settings = || sections.iter().flat_map(|section| &section.settings);
        for (name, value) in environment {
            let name = name.to_string_lossy();
            if !name.starts_with("SEKISHO_") || name == SETTINGS_FILE || name.starts_with(TEST_VARIABLES) {
                continue;
            }
            let place = Origin::Variable(name.escape_debug().to_string());
            let Some(setting) = settings().find(|setting| setting.variable() == name) else {
                if is_of_kubernetes(&name, &value.to_string_lossy()) {
                    continue;
                }
                let known: Vec<String> = settings().map(Setting::variable).collect();
                let outer =
                    known.iter().find(|known| name.strip_prefix(*known).is_some_and(|rest| rest.starts_with("__")));
                let fix = match (outer, most_alike(&name, 3, known.iter().map(String::as_str))) {
                    (Some(outer), _) => format!("set {outer}, to the whole value"),
                    (None, Some(alike)) => format!("did you mean {alike}?"),
                    (None, None) => "unset it; `sekisho config reference` lists all settings".into(),
                };
                self.problems.push(Problem { place, what: "this variable is no setting".into(), fix });
                continue;
            };
            // As TOML if that gives the right type, else as it stands, so that texts need no quotation marks.
            let text = value.to_str();
            let readings = text.and_then(|text| text.parse().ok()).into_iter();
            let readings = readings.chain(text.map(|text| Value::String(text.to_owned())));
            self.take(setting, place, readings, |default| format!("write for example {name}={}", bare(default)));
        }
    }
}

/// Whether Kubernetes sets this variable in every container, for a service that is called sekisho or sekisho-something:
/// `SEKISHO_SERVICE_HOST`, `SEKISHO_SERVICE_PORT_HTTP`, `SEKISHO_PORT=tcp://10.0.0.1:80`, `SEKISHO_PORT_80_TCP_ADDR`
/// (https://kubernetes.io/docs/concepts/services-networking/service/#environment-variables). A setting with a slip of
/// the pen has none of these forms: names of services hold no two underscores in a row.
fn is_of_kubernetes(name: &str, value: &str) -> bool {
    const PROTOCOLS: [&str; 3] = ["tcp", "udp", "sctp"];
    let is_address = || PROTOCOLS.iter().any(|protocol| value.starts_with(&format!("{protocol}://")));
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    // `80_TCP`, and what is said of it.
    let is_one_port = |rest: &str| {
        let mut parts = rest.split('_');
        parts.next().is_some_and(is_number)
            && parts.next().is_some_and(|part| PROTOCOLS.iter().any(|protocol| part.eq_ignore_ascii_case(protocol)))
            && parts.next().is_none_or(|part| matches!(part, "PROTO" | "PORT" | "ADDR"))
            && parts.next().is_none()
    };
    let says_address = name.ends_with("_PORT") && is_address();
    let names_service = name.ends_with("_SERVICE_HOST")
        || name.ends_with("_SERVICE_PORT") && is_number(value)
        || name.contains("_SERVICE_PORT_") && is_number(value);
    let names_port =
        name.match_indices("_PORT_").any(|(at, mark)| name.get(at + mark.len()..).is_some_and(is_one_port));
    !name.contains("__") && (says_address || names_service || names_port)
}

/// A value as one writes it into a variable: texts without quotation marks.
fn bare(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}
