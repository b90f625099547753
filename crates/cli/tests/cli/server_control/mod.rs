//! `klamm server stop|restart|status`, and nodes in the background.

mod found;
mod restarting;
mod stage;
mod starting;
mod stopping;
