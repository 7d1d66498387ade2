//! The timing test: whether the time of an answer tells if a user ID or an address is known (product.md, 1.1).
//! `cargo bench --bench timing`; docs/performance.md says how to read it.
//!
//! The provider is `sekisho serve`, in a process of its own, asked over loopback by one browser after the other. Known and
//! unknown are asked for in an order drawn by chance, so that a busy machine slows both alike. Nothing is asserted: figures
//! are for people to judge.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a program whose answer is a table")]

mod answers;
#[path = "../load/browser.rs"]
#[allow(dead_code, clippy::allow_attributes, reason = "shared with the load test, which asks for more")]
mod browser;
#[path = "../../tests/support/postgres.rs"]
#[allow(
    dead_code,
    clippy::allow_attributes,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "shared with the tests, which stop when something is wrong"
)]
mod postgres;
#[path = "../load/server.rs"]
#[allow(dead_code, clippy::allow_attributes, reason = "shared with the load test, which asks for more")]
mod server;

use std::time::{Duration, Instant};

use clap::Parser;
use reqwest::Client;
use sekisho::actions::member::members::{self, NewMember};
use sekisho::actions::protocol::signing_keys;
use sekisho::app::App;
use sekisho::clock::Clock;
use sekisho::config::{EmailAddress, Quota, RateLimits, SecondFactor, Settings};
use sekisho::domain::member::profile::{Profile, Role};
use sekisho::random;

use answers::Answers;
use browser::Browser;
use server::Server;

type Error = Box<dyn std::error::Error + Send + Sync>;
type Result<T> = std::result::Result<T, Error>;

#[derive(Parser)]
#[command(name = "timing", about = "Whether the time of an answer tells who is known")]
struct Arguments {
    /// How many answers of each kind are timed, for those who are known and for those who are not.
    #[arg(long, default_value_t = 200)]
    answers: usize,
    /// PostgreSQL (its server's programs must be installed) in place of SQLite.
    #[arg(long)]
    postgres: bool,
    /// Members who come from another system: their passwords are hashed by bcrypt at this cost.
    #[arg(long, value_name = "COST")]
    bcrypt: Option<u32>,
    /// Given by `cargo bench`.
    #[arg(long, hide = true)]
    bench: bool,
}

/// What somebody asks who may or may not be known.
#[derive(Clone, Copy)]
enum Question {
    WrongPassword,
    ForgottenPassword,
    ForgottenUserId,
}

impl Question {
    const ALL: [Question; 3] = [Question::WrongPassword, Question::ForgottenPassword, Question::ForgottenUserId];

    const fn name(self) -> &'static str {
        match self {
            Question::WrongPassword => "login, wrong password",
            Question::ForgottenPassword => "forgotten password",
            Question::ForgottenUserId => "forgotten user ID",
        }
    }

    /// Where the page is, and where its form goes.
    const fn pages(self) -> (&'static str, &'static str) {
        match self {
            Question::WrongPassword => ("/login/password", "/login/password"),
            Question::ForgottenPassword => ("/recovery/forgotten-password", "/recovery/forgotten-password"),
            Question::ForgottenUserId => ("/recovery/forgotten-user-id", "/recovery/forgotten-user-id"),
        }
    }

    fn fields(self, user_id: &str) -> Vec<(&'static str, String)> {
        let user = ("user_id", user_id.to_owned());
        let email = ("email", address(user_id));
        match self {
            Question::WrongPassword => vec![user, ("password", "Wrong-password-1".into())],
            Question::ForgottenPassword => vec![user, email],
            Question::ForgottenUserId => vec![email],
        }
    }
}

#[tokio::main]
async fn main() -> Result<()> {
    // `cargo test --all-targets` runs this too, with arguments that are meant for tests.
    if !std::env::args().any(|argument| matches!(argument.as_str(), "--bench" | "--help")) {
        println!("nothing measured: run `cargo bench --bench timing`");
        return Ok(());
    }
    measure(&Arguments::parse()).await
}

