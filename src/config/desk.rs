//! `[desk]`: where officers come in, and the login service that says who they are.

use std::collections::BTreeMap;

use super::section::Section;
use super::{secret, text_of};
use crate::domain::DeskRole;
use crate::https::Address;
use crate::oidc::{ClientSecret, Issuer, Settings};

/// Where the browser comes back from the login service; part of what is registered there.
const RETURN_PATH: &str = "/aanmelden/terug";
/// Where it goes after logging out there.
const LOGOUT_PATH: &str = "/afgemeld";
/// The longest name of a claim, a role or a client, in characters.
const NAME_CHARACTERS: usize = 256;

/// `[desk]`.
#[derive(Debug, Clone)]
pub struct DeskSettings {
    /// The address browsers use, without a slash at its end.
    pub url: String,
    /// The login service.
    pub login: Settings,
}

/// Reads `[desk]`; without that table there is no desk.
pub(super) fn desk(root: &mut Section) -> Option<DeskSettings> {
    if !root.has("desk") {
        return None;
    }
    let mut section = root.table("desk");
    let url = section.required("url", origin);
    let issuer = section.required("issuer", text_of(Issuer::parse));
    let client_id = section.required("client-id", name);
    let client_secret = match section.optional_path("client-secret-file") {
        None => None,
        Some(path) => match secret(&path) {
            Ok(secret) => Some(ClientSecret::new(secret)),
            Err(message) => {
                section.mistake("client-secret-file", &message);
                None
            }
        },
    };
    let trust_anchors = section.paths("trust-anchors");
    let organisation_claim =
        section.optional("organisation-claim", name, || "organisatie".to_owned());
    let roles_claim = section.optional("roles-claim", name, || "rollen".to_owned());
    let role_names = role_names(&mut section);
    let url = url?;
    Some(DeskSettings {
        login: Settings {
            issuer: issuer?,
            client_id: client_id?,
            client_secret,
            redirect: format!("{url}{RETURN_PATH}"),
            after_logout: format!("{url}{LOGOUT_PATH}"),
            organisation_claim: organisation_claim?,
            roles_claim: roles_claim?,
            role_names: role_names?,
            trust_anchors: trust_anchors?,
        },
        url,
    })
}

/// `[desk.roles]`: what the login service calls each role.
fn role_names(desk: &mut Section) -> Option<BTreeMap<String, DeskRole>> {
    let mut section = desk.table("roles");
    let mut names = BTreeMap::new();
    let mut whole = true;
    for role in DeskRole::ALL {
        match section.optional(role.code(), name, || role.code().to_owned()) {
            None => whole = false,
            Some(name) => {
                if names.insert(name, role).is_some() {
                    let message = "another role has this name already; a name gives one role";
                    section.mistake(role.code(), message);
                }
            }
        }
    }
    whole.then_some(names)
}

/// An address of a whole host: the desk's pages begin at its root.
fn origin(text: &str) -> Result<String, String> {
    match Address::parse(text) {
        Ok(address) if address.path() == "/" && address.query().is_none() => {
            Ok(format!("https://{}", address.authority()))
        }
        _ => Err("expected the https address browsers use, such as https://balie.example".into()),
    }
}

