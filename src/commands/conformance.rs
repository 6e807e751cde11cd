//! `sluis conformance`: tells the developer of a client whether their side is right.

use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::Args;
use sluis::bounds;
use sluis::clock::{Clock, SystemClock, SystemRandomness};
use sluis::conformance::{self, Asked, Verdict};
use sluis::domain::{CaseNumber, DocumentId, Employee, Oin, Team, Word};
use sluis::errors::in_full;
use sluis::https::Address;
use sluis::identity::{TokenRequest, make_token};

use super::{CODE, Exit, Failed, OIN, Outcome, TEXT, UUID, expecting, output};

/// Tell the developer of a new client, step by step, whether their side is right: certificate, key, token
/// claim by claim, headers; and then what a gateway says of them.
///
/// What is recorded in the gateway's ledger is said before it is done. Needs nothing of the gateway but its
/// address and CA.
///
/// Ends with 0 where all is right, with 1 where something is not, and with 69 where the gateway could not be
/// asked.
#[derive(Debug, Args)]
pub(super) struct ConformanceArgs {
    /// The gateway, such as `https://sluis.example:8443`.
    #[arg(long, value_name = "URL", value_parser = address)]
    url: Address,
    /// The CA of its certificate (PEM).
    #[arg(long, value_name = "FILE")]
    ca: PathBuf,
    /// Your client certificate with the CAs above it, yours first (PEM).
    #[arg(long, value_name = "FILE")]
    cert: PathBuf,
    /// Its key (PEM).
    #[arg(long, value_name = "FILE")]
    key: PathBuf,
    /// The OIN you believe to have.
    #[arg(long, value_name = "OIN", value_parser = expecting::<Oin>(OIN))]
    oin: Option<Oin>,
    /// The gateway's audience, as its operator told you; what `aud` of a token must be.
    #[arg(long, value_name = "URL")]
    aud: Option<String>,
    /// A token as your client makes it, in a file, or - for standard input.
    #[arg(long, value_name = "FILE", conflicts_with = "token_key")]
    token: Option<PathBuf>,
    /// Instead, your token key (PKCS#8 PEM): a token is made with it, which is right in all but what only
    /// you and the gateway know.
    #[arg(long, value_name = "FILE")]
    token_key: Option<PathBuf>,
    /// With --token-key: what for; `beheer` asks a call that is not recorded.
    #[arg(long, value_name = "CODE", default_value = "beheer", value_parser = expecting::<Word>(TEXT))]
    doel: Word,
    /// With --token-key: who asks, a pseudonym.
    #[arg(long, value_name = "ID", default_value = "conformance", value_parser = expecting::<Employee>(TEXT))]
    sub: Employee,
    /// With --token-key: your case number.
    #[arg(long, value_name = "NR", default_value = "conformance", value_parser = expecting::<CaseNumber>(TEXT))]
    zaak: CaseNumber,
    /// With --token-key: in which team.
    #[arg(long, value_name = "NAME", value_parser = expecting::<Team>(CODE))]
    team: Option<Team>,
    /// The JWKS that you gave the gateway's operator.
    #[arg(long, value_name = "FILE")]
    jwks: Option<PathBuf>,
    /// A document to ask about, with a token for a purpose; left out, one that nobody has.
    #[arg(long, value_name = "UUID", value_parser = expecting::<DocumentId>(UUID))]
    document: Option<DocumentId>,
    /// The head of a request as your client sends it, or as `curl -v` prints it.
    #[arg(long, value_name = "FILE")]
    headers: Option<PathBuf>,
}

fn address(text: &str) -> Result<Address, String> {
    let read = Address::parse(text).map_err(|error| error.to_string())?;
    if read.query().is_some() {
        return Err("expected an address without a question mark".to_owned());
    }
    Ok(read)
}

pub(super) async fn run(args: ConformanceArgs) -> Outcome {
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let random = SystemRandomness::default();
    let token = match (&args.token, &args.token_key) {
        (Some(path), _) => Some(Ok(text_of(path)?)),
        (None, Some(key)) => Some(made(&args, key, &*clock, &random)),
        (None, None) => None,
    };
    let head = args.headers.as_deref().map(text_of).transpose()?;
    let asked = Asked {
        url: args.url,
        ca: args.ca,
        certificate: args.cert,
        key: args.key,
        oin: args.oin,
        token,
        jwks: args.jwks,
        audience: args.aud,
        document: args.document,
        head,
    };
    let mut tell = |one: &sluis::finding::Finding| output::say(&one.to_string());
    Ok(
        match conformance::run(&asked, &clock, &random, &mut tell).await {
            Verdict::Right => {
                output::say("Your side is right.");
                Exit::Done
            }
            Verdict::Wrong => {
                output::say("Something is not right: look at the lines marked FAIL.");
                Exit::Wrong
            }
            Verdict::NoAnswer => {
                output::say(
                    "Nothing is wrong on your side as far as was seen; the gateway could not be asked.",
                );
                Exit::Unavailable
            }
        },
    )
}

/// A token made here, for the purpose that was named.
fn made(
    args: &ConformanceArgs,
    key: &Path,
    clock: &dyn Clock,
    random: &SystemRandomness,
) -> Result<String, String> {
    let origin = || format!("https://{}", args.url.authority());
    let request = TokenRequest {
        key: key.to_owned(),
        certificate: args.cert.clone(),
        audience: args.aud.clone().unwrap_or_else(origin),
        employee: args.sub.clone(),
        purpose: args.doel.clone(),
        case: args.zaak.clone(),
        team: args.team.clone(),
        document: None,
        life_seconds: 60,
    };
    make_token(&request, clock, random).map_err(|error| in_full(&error))
}

/// A text of a size that a head or a token can have.
fn text_of(path: &Path) -> Result<String, Failed> {
    let most = 4 * bounds::HEADER_BYTES as u64;
    let mut text = String::new();
    let read = if path == Path::new("-") {
        std::io::stdin().lock().take(most).read_to_string(&mut text)
    } else {
        std::fs::File::open(path).and_then(|file| file.take(most).read_to_string(&mut text))
    };
    read.map_err(|error| {
        let path = path.display();
        Failed::usage([format!("{path}: cannot be read ({error}); check the path")])
    })?;
    Ok(text)
}
