//! Odd payloads under a good signature.
#![expect(clippy::too_many_lines, reason = "a long table")]

use super::*;

pub(super) fn payloads(bench: &Bench) -> usize {
    bench.refuse(&[
        (
            "iss twice",
            |f| f.payload_text = Some(with_member(&f.payload, r#""iss":"00000001823456789000""#)),
            bad(Flaw::Json),
        ),
        (
            "iss twice, once escaped",
            |f| f.payload_text = Some(with_member(&f.payload, r#""i\u0073s":"x""#)),
            bad(Flaw::Json),
        ),
        (
            "a member of cnf twice",
            |f| {
                f.payload_text = Some(
                    f.payload
                        .to_string()
                        .replace(r#"{"x5t#S256""#, r#"{"x5t#S256":"","x5t#S256""#),
                );
            },
            bad(Flaw::Json),
        ),
        (
            "payload a list",
            |f| f.payload_text = Some("[]".into()),
            bad(Flaw::Json),
        ),
        (
            "iss another",
            |f| f.payload["iss"] = "00000001823456789000".into(),
            bad(Flaw::Issuer),
        ),
        (
            "iss with space",
            |f| f.payload["iss"] = "00000001812345678000 ".into(),
            bad(Flaw::Issuer),
        ),
        (
            "iss a number",
            |f| f.payload["iss"] = 1_812_345_678_000_u64.into(),
            bad(Flaw::Claim),
        ),
        (
            "iss a list",
            |f| f.payload["iss"] = json!(["00000001812345678000"]),
            bad(Flaw::Claim),
        ),
        (
            "aud a list",
            |f| f.payload["aud"] = json!(["https://sluis.example"]),
            bad(Flaw::Audience),
        ),
        (
            "aud a prefix",
            |f| f.payload["aud"] = "https://sluis.exampl".into(),
            bad(Flaw::Audience),
        ),
        (
            "aud longer",
            |f| f.payload["aud"] = "https://sluis.example/".into(),
            bad(Flaw::Audience),
        ),
        (
            "aud upper case",
            |f| f.payload["aud"] = "https://Sluis.example".into(),
            bad(Flaw::Audience),
        ),
        (
            "aud null",
            |f| f.payload["aud"] = Value::Null,
            bad(Flaw::Audience),
        ),
        (
            "exp a text",
            |f| f.payload["exp"] = f.payload["exp"].to_string().into(),
            bad(Flaw::Claim),
        ),
        (
            "exp a float",
            |f| f.payload["exp"] = json!(f.payload["exp"].as_f64().unwrap() + 0.5),
            bad(Flaw::Claim),
        ),
        (
            "exp a whole float",
            |f| f.payload["exp"] = json!(f.payload["exp"].as_f64().unwrap()),
            bad(Flaw::Claim),
        ),
        (
            "exp with an exponent",
            |f| {
                f.payload_text = Some(
                    f.payload
                        .to_string()
                        .replace(&f.payload["exp"].to_string(), "1e12"),
                );
            },
            bad(Flaw::Claim),
        ),
        (
            "nbf a text",
            |f| f.payload["nbf"] = "0".into(),
            bad(Flaw::Claim),
        ),
        (
            "nbf null",
            |f| f.payload["nbf"] = Value::Null,
            bad(Flaw::Claim),
        ),
        (
            "iat negative",
            |f| f.payload["iat"] = (-1).into(),
            bad(Flaw::Claim),
        ),
        (
            "exp beyond all years",
            |f| f.payload["exp"] = i64::MAX.into(),
            bad(Flaw::Claim),
        ),
        (
            "exp beyond 64 bits",
            |f| f.payload["exp"] = u64::MAX.into(),
            bad(Flaw::Claim),
        ),
        (
            "life too long from iat",
            |f| f.payload["exp"] = (now().unix_seconds() + 301).into(),
            bad(Flaw::Life),
        ),
        (
            "life too long from nbf",
            |f| {
                f.payload["nbf"] = (now().unix_seconds() - 250).into();
                f.payload["exp"] = (now().unix_seconds() + 51).into();
            },
            bad(Flaw::Life),
        ),
        (
            "exp before nbf",
            |f| f.payload["exp"] = (now().unix_seconds() - 1).into(),
            bad(Flaw::Life),
        ),
        (
            "exp at nbf",
            |f| f.payload["exp"] = now().unix_seconds().into(),
            bad(Flaw::Life),
        ),
        (
            "nbf in the future",
            |f| f.payload["nbf"] = (now().unix_seconds() + 6).into(),
            bad(Flaw::NotYet),
        ),
        (
            "iat in the future",
            |f| f.payload["iat"] = (now().unix_seconds() + 6).into(),
            bad(Flaw::NotYet),
        ),
        (
            "sub empty",
            |f| f.payload["sub"] = "".into(),
            bad(Flaw::Claim),
        ),
        (
            "sub too long",
            |f| f.payload["sub"] = "x".repeat(129).into(),
            bad(Flaw::Claim),
        ),
        (
            "sub a number",
            |f| f.payload["sub"] = 7.into(),
            bad(Flaw::Claim),
        ),
        (
            "sub with a line end",
            |f| f.payload["sub"] = "a\nb".into(),
            bad(Flaw::Claim),
        ),
        (
            "jti empty",
            |f| f.payload["jti"] = "".into(),
            bad(Flaw::Claim),
        ),
        (
            "jti too long",
            |f| f.payload["jti"] = "x".repeat(129).into(),
            bad(Flaw::Claim),
        ),
        (
            "doel no code",
            |f| f.payload["doel"] = "Schade".into(),
            bad(Flaw::Claim),
        ),
        (
            "zaak empty",
            |f| f.payload["zaak"] = "".into(),
            bad(Flaw::Claim),
        ),
        (
            "team of another",
            |f| f.payload["team"] = "combinatieteam".into(),
            bad(Flaw::Team),
        ),
        (
            "team no code",
            |f| f.payload["team"] = "AOS".into(),
            bad(Flaw::Team),
        ),
        (
            "team null",
            |f| f.payload["team"] = Value::Null,
            bad(Flaw::Claim),
        ),
        (
            "team a list",
            |f| f.payload["team"] = json!(["aos"]),
            bad(Flaw::Claim),
        ),
        (
            "document no uuid",
            |f| f.payload["document"] = "1".into(),
            bad(Flaw::Claim),
        ),
        (
            "document null",
            |f| f.payload["document"] = Value::Null,
            bad(Flaw::Claim),
        ),
        (
            "cnf a text",
            |f| f.payload["cnf"] = f.payload["cnf"]["x5t#S256"].clone(),
            bad(Flaw::Claim),
        ),
        (
            "cnf without thumbprint",
            |f| f.payload["cnf"] = json!({"jkt": "x"}),
            bad(Flaw::Missing),
        ),
        (
            "cnf with padding",
            |f| {
                f.payload["cnf"]["x5t#S256"] =
                    format!("{}=", f.payload["cnf"]["x5t#S256"].as_str().unwrap()).into();
            },
            bad(Flaw::Claim),
        ),
        (
            "cnf in hexadecimal",
            |f| f.payload["cnf"]["x5t#S256"] = "ab".repeat(32).into(),
            bad(Flaw::Claim),
        ),
        (
            "cnf too short",
            |f| f.payload["cnf"]["x5t#S256"] = b64([0; 31]).into(),
            bad(Flaw::Claim),
        ),
        (
            "cnf of another certificate",
            |f| f.payload["cnf"]["x5t#S256"] = b64([0; 32]).into(),
            Err(TokenError::NotBound),
        ),
        (
            "bound to another and expired",
            |f| {
                f.payload["cnf"]["x5t#S256"] = b64([0; 32]).into();
                for (claim, at) in [("iat", -60), ("nbf", -60), ("exp", -10)] {
                    f.payload[claim] = (now().unix_seconds() + at).into();
                }
            },
            Err(TokenError::NotBound),
        ),
        (
            "payload and more",
            |f| f.payload_text = Some(f.payload.to_string() + "x"),
            bad(Flaw::Json),
        ),
        (
            "payload too deep",
            |f| {
                let deep = format!(r#""x":{}{}"#, "[".repeat(17), "]".repeat(17));
                f.payload_text = Some(with_member(&f.payload, &deep));
            },
            bad(Flaw::Json),
        ),
        (
            "a claim of ours twice",
            |f| f.payload_text = Some(with_member(&f.payload, r#""doel":"aos""#)),
            bad(Flaw::Json),
        ),
        (
            "a claim of nobody twice",
            |f| f.payload_text = Some(with_member(&f.payload, r#""x":1,"x":1"#)),
            bad(Flaw::Json),
        ),
        (
            "iss in full-width digits",
            |f| f.payload["iss"] = "\u{ff10}0000001812345678000".into(),
            bad(Flaw::Issuer),
        ),
        (
            "iss and a zero byte",
            |f| f.payload["iss"] = "00000001812345678000\0".into(),
            bad(Flaw::Issuer),
        ),
        (
            "aud empty",
            |f| f.payload["aud"] = "".into(),
            bad(Flaw::Audience),
        ),
        (
            "aud an object",
            |f| f.payload["aud"] = json!({"x": "https://sluis.example"}),
            bad(Flaw::Audience),
        ),
        (
            "exp a boolean",
            |f| f.payload["exp"] = true.into(),
            bad(Flaw::Claim),
        ),
        (
            "exp a list",
            |f| f.payload["exp"] = json!([f.payload["exp"]]),
            bad(Flaw::Claim),
        ),
        (
            "iat a float",
            |f| f.payload["iat"] = json!(f.payload["iat"].as_f64().unwrap()),
            bad(Flaw::Claim),
        ),
        (
            "iat null",
            |f| f.payload["iat"] = Value::Null,
            bad(Flaw::Claim),
        ),
        (
            "exp below zero",
            |f| f.payload["exp"] = (-1).into(),
            bad(Flaw::Claim),
        ),
        (
            "jti null",
            |f| f.payload["jti"] = Value::Null,
            bad(Flaw::Claim),
        ),
        (
            "jti a number",
            |f| f.payload["jti"] = 1.into(),
            bad(Flaw::Claim),
        ),
        (
            "jti a list",
            |f| f.payload["jti"] = json!(["een"]),
            bad(Flaw::Claim),
        ),
        (
            "sub null",
            |f| f.payload["sub"] = Value::Null,
            bad(Flaw::Claim),
        ),
        (
            "doel a list",
            |f| f.payload["doel"] = json!(["schade-afhandeling"]),
            bad(Flaw::Claim),
        ),
        (
            "zaak null",
            |f| f.payload["zaak"] = Value::Null,
            bad(Flaw::Claim),
        ),
        (
            "zaak with a line end",
            |f| f.payload["zaak"] = "Z-1\r\nX: y".into(),
            bad(Flaw::Claim),
        ),
        (
            "cnf null",
            |f| f.payload["cnf"] = Value::Null,
            bad(Flaw::Claim),
        ),
        (
            "cnf a list",
            |f| f.payload["cnf"] = json!([f.payload["cnf"]]),
            bad(Flaw::Claim),
        ),
        (
            "cnf a number",
            |f| f.payload["cnf"]["x5t#S256"] = 1.into(),
            bad(Flaw::Claim),
        ),
        (
            "cnf with SHA-1",
            |f| f.payload["cnf"] = json!({"x5t": b64([0; 20])}),
            bad(Flaw::Missing),
        ),
    ])
}
