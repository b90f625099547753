//! The quorum as its leader describes it, and what is printed of that.

mod asking;

use std::collections::BTreeMap;

use anyhow::{Context, Result, bail};
use protocol::Uuid;

/// The quorum of the metadata.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Quorum {
    cluster_id: String,
    leader_id: i32,
    leader_epoch: i32,
    high_watermark: i64,
    voters: Vec<Replica>,
    observers: Vec<Replica>,
    /// Where the voters listen, as `LISTENER://HOST:PORT`.
    endpoints: BTreeMap<i32, Vec<String>>,
}

/// A voter or an observer.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Replica {
    id: i32,
    directory_id: Uuid,
    log_end_offset: i64,
    /// By the clock of the leader; none if it has not seen that.
    last_fetch_ms: Option<i64>,
    last_caught_up_ms: Option<i64>,
}

const HEADINGS: [&str; 7] = [
    "NodeId",
    "DirectoryId",
    "LogEndOffset",
    "Lag",
    "LastFetchTimestamp",
    "LastCaughtUpTimestamp",
    "Status",
];

impl Quorum {
    /// The state of the quorum.
    ///
    /// # Errors
    /// When it has no leader.
    pub(super) fn status(&self) -> Result<String> {
        let leader = self.leader()?;
        let slowest = self.voters.iter().min_by_key(|voter| voter.log_end_offset);
        let slowest = slowest.unwrap_or(leader);
        let lag = leader.log_end_offset - slowest.log_end_offset;
        let lag_ms = match (leader.last_caught_up_ms, slowest.last_caught_up_ms) {
            _ if leader == slowest => 0,
            (Some(leader_ms), Some(slowest_ms)) => leader_ms - slowest_ms,
            _ => -1,
        };
        Ok(format!(
            "ClusterId:              {}\nLeaderId:               {}\nLeaderEpoch:            {}\n\
             HighWatermark:          {}\nMaxFollowerLag:         {lag}\n\
             MaxFollowerLagTimeMs:   {lag_ms}\nCurrentVoters:          {}\n\
             CurrentObservers:       {}\n",
            self.cluster_id,
            self.leader_id,
            self.leader_epoch,
            self.high_watermark,
            self.nodes(&self.voters),
            self.nodes(&self.observers),
        ))
    }

    /// A line for each replica below the names of the columns: the leader, other voters, observers.
    /// With the time it is now, it is said how long ago they fetched.
    ///
    /// # Errors
    /// When the quorum has no leader, or something will have happened.
    pub(super) fn replication(&self, now_ms: Option<i64>) -> Result<String> {
        let leader = self.leader()?;
        let row = |replica, status| leader.row_of(replica, status, now_ms);
        let followers = self.voters.iter().filter(|voter| voter.id != leader.id);
        let mut rows = vec![HEADINGS.map(str::to_owned), row(leader, "Leader")?];
        for follower in followers {
            rows.push(row(follower, "Follower")?);
        }
        for observer in &self.observers {
            rows.push(row(observer, "Observer")?);
        }
        let widths: Vec<usize> = (0..HEADINGS.len())
            .map(|column| rows.iter().map(|row| row[column].len()).max().unwrap_or(0))
            .collect();
        let lines = rows.iter().map(|row| {
            let cells = row.iter().zip(&widths);
            let line: String = cells
                .map(|(cell, width)| format!("{cell:width$}\t"))
                .collect();
            line + "\n"
        });
        Ok(lines.collect())
    }

    fn leader(&self) -> Result<&Replica> {
        let mut voters = self.voters.iter();
        let leader = voters.find(|voter| voter.id == self.leader_id);
        leader.context("describe the quorum: it has no leader")
    }

    fn nodes(&self, replicas: &[Replica]) -> String {
        let nodes = replicas.iter().map(|replica| {
            let mut node = format!("{{\"id\": {}", replica.id);
            if !replica.directory_id.is_zero() {
                node.push_str(&format!(", \"directoryId\": \"{}\"", replica.directory_id));
            }
            let endpoints = self.endpoints.get(&replica.id).into_iter().flatten();
            let endpoints: Vec<String> = endpoints.map(|text| format!("\"{text}\"")).collect();
            if !endpoints.is_empty() {
                node.push_str(&format!(", \"endpoints\": [{}]", endpoints.join(", ")));
            }
            node + "}"
        });
        format!("[{}]", nodes.collect::<Vec<_>>().join(", "))
    }
}

