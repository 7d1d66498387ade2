//! Passwords as they are kept: Argon2id (RFC 9106) in PHC strings, computed by a few threads that do nothing else.
//!
//! A hash takes megabytes and milliseconds on purpose, so a flood of logins must find a bound here: so many threads, each
//! with memory of its own that it uses again and again, so many jobs waiting for them, and beyond that
//! [`HashError::Busy`] at once. A user ID that doesn't exist costs the same hash as one that does.
//!
//! Stored hashes may cost more or less than a new one: they were made before the settings changed, or elsewhere. So an
//! attempt that fails is answered no sooner than [`PasswordHasher::floor`], whatever was compared.

pub mod import;
pub mod pepper;
mod stored;

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use argon2::{Algorithm, Argon2, Block, Params, ParamsBuilder, Version};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};

use import::{ImportError, ImportedHash};
use pepper::Peppers;
use stored::{Stored, peppered};

pub use stored::HashCost;

use crate::domain::login::password_policy::Argon2Cost;
use crate::domain::secret::Secret;
use crate::domain::unix_time::Span;
use crate::random;

/// The longest password that is hashed, in bytes.
pub const LONGEST_PASSWORD: usize = 1_024;
/// The most memory that one hash may ask for, in the settings or in a stored hash: 1 GiB.
pub const MOST_MEMORY_KIB: u32 = 1_048_576;
/// The most memory that one hash may fill, all passes together: 16 GiB, several seconds on any machine.
const MOST_WORK_KIB: u64 = 16 * MOST_MEMORY_KIB as u64;

/// The floor stands no higher, whatever was measured.
const HIGHEST_FLOOR: Duration = Duration::from_secs(10);

const SALT_LENGTH: usize = 16;
const OUTPUT_LENGTH: usize = 32;

/// Hashes and verifies passwords. A clone is cheap and shares the threads; they end when the last clone is gone.
#[derive(Clone, Debug)]
pub struct PasswordHasher {
    /// Of new hashes, with the name of their pepper.
    params: Params,
    peppers: Arc<Peppers>,
    threads: usize,
    jobs: mpsc::Sender<Job>,
    /// One permit for each job that is being done or may wait.
    room: Arc<Semaphore>,
    /// Fewer: a quarter of the queue is kept for devices that are known.
    room_for_strangers: Arc<Semaphore>,
    /// How many permits there are in all.
    capacity: usize,
    /// How long the last job took, in microseconds.
    took: Arc<AtomicU64>,
    /// How long the slowest took of late, in microseconds.
    slowest: Arc<AtomicU64>,
}

/// What became of a password that was compared with a stored hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verified {
    /// It is the one. `needs_upgrade`: the stored hash has other parameters than the settings ask for; hash the password
    /// anew and store that.
    Right { needs_upgrade: bool },
    /// It is another one, or there is no such member.
    Wrong,
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HashError {
    /// Nothing was computed. Answer 503 with `Retry-After`.
    #[error("all password hashing threads are busy and their queue is full: try again in {retry_after}")]
    Busy { retry_after: Span },
    #[error(
        "a password of more than {LONGEST_PASSWORD} bytes is not hashed: set passwords.max_length to {LONGEST_PASSWORD} or less"
    )]
    TooLong,
    #[error("a stored password hash can't be used, {0}: set a new password for this member")]
    Corrupt(&'static str),
    #[error("no memory is left for a password hash: lower passwords.hashing_threads or passwords.argon2.memory_kib")]
    OutOfMemory,
    #[error("the password hashing threads have stopped: restart Sekisho and report this")]
    Stopped,
}

