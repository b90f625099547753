//! Coordinators over logs on a simulated disk, in paused time.

mod failures;
mod life;
mod loading;
mod node;
mod replaying;
mod replication;
