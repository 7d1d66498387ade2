//! The tests' own PostgreSQL: databases that know nothing of each other, and copies of a prepared one.

use sqlx::{Connection, PgConnection};

use crate::support::postgres::Cluster;

#[tokio::test]
async fn databases_share_nothing_unless_one_is_the_template_of_the_other() {
    let cluster = Cluster::shared();
    let (prepared, empty) = (cluster.new_database().await, cluster.new_database().await);
    let mut connection = PgConnection::connect(&prepared).await.unwrap();
    sqlx::raw_sql("CREATE TABLE note (text TEXT); INSERT INTO note VALUES ('here')")
        .execute(&mut connection)
        .await
        .unwrap();
    connection.close().await.unwrap();

    let copy = cluster.new_database_from(prepared.rsplit('/').next().unwrap()).await;
    let read = "SELECT text FROM note";
    let mut connection = PgConnection::connect(&copy).await.unwrap();
    assert_eq!(sqlx::query_scalar::<_, String>(read).fetch_one(&mut connection).await.unwrap(), "here");
    let mut connection = PgConnection::connect(&empty).await.unwrap();
    assert!(sqlx::query_scalar::<_, String>(read).fetch_one(&mut connection).await.is_err());
}

#[tokio::test]
async fn many_tests_take_a_database_at_once() {
    let urls = futures::future::join_all((0..8).map(|_| Cluster::shared().new_database())).await;
    let names: std::collections::BTreeSet<_> = urls.iter().collect();
    assert_eq!(names.len(), 8);
}

#[tokio::test]
async fn a_stranger_without_the_password_is_refused() {
    let url = Cluster::shared().new_database().await;
    let stranger = url.replacen("sekisho:", "sekisho:not", 1);
    assert!(PgConnection::connect(&stranger).await.is_err());
}
