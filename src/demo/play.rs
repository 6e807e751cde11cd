//! One case, played: asked, compared with what must come of it, and followed into the book.

use ring::digest::{Context, SHA256};
use serde_json::Value;

use super::caller::{Answer, CallError, Claims, sha256};
use super::dataset::{Case, Expect};
use super::lines;
use super::stage::Stage;
use crate::domain::Sha256;
use crate::language::Language;

/// What came of a case.
#[derive(Debug)]
pub(super) struct Played {
    /// Whether bytes came.
    pub(super) granted: bool,
    /// The article, or the reason.
    pub(super) outcome: String,
    /// What would have made it a yes.
    pub(super) missing: Vec<Value>,
    /// What was expected, and what came instead.
    pub(super) wrong: Option<String>,
    /// The transaction.
    pub(super) transaction: String,
    /// How many bytes came.
    pub(super) bytes: u64,
}

impl Stage {
    /// Plays a case.
    pub(super) async fn play(
        &mut self,
        case: &Case,
        language: Language,
    ) -> Result<Played, CallError> {
        let path = format!("/v1/documenten/{}/download", case.document);
        let answer = self
            .callers
            .of(case.asks)
            .get(&path, Claims::of(case)?)
            .await?;
        let transaction = answer
            .header("fsc-transaction-id")
            .unwrap_or_default()
            .to_owned();
        let granted = answer.status == 200;
        let problem = if granted { Value::Null } else { answer.json() };
        let article = answer.header("sluis-grondslag").map(str::to_owned);
        let reason = ["reden", "code"]
            .iter()
            .find_map(|name| problem.get(*name)?.as_str());
        let outcome = article
            .or_else(|| reason.map(str::to_owned))
            .unwrap_or_else(|| answer.status.to_string());
        let missing = match problem.get("ontbreekt") {
            Some(Value::Array(missing)) => missing.clone(),
            _ => Vec::new(),
        };
        let mut wrong = unexpected(&case.expect, &answer, &outcome, language);
        if granted && wrong.is_none() {
            wrong = self.unlike_the_file(case, &answer, language).await;
        }
        if granted && wrong.is_none() {
            wrong = self
                .not_in_the_book(case, &answer, &transaction, language)
                .await?;
        }
        Ok(Played {
            granted,
            outcome,
            missing,
            wrong,
            transaction,
            bytes: answer.bytes,
        })
    }

    /// Compares what came with what the provider has.
    async fn unlike_the_file(
        &self,
        case: &Case,
        answer: &Answer,
        language: Language,
    ) -> Option<String> {
        let file = match self.file(case) {
            Some(path) => tokio::fs::read(path).await.ok(),
            None => None,
        };
        let Some(file) = file else {
            return Some(
                language
                    .pick(
                        "een leesbaar bestand bij de bron",
                        "a readable file at the source",
                    )
                    .to_owned(),
            );
        };
        let mut hash = Context::new(&SHA256);
        hash.update(&file);
        let same = language.pick("de bytes van de bron", "the bytes of the source");
        (sha256(hash) != answer.sha256).then(|| same.to_owned())
    }

    /// Looks up in the book what it says of a release: the ground, and how it ended.
    async fn not_in_the_book(
        &mut self,
        case: &Case,
        answer: &Answer,
        transaction: &str,
        language: Language,
    ) -> Result<Option<String>, CallError> {
        let told = self.decision(case, transaction).await?;
        let ground = told.pointer("/besluit/grondslag").and_then(Value::as_str);
        if ground != case.expect.ground.as_deref() {
            let expected = case.expect.ground.as_deref().unwrap_or("-");
            let found = ground.unwrap_or("-");
            return Ok(Some(format!(
                "{expected}, {} {found}",
                language.pick("niet", "not")
            )));
        }
        let closed = is_closed(&told, answer.bytes, answer.sha256);
        Ok((!closed).then(|| {
            let closed = language.pick(
                "een volledige afgifte in het logboek",
                "a complete release in the ledger",
            );
            closed.to_owned()
        }))
    }

