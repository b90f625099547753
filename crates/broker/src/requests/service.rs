//! Requests from the listeners to their handlers.

use super::handling::Timed;
use super::{Call, Unanswerable, Usage};
use crate::api::{self, ListenerKind};
use crate::broker::Broker;
use net::BoxFuture;
use net::server::{Handled, Request, Service};
use std::sync::Arc;

/// Serves the requests of one kind of listener.
#[derive(Debug)]
pub struct BrokerService {
    broker: Arc<Broker>,
    listener: ListenerKind,
}

impl BrokerService {
    /// Serves what is served on listeners of this kind.
    pub fn new(broker: Arc<Broker>, listener: ListenerKind) -> Arc<Self> {
        Arc::new(Self { broker, listener })
    }
}

impl Service for BrokerService {
    fn call(self: Arc<Self>, request: Request) -> BoxFuture<'static, Handled> {
        let (key, version) = (request.context.api_key, request.context.api_version);
        let Some(handler) = api::handler(self.listener, key, version) else {
            let refused = Unanswerable::Refused(format!(
                "{} version {version} is not served on this listener",
                key.name()
            ));
            return Box::pin(async move { Handled::Done(refused.close()) });
        };
        let throttle = self
            .broker
            .quotas
            .throttle(&request.context, Usage::Request);
        let context = self
            .broker
            .quotas
            .measures_requests()
            .then(|| request.context.clone());
        let handled = handler(
            Arc::clone(&self.broker),
            Call::new(request, self.listener, throttle),
        );
        Box::pin(async move {
            let handled = match context {
                None => handled.await,
                Some(context) => {
                    let (handled, time) = Timed::new(handled).await;
                    let usage = Usage::Handling(time);
                    self.broker.quotas.throttle(&context, usage);
                    handled
                }
            };
            handled.unwrap_or_else(|unanswerable| Handled::Done(unanswerable.close()))
        })
    }
}
