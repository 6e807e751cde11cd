//! What ties a call to those before and after it: `Fsc-Transaction-Id` (FSC) and `traceparent`
//! (W3C Trace Context).

use http::{HeaderMap, HeaderName};

use super::problem::Problem;
use crate::bounds::TRANSACTION_SKEW_MS;
use crate::clock::{Moment, NoRandomness, Random};
use crate::domain::{TraceParent, TransactionId};

/// The header of FSC, spelled as it is on the wire.
const TRANSACTION: &str = "Fsc-Transaction-Id";

/// The same header, for an answer.
pub(super) const TRANSACTION_HEADER: HeaderName = HeaderName::from_static("fsc-transaction-id");

/// The transaction id of a call, taken over or made. When what came in cannot be taken over, there
/// is a problem, and a new id to answer it under.
///
/// # Errors
/// [`NoRandomness`] when a new id is needed and cannot be made.
pub(super) fn transaction(
    headers: &HeaderMap,
    now: Moment,
    random: &dyn Random,
) -> Result<(TransactionId, Option<Problem>), NoRandomness> {
    let mut values = headers.get_all(TRANSACTION).iter();
    let taken_over = match (values.next(), values.next()) {
        (None, _) => return TransactionId::new(now, random).map(|id| (id, None)),
        (Some(_), Some(_)) => Err("komt meer dan één keer voor".to_owned()),
        (Some(value), None) => value
            .to_str()
            .map_err(|_| "verwacht: een UUIDv7 van 36 tekens".to_owned())
            .and_then(|text| {
                TransactionId::parse(text).map_err(|wrong| format!("verwacht: {wrong}"))
            })
            .and_then(|id| {
                if fresh(id, now) {
                    Ok(id)
                } else {
                    Err(stale(now))
                }
            }),
    };
    match taken_over {
        Ok(id) => Ok((id, None)),
        Err(message) => TransactionId::new(now, random)
            .map(|id| (id, Some(Problem::invalid_field(TRANSACTION, message)))),
    }
}

/// Whether the id says it was made about now: an older one could have been used before without
/// anyone remembering it.
fn fresh(id: TransactionId, now: Moment) -> bool {
    id.moment()
        .is_some_and(|made| now.ms_since(made).abs() <= TRANSACTION_SKEW_MS)
}

fn stale(now: Moment) -> String {
    format!(
        "het tijdstip in de id ligt meer dan {} minuten van de klok van Sluis ({now})",
        TRANSACTION_SKEW_MS / 60_000
    )
}

/// A valid `traceparent` (W3C Trace Context, 3.2.2), as it goes on. Anything else is dropped, as
/// that standard asks (4.3): a call never fails for it. A later version is taken as version 00.
pub(super) fn traceparent(headers: &HeaderMap) -> Option<TraceParent> {
    let mut values = headers.get_all("traceparent").iter();
    let (Some(value), None) = (values.next(), values.next()) else {
        return None;
    };
    let text = value.to_str().ok()?;
    let (known, rest) = text.split_at_checked(55)?;
    let (version, ids) = known.split_at_checked(2)?;
    let hex = |byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
    match version {
        "00" if rest.is_empty() => TraceParent::parse(known).ok(),
        "00" | "ff" => None,
        later if later.bytes().all(hex) && (rest.is_empty() || rest.starts_with('-')) => {
            TraceParent::parse(&format!("00{ids}")).ok()
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::SystemRandomness;
    use crate::language::Language;
    use http::HeaderValue;

    fn now() -> Moment {
        Moment::parse("2026-11-21T12:00:00Z").unwrap()
    }

    fn id_of(at: Moment) -> String {
        TransactionId::new(at, &SystemRandomness::default())
            .unwrap()
            .to_string()
    }

    fn check(values: &[&str]) -> (String, Option<String>) {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(TRANSACTION, HeaderValue::from_str(value).unwrap());
        }
        let (id, problem) = transaction(&headers, now(), &SystemRandomness::default()).unwrap();
        let message = problem.map(|problem| {
            let document = problem.document(id, Language::Dutch);
            document["fouten"][0]["melding"]
                .as_str()
                .unwrap()
                .to_owned()
        });
        (id.to_string(), message)
    }

    #[test]
    fn a_transaction_id_is_taken_over_only_when_it_is_one_of_now() {
        let edge = TRANSACTION_SKEW_MS;
        for (values, message) in [
            (vec!["x".to_owned()], "verwacht: een UUIDv7 van 36 tekens"),
            (vec![String::new()], "verwacht: een UUIDv7 van 36 tekens"),
            (vec!["é".to_owned()], "verwacht: een UUIDv7 van 36 tekens"),
            (
                vec!["0d1f0f3c-5d6a-4c1e-9f5e-2a1c8f0a7b11".to_owned()],
                "verwacht: een UUIDv7 van 36 tekens",
            ),
            (
                vec![id_of(now()), id_of(now())],
                "komt meer dan één keer voor",
            ),
            (
                vec![id_of(now().plus_ms(-edge - 1))],
                "het tijdstip in de id ligt meer dan 5 minuten van de klok van Sluis (2026-11-21T12:00:00.000Z)",
            ),
            (
                vec![id_of(now().plus_ms(edge + 1))],
                "het tijdstip in de id ligt meer dan 5 minuten van de klok van Sluis (2026-11-21T12:00:00.000Z)",
            ),
        ] {
            let values: Vec<&str> = values.iter().map(String::as_str).collect();
            let (id, told) = check(&values);
            assert_eq!(told.as_deref(), Some(message), "{values:?}");
            assert!(!values.contains(&id.as_str()), "answered under a new id");
        }
        for at in [now(), now().plus_ms(-edge), now().plus_ms(edge)] {
            let id = id_of(at);
            assert_eq!(check(&[&id]), (id.clone(), None));
            assert_eq!(check(&[&id.to_uppercase()]), (id, None));
        }
        assert_ne!(check(&[]).0, check(&[]).0);
    }

    #[test]
    fn a_traceparent_is_valid_or_dropped() {
        const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
        const SPAN: &str = "00f067aa0ba902b7";
        let of = |values: &[&str]| {
            let mut headers = HeaderMap::new();
            for value in values {
                headers.append("traceparent", HeaderValue::from_str(value).unwrap());
            }
            traceparent(&headers).map(|sent| sent.to_string())
        };
        let good = format!("00-{TRACE}-{SPAN}-01");
        for dropped in [
            String::new(),
            "00".to_owned(),
            format!("00-{TRACE}-{SPAN}"),
            format!("00-{TRACE}-{SPAN}-01-"),
            format!("00-{TRACE}-{SPAN}-01-x"),
            format!("ff-{TRACE}-{SPAN}-01"),
            format!("0x-{TRACE}-{SPAN}-01"),
            format!("00-{}-{SPAN}-01", TRACE.to_uppercase()),
            format!("00-{}-{SPAN}-01", "0".repeat(32)),
            format!("00-{TRACE}-{}-01", "0".repeat(16)),
            format!("00-{TRACE}-{SPAN}-0g"),
            format!("00-{TRACE}{SPAN}--01"),
            format!("01-{TRACE}-{SPAN}-01x"),
            format!("{good} "),
        ] {
            assert_eq!(of(&[&dropped]), None, "{dropped:?}");
        }
        assert_eq!(of(&[&good, &good]), None, "two");
        assert_eq!(of(&[]), None);
        assert_eq!(of(&[&good]), Some(good.clone()));
        let later = format!("cc-{TRACE}-{SPAN}-01-what-comes-later");
        assert_eq!(of(&[&later]), Some(good));
    }
}
