//! What is in a deployment package? ZIP files, strictly: <https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT>
//!
//! Read by the central directory, which says what counts; a local header that says otherwise makes the file wrong. Stored
//! and deflated entries; no encryption, no ZIP64, no links. Names never lead out of the folder that it is unpacked to.

use std::{
    collections::HashSet,
    fs, io,
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::{Component, Path},
};

use miniz_oxide::inflate::decompress_to_vec_with_limit;

/// Entries of a package.
pub const ENTRIES_MAX: usize = 20_000;
/// Bytes of a package, unpacked: AWS's quota.
pub const UNPACKED_BYTES_MAX: usize = 262_144_000;
/// Bytes of an entry's name.
const NAME_BYTES_MAX: usize = 1_024;
/// A comment of the archive, in bytes: what its length field can say.
const COMMENT_BYTES_MAX: usize = u16::MAX as usize;

const END_BYTES: usize = 22;
const CENTRAL_BYTES: usize = 46;
const LOCAL_BYTES: usize = 30;

/// Why a package is not taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ZipError {
    #[error("it is no ZIP file: {0}")]
    Malformed(&'static str),
    #[error("its entry `{name}` is not supported: {reason}")]
    Unsupported { name: String, reason: &'static str },
    #[error("its entry `{0}` would lead out of its folder, or is no name of a file")]
    Name(String),
    #[error("it has `{0}` twice")]
    Twice(String),
    #[error("it has more than {ENTRIES_MAX} entries")]
    Entries,
    #[error("it has more than {UNPACKED_BYTES_MAX} bytes when unpacked")]
    Size,
    #[error("its entry `{0}` is damaged")]
    Damaged(String),
}

/// A package whose entries have been looked at.
#[derive(Debug)]
pub struct Package<'a> {
    bytes: &'a [u8],
    entries: Vec<Entry>,
}

#[derive(Debug)]
struct Entry {
    name: String,
    is_folder: bool,
    executable: bool,
    deflated: bool,
    crc: u32,
    packed: usize,
    unpacked: usize,
    /// Where its local header starts.
    at: usize,
}

impl<'a> Package<'a> {
    /// Reads the directory of a package.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, ZipError> {
        let malformed = ZipError::Malformed;
        let end = find_end(bytes).ok_or(malformed("it has no end record"))?;
        let field = |at| short(bytes, end + at).ok_or(malformed("its end record is cut off"));
        if field(4)? != 0 || field(6)? != 0 || field(8)? != field(10)? {
            return Err(malformed("it is split into several files"));
        }
        let count = usize::from(field(10)?);
        let start = long(bytes, end + 16).ok_or(malformed("its end record is cut off"))?;
        if count == usize::from(u16::MAX) || start == u32::MAX as usize {
            return Err(malformed("ZIP64 is not supported"));
        }
        if count > ENTRIES_MAX {
            return Err(ZipError::Entries);
        }
        let mut entries = Vec::with_capacity(count);
        let (mut at, mut names, mut total) = (start, HashSet::new(), 0usize);
        for _ in 0..count {
            let (entry, next) = Entry::parse(bytes, at)?;
            at = next;
            total = total.saturating_add(entry.unpacked);
            if total > UNPACKED_BYTES_MAX {
                return Err(ZipError::Size);
            }
            if !names.insert(entry.name.to_lowercase()) {
                return Err(ZipError::Twice(entry.name));
            }
            entries.push(entry);
        }
        Ok(Self { bytes, entries })
    }

    /// Checks every entry's content too.
    pub fn verify(&self) -> Result<(), ZipError> {
        self.entries
            .iter()
            .filter(|entry| !entry.is_folder)
            .try_for_each(|entry| entry.content(self.bytes).map(drop))
    }

    /// Unpacks it into `folder`, which must not exist: whole or not at all.
    pub fn unpack(&self, folder: &Path) -> io::Result<()> {
        let unfinished = folder.with_extension("unfinished");
        drop(fs::remove_dir_all(&unfinished));
        make_folder(&unfinished)?;
        for entry in &self.entries {
            let path = unfinished.join(&entry.name);
            if entry.is_folder {
                make_folder(&path)?;
                continue;
            }
            if let Some(parent) = path.parent() {
                make_folder(parent)?;
            }
            let content = entry.content(self.bytes).map_err(io::Error::other)?;
            let mode = if entry.executable { 0o500 } else { 0o400 };
            let mut file = fs::OpenOptions::new()
                .write(true)
                .create_new(true)
                .mode(mode)
                .open(&path)?;
            io::Write::write_all(&mut file, &content)?;
        }
        fs::rename(&unfinished, folder)
    }
}

