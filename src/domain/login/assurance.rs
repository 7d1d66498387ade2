//! How sure a login makes us: `acr` and `amr` (OpenID Connect Core 1.0, 2; RFC 8176).

/// One level of assurance.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Assurance {
    pub acr: &'static str,
    pub amr: &'static [&'static str],
}

/// A password alone.
pub const PASSWORD: Assurance = Assurance { acr: "urn:sekisho:acr:password", amr: &["pwd"] };

/// What a relying party may ask for in `acr_values`, weakest first.
pub const SUPPORTED: [Assurance; 1] = [PASSWORD];
