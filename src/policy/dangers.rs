//! Constructions that are legal Cedar but dangerous here, found in a rule's JSON form.

use serde_json::Value;

/// Operations that can fail while a rule is evaluated. A rule that fails is *skipped*, a `forbid`
/// too; so reckoning is done in the gateway, where it is checked, and rules only compare.
const CAN_FAIL: [&str; 11] = [
    "+",
    "-",
    "*",
    "neg",
    "offset",
    "durationSince",
    "toDate",
    "toTime",
    "getTag",
    "decimal",
    "ip",
];

/// Walks an expression in Cedar's JSON form and notes every dangerous construction.
pub(super) fn find(expression: &Value, found: &mut Vec<String>) {
    let mut conjuncts = Vec::new();
    flatten("&&", expression, &mut conjuncts);
    for part in &conjuncts {
        if let Some(whole) = part.pointer("/containsAll/right") {
            // Everybody of nobody is everybody: an address without known owners would have
            // complete consent.
            let guard = serde_json::json!({"!": {"arg": {"isEmpty": {"arg": whole}}}});
            if !conjuncts.contains(&&guard) {
                found.push(
                    "containsAll zonder `!….isEmpty()` ervoor: van een lege verzameling is altijd alles aanwezig"
                        .to_owned(),
                );
            }
        }
        let members = part.as_object().into_iter().flatten();
        for (operator, operands) in members {
            if CAN_FAIL.contains(&operator.as_str()) {
                found.push(format!(
                    "`{operator}` kan mislukken, en een regel die mislukt wordt overgeslagen; reken in de poort"
                ));
            }
            match operands {
                Value::Object(named) if operator != "Value" => {
                    named.values().for_each(|operand| find(operand, found));
                }
                Value::Array(list) => list.iter().for_each(|operand| find(operand, found)),
                _ => {}
            }
        }
    }
}

fn flatten<'a>(operator: &str, expression: &'a Value, parts: &mut Vec<&'a Value>) {
    let operands = expression.get(operator);
    let side = |name| operands.and_then(|o| o.get(name));
    match (side("left"), side("right")) {
        (Some(left), Some(right)) => {
            flatten(operator, left, parts);
            flatten(operator, right, parts);
        }
        _ => parts.push(expression),
    }
}