/// Why hashing can't start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    #[error("passwords.argon2 can't be computed: {0}")]
    Cost(&'static str),
    #[error("a password hashing thread can't be started: {0}")]
    Thread(#[from] std::io::Error),
}

type Job = Box<dyn FnOnce(&mut Memory) + Send>;

impl PasswordHasher {
    /// Starts `threads` threads (0: one for each core); `queue` more jobs may wait for them.
    pub fn start(cost: Argon2Cost, threads: usize, queue: usize) -> Result<PasswordHasher, StartError> {
        PasswordHasher::start_joinable(cost, threads, queue).map(|(hasher, _)| hasher)
    }

    fn start_joinable(
        cost: Argon2Cost,
        threads: usize,
        queue: usize,
    ) -> Result<(PasswordHasher, Vec<JoinHandle<()>>), StartError> {
        let params = present_params(cost).map_err(StartError::Cost)?;
        let threads = if threads == 0 { thread::available_parallelism().map_or(1, usize::from) } else { threads };
        let capacity = threads.saturating_add(queue).min(Semaphore::MAX_PERMITS);
        let (jobs, waiting) = mpsc::channel::<Job>();
        let waiting = Arc::new(Mutex::new(waiting));
        let handles = (0..threads)
            .map(|number| {
                let (waiting, memory) = (Arc::clone(&waiting), Memory::for_cost(&params));
                thread::Builder::new().name(format!("password-hash-{number}")).spawn(move || work_off(&waiting, memory))
            })
            .collect::<Result<_, _>>()?;
        let room = Arc::new(Semaphore::new(capacity));
        let room_for_strangers = Arc::new(Semaphore::new(capacity - queue.min(capacity) / 4));
        let (peppers, took, slowest) = Default::default();
        Ok((
            PasswordHasher { params, peppers, threads, jobs, room, room_for_strangers, capacity, took, slowest },
            handles,
        ))
    }

    /// The same with a pepper in every new hash, and those of stored ones.
    pub fn peppered(self, peppers: Peppers) -> Result<PasswordHasher, StartError> {
        let name = peppers.present_id().unwrap_or_default().try_into();
        let params = name.and_then(|name| {
            let mut builder = ParamsBuilder::new();
            builder.m_cost(self.params.m_cost()).t_cost(self.params.t_cost()).p_cost(self.params.p_cost());
            builder.output_len(OUTPUT_LENGTH).keyid(name).build()
        });
        let params = params.map_err(|_| StartError::Cost("the name of its pepper is too long"))?;
        Ok(PasswordHasher { params, peppers: Arc::new(peppers), ..self })
    }

    pub fn peppers(&self) -> &Peppers {
        &self.peppers
    }

    /// A hash from another system, if it can be stored and compared.
    pub fn import(&self, text: &str) -> Result<ImportedHash, ImportError> {
        import::import(text, &self.peppers)
    }

    /// What a new hash costs.
    pub fn present_cost(&self) -> HashCost {
        let (algorithm, version, params) = (Algorithm::Argon2id, Version::V0x13, self.params.clone());
        Stored::Argon2 { algorithm, version, params, salt: Vec::new(), output: Vec::new() }.cost()
    }

    /// How long a failed attempt takes at least, from the moment that a thread takes it up: twice what the slowest hash
    /// took of late, so that one that is slowed down by other work still ends before it.
    pub fn floor(&self) -> Duration {
        Duration::from_micros(self.slowest.load(Ordering::Relaxed)).saturating_mul(2).min(HIGHEST_FLOOR)
    }

    /// A hash took so long.
    pub fn note_duration(&self, took: Duration) {
        self.slowest.fetch_max(micros(took), Ordering::Relaxed);
    }

    /// Measures how long hashes of these costs take, and new ones. What was slower before counts by half: the machine was
    /// busy, or nobody has such a hash any more.
    pub async fn measure(&self, samples: &[String]) -> Result<(), HashError> {
        let before = self.slowest.load(Ordering::Relaxed);
        let mut slowest = before / 2;
        let new = self.present_cost().sample;
        for sample in samples.iter().chain([&new]) {
            let (outcome, begun) = self.place()?.compare(Secret::new(String::new()), Some(sample)).await?;
            let took = begun.elapsed();
            if let Err(HashError::Corrupt(why)) = outcome {
                tracing::warn!(sample, why, "the cost of a password hash can't be measured");
            }
            slowest = slowest.max(micros(took));
        }
        self.slowest.store(slowest, Ordering::Relaxed);
        Ok(())
    }

    /// The PHC string to store for this password, with a salt of its own.
    pub async fn hash(&self, password: Secret<String>) -> Result<String, HashError> {
        if password.expose().len() > LONGEST_PASSWORD {
            return Err(HashError::TooLong);
        }
        let (params, peppers) = (self.params.clone(), Arc::clone(&self.peppers));
        self.place()?.run(move |memory| hash(memory, params, &peppers, password.expose())).await?.0
    }

    /// [`Place::verify`], where nothing has to happen between taking the place and using it.
    pub async fn verify(&self, password: Secret<String>, stored: Option<&str>) -> Result<Verified, HashError> {
        self.place()?.verify(password, stored).await
    }

    /// Takes a place among the jobs that are done or may wait, or answers [`HashError::Busy`]. Whoever counts an attempt
    /// before it is made takes its place first: then an overload costs no member an attempt.
    pub fn place(&self) -> Result<Place, HashError> {
        match Arc::clone(&self.room).try_acquire_owned() {
            Ok(permit) => Ok(Place { hasher: self.clone(), _permits: (permit, None) }),
            Err(_) => Err(HashError::Busy { retry_after: self.time_to_empty_the_queue() }),
        }
    }

    /// The same for a device that nobody has logged in with. However many of them come, some places are left for members
    /// whose devices are known.
    pub fn place_for_stranger(&self) -> Result<Place, HashError> {
        let Ok(among_strangers) = Arc::clone(&self.room_for_strangers).try_acquire_owned() else {
            return Err(HashError::Busy { retry_after: self.time_to_empty_the_queue() });
        };
        let Place { hasher, _permits: (permit, _) } = self.place()?;
        Ok(Place { hasher, _permits: (permit, Some(among_strangers)) })
    }

    /// From the time that the last job took; between a second and a minute.
    fn time_to_empty_the_queue(&self) -> Span {
        let micros = self.took.load(Ordering::Relaxed).saturating_mul(self.capacity as u64) / self.threads as u64;
        Span::seconds(micros.div_ceil(1_000_000).clamp(1, 60) as u32)
    }
}

/// What a thread does until the last hasher is gone.
fn work_off(waiting: &Mutex<mpsc::Receiver<Job>>, mut memory: Memory) {
    loop {
        // In a statement of its own, so that the next thread may wait while this one works.
        let job = waiting.lock().unwrap_or_else(PoisonError::into_inner).recv();
        match job {
            Ok(job) => job(&mut memory),
            Err(mpsc::RecvError) => break,
        }
    }
}

/// A place among the jobs, free again once it is used or dropped.
#[derive(Debug)]
pub struct Place {
    hasher: PasswordHasher,
    /// Of all, and among the strangers.
    _permits: (OwnedSemaphorePermit, Option<OwnedSemaphorePermit>),
}

impl Place {
    /// Compares a password with a stored hash of any kind and cost. `None`, when there is no such member, takes as long
    /// as one whose hash has the present cost, and so does a stored hash that can't be used.
    pub async fn verify(self, password: Secret<String>, stored: Option<&str>) -> Result<Verified, HashError> {
        self.compare(password, stored).await?.0
    }

    /// [`verify`](Self::verify) for those who have yet to show who they are: unless the password is right, the answer waits for the
    /// [`floor`](PasswordHasher::floor). It waits by a timer; place and thread are free meanwhile.
    pub async fn verify_evenly(self, password: Secret<String>, stored: Option<&str>) -> Result<Verified, HashError> {
        let hasher = self.hasher.clone();
        let (outcome, begun) = self.compare(password, stored).await?;
        hasher.note_duration(begun.elapsed());
        if !matches!(outcome, Ok(Verified::Right { .. })) {
            tokio::time::sleep_until((begun + hasher.floor()).into()).await;
        }
        outcome
    }

    /// The outcome, and when a thread took it up.
    async fn compare(
        self,
        password: Secret<String>,
        stored: Option<&str>,
    ) -> Result<(Result<Verified, HashError>, Instant), HashError> {
        let (params, peppers) = (self.hasher.params.clone(), Arc::clone(&self.hasher.peppers));
        let stored = stored.map(str::to_owned);
        self.run(move |memory| verify(memory, params, &peppers, password.expose(), stored.as_deref())).await
    }

    /// Has a thread do this work, unless nobody waits for it any more when its turn comes.
    async fn run<T: Send + 'static>(
        self,
        work: impl FnOnce(&mut Memory) -> Result<T, HashError> + Send + 'static,
    ) -> Result<(Result<T, HashError>, Instant), HashError> {
        let Place { hasher, _permits: permits } = self;
        let (answer, answered) = oneshot::channel();
        let took = Arc::clone(&hasher.took);
        let job = move |memory: &mut Memory| {
            if answer.is_closed() {
                return;
            }
            let begun = Instant::now();
            let outcome = work(memory);
            took.store(micros(begun.elapsed()), Ordering::Relaxed);
            drop(permits);
            // Whoever asked may have gone by now.
            let _ = answer.send((outcome, begun));
        };
        hasher.jobs.send(Box::new(job)).map_err(|_| HashError::Stopped)?;
        answered.await.map_err(|_| HashError::Stopped)
    }
}

