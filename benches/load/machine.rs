//! What the machine can do, so that figures from different machines can be compared: operations for each second of CPU
//! time, on all cores at once, as the provider uses them.

use std::path::Path;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use argon2::{Argon2, Block, Params};
use josekit::jwk::{Jwk, alg::ec::EcCurve};
use josekit::jws::{ES256, JwsSigner, RS256};
use sekisho::config::Argon2Cost;
use sqlx::any::install_default_drivers;
use sqlx::{AnyConnection, Connection as _, Executor as _};

use crate::{Result, process};

/// ECDSA signatures on P-256.
pub fn es256(span: Duration) -> Result<f64> {
    signatures(&ES256.signer_from_jwk(&Jwk::generate_ec_key(EcCurve::P256)?)?, span)
}

/// RSA signatures with 2048 bits.
pub fn rs256(span: Duration) -> Result<f64> {
    signatures(&RS256.signer_from_jwk(&Jwk::generate_rsa_key(2048)?)?, span)
}

fn signatures(signer: &impl JwsSigner, span: Duration) -> Result<f64> {
    // The length of an ID token before its signature.
    let message = [b'x'; 600];
    per_cpu_second(span, || || Ok(signer.sign(&message).map(drop)?))
}

/// Password hashes.
pub fn argon2id(cost: Argon2Cost, span: Duration) -> Result<f64> {
    let params = Params::new(cost.memory_kib, cost.iterations, cost.parallelism, None).map_err(|e| e.to_string())?;
    per_cpu_second(span, || {
        let mut memory = vec![Block::new(); params.block_count()];
        let argon2 = Argon2::from(params.clone());
        move || {
            let filled = argon2.hash_password_into_with_memory(b"Load-test-1", &[7; 16], &mut [0; 32], &mut memory);
            Ok(filled.map_err(|e| e.to_string())?)
        }
    })
}

/// How often `work` can be done. Every thread makes its own.
fn per_cpu_second<W: FnMut() -> Result<()>>(span: Duration, make: impl Fn() -> W + Sync) -> Result<f64> {
    let done = AtomicU32::new(0);
    let one_thread = || -> Result<()> {
        let mut work = make();
        let begun = Instant::now();
        while begun.elapsed() < span {
            work()?;
            done.fetch_add(1, Ordering::Relaxed);
        }
        Ok(())
    };
    let before = process::cpu_time(std::process::id())?;
    std::thread::scope(|threads| {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let running: Vec<_> = (0..cores).map(|_| threads.spawn(one_thread)).collect();
        running.into_iter().try_for_each(|thread| thread.join().map_err(|_| "a thread has panicked")?)
    })?;
    let cpu_time = process::cpu_time(std::process::id())? - before;
    Ok(f64::from(done.into_inner()) / cpu_time.as_secs_f64())
}

/// Rows that are written one by one and each durable before the next: on SQLite into a file beside the provider's, with
/// the same care (`store/engine.rs`). Of PostgreSQL's own CPU time nothing is counted, there as for the provider.
pub async fn durable_write(folder: &Path, database_url: &str, span: Duration) -> Result<f64> {
    install_default_drivers();
    let is_sqlite = database_url.starts_with("sqlite:");
    let url = match is_sqlite {
        true => format!("sqlite://{}?mode=rwc", folder.join("yardstick.db").display()),
        false => database_url.to_owned(),
    };
    let mut connection = AnyConnection::connect(&url).await?;
    if is_sqlite {
        connection.execute("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL").await?;
    }
    connection.execute("CREATE TABLE IF NOT EXISTS yardstick (id BIGINT PRIMARY KEY, text TEXT NOT NULL)").await?;
    connection.execute("DELETE FROM yardstick").await?;
    let text = "x".repeat(800);
    let before = process::cpu_time(std::process::id())?;
    let (begun, mut done) = (Instant::now(), 0_u32);
    while begun.elapsed() < span {
        let insert = sqlx::query("INSERT INTO yardstick (id, text) VALUES ($1, $2)");
        insert.bind(i64::from(done)).bind(&text).execute(&mut connection).await?;
        done += 1;
    }
    let cpu_time = process::cpu_time(std::process::id())? - before;
    connection.close().await?;
    Ok(f64::from(done) / cpu_time.as_secs_f64())
}
