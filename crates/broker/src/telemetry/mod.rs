//! What a node tells about itself: metrics under Kafka's names, and the log of its connections.
//!
//! Counters and histograms are fed where things happen and cost a few additions; gauges are
//! computed when somebody asks ([`GaugeSource`]). `docs/operations/metrics.md` lists all of them
//! and has the rule that makes their names.
//!
//! Not the job of this module: rates and quantiles (whoever collects the metrics derives them), and
//! where log lines go.
//!
//! Invariants:
//! - Feeding a metric takes no lock and allocates nothing, but for the first request of an API.
//!   Locks are taken where handles are made: once for a listener, once for a partition.
//! - What clients send does not decide how many metrics there are, but for the metrics that they
//!   push, which are bounded.
//! - Nothing here is read back to decide anything.

mod broker_state;
pub mod endpoint;
mod exposition;
pub mod families;
pub mod gauges;
mod histogram;
mod listeners;
mod observer;
mod requests;
mod sharded;
#[cfg(test)]
mod tests;
mod topics;

use broker_state::BrokerStateCell;
use listeners::ListenerMetrics;
use net::request_context::ListenerName;
use net::server::Observer;
use observer::ListenerObserver;
use requests::RequestMetrics;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::task::yield_now;

pub use broker_state::BrokerState;
pub use exposition::{Exposition, Family, Kind, Number};
pub use gauges::GaugeSource;
pub use topics::{TopicMetrics, Topics};

/// All metrics of a node.
#[derive(Default)]
pub struct Telemetry {
    requests: Arc<RequestMetrics>,
    topics: Topics,
    broker_state: BrokerStateCell,
    listeners: Mutex<BTreeMap<ListenerName, Arc<ListenerMetrics>>>,
    sources: Mutex<Vec<Arc<dyn GaugeSource>>>,
}

impl Telemetry {
    /// Who is to be told what happens on a listener. Listeners of one name share their metrics, so
    /// that one that is opened again counts on.
    pub fn observer(&self, listener: &ListenerName) -> Arc<dyn Observer> {
        let mut listeners = self
            .listeners
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let metrics = listeners.entry(listener.clone()).or_default();
        Arc::new(ListenerObserver::new(
            Arc::clone(metrics),
            Arc::clone(&self.requests),
        ))
    }

    /// Has `source` asked at each collection, until the telemetry is dropped; so it must not hold
    /// the telemetry. A family is written by one source only.
    pub fn add_source(&self, source: Arc<dyn GaugeSource>) {
        let mut sources = self.sources.lock().unwrap_or_else(PoisonError::into_inner);
        sources.push(source);
    }

    /// How far the broker has come in its life.
    pub fn set_broker_state(&self, state: BrokerState) {
        self.broker_state.set(state);
    }

    /// Whether the broker serves clients.
    pub fn is_ready(&self) -> bool {
        self.broker_state.current() == BrokerState::Running
    }

    /// The metrics of topics.
    pub const fn topics(&self) -> &Topics {
        &self.topics
    }

    /// Everything as of now, in Prometheus' text format. Others get their turn between two sources.
    pub async fn exposition(&self) -> String {
        let mut exposition = Exposition::default();
        self.broker_state.collect(&mut exposition);
        self.collect_listeners(&mut exposition);
        self.requests.collect(&mut exposition);
        yield_now().await;
        self.topics.collect(&mut exposition);
        for source in self.current_sources() {
            yield_now().await;
            source.collect(&mut exposition);
        }
        exposition.finish()
    }

    fn current_sources(&self) -> Vec<Arc<dyn GaugeSource>> {
        let sources = self.sources.lock().unwrap_or_else(PoisonError::into_inner);
        sources.clone()
    }

    fn collect_listeners(&self, exposition: &mut Exposition) {
        let listeners = self
            .listeners
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        for (name, metrics) in &*listeners {
            metrics.collect(name, exposition);
        }
    }
}
