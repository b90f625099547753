//! Why a node does not start.

use crate::controller::ControllerError;
use crate::fatal::FatalError;
use crate::lifecycle::LifeIsOver;
use crate::metadata_records::MetadataLogError;
use net::transport::Address;
use quorum::OpenError;
use std::io;
use storage::directories::{ClaimError, LoadError};
use thiserror::Error;

/// Why a node does not start.
#[derive(Debug, Error)]
pub enum StartError {
    /// The configuration asks for what there is not yet.
    #[error("start node: {0}")]
    Unsupported(&'static str),
    /// An address cannot be had.
    #[error("listen on {address} for listener {name}: {source}")]
    Listen {
        /// The listener.
        name: String,
        /// Where.
        address: Address,
        /// What the system says.
        source: io::Error,
    },
    /// The log directories are not this node's to use.
    #[error(transparent)]
    Claim(#[from] ClaimError),
    /// The log directory of the metadata does not work.
    #[error("open metadata log: its log directory is offline")]
    MetadataDirectoryOffline,
    /// The metadata log cannot be opened.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// What a new cluster begins with cannot be read.
    #[error(transparent)]
    Bootstrap(#[from] ControllerError),
    /// The metadata cannot be read.
    #[error(transparent)]
    Metadata(#[from] MetadataLogError),
    /// The logs cannot be loaded.
    #[error(transparent)]
    Load(#[from] LoadError),
    /// A part of the node failed while it started.
    #[error(transparent)]
    Failed(#[from] FatalError),
    /// The controller did not let the broker in.
    #[error(transparent)]
    NotLetIn(#[from] LifeIsOver),
}
