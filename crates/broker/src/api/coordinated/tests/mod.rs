//! Group requests as clients send them, over a listener in memory: a node with its quorum, its
//! controller and its groups on a simulated disk, in paused time.

mod changes;
mod finding;
mod groups;
mod members;
mod node;
mod offsets;

use super::java_host;

#[test]
fn addresses_are_written_as_java_writes_them() {
    for (address, written) in [
        ("127.0.0.1", "/127.0.0.1"),
        ("::1", "/0:0:0:0:0:0:0:1"),
        ("2001:db8::ff", "/2001:db8:0:0:0:0:0:ff"),
        ("::ffff:10.0.0.1", "/10.0.0.1"),
    ] {
        assert_eq!(java_host(address.parse().unwrap()), written);
    }
}
