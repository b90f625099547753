//! Any mixture of requests sent at once begins, and is answered, in order.

use crate::node::{command, config, memory, start};
use net::transport::Transport;
use proptest::prelude::*;
use protocol::ApiKey;
use protocol::generated::RequestHeader;
use protocol::wire::{Message, Writer};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

pub(crate) fn framed(correlation_id: i32, text: &str) -> Vec<u8> {
    let mut writer = Writer::new();
    writer.put_i32(0);
    let header = RequestHeader {
        request_api_key: ApiKey::ApiVersions.id(),
        request_api_version: 3,
        correlation_id,
        client_id: None,
    };
    header.encode(&mut writer, 2).unwrap();
    command(text).encode(&mut writer, 3).unwrap();
    writer.patch_i32(0, writer.size() as i32 - 4);
    writer.into_parts().0
}

async fn answered(commands: &[String], chunk_size: usize, in_flight_count_max: usize) {
    let transport = memory();
    let mut config = config();
    config.in_flight_count_max = in_flight_count_max;
    let node = start(&transport, config).await;
    let mut connection = transport.connect(&node.address).await.unwrap();
    let requests = (0..).zip(commands);
    let sent: Vec<u8> = requests
        .flat_map(|(index, text)| framed(index, text))
        .collect();
    let expected: Vec<i32> = (0..)
        .zip(commands)
        .filter(|(_, text)| *text != "silent")
        .map(|(index, _)| index)
        .collect();
    let mut received = Vec::new();
    tokio::join!(
        async {
            for chunk in sent.chunks(chunk_size) {
                connection.writer.write_all(chunk).await.unwrap();
            }
        },
        async {
            for _ in &expected {
                let size = connection.reader.read_i32().await.unwrap();
                let mut answer = vec![0; size as usize];
                connection.reader.read_exact(&mut answer).await.unwrap();
                received.push(i32::from_be_bytes(answer[..4].try_into().unwrap()));
            }
        }
    );
    assert_eq!(received, expected);
    drop(connection.writer);
    let mut rest = Vec::new();
    connection.reader.read_to_end(&mut rest).await.unwrap();
    assert_eq!(rest, [0; 0]);
    let begun = node.script.begun.lock().unwrap();
    assert!(begun.iter().copied().eq(0..commands.len() as i32));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn answers_leave_in_the_order_of_requests(
        commands in prop::collection::vec(
            prop_oneof![
                Just("now".to_owned()),
                Just("silent".to_owned()),
                Just("throttle 20".to_owned()),
                (0..500_u32).prop_map(|ms| format!("later {ms}")),
            ],
            1..40,
        ),
        chunk_size in 1..300_usize,
        in_flight_count_max in 1..10_usize,
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .start_paused(true)
            .build()
            .unwrap();
        runtime.block_on(answered(&commands, chunk_size, in_flight_count_max));
    }
}
