//! A controller as its own configuration and its directory tell of it.

use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;

use anyhow::{Context, Result, bail};
use protocol::Uuid;
use protocol::generated::add_raft_voter_request::Listener;
use storage::checkpoint::{self, MetaProperties};

use crate::surroundings;

/// Who is to vote.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Controller {
    pub(super) id: i32,
    pub(super) directory_id: Uuid,
    endpoints: Vec<Endpoint>,
}

/// Where a controller listens.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Endpoint {
    listener: String,
    /// Without brackets.
    host: String,
    port: u16,
}

impl Controller {
    /// Reads the configuration, and which directory of metadata it has.
    ///
    /// # Errors
    /// When it is not the configuration of a controller, or the directory is not formatted.
    pub(super) fn of(settings: &BTreeMap<String, String>) -> Result<Self> {
        let id = node_id(settings)?;
        let directory = metadata_directory(settings)?;
        let file = Path::new(directory).join(MetaProperties::FILE_NAME);
        let disk = surroundings::disk();
        let loading = checkpoint::load::<MetaProperties>(disk.as_ref(), &file);
        let loaded = surroundings::block_on(loading)?;
        let Some(meta) = loaded.with_context(|| format!("load {}", file.display()))? else {
            bail!("Unable to read meta.properties from {directory}");
        };
        let Some(directory_id) = meta.directory_id else {
            bail!("No directory id found in {directory}");
        };
        Ok(Self {
            id,
            directory_id,
            endpoints: endpoints(settings)?,
        })
    }

    /// Its endpoints, as a request has them.
    pub(super) fn listeners(&self) -> Vec<Listener<'_>> {
        let listeners = self.endpoints.iter().map(|endpoint| Listener {
            name: endpoint.listener.as_str().into(),
            host: endpoint.host.as_str().into(),
            port: endpoint.port,
        });
        listeners.collect()
    }
}

impl fmt::Display for Controller {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            id,
            directory_id,
            endpoints,
        } = self;
        let endpoints: Vec<String> = endpoints.iter().map(ToString::to_string).collect();
        let endpoints = endpoints.join(", ");
        write!(
            formatter,
            "{id} with directory id {directory_id} and endpoints: {endpoints}"
        )
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            listener,
            host,
            port,
        } = self;
        match host.contains(':') {
            true => write!(formatter, "{listener}://[{host}]:{port}"),
            false => write!(formatter, "{listener}://{host}:{port}"),
        }
    }
}

const IS_IT_ONE: &str = "configuration file. Is this a valid controller configuration file?";

fn node_id(settings: &BTreeMap<String, String>) -> Result<i32> {
    let Some(text) = settings.get("node.id") else {
        bail!("node.id not found in {IS_IT_ONE}");
    };
    let Ok(id) = text.trim().parse::<i32>() else {
        bail!("For input string: \"{text}\"");
    };
    if id < 0 {
        bail!("node.id was negative in {IS_IT_ONE}");
    }
    let roles = settings.get("process.roles").map_or("", String::as_str);
    if !roles.contains("controller") {
        bail!("process.roles did not contain 'controller' in {IS_IT_ONE}");
    }
    Ok(id)
}

fn metadata_directory(settings: &BTreeMap<String, String>) -> Result<&str> {
    let directory = settings.get("metadata.log.dir").map(String::as_str);
    let first = || settings.get("log.dirs")?.trim().split(',').next();
    directory.or_else(first).context(
        "Neither metadata.log.dir nor log.dirs were found. Is this a valid controller \
         configuration file?",
    )
}

fn endpoints(settings: &BTreeMap<String, String>) -> Result<Vec<Endpoint>> {
    let mut known = BTreeMap::new();
    for name in ["listeners", "advertised.listeners"] {
        let list = settings.get(name).map_or("", String::as_str).split(',');
        for text in list.map(str::trim).filter(|text| !text.is_empty()) {
            let endpoint = endpoint(text)
                .with_context(|| format!("read {name}: `{text}` is no NAME://HOST:PORT"))?;
            known.insert(endpoint.listener.clone(), endpoint);
        }
    }
    let Some(names) = settings.get("controller.listener.names") else {
        bail!(
            "controller.listener.names was not found. Is this a valid controller configuration \
             file?"
        );
    };
    let mut endpoints: Vec<Endpoint> = Vec::new();
    for name in names.split(',') {
        let name = name.trim().to_uppercase();
        let Some(endpoint) = known.get(&name) else {
            bail!("Cannot find information about controller listener name: {name}");
        };
        if !endpoints.contains(endpoint) {
            endpoints.push(endpoint.clone());
        }
    }
    Ok(endpoints)
}

fn endpoint(text: &str) -> Option<Endpoint> {
    let (listener, address) = text.split_once("://")?;
    let (host, port) = address.rsplit_once(':')?;
    let host = host.trim_start_matches('[').trim_end_matches(']');
    Some(Endpoint {
        listener: listener.to_uppercase(),
        host: if host.is_empty() { "localhost" } else { host }.to_owned(),
        port: port.parse().ok()?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(lines: &[(&str, &str)]) -> BTreeMap<String, String> {
        let lines = lines.iter();
        lines
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect()
    }

    #[test]
    fn a_controller_listens_where_it_says_so_to_others() {
        let settings = settings(&[
            (
                "listeners",
                "PLAINTEXT://:1,CONTROLLER://:2,other://[::1]:3",
            ),
            ("advertised.listeners", "CONTROLLER://c.example:4"),
            ("controller.listener.names", "controller,OTHER"),
        ]);
        let controller = Controller {
            id: 3,
            directory_id: Uuid::METADATA_TOPIC,
            endpoints: endpoints(&settings).unwrap(),
        };
        let expected = "3 with directory id AAAAAAAAAAAAAAAAAAAAAQ and endpoints: \
                        CONTROLLER://c.example:4, OTHER://[::1]:3";
        assert_eq!(controller.to_string(), expected);
        assert_eq!(controller.listeners()[1].host, "::1");
    }

    #[test]
    fn a_configuration_that_is_not_a_controllers_is_refused() {
        let check = |lines: &[(&str, &str)], expected: &str| {
            let refusal = Controller::of(&settings(lines)).unwrap_err().to_string();
            assert!(refusal.starts_with(expected), "{refusal}");
        };
        let id = ("node.id", "3");
        let roles = ("process.roles", "broker,controller");
        let nowhere = ("log.dirs", "/nowhere,/else");
        check(&[], "node.id not found in configuration file.");
        check(
            &[("node.id", "-1")],
            "node.id was negative in configuration file.",
        );
        check(
            &[id],
            "process.roles did not contain 'controller' in configuration file.",
        );
        check(
            &[id, roles],
            "Neither metadata.log.dir nor log.dirs were found.",
        );
        check(
            &[id, roles, nowhere],
            "Unable to read meta.properties from /nowhere",
        );
        let refusal = endpoints(&settings(&[])).unwrap_err().to_string();
        assert!(refusal.starts_with("controller.listener.names was not found."));
        let refusal = endpoints(&settings(&[("controller.listener.names", "C")]));
        let refusal = refusal.unwrap_err().to_string();
        assert_eq!(
            refusal,
            "Cannot find information about controller listener name: C"
        );
    }
}
