//! A real browser: Debian's Chromium, driven by its own driver.

use std::fmt::Debug;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use fantoccini::wd::WebDriverCompatibleCommand;
use fantoccini::{Client, ClientBuilder, Locator};
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::{Value, json};

use crate::process::{mortal, spawn};

/// Nothing honest takes longer.
const PATIENCE: Duration = Duration::from_secs(20);

/// A browser with an empty profile.
pub(crate) struct Browser {
    pub(crate) client: Client,
    origin: String,
    driver: Child,
    profile: tempfile::TempDir,
}

/// How a page is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mode {
    Light,
    Dark,
    /// 320 CSS pixels, which is also 1280 at a zoom of 400 %.
    Narrow,
}

impl Mode {
    pub(crate) const ALL: [Self; 3] = [Self::Light, Self::Dark, Self::Narrow];

    const fn name(self) -> &'static str {
        match self {
            Self::Light => "licht",
            Self::Dark => "donker",
            Self::Narrow => "smal",
        }
    }
}

/// A command of Chromium's own.
#[derive(Debug)]
struct DevTools(&'static str, Value);

impl WebDriverCompatibleCommand for DevTools {
    fn endpoint(
        &self,
        base_url: &url::Url,
        session_id: Option<&str>,
    ) -> Result<url::Url, url::ParseError> {
        let session = session_id.unwrap_or_default();
        base_url.join(&format!("session/{session}/goog/cdp/execute"))
    }

    fn method_and_body(&self, _: &url::Url) -> (http::Method, Option<String>) {
        let body = json!({"cmd": self.0, "params": self.1});
        (http::Method::POST, Some(body.to_string()))
    }
}

/// Where the pictures of pages are kept, as build output.
fn pictures() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join("balie")
}

fn axe() -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/browser/node_modules/axe-core/axe.min.js");
    std::fs::read_to_string(&path).unwrap_or_else(|error| {
        panic!(
            "{} is needed ({error}): run npm ci --prefix tests/browser, or let tests/run do it",
            path.display()
        )
    })
}

