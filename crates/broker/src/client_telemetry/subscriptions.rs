//! Which metrics a client is asked for, by the resources of the kind `client-metrics`.

use metadata::image::{ConfigsImage, ResourceKind};
use net::request_context::RequestContext;
use protocol::Uuid;
use regex::{Regex, RegexBuilder};
use std::collections::BTreeSet;

/// Kafka's default, five minutes.
const INTERVAL_MS_DEFAULT: u64 = 300_000;
const INTERVALS_MS: std::ops::RangeInclusive<u64> = 100..=3_600_000;
/// A pattern that needs more is not used.
const PATTERN_BYTES_MAX: usize = 1 << 20;
const ALL_METRICS: &str = "*";

/// All subscriptions. Each change has another version.
#[derive(Debug, Default)]
pub(super) struct Subscriptions {
    version: u64,
    all: Vec<Subscription>,
}

#[derive(Debug)]
struct Subscription {
    metrics: BTreeSet<String>,
    interval_ms: u64,
    matches: Vec<(Attribute, Regex)>,
}

/// What patterns can be about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Attribute {
    InstanceId,
    ClientId,
    SoftwareName,
    SoftwareVersion,
    SourceAddress,
    SourcePort,
}

/// A client, in the words of patterns.
#[derive(Debug)]
pub(super) struct Client {
    instance_id: String,
    client_id: String,
    software_name: String,
    software_version: String,
    source_address: String,
    source_port: String,
}

/// What a client is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Asked {
    /// Beginnings of names; none asks for nothing, `*` for everything.
    pub(super) metrics: BTreeSet<String>,
    /// How often it shall push.
    pub(super) interval_ms: u64,
}

impl Subscriptions {
    /// What is configured, and what of it cannot be read.
    pub(super) fn of(configs: &ConfigsImage, version: u64) -> (Self, Vec<String>) {
        let mut all = Vec::new();
        let mut warnings = Vec::new();
        for (resource, values) in configs.resources() {
            if resource.kind != ResourceKind::CLIENT_METRICS {
                continue;
            }
            let value = |name: &str| values.get(name).map(String::as_str);
            match Subscription::of(value) {
                Ok(subscription) => all.push(subscription),
                Err(reason) => {
                    let name = &resource.name;
                    warnings.push(format!("read client-metrics subscription {name}: {reason}"));
                }
            }
        }
        (Self { version, all }, warnings)
    }

    pub(super) const fn version(&self) -> u64 {
        self.version
    }

    /// All that the subscriptions which match the client ask for, as often as the most impatient.
    pub(super) fn asked_of(&self, client: &Client) -> Asked {
        let mut asked = Asked {
            metrics: BTreeSet::new(),
            interval_ms: INTERVAL_MS_DEFAULT,
        };
        for subscription in self.all.iter().filter(|each| each.is_for(client)) {
            asked.metrics.extend(subscription.metrics.iter().cloned());
            asked.interval_ms = asked.interval_ms.min(subscription.interval_ms);
        }
        if asked.metrics.contains(ALL_METRICS) {
            asked.metrics = BTreeSet::from([ALL_METRICS.to_owned()]);
        }
        asked
    }
}

impl Subscription {
    fn of<'a>(value: impl Fn(&str) -> Option<&'a str>) -> Result<Self, String> {
        let interval_ms = match value("interval.ms") {
            None => INTERVAL_MS_DEFAULT,
            Some(text) => text
                .trim()
                .parse()
                .ok()
                .filter(|interval_ms| INTERVALS_MS.contains(interval_ms))
                .ok_or_else(|| format!("{text} is no interval in milliseconds"))?,
        };
        let matches = parts(value("match")).map(pattern);
        Ok(Self {
            metrics: parts(value("metrics")).map(str::to_owned).collect(),
            interval_ms,
            matches: matches.collect::<Result<_, _>>()?,
        })
    }

    fn is_for(&self, client: &Client) -> bool {
        let mut matches = self.matches.iter();
        matches.all(|(attribute, pattern)| pattern.is_match(client.value(*attribute)))
    }
}

fn parts(list: Option<&str>) -> impl Iterator<Item = &str> {
    let parts = list.unwrap_or_default().split(',').map(str::trim);
    parts.filter(|part| !part.is_empty())
}

/// The whole value has to match, as in Kafka.
fn pattern(part: &str) -> Result<(Attribute, Regex), String> {
    let illegal = || format!("{part} is no pattern");
    let (name, pattern) = part.split_once('=').ok_or_else(illegal)?;
    let attribute = Attribute::named(name.trim()).ok_or_else(illegal)?;
    let whole = format!("^(?:{})$", pattern.trim());
    let mut builder = RegexBuilder::new(&whole);
    let pattern = builder.size_limit(PATTERN_BYTES_MAX).build();
    let pattern = pattern.map_err(|_| illegal())?;
    Ok((attribute, pattern))
}

impl Attribute {
    fn named(name: &str) -> Option<Self> {
        Some(match name {
            "client_instance_id" => Self::InstanceId,
            "client_id" => Self::ClientId,
            "client_software_name" => Self::SoftwareName,
            "client_software_version" => Self::SoftwareVersion,
            "client_source_address" => Self::SourceAddress,
            "client_source_port" => Self::SourcePort,
            _ => return None,
        })
    }
}

impl Client {
    pub(super) fn of(context: &RequestContext, id: Uuid) -> Self {
        let connection = &context.connection;
        let unknown = || "unknown".to_owned();
        let software = connection.software.get();
        Self {
            instance_id: id.to_string(),
            client_id: context.client_id.as_deref().unwrap_or_default().to_owned(),
            software_name: software.map_or_else(unknown, |software| software.name.clone()),
            software_version: software.map_or_else(unknown, |software| software.version.clone()),
            source_address: connection.peer.ip().to_canonical().to_string(),
            source_port: connection.peer.port().to_string(),
        }
    }

    fn value(&self, attribute: Attribute) -> &str {
        match attribute {
            Attribute::InstanceId => &self.instance_id,
            Attribute::ClientId => &self.client_id,
            Attribute::SoftwareName => &self.software_name,
            Attribute::SoftwareVersion => &self.software_version,
            Attribute::SourceAddress => &self.source_address,
            Attribute::SourcePort => &self.source_port,
        }
    }
}

impl Asked {
    /// Tells one subscription from another, as Kafka numbers them.
    pub(super) fn subscription_id(&self, id: Uuid) -> i32 {
        let metrics: Vec<&str> = self.metrics.iter().map(String::as_str).collect();
        let text = format!("[{}]{}", metrics.join(", "), self.interval_ms);
        let number = u128::from_be_bytes(*id.as_bytes());
        let folded = (number >> 64) as u64 ^ number as u64;
        let hash = (folded >> 32) as u32 ^ folded as u32;
        (crc_fast::crc32_iscsi(text.as_bytes()) ^ hash) as i32
    }
}
