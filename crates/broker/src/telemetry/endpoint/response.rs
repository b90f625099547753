//! Answers of the endpoint, as bytes of HTTP/1.1.

use crate::telemetry::exposition::CONTENT_TYPE;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Status {
    Ok,
    BadRequest,
    NotFound,
    MethodNotAllowed,
    RequestTimeout,
    HeadTooLarge,
    ServiceUnavailable,
}

/// An answer, after which the connection is closed.
#[derive(Debug)]
pub(super) struct Response {
    status: Status,
    content_type: &'static str,
    body: String,
    has_body: bool,
}

impl Response {
    pub(super) const fn metrics(text: String) -> Self {
        Self {
            status: Status::Ok,
            content_type: CONTENT_TYPE,
            body: text,
            has_body: true,
        }
    }

    /// Says the status in words.
    pub(super) fn plain(status: Status) -> Self {
        let (_, reason) = status.code_and_reason();
        Self {
            status,
            content_type: "text/plain; charset=utf-8",
            body: format!("{reason}\n"),
            has_body: true,
        }
    }

    /// The same, as HEAD asks for it.
    pub(super) fn without_body(self) -> Self {
        Self {
            has_body: false,
            ..self
        }
    }

    pub(super) fn to_bytes(&self) -> Vec<u8> {
        let (code, reason) = self.status.code_and_reason();
        let Self {
            content_type, body, ..
        } = self;
        let allow = match self.status {
            Status::MethodNotAllowed => "Allow: GET, HEAD\r\n",
            _ => "",
        };
        let length = body.len();
        let mut text = format!(
            "HTTP/1.1 {code} {reason}\r\nContent-Type: {content_type}\r\n\
             Content-Length: {length}\r\n{allow}Connection: close\r\n\r\n"
        );
        if self.has_body {
            text.push_str(body);
        }
        text.into_bytes()
    }
}

impl Status {
    const fn code_and_reason(self) -> (u16, &'static str) {
        match self {
            Self::Ok => (200, "OK"),
            Self::BadRequest => (400, "Bad Request"),
            Self::NotFound => (404, "Not Found"),
            Self::MethodNotAllowed => (405, "Method Not Allowed"),
            Self::RequestTimeout => (408, "Request Timeout"),
            Self::HeadTooLarge => (431, "Request Header Fields Too Large"),
            Self::ServiceUnavailable => (503, "Service Unavailable"),
        }
    }
}
