//! One connection: frame by frame, each answered before the next is read. Both buffers are kept
//! from frame to frame.

use std::mem;

use anyhow::{Result, bail};
use tokio::io::{AsyncRead, AsyncReadExt, BufReader};
use tokio::net::TcpStream;

use crate::answer::Answer;
use crate::requests;
use crate::server::Server;

/// What a frame may hold: as much as `socket.request.max.bytes` allows by default.
const FRAME_BYTES_MAX: u64 = 100 << 20;

/// Serves a connection until the peer closes it.
///
/// # Errors
/// When it fails, or the peer sends what no client that is meant here would.
pub(crate) async fn serve(server: &Server, stream: TcpStream) -> Result<()> {
    stream.set_nodelay(true)?;
    let (source, mut sink) = stream.into_split();
    let mut source = BufReader::new(source);
    let mut frame = Vec::new();
    let mut buffer = Vec::new();
    while read_frame(&mut source, &mut frame).await? {
        let mut answer = Answer::in_buffer(mem::take(&mut buffer));
        if requests::carry_out(server, &frame, &mut answer).await? {
            answer.send(&mut sink).await?;
        }
        buffer = answer.into_buffer();
    }
    Ok(())
}

/// Reads the next frame into `frame`, which grows with what comes in; false when there is none.
async fn read_frame(source: &mut (impl AsyncRead + Unpin), frame: &mut Vec<u8>) -> Result<bool> {
    let mut size = [0; 4];
    if source.read(&mut size[..1]).await? == 0 {
        return Ok(false);
    }
    source.read_exact(&mut size[1..]).await?;
    let size = u64::from(u32::from_be_bytes(size));
    if size > FRAME_BYTES_MAX {
        bail!("read frame: its {size} bytes are more than {FRAME_BYTES_MAX}");
    }
    frame.clear();
    let received = source.take(size).read_to_end(frame).await? as u64;
    if received < size {
        bail!("read frame: the peer closed after {received} of {size} bytes");
    }
    Ok(true)
}
