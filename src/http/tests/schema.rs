//! A small reader of the JSON Schema that `openapi.json` and `ledger-schema.json` use, to hold
//! their examples to them. A keyword it does not know is a failure, not a pass.

use serde_json::Value;

/// What this value does wrong against a schema, each with its place; `root` is where `$ref` points.
pub(super) fn mistakes(root: &Value, schema: &Value, value: &Value) -> Vec<String> {
    let mut found = Vec::new();
    check(root, schema, value, "$", &mut found);
    found
}

fn check(root: &Value, schema: &Value, value: &Value, at: &str, found: &mut Vec<String>) {
    for (keyword, rule) in schema.as_object().unwrap() {
        let inner: Vec<String> = match keyword.as_str() {
            "$schema" | "$id" | "$defs" | "title" | "description" | "format" | "default"
            | "pattern" => Vec::new(),
            "$ref" => {
                let pointer = rule.as_str().unwrap().strip_prefix('#').unwrap();
                mistakes(root, root.pointer(pointer).unwrap(), value)
            }
            "oneOf" | "anyOf" => {
                let alternatives = rule.as_array().unwrap().iter();
                let good = alternatives
                    .filter(|one| mistakes(root, one, value).is_empty())
                    .count();
                let enough = good == 1 || (keyword == "anyOf" && good > 1);
                told(enough, keyword, rule)
            }
            "required" | "properties" | "additionalProperties" => match value {
                Value::Object(_) => of_object(root, schema, keyword, rule, value),
                _ => Vec::new(),
            },
            "items" => match value.as_array() {
                Some(items) => items
                    .iter()
                    .flat_map(|item| mistakes(root, rule, item))
                    .collect(),
                None => Vec::new(),
            },
            simple => told(simple_rule(simple, rule, value), simple, rule),
        };
        found.extend(inner.into_iter().map(|mistake| format!("{at}{mistake}")));
    }
}

fn told(right: bool, keyword: &str, rule: &Value) -> Vec<String> {
    if right {
        Vec::new()
    } else {
        vec![format!(": {keyword} {rule}")]
    }
}

fn of_object(
    root: &Value,
    schema: &Value,
    keyword: &str,
    rule: &Value,
    value: &Value,
) -> Vec<String> {
    let members = value.as_object().unwrap();
    let within = |name: &String, rule: &Value, member: &Value| -> Vec<String> {
        let inner = mistakes(root, rule, member).into_iter();
        inner.map(|mistake| format!(".{name}{mistake}")).collect()
    };
    match keyword {
        "required" => {
            let names = rule.as_array().unwrap().iter();
            names
                .filter(|name| !members.contains_key(name.as_str().unwrap()))
                .map(|name| format!(": {name} missing"))
                .collect()
        }
        "properties" => {
            let known = rule.as_object().unwrap().iter();
            known
                .filter_map(|(name, rule)| Some(within(name, rule, members.get(name)?)))
                .flatten()
                .collect()
        }
        _ => members
            .iter()
            .filter(|(name, _)| schema["properties"].get(name).is_none())
            .flat_map(|(name, member)| match rule {
                Value::Bool(false) => vec![format!(": {name} unknown")],
                rule => within(name, rule, member),
            })
            .collect(),
    }
}

/// A rule about one value alone; a rule for another type than the value's holds.
fn simple_rule(keyword: &str, rule: &Value, value: &Value) -> bool {
    let bound = |amount: Option<usize>| {
        let (amount, bound) = (amount.map(|n| n as u64), rule.as_u64().unwrap());
        amount.is_none_or(|amount| {
            if keyword.starts_with("min") {
                amount >= bound
            } else {
                amount <= bound
            }
        })
    };
    match keyword {
        "type" => is(rule.as_str().unwrap(), value),
        "const" => value == rule,
        "enum" => rule.as_array().unwrap().contains(value),
        "minLength" | "maxLength" => bound(value.as_str().map(|text| text.chars().count())),
        "minItems" | "maxItems" => bound(value.as_array().map(Vec::len)),
        "minimum" | "maximum" => bound(value.as_u64().map(|n| usize::try_from(n).unwrap())),
        "uniqueItems" => value
            .as_array()
            .is_none_or(|items| (1..items.len()).all(|n| !items[..n].contains(&items[n]))),
        unknown => panic!("the keyword {unknown} is not understood"),
    }
}

fn is(kind: &str, value: &Value) -> bool {
    match kind {
        "null" => value.is_null(),
        "boolean" => value.is_boolean(),
        "integer" => value.is_u64() || value.is_i64(),
        "string" => value.is_string(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        other => panic!("the type {other} is not understood"),
    }
}
