//! The settings in force, for people: a settings file with every setting in it, and where each comes from.

use std::collections::BTreeMap;
use std::fmt::Write;

use serde_json::{Value, json};

use super::load::{self, SettingsSource};
use super::problems::Problems;
use super::shape;

/// The settings in force and where each comes from that is not a default, with `***` for passwords.
///
/// # Errors
/// Every mistake that [`super::Settings::load`] finds.
pub fn in_force_as_json(source: &SettingsSource) -> Result<Value, Problems> {
    let load::Loaded { mut settings, origins } = load::load(source)?;
    settings.database.url = settings.database.masked_url();
    let origins: BTreeMap<&String, String> = origins.iter().map(|(path, origin)| (path, origin.to_string())).collect();
    Ok(json!({ "settings": load::as_table(&settings)?, "origins": origins }))
}

/// The settings in force as TOML, with a comment on each that is not a default, and with `***` for passwords.
///
/// # Errors
/// Every mistake that [`super::Settings::load`] finds.
pub fn in_force(source: &SettingsSource) -> Result<String, Problems> {
    let load::Loaded { mut settings, origins } = load::load(source)?;
    settings.database.url = settings.database.masked_url();
    let values = load::as_table(&settings)?;

    let mut page = String::new();
    for section in shape::sections() {
        let mut lines = String::new();
        for setting in &section.settings {
            let Some(value) = load::get(&values, &setting.path) else { continue };
            let origin = origins.get(&setting.path).map_or(String::new(), |place| format!("  # from {place}"));
            writeln!(lines, "{} = {value}{origin}", setting.key()).unwrap_or_default();
        }
        if !lines.is_empty() {
            let heading = if section.path.is_empty() { String::new() } else { format!("\n[{}]\n", section.path) };
            page.push_str(&heading);
            page.push_str(&lines);
        }
    }
    Ok(page)
}