impl Browser {
    pub(crate) async fn start(origin: String) -> Self {
        let port = {
            let free = TcpListener::bind(("127.0.0.1", 0)).unwrap();
            free.local_addr().unwrap().port()
        };
        let has = |program| Command::new(program).arg("--version").output().is_ok();
        assert!(
            has("chromium") && has("chromedriver"),
            "these tests need Chromium and its driver: apt-get install chromium chromium-driver"
        );
        let mut command = mortal("KILL", "chromedriver");
        command
            .arg(format!("--port={port}"))
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        let driver = spawn(command).unwrap();
        let profile = tempfile::tempdir().unwrap();
        let args = [
            "--headless=new",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-quic",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            "--lang=nl",
            "--window-size=1280,1600",
            &format!("--user-data-dir={}", profile.path().display()),
        ];
        // The CA of the demo was made a moment ago; no browser knows it.
        let wanted = json!({
            "acceptInsecureCerts": true,
            "goog:chromeOptions": {"binary": "/usr/bin/chromium", "args": args},
        });
        let Value::Object(wanted) = wanted else {
            panic!("capabilities are an object")
        };
        let until = Instant::now() + PATIENCE;
        let client = loop {
            let mut builder = ClientBuilder::new(HttpConnector::new());
            builder.capabilities(wanted.clone());
            match builder.connect(&format!("http://127.0.0.1:{port}")).await {
                Ok(client) => break client,
                Err(error) => assert!(Instant::now() < until, "no browser: {error}"),
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        };
        Self {
            client,
            origin,
            driver,
            profile,
        }
    }

    pub(crate) async fn go(&self, path: &str) {
        self.client
            .goto(&format!("{}{path}", self.origin))
            .await
            .unwrap();
    }

    /// The path of the page that is shown.
    pub(crate) async fn path(&self) -> String {
        let url = self.client.current_url().await.unwrap();
        url.path().to_owned()
    }

    /// Whether the page that is shown is of the desk.
    pub(crate) async fn is_at_the_desk(&self) -> bool {
        let url = self.client.current_url().await.unwrap();
        url.as_str().starts_with(&format!("{}/", self.origin))
    }

    pub(crate) async fn text(&self) -> String {
        let script = "return document.body.innerText";
        let text = self.client.execute(script, Vec::new()).await.unwrap();
        text.as_str().unwrap().to_owned()
    }

    /// Forgets what another site left in this browser.
    pub(crate) async fn forget(&self, origin: &str) {
        let what = json!({"origin": origin, "storageTypes": "cookies"});
        self.order("Storage.clearDataForOrigin", what).await;
    }

    /// How many elements a CSS selector finds.
    pub(crate) async fn count(&self, css: &str) -> usize {
        self.client.find_all(Locator::Css(css)).await.unwrap().len()
    }

    /// Fills in a field by its id: what was there goes.
    pub(crate) async fn fill(&self, id: &str, value: &str) {
        // A date is typed in the order of the browser's own language; what counts is what is sent.
        let script = "const field = document.getElementById(arguments[0]); \
                      field.value = arguments[1];";
        let filled = self
            .client
            .execute(script, vec![json!(id), json!(value)])
            .await;
        filled.unwrap_or_else(|error| panic!("no field {id}: {error}"));
    }

    /// Ticks a box, or chooses one of some.
    pub(crate) async fn tick(&self, id: &str) {
        let script = "document.getElementById(arguments[0]).checked = true;";
        let ticked = self.client.execute(script, vec![json!(id)]).await;
        ticked.unwrap_or_else(|error| panic!("no box {id}: {error}"));
    }

    pub(crate) async fn press(&self, css: &str) {
        let button = self.client.find(Locator::Css(css)).await;
        let button = button.unwrap_or_else(|error| panic!("no {css}: {error}"));
        self.leave(async { button.click().await.unwrap() }).await;
    }

    /// Does what leads to another page, and waits for that.
    pub(crate) async fn leave(&self, go: impl Future<Output = ()>) {
        let before = self.client.find(Locator::Css("html")).await.unwrap();
        let path = self.path().await;
        go.await;
        // What stood on the page before is gone when another has come.
        let until = Instant::now() + PATIENCE;
        while before.tag_name().await.is_ok() {
            assert!(Instant::now() < until, "nothing leads away from {path}");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    pub(crate) async fn look(&self, mode: Mode) {
        let scheme = if mode == Mode::Dark { "dark" } else { "light" };
        let features = json!({"features": [{"name": "prefers-color-scheme", "value": scheme}]});
        self.order("Emulation.setEmulatedMedia", features).await;
        let width = if mode == Mode::Narrow { 320 } else { 1280 };
        let size = json!({"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": false});
        self.order("Emulation.setDeviceMetricsOverride", size).await;
    }

    async fn order(&self, command: &'static str, parameters: Value) {
        let done = self.client.issue_cmd(DevTools(command, parameters)).await;
        done.unwrap_or_else(|error| panic!("{command}: {error}"));
    }

    /// Holds the page that is shown to WCAG 2.2 AA in every mode, and keeps a picture of each.
    pub(crate) async fn check(&self, name: &str) -> Vec<String> {
        let mut wrong = Vec::new();
        for mode in Mode::ALL {
            self.look(mode).await;
            let folder = pictures().join(mode.name());
            std::fs::create_dir_all(&folder).unwrap();
            let whole = "return Math.min(document.documentElement.scrollHeight, 8000)";
            let height = self.client.execute(whole, Vec::new()).await.unwrap();
            let width = if mode == Mode::Narrow { 320 } else { 1280 };
            let size =
                json!({"width": width, "height": height, "deviceScaleFactor": 1, "mobile": false});
            self.order("Emulation.setDeviceMetricsOverride", size).await;
            let picture = self.client.screenshot().await.unwrap();
            std::fs::write(folder.join(format!("{name}.png")), picture).unwrap();
            let too_wide = "return document.documentElement.scrollWidth > window.innerWidth";
            if self.client.execute(too_wide, Vec::new()).await.unwrap() == json!(true) {
                wrong.push(format!("{name}, {}: wider than the screen", mode.name()));
            }
            for violation in self.violations().await {
                wrong.push(format!("{name}, {}: {violation}", mode.name()));
            }
        }
        self.look(Mode::Light).await;
        wrong
    }

    async fn violations(&self) -> Vec<String> {
        self.client.execute(&axe(), Vec::new()).await.unwrap();
        let script = "const done = arguments[arguments.length - 1]; \
             axe.run(document, {runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa']}) \
             .then(r => done(r.violations.map(v => v.id + ': ' + v.nodes.map(n => n.html).join(' | '))), \
                   e => done(['axe: ' + e]));";
        let found = self.client.execute_async(script, Vec::new()).await.unwrap();
        let found = found.as_array().unwrap().iter();
        found.map(|one| one.as_str().unwrap().to_owned()).collect()
    }

    pub(crate) async fn close(mut self) {
        let _ = self.client.clone().close().await;
        let _ = self.driver.kill();
        let _ = self.driver.wait();
        drop(self.profile);
    }
}
