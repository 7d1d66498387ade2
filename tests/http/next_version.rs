//! Two neighbouring versions on one database: what the next version has added to the tables and written into them is served,
//! stepped over and kept by this one.

use sekisho::app::{App, StartError};
use sekisho::domain::protocol::client::Client;
use sekisho::domain::unix_time::Span;
use sekisho::jobs::clean_up;
use sekisho::store::OpenError;
use sekisho::store::mail::mail_outbox;
use sekisho::store::member::members;
use sekisho::store::protocol::clients;
use serde_json::{Value, json};
use sqlx::Row as _;

use crate::support::app::HANAKO;
use crate::support::relying_party::{RelyingParty, text};
use crate::support::{Engine, TestApp, on_both_engines};

/// The migration of a version to come: columns, a table, values in columns that hold names.
async fn next_version(app: &TestApp) {
    let mut sql = vec![
        "CREATE TABLE device_codes (code TEXT NOT NULL PRIMARY KEY, expires_at BIGINT NOT NULL)".to_owned(),
        "INSERT INTO device_codes (code, expires_at) VALUES ('a', 0)".to_owned(),
        "INSERT INTO migrations (number, name, digest) VALUES (9999, 'next', '00')".to_owned(),
        r#"INSERT INTO signing_keys (key_id, algorithm, public_jwk, private_jwk, created_at, signs_from)
           VALUES ('ed', 'EdDSA', '{"kty":"OKP","kid":"ed","alg":"EdDSA"}', 'sealed otherwise', 0, 0)"#
            .to_owned(),
        "UPDATE account_events SET event = '{\"kind\":\"moved_to_the_moon\",\"crater\":7}'".to_owned(),
    ];
    for table in
        ["members", "clients", "browser_sessions", "authorization_grants", "logins", "mail_outbox", "signing_keys"]
    {
        sql.push(format!("ALTER TABLE {table} ADD COLUMN later TEXT NOT NULL DEFAULT 'by the next version'"));
    }
    let mut connection = app.connection().await;
    for statement in sql {
        sqlx::query(sqlx::AssertSqlSafe(statement)).execute(&mut connection).await.unwrap();
    }
}

/// Changes a JSON column of one row as the next version might.
async fn rewrite(app: &TestApp, table: &str, column: &str, key: (&str, &str), change: impl FnOnce(&mut Value)) {
    let mut connection = app.connection().await;
    let (name, id) = key;
    let select = format!("SELECT {column} FROM {table} WHERE {name} = $1");
    let row = sqlx::query(sqlx::AssertSqlSafe(select)).bind(id).fetch_one(&mut connection).await.unwrap();
    let mut value: Value = serde_json::from_str(&row.get::<String, _>(0)).unwrap();
    change(&mut value);
    let update = format!("UPDATE {table} SET {column} = $2 WHERE {name} = $1");
    sqlx::query(sqlx::AssertSqlSafe(update)).bind(id).bind(value.to_string()).execute(&mut connection).await.unwrap();
    app.app.store.forget();
}

async fn stored(app: &TestApp, sql: &'static str, id: &str) -> String {
    let mut connection = app.connection().await;
    sqlx::query(sql).bind(id).fetch_one(&mut connection).await.unwrap().get(0)
}

async fn by_the_next_version(app: &TestApp, rp: &RelyingParty) {
    next_version(app).await;
    rewrite(app, "clients", "metadata", ("client_id", &rp.id), |metadata| {
        metadata["grant_types"].as_array_mut().unwrap().push(json!("urn:ietf:params:oauth:grant-type:device_code"));
        metadata["backchannel_logout_uri"] = json!("https://rp.example.jp/backchannel");
        metadata["id_token_alg"] = json!("EdDSA");
    })
    .await;
}

