//! The desk, from outside: a demo with a small year behind it, and people who log in.

mod browser;
mod consents;
mod door;
mod hour;
mod inert;
mod keeping;
mod keyboard;
mod log;
mod pages;
mod reach;
mod service;
mod signals;
mod witnesses;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::Child;
use std::sync::Arc;
use std::time::{Duration, Instant};

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use rustls::{ClientConfig, RootCertStore};
use serde_json::Value;
use tempfile::TempDir;

use crate::client::{Answer, Call, Line};
use crate::process::{SLUIS, mortal, spawn};

/// A demo that stays up.
pub(crate) struct Demo {
    folder: TempDir,
    process: Child,
    pub(crate) desk: SocketAddr,
    pub(crate) about: Value,
}

impl Demo {
    /// With a year at so many addresses behind it; 0 for none.
    pub(crate) async fn start(addresses: u32) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut command = mortal("KILL", SLUIS);
        command
            .args(["demo", "--ports", "0", "--dir"])
            .arg(folder.path().join("demo"));
        if addresses > 0 {
            command.arg(format!("--seed-year={addresses}"));
        }
        let said = std::fs::File::create(folder.path().join("said")).unwrap();
        command.stdout(said.try_clone().unwrap()).stderr(said);
        let process = spawn(command).unwrap();
        let mut demo = Self {
            desk: SocketAddr::from(([127, 0, 0, 1], 0)),
            about: Value::Null,
            folder,
            process,
        };
        let until = Instant::now() + Duration::from_mins(4);
        loop {
            if demo.link(0).is_some() {
                break;
            }
            assert!(Instant::now() < until, "no desk: {}", demo.said());
            let ended = demo.process.try_wait().unwrap();
            assert!(ended.is_none(), "the demo ended: {}", demo.said());
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        let about = std::fs::read(demo.path().join("demo.json")).unwrap();
        let about: Value = serde_json::from_slice(&about).unwrap();
        let desk = about["desk"]
            .as_str()
            .unwrap()
            .trim_start_matches("https://");
        demo.desk = desk.parse().unwrap();
        demo.about = about;
        demo
    }

    pub(crate) fn path(&self) -> PathBuf {
        self.folder.path().join("demo")
    }

    fn said(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("said")).unwrap_or_default()
    }

    /// The path of the link that was printed after `used` others.
    pub(crate) fn link(&self, used: usize) -> Option<String> {
        let said = self.said();
        let mut links = said.lines().filter_map(|line| {
            let (_, path) = line.split_once("/aanmelden/link/")?;
            Some(format!("/aanmelden/link/{path}"))
        });
        links.nth(used)
    }

    pub(crate) fn origin(&self) -> String {
        format!("https://{}", self.desk)
    }

    pub(crate) fn tls(&self) -> Arc<ClientConfig> {
        let mut roots = RootCertStore::empty();
        let ca = CertificateDer::from_pem_file(self.path().join("certs/ca.pem")).unwrap();
        roots.add(ca).unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth();
        Arc::new(config)
    }

    /// Somebody with a browser, who is not logged in.
    pub(crate) fn visitor(&self) -> Visitor {
        Visitor {
            origin: self.origin(),
            line: Line::new(self.desk, self.tls()),
            cookies: Vec::new(),
            token: String::new(),
        }
    }

    /// Somebody who came in by the link that was printed after `used` others.
    pub(crate) async fn enter(&self, used: usize, person: &str) -> Visitor {
        let until = Instant::now() + Duration::from_secs(10);
        let link = loop {
            match self.link(used) {
                Some(link) => break link,
                None => assert!(Instant::now() < until, "no link: {}", self.said()),
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        };
        let mut visitor = self.visitor();
        let entered = visitor.post(&link, &[("persoon", person)]).await;
        assert_eq!((entered.status, entered.header("location")), (303, "/"));
        visitor.get("/integriteit").await;
        visitor
    }
}

impl Drop for Demo {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Somebody with a browser: keeps cookies, and the token of the last page.
pub(crate) struct Visitor {
    pub(crate) origin: String,
    line: Line,
    pub(crate) cookies: Vec<(String, String)>,
    pub(crate) token: String,
}

impl Visitor {
    /// A call as this browser makes it.
    pub(crate) fn call(&self, method: &str, path: &str) -> Call {
        let host = self.origin.trim_start_matches("https://");
        let mut call = Call::new(method, path).host(host);
        if !self.cookies.is_empty() {
            let pairs = self
                .cookies
                .iter()
                .map(|(name, value)| format!("{name}={value}"));
            call = call.header("cookie", pairs.collect::<Vec<_>>().join("; "));
        }
        call
    }

    pub(crate) async fn send(&mut self, call: &Call) -> Answer {
        let answer = self.line.call(call).await;
        for set in answer.headers.get_all("set-cookie") {
            let (pair, _) = set.to_str().unwrap().split_once(';').unwrap();
            let (name, value) = pair.split_once('=').unwrap();
            self.cookies.retain(|(known, _)| known != name);
            if !value.is_empty() {
                self.cookies.push((name.to_owned(), value.to_owned()));
            }
        }
        let text = answer.text_or_nothing();
        if let Some((_, after)) = text.split_once("name=\"teken\" value=\"") {
            after.split('"').next().unwrap().clone_into(&mut self.token);
        }
        answer
    }

    pub(crate) async fn get(&mut self, path: &str) -> Answer {
        let call = self.call("GET", path);
        self.send(&call).await
    }

    /// Sends a form of the last page.
    pub(crate) async fn post(&mut self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let call = self.form(path, fields);
        self.send(&call).await
    }

    pub(crate) fn form(&self, path: &str, fields: &[(&str, &str)]) -> Call {
        let mut body = form_urlencoded::Serializer::new(String::new());
        body.append_pair("teken", &self.token);
        body.extend_pairs(fields);
        self.call("POST", path)
            .header("origin", self.origin.clone())
            .body("application/x-www-form-urlencoded", body.finish())
    }

    /// Becomes somebody else of the demo.
    pub(crate) async fn become_(&mut self, person: &str) {
        let switched = self.post("/wisselen", &[("persoon", person)]).await;
        assert_eq!(switched.status, 303, "{}", switched.text());
        self.get("/integriteit").await;
    }
}