    /// What the book says of a release, its closing entry with it: that is written just after the
    /// last byte left, so the first look can come too early; by the second it is there.
    pub(super) async fn decision(
        &mut self,
        case: &Case,
        transaction: &str,
    ) -> Result<Value, CallError> {
        let path = format!("/v1/besluiten/{transaction}");
        let caller = self.callers.of(case.asks);
        let first = caller.get(&path, Claims::registry()?).await?.json();
        if first.get("afgifte").is_some_and(Value::is_object) {
            return Ok(first);
        }
        Ok(caller.get(&path, Claims::registry()?).await?.json())
    }
}

/// Whether the book says that exactly these bytes were released, to the end.
pub(super) fn is_closed(told: &Value, bytes: u64, sha256: Sha256) -> bool {
    let closing = told.get("afgifte");
    let member = |name: &str| closing.and_then(|closing| closing.get(name));
    member("einde").and_then(Value::as_str) == Some("volledig")
        && member("bytes").and_then(Value::as_u64) == Some(bytes)
        && member("sha256").and_then(Value::as_str) == Some(&sha256.to_string())
}

fn unexpected(
    expect: &Expect,
    answer: &Answer,
    outcome: &str,
    language: Language,
) -> Option<String> {
    let expected = expect.article.or(expect.reason).unwrap_or_default();
    if answer.status == expect.status && outcome == expected {
        return None;
    }
    let not = language.pick("niet", "not");
    Some(format!(
        "{} {expected}, {not} {} {outcome}",
        expect.status, answer.status
    ))
}

/// What is missing, as people say it; every way that would have done, then `of` the next.
pub(super) fn missing(missing: &[Value], language: Language) -> String {
    let text = |item: &Value, name: &str| {
        item.get(name)
            .and_then(Value::as_str)
            .unwrap_or_default()
            .to_owned()
    };
    let mut ways: Vec<Vec<String>> = Vec::new();
    for item in missing {
        let mut way = vec![text(item, "soort")];
        if let Some(Value::Array(others)) = item.get("samenMet") {
            way.extend(others.iter().filter_map(Value::as_str).map(str::to_owned));
        }
        way.sort();
        if !ways.contains(&way) {
            ways.push(way);
        }
    }
    let say = |code: &String| {
        let item = missing.iter().find(|item| text(item, "soort") == *code);
        let mut said = lines::missing(code, language);
        if let Some(value) = item
            .and_then(|item| item.get("waarde"))
            .and_then(Value::as_str)
        {
            said = format!("{said} {value}");
        }
        if let Some(owners) = item
            .and_then(|item| item.get("eigenaren"))
            .and_then(Value::as_u64)
        {
            let of = language.pick("van", "of");
            let who = match owners {
                1 => language.pick("eigenaar", "owner"),
                _ => language.pick("eigenaren", "owners"),
            };
            said = format!("{said} {of} {owners} {who}");
        }
        said
    };
    let joined = |way: &Vec<String>| {
        let parts: Vec<String> = way.iter().map(say).collect();
        parts.join(language.pick(" én ", " and "))
    };
    let ways: Vec<String> = ways.iter().map(joined).collect();
    ways.join(language.pick(", of ", ", or "))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_missing_is_said_once_and_in_full() {
        let told = [
            json!({"soort": "toestemming", "toelichting": "…", "eigenaren": 2}),
            json!({"soort": "team", "waarde": "aos", "samenMet": ["aos"]}),
            json!({"soort": "aos", "samenMet": ["team"]}),
        ];
        for (told, dutch, english) in [
            (&told[..0], "", ""),
            (
                &told[..1],
                "toestemming van 2 eigenaren",
                "consent of 2 owners",
            ),
            (
                &told[..],
                "toestemming van 2 eigenaren, of een lopende AOS-melding én het team aos",
                "consent of 2 owners, or a running AOS report and the team aos",
            ),
        ] {
            assert_eq!(missing(told, Language::Dutch), dutch);
            assert_eq!(missing(told, Language::English), english);
        }
    }
}
