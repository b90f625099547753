//! SCRAM credentials to be stored by a cluster: passwords salted by the client, so that no broker
//! sees them (KIP-554, RFC 5802).
//!
//! Not the job of this module: logging in with one, and which iterations a broker takes.

use std::num::NonZeroU32;

use aws_lc_rs::pbkdf2::{self, PBKDF2_HMAC_SHA256, PBKDF2_HMAC_SHA512};
use aws_lc_rs::rand;
use krafka::admin::ScramCredentialUpsertion;
use krafka::auth::ScramMechanism;
use thiserror::Error;

const SALT_SIZE: usize = 16;

/// Why there is no credential.
#[derive(Debug, Error)]
pub enum CredentialError {
    /// The system has no random bytes to give.
    #[error("salt password: no random bytes from the system")]
    NoSalt,
    /// A mechanism that krafka knows, and this does not.
    #[error("salt password: {0} is not supported")]
    Mechanism(&'static str),
}

/// The credential of a user, with a random salt.
///
/// # Errors
/// When the system has no random bytes, or the mechanism is a new one.
pub fn credential(
    user: &str,
    mechanism: ScramMechanism,
    iteration_count: NonZeroU32,
    password: &str,
) -> Result<ScramCredentialUpsertion, CredentialError> {
    let mut salt = vec![0; SALT_SIZE];
    rand::fill(&mut salt).map_err(|_| CredentialError::NoSalt)?;
    let salted_password = salted(mechanism, iteration_count, &salt, password)?;
    Ok(ScramCredentialUpsertion {
        name: user.to_owned(),
        mechanism,
        // Nobody waits for so many; brokers refuse what is over their limit.
        iterations: i32::try_from(iteration_count.get()).unwrap_or(i32::MAX),
        salt: salt.into(),
        salted_password: salted_password.into(),
    })
}

fn salted(
    mechanism: ScramMechanism,
    iteration_count: NonZeroU32,
    salt: &[u8],
    password: &str,
) -> Result<Vec<u8>, CredentialError> {
    let algorithm = match mechanism {
        ScramMechanism::Sha256 => PBKDF2_HMAC_SHA256,
        ScramMechanism::Sha512 => PBKDF2_HMAC_SHA512,
        other => return Err(CredentialError::Mechanism(other.mechanism_name())),
    };
    let mut salted = vec![0; mechanism.hash_length()];
    pbkdf2::derive(
        algorithm,
        iteration_count,
        salt,
        password.as_bytes(),
        &mut salted,
    );
    Ok(salted)
}

#[cfg(test)]
mod tests {
    use super::*;

    const COUNT: NonZeroU32 = NonZeroU32::new(4096).unwrap();

    #[test]
    fn a_password_is_salted_as_in_rfc_7914() {
        // The second vector of its section 11, whose 64 bytes begin with these 32.
        let iterations = NonZeroU32::new(80_000).unwrap();
        let salted = salted(ScramMechanism::Sha256, iterations, b"NaCl", "Password").unwrap();
        let hex: String = salted.iter().map(|byte| format!("{byte:02x}")).collect();
        let expected = "4ddcd8f60b98be21830cee5ef22701f9641a4418d04c0414aeff08876b34ab56";
        assert_eq!(hex, expected);
    }

    #[test]
    fn each_credential_has_a_salt_of_its_own() {
        let of = || credential("alice", ScramMechanism::Sha512, COUNT, "secret").unwrap();
        let (one, other) = (of(), of());
        assert_eq!((one.iterations, one.salted_password.len()), (4096, 64));
        assert_ne!(one.salt, other.salt);
        assert_ne!(one.salted_password, other.salted_password);
    }
}
