//! Client quotas: who uses how much, and for how long he is held back (KIP-13, KIP-124, KIP-219,
//! KIP-599, KIP-612).
//!
//! Not the job of this module: holding back (crate `net` mutes connections), and which quotas there
//! are (crate `metadata`).
//!
//! Invariants:
//! - Rates and buckets are pure; time is given.
//! - Nobody is accounted for whom no quota is for, and without quotas nothing is looked up.
//! - What clients call themselves does not decide how much memory is used: accounts are few and
//!   small, and those that were not used longest go first.
//!
//! Departures from Kafka: the time that a request takes is charged when it is handled, so the
//! answer behind it is the first that is throttled for it; only the bytes of records in a fetch
//! count, not what frames them.

mod accounts;
mod limits;
mod rate;
mod settings;
#[cfg(test)]
mod tests;
mod token_bucket;

pub use settings::{QuotaSettings, Windows};

use crate::clock::Clock;
use crate::requests::{Quotas, Usage};
use crate::telemetry::{Exposition, GaugeSource, families};
use accounts::Accounts;
use limits::{ClientLimits, Limits};
use metadata::image::ClientQuotasImage;
use net::request_context::{Principal, RequestContext};
use net::server::ConnectionRates;
use rate::Rate;
use std::net::IpAddr;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::Duration;
use token_bucket::TokenBucket;

/// The quotas of a node, and how much of them is used.
#[derive(Debug)]
pub struct ClientQuotas {
    settings: QuotaSettings,
    clock: Clock,
    limits: RwLock<Arc<Limits>>,
    has_limits: AtomicBool,
    has_request_limits: AtomicBool,
    produce: Account<Rate>,
    fetch: Account<Rate>,
    request: Account<Rate>,
    mutation: Account<TokenBucket>,
    address: Account<Rate>,
}

/// One kind of quota.
#[derive(Debug)]
struct Account<M> {
    name: &'static str,
    accounts: Mutex<Accounts<M>>,
    throttled_count: AtomicU64,
    throttled_ms: AtomicU64,
}

impl ClientQuotas {
    /// No quotas yet.
    pub fn new(settings: QuotaSettings, clock: Clock) -> Self {
        Self {
            settings,
            clock,
            limits: RwLock::default(),
            has_limits: AtomicBool::new(false),
            has_request_limits: AtomicBool::new(false),
            produce: Account::new("Produce"),
            fetch: Account::new("Fetch"),
            request: Account::new("Request"),
            mutation: Account::new("ControllerMutation"),
            address: Account::new("IpConnection"),
        }
    }

    /// From now on these quotas hold, for what was used before too.
    pub fn apply(&self, quotas: &ClientQuotasImage) {
        let limits = Limits::of(quotas);
        let has_any = !limits.is_empty();
        let has_requests = !limits.request.is_empty();
        *self.limits.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(limits);
        self.has_limits.store(has_any, Ordering::Release);
        self.has_request_limits
            .store(has_requests, Ordering::Release);
    }

    /// None while nobody has a quota.
    fn limits(&self) -> Option<Arc<Limits>> {
        if !self.has_limits.load(Ordering::Acquire) {
            return None;
        }
        let limits = self.limits.read().unwrap_or_else(PoisonError::into_inner);
        Some(Arc::clone(&limits))
    }

    /// Records an amount and says how long to wait until the rate is kept again.
    fn record(
        &self,
        account: &Account<Rate>,
        limits: &ClientLimits,
        context: &RequestContext,
        amount: f64,
    ) -> Duration {
        let client_id = context.client_id.as_deref().unwrap_or_default();
        let user = context.connection.principal.name();
        let Some(found) = limits.find(user, client_id) else {
            return Duration::ZERO;
        };
        let (windows, now_ms) = (self.settings.client, self.clock.now().monotonic_ms);
        account.with(found.user, found.client_id, now_ms, Rate::default, |rate| {
            rate.record(windows, amount, now_ms);
            rate.throttle_ms(windows, found.limit, now_ms)
        })
    }

    /// A request's time counts when it was handled; how long to wait is asked before.
    fn request(&self, limits: &ClientLimits, context: &RequestContext, percent: f64) -> Duration {
        let windows = self.settings.client;
        let throttle = self.record(&self.request, limits, context, percent);
        throttle.min(Duration::from_millis(windows.size_ms))
    }
}

impl Quotas for ClientQuotas {
    fn throttle(&self, context: &RequestContext, usage: Usage) -> Duration {
        let Some(limits) = self.limits() else {
            return Duration::ZERO;
        };
        let throttle = match usage {
            Usage::Request => {
                let throttle = self.request(&limits.request, context, 0.0);
                self.request.count(throttle)
            }
            Usage::Handling(time) => {
                let percent = time.as_secs_f64() * 100.0;
                self.request(&limits.request, context, percent);
                Duration::ZERO
            }
            Usage::ProducedBytes(bytes) => {
                let throttle = self.record(&self.produce, &limits.produce, context, bytes as f64);
                self.produce.count(throttle)
            }
            Usage::FetchedBytes(bytes) => {
                let throttle = self.record(&self.fetch, &limits.fetch, context, bytes as f64);
                self.fetch.count(throttle)
            }
            Usage::UnsentBytes(bytes) => {
                self.record(&self.fetch, &limits.fetch, context, -(bytes as f64));
                Duration::ZERO
            }
        };
        throttle.min(Duration::from_millis(i32::MAX as u64))
    }

