//! Panics of tasks: tokio would swallow them, and a real node dies of them.

use std::cell::RefCell;
use std::panic;
use std::sync::Once;

thread_local! {
    static NEWEST: RefCell<Option<String>> = const { RefCell::new(None) };
}

static INSTALLED: Once = Once::new();

/// Begins to listen. A run is on one thread, so the panics of a thread are those of its run.
pub(crate) fn listen() {
    INSTALLED.call_once(|| {
        let before = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            NEWEST.with_borrow_mut(|newest| *newest = Some(info.to_string()));
            before(info);
        }));
    });
}

/// The newest panic of this thread, which is forgotten.
pub(crate) fn take() -> Option<String> {
    NEWEST.take()
}
