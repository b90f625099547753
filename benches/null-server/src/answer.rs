//! An answer on its way out: its bytes, and the stretches of files that belong between them.

use std::io;

use anyhow::Result;
use protocol::wire::{Message, Writer};
use rustix::fs::sendfile;
use tokio::io::{AsyncWriteExt, Interest};
use tokio::net::tcp::OwnedWriteHalf;

use crate::log::Slice;

#[derive(Debug)]
pub(crate) struct Answer {
    writer: Writer,
    /// By the token that stands for them in the writer.
    pub(crate) slices: Vec<Slice>,
}

impl Answer {
    /// An answer that is written into `buffer`, whose content is lost.
    pub(crate) fn in_buffer(mut buffer: Vec<u8>) -> Self {
        buffer.clear();
        let mut writer = Writer::from_buffer(buffer);
        writer.put_i32(0);
        Self {
            writer,
            slices: Vec::new(),
        }
    }

    pub(crate) fn into_buffer(self) -> Vec<u8> {
        self.writer.into_parts().0
    }

    pub(crate) fn put<'a>(&mut self, message: &impl Message<'a>, version: i16) -> Result<()> {
        Ok(message.encode(&mut self.writer, version)?)
    }

    pub(crate) async fn send(&mut self, stream: &mut OwnedWriteHalf) -> Result<()> {
        let size = i32::try_from(self.writer.size() - size_of::<i32>())?;
        self.writer.patch_i32(0, size);
        let mut sent = 0;
        for records in self.writer.external_records() {
            let before = &self.writer.buffer()[sent..records.position];
            stream.write_all(before).await?;
            sent = records.position;
            send_file(stream, &self.slices[records.token]).await?;
        }
        stream.write_all(&self.writer.buffer()[sent..]).await?;
        Ok(())
    }
}

async fn send_file(stream: &OwnedWriteHalf, slice: &Slice) -> io::Result<()> {
    let tcp: &tokio::net::TcpStream = stream.as_ref();
    let mut position = slice.position;
    let end = position + slice.size as u64;
    while position < end {
        tcp.writable().await?;
        let left = (end - position) as usize;
        let sent = tcp.try_io(Interest::WRITABLE, || {
            Ok(sendfile(tcp, &*slice.file, Some(&mut position), left)?)
        });
        match sent {
            Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
            Ok(_) => {}
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}
