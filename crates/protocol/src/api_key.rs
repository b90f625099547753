//! What is known of each API besides its messages: versions, headers, and who serves it.
//!
//! The facts are generated from `messages/`; this file gives them their meaning. What a node
//! really offers is its own decision (unstable versions, features, telemetry).

use crate::wire::Message;
use std::ops::RangeInclusive;

pub use crate::generated::api_key::ApiKey;

/// A request: its key, and the response that answers it.
pub trait Request<'a>: Message<'a> {
    /// The key of its API.
    const KEY: ApiKey;
    /// What answers it, in the same version.
    type Response<'r>: Message<'r>;
}

/// One row of the generated table.
pub(crate) struct Facts {
    pub(crate) name: &'static str,
    /// First and last.
    pub(crate) versions: (i16, i16),
    pub(crate) newest_stable: i16,
    /// First and last.
    pub(crate) advertised: (i16, i16),
    pub(crate) first_flexible: Option<i16>,
    pub(crate) broker: bool,
    pub(crate) controller: bool,
    pub(crate) forwardable: bool,
}

impl ApiKey {
    /// The API with this number, if there is one.
    pub fn from_id(id: i16) -> Option<Self> {
        let position = Self::ALL.binary_search_by_key(&id, |key| key.id());
        position.ok().map(|position| Self::ALL[position])
    }

    /// Its number, as request headers carry it.
    pub const fn id(self) -> i16 {
        self as i16
    }

    /// Its name, as Kafka spells it.
    pub const fn name(self) -> &'static str {
        self.facts().name
    }

    /// All versions that its messages can be read and written in.
    pub const fn versions(self) -> RangeInclusive<i16> {
        let (first, last) = self.facts().versions;
        first..=last
    }

    /// The versions that a node serves unless it was told to serve unstable ones as well.
    pub const fn stable_versions(self) -> RangeInclusive<i16> {
        let facts = self.facts();
        facts.versions.0..=facts.newest_stable
    }

    /// The versions that a node says it serves. Produce claims versions 0 to 2 without serving
    /// them, because older librdkafka takes their absence for a broker without compression
    /// (KIP-896).
    pub const fn advertised_versions(self) -> RangeInclusive<i16> {
        let (first, last) = self.facts().advertised;
        first..=last
    }

    /// The first version with tagged fields and compact lengths, if any has them.
    pub const fn first_flexible(self) -> Option<i16> {
        self.facts().first_flexible
    }

    /// The version of the header in front of a request of `version`.
    pub fn request_header_version(self, version: i16) -> i16 {
        if self.is_flexible(version) { 2 } else { 1 }
    }

    /// The version of the header in front of a response of `version`.
    pub fn response_header_version(self, version: i16) -> i16 {
        // A client that asks with a version the node does not know must still be able to read the
        // answer, which is in version 0 then (KIP-511).
        if self == Self::ApiVersions {
            return 0;
        }
        i16::from(self.is_flexible(version))
    }

    fn is_flexible(self, version: i16) -> bool {
        self.first_flexible().is_some_and(|first| version >= first)
    }

    /// Whether brokers serve it.
    pub const fn is_served_by_broker(self) -> bool {
        self.facts().broker
    }

    /// Whether controllers serve it.
    pub const fn is_served_by_controller(self) -> bool {
        self.facts().controller
    }

    /// Whether brokers pass it on to the active controller, inside an Envelope (KIP-590).
    pub const fn is_forwardable(self) -> bool {
        self.facts().forwardable
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::generated::fetch_request::ForgottenTopic;
    use crate::generated::{FetchRequest, RequestBody, ResponseBody};
    use crate::wire::{DecodeError, EncodeError, Reader, Writer};

    #[test]
    fn bodies_have_the_versions_of_their_key() {
        for key in ApiKey::ALL {
            let (first, last) = (*key.versions().start(), *key.versions().end());
            for version in first - 1..=last + 1 {
                let request = RequestBody::decode(key, version, &mut Reader::new(&[])).err();
                let response = ResponseBody::decode(key, version, &mut Reader::new(&[])).err();
                for error in [request, response] {
                    let refused = matches!(error, Some(DecodeError::UnsupportedVersion { .. }));
                    assert_eq!(
                        refused,
                        !key.versions().contains(&version),
                        "{key:?} v{version}"
                    );
                }
            }
        }
    }

    #[test]
    fn a_body_is_read_and_written_by_key_and_version() {
        let request = RequestBody::Fetch(FetchRequest::default());
        let mut writer = Writer::new();
        request.encode(&mut writer, 4).unwrap();
        let reader = &mut Reader::new(writer.buffer());
        assert_eq!(
            RequestBody::decode(request.api_key(), 4, reader),
            Ok(request)
        );
    }

    #[test]
    fn a_field_that_the_version_lacks_is_refused_unless_it_may_be_dropped() {
        let mut request = FetchRequest {
            cluster_id: Some("since version 12, may be dropped".into()),
            ..FetchRequest::default()
        };
        assert_eq!(request.encode(&mut Writer::new(), 6), Ok(()));
        request
            .forgotten_topics_data
            .push(ForgottenTopic::default());
        let refused = EncodeError::FieldNotInVersion {
            field: "FetchRequest.ForgottenTopicsData",
            version: 6,
        };
        assert_eq!(request.encode(&mut Writer::new(), 6), Err(refused));
        assert_eq!(request.encode(&mut Writer::new(), 7), Ok(()));
    }

    #[test]
    fn keys_are_found_by_their_numbers() {
        for key in ApiKey::ALL {
            assert_eq!(ApiKey::from_id(key.id()), Some(key));
        }
        // LeaderAndIsr and its like ended with ZooKeeper.
        for id in [-1, 4, 5, 6, 7, 1000] {
            assert_eq!(ApiKey::from_id(id), None);
        }
    }

    #[test]
    fn produce_advertises_more_than_it_serves_and_unstable_versions_are_held_back() {
        assert_eq!(ApiKey::Produce.advertised_versions(), 0..=13);
        assert_eq!(ApiKey::Produce.stable_versions(), 3..=13);
        assert_eq!(ApiKey::InitProducerId.versions(), 0..=6);
        assert_eq!(ApiKey::InitProducerId.advertised_versions(), 0..=5);
    }

    #[test]
    fn headers_become_flexible_with_their_message_except_of_api_versions_responses() {
        assert_eq!(ApiKey::Fetch.request_header_version(11), 1);
        assert_eq!(ApiKey::Fetch.request_header_version(12), 2);
        assert_eq!(ApiKey::Fetch.response_header_version(12), 1);
        assert_eq!(ApiKey::SaslHandshake.response_header_version(1), 0);
        assert_eq!(ApiKey::ApiVersions.request_header_version(3), 2);
        assert_eq!(ApiKey::ApiVersions.response_header_version(3), 0);
    }
}
