//! One file of a log: lines gather, are written together, in clear or sealed, and a full file makes room for a new one.

use std::{
    fs::{self, DirBuilder, File, OpenOptions},
    io::{self, Write},
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::PathBuf,
    sync::Arc,
};

use portcullis_vault::Vault;

use crate::sealed_log;

/// Bytes of lines that gather before they are written, if nothing else has them written.
const GATHERED_BYTES_MAX: usize = 64 << 10;

/// Bytes that an envelope has around what it holds, and what stands around it.
const SEAL_BYTES: usize = 64;

/// Where a kind of log is kept, and how.
pub(super) struct Place {
    /// `access`, `execution` or `function`: part of what lines are sealed for.
    pub(super) kind: &'static str,
    /// None: standard output takes the lines, in clear and without an end.
    pub(super) folder: Option<PathBuf>,
    pub(super) file_bytes_max: u64,
    /// None writes in clear.
    pub(super) vault: Option<Arc<Vault>>,
}

pub(super) struct LogFile {
    place: Arc<Place>,
    /// A group's name has no `%`, so that two groups never share a file; without slashes it leads nowhere else.
    name: String,
    /// None: standard output.
    file: Option<File>,
    /// Bytes of the file.
    bytes: u64,
    gathered: Vec<u8>,
}

impl LogFile {
    pub(super) fn open(place: Arc<Place>, log_group: &str) -> io::Result<Self> {
        let name = log_group.replace('/', "%2F");
        let (file, bytes) = place.open(&name)?.unzip();
        Ok(Self {
            place,
            name,
            file,
            bytes: bytes.unwrap_or_default(),
            gathered: Vec::new(),
        })
    }

    /// Takes whole lines, without the end of the last.
    pub(super) fn append(&mut self, lines: &[u8]) -> io::Result<()> {
        let waiting = self
            .place
            .written(&self.name, self.gathered.len() + lines.len() + 1);
        if self.bytes.saturating_add(waiting) > self.place.file_bytes_max {
            self.flush()?;
            self.make_room()?;
        }
        self.gathered.extend_from_slice(lines);
        self.gathered.push(b'\n');
        if self.gathered.len() >= GATHERED_BYTES_MAX {
            self.flush()?;
        }
        Ok(())
    }

    /// Writes what has gathered. What cannot be sealed is lost, and never written in clear.
    pub(super) fn flush(&mut self) -> io::Result<()> {
        let gathered = std::mem::take(&mut self.gathered);
        if gathered.is_empty() {
            return Ok(());
        }
        let Some(file) = &mut self.file else {
            let mut out = io::stdout().lock();
            return out.write_all(&gathered).and_then(|()| out.flush());
        };
        let written = match &self.place.vault {
            None => gathered,
            Some(vault) => sealed_log::seal(self.place.kind, &self.name, &gathered, vault)
                .map_err(io::Error::other)?
                .into_bytes(),
        };
        self.bytes = self
            .bytes
            .saturating_add(u64::try_from(written.len()).unwrap_or(u64::MAX));
        file.write_all(&written)
    }

    /// Puts a file that holds something aside, in the place of the one before.
    fn make_room(&mut self) -> io::Result<()> {
        let Some(folder) = self.place.folder.as_ref().filter(|_| self.bytes > 0) else {
            return Ok(());
        };
        let path = |aside| folder.join(self.place.file_name(&self.name, aside));
        fs::rename(path(""), path(".1"))?;
        let (file, bytes) = self.place.open(&self.name)?.unzip();
        (self.file, self.bytes) = (file, bytes.unwrap_or_default());
        Ok(())
    }
}

impl Place {
    fn open(&self, name: &str) -> io::Result<Option<(File, u64)>> {
        let Some(folder) = &self.folder else {
            return Ok(None);
        };
        DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
        let file = OpenOptions::new()
            .append(true)
            .create(true)
            .mode(0o600)
            .open(folder.join(self.file_name(name, "")))?;
        let bytes = file.metadata()?.len();
        Ok(Some((file, bytes)))
    }

    /// Returns how many bytes of a file so many bytes of lines take: sealed, they become base64 behind their log's name.
    fn written(&self, name: &str, bytes: usize) -> u64 {
        let written = match &self.vault {
            None => bytes,
            Some(_) => bytes.div_ceil(3) * 4 + self.kind.len() + name.len() + SEAL_BYTES,
        };
        u64::try_from(written).unwrap_or(u64::MAX)
    }

    fn file_name(&self, name: &str, aside: &str) -> String {
        let sealed = if self.vault.is_some() { ".sealed" } else { "" };
        format!("{name}.log{sealed}{aside}")
    }
}
