//! Which quota holds for whom.
//!
//! A user and what he calls his client have the quota of the first of these that has one: both, the
//! user with the default client, the user, the default user with the client, both defaults, the
//! default user, the client, the default client. What is used is counted for the user, the client
//! or both, whatever the quota is for. As in Kafka the rules are simpler while all quotas of a kind
//! are for users, for clients, or for pairs.

use metadata::image::{ClientQuotasImage, QuotaEntity};
use std::collections::BTreeMap;
use std::net::IpAddr;

/// All quotas, by what they limit.
#[derive(Debug, Default)]
pub(super) struct Limits {
    pub(super) produce: ClientLimits,
    pub(super) fetch: ClientLimits,
    pub(super) request: ClientLimits,
    pub(super) mutation: ClientLimits,
    addresses: BTreeMap<IpAddr, f64>,
    default_address: Option<f64>,
}

/// Quotas of one key for users and clients.
#[derive(Debug, Default)]
pub(super) struct ClientLimits {
    pairs: BTreeMap<String, ByClient>,
    default_user_pairs: ByClient,
    users: BTreeMap<String, f64>,
    default_user: Option<f64>,
    clients: ByClient,
}

#[derive(Debug, Default)]
struct ByClient {
    named: BTreeMap<String, f64>,
    default: Option<f64>,
}

/// A quota, and for whom is counted.
#[derive(Debug, PartialEq)]
pub(super) struct Found<'a> {
    /// Empty if all users count as one.
    pub(super) user: &'a str,
    /// Empty if all clients count as one.
    pub(super) client_id: &'a str,
    pub(super) limit: f64,
}

impl Limits {
    pub(super) fn of(quotas: &ClientQuotasImage) -> Self {
        let mut limits = Self::default();
        for (entity, key, value) in quotas.iter() {
            let of_client = match key {
                "producer_byte_rate" => &mut limits.produce,
                "consumer_byte_rate" => &mut limits.fetch,
                "request_percentage" => &mut limits.request,
                "controller_mutation_rate" => &mut limits.mutation,
                _ => {
                    limits.add_address(entity, key, value);
                    continue;
                }
            };
            of_client.add(entity, value);
        }
        limits
    }

    fn add_address(&mut self, entity: &QuotaEntity, key: &str, value: f64) {
        if key != "connection_creation_rate" {
            return;
        }
        match entity.0.get(QuotaEntity::IP) {
            Some(None) => self.default_address = Some(value),
            Some(Some(address)) => {
                // Kafka may have written the name of a host; what cannot be told is not limited.
                if let Ok(address) = address.parse::<IpAddr>() {
                    self.addresses.insert(address.to_canonical(), value);
                }
            }
            None => {}
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        let clients = [&self.produce, &self.fetch, &self.request, &self.mutation];
        clients.iter().all(|limits| limits.is_empty())
            && self.addresses.is_empty()
            && self.default_address.is_none()
    }

    /// Connections a second.
    pub(super) fn of_address(&self, address: IpAddr) -> Option<f64> {
        let named = self.addresses.get(&address.to_canonical());
        named.copied().or(self.default_address)
    }
}

impl ClientLimits {
    fn add(&mut self, entity: &QuotaEntity, value: f64) {
        let user = entity.0.get(QuotaEntity::USER);
        let client = entity.0.get(QuotaEntity::CLIENT_ID);
        match (user, client) {
            (Some(Some(user)), Some(client)) => {
                let of_user = self.pairs.entry(user.clone()).or_default();
                of_user.add(client.as_deref(), value);
            }
            (Some(None), Some(client)) => self.default_user_pairs.add(client.as_deref(), value),
            (Some(Some(user)), None) => drop(self.users.insert(user.clone(), value)),
            (Some(None), None) => self.default_user = Some(value),
            (None, Some(client)) => self.clients.add(client.as_deref(), value),
            (None, None) => {}
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        !self.has_pairs() && !self.has_users() && self.clients.is_empty()
    }

    /// The quota of a user and what he calls his client.
    pub(super) fn find<'a>(&self, user: &'a str, client_id: &'a str) -> Option<Found<'a>> {
        let (user, client_id) = self.counted(user, client_id);
        let limit = match (user.is_empty(), client_id.is_empty()) {
            (false, false) => self.pair(user, client_id),
            (false, true) => self.users.get(user).copied().or(self.default_user),
            (true, false) => self.clients.find(client_id),
            (true, true) => None,
        };
        limit.map(|limit| Found {
            user,
            client_id,
            limit,
        })
    }

    /// For whom is counted.
    fn counted<'a>(&self, user: &'a str, client_id: &'a str) -> (&'a str, &'a str) {
        let has_clients = !self.clients.is_empty();
        match (self.has_pairs(), self.has_users(), has_clients) {
            (false, false, _) => ("", client_id),
            (false, true, false) => (user, ""),
            (true, false, false) => (user, client_id),
            _ => {
                let of_user = self.pairs.get(user);
                if of_user.is_some_and(|pairs| pairs.find(client_id).is_some()) {
                    (user, client_id)
                } else if self.users.contains_key(user) {
                    (user, "")
                } else if self.default_user_pairs.find(client_id).is_some() {
                    (user, client_id)
                } else if self.default_user.is_some() {
                    (user, "")
                } else {
                    ("", client_id)
                }
            }
        }
    }

