//! Which segments are cleaned into one: neighbours that fit together, were nothing to go, so that a
//! log that is cleaned again and again does not end as a great many small segments.

use std::ops::Range;

use protocol::ids::Offset;

/// What is to be known of a segment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct GroupMember {
    pub(super) base_offset: Offset,
    /// The offset before the next segment.
    pub(super) last_offset: Offset,
    pub(super) size_bytes: u64,
    pub(super) offset_index_bytes: u64,
    pub(super) time_index_bytes: u64,
}

/// How large a group may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct GroupLimits {
    /// `segment.bytes`.
    pub(super) segment_bytes: u64,
    /// `segment.index.bytes`.
    pub(super) index_bytes: u64,
}

/// Splits segments into groups: ranges of their indexes, one behind the other.
pub(super) fn group(members: &[GroupMember], limits: GroupLimits) -> Vec<Range<usize>> {
    let mut groups = Vec::new();
    let mut start = 0;
    while start < members.len() {
        let first = members[start];
        let mut sum = first;
        let mut end = start + 1;
        while let Some(next) = members.get(end) {
            sum.size_bytes += next.size_bytes;
            sum.offset_index_bytes += next.offset_index_bytes;
            sum.time_index_bytes += next.time_index_bytes;
            // An empty one takes no offsets: else a log would keep one for every 2^31 offsets.
            let distance = next.last_offset.0.saturating_sub(first.base_offset.0);
            let is_near = next.size_bytes == 0 || distance <= i64::from(i32::MAX);
            let fits = sum.size_bytes <= limits.segment_bytes
                && sum.offset_index_bytes <= limits.index_bytes
                && sum.time_index_bytes <= limits.index_bytes;
            if !is_near || !fits {
                break;
            }
            end += 1;
        }
        groups.push(start..end);
        start = end;
    }
    groups
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMITS: GroupLimits = GroupLimits {
        segment_bytes: 100,
        index_bytes: 50,
    };

    fn groups(members: &[GroupMember]) -> Vec<(usize, usize)> {
        let groups = group(members, LIMITS);
        groups.iter().map(|one| (one.start, one.end)).collect()
    }

    fn member(base_offset: i64, last_offset: i64, size_bytes: u64) -> GroupMember {
        GroupMember {
            base_offset: Offset(base_offset),
            last_offset: Offset(last_offset),
            size_bytes,
            offset_index_bytes: 8,
            time_index_bytes: 12,
        }
    }

    #[test]
    fn neighbours_are_grouped_as_long_as_they_fit() {
        let sizes = [60, 40, 1, 99, 30, 200, 5];
        let members: Vec<_> = (0..)
            .zip(sizes)
            .map(|(index, size)| member(index * 10, index * 10 + 9, size))
            .collect();
        let expected = [(0, 2), (2, 4), (4, 5), (5, 6), (6, 7)];
        assert_eq!(groups(&members), expected);
        assert_eq!(groups(&[]), []);
    }

    #[test]
    fn the_indexes_of_a_group_must_fit_as_well() {
        let members: Vec<_> = (0..6).map(|index| member(index, index, 1)).collect();
        assert_eq!(groups(&members), [(0, 4), (4, 6)]);
    }

    #[test]
    fn offsets_of_a_group_lie_near_its_first() {
        let far = i64::from(i32::MAX);
        let (first, near) = (member(0, 9, 1), member(10, far, 1));
        assert_eq!(groups(&[first, near]), [(0, 2)]);
        let far_off = member(10, far + 1, 1);
        assert_eq!(groups(&[first, far_off]), [(0, 1), (1, 2)]);
        assert_eq!(groups(&[first, member(10, far + 1, 0)]), [(0, 2)]);
    }
}
