//! The lines of standard input, read ahead by a thread of their own in pieces, so that a line costs
//! neither a system call nor a change of threads.
//!
//! Not the job of this module: what a line means.
//!
//! Invariants:
//! - Lines end as Java's `readLine` ends them: with LF, CR or CR LF, and the last one with the
//!   input.
//! - Read ahead are at most [`PIECES_MAX`] pieces of [`PIECE_BYTES`]; a line is as long as it is.

use std::io::{self, Read};
use std::thread;

use tokio::sync::mpsc::error::TryRecvError;
use tokio::sync::mpsc::{Receiver, Sender, channel};

const PIECE_BYTES: usize = 64 << 10;
const PIECES_MAX: usize = 8;

/// Lines to come.
#[derive(Debug)]
pub(super) struct Lines {
    pieces: Receiver<io::Result<Vec<u8>>>,
    splitter: Splitter,
}

/// What there is without waiting.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Next {
    Line(Vec<u8>),
    /// Nothing so far.
    Nothing,
    End,
}

impl Lines {
    /// Begins to read.
    pub(super) fn of(input: impl Read + Send + 'static) -> Self {
        let (sender, pieces) = channel(PIECES_MAX);
        thread::spawn(move || read_pieces(input, &sender));
        Self {
            pieces,
            splitter: Splitter::default(),
        }
    }

    /// The next line, if it has been read already.
    ///
    /// # Errors
    /// When the input cannot be read.
    pub(super) fn next(&mut self) -> io::Result<Next> {
        loop {
            if let Some(line) = self.splitter.next() {
                return Ok(Next::Line(line));
            }
            match self.pieces.try_recv() {
                Ok(piece) => self.splitter.add(&piece?),
                Err(TryRecvError::Empty) => return Ok(Next::Nothing),
                Err(TryRecvError::Disconnected) => {
                    return Ok(self.splitter.last().map_or(Next::End, Next::Line));
                }
            }
        }
    }

    /// Waits until there is something new. Dropping the future loses nothing.
    ///
    /// # Errors
    /// When the input cannot be read.
    pub(super) async fn wait(&mut self) -> io::Result<()> {
        if let Some(piece) = self.pieces.recv().await {
            self.splitter.add(&piece?);
        }
        Ok(())
    }
}

fn read_pieces(mut input: impl Read, pieces: &Sender<io::Result<Vec<u8>>>) {
    loop {
        let mut piece = vec![0; PIECE_BYTES];
        let read = match input.read(&mut piece) {
            Ok(0) => return,
            Ok(count) => {
                piece.truncate(count);
                Ok(piece)
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => Err(error),
        };
        let is_failed = read.is_err();
        if pieces.blocking_send(read).is_err() || is_failed {
            return;
        }
    }
}

/// Bytes become lines.
#[derive(Debug, Default)]
struct Splitter {
    bytes: Vec<u8>,
    /// Where the next line begins.
    start: usize,
    /// Up to here there is no end of a line behind the start.
    searched: usize,
    /// The last line ended with CR; an LF belongs to it.
    is_after_cr: bool,
}

impl Splitter {
    fn add(&mut self, piece: &[u8]) {
        self.bytes.drain(..self.start);
        self.searched -= self.start;
        self.start = 0;
        self.bytes.extend_from_slice(piece);
    }

    fn next(&mut self) -> Option<Vec<u8>> {
        if self.is_after_cr && self.start < self.bytes.len() {
            self.is_after_cr = false;
            if self.bytes[self.start] == b'\n' {
                self.start += 1;
                self.searched = self.start;
            }
        }
        let unsearched = &self.bytes[self.searched..];
        let is_end = |byte: &u8| matches!(byte, b'\n' | b'\r');
        let Some(at) = unsearched.iter().position(is_end) else {
            self.searched = self.bytes.len();
            return None;
        };
        let end = self.searched + at;
        let line = self.bytes[self.start..end].to_vec();
        self.is_after_cr = self.bytes[end] == b'\r';
        self.start = end + 1;
        self.searched = self.start;
        Some(line)
    }

    /// What stands behind the last end of a line, once.
    fn last(&mut self) -> Option<Vec<u8>> {
        let line = self.bytes.split_off(self.start);
        (self.bytes, self.start, self.searched) = (Vec::new(), 0, 0);
        (!line.is_empty()).then_some(line)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The lines of an input that comes in these pieces.
    fn lines(pieces: &[&str]) -> Vec<String> {
        let mut splitter = Splitter::default();
        let mut lines = Vec::new();
        for piece in pieces {
            splitter.add(piece.as_bytes());
            while let Some(line) = splitter.next() {
                lines.push(line);
            }
        }
        lines.extend(splitter.last());
        assert_eq!(splitter.last(), None);
        let text = |line| String::from_utf8(line).unwrap();
        lines.into_iter().map(text).collect()
    }

    #[test]
    fn lines_end_as_javas_do_wherever_a_piece_ends() {
        let text = "one\ntwo\r\nthree\r\rfive\n\nlast";
        let expected = ["one", "two", "three", "", "five", "", "last"];
        for first in 0..=text.len() {
            for second in first..=text.len() {
                let pieces = [&text[..first], &text[first..second], &text[second..]];
                assert_eq!(lines(&pieces), expected, "{pieces:?}");
            }
        }
        assert_eq!(lines(&["a\r\n"]), ["a"]);
        assert!(lines(&[""]).is_empty());
    }

    #[tokio::test]
    async fn an_input_is_read_to_its_end() {
        let text = "0123456789\n".repeat(100_000);
        let mut lines = Lines::of(io::Cursor::new(text));
        let mut count = 0;
        loop {
            match lines.next().unwrap() {
                Next::Line(line) => {
                    assert_eq!(line, b"0123456789");
                    count += 1;
                }
                Next::Nothing => lines.wait().await.unwrap(),
                Next::End => break,
            }
        }
        assert_eq!(count, 100_000);
    }
}