fn name(text: &str) -> Result<String, String> {
    let proper = (1..=NAME_CHARACTERS).contains(&text.chars().count())
        && text.trim() == text
        && !text.contains(char::is_control);
    proper
        .then(|| text.to_owned())
        .ok_or_else(|| format!("expected a name of 1 to {NAME_CHARACTERS} characters"))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;
    use std::path::PathBuf;

    use super::*;
    use crate::config::section::read_alone;

    const WHOLE: &str = r#"
        [desk]
        url = "https://balie.example/"
        issuer = "https://login.example/realms/rijk"
        client-id = "sluis"
        trust-anchors = ["login-ca.pem"]
    "#;

    fn read(text: &str) -> Result<Option<DeskSettings>, Vec<String>> {
        let (read, mistakes) = read_alone(text, desk);
        if mistakes.is_empty() {
            Ok(read)
        } else {
            assert!(
                !mistakes.iter().any(|told| told.message.contains("geheim")),
                "a secret is shown"
            );
            Err(mistakes.into_iter().map(|told| told.key).collect())
        }
    }

    #[test]
    fn every_mistake_is_told_with_its_key() {
        let table = |key: &str, line: &str| {
            let rest = WHOLE.lines().filter(|l| !l.trim().starts_with(key));
            let rest: Vec<&str> = rest.collect();
            format!("{}\n{line}\n", rest.join("\n"))
        };
        let long = format!("client-id = \"{}\"", "é".repeat(257));
        for (key, line, told) in [
            ("url", "", &["desk.url"][..]),
            ("url", "url = \"http://balie.example\"", &["desk.url"]),
            ("url", "url = \"balie.example\"", &["desk.url"]),
            ("url", "url = \"https://balie.example/pad\"", &["desk.url"]),
            ("url", "url = \"https://balie.example/?x=y\"", &["desk.url"]),
            ("url", "url = \"https://balie.example//\"", &["desk.url"]),
            ("url", "url = \"https://a:b@balie.example\"", &["desk.url"]),
            ("issuer", "", &["desk.issuer"]),
            (
                "issuer",
                "issuer = \"http://login.example\"",
                &["desk.issuer"],
            ),
            (
                "issuer",
                "issuer = \"https://login.example?x\"",
                &["desk.issuer"],
            ),
            (
                "issuer",
                "issuer = \"https://login.example/#x\"",
                &["desk.issuer"],
            ),
            ("client-id", "", &["desk.client-id"]),
            ("client-id", "client-id = \"\"", &["desk.client-id"]),
            ("client-id", "client-id = \" sluis\"", &["desk.client-id"]),
            ("client-id", "client-id = 5", &["desk.client-id"]),
            ("client-id", &long, &["desk.client-id"]),
            ("trust-anchors", "", &["desk.trust-anchors"]),
            (
                "trust-anchors",
                "trust-anchors = []",
                &["desk.trust-anchors"],
            ),
            ("-", "roles-claim = \"\"", &["desk.roles-claim"]),
            (
                "-",
                "organisation-claim = [\"a\"]",
                &["desk.organisation-claim"],
            ),
            ("-", "client-secret = \"geheim\"", &["desk.client-secret"]),
            (
                "-",
                "client-secret-file = \"/none\"",
                &["desk.client-secret-file"],
            ),
            ("-", "roles = \"fg\"", &["desk.roles"]),
            ("-", "[desk.roles]\nFG = \"fg\"", &["desk.roles.FG"]),
            ("-", "[desk.roles]\nfg = [\"fg\"]", &["desk.roles.fg"]),
            (
                "-",
                "[desk.roles]\nfg = \"a\"\nbeheer = \"a\"",
                &["desk.roles.beheer"],
            ),
            (
                "-",
                "[desk.roles]\nfg = \"auditor\"",
                &["desk.roles.auditor"],
            ),
            (
                "url",
                "url = \"\"\nissuer2 = \"x\"\n[desk.roles]\nfg = \"\"",
                &["desk.issuer2", "desk.roles.fg", "desk.url"],
            ),
        ] {
            assert_eq!(read(&table(key, line)).unwrap_err(), told, "{line}");
        }
        assert_eq!(read("desk = 5").unwrap_err()[0], "desk");
    }

    #[test]
    fn a_desk_is_read_with_its_defaults() {
        assert!(read("").unwrap().is_none());
        let desk = read(WHOLE).unwrap().unwrap();
        assert_eq!(desk.url, "https://balie.example");
        let login = desk.login;
        assert_eq!(login.redirect, "https://balie.example/aanmelden/terug");
        assert_eq!(login.after_logout, "https://balie.example/afgemeld");
        assert_eq!(login.issuer.as_str(), "https://login.example/realms/rijk");
        assert_eq!(
            login.trust_anchors,
            [PathBuf::from("/etc/sluis/login-ca.pem")]
        );
        assert_eq!(login.organisation_claim, "organisatie");
        assert_eq!(login.roles_claim, "rollen");
        assert_eq!(login.role_names["fg"], DeskRole::Fg);
        assert!(login.client_secret.is_none());
        let with_names = format!("{WHOLE}\n[desk.roles]\nfg = \"Privacy officer\"");
        let names = read(&with_names).unwrap().unwrap().login.role_names;
        let names: Vec<(&str, DeskRole)> = names
            .iter()
            .map(|(name, role)| (name.as_str(), *role))
            .collect();
        let expected = [
            ("Privacy officer", DeskRole::Fg),
            ("auditor", DeskRole::Auditor),
            ("beheer", DeskRole::Beheer),
        ];
        assert_eq!(names, expected);
    }

    #[test]
    fn the_client_secret_is_its_owners_only() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("client.secret");
        let text = format!("{WHOLE}\nclient-secret-file = \"{}\"", path.display());
        std::fs::write(&path, "geheim\n").unwrap();
        for (mode, good) in [(0o644, false), (0o640, false), (0o600, true)] {
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
            match read(&text) {
                Ok(desk) => {
                    assert!(good, "{mode:o}");
                    let shown = format!("{desk:?}");
                    assert!(shown.contains("[redacted]") && !shown.contains("geheim"));
                }
                Err(told) => {
                    assert!(!good, "{mode:o}");
                    assert_eq!(told, ["desk.client-secret-file"], "{mode:o}");
                }
            }
        }
        std::fs::write(&path, "\n").unwrap();
        assert_eq!(read(&text).unwrap_err(), ["desk.client-secret-file"]);
    }

    /// The sample configuration explains every key; its example is one that is read.
    #[test]
    fn the_sample_has_every_key() {
        let sample = concat!(env!("CARGO_MANIFEST_DIR"), "/deploy/sluis.toml");
        let sample = std::fs::read_to_string(sample).unwrap();
        let (_, from) = sample
            .split_once("# [desk]\n")
            .expect("an example of [desk]");
        let example = from.lines().take_while(|line| line.starts_with('#'));
        let bare: Vec<&str> = example
            .filter_map(|line| line.strip_prefix("# "))
            .filter(|line| line.starts_with('[') || line.contains(" = \"") || line.contains(" = ["))
            .collect();
        for key in [
            "url",
            "issuer",
            "client-id",
            "client-secret-file",
            "trust-anchors",
            "organisation-claim",
            "roles-claim",
            "[desk.roles]",
            "fg",
            "auditor",
            "beheer",
        ] {
            assert!(bare.iter().any(|line| line.starts_with(key)), "{key}");
        }
        let readable = bare
            .into_iter()
            .filter(|line| !line.starts_with("client-secret-file"));
        let readable: Vec<&str> = readable.collect();
        let text = format!("[desk]\n{}", readable.join("\n"));
        assert!(read(&text).unwrap().is_some());
    }
}
