//! Stored hashes: our own, and those that members bring from another system. What a hash may cost is bounded here, when it
//! is imported and again when it is read.

use argon2::{Algorithm, Argon2, Params, PasswordHash, Version};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use sha_crypt::{PasswordVerifier as _, ShaCrypt, password_hash::Error as ShaCryptError};
use sha2::{Sha256, Sha512};
use subtle::ConstantTimeEq as _;
use zeroize::Zeroizing;

use super::pepper::Peppers;
use super::{HashError, Memory, SALT_LENGTH, bounded};

/// bcrypt doubles its work with each step: this is some four seconds.
const MOST_BCRYPT_COST: u32 = 16;
/// HMACs, for all blocks of the output together.
const MOST_PBKDF2_WORK: u64 = 10_000_000;
const MOST_SCRYPT_MEMORY: u64 = 256 * 1024 * 1024;
/// The memory that is filled, all lanes together.
const MOST_SCRYPT_WORK: u64 = 1024 * 1024 * 1024;
const SHA_CRYPT_ROUNDS: std::ops::RangeInclusive<u32> = 1_000..=1_000_000;
const SHA_CRYPT_DEFAULT_ROUNDS: u32 = 5_000;
/// The lengths in bytes of an imported salt and of what was computed. Less could be found by trying.
const IMPORTED_SALT: std::ops::RangeInclusive<usize> = 4..=64;
const IMPORTED_OUTPUT: std::ops::RangeInclusive<usize> = 16..=64;
/// What bcrypt takes of a password.
const BCRYPT_PASSWORD: usize = 72;

/// A stored hash, taken apart, and within bounds.
pub(super) enum Stored {
    Argon2 { algorithm: Algorithm, version: Version, params: Params, salt: Vec<u8>, output: Vec<u8> },
    Bcrypt { cost: u32, salt: [u8; 16], output: [u8; 23] },
    Pbkdf2 { digest: Digest, iterations: u32, salt: Vec<u8>, output: Vec<u8> },
    Scrypt { params: scrypt::Params, salt: Vec<u8>, output: Vec<u8> },
    ShaCrypt { digest: Digest, rounds: u32, text: String },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Digest {
    Sha256,
    Sha512,
}

/// What comparing a password with a hash costs, beside others of its kind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HashCost {
    pub kind: &'static str,
    /// Comparable within the kind only.
    pub work: u64,
    /// A hash of the same cost that belongs to nobody, to be measured.
    pub sample: String,
}

