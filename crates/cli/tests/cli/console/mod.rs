//! `klamm console-producer` and `klamm console-consumer` against a node, over TCP.

mod consuming;
mod groups;
mod producing;
mod stage;
