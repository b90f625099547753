//! What must hold in every run, one file each. A violation panics; the world adds the seed.

pub(crate) mod ack_after_isr;
pub(crate) mod acked_kept;
pub(crate) mod committed_prefix;
pub(crate) mod high_watermark;
pub(crate) mod progress;
pub(crate) mod zombie;
