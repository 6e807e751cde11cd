//! Debian's HAProxy, as a plain proxy with mutual TLS on both sides: what nginx is here, once more.

use std::path::Path;
use std::process::Command;

use crate::certificates::Party;
use crate::failure::{Context as _, Outcome};
use crate::process::{Process, until_listening};

/// The version, as HAProxy tells it.
pub(crate) fn version() -> Outcome<String> {
    let output = Command::new("haproxy")
        .arg("-v")
        .output()
        .or_fail("run haproxy (on Debian: apt-get install haproxy)")?;
    let told = String::from_utf8_lossy(&output.stdout);
    let number = told
        .split_whitespace()
        .find(|word| word.starts_with(|c: char| c.is_ascii_digit()));
    Ok(format!("HAProxy {}", number.unwrap_or("(unknown)")))
}

/// Starts it in the foreground, with the gateway's own certificates.
pub(crate) fn start(
    directory: &Path,
    gateway: &Party,
    port: u16,
    provider_port: u16,
) -> Outcome<Process> {
    let home = directory.join("haproxy");
    std::fs::create_dir_all(&home).or_fail(format!("make {}", home.display()))?;
    // It wants chain and key in one file.
    let both = home.join("gateway.pem");
    let read =
        |file: &Path| std::fs::read_to_string(file).or_fail(format!("read {}", file.display()));
    let text = read(&gateway.certificate)? + &read(&gateway.key)?;
    std::fs::write(&both, text).or_fail(format!("write {}", both.display()))?;
    let config = home.join("haproxy.cfg");
    std::fs::write(&config, configuration(&both, gateway, port, provider_port))
        .or_fail(format!("write {}", config.display()))?;
    let mut command = Command::new("haproxy");
    command.arg("-db").arg("-f").arg(&config);
    let mut process = Process::start("haproxy", &mut command, &directory.join("haproxy.log"))?;
    until_listening(&mut process, port)?;
    Ok(process)
}

fn configuration(both: &Path, gateway: &Party, port: u16, provider_port: u16) -> String {
    let (both, ca) = (both.display(), gateway.ca.display());
    format!(
        r#"global
    nbthread 2
    maxconn 4096
    log stdout format raw local0
    ssl-default-bind-ciphersuites TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256
    ssl-default-bind-options ssl-min-ver TLSv1.3 no-tls-tickets
    ssl-default-server-ciphersuites TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256
    ssl-default-server-options ssl-min-ver TLSv1.3
    tune.ssl.cachesize 0
defaults
    mode http
    log global
    option httplog
    http-reuse always
    timeout connect 5s
    timeout client 600s
    timeout server 600s
    timeout http-keep-alive 600s
frontend exchange
    bind 127.0.0.1:{port} ssl crt "{both}" ca-file "{ca}" verify required alpn http/1.1 no-tls-tickets
    default_backend provider
backend provider
    server one 127.0.0.1:{provider_port} ssl crt "{both}" ca-file "{ca}" verify required verifyhost localhost sni str(localhost) pool-max-conn 256
"#
    )
}
