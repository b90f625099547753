//! The way to the active controller: an envelope (KIP-590) with the encoded request, who asks and
//! from where, and the encoded answer back. In process it is a queue.
//!
//! Not the job of this module: finding the controller of another node.
//!
//! Invariants:
//! - Giving up a call harms nothing: what it asked for may have happened or may still happen.
//! - What is not there to answer any more has answered NOT_CONTROLLER.
//! - A client's call is made again while nobody is the controller, as long as somebody may become
//!   it. What the broker asks for itself is not: who asks has a pace of its own.

use super::commits::Answered;
use crate::clock::Clock;
use net::request_context::{Principal, RequestContext};
use protocol::api_key::Request;
use protocol::generated::principal::DefaultPrincipalData;
use protocol::generated::{EnvelopeRequest, RequestHeader, ResponseHeader};
use protocol::ids::Offset;
use protocol::wire::{EncodeError, Message, Reader, Writer};
use protocol::{ApiKey, ErrorCode};
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{mpsc, oneshot};
use tokio::time::{sleep, timeout};

/// How long an answer may take, however often a call is made again, as in Kafka.
const PATIENCE: Duration = Duration::from_secs(60);
/// How long to wait before a call is made again at first; twice as long each time.
const PAUSE_MIN: Duration = Duration::from_millis(5);
/// And at most, as in Kafka.
const PAUSE_MAX: Duration = Duration::from_millis(100);
/// The version in front of a serialized principal.
const PRINCIPAL_VERSION: i16 = 0;

/// Reaches the active controller; clones reach the same one.
#[derive(Debug, Clone)]
pub struct ControllerChannel {
    calls: mpsc::Sender<Call>,
    clock: Clock,
}

/// The answer to a client's request.
#[derive(Debug)]
pub struct Forwarded {
    /// The body of the answer, in the version of the request.
    pub body: Vec<u8>,
    /// Where everything in the metadata log ends that the answer goes by.
    pub end_offset: Offset,
}

/// What the controller has answered.
#[derive(Debug)]
pub struct ControllerResponse {
    data: Vec<u8>,
    body_position: usize,
    version: i16,
}

/// One call on its way.
#[derive(Debug)]
pub(super) struct Call {
    pub(super) envelope: Arc<EnvelopeRequest<'static>>,
    pub(super) origin: Origin,
    /// When it was first sent, on the monotonic clock.
    pub(super) sent_ms: u64,
    pub(super) answer: oneshot::Sender<Answered>,
}

/// Where a call comes from, which decides what may be in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Origin {
    /// A client of the broker.
    Client,
    /// The broker itself.
    Broker,
}

/// In whose name something is asked.
struct Requester<'a> {
    principal: &'a Principal,
    host: IpAddr,
    client_id: Option<&'a str>,
    origin: Origin,
}

impl ControllerChannel {
    pub(super) fn new(calls: mpsc::Sender<Call>, clock: Clock) -> Self {
        Self { calls, clock }
    }

    /// Reaches nobody: for tests of what does without a controller.
    #[cfg(test)]
    pub(crate) fn to_nobody(clock: Clock) -> Self {
        Self::new(mpsc::channel(1).0, clock)
    }

    /// Passes a client's request on as it is.
    ///
    /// # Errors
    /// REQUEST_TIMED_OUT when there is no answer in time, NOT_CONTROLLER when there will be no
    /// controller any more, or why the controller refuses the request as a whole.
    pub async fn forward(
        &self,
        context: &RequestContext,
        body: &[u8],
    ) -> Result<Forwarded, ErrorCode> {
        let requester = Requester::client(context);
        let (key, version) = (context.api_key, context.api_version);
        let correlation_id = context.correlation_id;
        let request = encode(&requester, key, version, correlation_id, |writer| {
            writer.put(body);
            Ok(())
        })?;
        let (response, end_offset) = self.call(requester, request).await?;
        let mut response = ControllerResponse::read(response, key, version, correlation_id)?;
        Ok(Forwarded {
            body: response.data.split_off(response.body_position),
            end_offset,
        })
    }

    /// Asks something in the name of a client.
    ///
    /// # Errors
    /// As [`Self::forward`].
    pub async fn ask_for<'a, Q: Request<'a>>(
        &self,
        context: &RequestContext,
        request: &Q,
        version: i16,
    ) -> Result<ControllerResponse, ErrorCode> {
        self.send(Requester::client(context), request, version)
            .await
    }

    /// Asks something in the name of the broker itself.
    ///
    /// # Errors
    /// As [`Self::forward`], and NOT_CONTROLLER when there is no controller yet.
    pub async fn ask<'a, Q: Request<'a>>(
        &self,
        request: &Q,
        version: i16,
    ) -> Result<ControllerResponse, ErrorCode> {
        let principal = Principal::anonymous();
        let requester = Requester {
            principal: &principal,
            host: IpAddr::V4(Ipv4Addr::LOCALHOST),
            client_id: None,
            origin: Origin::Broker,
        };
        self.send(requester, request, version).await
    }