impl Stored {
    /// Reads Argon2, PBKDF2 and scrypt as PHC strings, bcrypt and SHA-crypt as crypt(3) writes them.
    pub fn read(text: &str, peppers: &Peppers) -> Result<Stored, &'static str> {
        let fields: Vec<&str> = text.split('$').collect();
        match fields.as_slice() {
            ["", id, ..] if id.starts_with("argon2") => argon2(text, peppers),
            ["", "2a" | "2b" | "2y", cost, rest] => bcrypt(cost, rest),
            ["", "pbkdf2-sha256", params, salt, output] => pbkdf2(Digest::Sha256, params, salt, output),
            ["", "pbkdf2-sha512", params, salt, output] => pbkdf2(Digest::Sha512, params, salt, output),
            ["", "scrypt", params, salt, output] => scrypt(params, salt, output),
            ["", "5", rest @ ..] => sha_crypt(Digest::Sha256, rest, text),
            ["", "6", rest @ ..] => sha_crypt(Digest::Sha512, rest, text),
            _ => Err("its form is not known"),
        }
    }

    /// Whether it is what [`hash`](super::hash) makes with these parameters.
    pub fn is_as_hashed_now(&self, present: &Params) -> bool {
        matches!(self, Stored::Argon2 { algorithm: Algorithm::Argon2id, version: Version::V0x13, params, salt, .. }
            if params == present && salt.len() == SALT_LENGTH)
    }

    /// Whether `password` is the one that was hashed.
    pub fn is_of(&self, password: &str, memory: &mut Memory, peppers: &Peppers) -> Result<bool, HashError> {
        let same = |ours: &[u8], theirs: &[u8]| bool::from(ours.ct_eq(theirs));
        Ok(match self {
            Stored::Argon2 { algorithm, version, params, salt, output } => {
                let mut ours = vec![0; output.len()];
                let argon2 = peppered(peppers, *algorithm, *version, params)?;
                memory.fill(&argon2, password, salt, &mut ours)?;
                same(&ours, output)
            }
            Stored::Bcrypt { cost, salt, output } => {
                // The bytes beyond are nothing to bcrypt: members who had such a password are not shut out, and the hash
                // that takes this one's place is made of all of it.
                let used = password.as_bytes().get(..BCRYPT_PASSWORD).unwrap_or(password.as_bytes());
                let key = Zeroizing::new([used, &[0]].concat());
                let key = key.get(..BCRYPT_PASSWORD).unwrap_or(&key);
                let ours = bcrypt::bcrypt(*cost, *salt, key);
                // In C a password ends with NUL, and bcrypt takes `a` and `a`, NUL, `a` for the same.
                same(ours.get(..output.len()).unwrap_or_default(), output) & !password.contains('\0')
            }
            Stored::Pbkdf2 { digest, iterations, salt, output } => {
                let mut ours = vec![0; output.len()];
                match digest {
                    Digest::Sha256 => pbkdf2::pbkdf2_hmac::<Sha256>(password.as_bytes(), salt, *iterations, &mut ours),
                    Digest::Sha512 => pbkdf2::pbkdf2_hmac::<Sha512>(password.as_bytes(), salt, *iterations, &mut ours),
                }
                same(&ours, output)
            }
            Stored::Scrypt { params, salt, output } => {
                let mut ours = vec![0; output.len()];
                scrypt::scrypt(password.as_bytes(), salt, params, &mut ours)
                    .map_err(|_| HashError::Corrupt("its parameters don't fit together"))?;
                same(&ours, output)
            }
            Stored::ShaCrypt { text, .. } => {
                match ShaCrypt::default().verify_password(password.as_bytes(), text.as_str()) {
                    Ok(()) => true,
                    Err(ShaCryptError::PasswordInvalid) => false,
                    Err(_) => return Err(HashError::Corrupt("SHA-crypt does not take it")),
                }
            }
        })
    }

    pub fn cost(&self) -> HashCost {
        match self {
            Stored::Argon2 { params, .. } => {
                let (m, t, p) = (params.m_cost(), params.t_cost(), params.p_cost());
                HashCost {
                    kind: "argon2",
                    work: u64::from(m) * u64::from(t),
                    sample: format!("$argon2id$v=19$m={m},t={t},p={p}${}${}", zeros(16), zeros(32)),
                }
            }
            Stored::Bcrypt { cost, .. } => {
                HashCost { kind: "bcrypt", work: 1 << cost, sample: format!("$2b${cost:02}${}", ".".repeat(22 + 31)) }
            }
            Stored::Pbkdf2 { digest, iterations, output, .. } => {
                let kind = match digest {
                    Digest::Sha256 => "pbkdf2-sha256",
                    Digest::Sha512 => "pbkdf2-sha512",
                };
                let sample = format!("${kind}$i={iterations}${}${}", zeros(16), zeros(output.len()));
                HashCost { kind, work: digest.pbkdf2_work(*iterations, output.len()), sample }
            }
            Stored::Scrypt { params, .. } => HashCost {
                kind: "scrypt",
                work: params.n() * u64::from(params.r()) * u64::from(params.p()),
                sample: format!(
                    "$scrypt$ln={},r={},p={}${}${}",
                    params.log_n(),
                    params.r(),
                    params.p(),
                    zeros(16),
                    zeros(32)
                ),
            },
            Stored::ShaCrypt { digest, rounds, .. } => {
                let (kind, id) = match digest {
                    Digest::Sha256 => ("sha256-crypt", "5"),
                    Digest::Sha512 => ("sha512-crypt", "6"),
                };
                let output = ".".repeat(digest.crypt_length());
                let sample = format!("${id}$rounds={rounds}${}${output}", ".".repeat(16));
                HashCost { kind, work: u64::from(*rounds), sample }
            }
        }
    }
}

impl Digest {
    const fn length(self) -> usize {
        match self {
            Digest::Sha256 => 32,
            Digest::Sha512 => 64,
        }
    }

    /// In the letters of crypt(3), six bits each.
    const fn crypt_length(self) -> usize {
        (self.length() * 8).div_ceil(6)
    }

    /// Each block of the output is computed anew.
    fn pbkdf2_work(self, iterations: u32, output: usize) -> u64 {
        u64::from(iterations) * output.div_ceil(self.length()) as u64
    }
}

