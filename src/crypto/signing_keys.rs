//! The keys that tokens are signed with: made, sealed, published, followed by others.

use josekit::jwk::{Jwk, alg::ec::EcCurve};
use josekit::jws::{ES256, JwsSigner, JwsVerifier, RS256};
use serde_json::{Value, json};

use super::sealed::Sealer;
use crate::domain::protocol::signing_key::{Algorithm, PublishedKey, StoredKey};
use crate::domain::unix_time::UnixTime;
use crate::random;

#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    #[error(
        "signing key {0} does not open with this master key: the master key is not the one that the database was made with, or the row was changed. Put the right key back; nothing was changed"
    )]
    DoesNotOpen(String),
    #[error("signing key {0} is damaged")]
    Damaged(String),
    #[error("no signing key for {} is in force", .0.name())]
    None(Algorithm),
    #[error("making a signing key failed: {0}")]
    NotMade(josekit::JoseError),
}

fn place(id: &str) -> String {
    format!("signing_keys.private_jwk.{id}")
}

/// Makes a new key (RSA: 2048 bits; takes up to a second).
pub fn generate(
    algorithm: Algorithm,
    sealer: &Sealer,
    now: UnixTime,
    signs_from: UnixTime,
) -> Result<StoredKey, KeyError> {
    let id = random::identifier();
    let mut private = match algorithm {
        Algorithm::Rs256 => Jwk::generate_rsa_key(2048),
        Algorithm::Es256 => Jwk::generate_ec_key(EcCurve::P256),
    }
    .map_err(KeyError::NotMade)?;
    let mut public = private.to_public_key().map_err(KeyError::NotMade)?;
    // The public half does not take these along.
    for half in [&mut private, &mut public] {
        half.set_key_id(&id);
        half.set_algorithm(algorithm.name());
        half.set_key_use("sig");
    }
    Ok(StoredKey {
        private_jwk: sealer.seal(private.to_string().as_bytes(), &place(&id)),
        public_jwk: Value::Object(public.into()),
        id,
        algorithm,
        created_at: now,
        signs_from,
        published_until: None,
    })
}

/// A key ready to sign and to verify.
#[derive(Debug)]
pub struct SigningKey {
    pub id: String,
    pub algorithm: Algorithm,
    pub signs_from: UnixTime,
    pub published_until: Option<UnixTime>,
    public_jwk: Value,
    signer: Box<dyn JwsSigner>,
    verifier: Box<dyn JwsVerifier>,
}

impl SigningKey {
    pub fn signer(&self) -> &dyn JwsSigner {
        self.signer.as_ref()
    }
    pub fn verifier(&self) -> &dyn JwsVerifier {
        self.verifier.as_ref()
    }
    fn is_published(&self, now: UnixTime) -> bool {
        self.published_until.is_none_or(|until| now < until)
    }
}

/// All keys that are published now or will sign.
#[derive(Debug)]
pub struct KeySet {
    keys: Vec<SigningKey>,
    /// Those that only a neighbouring version signs with.
    others: Vec<PublishedKey>,
}

impl KeySet {
    pub fn open(stored: Vec<StoredKey>, sealer: &Sealer) -> Result<KeySet, KeyError> {
        let mut keys: Vec<SigningKey> = stored.into_iter().map(|key| open(key, sealer)).collect::<Result<_, _>>()?;
        // What relying parties read stays in one order, however the rows come.
        keys.sort_by(|a, b| (a.signs_from, &a.id).cmp(&(b.signs_from, &b.id)));
        Ok(KeySet { keys, others: Vec::new() })
    }

    /// With keys that others sign with.
    pub fn publishing(self, others: Vec<PublishedKey>) -> KeySet {
        KeySet { others, ..self }
    }

    /// The key to sign with now: the one that took over last. Where the clock was set back and none has taken over yet, the
    /// one that is to do so first: it has long been published.
    pub fn signing(&self, algorithm: Algorithm, now: UnixTime) -> Result<&SigningKey, KeyError> {
        let of_algorithm = || self.keys.iter().filter(move |k| k.algorithm == algorithm && k.is_published(now));
        let in_force = of_algorithm().filter(|k| k.signs_from <= now).max_by_key(|k| k.signs_from);
        in_force.or_else(|| of_algorithm().min_by_key(|k| k.signs_from)).ok_or(KeyError::None(algorithm))
    }

    /// Whether there is a key of every algorithm to sign with.
    pub fn can_sign(&self, now: UnixTime) -> bool {
        Algorithm::ALL.into_iter().all(|algorithm| self.signing(algorithm, now).is_ok())
    }

    /// The published key with this `kid`.
    pub fn by_id(&self, id: &str, now: UnixTime) -> Option<&SigningKey> {
        self.keys.iter().find(|k| k.id == id && k.is_published(now))
    }

    /// The JWK Set (RFC 7517, 5): also keys that will sign soon, and those that have signed and may still be needed.
    pub fn jwks(&self, now: UnixTime) -> Value {
        let own = self.keys.iter().filter(|k| k.is_published(now)).map(|k| &k.public_jwk);
        let others = self.others.iter().filter(|k| k.published_until.is_none_or(|until| now < until));
        let keys: Vec<&Value> = own.chain(others.map(|k| &k.public_jwk)).collect();
        json!({ "keys": keys })
    }
}

