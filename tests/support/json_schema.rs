//! Holds JSON against a JSON Schema (draft 2020-12), as far as our own descriptions use it. A keyword that it does not know
//! is a mistake: nothing is passed over.

use std::collections::BTreeSet;

use serde_json::Value;

/// What is wrong with `value`; references lead into `root`.
pub fn mistakes(root: &Value, schema: &Value, value: &Value) -> Vec<String> {
    let mut found = Vec::new();
    check(root, schema, value, "", &mut found);
    found
}

/// Notes mistakes; tells which members the schema knows.
fn check(root: &Value, schema: &Value, value: &Value, place: &str, found: &mut Vec<String>) -> BTreeSet<String> {
    let mut known = BTreeSet::new();
    let Some(keywords) = schema.as_object() else {
        assert_eq!(schema, &Value::Bool(true), "{place}: no schema");
        return known;
    };
    let mut expect = |holds: bool, what: String| {
        if !holds {
            found.push(format!("{place}: {what}: {value}"));
        }
    };
    for (keyword, rule) in keywords {
        let number = rule.as_f64();
        let count = rule.as_u64().map(|count| count as usize);
        match keyword.as_str() {
            "type" => expect(
                match rule.as_str().unwrap() {
                    "object" => value.is_object(),
                    "array" => value.is_array(),
                    "string" => value.is_string(),
                    "integer" => value.is_i64() || value.is_u64(),
                    "boolean" => value.is_boolean(),
                    other => panic!("{other} is not known here"),
                },
                format!("no {rule}"),
            ),
            "enum" => expect(rule.as_array().unwrap().contains(value), format!("none of {rule}")),
            "const" => expect(value == rule, format!("not {rule}")),
            "required" => {
                for name in rule.as_array().unwrap() {
                    expect(value.get(name.as_str().unwrap()).is_some(), format!("{name} is missing"));
                }
            }
            "minItems" => expect(value.as_array().is_none_or(|v| v.len() >= count.unwrap()), "too few".into()),
            "maxItems" => expect(value.as_array().is_none_or(|v| v.len() <= count.unwrap()), "too many".into()),
            "minLength" => {
                expect(value.as_str().is_none_or(|v| v.chars().count() >= count.unwrap()), "too short".into())
            }
            "maxLength" => {
                expect(value.as_str().is_none_or(|v| v.chars().count() <= count.unwrap()), "too long".into())
            }
            "minimum" => expect(value.as_f64().is_none_or(|v| v >= number.unwrap()), "too small".into()),
            "maximum" => expect(value.as_f64().is_none_or(|v| v <= number.unwrap()), "too large".into()),
            "format" => expect(
                match rule.as_str().unwrap() {
                    "uri" => value.as_str().is_none_or(|v| url::Url::parse(v).is_ok()),
                    other => panic!("{other} is not known here"),
                },
                format!("no {rule}"),
            ),
            "pattern" => {
                assert_eq!(rule, "^[a-z0-9]+(-[a-z0-9]+)*$", "the one pattern that is known here");
                let is_slug = |text: &str| {
                    text.split('-').all(|part| {
                        !part.is_empty() && part.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit())
                    })
                };
                expect(value.as_str().is_none_or(is_slug), format!("not {rule}"));
            }
            "$ref"
            | "allOf"
            | "properties"
            | "items"
            | "unevaluatedProperties"
            | "additionalProperties"
            | "description"
            | "default" => {}
            other => panic!("{other} is not known here"),
        }
    }
    if let Some(link) = schema["$ref"].as_str() {
        let target = root.pointer(link.trim_start_matches('#')).unwrap_or_else(|| panic!("{link} leads nowhere"));
        known.extend(check(root, target, value, place, found));
    }
    for part in schema["allOf"].as_array().into_iter().flatten() {
        // What a part knows, its whole knows.
        let mut part = part.clone();
        if let Some(link) = part["$ref"].as_str() {
            part = root.pointer(link.trim_start_matches('#')).unwrap().clone();
        }
        part.as_object_mut().unwrap().remove("unevaluatedProperties");
        known.extend(check(root, &part, value, place, found));
    }
    for (name, inner) in schema["properties"].as_object().into_iter().flatten() {
        known.insert(name.clone());
        if let Some(member) = value.get(name) {
            check(root, inner, member, &format!("{place}/{name}"), found);
        }
    }
    if let Some(inner) = schema.get("items") {
        for (at, item) in value.as_array().into_iter().flatten().enumerate() {
            check(root, inner, item, &format!("{place}/{at}"), found);
        }
    }
    if schema["additionalProperties"].is_object() {
        for (name, member) in value.as_object().into_iter().flatten().filter(|(name, _)| !known.contains(*name)) {
            check(root, &schema["additionalProperties"], member, &format!("{place}/{name}"), found);
        }
    }
    if schema["unevaluatedProperties"] == false || schema["additionalProperties"] == false {
        for name in value.as_object().into_iter().flatten().map(|(name, _)| name) {
            if !known.contains(name) {
                found.push(format!("{place}: {name} is not described"));
            }
        }
    }
    known
}
