//! What the test binaries share. Each takes what it needs, hence the allowance for the rest.
#![allow(dead_code, unused_imports, unused_macros, clippy::allow_attributes, reason = "no test binary uses all of it")]

pub mod app;
pub mod authenticator;
pub mod browser;
pub mod cut;
pub mod disk;
pub mod json_schema;
pub mod mails;
pub mod postgres;
pub mod proxy;
pub mod relying_party;
pub mod smtp;
pub mod state;
pub mod visitor;

pub use app::{Engine, TestApp};

/// Runs each test on SQLite and on PostgreSQL.
macro_rules! on_both_engines {
    ($($(#[$attribute:meta])* async fn $name:ident($engine:ident: Engine) $body:block)*) => {$(
        mod $name {
            use super::*;

            $(#[$attribute])*
            async fn test($engine: Engine) $body

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn on_sqlite() {
                test(Engine::Sqlite).await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn on_postgres() {
                test(Engine::Postgres).await;
            }
        }
    )*};
}
pub(crate) use on_both_engines;