    fn pair(&self, user: &str, client_id: &str) -> Option<f64> {
        let of_user = self.pairs.get(user);
        of_user
            .and_then(|pairs| pairs.find(client_id))
            .or_else(|| self.default_user_pairs.find(client_id))
    }

    fn has_pairs(&self) -> bool {
        !self.pairs.is_empty() || !self.default_user_pairs.is_empty()
    }

    fn has_users(&self) -> bool {
        !self.users.is_empty() || self.default_user.is_some()
    }
}

impl ByClient {
    fn add(&mut self, client_id: Option<&str>, value: f64) {
        match client_id {
            Some(client_id) => drop(self.named.insert(client_id.to_owned(), value)),
            None => self.default = Some(value),
        }
    }

    fn find(&self, client_id: &str) -> Option<f64> {
        self.named.get(client_id).copied().or(self.default)
    }

    fn is_empty(&self) -> bool {
        self.named.is_empty() && self.default.is_none()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    type Entity<'a> = [(&'a str, Option<&'a str>)];

    fn limits(quotas: &[(&Entity<'_>, f64)]) -> ClientLimits {
        let mut limits = ClientLimits::default();
        for (entity, value) in quotas {
            let parts = entity.iter();
            let parts = parts.map(|(kind, name)| ((*kind).to_owned(), name.map(str::to_owned)));
            limits.add(&QuotaEntity(parts.collect()), *value);
        }
        limits
    }

    fn found<'a>(user: &'a str, client_id: &'a str, limit: f64) -> Option<Found<'a>> {
        Some(Found {
            user,
            client_id,
            limit,
        })
    }

    const U: (&str, Option<&str>) = ("user", Some("u"));
    const C: (&str, Option<&str>) = ("client-id", Some("c"));
    const ANY_U: (&str, Option<&str>) = ("user", None);
    const ANY_C: (&str, Option<&str>) = ("client-id", None);

    #[test]
    fn the_most_specific_of_eight_combinations_holds() {
        let all: [(&Entity<'_>, f64); 8] = [
            (&[U, C], 1.0),
            (&[U, ANY_C], 2.0),
            (&[U], 3.0),
            (&[ANY_U, C], 4.0),
            (&[ANY_U, ANY_C], 5.0),
            (&[ANY_U], 6.0),
            (&[C], 7.0),
            (&[ANY_C], 8.0),
        ];
        let expected = [
            ("u", "c", 1.0),
            ("u", "c", 2.0),
            ("u", "", 3.0),
            ("u", "c", 4.0),
            ("u", "c", 5.0),
            ("u", "", 6.0),
            ("", "c", 7.0),
            ("", "c", 8.0),
        ];
        for (first, (user, client_id, limit)) in expected.into_iter().enumerate() {
            let limits = limits(&all[first..]);
            let expected = found(user, client_id, limit);
            assert_eq!(limits.find("u", "c"), expected, "from {first}");
        }
        assert_eq!(limits(&all).find("v", "d"), found("v", "d", 5.0));
        assert_eq!(limits(&[]).find("u", "c"), None);
    }

    #[test]
    fn quotas_of_one_kind_count_for_that_kind() {
        assert_eq!(limits(&[(&[U], 1.0)]).find("u", "c"), found("u", "", 1.0));
        assert_eq!(limits(&[(&[U], 1.0)]).find("v", "c"), None);
        assert_eq!(limits(&[(&[ANY_C], 1.0)]).find("u", ""), None);
        let clients = limits(&[(&[ANY_C], 1.0), (&[C], 2.0)]);
        assert_eq!(clients.find("u", "c"), found("", "c", 2.0));
        assert_eq!(clients.find("u", "d"), found("", "d", 1.0));
    }
}
