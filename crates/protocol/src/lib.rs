//! Everything Klamm says and stores, as bytes: Kafka's requests and responses, record batches,
//! metadata and coordinator records, compression and error codes.
//!
//! Not the job of this crate: sockets, files, time, or what a request *means*. Bytes come in as
//! slices and leave through a [`wire::Writer`].
//!
//! Invariants:
//! - No decoder allocates by a length somebody announced: counts are bounded by the bytes that
//!   remain, and all that one frame may occupy in memory by a budget ([`wire::Reader`]).
//! - No input makes a decoder panic.
//! - What decodes can be encoded again, and what Kafka wrote to the same bytes, unknown tagged
//!   fields apart: those are skipped.

#![forbid(unsafe_code)]

pub mod api_key;
pub mod compression;
pub mod error_code;
pub mod generated;
pub mod ids;
pub mod json;
pub mod record_frame;
pub mod records;
pub mod time;
pub mod topic;
pub mod uuid;
pub mod wire;

pub use api_key::ApiKey;
pub use error_code::ErrorCode;
pub use uuid::Uuid;
