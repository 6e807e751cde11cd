//! Whoever is elsewhere: providers, witnesses, the login service, collectors.

use std::path::PathBuf;
use std::sync::Arc;

use bytes::Bytes;
use futures_util::future::join_all;
use http::{Method, Request, StatusCode};
use http_body_util::Full;

use super::super::book::read_witnesses;
use super::super::collector::reach;
use super::book::Book;
use super::clocks::Clocks;
use crate::bounds;
use crate::clock::{Clock, Random};
use crate::config::Config;
use crate::cosign::{Known, Looked, NotKnown};
use crate::domain::Oin;
use crate::errors::in_full;
use crate::finding::Findings;
use crate::https::{Address, Answered, NoAnswer, Tls, TlsTrouble};
use crate::identity::{CertificateFacts, Survey, TlsSettings};
use crate::oidc::LoginService;
use crate::provider::BaseUrl;

const PROVIDER: &str = "provider";
const WITNESS: &str = "witness";
const LOGIN: &str = "login";
const COLLECTOR: &str = "collector";
const TELEMETRY: &str = "telemetry";

fn head(target: &str) -> Request<Full<Bytes>> {
    let mut request = Request::new(Full::default());
    *request.method_mut() = Method::HEAD;
    if let Ok(target) = target.parse() {
        *request.uri_mut() = target;
    }
    request
}

/// Asks for no document: only whether somebody is there who speaks HTTP, and lets us in.
async fn knock(address: &Address, target: &str, tls: Tls) -> Result<Answered, NoAnswer> {
    let most = bounds::JSON_BODY_BYTES;
    address
        .ask(tls, head(target), most, bounds::PROVIDER_CONNECT)
        .await
}

/// Why nobody answered, and what to do, where `whose` certificates are told by `trust`.
fn no_answer(error: &NoAnswer, trust: &str) -> (String, String) {
    let not_ours = "it does not accept the gateway's certificate: have it trust the CA of tls.certificate, and its CRL";
    match (TlsTrouble::find(error), error) {
        (Some(TlsTrouble::Certificate(why)), _) => (
            format!("its certificate is not accepted: {why}"),
            trust.to_owned(),
        ),
        (Some(TlsTrouble::Alert(alert)), _) => (
            format!("it ended the TLS connection ({alert})"),
            not_ours.to_owned(),
        ),
        (Some(TlsTrouble::Other(why)), _) => (
            format!("there is no TLS with it: {why}"),
            "is it the right port, and does it speak a version of tls.profile".to_owned(),
        ),
        (None, NoAnswer::BrokenOff(_)) => (in_full(error), not_ours.to_owned()),
        (None, NoAnswer::Connection(_) | NoAnswer::TooLate(_)) => (
            format!("cannot be reached: {}", in_full(error)),
            "is it running, is the address right, does a firewall stop it".to_owned(),
        ),
    }
}

/// Every provider at once.
pub(super) async fn providers(
    config: &Config,
    survey: &Survey,
    clock: &Arc<dyn Clock>,
) -> (Findings, Clocks) {
    let asked = config
        .providers
        .iter()
        .map(|(oin, base)| provider(config, *oin, base, survey, clock));
    gathered(join_all(asked).await)
}

fn gathered(each: Vec<(Findings, Clocks)>) -> (Findings, Clocks) {
    let (mut all, mut clocks) = (Findings::default(), Clocks::default());
    for (findings, compared) in each {
        all.add(findings);
        clocks.add(compared);
    }
    (all, clocks)
}

