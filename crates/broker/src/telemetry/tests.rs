//! The telemetry from outside: fed as a server, a partition and a controller feed it, and read back
//! from its text.

mod connections;
mod documentation;
mod gauges;
mod parser;
mod topics;

use super::Telemetry;
use parser::Metrics;

/// What a scraper would see.
async fn scrape(telemetry: &Telemetry) -> Metrics {
    Metrics::parse(&telemetry.exposition().await)
}
