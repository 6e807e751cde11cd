//! The policy service that nginx asks: its own package in `policy/`, built here, and told about the same
//! world that the gateway learns by its own calls.

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::{Map, Value, json};

use crate::certificates::Party;
use crate::failure::{Context as _, Outcome};
use crate::gateway::AUDIENCE;
use crate::process::{Process, run};
use crate::provider::Size;
use crate::registration::{ADDRESSES, KIND, address, documents_of, owner};

/// Builds it, starts it, and reads where it listens.
pub(crate) fn start(img: &Party, ncg: &Party) -> Outcome<(Process, u16)> {
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).join("policy");
    let cargo = option_env!("CARGO").unwrap_or("cargo");
    run(Command::new(cargo)
        .args([
            "build",
            "--locked",
            "--release",
            "--package",
            "sluis-bench-policy",
        ])
        .arg("--manifest-path")
        .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.toml"))
        .arg("--target-dir")
        .arg(&target))?;
    let mut child = Command::new(target.join("release/sluis-bench-policy"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .or_fail("start the policy service")?;
    let (input, output) = (child.stdin.take(), child.stdout.take());
    let process = Process::adopt("the policy service", child);
    // Dropped at the end of the statement: that is how the service knows that it was told all.
    input
        .or_fail("write to the policy service")?
        .write_all(world(img, ncg)?.to_string().as_bytes())
        .or_fail("write to the policy service")?;
    let mut line = String::new();
    BufReader::new(output.or_fail("read from the policy service")?)
        .read_line(&mut line)
        .or_fail("read from the policy service")?;
    let port = line
        .trim()
        .parse()
        .or_fail("learn the policy service's port")?;
    Ok((process, port))
}

/// What `register` tells the gateway, as the service wants to hear it.
fn world(img: &Party, ncg: &Party) -> Outcome<Value> {
    let organisation = |party: &Party, role: &str| -> Outcome<Value> {
        let file = party.jwks.display();
        let text = std::fs::read_to_string(&party.jwks).or_fail(format!("read {file}"))?;
        let jwks: Value = serde_json::from_str(&text).or_fail(format!("parse {file}"))?;
        Ok(json!({"oin": party.oin, "role": role, "jwks": jwks}))
    };
    let documents: Map<String, Value> = Size::ALL
        .into_iter()
        .flat_map(|size| (0..documents_of(size)).map(move |number| (size, number)))
        .map(|(size, number)| {
            let document = json!({
                "provider": ncg.oin,
                "address": address(number),
                "kind": KIND,
                "health": false,
            });
            (size.uuid(number), document)
        })
        .collect();
    let addresses: Map<String, Value> = (0..ADDRESSES)
        .map(|number| {
            let known = json!({
                "owners": [owner(number)],
                "dossiers": [img.oin, ncg.oin],
                "choices": [],
            });
            (address(number), known)
        })
        .collect();
    Ok(json!({
        "audience": AUDIENCE,
        "organisations": [organisation(img, "img")?, organisation(ncg, "ncg")?],
        "documents": documents,
        "addresses": addresses,
    }))
}