/// Argon2 with the pepper that the parameters name, if they name one (RFC 9106, 3.1: the secret value K).
pub(super) fn peppered<'a>(
    peppers: &'a Peppers,
    algorithm: Algorithm,
    version: Version,
    params: &Params,
) -> Result<Argon2<'a>, HashError> {
    match params.keyid() {
        [] => Ok(Argon2::new(algorithm, version, params.clone())),
        id => peppers
            .named(id)
            .and_then(|key| Argon2::new_with_secret(key, algorithm, version, params.clone()).ok())
            .ok_or(HashError::Corrupt(PEPPER_MISSING)),
    }
}

const PEPPER_MISSING: &str = "the pepper that it was made with is none of those in the settings";

fn argon2(text: &str, peppers: &Peppers) -> Result<Stored, &'static str> {
    let hash = PasswordHash::new(text).map_err(|_| "it is not a PHC string")?;
    // The first version wrote none.
    let version = hash.version.unwrap_or(Version::V0x10.into());
    let params = Params::try_from(&hash).map_err(|_| "its parameters are not Argon2's")?;
    bounded(&params)?;
    if !params.keyid().is_empty() && peppers.named(params.keyid()).is_none() {
        return Err(PEPPER_MISSING);
    }
    Ok(Stored::Argon2 {
        algorithm: Algorithm::new(hash.algorithm).map_err(|_| "it is not of Argon2")?,
        version: Version::try_from(version).map_err(|_| "it is of an unknown version of Argon2")?,
        params,
        salt: hash.salt.ok_or("it has no salt")?.to_vec(),
        output: hash.hash.ok_or("it has no hash")?.as_bytes().to_vec(),
    })
}

fn bcrypt(cost: &str, rest: &str) -> Result<Stored, &'static str> {
    const MALFORMED: &str = "it is not as bcrypt writes hashes";
    let cost = cost.parse().ok().filter(|_| cost.len() == 2).ok_or(MALFORMED)?;
    match cost {
        0..4 => return Err("bcrypt's cost is 4 at least"),
        4..=MOST_BCRYPT_COST => {}
        _ => return Err("its cost of bcrypt is above 16"),
    }
    let decode = |text: &str| bcrypt::BASE_64.decode(text).map_err(|_| MALFORMED);
    let (salt, output) = rest.split_at_checked(22).ok_or(MALFORMED)?;
    let salt = decode(salt)?.try_into().map_err(|_| MALFORMED)?;
    let output = decode(output)?.try_into().map_err(|_| MALFORMED)?;
    Ok(Stored::Bcrypt { cost, salt, output })
}

fn pbkdf2(digest: Digest, params: &str, salt: &str, output: &str) -> Result<Stored, &'static str> {
    let (salt, output) = (salt_bytes(salt)?, output_bytes(output)?);
    let iterations = match numbers(params).as_deref() {
        Some([("i", iterations)]) => *iterations,
        Some([("i", iterations), ("l", length)]) if *length as usize == output.len() => *iterations,
        _ => return Err("its parameters are not those of PBKDF2, such as i=27500"),
    };
    if iterations == 0 || digest.pbkdf2_work(iterations, output.len()) > MOST_PBKDF2_WORK {
        return Err("its PBKDF2 takes none or more than 10000000 iterations, all blocks of its output together");
    }
    Ok(Stored::Pbkdf2 { digest, iterations, salt, output })
}

fn scrypt(params: &str, salt: &str, output: &str) -> Result<Stored, &'static str> {
    let numbers = numbers(params);
    let Some([("ln", log_n), ("r", r), ("p", p)]) = numbers.as_deref() else {
        return Err("its parameters are not those of scrypt, such as ln=14,r=8,p=1");
    };
    const TOO_DEAR: &str = "its scrypt takes more than 256 MiB, or 1 GiB all lanes together";
    let log_n = u8::try_from(*log_n).ok().filter(|log_n| (1..=24).contains(log_n)).ok_or(TOO_DEAR)?;
    let memory = (128_u64 << log_n).saturating_mul(u64::from(*r));
    if memory > MOST_SCRYPT_MEMORY || memory.saturating_mul(u64::from(*p)) > MOST_SCRYPT_WORK {
        return Err(TOO_DEAR);
    }
    let params = scrypt::Params::new(log_n, *r, *p).map_err(|_| "its parameters of scrypt don't fit together")?;
    Ok(Stored::Scrypt { params, salt: salt_bytes(salt)?, output: output_bytes(output)? })
}

