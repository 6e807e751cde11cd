//! The action worked out of a condition: in the flat form there is one action, so what a rule asks of
//! the action it was asked under is answered here, on Cedar's JSON form.

use serde_json::{Map, Value, json};

/// A condition that does more with the action than compare it with actions it names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct AsksTooMuch;

/// The expression as it reads while the action is `action`; `is_in` says of which groups it is part.
pub(super) fn fold(
    expression: &Value,
    action: &str,
    is_in: &dyn Fn(&str) -> bool,
) -> Result<Value, AsksTooMuch> {
    let Value::Object(node) = expression else {
        return Ok(expression.clone());
    };
    if let Some(known) = known(node, action, is_in) {
        return Ok(json!({"Value": known}));
    }
    if expression == &json!({"Var": "action"}) {
        return Err(AsksTooMuch);
    }
    let mut folded = Map::new();
    for (operator, operands) in node {
        folded.insert(
            operator.clone(),
            match operands {
                _ if operator == "Value" || operator == "Var" => operands.clone(),
                Value::Object(named) => Value::Object(
                    named
                        .iter()
                        .map(|(name, operand)| Ok((name.clone(), fold(operand, action, is_in)?)))
                        .collect::<Result<_, _>>()?,
                ),
                Value::Array(list) => Value::Array(
                    list.iter()
                        .map(|operand| fold(operand, action, is_in))
                        .collect::<Result<_, _>>()?,
                ),
                other => other.clone(),
            },
        );
    }
    Ok(Value::Object(folded))
}

/// The answer to a question about nothing but the action.
fn known(node: &Map<String, Value>, action: &str, is_in: &dyn Fn(&str) -> bool) -> Option<bool> {
    let (operator, operands) = node.iter().next()?;
    let left = operands.get("left")?;
    let right = operands.get("right")?;
    let is_action = |value: &Value| *value == json!({"Var": "action"});
    let same = || match (is_action(left), is_action(right)) {
        (true, true) => Some(true),
        (true, false) => Some(literal(right)? == action),
        (false, true) => Some(literal(left)? == action),
        (false, false) => None,
    };
    match operator.as_str() {
        "==" => same(),
        "!=" => same().map(|same| !same),
        "in" if is_action(left) => {
            let groups = literals(right)?;
            Some(groups.iter().any(|group| *group == action || is_in(group)))
        }
        "contains" if is_action(right) => Some(literals(left)?.contains(&action)),
        _ => None,
    }
}

fn literal(value: &Value) -> Option<&str> {
    named(value.get("Value")?)
}

fn named(value: &Value) -> Option<&str> {
    let entity = value.get("__entity")?;
    if entity.get("type")?.as_str()? != "Action" {
        return None;
    }
    entity.get("id")?.as_str()
}

/// One literal, or a set of them in either way of writing it.
fn literals(value: &Value) -> Option<Vec<&str>> {
    if let Some(one) = literal(value) {
        return Some(vec![one]);
    }
    if let Some(list) = value.get("Set").and_then(Value::as_array) {
        return list.iter().map(literal).collect();
    }
    let list = value.get("Value")?.as_array()?;
    list.iter().map(named).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use cedar_policy::Policy;

    fn folded(condition: &str) -> Result<String, AsksTooMuch> {
        let text = format!("permit (principal, action, resource) when {{ {condition} }};");
        let mut json = Policy::parse(None, text).unwrap().to_json().unwrap();
        let body = json.pointer_mut("/conditions/0/body").unwrap();
        *body = fold(body, "aos", &|group| group == "verstrekken")?;
        let text = Policy::from_json(None, json).unwrap().to_cedar().unwrap();
        let (_, condition) = text.split_once("when").unwrap();
        let words: Vec<&str> = condition.split_whitespace().collect();
        Ok(words.join(" ").trim_end_matches(';').to_owned())
    }

    #[test]
    fn what_a_rule_asks_of_its_action_is_answered() {
        for (asked, answer) in [
            ("action", Err(AsksTooMuch)),
            ("[action].contains(resource.x)", Err(AsksTooMuch)),
            ("action == context.wat", Err(AsksTooMuch)),
            ("action == Action::\"aos\"", Ok("{ true }")),
            ("Action::\"anders\" == action", Ok("{ false }")),
            ("action != Action::\"aos\"", Ok("{ false }")),
            ("action in Action::\"verstrekken\"", Ok("{ true }")),
            ("action in [Action::\"groep\"]", Ok("{ false }")),
            (
                "[Action::\"aos\", Action::\"b\"].contains(action)",
                Ok("{ true }"),
            ),
            (
                "context.a && (if action == Action::\"aos\" then context.b else context.c)",
                Ok("{ context.a && (if true then context.b else context.c) }"),
            ),
        ] {
            let is = folded(asked);
            assert_eq!(is.as_deref(), answer.as_ref().copied(), "{asked}");
        }
    }
}
