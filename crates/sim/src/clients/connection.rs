//! A client's connection: opened when there is none, given up when an answer does not come.
//!
//! Invariant that is checked here: while nothing is wrong, every request is answered in time.

use super::{CLIENTS, NODE, PORT, Surroundings};
use net::request_connection::{
    RequestConnection, RequestConnectionOptions, RequestError, ResponseBytes,
};
use net::transport::Address;
use protocol::api_key::Request;
use std::sync::Arc;
use std::time::Duration;

const TIMEOUT: Duration = Duration::from_secs(3);
/// In a healthy network no answer takes that long: joins wait longest.
const TIMEOUT_HEALED: Duration = Duration::from_secs(30);
const IN_FLIGHT_COUNT_MAX: usize = 8;

/// A connection that may be open.
#[derive(Debug)]
pub(crate) struct ClientConnection {
    surroundings: Surroundings,
    name: String,
    connection: Option<Arc<RequestConnection>>,
}

impl ClientConnection {
    pub(crate) fn new(surroundings: &Surroundings, name: &str) -> Self {
        Self {
            surroundings: surroundings.clone(),
            name: name.to_owned(),
            connection: None,
        }
    }

    /// The open connection, or a new one; none if there is none to be had, after a pause.
    pub(crate) async fn open(&mut self) -> Option<Arc<RequestConnection>> {
        if let Some(open) = &self.connection
            && !open.is_closed()
        {
            return Some(Arc::clone(open));
        }
        let surroundings = &self.surroundings;
        let transport = surroundings.network.node("clients", CLIENTS);
        let address = Address::new(NODE.to_string(), PORT);
        let options = RequestConnectionOptions {
            client_id: self.name.clone(),
            response_bytes_max: 4 << 20,
            in_flight_count_max: IN_FLIGHT_COUNT_MAX,
            connect_timeout: TIMEOUT,
        };
        let opened = RequestConnection::open(&transport, &address, options, &surroundings.timers);
        self.connection = opened.await.ok().map(Arc::new);
        if self.connection.is_none() {
            self.surroundings.sleep_ms(100).await;
        }
        self.connection.clone()
    }

    /// Sends a request on the connection and waits for its answer; none if there is none, and then
    /// the connection is given up.
    pub(crate) async fn send<'a, R: Request<'a>>(
        &mut self,
        version: i16,
        request: &R,
    ) -> Option<ResponseBytes<R>> {
        let connection = self.open().await?;
        let answer = send_on(&self.surroundings, &connection, version, request).await;
        if answer.is_none() {
            self.close();
        }
        answer
    }

    pub(crate) fn close(&mut self) {
        self.connection = None;
    }
}

/// Sends a request and waits for its answer; none if there is none.
pub(crate) async fn send_on<'a, R: Request<'a>>(
    surroundings: &Surroundings,
    connection: &RequestConnection,
    version: i16,
    request: &R,
) -> Option<ResponseBytes<R>> {
    let was_healed = surroundings.is_healed();
    let timeout = if was_healed { TIMEOUT_HEALED } else { TIMEOUT };
    let answer = connection.send(version, request, timeout).await;
    surroundings.tell_time();
    match answer {
        Ok(answer) => Some(answer),
        Err(error) => {
            let mut checker = surroundings.checker.lock();
            let subject = format!("{:?}", R::KEY);
            checker.record(&subject, &error.to_string());
            let is_wrong = match error {
                RequestError::Encode(_) | RequestError::Decode(_) => true,
                RequestError::Failed(ref failure) => {
                    failure.to_string().contains("answers no request")
                }
                _ => false,
            };
            if is_wrong || was_healed {
                let message = format!("no answer though nothing is wrong: {error}");
                checker.violate("answers", &subject, &message);
            }
            None
        }
    }
}
