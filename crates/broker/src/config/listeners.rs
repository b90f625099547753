//! Listeners: where the node listens, what it tells others to connect to, and which are whose.
//!
//! Not the job of this module: opening sockets.
//!
//! Invariant: every listener here speaks `PLAINTEXT`; one that should speak anything else refuses
//! the start. Names are in capitals.

use std::collections::BTreeMap;
use std::net::IpAddr;

use super::broker::NodeConfig;
use super::endpoint::split_address;
use super::error::ConfigError;
use super::quorum::QuorumConfig;
use super::settings::Settings;

/// Where the node listens, and what it is known as.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListenersConfig {
    /// `listeners`, those of the controller among them.
    pub listeners: Vec<Listener>,
    /// What clients and brokers are told to connect to; empty for a node that is no broker.
    pub advertised: Vec<Listener>,
    /// What the controller's listeners are known as; empty for a node that is no controller.
    pub controller_advertised: Vec<Listener>,
    /// `controller.listener.names`; a broker uses the first to reach the controller.
    pub controller_names: Vec<String>,
    /// The listener that brokers talk to each other on.
    pub inter_broker_name: String,
}

/// One listener.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listener {
    /// Its name, in capitals.
    pub name: String,
    /// A name or an address; `None` is every interface of the machine.
    pub host: Option<String>,
    /// The port; zero lets the system choose.
    pub port: u16,
}

/// What can be spoken on a listener, as far as configurations name it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum SecurityProtocol {
    Plaintext,
    Ssl,
    SaslPlaintext,
    SaslSsl,
}

type ProtocolMap = BTreeMap<String, SecurityProtocol>;

const NONROUTABLE: &str = "0.0.0.0";
const MAP: &str = "listener.security.protocol.map";

impl ListenersConfig {
    pub(super) fn new(
        settings: &Settings,
        node: &NodeConfig,
        quorum: &QuorumConfig,
    ) -> Result<Self, ConfigError> {
        let names = settings.list("controller.listener.names")?;
        let names = names.ok_or(ConfigError::Missing("controller.listener.names"))?;
        let controller_names: Vec<_> = names.iter().map(|name| name.to_uppercase()).collect();
        let texts = settings.list("listeners")?.unwrap_or_default();
        let protocols = protocol_map(settings, &controller_names, &texts)?;
        let listeners = parse(&texts, &protocols, true)?;
        let advertised_texts = settings.list("advertised.listeners")?;
        let advertised = match &advertised_texts {
            Some(texts) => Some(parse(texts, &protocols, false)?),
            None => None,
        };
        let is_controllers = |listener: &Listener| controller_names.contains(&listener.name);
        let of_brokers = advertised.as_ref().unwrap_or(&listeners).iter();
        let of_brokers = of_brokers.filter(|listener| !is_controllers(listener));
        let mut config = Self {
            advertised: of_brokers.cloned().collect(),
            controller_advertised: Vec::new(),
            inter_broker_name: inter_broker_name(settings, &protocols)?,
            listeners,
            controller_names,
        };
        config.controller_advertised =
            config.advertised_of_controller(advertised.unwrap_or_default(), node, quorum);
        config.check(settings, node, &protocols)?;
        if !node.roles.broker {
            config.advertised.clear();
        }
        Ok(config)
    }

    /// The listeners that clients and brokers connect to.
    pub fn of_broker(&self) -> impl Iterator<Item = &Listener> {
        let is_controllers = |name: &String| self.controller_names.contains(name);
        let mut listeners: Vec<_> = self.listeners.iter().collect();
        listeners.retain(|listener| !is_controllers(&listener.name));
        listeners.into_iter()
    }

    /// The listeners that the controller is reached at.
    pub fn of_controller(&self) -> impl Iterator<Item = &Listener> {
        let names = &self.controller_names;
        let listeners = self.listeners.iter();
        listeners.filter(|listener| names.contains(&listener.name))
    }

    fn advertised_of_controller(
        &self,
        advertised: Vec<Listener>,
        node: &NodeConfig,
        quorum: &QuorumConfig,
    ) -> Vec<Listener> {
        let find = |all: &[Listener], name: &str| {
            all.iter().find(|listener| listener.name == name).cloned()
        };
        let mut found = Vec::new();
        for (position, name) in self.controller_names.iter().enumerate() {
            if let Some(listener) = find(&advertised, name) {
                found.push(listener);
                continue;
            }
            let Some(mut listener) = find(&self.listeners, name) else {
                continue;
            };
            let is_open = listener
                .host
                .as_deref()
                .is_none_or(|host| host == NONROUTABLE);
            let voter = quorum.voters.iter().find(|voter| voter.id == node.id);
            match voter {
                Some(voter) if position == 0 && is_open => {
                    listener.host = Some(voter.address.host.clone());
                    listener.port = voter.address.port;
                }
                _ if is_open => listener.host = None,
                _ => {}
            }
            found.push(listener);
        }
        found
    }

