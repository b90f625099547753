//! A file to be printed: its name, which says what is in it, and its bytes where they are needed.

use std::fmt;
use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

/// A file by the name it was given.
#[derive(Debug)]
pub(super) struct DumpedFile {
    name: String,
}

/// An open file as far as it went when it was opened.
#[derive(Debug)]
pub(super) struct OpenFile {
    path: PathBuf,
    file: File,
    size: u64,
}

impl DumpedFile {
    /// The file of this name, in which no slash is repeated or stands at the end.
    pub(super) fn new(given: &str) -> Self {
        let mut name = String::with_capacity(given.len());
        for letter in given.chars() {
            if letter != '/' || !name.ends_with('/') {
                name.push(letter);
            }
        }
        if name.len() > 1 && name.ends_with('/') {
            name.pop();
        }
        Self { name }
    }

    /// Opens it for reading.
    pub(super) fn open(&self) -> Result<OpenFile> {
        OpenFile::open(Path::new(&self.name))
    }

    /// Opens the file of the same segment that ends with `suffix`.
    pub(super) fn open_sibling(&self, suffix: &str) -> Result<OpenFile> {
        let name = format!("{}{suffix}", self.stem());
        OpenFile::open(&Path::new(&self.name).with_file_name(name))
    }

    /// The name without its folders.
    pub(super) fn file_name(&self) -> &str {
        let start = self.name.rfind('/').map_or(0, |slash| slash + 1);
        &self.name[start..]
    }

    /// From the last point of the name on.
    pub(super) fn suffix(&self) -> Option<&str> {
        let name = self.file_name();
        name.rfind('.').map(|point| &name[point..])
    }

    /// The offset that the name begins with.
    pub(super) fn base_offset(&self) -> Result<i64> {
        let stem = self.stem();
        stem.parse()
            .with_context(|| format!("read name of {self}: `{stem}` is not an offset"))
    }

    /// Where it is, seen from the root.
    pub(super) fn absolute(&self) -> Result<String> {
        if self.name.starts_with('/') {
            return Ok(self.name.clone());
        }
        let here = std::env::current_dir().context("find the working directory")?;
        Ok(format!("{}/{}", here.display(), self.name))
    }

    /// Up to the first point of the name.
    fn stem(&self) -> &str {
        let name = self.file_name();
        name.split_once('.').map_or(name, |(stem, _)| stem)
    }
}

impl fmt::Display for DumpedFile {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.name)
    }
}

impl OpenFile {
    fn open(path: &Path) -> Result<Self> {
        let file = File::open(path).with_context(|| format!("open {}", path.display()))?;
        let metadata = file.metadata();
        let metadata = metadata.with_context(|| format!("open {}", path.display()))?;
        Ok(Self {
            path: path.to_owned(),
            file,
            size: metadata.len(),
        })
    }

    /// Fills `buffer` with what stands at `position`.
    pub(super) fn read_at(&self, buffer: &mut [u8], position: u64) -> Result<()> {
        let read = self.file.read_exact_at(buffer, position);
        read.with_context(|| format!("read {} at position {position}", self.path.display()))
    }

    /// All of it. Only for files that a node holds in memory, too.
    pub(super) fn read_all(&self) -> Result<Vec<u8>> {
        let size = usize::try_from(self.size).context("read file: it is larger than memory")?;
        let mut bytes = vec![0; size];
        self.read_at(&mut bytes, 0)?;
        Ok(bytes)
    }

    /// How many bytes it had when it was opened.
    pub(super) const fn size(&self) -> u64 {
        self.size
    }

    /// Where it is.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_tells_kind_and_offset() {
        let file = DumpedFile::new("a//t-0/00000000000000000042.log");
        assert_eq!(file.to_string(), "a/t-0/00000000000000000042.log");
        assert_eq!(file.file_name(), "00000000000000000042.log");
        assert_eq!(file.suffix(), Some(".log"));
        assert_eq!(file.base_offset().unwrap(), 42);
        assert_eq!(DumpedFile::new("5.log.deleted").suffix(), Some(".deleted"));
        assert_eq!(DumpedFile::new("a.b/name").suffix(), None);
        assert_eq!(DumpedFile::new("a/").to_string(), "a");
        let error = DumpedFile::new("x.log").base_offset().unwrap_err();
        assert!(error.to_string().contains("`x` is not an offset"));
    }
}
