//! What was measured, and the table of it with the targets of product.md, 6.

use std::fmt;
use std::time::Duration;

use sekisho::config::Argon2Cost;

use crate::journeys::Journey;

/// Operations per CPU-second, one value a round.
#[derive(Debug, Default)]
pub struct Figures {
    argon2: Argon2Cost,
    sessions: usize,
    hello: Vec<f64>,
    discovery: Vec<f64>,
    client_credentials: Vec<f64>,
    code: Vec<f64>,
    refresh: Vec<f64>,
    userinfo: Vec<f64>,
    introspection: Vec<f64>,
    login: Vec<f64>,
    help: [Vec<f64>; 4],
    pub es256: Vec<f64>,
    pub rs256: Vec<f64>,
    pub argon2id: Vec<f64>,
    pub durable_write: Vec<f64>,
    pub start_to_ready: Vec<Duration>,
    /// Of npm oidc-provider, measured in turn.
    peer: Vec<(Journey, f64)>,
    /// Before the first password was hashed.
    pub idle_kib: u64,
    /// After everything; the memory of the hashing threads is in it.
    pub loaded_kib: u64,
}

const HELP: [Journey; 4] = [Journey::HelpAnswer, Journey::HelpUnchanged, Journey::HelpQuestions, Journey::HelpSearch];
/// How much of the time that a request takes may be more than what cannot be avoided.
const FRACTION: f64 = 0.5;
/// How many times the code flow must write durably: the code, and that it was redeemed.
const WRITES: f64 = 2.0;
/// How much of the machine's rate of password hashes a whole login must reach.
const LOGIN_FRACTION: f64 = 0.9;
const START_TARGET: Duration = Duration::from_millis(100);
const IDLE_TARGET_MB: f64 = 30.0;
const SESSIONS_TARGET_MB: f64 = 60.0;

impl Figures {
    pub fn new(argon2: Argon2Cost, sessions: usize) -> Figures {
        Figures { argon2, sessions, ..Figures::default() }
    }

    pub fn note(&mut self, journey: Journey, rate: f64) {
        match journey {
            Journey::Hello => &mut self.hello,
            Journey::Discovery => &mut self.discovery,
            Journey::ClientCredentials => &mut self.client_credentials,
            Journey::Code => &mut self.code,
            Journey::Refresh => &mut self.refresh,
            Journey::Userinfo => &mut self.userinfo,
            Journey::Introspection => &mut self.introspection,
            Journey::Login => &mut self.login,
            Journey::HelpAnswer | Journey::HelpUnchanged | Journey::HelpQuestions | Journey::HelpSearch => {
                let Some((_, rates)) = HELP.iter().zip(&mut self.help).find(|(help, _)| **help == journey) else {
                    return;
                };
                rates
            }
        }
        .push(rate);
    }

    pub fn note_peer(&mut self, journey: Journey, rate: f64) {
        self.peer.push((journey, rate));
    }

    /// What each journey came to at the peer, and how many times as much it is here.
    fn beside_the_peer(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.peer.is_empty() {
            return Ok(());
        }
        writeln!(f)?;
        writeln!(f, "| for each CPU-second | Sekisho | npm oidc-provider, in memory | ratio |")?;
        writeln!(f, "|---|--:|--:|--:|")?;
        for (journey, rates) in [
            (Journey::Discovery, &self.discovery),
            (Journey::ClientCredentials, &self.client_credentials),
            (Journey::Code, &self.code),
            (Journey::Refresh, &self.refresh),
            (Journey::Userinfo, &self.userinfo),
            (Journey::Introspection, &self.introspection),
            (Journey::Login, &self.login),
        ] {
            let of_peer = self.peer.iter().filter(|(of, _)| *of == journey).map(|(_, rate)| *rate).collect::<Vec<_>>();
            let (ours, theirs) = (median(rates), median(&of_peer));
            let digits = if ours < 1_000.0 { 1 } else { 0 };
            writeln!(f, "| {} | {ours:.digits$} | {theirs:.digits$} | {:.1} |", journey.name(), ours / theirs)?;
        }
        Ok(())
    }

