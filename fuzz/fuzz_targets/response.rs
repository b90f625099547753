//! A response as it stands in its frame: header, then body. A response does not say what it
//! answers, so the API key and the version are four bytes in front of it.
//!
//! No input panics, and what decodes can be written again and is then stable.

#![no_main]
#![forbid(unsafe_code)]

use libfuzzer_sys::fuzz_target;
use protocol::ApiKey;
use protocol::generated::{ResponseBody, ResponseHeader};
use protocol::wire::{Message, Reader, Writer};

fuzz_target!(|input: &[u8]| {
    let mut reader = Reader::new(input);
    let Some((key, version)) = key_and_version(&mut reader) else {
        return;
    };
    if ResponseHeader::decode(&mut reader, key.response_header_version(version)).is_err() {
        return;
    }
    let Ok(body) = ResponseBody::decode(key, version, &mut reader) else {
        return;
    };
    let first = encode(&body, version);
    let again = ResponseBody::decode(key, version, &mut Reader::new(&first))
        .expect("what was written must be readable");
    assert_eq!(first, encode(&again, version));
});

fn key_and_version(reader: &mut Reader<'_>) -> Option<(ApiKey, i16)> {
    let key = ApiKey::from_id(reader.i16().ok()?)?;
    let version = reader.i16().ok()?;
    key.versions().contains(&version).then_some((key, version))
}

fn encode(body: &ResponseBody<'_>, version: i16) -> Vec<u8> {
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