fn micros(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}

/// The memory of one thread, kept from hash to hash.
///
/// It isn't wiped in between, which would cost a good part of a hash: whoever can read this process's memory reads
/// passwords as they arrive.
struct Memory {
    blocks: Vec<Block>,
    /// How many blocks are kept; a stored hash that needed more gives them back.
    kept: usize,
}

impl Memory {
    fn for_cost(params: &Params) -> Memory {
        Memory { blocks: Vec::new(), kept: params.block_count() }
    }

    /// Computes one hash into `output`, whose length is part of what is computed.
    fn fill(&mut self, argon2: &Argon2<'_>, password: &str, salt: &[u8], output: &mut [u8]) -> Result<(), HashError> {
        let needed = argon2.params().block_count();
        if let Some(missing) = needed.checked_sub(self.blocks.len()) {
            self.blocks.try_reserve_exact(missing).map_err(|_| HashError::OutOfMemory)?;
            self.blocks.resize(needed, Block::new());
        }
        let filled = argon2.hash_password_into_with_memory(password.as_bytes(), salt, output, &mut self.blocks);
        if self.blocks.len() > self.kept {
            self.blocks.truncate(self.kept);
            self.blocks.shrink_to_fit();
        }
        filled.map_err(|_| HashError::Corrupt("its parameters don't fit together"))
    }
}

