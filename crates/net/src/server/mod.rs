//! A listener: accepts connections within their limits, has their requests handled, and drains.
//!
//! Not the job of this module: what requests mean ([`Service`]), and logs and metrics
//! ([`Observer`]).

mod answers;
mod connection;
mod creation_rate;
mod flow;
mod limits;
mod observer;
mod output;
mod patience;
mod reply;
mod service;

use crate::byte_budget::ByteBudget;
use crate::request_context::{ConnectionContext, ConnectionId, ListenerName, Principal};
use crate::timers::Timers;
use crate::transport::{Acceptor, Connection};
use connection::{Shared, is_set};
use std::io;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;
use tokio::sync::{Semaphore, watch};
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::Instant;

pub use limits::{Allowance, AnyRate, ConnectionLimits, ConnectionRates, ListenerLimits, Refusal};
pub use observer::{CloseReason, Observer, RequestSizes, RequestTimes};
pub use patience::PatienceConfig;
pub use reply::{Reply, ReplyError};
pub use service::{Answer, Handled, Outcome, Request, Service};

/// How long to leave the operating system alone when it cannot accept.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// So many connections that came too fast are held; beyond that they are closed at once.
const CLOSED_LATER_MAX: usize = 1000;

/// How a listener treats its connections.
#[derive(Debug, Clone)]
pub struct ServerConfig {
    /// The listener's name.
    pub listener: ListenerName,
    /// `socket.request.max.bytes`.
    pub request_bytes_max: usize,
    /// How many requests of a connection may be without their answer; at least 1.
    pub in_flight_count_max: usize,
    /// How long clients are waited for.
    pub patience: PatienceConfig,
}

/// What a listener works with.
pub struct ServerParts {
    /// How it treats connections.
    pub config: ServerConfig,
    /// Who handles requests.
    pub service: Arc<dyn Service>,
    /// Who is told.
    pub observer: Arc<dyn Observer>,
    /// What requests in flight are charged on.
    pub budget: ByteBudget,
    /// How many connections there may be.
    pub limits: ListenerLimits,
    /// Where ids of connections come from, for all listeners of a process.
    pub connection_ids: Arc<AtomicU64>,
    /// The timers of the runtime.
    pub timers: Timers,
}

/// A listener at work. Dropping it lets it work on; [`Self::drain`] ends it.
#[derive(Debug)]
pub struct Server {
    local_address: SocketAddr,
    drain: watch::Sender<bool>,
    deadline: watch::Sender<Option<Instant>>,
    task: JoinHandle<()>,
}

struct Accepting {
    shared: Arc<Shared>,
    limits: ListenerLimits,
    connection_ids: Arc<AtomicU64>,
    drain: watch::Receiver<bool>,
    connections: JoinSet<()>,
    closed_later: Arc<Semaphore>,
}

impl Server {
    /// Begins to accept. Where connections come in was decided before, so that an address that is
    /// taken is known before anything else begins.
    pub fn start(acceptor: Box<dyn Acceptor>, parts: ServerParts) -> Self {
        let (drain, draining) = watch::channel(false);
        let (deadline, drain_deadline) = watch::channel(None);
        let local_address = acceptor.local_address();
        let accepting = Accepting {
            shared: Arc::new(Shared {
                config: parts.config,
                service: parts.service,
                observer: parts.observer,
                budget: parts.budget,
                timers: parts.timers,
            }),
            limits: parts.limits,
            connection_ids: parts.connection_ids,
            drain: draining,
            connections: JoinSet::new(),
            closed_later: Arc::new(Semaphore::new(CLOSED_LATER_MAX)),
        };
        Self {
            local_address,
            drain,
            deadline,
            task: tokio::spawn(accepting.run(acceptor, drain_deadline)),
        }
    }