async fn measure(arguments: &Arguments) -> Result<()> {
    let folder = tempfile::tempdir()?;
    let database_url = match arguments.postgres {
        true => postgres::Cluster::shared().new_database().await,
        false => format!("sqlite:{}", folder.path().join("sekisho.db").display()),
    };
    let mut settings = Settings::default();
    // A member with nothing but a password and an address, and limits that one address would meet at once.
    settings.authentication.second_factor = SecondFactor::Off;
    settings.authentication.email_address = EmailAddress::Optional;
    settings.mail.folder = folder.path().join("mail");
    settings.database.url = database_url;
    settings.secrets.master_key_file = folder.path().join("master.key");
    let plenty = Quota { per_minute: 60_000_000, burst: 1_000_000 };
    settings.rate_limits = RateLimits {
        login_by_address: plenty,
        login_by_account: plenty,
        attempts_by_browser: plenty,
        recovery_by_address: plenty,
        pages_by_address: plenty,
        ..RateLimits::default()
    };
    eprintln!("preparing {} members", arguments.answers);
    let society = Society::found(&settings, arguments.answers, arguments.bcrypt).await?;
    let connection = browser::connection()?;
    let provider = Server::provider(&connection, folder.path(), &settings).await?;
    println!("{}", Answers::HEAD);
    for question in Question::ALL {
        // The first answers find cold caches.
        for (known, unknown) in society.known.iter().zip(&society.unknown).take(5) {
            ask(&connection, &provider.address, question, known).await?;
            ask(&connection, &provider.address, question, unknown).await?;
        }
        // Drawn by chance as a whole: an answer is a little slower after one that had mail written beside it.
        let known = society.known.iter().map(|user_id| (true, user_id));
        let mut order: Vec<_> = known.chain(society.unknown.iter().map(|user_id| (false, user_id))).collect();
        order.sort_by_cached_key(|_| random::bytes::<8>());
        let (mut answers, mut next) = (Answers::default(), Answers::default());
        for (is_known, user_id) in order {
            let form = Form::open(&connection, &provider.address, question).await?;
            let probe = Form::open(&connection, &provider.address, Question::ForgottenUserId).await?;
            answers.note(is_known, form.send(&connection, &provider.address, user_id).await?);
            // Right after it somebody asks whose question is written down, too, and who waits for what is written about the first.
            let nobody = format!("probe-{}", random::identifier().to_lowercase());
            next.note(is_known, probe.send(&connection, &provider.address, &nobody).await?);
        }
        println!("{}", answers.row(question.name()));
        println!("{}", next.row(&format!("{}: the next one that writes", question.name())));
    }
    Ok(())
}

/// The form for a question, in a browser that was never here.
struct Form {
    browser: Browser,
    page: String,
    question: Question,
}

impl Form {
    async fn open(connection: &Client, address: &str, question: Question) -> Result<Form> {
        let mut browser = Browser::default();
        let (page, _) = question.pages();
        let first = browser.send(connection.get(format!("{address}{page}"))).await?;
        let page = match first.headers().get(reqwest::header::LOCATION) {
            None => first,
            Some(on) => {
                let on = format!("{address}{}", on.to_str()?);
                browser.send(connection.get(on)).await?
            }
        };
        Ok(Form { browser, page: browser::ok(page).await?, question })
    }

    /// The time from sending the form to the end of the answer.
    async fn send(mut self, connection: &Client, address: &str, user_id: &str) -> Result<Duration> {
        let mut fields = self.question.fields(user_id);
        for name in ["csrf", "flow"] {
            if let Ok(value) = browser::hidden(&self.page, name) {
                fields.push((name, value));
            }
        }
        let (_, form) = self.question.pages();
        let request = connection.post(format!("{address}{form}")).form(&fields);
        let begun = Instant::now();
        let answer = self.browser.send(request).await?;
        let status = answer.status();
        answer.bytes().await?;
        let took = begun.elapsed();
        match (self.question, status.as_u16()) {
            (Question::WrongPassword, 422) | (_, 200) => Ok(took),
            _ => Err(format!("{} was answered by {status}", self.question.name()).into()),
        }
    }
}

async fn ask(connection: &Client, address: &str, question: Question, user_id: &str) -> Result<Duration> {
    Form::open(connection, address, question).await?.send(connection, address, user_id).await
}

/// User IDs, as long as one another.
struct Society {
    known: Vec<String>,
    unknown: Vec<String>,
}

impl Society {
    /// Makes the database, and leaves it for the provider to open. Each ID is asked for a few times only: nobody is locked.
    async fn found(settings: &Settings, members: usize, bcrypt: Option<u32>) -> Result<Society> {
        let app = App::start(settings.clone(), Clock::System).await?;
        signing_keys::ensure(&app).await?;
        let ids = |word: &str| (0..members).map(|number| format!("{word}{number:06}")).collect::<Vec<_>>();
        let society = Society { known: ids("member"), unknown: ids("nobody") };
        // Nobody's password: all that is sent is wrong.
        let hash = bcrypt.map(|cost| app.passwords.import(&format!("$2b${cost:02}${}", ".".repeat(53)))).transpose()?;
        for user_id in &society.known {
            match &hash {
                Some(hash) => members::add_with_hash(&app, member(user_id), hash.clone()).await?,
                None => members::add(&app, member(user_id), "Timing-test-1", false).await?,
            };
        }
        app.store.close().await;
        Ok(society)
    }
}

fn member(user_id: &str) -> NewMember {
    NewMember {
        user_id: user_id.to_owned(),
        role: Role::Member,
        name: None,
        email: Some(address(user_id)),
        email_verified: true,
        phone_number: None,
        phone_number_verified: false,
        profile: Profile::default(),
    }
}

fn address(user_id: &str) -> String {
    format!("{user_id}@example.jp")
}
