//! What is in an envelope: the request, who asks, and from where (KIP-590).

use super::channel::{Call, Origin};
use crate::requests::{Authorizer, Operation, Quotas, Resource, throttle_time_ms};
use metadata::controller::MutationQuota;
use net::request_context::Principal;
use protocol::generated::principal::DefaultPrincipalData;
use protocol::generated::{RequestHeader, ResponseHeader};
use protocol::time::Now;
use protocol::wire::{DecodeError, Message, Reader, Writer};
use protocol::{ApiKey, ErrorCode};
use std::cell::Cell;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

/// A request to the controller, taken out of its envelope.
pub(super) struct ControllerRequest<'a> {
    pub(super) key: ApiKey,
    pub(super) version: i16,
    /// When it is handled.
    pub(super) now: Now,
    correlation_id: i32,
    body: &'a [u8],
    principal: Principal,
    client_id: String,
    host: IpAddr,
    /// How long it had to wait for its turn.
    waited_ms: u64,
    authorizer: Arc<dyn Authorizer>,
}

/// The mutations of one request, charged on the quotas of who asks (KIP-599).
pub(super) struct Mutations<'a> {
    quotas: Arc<dyn Quotas>,
    principal: &'a Principal,
    client_id: &'a str,
    is_strict: bool,
    throttle: Cell<Duration>,
}

impl<'a> ControllerRequest<'a> {
    /// Takes a request out of its envelope.
    ///
    /// # Errors
    /// The error of the envelope, when something in it cannot be read or must not be in it.
    pub(super) fn open(
        call: &'a Call,
        authorizer: &Arc<dyn Authorizer>,
        now: Now,
    ) -> Result<Self, ErrorCode> {
        let envelope = &call.envelope;
        let malformed = |_: DecodeError| ErrorCode::INVALID_REQUEST;
        let mut front = Reader::new(&envelope.request_data);
        let (id, version) = (
            front.i16().map_err(malformed)?,
            front.i16().map_err(malformed)?,
        );
        let key = ApiKey::from_id(id).ok_or(ErrorCode::INVALID_REQUEST)?;
        if call.origin == Origin::Client && !key.is_forwardable() {
            return Err(ErrorCode::INVALID_REQUEST);
        }
        if !key.stable_versions().contains(&version) {
            return Err(ErrorCode::UNSUPPORTED_VERSION);
        }
        let mut reader = Reader::new(&envelope.request_data);
        let header = RequestHeader::decode(&mut reader, key.request_header_version(version));
        let header = header.map_err(malformed)?;
        Ok(Self {
            key,
            version,
            now,
            correlation_id: header.correlation_id,
            client_id: header.client_id.unwrap_or_default().into_owned(),
            body: reader.rest(),
            principal: principal(envelope.request_principal.as_deref())?,
            host: host(&envelope.client_host_address)?,
            waited_ms: now.monotonic_ms.saturating_sub(call.sent_ms),
            authorizer: Arc::clone(authorizer),
        })
    }

    /// Reads the body.
    ///
    /// # Errors
    /// The error of the envelope, when it is not what its version says it is.
    pub(super) fn decode<M: Message<'a>>(&self) -> Result<M, ErrorCode> {
        let mut reader = Reader::new(self.body);
        M::decode(&mut reader, self.version).map_err(|_| ErrorCode::INVALID_REQUEST)
    }

    /// The bytes that answer it.
    ///
    /// # Errors
    /// The error of the envelope, when the answer cannot be written in the version of the request.
    pub(super) fn encode<'m>(&self, response: &impl Message<'m>) -> Result<Vec<u8>, ErrorCode> {
        let header = ResponseHeader {
            correlation_id: self.correlation_id,
        };
        let mut writer = Writer::new();
        header
            .encode(&mut writer, self.key.response_header_version(self.version))
            .and_then(|()| response.encode(&mut writer, self.version))
            .map_err(|_| ErrorCode::UNKNOWN_SERVER_ERROR)?;
        Ok(writer.into_parts().0)
    }

    /// Whether who asks may.
    pub(super) fn may(&self, operation: Operation, resource: Resource<'_>) -> bool {
        self.authorizer
            .authorise(&self.principal, self.host, operation, resource)
    }

    /// What partitions that are created or deleted are charged on. From version `first_strict` on
    /// the client can be told of a refusal; before, it is only held back.
    pub(super) fn mutations(&self, quotas: &Arc<dyn Quotas>, first_strict: i16) -> Mutations<'_> {
        Mutations {
            quotas: Arc::clone(quotas),
            principal: &self.principal,
            client_id: &self.client_id,
            is_strict: self.version >= first_strict,
            throttle: Cell::new(Duration::ZERO),
        }
    }

    /// Whether it has waited longer than its sender was ready to.
    pub(super) fn is_late(&self, timeout_ms: i32) -> bool {
        self.waited_ms > u64::try_from(timeout_ms).unwrap_or(0)
    }
}

impl Mutations<'_> {
    /// For how long the client is held back.
    pub(super) fn throttle_time_ms(&self) -> i32 {
        throttle_time_ms(self.throttle.get())
    }
}

impl MutationQuota for Mutations<'_> {
    fn charge(&self, partition_count: usize) -> bool {
        let throttle = self.quotas.charge_mutations(
            self.principal,
            self.client_id,
            partition_count,
            self.is_strict,
        );
        if throttle == Duration::ZERO {
            return true;
        }
        self.throttle.set(throttle);
        !self.is_strict
    }
}

fn principal(serialized: Option<&[u8]>) -> Result<Principal, ErrorCode> {
    let read = || -> Result<DefaultPrincipalData, DecodeError> {
        let mut reader = Reader::new(serialized.unwrap_or_default());
        let version = reader.i16()?;
        DefaultPrincipalData::decode(&mut reader, version)
    };
    let data = read().map_err(|_| ErrorCode::PRINCIPAL_DESERIALIZATION_FAILURE)?;
    Ok(Principal::new(&data.r#type, &data.name))
}

fn host(address: &[u8]) -> Result<IpAddr, ErrorCode> {
    let v4 = <[u8; 4]>::try_from(address).map(IpAddr::from);
    v4.or_else(|_| <[u8; 16]>::try_from(address).map(IpAddr::from))
        .map_err(|_| ErrorCode::INVALID_REQUEST)
}
