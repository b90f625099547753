//! The bytes that answer a request: what was encoded, and slices of files for the gaps in it.
//!
//! Not the job of this file: sending them.
//!
//! Invariant: the size in front says how many bytes follow, slices included.

use crate::file_slice::FileSlice;
use crate::request_context::RequestContext;
use protocol::generated::ResponseHeader;
use protocol::wire::{EncodeError, ExternalRecords, Message, Writer};
use thiserror::Error;

/// A whole answer, from its size on.
#[derive(Debug)]
pub struct Reply {
    pub(super) buffer: Vec<u8>,
    pub(super) gaps: Vec<ExternalRecords>,
    pub(super) slices: Vec<FileSlice>,
    size: usize,
}

/// Why there is no such answer.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ReplyError {
    /// The message cannot be written.
    #[error("write reply: {0}")]
    Encode(#[from] EncodeError),
    /// A token that names no slice, or one of another size.
    #[error("write reply: no slice of {size} bytes has the token {token}")]
    NoSuchSlice {
        /// The token.
        token: usize,
        /// The size that was announced for it.
        size: usize,
    },
}

impl Reply {
    /// Answers the request of `context` in its own version. Tokens of external records are
    /// positions in `slices`.
    ///
    /// # Errors
    /// When the message cannot be written, or a slice does not fit its token.
    pub fn new<'a>(
        context: &RequestContext,
        message: &impl Message<'a>,
        slices: Vec<FileSlice>,
    ) -> Result<Self, ReplyError> {
        Self::in_version(context, context.api_version, message, slices)
    }

    /// Likewise in another version than the request has, which ApiVersions does (KIP-511).
    ///
    /// # Errors
    /// As [`Self::new`].
    pub fn in_version<'a>(
        context: &RequestContext,
        version: i16,
        message: &impl Message<'a>,
        slices: Vec<FileSlice>,
    ) -> Result<Self, ReplyError> {
        let mut writer = begin(context, version)?;
        message.encode(&mut writer, version)?;
        Self::end(writer, slices)
    }

    /// Answers with a body that somebody else has written, in the version of the request.
    ///
    /// # Errors
    /// When it is too long.
    pub fn of_body(context: &RequestContext, body: &[u8]) -> Result<Self, ReplyError> {
        let mut writer = begin(context, context.api_version)?;
        writer.put(body);
        Self::end(writer, Vec::new())
    }

    fn end(mut writer: Writer, slices: Vec<FileSlice>) -> Result<Self, ReplyError> {
        let size = writer.size();
        let following = size - 4;
        let fits = i32::try_from(following).map_err(|_| EncodeError::TooLong(following))?;
        writer.patch_i32(0, fits);
        let (buffer, gaps) = writer.into_parts();
        for &ExternalRecords { token, size, .. } in &gaps {
            if slices.get(token).is_none_or(|slice| slice.size != size) {
                return Err(ReplyError::NoSuchSlice { token, size });
            }
        }
        Ok(Self {
            buffer,
            gaps,
            slices,
            size,
        })
    }

    /// All its bytes, slices included.
    pub const fn size(&self) -> usize {
        self.size
    }
}

/// Writes room for the size, and the header.
fn begin(context: &RequestContext, version: i16) -> Result<Writer, EncodeError> {
    let header = ResponseHeader {
        correlation_id: context.correlation_id,
    };
    let mut writer = Writer::new();
    writer.put_i32(0);
    let header_version = context.api_key.response_header_version(version);
    header.encode(&mut writer, header_version)?;
    Ok(writer)
}