fn hash(memory: &mut Memory, params: Params, peppers: &Peppers, password: &str) -> Result<String, HashError> {
    let salt = random::bytes::<SALT_LENGTH>();
    let mut output = [0; OUTPUT_LENGTH];
    let (m, t, p) = (params.m_cost(), params.t_cost(), params.p_cost());
    memory.fill(&peppered(peppers, Algorithm::Argon2id, Version::V0x13, &params)?, password, &salt, &mut output)?;
    let [salt, output, pepper] = [&salt[..], &output[..], params.keyid()].map(|bytes| STANDARD_NO_PAD.encode(bytes));
    let pepper = if pepper.is_empty() { pepper } else { format!(",keyid={pepper}") };
    Ok(format!("$argon2id$v=19$m={m},t={t},p={p}{pepper}${salt}${output}"))
}

fn verify(
    memory: &mut Memory,
    present: Params,
    peppers: &Peppers,
    password: &str,
    stored: Option<&str>,
) -> Result<Verified, HashError> {
    let stored = match stored.map(|text| Stored::read(text, peppers)) {
        Some(Ok(stored)) if password.len() <= LONGEST_PASSWORD => stored,
        unusable => {
            let mut output = [0; OUTPUT_LENGTH];
            memory.fill(&Argon2::from(present), "", &[0; SALT_LENGTH], &mut output)?;
            std::hint::black_box(output);
            return match unusable {
                Some(Err(reason)) => Err(HashError::Corrupt(reason)),
                Some(Ok(_)) | None => Ok(Verified::Wrong),
            };
        }
    };
    let needs_upgrade = !stored.is_as_hashed_now(&present);
    if stored.is_of(password, memory, peppers)? { Ok(Verified::Right { needs_upgrade }) } else { Ok(Verified::Wrong) }
}

fn present_params(cost: Argon2Cost) -> Result<Params, &'static str> {
    let params = Params::new(cost.memory_kib, cost.iterations, cost.parallelism, Some(OUTPUT_LENGTH))
        .map_err(|_| "memory_kib must be at least 8 for each lane, iterations and parallelism at least 1")?;
    bounded(&params)?;
    Ok(params)
}

