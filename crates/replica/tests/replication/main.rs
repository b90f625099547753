//! Tests of whole partitions: transcripts of one broker, and a simulation of three.

#[cfg(test)]
mod invariants;
#[cfg(test)]
mod simulation;
#[cfg(test)]
mod toy_log;
#[cfg(test)]
mod transcript;
