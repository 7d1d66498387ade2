//! What comparing a password with a stored hash costs: of each kind of hash the dearest.

use crate::store::sql::query;
use crate::store::{Reads, StoreError, WriteTx};

/// One kind of hash.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cost {
    pub kind: String,
    pub work: i64,
    pub sample: String,
}

pub async fn all(db: &mut impl Reads) -> Result<Vec<Cost>, StoreError> {
    let rows = query("SELECT kind, work, sample FROM password_costs ORDER BY kind").fetch_all(db.connection()).await?;
    rows.iter()
        .map(|row| Ok(Cost { kind: row.try_get("kind")?, work: row.try_get("work")?, sample: row.try_get("sample")? }))
        .collect()
}

/// Notes a cost, unless one as dear is noted of its kind.
pub async fn note(tx: &mut WriteTx, cost: &Cost) -> Result<(), StoreError> {
    query(
        "INSERT INTO password_costs (kind, work, sample) VALUES ($1, $2, $3)
         ON CONFLICT (kind) DO UPDATE SET work = excluded.work, sample = excluded.sample
           WHERE password_costs.work < excluded.work",
    )
    .bind(&cost.kind)
    .bind(cost.work)
    .bind(&cost.sample)
    .execute(tx.connection())
    .await?;
    Ok(())
}
