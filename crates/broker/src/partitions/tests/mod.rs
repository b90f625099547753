//! Partitions on a simulated disk, in virtual time.

mod append_and_read;
mod assignments;
mod delete_records;
mod failures;
mod node;
mod offsets;
mod replication;
mod starts_and_stops;
mod upkeep;