    /// Stops accepting and reading, lets what is in flight finish for at most `patience`, and
    /// closes all connections.
    pub async fn drain(self, patience: Duration) {
        self.deadline.send_replace(Some(Instant::now() + patience));
        self.drain.send_replace(true);
        // It fails when the runtime goes down, and then there is nothing left to wait for.
        let _ = self.task.await;
    }

    /// Where it accepts.
    pub const fn local_address(&self) -> SocketAddr {
        self.local_address
    }
}

impl Accepting {
    async fn run(
        mut self,
        acceptor: Box<dyn Acceptor>,
        drain_deadline: watch::Receiver<Option<Instant>>,
    ) {
        loop {
            let mut drain = self.drain.clone();
            tokio::select! {
                biased;
                () = is_set(&mut drain) => break,
                Some(_) = self.connections.join_next() => {}
                accepted = acceptor.accept() => match accepted {
                    Ok(connection) => self.open_in_turn(connection).await,
                    Err(error) => self.pause(&error).await,
                },
            }
        }
        drop(acceptor);
        let deadline = *drain_deadline.borrow();
        self.close_all(deadline.unwrap_or_else(Instant::now)).await;
    }

    /// While it came too soon or there is no place, the connection waits unread, and others wait in
    /// the backlog.
    async fn open_in_turn(&mut self, connection: Connection) {
        let pause = self.limits.pace(Instant::now());
        let (limits, timers) = (&self.limits, &self.shared.timers);
        let turn = async {
            if !pause.is_zero() {
                timers.sleep(pause).await;
            }
            limits.turn().await
        };
        let turn = tokio::select! {
            biased;
            () = is_set(&mut self.drain) => return,
            turn = turn => turn,
        };
        self.open(connection, turn);
    }

    fn open(&mut self, connection: Connection, turn: limits::Turn) {
        let shared = Arc::clone(&self.shared);
        let peer = connection.peer;
        let place = match self.limits.admit(turn, peer.ip()) {
            Ok(place) => place,
            Err(refusal) => {
                let listener = &shared.config.listener;
                shared.observer.connection_refused(listener, peer, refusal);
                if let Refusal::TooFast { pause, .. } = refusal {
                    self.close_later(connection, pause);
                }
                return;
            }
        };
        let context = Arc::new(ConnectionContext {
            id: ConnectionId(self.connection_ids.fetch_add(1, Ordering::Relaxed)),
            listener: shared.config.listener.clone(),
            peer,
            principal: Principal::anonymous(),
            software: OnceLock::new(),
        });
        let drain = self.drain.clone();
        self.connections.spawn(async move {
            shared.observer.connection_opened(&context);
            let served = Arc::clone(&shared);
            let reason = connection::serve(served, Arc::clone(&context), connection, drain).await;
            drop(place);
            shared.observer.connection_closed(&context, &reason);
        });
    }

    /// A client that is closed at once comes back at once.
    fn close_later(&mut self, connection: Connection, pause: Duration) {
        let Ok(place) = Arc::clone(&self.closed_later).try_acquire_owned() else {
            return;
        };
        let shared = Arc::clone(&self.shared);
        let mut drain = self.drain.clone();
        self.connections.spawn(async move {
            tokio::select! {
                biased;
                () = is_set(&mut drain) => {}
                () = shared.timers.sleep(pause) => {}
            }
            drop((connection, place));
        });
    }

    async fn pause(&mut self, error: &io::Error) {
        let listener = &self.shared.config.listener;
        self.shared.observer.accept_failed(listener, error);
        tokio::select! {
            biased;
            () = is_set(&mut self.drain) => {}
            () = self.shared.timers.sleep(ACCEPT_PAUSE) => {}
        }
    }

    async fn close_all(&mut self, deadline: Instant) {
        let mut out_of_time = std::pin::pin!(self.shared.timers.sleep_until(deadline));
        loop {
            tokio::select! {
                biased;
                closed = self.connections.join_next() => if closed.is_none() {
                    return;
                },
                () = &mut out_of_time => break,
            }
        }
        self.connections.shutdown().await;
    }
}
