//! How many connections a node takes, and how fast, by its configuration, while that changes.
//!
//! Not the job of this module: counting them (crate `net`).

use crate::config::NetworkConfig;
use net::server::{Allowance, ConnectionLimits, ConnectionRates};
use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::Arc;

/// The limits that a node begins with.
pub(super) fn of(
    network: &NetworkConfig,
    rates: Arc<dyn ConnectionRates>,
) -> Arc<ConnectionLimits> {
    let (_, per_address, overrides) = counts(network);
    ConnectionLimits::new(allowance(network), per_address, overrides, rates)
}

/// What the node allows in all.
pub(super) const fn allowance(network: &NetworkConfig) -> Allowance {
    Allowance {
        count_max: network.connections_max as usize,
        per_second_max: network.connection_creation_rate_max,
    }
}

/// Puts the numbers of another configuration into effect.
pub(super) fn change(limits: &ConnectionLimits, network: &NetworkConfig) {
    let (in_all, per_address, overrides) = counts(network);
    limits.change(in_all, per_address, overrides);
}

fn counts(network: &NetworkConfig) -> (usize, usize, BTreeMap<IpAddr, usize>) {
    // A name that is no address has no addresses of its own to limit.
    let overrides = network
        .connections_per_ip_overrides
        .iter()
        .filter_map(|(host, count)| Some((host.parse().ok()?, *count as usize)));
    (
        network.connections_max as usize,
        network.connections_per_ip_max as usize,
        overrides.collect(),
    )
}