fn sha_crypt(digest: Digest, fields: &[&str], text: &str) -> Result<Stored, &'static str> {
    const MALFORMED: &str = "it is not as SHA-crypt writes hashes";
    let (rounds, salt, output) = match fields {
        [salt, output] => (SHA_CRYPT_DEFAULT_ROUNDS, salt, output),
        [rounds, salt, output] => {
            (rounds.strip_prefix("rounds=").and_then(|n| n.parse().ok()).ok_or(MALFORMED)?, salt, output)
        }
        _ => return Err(MALFORMED),
    };
    if !SHA_CRYPT_ROUNDS.contains(&rounds) {
        return Err("its rounds of SHA-crypt are fewer than 1000 or more than 1000000");
    }
    let is_crypt = |text: &str| text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'.' || b == b'/');
    let fits = (1..=16).contains(&salt.len()) && output.len() == digest.crypt_length();
    if !fits || !is_crypt(salt) || !is_crypt(output) {
        return Err(MALFORMED);
    }
    Ok(Stored::ShaCrypt { digest, rounds, text: text.to_owned() })
}

/// `i=1,l=2` as names and numbers, which are written in one way only.
fn numbers(params: &str) -> Option<Vec<(&str, u32)>> {
    let number = |text: &str| text.parse::<u32>().ok().filter(|n| n.to_string() == text);
    params.split(',').map(|param| param.split_once('=').and_then(|(name, n)| Some((name, number(n)?)))).collect()
}

fn salt_bytes(text: &str) -> Result<Vec<u8>, &'static str> {
    let salt = STANDARD_NO_PAD.decode(text).map_err(|_| "its salt is not base64 without padding")?;
    if IMPORTED_SALT.contains(&salt.len()) {
        Ok(salt)
    } else {
        Err("its salt is shorter than 4 bytes or longer than 64")
    }
}

fn output_bytes(text: &str) -> Result<Vec<u8>, &'static str> {
    let output = STANDARD_NO_PAD.decode(text).map_err(|_| "it is not in base64 without padding")?;
    if IMPORTED_OUTPUT.contains(&output.len()) {
        Ok(output)
    } else {
        Err("it is shorter than 16 bytes or longer than 64")
    }
}