fn open(stored: StoredKey, sealer: &Sealer) -> Result<SigningKey, KeyError> {
    let damaged = || KeyError::Damaged(stored.id.clone());
    let text = zeroize::Zeroizing::new(
        sealer.open(&stored.private_jwk, &place(&stored.id)).map_err(|_| KeyError::DoesNotOpen(stored.id.clone()))?,
    );
    let private = Jwk::from_bytes(&*text).map_err(|_| damaged())?;
    let public = private.to_public_key().map_err(|_| damaged())?;
    let (signer, verifier): (Box<dyn JwsSigner>, Box<dyn JwsVerifier>) = match stored.algorithm {
        Algorithm::Rs256 => (
            Box::new(RS256.signer_from_jwk(&private).map_err(|_| damaged())?),
            Box::new(RS256.verifier_from_jwk(&public).map_err(|_| damaged())?),
        ),
        Algorithm::Es256 => (
            Box::new(ES256.signer_from_jwk(&private).map_err(|_| damaged())?),
            Box::new(ES256.verifier_from_jwk(&public).map_err(|_| damaged())?),
        ),
    };
    Ok(SigningKey {
        id: stored.id,
        algorithm: stored.algorithm,
        signs_from: stored.signs_from,
        published_until: stored.published_until,
        public_jwk: stored.public_jwk,
        signer,
        verifier,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::master_key::{MasterKey, Purpose};

    #[test]
    fn a_successor_is_published_before_it_signs_and_the_old_key_stays_until_its_end() {
        let sealer = Sealer::new(&MasterKey::ephemeral(), Purpose::SealedAtRest);
        let t = UnixTime;
        let mut old = generate(Algorithm::Es256, &sealer, t(0), t(0)).unwrap();
        old.published_until = Some(t(300));
        let new = generate(Algorithm::Es256, &sealer, t(100), t(200)).unwrap();
        let (old_id, new_id) = (old.id.clone(), new.id.clone());
        let set = KeySet::open(vec![old, new], &sealer).unwrap();

        assert_eq!(set.jwks(t(150))["keys"].as_array().unwrap().len(), 2);
        assert_eq!(set.signing(Algorithm::Es256, t(199)).unwrap().id, old_id);
        assert_eq!(set.signing(Algorithm::Es256, t(200)).unwrap().id, new_id);
        assert!(set.by_id(&old_id, t(299)).is_some());
        assert!(set.by_id(&old_id, t(300)).is_none());
        assert!(matches!(set.signing(Algorithm::Rs256, t(200)), Err(KeyError::None(Algorithm::Rs256))));
    }

    #[test]
    fn with_the_clock_set_back_the_first_key_signs_before_its_time() {
        let sealer = Sealer::new(&MasterKey::ephemeral(), Purpose::SealedAtRest);
        let t = UnixTime;
        let first = generate(Algorithm::Es256, &sealer, t(5_000), t(5_000)).unwrap();
        let second = generate(Algorithm::Es256, &sealer, t(5_000), t(6_000)).unwrap();
        let id = first.id.clone();
        let set = KeySet::open(vec![second, first], &sealer).unwrap();
        assert_eq!(set.signing(Algorithm::Es256, t(1_400)).unwrap().id, id);
    }

    #[test]
    fn a_key_that_a_neighbouring_version_signs_with_is_published_until_its_end() {
        let sealer = Sealer::new(&MasterKey::ephemeral(), Purpose::SealedAtRest);
        let other = PublishedKey { public_jwk: json!({ "kid": "later" }), published_until: Some(UnixTime(100)) };
        let set = KeySet::open(Vec::new(), &sealer).unwrap().publishing(vec![other]);
        assert_eq!(set.jwks(UnixTime(99))["keys"][0]["kid"], "later");
        assert_eq!(set.jwks(UnixTime(100))["keys"], json!([]));
    }

    #[test]
    fn the_published_set_has_one_order_however_the_rows_come() {
        let sealer = Sealer::new(&MasterKey::ephemeral(), Purpose::SealedAtRest);
        let key = |from| generate(Algorithm::Es256, &sealer, UnixTime(0), UnixTime(from)).unwrap();
        let keys = [key(0), key(0), key(100)];
        let published = |order: [usize; 3]| {
            let set = KeySet::open(order.map(|at| keys[at].clone()).into(), &sealer).unwrap();
            set.jwks(UnixTime(0)).to_string()
        };
        assert_eq!(published([0, 1, 2]), published([2, 1, 0]));
        assert_eq!(published([0, 1, 2]), published([1, 2, 0]));
    }

    #[test]
    fn the_published_set_holds_no_private_part() {
        let sealer = Sealer::new(&MasterKey::ephemeral(), Purpose::SealedAtRest);
        let keys = Algorithm::ALL.map(|a| generate(a, &sealer, UnixTime(0), UnixTime(0)).unwrap());
        let set = KeySet::open(keys.into(), &sealer).unwrap();
        for key in set.jwks(UnixTime(0))["keys"].as_array().unwrap() {
            for private in ["d", "p", "q", "dp", "dq", "qi"] {
                assert!(key.get(private).is_none(), "{private} in {key}");
            }
            for public in ["kid", "alg", "use", "kty"] {
                assert!(key.get(public).is_some(), "{public} not in {key}");
            }
        }
    }

    #[test]
    fn a_key_sealed_under_another_master_key_is_refused_by_name() {
        let sealer = Sealer::new(&MasterKey::ephemeral(), Purpose::SealedAtRest);
        let other = Sealer::new(&MasterKey::ephemeral(), Purpose::SealedAtRest);
        let key = generate(Algorithm::Es256, &sealer, UnixTime(0), UnixTime(0)).unwrap();
        let id = key.id.clone();
        let error = KeySet::open(vec![key], &other).unwrap_err();
        assert!(matches!(&error, KeyError::DoesNotOpen(named) if *named == id));
    }
}
