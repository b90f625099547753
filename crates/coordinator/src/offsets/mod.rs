//! Committed offsets: one file for each kind of request, and for expiry.

mod commit;
pub(crate) mod delete;
mod expire;
mod fetch;
