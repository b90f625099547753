//! The text of `--initial-controllers`: `id@host:port:directory-id`, separated by commas.

use anyhow::{Context, Result, ensure};
use protocol::Uuid;
use raft::{Endpoint, KraftVersionRange, ReplicaKey, Voter, VoterSet};

/// Reads voters that are reached at the listener of this name.
pub(super) fn parse(text: &str, listener: &str) -> Result<VoterSet> {
    let mut voters = VoterSet::default();
    for one in text.trim().split(',').filter(|one| !one.is_empty()) {
        let voter = parse_one(one.trim(), listener)
            .with_context(|| format!("parse initial controller `{one}`"))?;
        let id = voter.key.id;
        ensure!(
            voters.voter(id).is_none(),
            "parse initial controllers: node {id} is there twice"
        );
        voters = voters.with(voter);
    }
    ensure!(
        voters.count() > 0,
        "parse initial controllers: there is none"
    );
    Ok(voters)
}

fn parse_one(text: &str, listener: &str) -> Result<Voter> {
    let (id, address) = text
        .split_once('@')
        .context("there is no @ behind the node id")?;
    let id: i32 = id.parse().context("the node id is not a number")?;
    ensure!(id >= 0, "the node id is negative");
    let (host, rest) = match address.strip_prefix('[') {
        Some(bracketed) => {
            let (host, rest) = bracketed
                .split_once(']')
                .context("there is no ] behind the host")?;
            (
                host,
                rest.strip_prefix(':')
                    .context("there is no : behind the host")?,
            )
        }
        None => address
            .split_once(':')
            .context("there is no : behind the host")?,
    };
    ensure!(!host.is_empty(), "there is no host");
    let (port, directory_id) = rest
        .split_once(':')
        .context("there is no : behind the port")?;
    let port: u16 = port
        .parse()
        .context("the port is not a number up to 65535")?;
    let directory_id: Uuid = directory_id.parse()?;
    Ok(Voter {
        key: ReplicaKey {
            id,
            directory_id: Some(directory_id),
        },
        endpoints: vec![Endpoint {
            name: listener.to_owned(),
            host: host.to_owned(),
            port,
        }],
        kraft_versions: KraftVersionRange::SUPPORTED,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "JEXY6aqzQY-32P5TStzaFg";

    #[test]
    fn voters_are_read_with_names_and_bracketed_addresses() {
        let text = format!("2@[::1]:9093:{ID},,1@example.com:0:{ID},");
        let voters = parse(&text, "CONTROLLER").unwrap();
        let addresses = voters.iter().map(|voter| {
            let endpoint = &voter.endpoints[0];
            (voter.key.id, endpoint.host.as_str(), endpoint.port)
        });
        let addresses: Vec<_> = addresses.collect();
        assert_eq!(addresses, [(1, "example.com", 0), (2, "::1", 9093)]);
        assert!(
            voters
                .iter()
                .all(|voter| voter.endpoints[0].name == "CONTROLLER")
        );
    }

    #[test]
    fn each_part_of_a_voter_must_be_there() {
        for (text, reason) in [
            ("", "there is none"),
            ("1", "there is no @ behind the node id"),
            ("x@h:1:ID", "the node id is not a number"),
            ("-1@h:1:ID", "the node id is negative"),
            ("1@h", "there is no : behind the host"),
            ("1@[::1", "there is no ] behind the host"),
            ("1@[::1]1:ID", "there is no : behind the host"),
            ("1@:1:ID", "there is no host"),
            ("1@h:1", "there is no : behind the port"),
            ("1@h:65536:ID", "the port is not a number up to 65535"),
            ("1@h:1:short", "is not 22 characters of base64url"),
            ("1@h:1:ID,1@h:2:ID", "node 1 is there twice"),
        ] {
            let error = parse(&text.replace("ID", ID), "CONTROLLER").unwrap_err();
            assert!(format!("{error:#}").contains(reason), "{text}: {error:#}");
        }
    }
}
