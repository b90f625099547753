//! TLS and SASL from the properties of Kafka's clients.
//!
//! Not the job of this module: the handshakes, which are krafka's.
//!
//! Invariant: a property that would change what is trusted or who one is, and that is not carried
//! out here, is refused: a connection is never less safe than what was asked for.

use krafka::auth::{AuthConfig, TlsConfig};

use crate::properties::{Properties, PropertyError, invalid};

/// Properties that nothing here carries out, and that are not to be passed over.
const REFUSED: [&str; 8] = [
    "sasl.client.callback.handler.class",
    "sasl.login.callback.handler.class",
    "sasl.login.class",
    "sasl.oauthbearer.token.endpoint.url",
    "ssl.cipher.suites",
    "ssl.enabled.protocols",
    "ssl.engine.factory.class",
    "ssl.protocol",
];

/// Properties that fit only Java's security classes, or Kerberos, and that say nothing about trust.
const WITHOUT_MEANING: [&str; 8] = [
    "sasl.kerberos.service.name",
    "ssl.keymanager.algorithm",
    "ssl.keystore.password",
    "ssl.provider",
    "ssl.secure.random.implementation",
    "ssl.trustmanager.algorithm",
    "ssl.truststore.password",
    "sasl.login.refresh.window.factor",
];

/// What a connection does about security.
pub(crate) fn of(properties: &Properties) -> Result<AuthConfig, PropertyError> {
    for name in WITHOUT_MEANING {
        properties.get(name);
    }
    if let Some(name) = REFUSED
        .into_iter()
        .find(|name| properties.get(name).is_some())
    {
        let reason = "leave it out, or use a listener that does not need it".to_owned();
        return Err(PropertyError::Unsupported { name, reason });
    }
    let name = "security.protocol";
    let protocol = properties.get(name).unwrap_or("PLAINTEXT");
    match protocol.to_ascii_uppercase().as_str() {
        "PLAINTEXT" => Ok(AuthConfig::plaintext()),
        "SSL" => Ok(AuthConfig::ssl(tls(properties)?)),
        "SASL_PLAINTEXT" => sasl(properties),
        "SASL_SSL" => Ok(sasl(properties)?.with_tls(tls(properties)?)),
        _ => Err(invalid(
            name,
            protocol,
            "it is one of PLAINTEXT, SSL, SASL_PLAINTEXT, SASL_SSL",
        )),
    }
}

fn tls(properties: &Properties) -> Result<TlsConfig, PropertyError> {
    if let Some("") = properties.get("ssl.endpoint.identification.algorithm") {
        let name = "ssl.endpoint.identification.algorithm";
        let reason = "the name in the server's certificate is always checked".to_owned();
        return Err(PropertyError::Unsupported { name, reason });
    }
    let mut tls = TlsConfig::new();
    require_pem(properties, "ssl.truststore.type", "ssl.truststore.location")?;
    require_pem(properties, "ssl.keystore.type", "ssl.keystore.location")?;
    if let Some(path) = properties.get("ssl.truststore.location") {
        tls = tls.with_ca_cert(path);
    }
    if let Some(certificates) = properties.get("ssl.truststore.certificates") {
        tls = tls.with_ca_cert_pem(certificates);
    }
    if let Some(path) = properties.get("ssl.keystore.location") {
        // A PEM key store holds the key and the chain in one file.
        tls = tls.with_client_cert(path, path);
    }
    let chain = properties.get("ssl.keystore.certificate.chain");
    match (chain, properties.get("ssl.keystore.key")) {
        (Some(chain), Some(key)) => tls = tls.with_client_cert_pem(chain, key.as_bytes().to_vec()),
        (None, None) => {}
        _ => {
            return Err(PropertyError::Secret {
                name: "ssl.keystore.key",
                reason: "the key and its certificate chain come together",
            });
        }
    }
    if let Some(password) = properties.get("ssl.key.password") {
        tls = tls.with_client_key_password(password);
    }
    Ok(tls)
}

/// Key stores in Java's own formats would need Java's own code.
fn require_pem(
    properties: &Properties,
    kind: &'static str,
    location: &str,
) -> Result<(), PropertyError> {
    let found = properties.get(kind);
    if properties.get(location).is_some() && found != Some("PEM") {
        let reason = "only PEM files are read; convert the store, and say PEM".to_owned();
        return Err(PropertyError::Unsupported { name: kind, reason });
    }
    Ok(())
}

