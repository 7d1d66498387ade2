//! What the documentation says of the tests is true.

#![allow(
    clippy::allow_attributes,
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test says what is wrong by stopping"
)]

/// `docs/conformance.md` names tests as `file::test`; each must exist under `tests/http/`.
#[test]
fn every_test_that_the_conformance_map_names_exists() {
    let map = std::fs::read_to_string("docs/conformance.md").unwrap();
    let mut named = 0;
    for word in map.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_' || c == ':')) {
        let Some((file, test)) = word.split_once("::").filter(|(_, test)| !test.is_empty()) else { continue };
        if (file, test) == ("file", "test") {
            continue;
        }
        let source = std::fs::read_to_string(format!("tests/http/{file}.rs")).unwrap_or_default();
        assert!(
            source.contains(&format!("async fn {test}(")),
            "docs/conformance.md names {word}, which does not exist"
        );
        named += 1;
    }
    assert!(named > 50, "the map is {named} tests long");
}
