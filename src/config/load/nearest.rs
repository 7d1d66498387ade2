//! What the writer of an unknown name may have meant.

use crate::config::shape::Section;

/// What the writer of an unknown key may have meant: a neighbour that is spelt alike, or the key in another section.
pub(super) fn nearest(path: &str, sections: &[Section]) -> String {
    let known = || {
        let settings = sections.iter().flat_map(|section| &section.settings).map(|setting| setting.path.as_str());
        settings.chain(sections.iter().map(|section| section.path.as_str()).filter(|path| !path.is_empty()))
    };
    let (within, key) = path.rsplit_once('.').unwrap_or(("", path));
    let in_section = |path: &&str| path.rsplit_once('.').map_or("", |(within, _)| within) == within;
    if let Some(alike) = most_alike(path, 1.max(key.len() / 3), known().filter(in_section)) {
        return format!("did you mean {alike}?");
    }
    let same_key = |path: &&str| path.rsplit('.').next() == Some(key);
    let elsewhere: Vec<&str> = known().filter(same_key).collect();
    if !elsewhere.is_empty() {
        return format!("did you mean {}?", elsewhere.join(" or "));
    }
    let names: Vec<&str> = known().filter(in_section).filter_map(|path| path.rsplit('.').next()).collect();
    match within {
        "" => format!("there are {}", names.join(", ")),
        _ => format!("[{within}] has {}", names.join(", ")),
    }
}

/// The one of the `known` names that at most `slips` of the pen would turn into `name`, whatever the case of its letters.
pub(super) fn most_alike<'k>(name: &str, slips: usize, known: impl Iterator<Item = &'k str>) -> Option<&'k str> {
    let lower = name.to_ascii_lowercase();
    let distance = |known: &str| strsim::damerau_levenshtein(&lower, &known.to_ascii_lowercase());
    known.map(|known| (distance(known), known)).min().filter(|(distance, _)| *distance <= slips).map(|(_, known)| known)
}
