//! What clients that only announce cost the node.

use std::io::Write;

use super::frames::Witness;

const CLIENT_COUNT: usize = 2_000;
const MEMORY_BYTES_MAX: usize = 128 << 20;

#[test]
fn two_thousand_clients_that_announce_100_mib_and_send_a_byte_cost_less_than_128_mib() {
    let witness = Witness::start("announcements");
    let before = witness.node.memory_bytes("RssAnon");
    let mut clients = Vec::new();
    for _ in 0..CLIENT_COUNT {
        let mut client = witness.node.connect();
        client.write_all(&(100_i32 << 20).to_be_bytes()).unwrap();
        client.write_all(&[0]).unwrap();
        clients.push(client);
    }
    witness.expect_unharmed();
    let grown = witness.node.memory_bytes("RssAnon").saturating_sub(before);
    assert!(grown < MEMORY_BYTES_MAX, "memory grew by {grown} bytes");
}
