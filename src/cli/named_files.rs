//! The files that the settings name, opened as a start opens them: whoever checks settings wants to know before the start
//! does. Nothing is made, and the database is left alone.

use super::help::Report;
use crate::actions::help::Published;
use crate::actions::help::files::files;
use crate::app;
use crate::config::{MailTransport, Settings};
use crate::crypto::master_key::MasterKey;
use crate::crypto::password_hash::pepper::Peppers;
use crate::i18n::Catalogue;
use crate::web::brand::Brand;

/// What is wrong with them, a line each.
pub(super) fn problems(settings: &Settings) -> Vec<String> {
    let (passwords, key) = (&settings.passwords, &settings.secrets.master_key_file);
    let mut found = Vec::new();
    // The first start makes it.
    if key.exists() {
        found.extend(MasterKey::load(key, false).err().map(|error| format!("secrets.master_key_file: {error}")));
    }
    let peppers = Peppers::read(passwords.pepper_file.as_deref(), &passwords.previous_pepper_files);
    found.extend(peppers.err().map(|error| format!("passwords.pepper_file: {error}")));
    found.extend(app::common_passwords(settings).err().map(|error| error.to_string()));
    found.extend(Brand::load(&settings.society).err().map(|error| error.to_string()));
    if settings.mail.transport == MailTransport::Smtp {
        found.extend(app::transport(settings).err().map(|error| error.to_string()));
    }
    found.extend(help(settings));
    found
}

/// What is wrong with the texts of `help.folder`.
fn help(settings: &Settings) -> Vec<String> {
    let Some(folder) = settings.help.folder.as_deref() else { return Vec::new() };
    match (files(Some(folder)), Catalogue::load()) {
        (Err(error), _) => vec![format!("help.folder: {error}")],
        (_, Err(error)) => vec![error.to_string()],
        (Ok(base), Ok(catalogue)) => {
            let report = Report::of(settings, &catalogue, &Published::default(), base);
            report.problems.iter().map(|problem| format!("help.folder: {}: {problem}", folder.display())).collect()
        }
    }
}
