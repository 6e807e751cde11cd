//! Debian's nginx as what one would otherwise put there: a plain proxy, mutual TLS on both sides.
//!
//! It decides nothing by itself and remembers nothing but an access log. It may ask a policy service about
//! each request (`auth_request`). Everything that would hinder it is turned off: connections are kept on both sides, and nothing is spilled to disk.

use std::path::Path;
use std::process::Command;

use crate::certificates::Party;
use crate::failure::{Context as _, Outcome};
use crate::process::{Process, until_listening};

/// The version, as nginx tells it.
pub(crate) fn version() -> Outcome<String> {
    let output = Command::new("nginx")
        .arg("-v")
        .output()
        .or_fail("run nginx (on Debian: apt-get install nginx-light)")?;
    let told = String::from_utf8_lossy(&output.stderr).trim().to_owned();
    Ok(told
        .strip_prefix("nginx version: ")
        .map_or(told.clone(), str::to_owned))
}

/// What nginx is started as.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Role {
    /// The name of its folder and log.
    pub(crate) name: &'static str,
    pub(crate) port: u16,
    pub(crate) provider_port: u16,
    /// The policy service that is asked about each request, if any is.
    pub(crate) policy_port: Option<u16>,
}

/// Starts it in the foreground, with the gateway's own certificates.
pub(crate) fn start(directory: &Path, gateway: &Party, role: Role) -> Outcome<Process> {
    let home = directory.join(role.name);
    std::fs::create_dir_all(&home).or_fail(format!("make {}", home.display()))?;
    let config = home.join("nginx.conf");
    std::fs::write(&config, configuration(gateway, role))
        .or_fail(format!("write {}", config.display()))?;
    let mut command = Command::new("nginx");
    command
        .arg("-p")
        .arg(&home)
        .arg("-e")
        .arg(home.join("error.log"))
        .arg("-c")
        .arg(&config);
    let log = directory.join(format!("{}.log", role.name));
    let mut process = Process::start("nginx", &mut command, &log)?;
    until_listening(&mut process, role.port)?;
    Ok(process)
}

/// How a policy service is asked: where it is, the question, and the line that asks it.
fn asking(policy_port: Option<u16>) -> [String; 3] {
    let Some(port) = policy_port else {
        return Default::default();
    };
    let upstream = format!(
        r"upstream policy {{
        server 127.0.0.1:{port};
        keepalive 256;
        keepalive_requests 10000000;
        keepalive_timeout 600s;
    }}"
    );
    let question = r#"location = /policy {
            internal;
            proxy_pass http://policy;
            proxy_http_version 1.1;
            proxy_pass_request_body off;
            proxy_set_header Connection "";
            proxy_set_header Content-Length "";
            proxy_set_header X-Original-URI $request_uri;
            proxy_set_header X-Client-Certificate $ssl_client_escaped_cert;
        }"#;
    [
        upstream,
        question.to_owned(),
        "auth_request /policy;".to_owned(),
    ]
}

fn configuration(gateway: &Party, role: Role) -> String {
    let Role {
        port,
        provider_port,
        policy_port,
        ..
    } = role;
    let [upstream, question, ask] = asking(policy_port);
    let (certificate, key) = (gateway.certificate.display(), gateway.key.display());
    let ca = gateway.ca.display();
    // Workers that gave up root's rights could not reach the temporary directory.
    let user = if started_by_root() { "user root;" } else { "" };
    format!(
        r#"{user}
worker_processes 2;
daemon off;
pid nginx.pid;
error_log error.log;
events {{ worker_connections 2048; }}
http {{
    access_log access.log combined;
    client_body_temp_path body;
    proxy_temp_path proxy;
    fastcgi_temp_path fastcgi;
    uwsgi_temp_path uwsgi;
    scgi_temp_path scgi;
    keepalive_requests 10000000;
    keepalive_timeout 600s;
    upstream provider {{
        server 127.0.0.1:{provider_port};
        keepalive 256;
        keepalive_requests 10000000;
        keepalive_timeout 600s;
    }}
    {upstream}
    server {{
        listen 127.0.0.1:{port} ssl backlog=1024;
        server_name localhost;
        ssl_protocols TLSv1.3;
        ssl_conf_command Ciphersuites TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256;
        ssl_certificate "{certificate}";
        ssl_certificate_key "{key}";
        ssl_client_certificate "{ca}";
        ssl_verify_client on;
        ssl_verify_depth 3;
        ssl_session_tickets off;
        ssl_session_cache off;
        {question}
        location / {{
            {ask}
            proxy_pass https://provider;
            proxy_http_version 1.1;
            proxy_set_header Connection "";
            proxy_set_header Host localhost;
            proxy_buffer_size 16k;
            proxy_buffers 16 16k;
            proxy_max_temp_file_size 0;
            proxy_ssl_protocols TLSv1.3;
            proxy_ssl_certificate "{certificate}";
            proxy_ssl_certificate_key "{key}";
            proxy_ssl_trusted_certificate "{ca}";
            proxy_ssl_verify on;
            proxy_ssl_verify_depth 3;
            proxy_ssl_name localhost;
            proxy_ssl_server_name on;
        }}
    }}
}}
"#
    )
}

/// Whether this process's effective user is root; so is then nginx's master.
fn started_by_root() -> bool {
    std::fs::read_to_string("/proc/self/status").is_ok_and(|status| {
        let user = status.lines().find_map(|line| line.strip_prefix("Uid:"));
        user.and_then(|ids| ids.split_ascii_whitespace().nth(1)) == Some("0")
    })
}
