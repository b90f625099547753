//! The small client connection: sends requests, any number of them before the first answer, and
//! gives each its answer. Brokers, tools and the simulation use it among themselves.
//!
//! Not the job of this module: which version to speak, when to connect again, whom to ask.
//!
//! Invariant: answers come in the order of requests, as Kafka promises; one that does not ends the
//! connection.

use crate::byte_budget::ByteBudget;
use crate::framing::{FrameError, FrameReader, Progress};
use crate::timers::Timers;
use crate::transport::{Address, Connection, Transport, WriteHalf};
use protocol::ApiKey;
use protocol::api_key::Request;
use protocol::generated::{RequestHeader, ResponseHeader};
use protocol::wire::{DecodeError, EncodeError, Message, Reader, Writer};
use std::collections::VecDeque;
use std::io;
use std::marker::PhantomData;
use std::sync::atomic::{AtomicI32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use thiserror::Error;
use tokio::io::{AsyncRead, AsyncWriteExt};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, oneshot};
use tokio::task::AbortHandle;

/// How a request connection behaves.
#[derive(Debug, Clone)]
pub struct RequestConnectionOptions {
    /// What it calls itself.
    pub client_id: String,
    /// The largest answer it takes.
    pub response_bytes_max: usize,
    /// How many requests may be without answer; more have to wait. At least 1.
    pub in_flight_count_max: usize,
    /// How long connecting may take.
    pub connect_timeout: Duration,
}

/// An open connection; closed when dropped.
#[derive(Debug)]
pub struct RequestConnection {
    client_id: String,
    timers: Timers,
    outgoing: mpsc::Sender<Outgoing>,
    /// One permit for each request that may be without answer.
    places: Arc<Semaphore>,
    next_correlation_id: AtomicI32,
    failure: Arc<Mutex<Option<Arc<FrameError>>>>,
    task: AbortHandle,
}

/// The bytes of an answer to a request of type `R`, from which it is decoded.
#[derive(Debug)]
pub struct ResponseBytes<R> {
    frame: Vec<u8>,
    body_position: usize,
    version: i16,
    request: PhantomData<fn() -> R>,
}

