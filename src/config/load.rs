//! Reading the settings.
#[derive(Debug)]
pub struct Problem;
#[derive(Debug)]
pub struct Problems(pub Vec<Problem>);
#[derive(Debug)]
pub struct SettingsSource;
