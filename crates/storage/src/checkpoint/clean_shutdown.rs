//! `.kafka_cleanshutdown`: its presence says that every log of the directory was synced before the
//! node stopped; its content says as which incarnation the node ran.
//!
//! Older Kafka wrote an empty file. As in Kafka, whatever is not understood is still a clean
//! shutdown, of an unknown incarnation: only the recovery of elected leaders leans on the epoch
//! (KIP-966), and it takes an unknown one for an unclean stop.

use super::{MalformedFile, WholeFile};

/// The content of a `.kafka_cleanshutdown`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CleanShutdown {
    /// The broker epoch at the time of the shutdown, if known.
    pub broker_epoch: Option<i64>,
}

impl CleanShutdown {
    /// The name of the file.
    pub const FILE_NAME: &str = ".kafka_cleanshutdown";
}

impl WholeFile for CleanShutdown {
    const SIZE_MAX: usize = 64 << 10;

    fn decode(bytes: &[u8]) -> Result<Self, MalformedFile> {
        let broker_epoch = str::from_utf8(bytes).ok().and_then(parse_broker_epoch);
        Ok(Self { broker_epoch })
    }

    /// An unknown epoch gives an empty file.
    fn encode(&self) -> Vec<u8> {
        match self.broker_epoch {
            Some(epoch) => format!("{{\"version\":0,\"brokerEpoch\":{epoch}}}").into_bytes(),
            None => Vec::new(),
        }
    }
}

/// Reads a JSON object whose values are all integers, which is all that Kafka writes.
fn parse_broker_epoch(text: &str) -> Option<i64> {
    let members = text.trim_ascii().strip_prefix('{')?.strip_suffix('}')?;
    let mut broker_epoch = None;
    for member in members.split(',') {
        let (key, value) = member.split_once(':')?;
        let key = key.trim_ascii().strip_prefix('"')?.strip_suffix('"')?;
        let value: i64 = value.trim_ascii().parse().ok()?;
        if key == "brokerEpoch" {
            broker_epoch = Some(value);
        }
    }
    broker_epoch
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, broker_epoch: Option<i64>) {
        let file = CleanShutdown::decode(text.as_bytes()).unwrap();
        assert_eq!(file.broker_epoch, broker_epoch, "{text:?}");
    }

    #[test]
    fn a_file_of_kafka_reads_and_prints_the_same() {
        let text = br#"{"version":0,"brokerEpoch":3853}"#;
        let file = CleanShutdown::decode(text).unwrap();
        assert_eq!(file.broker_epoch, Some(3853));
        assert_eq!(file.encode(), text);
    }

    #[test]
    fn anything_else_is_a_clean_shutdown_of_an_unknown_epoch() {
        check("", None);
        check("\u{0}\u{1}", None);
        check("{}", None);
        check(r#"{"version":0}"#, None);
        check(r#"{"version":0,"brokerEpoch":null}"#, None);
        check(r#"{"version":0,"brokerEpoch":1"#, None);
        check(" { \"brokerEpoch\" : 7 , \"more\" : 1 }\n", Some(7));
        assert!(CleanShutdown { broker_epoch: None }.encode().is_empty());
    }
}
