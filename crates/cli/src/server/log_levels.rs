//! How much of what happens is logged: a level for all, and levels for parts. They can be changed
//! while the node runs, and are those of `KLAMM_LOG` again after the next start.
//!
//! A part is a path of modules, as each line of the log names at its end; what is set for one holds
//! for those inside of it. `root` stands for all.
//!
//! Invariant: the lock is held across no code of others, so that a line can be logged anywhere.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard};

use broker::loggers::{LogLevel, Loggers, ROOT_LOGGER};
use tracing::level_filters::LevelFilter;
use tracing::subscriber::Interest;
use tracing::{Metadata, callsite};
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::{Context, Filter};

/// Parts that can be named before they have logged anything.
const CRATES: [&str; 2] = ["broker", "klamm"];

/// The levels of a process.
#[derive(Debug)]
pub(crate) struct LogLevels {
    state: RwLock<State>,
}

#[derive(Debug)]
struct State {
    root: LogLevel,
    /// Levels of parts.
    own: BTreeMap<String, LogLevel>,
    /// Parts that have something to log.
    seen: BTreeSet<&'static str>,
}

/// Lets through what the levels say.
#[derive(Debug, Clone)]
pub(super) struct ByLevel(pub(super) Arc<LogLevels>);

impl LogLevels {
    /// The levels that a node begins with.
    pub(super) fn new(targets: &Targets) -> Self {
        let own = targets.iter();
        let own = own.map(|(name, level)| (name.to_owned(), level_of(level)));
        Self {
            state: RwLock::new(State {
                root: targets.default_level().map_or(LogLevel::Off, level_of),
                own: own.collect(),
                seen: BTreeSet::new(),
            }),
        }
    }

    fn state(&self) -> RwLockReadGuard<'_, State> {
        self.state.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn change(&self, change: impl FnOnce(&mut State)) {
        change(&mut self.state.write().unwrap_or_else(PoisonError::into_inner));
    }
}

impl Loggers for LogLevels {
    fn levels(&self) -> BTreeMap<String, LogLevel> {
        let state = self.state();
        let set = state.own.keys().map(String::as_str);
        let parts = set.chain(state.seen.iter().copied()).chain(CRATES);
        let parts = parts.map(|part| (part.to_owned(), state.level_of(part)));
        let mut levels: BTreeMap<_, _> = parts.collect();
        levels.insert(ROOT_LOGGER.to_owned(), state.root);
        levels
    }

    fn set_level(&self, name: &str, level: Option<LogLevel>) {
        self.change(|state| match level {
            Some(level) if name == ROOT_LOGGER => state.root = level,
            Some(level) => {
                state.own.insert(name.to_owned(), level);
            }
            None => {
                state.own.remove(name);
            }
        });
        // Each place that logs has kept whether it may.
        callsite::rebuild_interest_cache();
    }
}

impl State {
    /// The level of a part: its own, or that of the nearest one around it.
    fn level_of(&self, part: &str) -> LogLevel {
        let mut around = Some(part);
        while let Some(name) = around {
            if let Some(level) = self.own.get(name) {
                return *level;
            }
            around = name.rsplit_once("::").map(|(around, _)| around);
        }
        self.root
    }

    fn lets_through(&self, metadata: &Metadata<'_>) -> bool {
        *metadata.level() <= filter_of(self.level_of(metadata.target()))
    }
}

impl<S> Filter<S> for ByLevel {
    fn enabled(&self, metadata: &Metadata<'_>, _: &Context<'_, S>) -> bool {
        self.0.state().lets_through(metadata)
    }

    fn callsite_enabled(&self, metadata: &'static Metadata<'static>) -> Interest {
        self.0.change(|state| {
            state.seen.insert(metadata.target());
        });
        match self.0.state().lets_through(metadata) {
            true => Interest::always(),
            false => Interest::never(),
        }
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        let state = self.0.state();
        let levels = state.own.values().copied();
        levels.chain([state.root]).map(filter_of).max()
    }
}

fn level_of(filter: LevelFilter) -> LogLevel {
    match filter {
        LevelFilter::OFF => LogLevel::Off,
        LevelFilter::ERROR => LogLevel::Error,
        LevelFilter::WARN => LogLevel::Warn,
        LevelFilter::INFO => LogLevel::Info,
        LevelFilter::DEBUG => LogLevel::Debug,
        _ => LogLevel::Trace,
    }
}

fn filter_of(level: LogLevel) -> LevelFilter {
    match level {
        LogLevel::Off | LogLevel::Fatal => LevelFilter::OFF,
        LogLevel::Error => LevelFilter::ERROR,
        LogLevel::Warn => LevelFilter::WARN,
        LogLevel::Info => LevelFilter::INFO,
        LogLevel::Debug => LevelFilter::DEBUG,
        LogLevel::Trace => LevelFilter::TRACE,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn levels(text: &str) -> LogLevels {
        LogLevels::new(&text.parse().unwrap())
    }

    #[test]
    fn a_part_has_the_level_of_the_nearest_one_around_it() {
        let levels = levels("warn,broker=info,broker::node=debug");
        let of = |part: &str| levels.state().level_of(part);
        assert_eq!(of("broker::node::start"), LogLevel::Debug);
        assert_eq!(of("broker::nodes"), LogLevel::Info);
        assert_eq!(of("brokers"), LogLevel::Warn);
    }

    #[test]
    fn levels_can_be_given_and_taken() {
        let levels = levels("info");
        let of = |part: &str| levels.levels().get(part).copied();
        assert_eq!(of("broker"), Some(LogLevel::Info));
        assert_eq!(of("broker::node"), None);
        levels.set_level("broker", Some(LogLevel::Trace));
        levels.set_level(ROOT_LOGGER, Some(LogLevel::Fatal));
        assert_eq!(of("broker"), Some(LogLevel::Trace));
        assert_eq!(of("klamm"), Some(LogLevel::Fatal));
        levels.set_level("broker", None);
        assert_eq!(of("broker"), Some(LogLevel::Fatal));
        assert_eq!(of(ROOT_LOGGER), Some(LogLevel::Fatal));
    }
}