    fn fetch_bytes_max(&self, context: &RequestContext) -> usize {
        let Some(limits) = self.limits() else {
            return usize::MAX;
        };
        let client_id = context.client_id.as_deref().unwrap_or_default();
        let user = context.connection.principal.name();
        let found = limits.fetch.find(user, client_id);
        let windows = self.settings.client;
        let seconds = f64::from(windows.count - 1) * windows.size_ms as f64 / 1000.0;
        found.map_or(usize::MAX, |found| (found.limit * seconds) as usize)
    }

    fn measures_requests(&self) -> bool {
        self.has_request_limits.load(Ordering::Acquire)
    }

    fn charge_mutations(
        &self,
        principal: &Principal,
        client_id: &str,
        partition_count: usize,
        is_strict: bool,
    ) -> Duration {
        let Some(limits) = self.limits() else {
            return Duration::ZERO;
        };
        let Some(found) = limits.mutation.find(principal.name(), client_id) else {
            return Duration::ZERO;
        };
        let windows = self.settings.controller;
        let now_ms = self.clock.now().monotonic_ms;
        let full = || TokenBucket::full(windows, found.limit, now_ms);
        let throttle = self
            .mutation
            .with(found.user, found.client_id, now_ms, full, |bucket| {
                let throttle_ms = bucket.throttle_ms(windows, found.limit, now_ms);
                if throttle_ms > 0 && is_strict {
                    return throttle_ms;
                }
                bucket.take(windows, found.limit, partition_count as f64, now_ms);
                match is_strict {
                    true => 0,
                    false => bucket.throttle_ms(windows, found.limit, now_ms),
                }
            });
        self.mutation.count(throttle)
    }
}

impl ConnectionRates for ClientQuotas {
    fn pause_before(&self, address: IpAddr) -> Duration {
        let Some(limits) = self.limits() else {
            return Duration::ZERO;
        };
        let Some(limit) = limits.of_address(address) else {
            return Duration::ZERO;
        };
        let (windows, now_ms) = (self.settings.client, self.clock.now().monotonic_ms);
        let address = address.to_string();
        let pause = self
            .address
            .with(&address, "", now_ms, Rate::default, |rate| {
                rate.record(windows, 1.0, now_ms);
                let throttle_ms = rate.throttle_ms(windows, limit, now_ms);
                if throttle_ms > 0 {
                    rate.record(windows, -1.0, now_ms);
                }
                throttle_ms.min(windows.size_ms)
            });
        self.address.count(pause)
    }
}

impl<M> Account<M> {
    fn new(name: &'static str) -> Self {
        Self {
            name,
            accounts: Mutex::default(),
            throttled_count: AtomicU64::new(0),
            throttled_ms: AtomicU64::new(0),
        }
    }

    /// Works with the account of a client, a new one if there is none.
    fn with(
        &self,
        user: &str,
        client_id: &str,
        now_ms: u64,
        new: impl FnOnce() -> M,
        work: impl FnOnce(&mut M) -> u64,
    ) -> Duration {
        let mut accounts = self.accounts.lock().unwrap_or_else(PoisonError::into_inner);
        let account = accounts.open(user, client_id, now_ms, new);
        Duration::from_millis(work(account))
    }

    fn count(&self, throttle: Duration) -> Duration {
        if throttle > Duration::ZERO {
            self.throttled_count.fetch_add(1, Ordering::Relaxed);
            let ms = u64::try_from(throttle.as_millis()).unwrap_or(u64::MAX);
            self.throttled_ms.fetch_add(ms, Ordering::Relaxed);
        }
        throttle
    }

    fn collect(&self, exposition: &mut Exposition) {
        let labels = [("quota", self.name)];
        let accounts = self.accounts.lock().unwrap_or_else(PoisonError::into_inner);
        let count = accounts.len() as u64;
        drop(accounts);
        let throttled = self.throttled_count.load(Ordering::Relaxed);
        let seconds = self.throttled_ms.load(Ordering::Relaxed) as f64 / 1000.0;
        exposition.sample(&families::QUOTA_ACCOUNTS, &labels, count);
        exposition.sample(&families::QUOTA_THROTTLES, &labels, throttled);
        exposition.sample(&families::QUOTA_THROTTLE_SECONDS, &labels, seconds);
    }
}

impl GaugeSource for ClientQuotas {
    fn collect(&self, exposition: &mut Exposition) {
        for account in [&self.produce, &self.fetch, &self.request, &self.address] {
            account.collect(exposition);
        }
        self.mutation.collect(exposition);
    }
}