    /// What Apache Kafka's KafkaConfig demands of listeners.
    fn check(
        &self,
        settings: &Settings,
        node: &NodeConfig,
        protocols: &ProtocolMap,
    ) -> Result<(), ConfigError> {
        let conflict = |text: &str| Err(ConfigError::Conflict(text.to_owned()));
        let names: Vec<&str> = self.listeners.iter().map(|each| &*each.name).collect();
        if !node.roles.controller {
            if self.of_controller().next().is_some() {
                return conflict(
                    "controller.listener.names must not contain a value appearing in the \
                     'listeners' configuration when running KRaft with just the broker role",
                );
            }
            let unmapped = self
                .controller_names
                .iter()
                .find(|name| !protocols.contains_key(*name));
            if let Some(name) = unmapped {
                return conflict(&format!(
                    "Controller listener with name {name} defined in controller.listener.names \
                     not found in {MAP}"
                ));
            }
        } else {
            if !node.roles.broker && self.of_broker().next().is_some() {
                return conflict(
                    "The listeners config must only contain KRaft controller listeners from \
                     controller.listener.names when process.roles=controller",
                );
            }
            let is_explicit = settings.given("inter.broker.listener.name").is_some();
            let is_shared = self.controller_names.contains(&self.inter_broker_name);
            if !node.roles.broker && is_explicit && is_shared {
                return conflict(
                    "controller.listener.names must not contain an explicitly set \
                     inter.broker.listener.name configuration value when process.roles=controller",
                );
            }
            if !self
                .controller_names
                .iter()
                .all(|name| names.contains(&&**name))
            {
                return conflict(
                    "controller.listener.names must only contain values appearing in the \
                     'listeners' configuration when running the KRaft controller role",
                );
            }
        }
        if node.roles.broker {
            self.check_advertised(&names)?;
        }
        let mut all = self.advertised.iter().chain(&self.controller_advertised);
        if all.any(|listener| listener.host.as_deref() == Some(NONROUTABLE)) {
            return conflict(
                "advertised.listeners cannot use the nonroutable meta-address 0.0.0.0. Use a \
                 routable IP address.",
            );
        }
        self.refuse_security(protocols)
    }

    fn check_advertised(&self, names: &[&str]) -> Result<(), ConfigError> {
        let advertised: Vec<&str> = self.advertised.iter().map(|each| &*each.name).collect();
        if advertised.is_empty() {
            let text = "There must be at least one broker advertised listener. Perhaps all \
                        listeners appear in controller.listener.names?";
            return Err(ConfigError::Conflict(text.to_owned()));
        }
        if !advertised.contains(&&*self.inter_broker_name) {
            return Err(ConfigError::Conflict(format!(
                "inter.broker.listener.name must be a listener name defined in \
                 advertised.listeners. The valid options based on currently configured listeners \
                 are {}",
                advertised.join(",")
            )));
        }
        if advertised.iter().any(|name| !names.contains(name)) {
            return Err(ConfigError::Conflict(format!(
                "advertised.listeners listener names must be equal to or a subset of the ones \
                 defined in listeners. Found {}. The valid options based on the current \
                 configuration are {}",
                advertised.join(","),
                names.join(",")
            )));
        }
        Ok(())
    }

    /// Refuses the start when a listener that is used should speak more than `PLAINTEXT`.
    fn refuse_security(&self, protocols: &ProtocolMap) -> Result<(), ConfigError> {
        let listeners = self.listeners.iter().map(|listener| &listener.name);
        let mut used = listeners
            .chain(&self.controller_names)
            .chain([&self.inter_broker_name]);
        let is_secured = |name: &&String| {
            let protocol = protocols.get(*name);
            protocol.is_some_and(|protocol| *protocol != SecurityProtocol::Plaintext)
        };
        match used.find(is_secured) {
            Some(name) => Err(ConfigError::NotImplemented {
                key: format!("{MAP}: {name}:{}", protocols[name].name()),
            }),
            None => Ok(()),
        }
    }
}

impl SecurityProtocol {
    const ALL: [Self; 4] = [
        Self::Plaintext,
        Self::Ssl,
        Self::SaslPlaintext,
        Self::SaslSsl,
    ];

    fn from_name(name: &str) -> Option<Self> {
        let name = name.to_ascii_uppercase();
        Self::ALL
            .into_iter()
            .find(|protocol| protocol.name() == name)
    }

    fn name(self) -> &'static str {
        match self {
            Self::Plaintext => "PLAINTEXT",
            Self::Ssl => "SSL",
            Self::SaslPlaintext => "SASL_PLAINTEXT",
            Self::SaslSsl => "SASL_SSL",
        }
    }
}

