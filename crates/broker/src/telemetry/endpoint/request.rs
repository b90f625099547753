//! The head of an HTTP/1 request (RFC 9112), as far as it decides anything here: method and path.
//! Header fields are passed over; a body is not expected.

use std::io;
use thiserror::Error;
use tokio::io::{AsyncRead, AsyncReadExt};

/// More than any scraper or probe sends.
pub(super) const HEAD_BYTES_MAX: usize = 8 << 10;

/// What is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Request {
    /// Begins with a slash; without the query.
    pub(super) path: String,
    /// Not so for HEAD.
    pub(super) wants_body: bool,
}

/// Why there is no request.
#[derive(Debug, Error)]
pub(super) enum RequestError {
    #[error("read request for metrics: it is no request of HTTP/1")]
    Malformed,
    #[error("read request for metrics: its method is neither GET nor HEAD")]
    UnknownMethod,
    #[error("read request for metrics: its head has more than {HEAD_BYTES_MAX} bytes")]
    TooLarge,
    #[error("read request for metrics: the client closed within it")]
    Cut,
    #[error("read request for metrics: {0}")]
    Io(#[from] io::Error),
}

/// Reads up to the empty line that ends the head.
pub(super) async fn read(
    reader: &mut (impl AsyncRead + Unpin + ?Sized),
) -> Result<Request, RequestError> {
    let mut head = Vec::new();
    let mut chunk = [0; 1024];
    loop {
        let room = chunk.len().min(HEAD_BYTES_MAX - head.len());
        if room == 0 {
            return Err(RequestError::TooLarge);
        }
        let count = reader.read(&mut chunk[..room]).await?;
        if count == 0 {
            return Err(RequestError::Cut);
        }
        // The end of the head may be spread over two chunks, with up to two bytes in the first.
        let search_from = head.len().saturating_sub(2);
        head.extend_from_slice(&chunk[..count]);
        // Somebody who speaks another protocol learns it at once.
        if !head[0].is_ascii_uppercase() {
            return Err(RequestError::Malformed);
        }
        if let Some(end) = end_of_head(&head[search_from..]) {
            return parse(&head[..search_from + end]);
        }
    }
}

/// Where the empty line begins that ends the head. A line feed alone also ends a line (RFC 9112,
/// 2.2).
fn end_of_head(bytes: &[u8]) -> Option<usize> {
    (0..bytes.len()).find(|position| {
        let rest = &bytes[*position..];
        rest.starts_with(b"\n\r\n") || rest.starts_with(b"\n\n")
    })
}

fn parse(head: &[u8]) -> Result<Request, RequestError> {
    let line = head.split(|byte| *byte == b'\n').next().unwrap_or(head);
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    let line = str::from_utf8(line).map_err(|_| RequestError::Malformed)?;
    let parts: Vec<&str> = line.split(' ').collect();
    let &[method, target, "HTTP/1.1" | "HTTP/1.0"] = parts.as_slice() else {
        return Err(RequestError::Malformed);
    };
    let path = target.split('?').next().unwrap_or(target);
    if !path.starts_with('/') {
        return Err(RequestError::Malformed);
    }
    let wants_body = match method {
        "GET" => true,
        "HEAD" => false,
        _ => return Err(RequestError::UnknownMethod),
    };
    Ok(Request {
        path: path.to_owned(),
        wants_body,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As it is read in whichever pieces it comes.
    async fn check(text: &[u8], expected: Result<(&str, bool), &str>) {
        for first_count in 0..=text.len() {
            let (first, rest) = text.split_at(first_count);
            let result = read(&mut first.chain(rest)).await;
            let found = match &result {
                Ok(request) => Ok((request.path.as_str(), request.wants_body)),
                Err(error) => Err(error.to_string()),
            };
            match (found, expected) {
                (Ok(found), Ok(expected)) => assert_eq!(found, expected),
                (Err(found), Err(cause)) => assert!(found.contains(cause), "{found}"),
                (found, expected) => panic!("{found:?} instead of {expected:?}"),
            }
        }
    }

    #[tokio::test]
    async fn a_request_is_read_up_to_the_empty_line() {
        check(
            b"GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n",
            Ok(("/metrics", true)),
        )
        .await;
        check(b"HEAD / HTTP/1.0\n\nmore", Ok(("/", false))).await;
        check(b"GET /ready?a=b?c HTTP/1.1\r\n\r\n", Ok(("/ready", true))).await;
    }

    #[tokio::test]
    async fn what_is_no_request_is_told_apart() {
        check(
            b"POST /metrics HTTP/1.1\r\n\r\n",
            Err("neither GET nor HEAD"),
        )
        .await;
        check(
            b"GET /metrics HTTP/1.1\r\nHost: a\r\n",
            Err("closed within"),
        )
        .await;
        check(b"", Err("closed within")).await;
        for text in [
            &b"\r\n\r\n"[..],
            b"\x16\x03\x01",
            b"get / HTTP/1.1\r\n\r\n",
            b"GET /\r\n\r\n",
            b"GET  / HTTP/1.1\r\n\r\n",
            b"GET / HTTP/2.0\r\n\r\n",
            b"GET http://a/ HTTP/1.1\r\n\r\n",
            b"GET /\xff HTTP/1.1\r\n\r\n",
            b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        ] {
            check(text, Err("no request of HTTP/1")).await;
        }
    }

    #[tokio::test]
    async fn no_more_is_kept_than_a_head_may_have() {
        let endless = tokio::io::repeat(b'A');
        let mut counted = endless.take(1 << 20);
        let error = read(&mut counted).await.unwrap_err();
        assert!(matches!(error, RequestError::TooLarge));
        assert_eq!((1 << 20) - counted.limit(), HEAD_BYTES_MAX as u64);
    }
}