async fn provider(
    config: &Config,
    oin: Oin,
    base: &BaseUrl,
    survey: &Survey,
    clock: &Arc<dyn Clock>,
) -> (Findings, Clocks) {
    let (mut all, mut clocks) = (Findings::default(), Clocks::default());
    let name = config.organisations.find(oin).map(|one| one.name.as_str());
    let name = format!("{oin} {}", name.unwrap_or_default());
    let address = base.address();
    let who = format!("{name} at {}", address.authority());
    let Some(tls) = survey.provider_tls(oin) else {
        let why = format!("{who}: not asked, for there is no certificate to show it");
        all.skip(PROVIDER, why);
        return (all, clocks);
    };
    let target = format!("{}/documenten/", base.path());
    match knock(address, &target, tls).await {
        Err(error) => {
            let trust = format!(
                "its CA belongs in provider.trust-anchors, that CA's list in tls.crls, and the certificate must name {oin} and {}",
                address.host()
            );
            let (what, advice) = no_answer(&error, &trust);
            all.fail(PROVIDER, format!("{who}: {what}"), advice);
        }
        Ok(answer) => {
            clocks.compare_date(&name, &answer, clock.now());
            let certificate = answer.certificate.as_ref().and_then(CertificateFacts::read);
            let lasts = certificate.map_or(String::new(), |facts| {
                format!(
                    ", its certificate until {}",
                    crate::finding::day(facts.not_after)
                )
            });
            let status = answer.status;
            let text = format!("{who}: answered {}{lasts}", status.as_u16());
            match status {
                StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => all.fail(
                    PROVIDER,
                    text,
                    "it does not let the gateway in: have it know the subject of tls.certificate",
                ),
                status if status.is_server_error() => {
                    all.warn(PROVIDER, text, "tell whoever runs it");
                }
                status if status.is_redirection() => all.warn(
                    PROVIDER,
                    text,
                    "redirects are not followed: correct provider.base-url if documents are elsewhere",
                ),
                _ => all.ok(PROVIDER, text),
            }
        }
    }
    (all, clocks)
}

/// Every witness at once, after the ledger was looked at.
pub(super) async fn witnesses(
    config: &Config,
    book: &Book,
    clock: &Arc<dyn Clock>,
) -> (Findings, Clocks) {
    let (mut all, mut clocks) = (Findings::default(), Clocks::default());
    let settings = match read_witnesses(config, clock) {
        Ok(Some(settings)) => settings,
        Ok(None) => return (all, clocks),
        Err(mistake) => {
            all.fail_as_told(WITNESS, mistake);
            return (all, clocks);
        }
    };
    if let Some(own) = book.verifier()
        && let Err(error) = settings.check_log(own)
    {
        let what = format!("witnesses.policy is none for this ledger: {error}");
        all.fail_as_told(WITNESS, what);
    }
    let looked = settings.look(book.checkpoint()).await;
    // A running gateway may have shown them more since.
    let size = match book.store() {
        Some(store) => store.head().await.ok().map(|head| head.size),
        None => None,
    };
    for one in &looked {
        if let Some(date) = one.date {
            clocks.compare(
                &format!("the witness {}", one.name),
                date.plus_ms(500),
                clock.now(),
            );
        }
    }
    let is_there = |at: usize| looked.get(at).is_some_and(|one| one.known.is_ok());
    let is_enough = settings.policy().is_reached(is_there);
    for one in &looked {
        witness(&mut all, one, size, is_enough);
    }
    let there: Vec<&str> = looked
        .iter()
        .filter(|one| one.known.is_ok())
        .map(|one| one.name.as_str())
        .collect();
    if is_enough {
        all.ok(
            WITNESS,
            format!("the quorum can be reached, with {}", there.join(", ")),
        );
    } else if settings.refuse_after().is_some() {
        all.fail(
            WITNESS,
            "the quorum cannot be reached, so nothing is released (witnesses.refuse-after-seconds)",
            "have enough of the witnesses above started",
        );
    } else {
        all.warn(
            WITNESS,
            "the quorum cannot be reached: nobody stands behind what is recorded now",
            "have enough of the witnesses above started",
        );
    }
    (all, clocks)
}