on_both_engines! {
    async fn a_database_of_the_next_version_is_served(engine: Engine) {
        let app = TestApp::start(engine).await;
        let rp = app.relying_party().await;
        let code = rp.code(&app.visitor(), HANAKO, &[("scope", "openid email offline_access")]).await;
        let before = rp.redeem(&code).await.expect_status(200);
        by_the_next_version(&app, &rp).await;

        // Who has served all along, and who starts now: going back.
        for node in [&app, &app.another_node().await] {
            node.visitor().get("/health/ready").await.expect_status(200);
            node.app.reload_keys().await.unwrap();
            let keys = node.visitor().get("/jwks").await.expect_status(200).json();
            assert!(keys["keys"].as_array().unwrap().iter().any(|key| key["kid"] == "ed"), "{keys}");
            let visitor = node.visitor_logged_in(HANAKO).await;
            visitor.get("/account/activity").await.expect_status(200);
            let listed = clients::list(&mut node.app.store.reader().await.unwrap(), "", 100).await.unwrap();
            assert!(listed.iter().any(|client| client.client.id.as_str() == rp.id));
        }
        let code = rp.code(&app.visitor(), HANAKO, &[]).await;
        rp.redeem(&code).await.expect_status(200);
        rp.refresh(&text(&before, "refresh_token")).await.expect_status(200);
        rp.request("/token", &[("grant_type", "urn:ietf:params:oauth:grant-type:device_code")])
            .await
            .expect_oauth_error(400, "unsupported_grant_type");
    }

    async fn what_the_next_version_wrote_is_kept_when_a_row_is_written_again(engine: Engine) {
        let app = TestApp::start(engine).await;
        let rp = app.relying_party().await;
        let visitor = app.visitor_logged_in(HANAKO).await;
        by_the_next_version(&app, &rp).await;
        let hanako = sekisho::actions::member::members::find(&app.app, HANAKO.0).await.unwrap().unwrap();
        rewrite(&app, "members", "profile", ("member_id", hanako.id.as_str()), |profile| {
            profile["pronouns"] = json!("she");
            profile["address"]["planet"] = json!("Earth");
        })
        .await;

        let mut tx = app.app.store.write().await.unwrap();
        let found = clients::by_id(&mut tx, &rp.id).await.unwrap().unwrap();
        let changed = Client { contacts: vec!["new@example.jp".into()], ..found.client };
        clients::update(&mut tx, &changed, found.secret_digest.as_deref(), app.now()).await.unwrap();
        let mut profile = members::by_id(&mut tx, &hanako.id).await.unwrap().unwrap().profile;
        profile.nickname = Some("new".into());
        members::set_profile(&mut tx, &hanako.id, &profile, app.now()).await.unwrap();
        tx.commit().await.unwrap();
        app.advance(Span::hours(1));
        visitor.get("/account/profile").await;
        app.visitor_logged_in(HANAKO).await;
        sekisho::actions::protocol::signing_keys::ensure(&app.app).await.unwrap();
        clean_up::run(&app.app).await.unwrap();

        let metadata: Value = serde_json::from_str(
            &stored(&app, "SELECT metadata FROM clients WHERE client_id = $1", &rp.id).await).unwrap();
        assert_eq!(metadata["contacts"], json!(["new@example.jp"]));
        assert!(metadata["grant_types"].as_array().unwrap().contains(&json!("urn:ietf:params:oauth:grant-type:device_code")));
        assert_eq!(metadata["backchannel_logout_uri"], "https://rp.example.jp/backchannel");
        assert_eq!(metadata["id_token_alg"], "EdDSA");
        let profile: Value = serde_json::from_str(
            &stored(&app, "SELECT profile FROM members WHERE member_id = $1", hanako.id.as_str()).await).unwrap();
        assert_eq!((&profile["nickname"], &profile["pronouns"]), (&json!("new"), &json!("she")));
        assert_eq!((&profile["address"]["country"], &profile["address"]["planet"]), (&json!("JP"), &json!("Earth")));
        let later = "by the next version";
        assert_eq!(stored(&app, "SELECT later FROM clients WHERE client_id = $1", &rp.id).await, later);
        assert_eq!(stored(&app, "SELECT later FROM signing_keys WHERE key_id = $1", "ed").await, later);
        assert_eq!(stored(&app, "SELECT code FROM device_codes WHERE code = $1", "a").await, "a", "its tables are its own");
    }

    async fn a_client_that_authenticates_in_a_way_of_the_next_version_can_not_do_so_here(engine: Engine) {
        let app = TestApp::start(engine).await;
        let rp = app.relying_party().await;
        let code = rp.code(&app.visitor(), HANAKO, &[]).await;
        rewrite(&app, "clients", "metadata", ("client_id", &rp.id), |metadata| {
            metadata["authentication"] = json!("tls_client_auth");
        })
        .await;
        rp.redeem(&code).await.expect_oauth_error(401, "invalid_client");
        // Members log in all the same, and the code is good where the client is understood.
        rp.code(&app.visitor(), HANAKO, &[]).await;
        let mut tx = app.app.store.write().await.unwrap();
        let found = clients::by_id(&mut tx, &rp.id).await.unwrap().unwrap();
        clients::update(&mut tx, &found.client, found.secret_digest.as_deref(), app.now()).await.unwrap();
        tx.commit().await.unwrap();
        rewrite(&app, "clients", "metadata", ("client_id", &rp.id), |metadata| {
            assert_eq!(metadata["authentication"], "tls_client_auth");
            metadata["authentication"] = json!("client_secret_basic");
        })
        .await;
        rp.redeem(&code).await.expect_status(200);
    }

    async fn stages_and_ways_that_are_not_known_are_stepped_over(engine: Engine) {
        let app = TestApp::start(engine).await;
        let rp = app.relying_party().await;
        let visitor = app.visitor_logged_in(HANAKO).await;
        let code = visitor.get(&rp.authorize_url(&[])).await.code();
        app.execute("UPDATE authorization_grants SET stage = 'awaiting_device'").await;
        rp.redeem(&code).await.expect_oauth_error(400, "invalid_grant");
        visitor.get("/account/applications").await.expect_status(200);
        app.execute("UPDATE authorization_grants SET stage = 'approved'").await;
        rp.redeem(&code).await.expect_status(200);
        app.execute("UPDATE browser_sessions SET assurance = 'two_persons'").await;
        visitor.get("/account/sessions").await.expect_status(200);
        app.execute("UPDATE members SET role = 'auditor'").await;
        visitor.get("/account/profile").await.expect_status(200);
        app.execute("UPDATE mail_outbox SET state = 'bounced'").await;
        mail_outbox::latest(&mut app.app.store.reader().await.unwrap(), None, None, 50).await.unwrap();
    }

    async fn nodes_that_start_together_make_one_key_of_each_algorithm(engine: Engine) {
        use sekisho::actions::protocol::signing_keys::ensure;
        let app = TestApp::start(engine).await;
        app.execute("DELETE FROM signing_keys").await;
        let other = app.another_node().await;
        let done = tokio::join!(ensure(&app.app), ensure(&other.app), ensure(&app.app), ensure(&other.app));
        for done in [done.0, done.1, done.2, done.3] {
            done.unwrap();
        }
        assert_eq!(app.rows("signing_keys").await, 2);
    }

    async fn tables_that_this_version_may_not_use_any_more_are_refused(engine: Engine) {
        let app = TestApp::start(engine).await;
        next_version(&app).await;
        app.execute("UPDATE compatibility SET oldest_migration = 9999").await;
        let refused = App::start(app.app.settings.clone(), app.app.clock.clone()).await.err().unwrap();
        assert!(matches!(refused, StartError::Database(OpenError::Newer(9999))), "{refused}");
    }

    /// Only the clean-up moves on when a grant is looked at; what it looks at too early, it looks at again.
    async fn a_grant_that_is_refreshed_outlives_its_first_review(engine: Engine) {
        let app = TestApp::start(engine).await;
        let rp = app.relying_party().await;
        let code = rp.code(&app.visitor(), HANAKO, &[("scope", "openid email offline_access")]).await;
        let mut token = text(&rp.redeem(&code).await.expect_status(200), "refresh_token");
        let idle = app.app.settings.tokens.refresh_idle;
        for _ in 0..3 {
            app.advance(Span::seconds(idle.as_seconds() / 2));
            clean_up::run(&app.app).await.unwrap();
            token = text(&rp.refresh(&token).await.expect_status(200), "refresh_token");
        }
        assert_eq!((app.rows("authorization_grants").await, app.rows("browser_sessions").await), (1, 1));
        app.advance(idle);
        app.advance(Span::days(2));
        clean_up::run(&app.app).await.unwrap();
        assert_eq!(app.rows("authorization_grants").await, 0);
        // The session is looked at a day after its last grant was seen, at the latest.
        app.advance(Span::days(1));
        app.advance(Span::seconds(1));
        clean_up::run(&app.app).await.unwrap();
        assert_eq!(app.rows("browser_sessions").await, 0);
    }
}