    async fn send<'a, Q: Request<'a>>(
        &self,
        requester: Requester<'_>,
        request: &Q,
        version: i16,
    ) -> Result<ControllerResponse, ErrorCode> {
        let data = encode(&requester, Q::KEY, version, 0, |writer| {
            request.encode(writer, version)
        })?;
        let (response, _) = self.call(requester, data).await?;
        ControllerResponse::read(response, Q::KEY, version, 0)
    }

    async fn call(
        &self,
        requester: Requester<'_>,
        request_data: Vec<u8>,
    ) -> Result<(Vec<u8>, Offset), ErrorCode> {
        let envelope = Arc::new(requester.envelope(request_data)?);
        let sent_ms = self.clock.now().monotonic_ms;
        let answered = timeout(PATIENCE, async {
            let mut pause = PAUSE_MIN;
            loop {
                let (answer, answered) = oneshot::channel();
                let call = Call {
                    envelope: Arc::clone(&envelope),
                    origin: requester.origin,
                    sent_ms,
                    answer,
                };
                // Who is gone has dropped the call, or will not take it.
                let _ = self.calls.send(call).await;
                let answered = answered.await;
                let answered =
                    answered.unwrap_or_else(|_| Answered::refusal(ErrorCode::NOT_CONTROLLER));
                let is_vacant = answered.envelope.error_code == ErrorCode::NOT_CONTROLLER;
                if !is_vacant || requester.origin == Origin::Broker || self.calls.is_closed() {
                    return answered;
                }
                sleep(pause).await;
                pause = PAUSE_MAX.min(pause * 2);
            }
        });
        let answered = answered.await.map_err(|_| ErrorCode::REQUEST_TIMED_OUT)?;
        let response = answered.envelope;
        match (response.error_code, response.response_data) {
            (ErrorCode::NONE, Some(data)) => Ok((data.into_owned(), answered.end_offset)),
            (ErrorCode::NONE, None) => Err(ErrorCode::UNKNOWN_SERVER_ERROR),
            (refused, _) => Err(refused),
        }
    }
}

impl ControllerResponse {
    fn read(
        data: Vec<u8>,
        key: ApiKey,
        version: i16,
        correlation_id: i32,
    ) -> Result<Self, ErrorCode> {
        let mut reader = Reader::new(&data);
        let header = ResponseHeader::decode(&mut reader, key.response_header_version(version));
        let is_ours = header.is_ok_and(|header| header.correlation_id == correlation_id);
        if !is_ours {
            return Err(ErrorCode::UNKNOWN_SERVER_ERROR);
        }
        let body_position = data.len() - reader.remaining();
        Ok(Self {
            data,
            body_position,
            version,
        })
    }

    /// Reads the answer, in the version of the request.
    ///
    /// # Errors
    /// When it is not such an answer.
    pub fn decode<'a, R: Message<'a>>(&'a self) -> Result<R, ErrorCode> {
        let mut reader = Reader::new(&self.data[self.body_position..]);
        R::decode(&mut reader, self.version).map_err(|_| ErrorCode::UNKNOWN_SERVER_ERROR)
    }
}

impl<'a> Requester<'a> {
    fn client(context: &'a RequestContext) -> Self {
        Self {
            principal: &context.connection.principal,
            host: context.connection.peer.ip(),
            client_id: context.client_id.as_deref(),
            origin: Origin::Client,
        }
    }

    fn envelope(&self, request_data: Vec<u8>) -> Result<EnvelopeRequest<'static>, ErrorCode> {
        let principal = DefaultPrincipalData {
            r#type: self.principal.kind().to_owned(),
            name: self.principal.name().to_owned(),
            token_authenticated: false,
        };
        let mut writer = Writer::new();
        writer.put_i16(PRINCIPAL_VERSION);
        principal
            .encode(&mut writer, PRINCIPAL_VERSION)
            .map_err(|_| ErrorCode::UNKNOWN_SERVER_ERROR)?;
        let host = match self.host {
            IpAddr::V4(address) => address.octets().to_vec(),
            IpAddr::V6(address) => address.octets().to_vec(),
        };
        Ok(EnvelopeRequest {
            request_data: request_data.into(),
            request_principal: Some(writer.into_parts().0.into()),
            client_host_address: host.into(),
        })
    }
}

fn encode(
    requester: &Requester<'_>,
    key: ApiKey,
    version: i16,
    correlation_id: i32,
    body: impl FnOnce(&mut Writer) -> Result<(), EncodeError>,
) -> Result<Vec<u8>, ErrorCode> {
    let header = RequestHeader {
        request_api_key: key.id(),
        request_api_version: version,
        correlation_id,
        client_id: requester.client_id.map(Into::into),
    };
    let mut writer = Writer::new();
    header
        .encode(&mut writer, key.request_header_version(version))
        .and_then(|()| body(&mut writer))
        .map_err(|_| ErrorCode::INVALID_REQUEST)?;
    Ok(writer.into_parts().0)
}
