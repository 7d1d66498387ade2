//! What a newer version has written into a JSON column and this one doesn't know: stepped over when the column is read, and
//! carried along when it is written again.

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::{StoreError, from_json, to_json};

/// `new` as it is to be stored in place of `old`. What of `old` this version can't read stays: fields, members of lists, and
/// values in place of which it read something else and which it has not changed.
pub(super) fn rewritten<T: Serialize + DeserializeOwned>(old: &str, read: &T, new: &T) -> Result<String, StoreError> {
    let (Ok(old), Ok(read), Ok(new)) =
        (serde_json::from_str(old), serde_json::to_value(read), serde_json::to_value(new))
    else {
        return to_json(new);
    };
    to_json(&merged(old, &read, new))
}

/// The same for a type that reads whatever it knows and skips the rest by itself.
pub(super) fn rewritten_plain<T: Serialize + DeserializeOwned>(
    old: &str,
    new: &T,
    table: &'static str,
    column: &'static str,
    row: &str,
) -> Result<String, StoreError> {
    rewritten(old, &from_json::<T>(old, table, column, row)?, new)
}

fn merged(old: Value, read: &Value, new: Value) -> Value {
    match (old, read, new) {
        (Value::Object(old), Value::Object(read), Value::Object(mut new)) => {
            for (name, value) in old {
                match (read.get(&name), new.remove(&name)) {
                    (Some(read), Some(now)) => drop(new.insert(name, merged(value, read, now))),
                    // Known, and taken away.
                    (Some(_), None) => {}
                    (None, None) => drop(new.insert(name, value)),
                    (None, Some(now)) => drop(new.insert(name, now)),
                }
            }
            Value::Object(new)
        }
        (Value::Array(old), Value::Array(read), Value::Array(mut new)) => {
            new.extend(old.into_iter().filter(|item| !read.contains(item)));
            Value::Array(new)
        }
        (old, read, new) if new == *read => old,
        (_, _, new) => new,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_not_known_is_carried_along_and_what_was_changed_is_changed() {
        let old = json!({
            "name": "A", "grants": ["code", "device"], "method": "mutual_tls", "alg": "EdDSA", "gone": 1,
            "address": { "country": "JP", "planet": "Earth" }, "later": { "any": [1, 2] }
        });
        let read = json!({
            "name": "A", "grants": ["code"], "method": "basic", "alg": "RS256", "gone": 1, "address": { "country": "JP" }
        });
        let new = json!({
            "name": "B", "grants": ["code", "refresh"], "method": "basic", "alg": "ES256", "address": { "country": "JP" }
        });
        assert_eq!(
            merged(old, &read, new),
            json!({
                "name": "B", "grants": ["code", "refresh", "device"], "method": "mutual_tls", "alg": "ES256",
                "address": { "country": "JP", "planet": "Earth" }, "later": { "any": [1, 2] }
            })
        );
    }
}