fn make_folder(path: &Path) -> io::Result<()> {
    fs::DirBuilder::new().recursive(true).mode(0o700).create(path)
}

impl Entry {
    /// Reads the entry of the central directory at `at`, and says where the next one is.
    fn parse(bytes: &[u8], at: usize) -> Result<(Self, usize), ZipError> {
        let cut = ZipError::Malformed("its directory is cut off");
        let header = part(bytes, at, CENTRAL_BYTES).ok_or(cut.clone())?;
        if !header.starts_with(b"PK\x01\x02") {
            return Err(ZipError::Malformed("its directory is damaged"));
        }
        let short = |at| short(header, at).map_or(0, usize::from);
        let long = |at| long(header, at).unwrap_or_default();
        let (name_bytes, extra_bytes, comment_bytes) = (short(28), short(30), short(32));
        let raw = part(bytes, at + CENTRAL_BYTES, name_bytes).ok_or(cut)?;
        let name = name_of(raw)?;
        let unsupported = |reason| ZipError::Unsupported {
            name: name.clone(),
            reason,
        };
        let (flags, method) = (short(8), short(10));
        if flags & 1 != 0 {
            return Err(unsupported("it is encrypted"));
        }
        if method != 0 && method != 8 {
            return Err(unsupported("it is neither stored nor deflated"));
        }
        // The upper half of the attributes is a Unix mode where the file was made on Unix.
        let made_on_unix = short(4) >> 8 == 3;
        let mode = if made_on_unix { long(38) >> 16 } else { 0 };
        let kind = mode & 0o170_000;
        let is_folder = name.ends_with('/');
        if !matches!((kind, is_folder), (0, _) | (0o100_000, false) | (0o040_000, true)) {
            return Err(unsupported("it is neither a file nor a folder"));
        }
        let entry = Self {
            is_folder,
            executable: mode & 0o100 != 0,
            deflated: method == 8,
            crc: u32::try_from(long(16)).unwrap_or_default(),
            packed: long(20),
            unpacked: if is_folder { 0 } else { long(24) },
            at: long(42),
            name,
        };
        Ok((
            entry,
            at + CENTRAL_BYTES + name_bytes + extra_bytes + comment_bytes,
        ))
    }

    fn content(&self, bytes: &[u8]) -> Result<Vec<u8>, ZipError> {
        let damaged = || ZipError::Damaged(self.name.clone());
        let header = part(bytes, self.at, LOCAL_BYTES).ok_or_else(damaged)?;
        let length = |at| short(header, at).map_or(0, usize::from);
        let name = part(bytes, self.at + LOCAL_BYTES, length(26)).ok_or_else(damaged)?;
        if !header.starts_with(b"PK\x03\x04") || name != self.name.as_bytes() {
            return Err(damaged());
        }
        let from = self.at + LOCAL_BYTES + length(26) + length(28);
        let packed = part(bytes, from, self.packed).ok_or_else(damaged)?;
        let content = if self.deflated {
            decompress_to_vec_with_limit(packed, self.unpacked).map_err(|_| damaged())?
        } else {
            packed.to_vec()
        };
        if content.len() != self.unpacked || crc32(&content) != self.crc {
            return Err(damaged());
        }
        Ok(content)
    }
}

