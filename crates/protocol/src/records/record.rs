//! The records of a batch, walked one by one where they stand.
//!
//! As in Kafka a negative length of a key or value means null, whatever the number.

use super::error::{BatchError, RecordFault};
use super::header::{BatchHeader, TimestampType};
use crate::wire::{DecodeError, Reader};

/// One record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RecordView<'a> {
    /// Bytes of the record, its length field included.
    pub size: usize,
    /// Unused by Kafka; kept as it came.
    pub attributes: i8,
    /// In milliseconds since 1970; -1 for none. That of the batch if it has log append time.
    pub timestamp_ms: i64,
    /// The offset in the partition.
    pub offset: i64,
    /// The offset relative to the batch's base offset.
    pub offset_delta: i32,
    /// The key.
    pub key: Option<&'a [u8]>,
    /// The value; null is a tombstone.
    pub value: Option<&'a [u8]>,
    headers: Headers<'a>,
}

impl<'a> RecordView<'a> {
    /// The headers, in order and with their duplicates.
    pub const fn headers(&self) -> Headers<'a> {
        self.headers
    }
}

/// A header of a record. Kafka's clients take the key as UTF-8; brokers do not look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Header<'a> {
    /// Not unique within a record.
    pub key: &'a [u8],
    /// Null is allowed.
    pub value: Option<&'a [u8]>,
}

/// The headers of a record that are still to be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Headers<'a> {
    bytes: &'a [u8],
    count: usize,
}

impl<'a> Headers<'a> {
    /// The headers that fill the rest of a record; all are checked, so that reading them again
    /// cannot fail.
    fn parse(reader: &mut Reader<'a>) -> Result<Self, RecordFault> {
        let announced = reader.varint()?;
        let count = usize::try_from(announced).ok();
        // Each header has two lengths, of a byte at least.
        let count = count.filter(|&count| count <= reader.remaining() / 2);
        let count = count.ok_or(RecordFault::HeaderCount(announced))?;
        let bytes = reader.rest();
        for _ in 0..count {
            header(reader)?;
        }
        Ok(Self { bytes, count })
    }
}

impl<'a> Iterator for Headers<'a> {
    type Item = Header<'a>;

    fn next(&mut self) -> Option<Header<'a>> {
        self.count = self.count.checked_sub(1)?;
        let mut reader = Reader::new(self.bytes);
        let header = header(&mut reader).ok();
        self.bytes = reader.rest();
        header
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.count, Some(self.count))
    }
}

impl ExactSizeIterator for Headers<'_> {}

fn header<'a>(reader: &mut Reader<'a>) -> Result<Header<'a>, RecordFault> {
    let key_size = reader.varint()?;
    let size = usize::try_from(key_size).map_err(|_| RecordFault::NegativeLength(key_size))?;
    Ok(Header {
        key: reader.take(size)?,
        value: nullable(reader)?,
    })
}

fn nullable<'a>(reader: &mut Reader<'a>) -> Result<Option<&'a [u8]>, DecodeError> {
    match usize::try_from(reader.varint()?) {
        Ok(size) => reader.take(size).map(Some),
        Err(_) => Ok(None),
    }
}

/// Steps over the records of a batch. After an error there is nothing more; without one, it has
/// yielded as many records as the header announces and nothing was left over.
#[derive(Debug, Clone)]
pub struct RecordWalk<'a> {
    reader: Reader<'a>,
    count: i32,
    index: i32,
    base_offset: i64,
    base_timestamp_ms: i64,
    log_append_time_ms: Option<i64>,
    failed: bool,
}

impl<'a> RecordWalk<'a> {
    /// The records of the batch with this header; `inflated` are its bytes after the header, not
    /// compressed any more.
    ///
    /// # Errors
    /// When the record count is negative, or is 0 and there are bytes.
    pub fn new(header: &BatchHeader, inflated: &'a [u8]) -> Result<Self, BatchError> {
        let count = header.record_count;
        if count < 0 {
            return Err(BatchError::NegativeCount(count));
        }
        if count == 0 && !inflated.is_empty() {
            return Err(BatchError::Surplus(inflated.len()));
        }
        let log_append_time_ms = match header.attributes.timestamp_type() {
            TimestampType::CreateTime => None,
            TimestampType::LogAppendTime => Some(header.max_timestamp_ms),
        };
        Ok(Self {
            reader: Reader::new(inflated),
            count,
            index: 0,
            base_offset: header.base_offset,
            base_timestamp_ms: header.base_timestamp_ms,
            log_append_time_ms,
            failed: false,
        })
    }

    fn record(&mut self) -> Result<RecordView<'a>, RecordFault> {
        let before = self.reader.remaining();
        let length = self.reader.varint()?;
        let body = usize::try_from(length).map_err(|_| RecordFault::NegativeLength(length))?;
        let mut body = Reader::new(self.reader.take(body)?);
        let size = before - self.reader.remaining();
        let attributes = body.i8()?;
        let timestamp_ms = self.base_timestamp_ms.wrapping_add(body.varlong()?);
        let offset_delta = body.varint()?;
        let key = nullable(&mut body)?;
        let value = nullable(&mut body)?;
        let headers = Headers::parse(&mut body)?;
        if body.remaining() > 0 {
            return Err(RecordFault::Surplus(body.remaining()));
        }
        Ok(RecordView {
            size,
            attributes,
            timestamp_ms: self.log_append_time_ms.unwrap_or(timestamp_ms),
            offset: self.base_offset.wrapping_add(i64::from(offset_delta)),
            offset_delta,
            key,
            value,
            headers,
        })
    }
}

impl<'a> Iterator for RecordWalk<'a> {
    type Item = Result<RecordView<'a>, BatchError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.failed || self.index == self.count {
            return None;
        }
        let index = self.index;
        self.index += 1;
        let record = self.record();
        let surplus = self.reader.remaining();
        let record = match record {
            Ok(_) if self.index == self.count && surplus > 0 => Err(BatchError::Surplus(surplus)),
            Ok(record) => Ok(record),
            Err(fault) => Err(BatchError::Record { index, fault }),
        };
        self.failed = record.is_err();
        Some(record)
    }
}