fn sasl(properties: &Properties) -> Result<AuthConfig, PropertyError> {
    let name = "sasl.mechanism";
    let mechanism = properties.get(name).unwrap_or("GSSAPI");
    let build: fn(String, String) -> AuthConfig = match mechanism {
        "PLAIN" => AuthConfig::sasl_plain,
        "SCRAM-SHA-256" => AuthConfig::sasl_scram_sha256,
        "SCRAM-SHA-512" => AuthConfig::sasl_scram_sha512,
        _ => {
            let reason = format!("{mechanism}; PLAIN, SCRAM-SHA-256 and SCRAM-SHA-512 are");
            return Err(PropertyError::Unsupported { name, reason });
        }
    };
    let name = "sasl.jaas.config";
    let reason = "it is not given";
    let text = properties.get(name);
    let text = text.ok_or(PropertyError::Secret { name, reason })?;
    let (username, password) = credentials(text)?;
    Ok(build(username, password))
}

/// User and password of a login module's entry: `Class required username="u" password="p";`.
fn credentials(entry: &str) -> Result<(String, String), PropertyError> {
    let secret = |reason| PropertyError::Secret {
        name: "sasl.jaas.config",
        reason,
    };
    let entry = entry.trim().strip_suffix(';');
    let mut rest = entry.ok_or_else(|| secret("it does not end with a semicolon"))?;
    let (mut username, mut password) = (None, None);
    while let Some((before, after)) = rest.split_once('=') {
        let option = before.split_whitespace().last().unwrap_or_default();
        let (value, following) = value_of(after.trim_start())
            .ok_or_else(|| secret("the value of an option does not end"))?;
        match option {
            "username" => username = Some(value),
            "password" => password = Some(value),
            _ => {}
        }
        rest = following;
    }
    let username = username.ok_or_else(|| secret("it names no username"))?;
    let password = password.ok_or_else(|| secret("it names no password"))?;
    Ok((username, password))
}

/// The value that begins the text, quoted or up to the next space, and what follows.
fn value_of(text: &str) -> Option<(String, &str)> {
    let Some(quote @ ('"' | '\'')) = text.chars().next() else {
        let end = text.find(char::is_whitespace).unwrap_or(text.len());
        return Some((text[..end].to_owned(), &text[end..]));
    };
    let mut value = String::new();
    let mut characters = text[1..].char_indices();
    while let Some((index, character)) = characters.next() {
        match character {
            '\\' => value.push(characters.next()?.1),
            _ if character == quote => return Some((value, &text[index + 2..])),
            _ => value.push(character),
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn properties(lines: &[(&str, &str)]) -> Properties {
        let mut properties = Properties::new();
        properties.extend(lines.iter().copied());
        properties
    }

    #[test]
    fn the_login_entry_gives_user_and_password() {
        let entry = r#"org.example.Login required
            username="alice" password="a \"b\"; c=d" serviceName=kafka;"#;
        let expected = ("alice".to_owned(), r#"a "b"; c=d"#.to_owned());
        assert_eq!(credentials(entry).unwrap(), expected);
        for bad in [
            "x required username=a password=b",
            "x required password=b;",
            "x \"u=\";",
        ] {
            assert!(credentials(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn what_is_not_carried_out_is_refused() {
        for line in [
            ("ssl.cipher.suites", "TLS_AES_256_GCM_SHA384"),
            ("security.protocol", "OPEN"),
            ("security.protocol", "SASL_PLAINTEXT"),
        ] {
            assert!(of(&properties(&[line])).is_err(), "{line:?}");
        }
        let stores = [
            ("security.protocol", "ssl"),
            ("ssl.truststore.location", "a.jks"),
        ];
        assert!(of(&properties(&stores)).is_err());
        assert!(of(&properties(&[])).is_ok());
    }

    #[test]
    fn no_secret_is_in_a_refusal() {
        let given = [
            ("security.protocol", "SASL_PLAINTEXT"),
            ("sasl.mechanism", "PLAIN"),
            ("sasl.jaas.config", "x required password=hush"),
        ];
        let refusal = of(&properties(&given)).unwrap_err();
        assert!(!format!("{refusal} {refusal:?}").contains("hush"));
    }
}
