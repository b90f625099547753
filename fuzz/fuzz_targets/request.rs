//! A request as it stands in its frame: header, then body. The first four bytes are the API key and
//! version, so the input chooses what it is.
//!
//! No input panics, and what decodes can be written again and is then stable.

#![no_main]
#![forbid(unsafe_code)]

use libfuzzer_sys::fuzz_target;
use protocol::ApiKey;
use protocol::generated::{RequestBody, RequestHeader};
use protocol::wire::{Message, Reader, Writer};

fuzz_target!(|frame: &[u8]| {
    let Some((key, version)) = key_and_version(frame) else {
        return;
    };
    let mut reader = Reader::new(frame);
    if RequestHeader::decode(&mut reader, key.request_header_version(version)).is_err() {
        return;
    }
    let Ok(body) = RequestBody::decode(key, version, &mut reader) else {
        return;
    };
    let first = encode(&body, version);
    let again = RequestBody::decode(key, version, &mut Reader::new(&first))
        .expect("what was written must be readable");
    assert_eq!(first, encode(&again, version));
});

fn key_and_version(frame: &[u8]) -> Option<(ApiKey, i16)> {
    let mut reader = Reader::new(frame);
    let key = ApiKey::from_id(reader.i16().ok()?)?;
    let version = reader.i16().ok()?;
    key.versions().contains(&version).then_some((key, version))
}

fn encode(body: &RequestBody<'_>, version: i16) -> Vec<u8> {
    let mut writer = Writer::new();
    body.encode(&mut writer, version)
        .expect("what was read must be writable");
    let bytes = writer.into_parts().0;
    let mut counting = Writer::counting();
    body.encode(&mut counting, version)
        .expect("what was read must be writable");
    assert_eq!(counting.size(), bytes.len());
    bytes
}