/// Keeps one hash, be it planted in an import, from taking all memory or time.
fn bounded(params: &Params) -> Result<(), &'static str> {
    if params.m_cost() > MOST_MEMORY_KIB {
        return Err("it asks for more than 1 GiB of memory");
    }
    if u64::from(params.m_cost()) * u64::from(params.t_cost()) > MOST_WORK_KIB {
        return Err("its memory and passes make more than 16 GiB of work");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::pin::pin;
    use std::sync::atomic::AtomicBool;

    use futures::poll;

    use super::*;

    const TINY: Argon2Cost = Argon2Cost { memory_kib: 8, iterations: 1, parallelism: 1 };
    const RIGHT: Result<Verified, HashError> = Ok(Verified::Right { needs_upgrade: false });
    const RIGHT_BUT_OLD: Result<Verified, HashError> = Ok(Verified::Right { needs_upgrade: true });
    const WRONG: Result<Verified, HashError> = Ok(Verified::Wrong);

    /// Hashes of `Demo-hanako-1` made by argon2-cffi 25.1.
    const ID_BY_PYTHON: &str =
        "$argon2id$v=19$m=64,t=3,p=2$c29tZXNhbHQtMTZieXRlcw$900OhET7gBdSctUP8X+GFRM+mYF8GW9rQHyO/QeM6Iw";
    const I_BY_PYTHON: &str = "$argon2i$v=19$m=32,t=2,p=1$c29tZXNhbHQtMTZieXRlcw$QJxb8EkM10b3VYDNhx4fEA";
    const V16_BY_PYTHON: &str =
        "$argon2id$v=16$m=32,t=2,p=1$c29tZXNhbHQtMTZieXRlcw$y9DgAqmdngyX+2gn/VcPHU/9tf4aNU30TCyU7TmG1wE";

    fn hasher(cost: Argon2Cost) -> PasswordHasher {
        PasswordHasher::start(cost, 1, 8).unwrap()
    }

    fn secret(text: &str) -> Secret<String> {
        Secret::new(text.to_owned())
    }

    async fn verify_with(cost: Argon2Cost, password: &str, stored: &str) -> Result<Verified, HashError> {
        hasher(cost).verify(secret(password), Some(stored)).await
    }

    #[tokio::test]
    async fn the_password_that_was_hashed_is_right_and_any_other_is_wrong() {
        let hasher = hasher(TINY);
        let stored = hasher.hash(secret("Demo-hanako-1")).await.unwrap();
        assert!(stored.starts_with("$argon2id$v=19$m=8,t=1,p=1$"), "{stored}");
        assert_eq!(hasher.verify(secret("Demo-hanako-1"), Some(&stored)).await, RIGHT);
        for other in ["demo-hanako-1", "Demo-hanako-1 ", "Demo-hanako-", "", &"x".repeat(1_024)] {
            assert_eq!(hasher.verify(secret(other), Some(&stored)).await, WRONG, "{other}");
        }
    }

    #[tokio::test]
    async fn every_hash_has_a_salt_of_its_own() {
        let hasher = hasher(TINY);
        let one = hasher.hash(secret("Demo-hanako-1")).await.unwrap();
        let other = hasher.hash(secret("Demo-hanako-1")).await.unwrap();
        assert_ne!(one.split('$').nth(4), other.split('$').nth(4));
    }

    #[tokio::test]
    async fn an_unknown_member_is_wrong() {
        assert_eq!(hasher(TINY).verify(secret("Demo-hanako-1"), None).await, WRONG);
        assert_eq!(hasher(TINY).verify(secret(""), None).await, WRONG);
    }

    #[test]
    fn nothing_is_answered_without_the_work_of_one_hash() {
        let present = present_params(TINY).unwrap();
        let long = "x".repeat(LONGEST_PASSWORD + 1);
        let none = Peppers::default();
        let same_cost = hash(&mut Memory::for_cost(&present), present.clone(), &none, "Demo-hanako-1").unwrap();
        for (password, stored) in
            [("x", None), ("x", Some("garbage")), (&long, None), (&long, Some(&*same_cost)), ("x", Some(&*same_cost))]
        {
            let mut memory = Memory::for_cost(&present);
            let _ = verify(&mut memory, present.clone(), &none, password, stored);
            assert_eq!(memory.blocks.len(), 8, "{stored:?}");
        }
    }

    #[tokio::test]
    async fn hashes_made_elsewhere_verify_with_their_own_parameters() {
        for stored in [ID_BY_PYTHON, I_BY_PYTHON, V16_BY_PYTHON, &V16_BY_PYTHON.replace("v=16$", "")] {
            assert_eq!(verify_with(TINY, "Demo-hanako-1", stored).await, RIGHT_BUT_OLD, "{stored}");
            assert_eq!(verify_with(TINY, "Demo-hanako-2", stored).await, WRONG, "{stored}");
        }
        let as_python = Argon2Cost { memory_kib: 64, iterations: 3, parallelism: 2 };
        assert_eq!(verify_with(as_python, "Demo-hanako-1", ID_BY_PYTHON).await, RIGHT);
    }

    #[tokio::test]
    async fn a_hash_of_any_other_cost_needs_an_upgrade() {
        let stored = hasher(TINY).hash(secret("Demo-hanako-1")).await.unwrap();
        for cost in [
            Argon2Cost { memory_kib: 16, ..TINY },
            Argon2Cost { iterations: 2, ..TINY },
            Argon2Cost { memory_kib: 16, parallelism: 2, ..TINY },
        ] {
            assert_eq!(verify_with(cost, "Demo-hanako-1", &stored).await, RIGHT_BUT_OLD);
        }
    }

    #[tokio::test]
    async fn memory_used_again_with_other_parameters_gives_right_hashes() {
        let hasher = hasher(Argon2Cost { memory_kib: 16, ..TINY });
        let own = hasher.hash(secret("Demo-hanako-1")).await.unwrap();
        for _ in 0..3 {
            for (stored, right) in [(ID_BY_PYTHON, RIGHT_BUT_OLD), (&*own, RIGHT), (V16_BY_PYTHON, RIGHT_BUT_OLD)] {
                assert_eq!(hasher.verify(secret("Demo-hanako-1"), Some(stored)).await, right);
                assert_eq!(hasher.verify(secret("Demo-hanako-2"), Some(stored)).await, WRONG);
            }
        }
    }

    #[test]
    fn a_thread_gives_back_memory_beyond_the_present_cost() {
        let present = present_params(TINY).unwrap();
        let mut memory = Memory::for_cost(&present);
        let none = Peppers::default();
        assert_eq!(verify(&mut memory, present, &none, "Demo-hanako-1", Some(ID_BY_PYTHON)), RIGHT_BUT_OLD);
        assert_eq!((memory.blocks.len(), memory.blocks.capacity()), (8, 8));
    }

    #[tokio::test]
    async fn a_stored_hash_that_can_not_be_used_is_told_apart_from_a_wrong_password() {
        for stored in [
            "",
            "garbage",
            "$2x$12$R9h/cIPz0gi.URNNX3kh2OPST9/PgBkqquzi.Ss7KIUgO2t0jWMUW",
            "$argon2id$v=19$m=64,t=3,p=2",
            "$argon2id$v=19$m=64,t=3,p=2$c29tZXNhbHQtMTZieXRlcw",
            "$argon2id$v=20$m=64,t=3,p=2$c29tZXNhbHQtMTZieXRlcw$QJxb8EkM10b3VYDNhx4fEA",
            "$argon2id$v=19$m=7,t=3,p=2$c29tZXNhbHQtMTZieXRlcw$QJxb8EkM10b3VYDNhx4fEA",
            "$argon2id$v=19$m=64,t=0,p=1$c29tZXNhbHQtMTZieXRlcw$QJxb8EkM10b3VYDNhx4fEA",
            "$argon2id$v=19$m=64,t=1,p=0$c29tZXNhbHQtMTZieXRlcw$QJxb8EkM10b3VYDNhx4fEA",
            "$argon2id$v=19$m=1048577,t=1,p=1$c29tZXNhbHQtMTZieXRlcw$QJxb8EkM10b3VYDNhx4fEA",
            "$argon2id$v=19$m=4294967295,t=4294967295,p=1$c29tZXNhbHQtMTZieXRlcw$QJxb8EkM10b3VYDNhx4fEA",
            "$argon2id$v=19$m=8,t=4294967295,p=1$c29tZXNhbHQtMTZieXRlcw$QJxb8EkM10b3VYDNhx4fEA",
            "$argon2id$v=19$m=8,t=1,p=4294967295$c29tZXNhbHQtMTZieXRlcw$QJxb8EkM10b3VYDNhx4fEA",
            "$argon2id$v=19$m=8,t=1,p=16777215$c29tZXNhbHQtMTZieXRlcw$QJxb8EkM10b3VYDNhx4fEA",
        ] {
            let outcome = verify_with(TINY, "Demo-hanako-1", stored).await;
            assert!(matches!(outcome, Err(HashError::Corrupt(_))), "{stored}: {outcome:?}");
        }
    }

    #[tokio::test]
    async fn endless_passwords_are_not_hashed() {
        let hasher = hasher(TINY);
        let longest = "x".repeat(LONGEST_PASSWORD);
        let stored = hasher.hash(secret(&longest)).await.unwrap();
        assert_eq!(hasher.verify(secret(&longest), Some(&stored)).await, RIGHT);
        let longer = longest + "x";
        assert_eq!(hasher.hash(secret(&longer)).await, Err(HashError::TooLong));
        assert_eq!(hasher.verify(secret(&longer), Some(&stored)).await, WRONG);
        assert_eq!(hasher.verify(secret(&longer), None).await, WRONG);
    }

    #[test]
    fn a_cost_that_can_not_be_computed_is_refused_at_start() {
        for cost in [
            Argon2Cost { memory_kib: 7, ..TINY },
            Argon2Cost { parallelism: 2, ..TINY },
            Argon2Cost { iterations: 0, ..TINY },
            Argon2Cost { parallelism: 0, ..TINY },
            Argon2Cost { memory_kib: MOST_MEMORY_KIB + 1, ..TINY },
            Argon2Cost { memory_kib: MOST_MEMORY_KIB, iterations: 17, ..TINY },
        ] {
            assert!(matches!(PasswordHasher::start(cost, 1, 1), Err(StartError::Cost(_))), "{cost:?}");
        }
    }

    /// A job that has begun and goes on until the sender is used or dropped.
    async fn occupy(hasher: &PasswordHasher) -> mpsc::Sender<()> {
        let (release, held) = mpsc::channel();
        let (begun, has_begun) = oneshot::channel();
        let hasher = hasher.clone();
        tokio::spawn(async move {
            let work = move |_: &mut Memory| {
                let _ = begun.send(());
                let _ = held.recv();
                Ok(())
            };
            hasher.place()?.run(work).await
        });
        has_begun.await.unwrap();
        release
    }

    #[tokio::test]
    async fn a_full_queue_answers_busy_at_once_and_takes_jobs_again_later() {
        let hasher = PasswordHasher::start(TINY, 1, 1).unwrap();
        let release = occupy(&hasher).await;
        let mut waiting = pin!(hasher.hash(secret("Demo-hanako-1")));
        assert!(poll!(&mut waiting).is_pending());
        let busy = HashError::Busy { retry_after: Span::seconds(1) };
        assert_eq!(hasher.hash(secret("Demo-hanako-1")).await, Err(busy.clone()));
        assert_eq!(hasher.verify(secret("Demo-hanako-1"), None).await, Err(busy));
        drop(release);
        let stored = waiting.await.unwrap();
        assert_eq!(hasher.verify(secret("Demo-hanako-1"), Some(&stored)).await, RIGHT);
    }

    #[tokio::test]
    async fn a_place_is_kept_until_it_is_used_or_dropped() {
        let hasher = PasswordHasher::start(TINY, 1, 1).unwrap();
        let (one, two) = (hasher.place().unwrap(), hasher.place().unwrap());
        assert!(matches!(hasher.place(), Err(HashError::Busy { .. })));
        assert_eq!(one.verify(secret("Demo-hanako-1"), None).await, WRONG);
        drop(two);
        assert_eq!(hasher.room.available_permits(), 2);
    }

    #[tokio::test]
    async fn strangers_leave_places_in_the_queue_to_known_devices() {
        let hasher = PasswordHasher::start(TINY, 1, 8).unwrap();
        let mut strangers: Vec<_> = (0..7).map(|_| hasher.place_for_stranger().unwrap()).collect();
        assert!(matches!(hasher.place_for_stranger(), Err(HashError::Busy { .. })));
        let known: Vec<_> = (0..2).map(|_| hasher.place().unwrap()).collect();
        assert!(matches!(hasher.place(), Err(HashError::Busy { .. })));
        strangers.pop();
        drop(hasher.place_for_stranger().unwrap());
        drop((strangers, known));
        assert_eq!((hasher.room.available_permits(), hasher.room_for_strangers.available_permits()), (9, 7));
    }

    #[tokio::test]
    async fn a_queue_of_none_still_lets_every_thread_work() {
        let hasher = PasswordHasher::start(TINY, 2, 0).unwrap();
        let one = occupy(&hasher).await;
        let two = occupy(&hasher).await;
        assert!(matches!(hasher.hash(secret("x")).await, Err(HashError::Busy { .. })));
        drop((one, two));
    }

    #[tokio::test]
    async fn a_job_that_nobody_waits_for_is_skipped_and_leaves_its_place() {
        let hasher = PasswordHasher::start(TINY, 1, 2).unwrap();
        let release = occupy(&hasher).await;
        let done = Arc::new(AtomicBool::new(false));
        {
            let done = Arc::clone(&done);
            let mut abandoned = pin!(hasher.place().unwrap().run(move |_| {
                done.store(true, Ordering::SeqCst);
                Ok(())
            }));
            assert!(poll!(&mut abandoned).is_pending());
        }
        drop(release);
        hasher.hash(secret("Demo-hanako-1")).await.unwrap();
        assert!(!done.load(Ordering::SeqCst));
        assert_eq!(hasher.room.available_permits(), 3);
    }

    #[test]
    fn the_wait_that_is_told_follows_from_the_work_that_waits() {
        let hasher = PasswordHasher::start(TINY, 2, 62).unwrap();
        for (micros, seconds) in [(0, 1), (20_000, 1), (100_000, 4), (10_000_000, 60), (u64::MAX, 60)] {
            hasher.took.store(micros, Ordering::Relaxed);
            assert_eq!(hasher.time_to_empty_the_queue(), Span::seconds(seconds));
        }
    }

    #[tokio::test]
    async fn threads_end_with_the_last_hasher() {
        let (hasher, threads) = PasswordHasher::start_joinable(TINY, 3, 1).unwrap();
        let clone = hasher.clone();
        drop(hasher);
        clone.hash(secret("Demo-hanako-1")).await.unwrap();
        drop(clone);
        for thread in threads {
            thread.join().unwrap();
        }
    }

    #[tokio::test]
    async fn many_at_once_are_all_answered_rightly() {
        let hasher = PasswordHasher::start(TINY, 3, 100).unwrap();
        let stored = hasher.hash(secret("Demo-hanako-1")).await.unwrap();
        let jobs = (0..100).map(|n| {
            let password = if n % 2 == 0 { "Demo-hanako-1" } else { "Demo-hanako-2" };
            hasher.verify(secret(password), Some(&stored))
        });
        for (n, outcome) in futures::future::join_all(jobs).await.into_iter().enumerate() {
            assert_eq!(outcome, if n % 2 == 0 { RIGHT } else { WRONG });
        }
    }

    #[tokio::test]
    async fn an_attempt_that_fails_waits_for_the_floor_whatever_was_compared_and_frees_its_place_before() {
        let hasher = PasswordHasher::start(TINY, 1, 0).unwrap();
        let floor = Duration::from_millis(60);
        hasher.note_duration(floor / 2);
        assert_eq!(hasher.floor(), floor);
        let same = hasher.hash(secret("Demo-hanako-1")).await.unwrap();
        let bcrypt = "$2b$04$abcdefghijklmnopqrstuuljyYmC5U/Hon0YTTZLz0HWJWoET/WYe";
        for stored in [None, Some("garbage"), Some(same.as_str()), Some(ID_BY_PYTHON), Some(bcrypt)] {
            let begun = Instant::now();
            let mut attempt = pin!(hasher.place().unwrap().verify_evenly(secret("x"), stored));
            // Others have their turn while it waits.
            while hasher.room.available_permits() == 0 || begun.elapsed() < floor / 4 {
                assert!(poll!(&mut attempt).is_pending(), "{stored:?}");
                tokio::task::yield_now().await;
            }
            let outcome = attempt.await;
            assert!(!matches!(outcome, Ok(Verified::Right { .. })), "{stored:?}");
            assert!(begun.elapsed() >= floor, "{stored:?}");
        }
    }

    #[tokio::test]
    async fn the_floor_follows_the_slowest_and_comes_down_by_halves() {
        let hasher = hasher(TINY);
        assert_eq!(hasher.floor(), Duration::ZERO);
        hasher.note_duration(Duration::from_secs(4));
        hasher.note_duration(Duration::from_secs(3));
        assert_eq!(hasher.floor(), Duration::from_secs(8));
        hasher.measure(&[]).await.unwrap();
        assert_eq!(hasher.floor(), Duration::from_secs(4));
        hasher.note_duration(Duration::from_secs(60));
        assert_eq!(hasher.floor(), HIGHEST_FLOOR);
        let fresh = PasswordHasher::start(TINY, 1, 8).unwrap();
        let bcrypt = format!("$2b$06${}", ".".repeat(53));
        fresh.measure(&[bcrypt, "garbage".to_owned()]).await.unwrap();
        assert!(fresh.floor() > Duration::ZERO);
    }
}
