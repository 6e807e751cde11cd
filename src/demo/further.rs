//! How to go on after the tour: commands that can be copied as they stand.

use std::path::Path;

use super::dataset::Case;
use super::screen::{Ink, Screen};
use super::settings::{AUDIENCE, Addresses};

/// Shows how to go on, with `program` as the reader started it.
pub fn show(screen: &mut Screen, program: &str, folder: &Path, at: &Addresses, case: &Case) {
    screen.heading(screen.pick("Verder", "How to go on"), "");
    let text = screen.pick(
        "Hetzelfde verzoek als het eerste van de rondleiding, met de hand; het token geldt één keer:",
        "The first request of the tour, by hand; its token is good for one request:",
    );
    screen.paragraph(1, text);
    command(screen, &download(program, folder, at, case));
    screen.gap();
    let text = screen.pick(
        "Het hele logboek narekenen: boom, handtekeningen, volgorde:",
        "Check the whole ledger: tree, signatures, order:",
    );
    screen.paragraph(1, text);
    command(screen, &verify(program, folder));
    screen.gap();
    let places = [
        (
            screen.pick("systemen", "systems"),
            format!("https://{}/v1/openapi.json", at.exchange),
        ),
        (
            screen.pick("beheer", "operators"),
            format!("http://{}/readyz  /metrics", at.ops),
        ),
        (
            screen.pick("alles", "all of it"),
            format!(
                "{}  {}",
                quoted(&folder.join("demo.json")),
                quoted(&folder.join("sluis.toml"))
            ),
        ),
    ];
    for (what, place) in places {
        let what = screen.ink(Ink::Faint, &super::screen::padded(what, 10));
        screen.line(&format!(" {what} {place}"));
    }
    screen.gap();
    let text = screen.pick(
        "Sluis draait door tot Ctrl-C.",
        "Sluis keeps running until Ctrl-C.",
    );
    screen.line(&format!(" {text}"));
}

/// Shows the link that lets somebody in at the desk, once.
pub fn invite(screen: &mut Screen, link: &str) {
    let text = screen.pick(
        "De balie voor privacy officers; deze link werkt één keer:",
        "The desk for privacy officers; this link works once:",
    );
    screen.gap();
    screen.line(&format!(" {text}"));
    let link = screen.ink(Ink::Command, link);
    screen.line(&format!(" {link}"));
}

fn command(screen: &mut Screen, lines: &[String]) {
    let last = lines.len().saturating_sub(1);
    for (number, line) in lines.iter().enumerate() {
        let end = if number == last { "" } else { " \\" };
        let line = screen.ink(Ink::Command, &format!("{line}{end}"));
        screen.line(&line);
    }
}

/// A download with curl, as the requester of this case.
fn download(program: &str, folder: &Path, at: &Addresses, case: &Case) -> Vec<String> {
    let certs = folder.join("certs");
    let own = |ending: &str| quoted(&certs.join(format!("{}{ending}", case.asks.code())));
    let team = case
        .team
        .as_ref()
        .map(|team| format!(" --team {team}"))
        .unwrap_or_default();
    vec![
        format!(
            "curl --fail-with-body --cacert {}",
            quoted(&certs.join("ca.pem"))
        ),
        format!("  --cert {} --key {}", own(".pem"), own(".key")),
        format!(
            "  -H \"Authorization: Bearer $({} token",
            quoted(Path::new(program))
        ),
        format!("    --key {} --cert {}", own("-token.key"), own(".pem")),
        format!("    --aud {AUDIENCE} --sub medewerker-18{team}"),
        format!("    --doel {} --zaak {})\"", case.purpose, case.case),
        format!("  -o {}.pdf", case.kind),
        format!(
            "  https://{}/v1/documenten/{}/download",
            at.exchange, case.document
        ),
    ]
}

fn verify(program: &str, folder: &Path) -> Vec<String> {
    let configuration = quoted(&folder.join("sluis.toml"));
    let program = quoted(Path::new(program));
    vec![format!("{program} ledger verify --config {configuration}")]
}

/// A path as a shell takes it, also between double quotes.
fn quoted(path: &Path) -> String {
    let text = path.display().to_string();
    let plain = |c: char| c.is_alphanumeric() || "_./:@%+=,-".contains(c);
    if !text.is_empty() && text.chars().all(plain) {
        text
    } else {
        format!("'{}'", text.replace('\'', r"'\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_quoted_when_a_shell_would_take_them_apart() {
        for (path, expected) in [
            ("", "''"),
            ("./sluis-demo", "./sluis-demo"),
            ("mijn map/x", "'mijn map/x'"),
            ("a'b", r"'a'\''b'"),
            ("$HOME", "'$HOME'"),
        ] {
            assert_eq!(quoted(Path::new(path)), expected);
        }
    }
}