    fn client_credentials_target(&self) -> f64 {
        FRACTION / (1.0 / median(&self.hello) + 1.0 / median(&self.es256))
    }

    /// The same fraction of two answers and two signatures, and the durable writes as they are.
    fn code_target(&self) -> f64 {
        let answers = 2.0 / median(&self.hello);
        let signatures = 2.0 / median(&self.es256);
        1.0 / ((answers + signatures) / FRACTION + WRITES / median(&self.durable_write))
    }

    fn login_target(&self) -> f64 {
        LOGIN_FRACTION * median(&self.argon2id)
    }
}

impl fmt::Display for Figures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Argon2Cost { memory_kib, iterations, parallelism } = self.argon2;
        let argon2 = format!("Argon2id ({memory_kib} KiB, {iterations} passes, {parallelism} lane)");
        writeln!(f, "| for each CPU-second | median | lowest to highest | target | reached |")?;
        writeln!(f, "|---|--:|--:|--:|--:|")?;
        for (what, rates) in [
            (Journey::Hello.name(), &self.hello),
            ("ES256 signature", &self.es256),
            ("RS256 signature", &self.rs256),
            (&argon2, &self.argon2id),
            ("durable write of a row", &self.durable_write),
        ] {
            row(f, what, rates, None)?;
        }
        let targets = [
            (Journey::Discovery, &self.discovery, None),
            (Journey::ClientCredentials, &self.client_credentials, Some(self.client_credentials_target())),
            (Journey::Code, &self.code, Some(self.code_target())),
            (Journey::Refresh, &self.refresh, None),
            (Journey::Userinfo, &self.userinfo, None),
            (Journey::Introspection, &self.introspection, None),
            (Journey::Login, &self.login, Some(self.login_target())),
        ];
        for (journey, rates, target) in targets {
            row(f, journey.name(), rates, target)?;
        }
        // The bare answer itself is what the help is held against.
        for (journey, rates) in HELP.iter().zip(&self.help) {
            row(f, journey.name(), rates, Some(median(&self.hello)))?;
        }
        self.beside_the_peer(f)?;
        let starts: Vec<f64> = self.start_to_ready.iter().map(|took| took.as_secs_f64() * 1_000.0).collect();
        let threads = std::thread::available_parallelism().map_or(1, usize::from) as f64;
        let hashing_mb = if self.login.is_empty() { 0.0 } else { mb(threads * f64::from(memory_kib)) };
        writeln!(f)?;
        writeln!(f, "| once | measured | target |")?;
        writeln!(f, "|---|--:|--:|")?;
        writeln!(
            f,
            "| start to ready, existing database | {:.0} ms | {} ms |",
            median(&starts),
            START_TARGET.as_millis()
        )?;
        writeln!(f, "| memory, idle | {:.1} MB | {IDLE_TARGET_MB} MB |", mb(self.idle_kib as f64))?;
        let loaded = mb(self.loaded_kib as f64) - hashing_mb;
        writeln!(
            f,
            "| memory after the load with {} live sessions, beside {hashing_mb:.0} MB for hashing | {loaded:.1} MB | {SESSIONS_TARGET_MB} MB |",
            self.sessions,
        )
    }
}

fn mb(kib: f64) -> f64 {
    kib * 1_024.0 / 1_000_000.0
}

fn row(f: &mut fmt::Formatter<'_>, what: &str, rates: &[f64], target: Option<f64>) -> fmt::Result {
    if rates.is_empty() {
        return Ok(());
    }
    let lowest = rates.iter().copied().fold(f64::INFINITY, f64::min);
    let highest = rates.iter().copied().fold(0.0, f64::max);
    let digits = if highest < 1_000.0 { 1 } else { 0 };
    let median = median(rates);
    write!(f, "| {what} | {median:.digits$} | {lowest:.digits$} to {highest:.digits$} |")?;
    match target.filter(|target| target.is_finite()) {
        Some(target) => writeln!(f, " {target:.digits$} | {:.0} % |", 100.0 * median / target),
        None => writeln!(f, " | |"),
    }
}

/// Not a number, when nothing was measured.
fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted.get(sorted.len() / 2).copied().unwrap_or(f64::NAN)
}