/// What each listener speaks. Without a map of the user's, the controller's listeners speak
/// `PLAINTEXT`, unless a listener is named after another protocol.
fn protocol_map(
    settings: &Settings,
    controller_names: &[String],
    listeners: &[String],
) -> Result<ProtocolMap, ConfigError> {
    let text = settings.text(MAP)?.unwrap_or_default();
    let mut map = ProtocolMap::new();
    for pair in text
        .split(',')
        .map(str::trim)
        .filter(|pair| !pair.is_empty())
    {
        let Some((name, protocol)) = pair.rsplit_once(':') else {
            let reason = "each part must be of the form {listener}:{protocol}";
            return Err(ConfigError::value(MAP, &text, reason));
        };
        let protocol = protocol.trim();
        let Some(known) = SecurityProtocol::from_name(protocol) else {
            return Err(ConfigError::Conflict(format!(
                "Invalid security protocol `{protocol}` defined in {MAP}"
            )));
        };
        map.insert(name.trim().to_uppercase(), known);
    }
    if settings.given(MAP).is_some() {
        return Ok(map);
    }
    let of_listener = |text: &String| text.split(':').next().unwrap_or_default().to_uppercase();
    let is_secured = |name: &str| {
        let protocol = SecurityProtocol::from_name(name);
        protocol.is_some_and(|protocol| protocol != SecurityProtocol::Plaintext)
    };
    let names = controller_names.iter().cloned();
    if !names
        .chain(listeners.iter().map(of_listener))
        .any(|name| is_secured(&name))
    {
        for name in controller_names {
            map.insert(name.clone(), SecurityProtocol::Plaintext);
        }
    }
    Ok(map)
}

fn inter_broker_name(settings: &Settings, protocols: &ProtocolMap) -> Result<String, ConfigError> {
    let protocol_key = "security.inter.broker.protocol";
    let Some(name) = settings.text("inter.broker.listener.name")? else {
        return Ok(settings.text(protocol_key)?.unwrap_or_default());
    };
    if settings.given(protocol_key).is_some() {
        return Err(ConfigError::Conflict(format!(
            "Only one of inter.broker.listener.name and {protocol_key} should be set."
        )));
    }
    let name = name.to_uppercase();
    if !protocols.contains_key(&name) {
        return Err(ConfigError::Conflict(format!(
            "Listener with name {name} defined in inter.broker.listener.name not found in {MAP}."
        )));
    }
    Ok(name)
}

/// Reads `NAME://host:port` texts.
fn parse(
    texts: &[String],
    protocols: &ProtocolMap,
    has_own_ports: bool,
) -> Result<Vec<Listener>, ConfigError> {
    let shown = texts.join(", ");
    let failed = |reason: String| {
        ConfigError::Conflict(format!(
            "Error creating broker listeners from '[{shown}]': {reason}"
        ))
    };
    let mut listeners: Vec<Listener> = Vec::new();
    for text in texts {
        let parts = text.rsplit_once("://");
        let address = parts.and_then(|(_, address)| split_address(address));
        let (Some((name, _)), Some((host, port))) = (parts, address) else {
            return Err(failed(format!(
                "Unable to parse {text} to a broker endpoint"
            )));
        };
        let name = name.to_uppercase();
        if !protocols.contains_key(&name) {
            return Err(failed(format!(
                "No security protocol defined for listener {name}"
            )));
        }
        if listeners.iter().any(|known| known.name == name) {
            return Err(failed(format!(
                "Each listener must have a different name, listeners: [{shown}]"
            )));
        }
        let host = (!host.is_empty()).then(|| host.to_owned());
        listeners.push(Listener { name, host, port });
    }
    let clash = listeners.iter().enumerate().find(|(position, listener)| {
        let before = &listeners[..*position];
        before.iter().any(|other| clashes(listener, other))
    });
    match clash {
        Some((_, listener)) if has_own_ports => Err(failed(format!(
            "Each listener must have a different port unless exactly one listener has an IPv4 \
             address and the other IPv6 address, listeners: [{shown}], port: {}",
            listener.port
        ))),
        _ => Ok(listeners),
    }
}

/// Whether two listeners cannot have the same port: one may have it for IPv4 and one for IPv6.
fn clashes(left: &Listener, right: &Listener) -> bool {
    let family = |listener: &Listener| {
        let address = listener.host.as_ref()?.parse::<IpAddr>().ok()?;
        Some(address.is_ipv4())
    };
    let is_apart = match (family(left), family(right)) {
        (Some(left), Some(right)) => left != right,
        _ => false,
    };
    left.port != 0 && left.port == right.port && !is_apart
}