impl Replica {
    /// The row of a replica; this one is the leader.
    fn row_of(&self, replica: &Self, status: &str, now_ms: Option<i64>) -> Result<[String; 7]> {
        Ok([
            replica.id.to_string(),
            replica.directory_id.to_string(),
            replica.log_end_offset.to_string(),
            (self.log_end_offset - replica.log_end_offset).to_string(),
            time(replica.last_fetch_ms, now_ms, "last fetch")?,
            time(replica.last_caught_up_ms, now_ms, "last caught up")?,
            status.to_owned(),
        ])
    }
}

fn time(timestamp_ms: Option<i64>, now_ms: Option<i64>, what: &str) -> Result<String> {
    match (timestamp_ms, now_ms) {
        (None, _) => Ok("-1".to_owned()),
        (Some(timestamp), None) => Ok(timestamp.to_string()),
        (Some(timestamp), Some(now)) if 0 < timestamp && timestamp <= now => {
            Ok(format!("{} ms ago", now - timestamp))
        }
        (Some(timestamp), Some(now)) => bail!(
            "Error while computing relative time, possible drift in system clock.\nCurrent \
             timestamp is {now}, {what} timestamp is {timestamp}"
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn replica(id: i32, log_end_offset: i64, last_fetch_ms: Option<i64>) -> Replica {
        Replica {
            id,
            directory_id: Uuid::ZERO,
            log_end_offset,
            last_fetch_ms,
            last_caught_up_ms: last_fetch_ms,
        }
    }

    fn quorum() -> Quorum {
        let mut leader = replica(1, 1_979, Some(1_000));
        leader.directory_id = Uuid::METADATA_TOPIC;
        Quorum {
            cluster_id: "c".to_owned(),
            leader_id: 1,
            leader_epoch: 4,
            high_watermark: 1_970,
            voters: vec![replica(2, 1_970, Some(900)), leader],
            observers: vec![replica(9, 7, None)],
            endpoints: BTreeMap::from([(1, vec!["C://a:1".to_owned(), "D://a:2".to_owned()])]),
        }
    }

    #[test]
    fn the_status_is_that_of_the_leader_and_of_the_slowest_voter() {
        let expected = "\
ClusterId:              c
LeaderId:               1
LeaderEpoch:            4
HighWatermark:          1970
MaxFollowerLag:         9
MaxFollowerLagTimeMs:   100
CurrentVoters:          [{\"id\": 2}, {\"id\": 1, \"directoryId\": \"AAAAAAAAAAAAAAAAAAAAAQ\", \
\"endpoints\": [\"C://a:1\", \"D://a:2\"]}]
CurrentObservers:       [{\"id\": 9}]
";
        assert_eq!(quorum().status().unwrap(), expected);
        let leaderless = Quorum {
            leader_id: -1,
            ..quorum()
        };
        assert!(leaderless.status().is_err());
    }

    #[test]
    fn the_leader_stands_before_other_voters_and_these_before_observers() {
        let lines = |now_ms| {
            let text = quorum().replication(now_ms).unwrap();
            text.lines().map(str::to_owned).collect::<Vec<_>>()
        };
        let heading = "NodeId\tDirectoryId           \tLogEndOffset\tLag \tLastFetchTimestamp\t\
                       LastCaughtUpTimestamp\tStatus  \t";
        let leader = "1     \tAAAAAAAAAAAAAAAAAAAAAQ\t1979        \t0   \t1000              \t\
                      1000                 \tLeader  \t";
        let absolute = lines(None);
        assert_eq!(absolute[..2], [heading, leader]);
        let ends: Vec<_> = absolute[2..].iter().map(|line| line.trim_end()).collect();
        assert!(
            ends[0].ends_with("Follower") && ends[1].ends_with("Observer"),
            "{ends:?}"
        );
        let relative = lines(Some(1_005));
        assert!(relative[1].contains("\t5 ms ago "), "{relative:?}");
        assert!(relative[3].contains("\t-1 "), "{relative:?}");
        assert!(quorum().replication(Some(999)).is_err());
    }
}