/// Why a request has no answer.
#[derive(Debug, Clone, Error)]
pub enum RequestError {
    /// The connection could not be made.
    #[error("connect to {address}: {source}")]
    Connect {
        /// Where to.
        address: Address,
        /// What the system said.
        source: Arc<io::Error>,
    },
    /// The request cannot be written.
    #[error("write request: {0}")]
    Encode(#[from] EncodeError),
    /// The answer cannot be read.
    #[error("read response: {0}")]
    Decode(#[from] DecodeError),
    /// No answer came in time. It may have been carried out; the connection goes on.
    #[error("wait for response of {0:?}: out of time")]
    TimedOut(ApiKey),
    /// The connection failed. The request may have been carried out.
    #[error("request over a connection that failed: {0}")]
    Failed(Arc<FrameError>),
    /// The peer closed the connection. The request may have been carried out.
    #[error("request over a connection that the peer closed")]
    Closed,
}

#[derive(Debug)]
struct Outgoing {
    frame: Vec<u8>,
    /// Where the answer goes; none if none will come.
    expected: Option<Expected>,
}

#[derive(Debug)]
struct Expected {
    correlation_id: i32,
    answer: oneshot::Sender<Vec<u8>>,
    _place: OwnedSemaphorePermit,
}

impl RequestConnection {
    /// Connects.
    ///
    /// # Errors
    /// When there is no connection within the time given.
    pub async fn open(
        transport: &dyn Transport,
        address: &Address,
        options: RequestConnectionOptions,
        timers: &Timers,
    ) -> Result<Self, RequestError> {
        let connected = tokio::select! {
            biased;
            connected = transport.connect(address) => connected,
            () = timers.sleep(options.connect_timeout) => Err(io::ErrorKind::TimedOut.into()),
        };
        let connection = connected.map_err(|source| RequestError::Connect {
            address: address.clone(),
            source: Arc::new(source),
        })?;
        let count_max = options.in_flight_count_max.clamp(1, Semaphore::MAX_PERMITS);
        let (outgoing, queue) = mpsc::channel(count_max);
        let failure = Arc::new(Mutex::new(None));
        let failed = Arc::clone(&failure);
        let task = tokio::spawn(run(connection, queue, options.response_bytes_max, failed));
        Ok(Self {
            client_id: options.client_id,
            timers: timers.clone(),
            outgoing,
            places: Arc::new(Semaphore::new(count_max)),
            next_correlation_id: AtomicI32::new(0),
            failure,
            task: task.abort_handle(),
        })
    }

    /// Sends a request and waits for its answer, for at most `timeout`.
    ///
    /// # Errors
    /// When the request cannot be written, or no answer comes.
    pub async fn send<'a, R: Request<'a>>(
        &self,
        version: i16,
        request: &R,
        timeout: Duration,
    ) -> Result<ResponseBytes<R>, RequestError> {
        let (correlation_id, frame) = self.frame(version, request)?;
        let (answer, answered) = oneshot::channel();
        let exchange = async {
            let place = Arc::clone(&self.places).acquire_owned().await;
            let expected = Some(Expected {
                correlation_id,
                answer,
                _place: place.expect("the semaphore is never closed"),
            });
            let sent = self.outgoing.send(Outgoing { frame, expected }).await;
            sent.map_err(|_| self.why_closed())?;
            answered.await.map_err(|_| self.why_closed())
        };
        let frame = tokio::select! {
            biased;
            frame = exchange => frame?,
            () = self.timers.sleep(timeout) => return Err(RequestError::TimedOut(R::KEY)),
        };
        let mut reader = Reader::new(&frame);
        ResponseHeader::decode(&mut reader, R::KEY.response_header_version(version))?;
        Ok(ResponseBytes {
            body_position: frame.len() - reader.remaining(),
            frame,
            version,
            request: PhantomData,
        })
    }

    /// Sends a request that has no answer, such as a produce with acks=0, when its turn has come.
    ///
    /// # Errors
    /// When the request cannot be written, or the connection has ended.
    pub async fn send_without_answer<'a, R: Request<'a>>(
        &self,
        version: i16,
        request: &R,
    ) -> Result<(), RequestError> {
        let (_, frame) = self.frame(version, request)?;
        let expected = None;
        let sent = self.outgoing.send(Outgoing { frame, expected }).await;
        sent.map_err(|_| self.why_closed())
    }

    /// Whether nothing can be sent any more.
    pub fn is_closed(&self) -> bool {
        self.outgoing.is_closed()
    }

    /// Completes when nothing can be sent any more.
    pub async fn closed(&self) {
        self.outgoing.closed().await;
    }

    fn frame<'a, R: Request<'a>>(
        &self,
        version: i16,
        request: &R,
    ) -> Result<(i32, Vec<u8>), EncodeError> {
        let correlation_id = self.next_correlation_id.fetch_add(1, Ordering::Relaxed);
        let header = RequestHeader {
            request_api_key: R::KEY.id(),
            request_api_version: version,
            correlation_id,
            client_id: Some(self.client_id.as_str().into()),
        };
        let mut writer = Writer::new();
        writer.put_i32(0);
        header.encode(&mut writer, R::KEY.request_header_version(version))?;
        request.encode(&mut writer, version)?;
        let following = writer.size() - 4;
        let fits = i32::try_from(following).map_err(|_| EncodeError::TooLong(following))?;
        writer.patch_i32(0, fits);
        Ok((correlation_id, writer.into_parts().0))
    }

    fn why_closed(&self) -> RequestError {
        let failure = self.failure.lock().unwrap_or_else(PoisonError::into_inner);
        match &*failure {
            Some(failure) => RequestError::Failed(Arc::clone(failure)),
            None => RequestError::Closed,
        }
    }
}

impl Drop for RequestConnection {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl<R> ResponseBytes<R> {
    /// The answer.
    ///
    /// # Errors
    /// When the bytes are no such answer.
    pub fn decode<'a, 'r>(&'r self) -> Result<R::Response<'r>, DecodeError>
    where
        R: Request<'a>,
    {
        let mut reader = Reader::new(&self.frame[self.body_position..]);
        let response = R::Response::decode(&mut reader, self.version)?;
        reader.expect_end()?;
        Ok(response)
    }
}

/// Both directions; ends with either. Whoever waits for an answer learns of the end after the
/// failure was noted, so what is dropped then is owned here.
async fn run(
    connection: Connection,
    mut queue: mpsc::Receiver<Outgoing>,
    response_bytes_max: usize,
    failure: Arc<Mutex<Option<Arc<FrameError>>>>,
) {
    let expected = Mutex::new(VecDeque::new());
    // Its own budget, which one answer at a time never exceeds.
    let budget = ByteBudget::new(response_bytes_max);
    let mut frames = FrameReader::new(connection.reader, response_bytes_max, budget);
    let ended = tokio::select! {
        biased;
        ended = read(&mut frames, &expected) => ended,
        ended = write(connection.writer, &mut queue, &expected) => ended.map_err(FrameError::Io),
    };
    *failure.lock().unwrap_or_else(PoisonError::into_inner) = ended.err().map(Arc::new);
}

async fn write(
    mut writer: Box<dyn WriteHalf>,
    queue: &mut mpsc::Receiver<Outgoing>,
    expected: &Mutex<VecDeque<Expected>>,
) -> io::Result<()> {
    while let Some(outgoing) = queue.recv().await {
        if let Some(more) = outgoing.expected {
            let mut expected = expected.lock().unwrap_or_else(PoisonError::into_inner);
            expected.push_back(more);
        }
        writer.write_all(&outgoing.frame).await?;
    }
    Ok(())
}

async fn read(
    frames: &mut FrameReader<Box<dyn AsyncRead + Send + Unpin>>,
    expected: &Mutex<VecDeque<Expected>>,
) -> Result<(), FrameError> {
    loop {
        frames.charge().await;
        let frame = match frames.read().await? {
            Progress::Bytes(_) => continue,
            Progress::Closed => return Ok(()),
            Progress::Frame(frame) => frame.into_bytes(),
        };
        let correlation_id = frame.first_chunk().copied().map(i32::from_be_bytes);
        let next = expected
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .pop_front();
        match next {
            Some(next) if Some(next.correlation_id) == correlation_id => {
                // Who no longer waits has run out of time.
                let _ = next.answer.send(frame);
            }
            _ => {
                let message = "read response: it answers no request that is next";
                return Err(io::Error::new(io::ErrorKind::InvalidData, message).into());
            }
        }
    }
}