fn zeros(length: usize) -> String {
    STANDARD_NO_PAD.encode(vec![0; length])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::password_hash::{PasswordHasher, Verified, present_params};
    use crate::domain::login::password_policy::Argon2Cost;
    use crate::domain::secret::Secret;

    const TINY: Argon2Cost = Argon2Cost { memory_kib: 8, iterations: 1, parallelism: 1 };

    /// Published vectors: jBCrypt, crypt_blowfish; RFC 7914, 11 and 12; the specification of SHA-crypt. The last of each
    /// kind was made by libxcrypt 4.4 or Python's hashlib.
    const VECTORS: [(&str, &str); 15] = [
        ("", "$2a$06$DCq7YPn5Rq63x1Lad4cll.TV4S6ytwfsfvkgY8jIucDrjc8deX1s."),
        ("U*U", "$2b$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW"),
        ("été", "$2y$05$/OK.fbVrR/bpIqNJ5ianF.HXE0vlfJGMU5gSd8UqzUaKfP2YO3yMC"),
        ("Demo-hanako-1", "$2b$04$abcdefghijklmnopqrstuuljyYmC5U/Hon0YTTZLz0HWJWoET/WYe"),
        (
            "passwd",
            "$pbkdf2-sha256$i=1$c2FsdA$VawEblbjCJ/sFpHCJUS2BflBhSFt3gRl5oudV8INrLxJypzM8Xm2RZkWZLOdd+8xfHG4RbHjC9UJESBB06GXgw",
        ),
        (
            "Password",
            "$pbkdf2-sha256$i=80000$TmFDbA$TdzY9guYviGDDO5e8icB+WQaRBjQTAQUrv8Ih2s0q1ah1CWhIlgzVJrbhBtRybMXaicr3ruh0HhHj2Kzl/M8jQ",
        ),
        (
            "Demo-hanako-1",
            "$pbkdf2-sha512$i=210000,l=64$MDEyMzQ1Njc4OWFiY2RlZg$uv+sSw1B4gichTf/4C3khEcPMzMxZ/5UjdoX2j9HoHANMtZRwImpl3I7r/dx9hCtSoqboURuXRzRgWwXMNS0YA",
        ),
        (
            "password",
            "$scrypt$ln=10,r=8,p=16$TmFDbA$/bq+HJ00cgB4VucZDQHp/nxq18vII3gw53N2Y0s3MWIurzDZLiKjiG/xCSedmDDaxyevuUqD7m2DYMvfoswGQA",
        ),
        (
            "pleaseletmein",
            "$scrypt$ln=14,r=8,p=1$U29kaXVtQ2hsb3JpZGU$cCO9yzr9c0hGHAbNgf046/2o+7qQT44+qbVD9lRdofLVQylVYT8Pz2LUlwUkKpr55h6F3A1lHkDfzwF7RVdYhw",
        ),
        ("Hello world!", "$5$saltstring$5B8vYYiY.CVt1RlTTf8KbXBH3hsxY/GNooZaBBGWEc5"),
        ("This is just a test", "$5$rounds=5000$toolongsaltstrin$Un/5jzAHMgOGZ5.mWJpuVolil07guHPvOW8mGRcvxa5"),
        ("a short string", "$5$rounds=123456$asaltof16chars..$gP3VQ/6X7UUEW3HkBn2w1/Ptq2jxPyzV/cZKmF/wJvD"),
        (
            "Hello world!",
            "$6$saltstring$svn8UoSVapNtMuq1ukKS4tPQd8iKwSMHWjl/O817G3uBnIFNjnQJuesI68u4OTLiBFdcbYEdFCoEOfaS35inz1",
        ),
        (
            "a very much longer text to encrypt.  This one even stretches over morethan one line.",
            "$6$rounds=1400$anotherlongsalts$POfYwTEok97VWcjxIiSOjiykti.o/pQs.wPvMxQ6Fm7I6IoYN3CmLs66x9t0oSwbtEW7o7UmJEiDwGqd8p4ur1",
        ),
        (
            "Demo-hanako-1",
            "$6$rounds=1000$somesalt$iq/8.1wh.HIgJtuBuAvaaDfRlD8xF.ACK9nMpZ.WVq82WLuOaFADE7LJOG1yvkfJlnlK/bDzxBbnKpAcqy3kr0",
        ),
    ];

    fn read(text: &str) -> Result<Stored, &'static str> {
        Stored::read(text, &Peppers::default())
    }

    fn is_of(text: &str, password: &str) -> bool {
        let mut memory = Memory::for_cost(&present_params(TINY).unwrap());
        read(text).unwrap().is_of(password, &mut memory, &Peppers::default()).unwrap()
    }

    #[tokio::test]
    async fn hashes_of_every_kind_verify_and_ask_for_an_upgrade() {
        let hasher = PasswordHasher::start(TINY, 1, 8).unwrap();
        for (password, stored) in VECTORS {
            let verify = |password: String| hasher.verify(Secret::new(password), Some(stored));
            assert_eq!(verify(password.into()).await, Ok(Verified::Right { needs_upgrade: true }), "{stored}");
            assert_eq!(verify(format!("{password}x")).await, Ok(Verified::Wrong), "{stored}");
        }
    }

    #[test]
    fn bcrypt_takes_72_bytes_and_no_nul() {
        let stored = "$2a$05$abcdefghijklmnopqrstuu5s2v8.iXieOjg/.AySBTTZIIVFJeBui";
        let password = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
        assert!(is_of(stored, password) && is_of(stored, &format!("{password}chars after 72 are ignored")));
        assert!(!is_of(stored, &password[..71]) && !is_of(stored, &format!("x{password}")));
        let short = "$2b$04$abcdefghijklmnopqrstuuljyYmC5U/Hon0YTTZLz0HWJWoET/WYe";
        assert!(is_of(short, "Demo-hanako-1"));
        for same_to_bcrypt in ["Demo-hanako-1\0Demo-hanako-1", "Demo-hanako-1\0"] {
            assert!(!is_of(short, same_to_bcrypt));
        }
    }

    #[test]
    fn a_hash_that_asks_for_too_much_is_refused() {
        let (salt, output) = (zeros(16), zeros(32));
        let crypt = |id: &str, n| format!("${id}$rounds={n}$salt${}", ".".repeat(if id == "5" { 43 } else { 86 }));
        for (fits, too_much) in [
            (format!("$2b$16${}", ".".repeat(53)), format!("$2b$17${}", ".".repeat(53))),
            (format!("$2b$04${}", ".".repeat(53)), format!("$2b$99${}", ".".repeat(53))),
            (
                format!("$pbkdf2-sha256$i=10000000${salt}${output}"),
                format!("$pbkdf2-sha256$i=10000001${salt}${output}"),
            ),
            (
                format!("$pbkdf2-sha256$i=5000000${salt}${}", zeros(64)),
                format!("$pbkdf2-sha256$i=5000001${salt}${}", zeros(64)),
            ),
            (format!("$scrypt$ln=18,r=8,p=4${salt}${output}"), format!("$scrypt$ln=18,r=8,p=5${salt}${output}")),
            (
                format!("$scrypt$ln=14,r=128,p=1${salt}${output}"),
                format!("$scrypt$ln=14,r=4294967295,p=4294967295${salt}${output}"),
            ),
            (format!("$scrypt$ln=17,r=8,p=1${salt}${output}"), format!("$scrypt$ln=64,r=1,p=1${salt}${output}")),
            (crypt("6", 1_000_000), crypt("6", 1_000_001)),
            (crypt("5", 1_000), crypt("5", 999)),
            (
                format!("$argon2id$v=19$m=1048576,t=16,p=1${salt}${output}"),
                format!("$argon2id$v=19$m=1048576,t=17,p=1${salt}${output}"),
            ),
        ] {
            assert!(read(&fits).is_ok(), "{fits}");
            assert!(read(&too_much).is_err(), "{too_much}");
        }
    }

    #[test]
    fn what_is_not_a_hash_is_refused() {
        let (salt, output) = (zeros(16), zeros(32));
        for text in [
            "",
            "$",
            "password",
            "$1$saltstring$UMRWHT5Q6xTMRI.zNFLxX1",
            "$2x$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW",
            "$2b$5$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW",
            "$2b$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOe",
            "$2b$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeWW",
            "$2b$05$éCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW",
            &format!("$pbkdf2-sha256$i=0${salt}${output}"),
            &format!("$pbkdf2-sha256$i=+5${salt}${output}"),
            &format!("$pbkdf2-sha256$i=5,l=64${salt}${output}"),
            &format!("$pbkdf2-sha256${salt}${output}"),
            &format!("$pbkdf2-sha256$i=5${salt}$AAAA"),
            &format!("$pbkdf2-sha256$i=5$AA${output}"),
            &format!("$pbkdf2-sha1$i=5${salt}${output}"),
            &format!("$scrypt$ln=0,r=8,p=1${salt}${output}"),
            &format!("$scrypt$ln=14,r=0,p=1${salt}${output}"),
            &format!("$scrypt$n=14,r=8,p=1${salt}${output}"),
            "$5$$5B8vYYiY.CVt1RlTTf8KbXBH3hsxY/GNooZaBBGWEc5",
            "$5$saltsaltsaltsalts$5B8vYYiY.CVt1RlTTf8KbXBH3hsxY/GNooZaBBGWEc5",
            "$5$salt string$5B8vYYiY.CVt1RlTTf8KbXBH3hsxY/GNooZaBBGWEc5",
            "$6$saltstring$5B8vYYiY.CVt1RlTTf8KbXBH3hsxY/GNooZaBBGWEc5",
            "$5$rounds=x$saltstring$5B8vYYiY.CVt1RlTTf8KbXBH3hsxY/GNooZaBBGWEc5",
        ] {
            assert!(read(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_sample_costs_as_much_as_what_it_stands_for() {
        for (_, stored) in VECTORS {
            let cost = read(stored).unwrap().cost();
            assert_eq!(read(&cost.sample).unwrap().cost(), cost, "{stored}");
            assert!(!is_of(&cost.sample, ""), "{}", cost.sample);
        }
        let works =
            ["$2b$04$", "$2b$05$"].map(|start| read(&format!("{start}{}", ".".repeat(53))).unwrap().cost().work);
        assert_eq!(works, [16, 32]);
        let argon2 = |m: u32, t: u32| {
            read(&format!("$argon2id$v=19$m={m},t={t},p=1${}${}", zeros(16), zeros(32))).unwrap().cost()
        };
        assert_eq!((argon2(64, 3).kind, argon2(64, 3).work), ("argon2", 192));
        assert!(argon2(19_456, 2).work > argon2(9_000, 4).work);
    }
}