/// Takes a name that stays within its folder: plain parts alone.
fn name_of(raw: &[u8]) -> Result<String, ZipError> {
    let name = String::from_utf8_lossy(raw).into_owned();
    let wrong = || ZipError::Name(name.escape_debug().take(200).collect());
    let is_plain = std::str::from_utf8(raw).is_ok()
        && !name.is_empty()
        && name.len() <= NAME_BYTES_MAX
        && !name.starts_with('/')
        && !name.contains(['\\', '\0', ':'])
        && !name.contains("//")
        && !name.chars().any(char::is_control)
        && name
            .trim_end_matches('/')
            .split('/')
            .all(|part| !part.is_empty() && part != "." && part != ".." && part.len() <= 255)
        && Path::new(&name)
            .components()
            .all(|part| matches!(part, Component::Normal(_)));
    if is_plain { Ok(name) } else { Err(wrong()) }
}

/// Finds the end record: the last one whose comment reaches exactly to the end.
fn find_end(bytes: &[u8]) -> Option<usize> {
    let last = bytes.len().checked_sub(END_BYTES)?;
    let first = last.saturating_sub(COMMENT_BYTES_MAX);
    (first..=last).rev().find(|at| {
        part(bytes, *at, 4) == Some(b"PK\x05\x06")
            && short(bytes, at + 20)
                .is_some_and(|comment| at + END_BYTES + usize::from(comment) == bytes.len())
    })
}

fn part(bytes: &[u8], at: usize, length: usize) -> Option<&[u8]> {
    bytes.get(at..at.checked_add(length)?)
}

fn short(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_le_bytes(part(bytes, at, 2)?.try_into().ok()?))
}

fn long(bytes: &[u8], at: usize) -> Option<usize> {
    let number = u32::from_le_bytes(part(bytes, at, 4)?.try_into().ok()?);
    usize::try_from(number).ok()
}

/// CRC-32 as ZIP has it (ISO 3309), a byte at a time by a table.
fn crc32(bytes: &[u8]) -> u32 {
    const TABLE: [u32; 256] = table();
    let mut sum = u32::MAX;
    for byte in bytes {
        let index = usize::from((sum as u8) ^ byte);
        sum = TABLE.get(index).copied().unwrap_or_default() ^ (sum >> 8);
    }
    !sum
}

#[allow(clippy::indexing_slicing, reason = "evaluated when the program is built")]
const fn table() -> [u32; 256] {
    let mut table = [0; 256];
    let mut index = 0;
    while index < 256 {
        let (mut value, mut bit) = (index as u32, 0);
        while bit < 8 {
            value = if value & 1 == 1 {
                (value >> 1) ^ 0xedb8_8320
            } else {
                value >> 1
            };
            bit += 1;
        }
        table[index] = value;
        index += 1;
    }
    table
}

/// Returns the SHA-256 of a package in hexadecimal.
pub fn digest(package: &[u8]) -> String {
    use std::fmt::Write as _;
    let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, package);
    digest.as_ref().iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").ok();
        text
    })
}

/// Makes a package of one file, as CloudFormation does of inline code.
pub fn single_file(name: &str, content: &[u8]) -> Vec<u8> {
    let (crc, length) = (crc32(content).to_le_bytes(), (content.len() as u32).to_le_bytes());
    let name_bytes = (name.len() as u16).to_le_bytes();
    // Version 2.0, no flags, stored, 1 January 1980: what is common to both headers.
    let mut common = vec![20, 0, 0, 0, 0, 0, 0, 0, 0x21, 0];
    common.extend_from_slice(&crc);
    common.extend_from_slice(&length);
    common.extend_from_slice(&length);
    common.extend_from_slice(&name_bytes);
    let local = [
        b"PK\x03\x04".as_slice(),
        &common,
        &[0, 0],
        name.as_bytes(),
        content,
    ]
    .concat();
    let attributes = (0o100_644_u32 << 16).to_le_bytes();
    let central = [
        b"PK\x01\x02".as_slice(),
        // Made on Unix.
        &[20, 3],
        &common,
        // Neither extra field nor comment; first disk; no internal attributes.
        &[0; 8],
        &attributes,
        &[0; 4],
        name.as_bytes(),
    ]
    .concat();
    let end = [
        b"PK\x05\x06".as_slice(),
        &[0, 0, 0, 0, 1, 0, 1, 0],
        &(central.len() as u32).to_le_bytes(),
        &(local.len() as u32).to_le_bytes(),
        &[0, 0],
    ]
    .concat();
    [local, central, end].concat()
}
