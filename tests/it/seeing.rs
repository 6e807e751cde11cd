//! What operators see: every figure of a gateway is on its page, and the dashboard and the alert rules ask
//! for nothing that is not there.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::client::{Call, ops};
use crate::party::{Party, Token};
use crate::world::{Store, World};

const ADDRESS: &str = "0024200000019501";

/// A figure: its type, its labels, and whether every gateway has it.
#[derive(Debug, PartialEq, Eq)]
struct Figure {
    kind: String,
    labels: BTreeSet<String>,
    always: bool,
}

type Figures = BTreeMap<String, Figure>;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn read(path: impl Into<PathBuf>) -> String {
    let path = root().join(path.into());
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The tables of the page: name, type, labels, unit, says, look for, when.
fn page() -> Figures {
    let mut figures = Figures::new();
    let text = read("deploy/metrics.md");
    for line in text.lines().filter(|line| line.starts_with("| `sluis_")) {
        let cells: Vec<&str> = line[1..].split('|').map(str::trim).collect();
        let [name, kind, labels, unit, says, _, when, ""] = cells[..] else {
            panic!("not seven cells: {line}");
        };
        assert!(!unit.is_empty() && !says.is_empty(), "{line}");
        assert!(when == "always" || when.starts_with("with `"), "{line}");
        let labels = labels.split('`').skip(1).step_by(2).map(str::to_owned);
        let figure = Figure {
            kind: kind.to_owned(),
            labels: labels.collect(),
            always: when == "always",
        };
        let twice = figures.insert(name.trim_matches('`').to_owned(), figure);
        assert!(twice.is_none(), "{line}");
    }
    figures
}

/// The names of labels in `a="b",c="d"`.
fn labels(of: &str) -> impl Iterator<Item = &str> {
    let names = of.split("\",").filter_map(|one| one.split_once("=\""));
    names.map(|(name, _)| name).filter(|name| *name != "le")
}

/// What a gateway tells.
fn told(text: &str) -> Figures {
    let mut figures = Figures::new();
    let mut last = String::new();
    for line in text.lines() {
        if let Some(of) = line.strip_prefix("# TYPE ") {
            let (name, kind) = of.split_once(' ').unwrap();
            name.clone_into(&mut last);
            let figure = Figure {
                kind: kind.to_owned(),
                labels: BTreeSet::new(),
                always: true,
            };
            figures.insert(last.clone(), figure);
        } else if let Some((_, rest)) = line.split_once('{')
            && !line.starts_with('#')
        {
            let (inside, _) = rest.rsplit_once('}').unwrap();
            let figure = figures.get_mut(&last).unwrap();
            figure.labels.extend(labels(inside).map(str::to_owned));
        }
    }
    figures
}

/// The names in a text that begin as those of figures do.
fn names(text: &str) -> BTreeSet<&str> {
    text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_')
        .filter(|word| word.starts_with("sluis_"))
        .collect()
}

/// The value of the only line that begins and ends so.
pub(crate) fn value(text: &str, start: &str, end: &str) -> f64 {
    let mut found = text.lines().filter_map(|line| {
        let (series, value) = line.rsplit_once(' ')?;
        (series.starts_with(start) && series.ends_with(end)).then(|| value.parse().unwrap())
    });
    let value = found.next();
    assert!(
        found.next().is_none(),
        "{start}…{end} is there twice: {text}"
    );
    value.unwrap_or_else(|| panic!("no {start}…{end} in {text}"))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_figure_of_a_gateway_is_on_the_page() {
    let world = World::new(Store::Sqlite).await;
    let document = world.document("ncg", "opnamerapport", ADDRESS, 1_000).await;
    let download = || Call::get(format!("/v1/documenten/{document}/download"));
    let granted = Token::new("schade-afhandeling");
    world.ask("img", &granted, download()).await.expect("200");
    let refused = world.ask("img", &Token::new("overig"), download()).await;
    assert_eq!(refused.status, 403);
    let figures = ops(world.gateways[0].ops, "/metrics").await;
    let text = figures.text();

    let mut all = page();
    let mut known: BTreeSet<String> = BTreeSet::new();
    let parts = std::fs::read_dir(root().join("src/telemetry")).unwrap();
    let parts = parts.map(|part| part.unwrap().path());
    let whole = [
        "src/telemetry.rs",
        "src/http/metrics.rs",
        "src/http/door.rs",
    ]
    .map(PathBuf::from);
    for file in parts.chain(whole) {
        let source = read(file);
        known.extend(names(&source).into_iter().map(str::to_owned));
    }
    assert_eq!(
        known,
        all.keys().cloned().collect::<BTreeSet<_>>(),
        "the program's, and the page's"
    );
    all.retain(|_, figure| figure.always);
    assert_eq!(told(text), all, "what a gateway tells, and the page");

    let img = &Party::find("img").oin;
    let of_img =
        format!("sluis_http_requests_total{{code=\"-\",method=\"GET\",organisation=\"{img}\"");
    assert!((value(text, &of_img, "status=\"200\"}") - 1.0).abs() < f64::EPSILON);
    assert!(value(text, "sluis_ledger_commit_seconds_sum", "") > 0.0);
    let commits = value(text, "sluis_ledger_commit_seconds_count", "");
    let within = value(text, "sluis_ledger_commit_seconds_bucket", "le=\"+Inf\"}");
    assert!(commits > 0.0 && (commits - within).abs() < f64::EPSILON);
    assert!(value(text, "sluis_ledger_batch_entries_sum", "") > 0.0);
    let own = value(text, "sluis_certificate_left_seconds{", "role=\"own\"}");
    assert!((1.0..34_560_000.0).contains(&own), "{own}");
    assert!(value(text, "sluis_crl_left_seconds{", "\"}") > 0.0);
    assert!(value(text, "sluis_not_ready_causes", "").abs() < f64::EPSILON);
    for cause in ["certificate", "crl", "file", "policy"] {
        let count = value(text, "sluis_warnings{", &format!("cause=\"{cause}\"}}"));
        assert!(count.abs() < f64::EPSILON, "{cause}: {count}");
    }
    world.close().await;
}

/// The figures an expression asks for; it must be one that can be answered.
fn asked<'a>(expression: &str, page: &'a Figures) -> Vec<(&'a str, &'a Figure)> {
    for (open, close) in [('(', ')'), ('{', '}'), ('[', ']')] {
        let count = |c: char| expression.matches(c).count();
        assert_eq!(count(open), count(close), "{expression}");
    }
    let mut found = Vec::new();
    for name in names(expression) {
        let of = |suffix: &str| page.get_key_value(name.strip_suffix(suffix)?);
        let is_histogram = |(_, figure): &(&String, &Figure)| figure.kind == "histogram";
        let part = ["_bucket", "_sum", "_count"].into_iter().find_map(of);
        let whole = page.get_key_value(name).filter(|one| !is_histogram(one));
        let (name, figure) = whole
            .or(part.filter(is_histogram))
            .unwrap_or_else(|| panic!("{name} is not on the page: {expression}"));
        found.push((name.as_str(), figure));
    }
    let mut known: BTreeSet<&str> = ["le", "instance", "job"].into();
    for (_, figure) in &found {
        known.extend(figure.labels.iter().map(String::as_str));
    }
    let matchers = expression.split('{').skip(1);
    let matchers = matchers.flat_map(|rest| rest.split('}').next().unwrap().split(','));
    let matched = matchers.map(|one| one.split(['=', '!', '~']).next().unwrap());
    for label in matched.chain(grouped(expression)) {
        assert!(known.contains(label), "no label {label}: {expression}");
    }
    found
}

/// The labels an expression groups by.
fn grouped(expression: &str) -> impl Iterator<Item = &str> {
    let groups = expression.split(" by (").skip(1);
    groups.flat_map(|rest| rest.split(')').next().unwrap().split(", "))
}

#[test]
fn the_dashboard_shows_every_figure_and_asks_for_no_other() {
    let page = page();
    let dashboard: Value = serde_json::from_str(&read("deploy/grafana/sluis.json")).unwrap();
    let mut shown = BTreeSet::new();
    let mut ids = BTreeSet::new();
    for panel in dashboard["panels"].as_array().unwrap() {
        assert!(ids.insert(panel["id"].as_u64().unwrap()), "{panel}");
        assert!(!panel["title"].as_str().unwrap().is_empty(), "{panel}");
        if panel["type"] == "row" {
            continue;
        }
        let targets = panel["targets"].as_array().unwrap();
        assert!(!targets.is_empty(), "{panel}");
        for target in targets {
            let found = asked(target["expr"].as_str().unwrap(), &page);
            assert!(!found.is_empty(), "{target}");
            shown.extend(found.into_iter().map(|(name, _)| name.to_owned()));
        }
    }
    for variable in dashboard["templating"]["list"].as_array().unwrap() {
        asked(variable["definition"].as_str().unwrap_or_default(), &page);
    }
    assert_eq!(shown, page.keys().cloned().collect::<BTreeSet<_>>());
}

/// The rules of a file that is YAML of one shape: rules of names and texts, at most two deep.
fn rules(text: &str) -> Vec<BTreeMap<String, String>> {
    let lines = text.lines().filter(|line| !line.trim().is_empty());
    let mut lines = lines.filter(|line| !line.starts_with('#'));
    for head in ["groups:", "  - name: sluis", "    rules:"] {
        assert_eq!(lines.next(), Some(head));
    }
    let mut rules: Vec<BTreeMap<String, String>> = Vec::new();
    let mut section = String::new();
    for line in lines {
        let (key, value) = line.trim_start().split_once(':').unwrap();
        let value = value.trim();
        let quoted = value
            .strip_prefix('\'')
            .and_then(|rest| rest.strip_suffix('\''));
        // Else it would be something other than a text, or end too early.
        assert!(!quoted.unwrap_or(value).contains('\''), "{line}");
        assert!(
            quoted.is_some() || !value.contains(['{', '[', '#', ' ', '"']),
            "{line}"
        );
        let value = quoted.unwrap_or(value).to_owned();
        let key = match line.len() - line.trim_start().len() {
            6 => {
                rules.push(BTreeMap::new());
                key.strip_prefix("- ").unwrap().to_owned()
            }
            8 if value.is_empty() => {
                key.clone_into(&mut section);
                continue;
            }
            8 => key.to_owned(),
            10 => format!("{section}.{key}"),
            _ => panic!("not in its column: {line}"),
        };
        let twice = rules.last_mut().unwrap().insert(key, value);
        assert!(twice.is_none(), "{line}");
    }
    rules
}

#[test]
fn alert_rules_ask_for_what_is_told_and_lead_to_a_runbook() {
    let page = page();
    let mut seen = BTreeSet::new();
    let text = read("deploy/alerts.yml");
    let rules = rules(&text);
    for rule in &rules {
        let of = |key: &str| {
            rule.get(key)
                .unwrap_or_else(|| panic!("no {key}: {rule:?}"))
        };
        assert!(seen.insert(of("alert")), "{rule:?}");
        assert!(
            ["warning", "critical"].contains(&of("labels.severity").as_str()),
            "{rule:?}"
        );
        let runbook = of("annotations.runbook");
        assert!(runbook.starts_with("deploy/runbooks/"), "{rule:?}");
        assert!(root().join(runbook).is_file(), "{rule:?}");
        let keys = ["alert", "expr", "for", "labels.severity"];
        let known = |key: &String| keys.contains(&key.as_str()) || key.starts_with("annotations.");
        assert!(rule.keys().all(known), "{rule:?}");

        let expression = of("expr");
        let found = asked(expression, &page);
        assert!(
            !found.is_empty() || expression.starts_with("up{"),
            "{rule:?}"
        );
        let mut left: BTreeSet<&str> = grouped(expression).collect();
        if left.is_empty() {
            left.insert("instance");
            let labels = found.iter().flat_map(|(_, figure)| &figure.labels);
            left.extend(labels.map(String::as_str));
        }
        for told in of("annotations.summary").split("$labels.").skip(1) {
            let label = told.split([' ', '}']).next().unwrap();
            assert!(left.contains(label), "{label} is not left: {rule:?}");
        }
    }
    assert!(rules.len() > 10, "{seen:?}");
}
