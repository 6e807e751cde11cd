//! One bundle for people to read, and one agreement about it with the proof that it stands in the book.

use std::sync::Arc;

use askama::Template;
use axum::extract::Path;
use axum::response::Response;

use super::super::page::{Page, file, html};
use super::super::problem::Problem;
use super::super::routes::{EVERYONE, Routes};
use super::super::visit::Visit;
use super::super::words::Wording;
use super::agreed::AgreedPart;
use crate::bounds;
use crate::domain::Sha256;
use crate::exchange::officer::{AgreedOn, AgreementStanding};
use crate::ledger::agreement;
use crate::merkle;
use crate::policy::Bundle;

pub(super) fn routes(routes: Routes) -> Routes {
    routes
        .get("/regels/{bundel}", EVERYONE, show)
        .get("/regels/{bundel}/overeenkomst/{nr}", EVERYONE, entry)
        .get("/regels/{bundel}/overeenkomst/{nr}/bewijs", EVERYONE, proof)
}

/// A bundle by its hash, as it stands in a path.
pub(super) fn find(visit: &Visit, hash: &str) -> Result<Arc<Bundle>, Problem> {
    let hash = Sha256::parse(hash).map_err(|_| Problem::NotFound)?;
    let bundle = visit.desk.officers.policies().find(hash);
    bundle.ok_or(Problem::NotFound)
}

#[derive(Template)]
#[template(path = "bundel.html")]
struct BundlePage {
    page: Page,
    title: String,
    code: String,
    hash: String,
    /// What to know before reading: that these rules do not decide now.
    warning: Option<&'static str>,
    agreed: Vec<AgreedPart>,
    has_more: bool,
    /// The rules in words: HTML.
    content: Arc<str>,
}

async fn show(visit: Visit, Path(hash): Path<String>) -> Result<Response, Problem> {
    let (l, officers) = (visit.l, &visit.desk.officers);
    let bundle = find(&visit, &hash)?;
    let agreements = officers
        .agreements_on(bundle.hash(), bounds::DESK_AGREEMENTS)
        .await?;
    let wording = Wording::new(officers, l);
    let best = agreements.list.first().map(|one| one.standing);
    let warning = match best {
        Some(AgreementStanding::InForce) => None,
        Some(AgreementStanding::Planned) => Some(l.pick(
            "Deze regels gelden nog niet. Er is afgesproken wanneer zij ingaan.",
            "These rules are not in force yet. It was agreed when they begin.",
        )),
        Some(_) => Some(l.pick(
            "Deze regels gelden nu niet. Zij staan hier omdat ervoor getekend is, en omdat eerdere besluiten ernaar verwijzen.",
            "These rules are not in force now. They are here because they were signed for, and because earlier decisions refer to them.",
        )),
        None => Some(l.pick(
            "Deze regels gelden niet: de organisaties hebben er niet voor getekend.",
            "These rules are not in force: the organisations did not sign for them.",
        )),
    };
    Ok(html(&BundlePage {
        page: visit.page(bundle.title_in(l)),
        title: bundle.title_in(l).to_owned(),
        code: bundle.id().to_owned(),
        hash: bundle.hash().to_string(),
        warning,
        agreed: agreements
            .list
            .iter()
            .map(|one| AgreedPart::new(one, Some(&bundle), &wording))
            .collect(),
        has_more: agreements.has_more,
        content: visit.desk.rules.rules(&bundle, l).await?,
    }))
}

async fn agreed_on(visit: &Visit, hash: &str, index: &str) -> Result<AgreedOn, Problem> {
    let hash = Sha256::parse(hash).map_err(|_| Problem::NotFound)?;
    let index = index.parse().map_err(|_| Problem::NotFound)?;
    let officers = &visit.desk.officers;
    let found = officers.find_agreement(hash, index).await?;
    found.ok_or(Problem::NotFound)
}

#[derive(Template)]
#[template(path = "bundel-overeenkomst.html")]
struct EntryPage {
    page: Page,
    agreed: AgreedPart,
    /// Whether it was proven just now that it stands in the book.
    holds: bool,
    leaf: String,
    /// What was signed.
    text: String,
    /// The entry as it stands in the book.
    line: String,
    line_back: Option<String>,
}

async fn entry(
    visit: Visit,
    Path((hash, index)): Path<(String, String)>,
) -> Result<Response, Problem> {
    let (l, officers) = (visit.l, &visit.desk.officers);
    let one = agreed_on(&visit, &hash, &index).await?;
    let proof = officers.proof(&one.found).await?;
    let bundle = officers.policies().find(one.bundle);
    let wording = Wording::new(officers, l);
    let text = agreement(&one.found.entry).map(|agreed| agreed.text());
    let readable = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let mut page = visit.page(l.pick("Overeenkomst", "Agreement"));
    page.title = format!("{} {}", page.title, l.number(one.found.index));
    Ok(html(&EntryPage {
        page,
        agreed: AgreedPart::new(&one, bundle.as_deref(), &wording),
        holds: proof
            .proven
            .inspect_err(|error| {
                tracing::error!(error = %error, ledger.index = one.found.index, "a proof does not hold");
            })
            .is_ok(),
        leaf: Sha256::from_bytes(merkle::leaf_hash(&one.found.line)).to_string(),
        text: readable(&text.unwrap_or_default()),
        line: readable(&one.found.line),
        line_back: one
            .taken_back
            .as_ref()
            .map(|back| readable(&back.found.line)),
    }))
}

async fn proof(
    visit: Visit,
    Path((hash, index)): Path<(String, String)>,
) -> Result<Response, Problem> {
    let one = agreed_on(&visit, &hash, &index).await?;
    let proof = visit.desk.officers.proof(&one.found).await?;
    let name = format!("bewijs-overeenkomst-{}.tlog-proof.txt", one.found.index);
    Ok(file("text/plain; charset=utf-8", &name, proof.text))
}
