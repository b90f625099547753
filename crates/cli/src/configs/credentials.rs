//! SCRAM credentials of users (KIP-554). Passwords are salted here; brokers do not see them.

use std::collections::BTreeMap;
use std::io::Write;
use std::num::NonZeroU32;

use anyhow::Result;
use client::exception::Exception;
use client::krafka::admin::{
    AdminClient, AlterUserScramCredentialsOptions, DescribeUserScramCredentialsOptions,
    ScramCredentialDeletion,
};
use client::krafka::auth::ScramMechanism;
use client::scram;

use super::changes::Changes;
use super::naming;

const MECHANISMS: [ScramMechanism; 2] = [ScramMechanism::Sha256, ScramMechanism::Sha512];
const ITERATION_COUNT_MIN: u32 = 4096;

/// Whether a configuration of this name is a credential.
pub(super) fn is_mechanism(name: &str) -> bool {
    mechanism(name).is_some()
}

/// Describes the credentials of these users, or of all if none is named.
///
/// # Errors
/// When the cluster refuses altogether; what is refused for one user is printed.
pub(super) async fn describe(
    admin: &AdminClient,
    users: &[String],
    out: &mut dyn Write,
) -> Result<()> {
    let users = Some(users.to_vec()).filter(|users| !users.is_empty());
    let options = DescribeUserScramCredentialsOptions::default();
    let described = admin.describe_user_scram_credentials(users, options).await;
    let described = described.map_err(|error| naming("DESCRIBE_USER_SCRAM_CREDENTIALS", error))?;
    for (user, result) in BTreeMap::from_iter(described) {
        match result {
            Ok(infos) => {
                let infos = infos.iter().map(|info| {
                    let mechanism = info.mechanism.mechanism_name();
                    format!("{mechanism}=iterations={}", info.iterations)
                });
                let infos: Vec<_> = infos.collect();
                writeln!(
                    out,
                    "SCRAM credential configs for user-principal '{user}' are {}",
                    infos.join(", ")
                )?;
            }
            Err(error) => {
                let exception = Exception::of(&error);
                // A user without credentials has nothing to show.
                if exception.class == "ResourceNotFoundException" {
                    continue;
                }
                writeln!(
                    out,
                    "Error retrieving SCRAM credential configs for user-principal '{user}': \
                     ExecutionException: {}",
                    exception.with_class()
                )?;
            }
        }
    }
    Ok(())
}

/// Changes the credentials of a user.
///
/// # Errors
/// When one is not well-formed, or the cluster refuses.
pub(super) async fn alter(admin: &AdminClient, user: &str, changes: Changes) -> Result<()> {
    let deleted = changes.delete.iter().filter_map(|name| mechanism(name));
    let deletions = deleted.map(|mechanism| ScramCredentialDeletion {
        name: user.to_owned(),
        mechanism,
    });
    let mut upsertions = Vec::new();
    for (name, value) in &changes.set {
        let Some(mechanism) = mechanism(name) else {
            continue;
        };
        let (iteration_count, password) = iterations_and_password(mechanism, value)?;
        let credential = scram::credential(user, mechanism, iteration_count, password)?;
        upsertions.push(credential);
    }
    let options = AlterUserScramCredentialsOptions::default();
    let altered = admin.alter_user_scram_credentials(deletions.collect(), upsertions, options);
    for result in altered.await?.into_values() {
        result.map_err(|error| naming("ALTER_USER_SCRAM_CREDENTIALS", error))?;
    }
    Ok(())
}

fn mechanism(name: &str) -> Option<ScramMechanism> {
    let mut mechanisms = MECHANISMS.into_iter();
    mechanisms.find(|mechanism| mechanism.mechanism_name() == name)
}

/// `iterations=8192,password=...`, or the password alone; so does -1 leave the iterations to us.
fn iterations_and_password(
    mechanism: ScramMechanism,
    value: &str,
) -> Result<(NonZeroU32, &str), Exception> {
    let name = mechanism.mechanism_name();
    let malformed = || {
        // Without the value, which Kafka's tool shows: it may be the password.
        let name = name.replace('-', "_");
        Exception::illegal_argument(format!("Invalid credential property {name}"))
    };
    let (iterations, rest) = match value.strip_prefix("iterations=") {
        Some(rest) => rest.split_once(',').ok_or_else(malformed)?,
        None => ("-1", value),
    };
    let password = rest.strip_prefix("password=").ok_or_else(malformed)?;
    let iterations: i32 = iterations.parse().map_err(|_| malformed())?;
    let iterations = match iterations {
        -1 => Ok(ITERATION_COUNT_MIN),
        iterations => u32::try_from(iterations),
    };
    let enough = iterations
        .ok()
        .filter(|count| *count >= ITERATION_COUNT_MIN);
    match enough.and_then(NonZeroU32::new) {
        Some(iteration_count) => Ok((iteration_count, password)),
        None => Err(Exception::illegal_argument(format!(
            "Iterations {} is less than the minimum {ITERATION_COUNT_MIN} required for {name}",
            value.split([',', '=']).nth(1).unwrap_or_default()
        ))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(value: &str) -> Result<(u32, &str), String> {
        let read = iterations_and_password(ScramMechanism::Sha256, value);
        let read = read.map(|(count, password)| (count.get(), password));
        read.map_err(|error| error.message)
    }

    #[test]
    fn a_credential_is_a_password_with_or_without_iterations() {
        assert_eq!(read("iterations=8192,password=a,b=c"), Ok((8192, "a,b=c")));
        assert_eq!(read("password=x"), Ok((4096, "x")));
        assert_eq!(read("iterations=-1,password="), Ok((4096, "")));
    }

    #[test]
    fn credentials_that_are_none_are_refused_without_being_shown() {
        let malformed = "Invalid credential property SCRAM_SHA_256";
        for value in [
            "secret",
            "iterations=8192",
            "iterations=x,password=secret",
            "password:secret",
        ] {
            assert_eq!(read(value), Err(malformed.to_owned()), "{value}");
        }
        for count in ["8", "-2", "0"] {
            let few = format!(
                "Iterations {count} is less than the minimum 4096 required for SCRAM-SHA-256"
            );
            let value = format!("iterations={count},password=secret");
            assert_eq!(read(&value), Err(few));
        }
    }

    #[test]
    fn the_mechanisms_are_known_by_their_names() {
        assert!(is_mechanism("SCRAM-SHA-256") && is_mechanism("SCRAM-SHA-512"));
        assert!(!is_mechanism("SCRAM-SHA-1") && !is_mechanism("scram-sha-256"));
    }
}
