//! Request bodies that lie: about counts, lengths and versions.

use protocol::ApiKey;

use super::frames::{Witness, frame};

#[test]
fn bodies_that_announce_more_than_they_hold_close_their_connections() {
    let witness = Witness::start("lying-bodies");
    let bodies: [&[u8]; 6] = [
        b"",
        &[0xff],
        &[0xff; 24],
        // A length of 2^31 - 1, as a varint and as an integer.
        &[0xff, 0xff, 0xff, 0xff, 0x07],
        &[0x7f, 0xff, 0xff, 0xff],
        &[
            0, 0, 0x7f, 0xff, 0xff, 0xff, 0x7f, 0xff, 0xff, 0xff, 0x7f, 0xff, 0xff, 0xff,
        ],
    ];
    for id in 0..93 {
        let Some(key) = ApiKey::from_id(id) else {
            continue;
        };
        for version in key.advertised_versions() {
            for body in bodies {
                let answer = witness.answer_to(&frame(id, version, body));
                assert!(answer.len() < 4096, "{key:?} {version}: {body:?}");
            }
        }
    }
    witness.expect_unharmed();
}
