//! TCP on the operating system's sockets, by tokio.
//!
//! Not the job of this module: frames, limits, or TLS.

mod send_file;

use super::{Acceptor, Address, Connection, Transport, WriteHalf};
use crate::BoxFuture;
use crate::file_slice::FileSlice;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll};
use tokio::io::AsyncWrite;
use tokio::net::tcp::OwnedWriteHalf;
use tokio::net::{TcpListener, TcpSocket, TcpStream, lookup_host};

/// TCP.
#[derive(Debug, Clone)]
pub struct TcpTransport {
    options: TcpOptions,
}

/// How sockets are set up.
#[derive(Debug, Clone)]
pub struct TcpOptions {
    /// `socket.send.buffer.bytes`; none leaves it to the operating system (-1 in Kafka).
    pub send_buffer_bytes: Option<u32>,
    /// `socket.receive.buffer.bytes`; likewise.
    pub receive_buffer_bytes: Option<u32>,
    /// `socket.listen.backlog.size`, the connections that wait to be accepted.
    pub listen_backlog_size: u32,
}

#[derive(Debug)]
struct TcpAcceptor {
    listener: TcpListener,
    local: SocketAddr,
}

struct TcpWriteHalf {
    stream: OwnedWriteHalf,
}

impl TcpTransport {
    /// A transport whose sockets are set up by `options`.
    pub const fn new(options: TcpOptions) -> Self {
        Self { options }
    }

    async fn bind(&self, address: &Address) -> io::Result<TcpListener> {
        first_that_works(address, |candidate| {
            let bound = self.socket(candidate).and_then(|socket| {
                // A restarted node takes its port although old connections still linger on it.
                socket.set_reuseaddr(true)?;
                socket.bind(candidate)?;
                socket.listen(self.options.listen_backlog_size)
            });
            async move { bound }
        })
        .await
    }

    async fn open(&self, address: &Address) -> io::Result<TcpStream> {
        first_that_works(address, |candidate| {
            let socket = self.socket(candidate);
            async move { socket?.connect(candidate).await }
        })
        .await
    }

    /// A listener hands its buffer sizes on to what it accepts.
    fn socket(&self, address: SocketAddr) -> io::Result<TcpSocket> {
        let socket = match address {
            SocketAddr::V4(_) => TcpSocket::new_v4(),
            SocketAddr::V6(_) => TcpSocket::new_v6(),
        }?;
        if let Some(bytes) = self.options.send_buffer_bytes {
            socket.set_send_buffer_size(bytes)?;
        }
        if let Some(bytes) = self.options.receive_buffer_bytes {
            socket.set_recv_buffer_size(bytes)?;
        }
        socket.set_keepalive(true)?;
        Ok(socket)
    }
}

impl Transport for TcpTransport {
    fn listen<'a>(&'a self, address: &'a Address) -> BoxFuture<'a, io::Result<Box<dyn Acceptor>>> {
        Box::pin(async move {
            let listener = self.bind(address).await?;
            let local = listener.local_addr()?;
            Ok(Box::new(TcpAcceptor { listener, local }) as Box<dyn Acceptor>)
        })
    }

    fn connect<'a>(&'a self, address: &'a Address) -> BoxFuture<'a, io::Result<Connection>> {
        Box::pin(async move { into_connection(self.open(address).await?) })
    }
}

impl Acceptor for TcpAcceptor {
    fn accept(&self) -> BoxFuture<'_, io::Result<Connection>> {
        Box::pin(async {
            let (stream, _) = self.listener.accept().await?;
            into_connection(stream)
        })
    }

    fn local_address(&self) -> SocketAddr {
        self.local
    }
}

impl WriteHalf for TcpWriteHalf {
    fn send_file<'a>(&'a mut self, slice: &'a FileSlice) -> BoxFuture<'a, io::Result<usize>> {
        Box::pin(send_file::send(&mut self.stream, slice))
    }
}

impl AsyncWrite for TcpWriteHalf {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

fn into_connection(stream: TcpStream) -> io::Result<Connection> {
    // Answers are gathered before they are written; waiting for more would only delay them.
    stream.set_nodelay(true)?;
    let (peer, local) = (stream.peer_addr()?, stream.local_addr()?);
    let (reader, stream) = stream.into_split();
    Ok(Connection {
        peer,
        local,
        reader: Box::new(reader),
        writer: Box::new(TcpWriteHalf { stream }),
    })
}

/// Tries all addresses of a host in turn and answers with the last failure if none works.
async fn first_that_works<T, F>(
    address: &Address,
    attempt: impl Fn(SocketAddr) -> F,
) -> io::Result<T>
where
    F: Future<Output = io::Result<T>>,
{
    let hosts: &[&str] = match address.host.as_str() {
        // All addresses of both families, or of the old one where there is no other.
        "" => &["::", "0.0.0.0"],
        host => &[host],
    };
    let mut failure = None;
    for host in hosts {
        for candidate in lookup_host((*host, address.port)).await? {
            match attempt(candidate).await {
                Ok(done) => return Ok(done),
                Err(error) => failure = Some(error),
            }
        }
    }
    Err(failure.unwrap_or_else(|| {
        let message = format!("resolve {address}: it has no address");
        io::Error::new(io::ErrorKind::NotFound, message)
    }))
}
