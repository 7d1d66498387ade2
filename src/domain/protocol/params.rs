//! Parameters of a request, as a query or a form carries them.

use super::oauth_error::{ErrorCode, OAuthError};

/// Parameters by name. One sent without a value counts as not sent (RFC 6749, 3.1 and 3.2).
#[derive(Clone, Default)]
pub struct Params {
    pairs: Vec<(String, String)>,
    too_many: bool,
}

/// Those that may be sent several times (RFC 8707, 2).
const SEVERAL: [&str; 1] = ["resource"];

/// More parameters than any standard has.
const MOST: usize = 100;

impl Params {
    /// Reads `application/x-www-form-urlencoded` text.
    pub fn parse(text: &str) -> Params {
        let mut params = Params::default();
        for (name, value) in url::form_urlencoded::parse(text.as_bytes()) {
            if value.is_empty() {
                continue;
            }
            if params.pairs.len() >= MOST {
                params.too_many = true;
                break;
            }
            params.pairs.push((name.into_owned(), value.into_owned()));
        }
        params
    }

    /// The value of `name`; of a repeated one the first, but see [`Params::each_once`].
    pub fn get(&self, name: &str) -> Option<&str> {
        self.pairs.iter().find(|(n, _)| n == name).map(|(_, value)| value.as_str())
    }

    /// All values of one that may be sent several times.
    pub fn all(&self, name: &str) -> Vec<&str> {
        self.pairs.iter().filter(|(n, _)| n == name).map(|(_, value)| value.as_str()).collect()
    }

    /// Refuses a request in which any parameter is repeated, or that has far too many.
    pub fn each_once(&self) -> Result<(), OAuthError> {
        let once = |name: &&str| !SEVERAL.contains(name);
        self.refuse_repeated(self.pairs.iter().map(|(name, _)| name.as_str()).filter(once))
    }

    /// The same for these parameters; what else is sent is not known, and ignored (RFC 6749, 3.1).
    pub fn each_once_of(&self, names: &[&str]) -> Result<(), OAuthError> {
        self.refuse_repeated(names.iter().copied())
    }

    fn refuse_repeated<'a>(&self, mut names: impl Iterator<Item = &'a str>) -> Result<(), OAuthError> {
        if self.too_many {
            return Err(ErrorCode::InvalidRequest.because("there are too many parameters"));
        }
        let Some(name) = names.find(|name| self.is_repeated(name)) else { return Ok(()) };
        // The sentence may stand on a page of ours: a stranger's words must not.
        let plain = name.len() <= 40 && name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-'));
        let name = if plain { name } else { "with a name that is not shown here" };
        Err(ErrorCode::InvalidRequest.because(format!("the parameter {name} is sent more than once")))
    }

    /// Whether `name` itself is repeated: a request with two redirect URIs must not be answered at either.
    pub fn is_repeated(&self, name: &str) -> bool {
        self.all(name).len() > 1
    }

    /// The value of `name`, or `invalid_request` naming it.
    pub fn required(&self, name: &'static str) -> Result<&str, OAuthError> {
        self.get(name).ok_or_else(|| ErrorCode::InvalidRequest.because(format!("the parameter {name} is missing")))
    }
}

impl std::fmt::Debug for Params {
    /// Names only: values may be secrets.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.pairs.iter().map(|(name, _)| name)).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn empty_values_count_as_not_sent_and_repeated_ones_are_found() {
        let params = Params::parse("a=1&b=&c=%E3%81%82+x&a=2");
        assert_eq!(params.get("a"), Some("1"));
        assert_eq!(params.get("b"), None);
        assert_eq!(params.get("c"), Some("あ x"));
        assert!(params.is_repeated("a") && !params.is_repeated("c"));
        assert_eq!(params.each_once().unwrap_err().code, ErrorCode::InvalidRequest);
        assert!(Params::parse("b=&b=2").each_once().is_ok());
        assert!(params.each_once_of(&["b", "c"]).is_ok() && params.each_once_of(&["c", "a"]).is_err());
        assert_eq!(params.all("a"), ["1", "2"]);
        let resources = Params::parse("resource=a&resource=b&resource=");
        assert!(resources.each_once().is_ok());
        assert_eq!(resources.all("resource"), ["a", "b"]);
    }

    #[test]
    fn a_request_with_countless_parameters_is_refused_and_a_strangers_words_are_not_repeated() {
        let many: String = (0..10_000).map(|i| format!("n{i}=1&")).collect();
        assert_eq!(Params::parse(&many).each_once().unwrap_err().code, ErrorCode::InvalidRequest);
        let spoken = Params::parse("call+0120+now=1&call+0120+now=2").each_once().unwrap_err();
        assert!(!spoken.description.contains("0120"), "{spoken}");
    }

    #[test]
    fn values_do_not_show_in_debug() {
        assert_eq!(format!("{:?}", Params::parse("password=secret")), r#"["password"]"#);
    }
}
