//! Chance. The only place that asks the operating system for random bytes.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

/// `N` bytes from the operating system's generator.
///
/// Aborts the process when the operating system has none to give: nothing safe could follow.
pub fn bytes<const N: usize>() -> [u8; N] {
    let mut buffer = [0_u8; N];
    #[expect(
        clippy::expect_used,
        reason = "without randomness no secret can be made; stopping is the only safe answer"
    )]
    getrandom::fill(&mut buffer).expect("the operating system gives random bytes");
    buffer
}

/// 256 random bits in 43 letters of base64url: for codes, tokens and cookies.
pub fn token() -> String {
    URL_SAFE_NO_PAD.encode(bytes::<32>())
}

/// 128 random bits in 22 letters of base64url: for identifiers.
pub fn identifier() -> String {
    URL_SAFE_NO_PAD.encode(bytes::<16>())
}

/// A number from 0 to `end` - 1, each as likely as any other.
pub fn below(end: u32) -> u32 {
    // Numbers beyond a multiple of `end` would favour the first ones.
    let even = u32::MAX - u32::MAX % end.max(1);
    loop {
        let number = u32::from_le_bytes(bytes::<4>());
        if number < even {
            return number % end.max(1);
        }
    }
}
