//! `GET /logs`: the transaction log in the words of FSC Logging, whose names and forms these are. It asks
//! for a certificate alone, as that standard has it: a record says less than the public book does.

use axum::extract::State;
use http::StatusCode;
use serde_json::{Value, json};

use super::Answer;
use crate::bounds::{LOGS_RECORDS, LOGS_RECORDS_USUAL, LOGS_WANTED};
use crate::domain::TransactionId;
use crate::exchange::{LogsPage, LogsWanted, Order};
use crate::http::arrival::Arrival;
use crate::http::fields::Errors;
use crate::http::{Shared, reply};

/// The parameters it knows.
pub(in crate::http) const PARAMETERS: &[&str] = &[
    "cursor",
    "limit",
    "sort_order",
    "after",
    "before",
    "grant_hash",
    "service_name",
    "transaction_ids",
];

/// `GET /logs`
pub(in crate::http) async fn logs(State(shared): State<Shared>, mut call: Arrival) -> Answer {
    let reader = call.organisation().oin;
    let wanted = call.query(|pairs, errors| Some(read(pairs, errors)));
    let wanted = call.done(wanted)?;
    let page = shared.exchange.logs(reader, wanted).await?;
    reply::json(StatusCode::OK, &answer(&page))
}

/// The answer; the cursor is empty at the end.
pub(in crate::http) fn answer(page: &LogsPage) -> Value {
    let next = page.next.map_or_else(String::new, |next| next.to_string());
    json!({"records": page.records, "pagination": {"next_cursor": next}})
}

/// Reads the query; everything wrong with it is told.
fn read(pairs: &[(String, String)], errors: &mut Errors) -> LogsWanted {
    let known = |name: &str| PARAMETERS.contains(&name);
    let twice = |(at, (name, _)): (usize, &(String, String))| {
        pairs.iter().take(at).any(|(earlier, _)| earlier == name)
    };
    if pairs.iter().any(|(name, _)| !known(name)) || pairs.iter().enumerate().any(twice) {
        errors.add(
            "query",
            format!(
                "verwacht: hoogstens één keer elk van {}",
                PARAMETERS.join(", ")
            ),
        );
    }
    // An empty value is the same as none: FSC says so of the cursor.
    let find = |wanted: &str| {
        let found = pairs.iter().find(|(name, _)| name == wanted);
        found
            .map(|(_, value)| value.as_str())
            .filter(|value| !value.is_empty())
    };
    let mut number = |name: &str, least: i64, most: i64| {
        let text = find(name)?;
        let digits = text.bytes().all(|byte| byte.is_ascii_digit());
        let read = text
            .parse()
            .ok()
            .filter(|n| digits && (least..=most).contains(n));
        if read.is_none() {
            errors.add(
                name,
                format!("verwacht: een geheel getal van {least} tot en met {most}"),
            );
        }
        read
    };
    let most = i64::try_from(LOGS_RECORDS).unwrap_or(i64::MAX);
    let cursor = number("cursor", 0, i64::MAX).map(i64::unsigned_abs);
    let limit = number("limit", 1, most).map(i64::unsigned_abs);
    let after = number("after", 0, i64::MAX);
    let before = number("before", 0, i64::MAX);
    let order = match find("sort_order") {
        None | Some("SORT_ORDER_ASCENDING") => Order::Ascending,
        Some("SORT_ORDER_DESCENDING") => Order::Descending,
        Some(_) => {
            let message = "verwacht: SORT_ORDER_ASCENDING of SORT_ORDER_DESCENDING";
            errors.add("sort_order", message);
            Order::Ascending
        }
    };
    let mut list = |name: &str| {
        let items = find(name).into_iter().flat_map(|text| text.split(','));
        let items: Vec<String> = items.map(str::to_owned).collect();
        if items.len() > LOGS_WANTED || items.iter().any(String::is_empty) {
            errors.add(
                name,
                format!("verwacht: 1 tot en met {LOGS_WANTED} waarden, met komma's ertussen"),
            );
        }
        items
    };
    let (grants, services) = (list("grant_hash"), list("service_name"));
    let ids = list("transaction_ids");
    let mut transactions = Vec::new();
    for (at, id) in ids.iter().enumerate() {
        match TransactionId::parse(id) {
            Ok(id) => transactions.push(id),
            Err(wrong) => errors.add(
                format!("transaction_ids[{at}]"),
                format!("verwacht: {wrong}"),
            ),
        }
    }
    LogsWanted {
        cursor,
        limit: limit.unwrap_or(LOGS_RECORDS_USUAL),
        order,
        after,
        before,
        grants,
        services,
        transactions,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(query: &str) -> (Vec<String>, LogsWanted) {
        let pairs: Vec<(String, String)> = form_urlencoded::parse(query.as_bytes())
            .map(|(name, value)| (name.into_owned(), value.into_owned()))
            .collect();
        let mut errors = Errors::up_to(20);
        let read = read(&pairs, &mut errors);
        let list = errors.into_list().into_iter();
        (list.map(|error| error.field).collect(), read)
    }

    #[test]
    fn everything_wrong_with_a_query_is_told() {
        let many = vec!["documenten"; LOGS_WANTED + 1].join(",");
        for (query, wrong) in [
            ("adres=1", &["query"][..]),
            ("limit=1&limit=2", &["query"]),
            ("limit=0", &["limit"]),
            ("limit=1001", &["limit"]),
            ("limit=%2B5", &["limit"]),
            ("limit=-1", &["limit"]),
            ("cursor=x", &["cursor"]),
            ("after=2026-01-01", &["after"]),
            ("before=1.5", &["before"]),
            ("sort_order=ASC", &["sort_order"]),
            ("service_name=a,,b", &["service_name"]),
            (&format!("service_name={many}"), &["service_name"]),
            (
                "limit=x&after=y&transaction_ids=1,2",
                &["limit", "after", "transaction_ids[0]", "transaction_ids[1]"],
            ),
        ] {
            assert_eq!(told(query).0, wrong, "{query}");
        }
    }

    #[test]
    fn a_query_is_read_as_it_is_meant() {
        let nothing = told("").1;
        assert_eq!((nothing.limit, nothing.order), (25, Order::Ascending));
        assert_eq!(told("cursor=&sort_order=").1, nothing);
        let (wrong, read) = told(
            "cursor=7&limit=1000&sort_order=SORT_ORDER_DESCENDING&after=1&before=2&grant_hash=a,b\
             &service_name=documenten&transaction_ids=019aa6d4-0c00-7a6b-8c9d-0e1f2a3b4c5d",
        );
        assert_eq!(wrong, [""; 0]);
        assert_eq!(
            (read.cursor, read.limit, read.order),
            (Some(7), 1000, Order::Descending)
        );
        assert_eq!((read.after, read.before), (Some(1), Some(2)));
        assert_eq!((read.grants.len(), read.services.len()), (2, 1));
        assert_eq!(read.transactions.len(), 1);
    }
}