fn witness(all: &mut Findings, one: &Looked, size: Option<u64>, is_enough: bool) {
    let who = format!("{} at {}", one.name, one.host);
    match (&one.known, size) {
        (Ok(Known::Size(known)), Some(size)) if *known > size => all.fail(
            WITNESS,
            format!("{who}: cosigned {known} entries, and the database has {size}: it was rolled back"),
            "put the newest database back before anything else (deploy/lost.md: what if there is none)",
        ),
        (Ok(known), _) => all.ok(WITNESS, format!("{who}: {known}")),
        (Err(error), _) => {
            let found = match error {
                NotKnown::NoAnswer(error) => no_answer(
                    error,
                    "its CA belongs in witnesses.trust-anchors, and its certificate must name the host in witnesses.policy",
                ),
                other => (
                    in_full(other),
                    "give its operator this ledger's key (`sluis ledger key`), and see that the address is that of a witness".to_owned(),
                ),
            };
            let (what, advice) = found;
            let text = format!("{who}: {what}");
            if is_enough {
                all.warn(WITNESS, text, advice);
            } else {
                all.fail(WITNESS, text, advice);
            }
        }
    }
}

/// The login service of the desk.
pub(super) async fn login(
    config: &Config,
    clock: &Arc<dyn Clock>,
    random: &Arc<dyn Random>,
) -> Findings {
    let mut all = Findings::default();
    let Some(desk) = &config.desk else {
        return all;
    };
    let (settings, organisations) = (desk.login.clone(), config.organisations.clone());
    let issuer = settings.issuer.as_str().to_owned();
    match LoginService::new(settings, organisations, Arc::clone(clock), Arc::clone(random)) {
        Err(error) => all.fail_as_told(LOGIN, in_full(&error)),
        Ok(service) => match service.look().await {
            Ok(()) => all.ok(LOGIN, format!("{issuer}: describes itself, and has keys")),
            Err(error) => all.fail(
                LOGIN,
                format!("{issuer}: {}", in_full(&error)),
                "check desk.issuer and desk.trust-anchors, and whether it runs; nobody can log in at the desk until then",
            ),
        },
    }
    all
}

/// The collectors of `[collector]` and `[telemetry]`; nothing is told them.
pub(super) async fn collectors(config: &Config, clock: &Arc<dyn Clock>) -> (Findings, Clocks) {
    let book = config.collector.as_ref().map(|settings| Told {
        section: COLLECTOR,
        clock: "the collector",
        url: &settings.url,
        anchors: &settings.trust_anchors,
    });
    let telemetry = config.telemetry.as_ref().map(|settings| Told {
        section: TELEMETRY,
        clock: "the collector of telemetry",
        url: &settings.url,
        anchors: &settings.trust_anchors,
    });
    let each = book.into_iter().chain(telemetry);
    let asked = each.map(|told| collector(told, &config.identity.tls, clock));
    gathered(join_all(asked).await)
}

/// A collector, by its section of the configuration.
struct Told<'c> {
    section: &'static str,
    clock: &'static str,
    url: &'c str,
    anchors: &'c [PathBuf],
}

async fn collector(
    told: Told<'_>,
    own: &TlsSettings,
    clock: &Arc<dyn Clock>,
) -> (Findings, Clocks) {
    let (mut all, mut clocks) = (Findings::default(), Clocks::default());
    let section = told.section;
    let tls = reach(told.anchors, own, clock);
    let (tls, address) = match (tls, Address::parse(told.url)) {
        (Ok(tls), Ok(address)) => (tls, address),
        (Err(error), _) => {
            all.fail_as_told(section, error);
            return (all, clocks);
        }
        (_, Err(error)) => {
            all.fail_as_told(section, format!("{section}.url: {error}"));
            return (all, clocks);
        }
    };
    let who = address.authority().to_owned();
    match knock(&address, address.path(), tls).await {
        Ok(answer) => {
            clocks.compare_date(told.clock, &answer, clock.now());
            all.ok(
                section,
                format!("{who}: answered {}", answer.status.as_u16()),
            );
        }
        Err(error) => {
            let trust = format!(
                "its CA belongs in {section}.trust-anchors, and its certificate must name the host in {section}.url"
            );
            let (what, advice) = no_answer(&error, &trust);
            // Nobody waits for it: the ledger's records are told later, and telemetry is left out.
            all.warn(section, format!("{who}: {what}"), advice);
        }
    }
    (all, clocks)
}
