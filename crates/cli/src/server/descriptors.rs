//! How many files and connections the operating system lets the process have open.

use std::num::NonZeroUsize;

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// What is assumed where there is no limit: more than a node needs, and a bounded table.
const UNLIMITED: u64 = 1 << 20;

/// Raises the soft limit to the hard one, and says what it is then. A refusal leaves it.
pub(crate) fn raise_limit() -> u64 {
    let before = getrlimit(Resource::Nofile);
    if before.current != before.maximum {
        let raised = Rlimit {
            current: before.maximum,
            maximum: before.maximum,
        };
        if let Err(error) = setrlimit(Resource::Nofile, raised) {
            tracing::warn!("raise the limit of open files: {error}");
        }
    }
    let after = getrlimit(Resource::Nofile).current;
    after.map_or(UNLIMITED, |limit| limit.min(UNLIMITED))
}

/// How many of them the disk may keep open for later use: half, for the rest is connections.
pub(crate) fn for_disk(limit: u64) -> NonZeroUsize {
    let half = usize::try_from(limit / 2).unwrap_or(usize::MAX);
    NonZeroUsize::new(half).unwrap_or(NonZeroUsize::MIN)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_limit_is_raised_as_far_as_it_goes() {
        let maximum = getrlimit(Resource::Nofile).maximum;
        let limit = raise_limit();
        assert_eq!(getrlimit(Resource::Nofile).current, maximum);
        assert_eq!(limit, maximum.unwrap_or(UNLIMITED).min(UNLIMITED));
    }

    #[test]
    fn half_is_for_the_disk_and_never_nothing() {
        assert_eq!(for_disk(1024).get(), 512);
        assert_eq!(for_disk(1).get(), 1);
    }
}
