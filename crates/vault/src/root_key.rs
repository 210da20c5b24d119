//! The root key: 32 random bytes, in a file that only its owner may read, as one line of base64.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Read, Write},
    os::unix::fs::{OpenOptionsExt, PermissionsExt},
    path::{Path, PathBuf},
};

use base64::{Engine, engine::general_purpose::STANDARD};
use portcullis_model::{Entropy, SecretBytes};
use zeroize::Zeroizing;

use crate::VaultError;

/// The length of a root key.
pub const ROOT_KEY_BYTES: usize = 32;
/// A key file is 45 bytes; more is not a key file.
const FILE_BYTES_MAX: u64 = 128;

/// The key that all others are derived from.
pub struct RootKey(SecretBytes);

impl RootKey {
    /// Takes 32 bytes as the root key.
    pub fn new(bytes: SecretBytes) -> Result<Self, VaultError> {
        if bytes.expose().len() == ROOT_KEY_BYTES {
            Ok(Self(bytes))
        } else {
            Err(unusable(
                Path::new("(given)"),
                format!("it has {} bytes, not {ROOT_KEY_BYTES}", bytes.expose().len()),
            ))
        }
    }

    /// Takes an array as the root key; for tests and for keys that come from elsewhere.
    pub fn from_array(bytes: [u8; ROOT_KEY_BYTES]) -> Self {
        Self(SecretBytes::new(bytes.to_vec()))
    }

    /// Reads the key in the file `path`; makes one when there is no file. Two that start at once get the same key.
    pub fn open_or_create(path: &Path, entropy: &dyn Entropy) -> Result<Self, VaultError> {
        match open(path) {
            Err(cause) if cause.kind() == io::ErrorKind::NotFound => {}
            other => return read(path, other),
        }
        create(path, entropy).map_err(|cause| unusable(path, cause.to_string()))?;
        read(path, open(path))
    }

    pub(crate) fn expose(&self) -> &[u8] {
        self.0.expose()
    }
}

fn open(path: &Path) -> io::Result<File> {
    File::open(path)
}

fn read(path: &Path, opened: io::Result<File>) -> Result<RootKey, VaultError> {
    let failed = |cause: io::Error| unusable(path, cause.to_string());
    let file = opened.map_err(failed)?;
    let metadata = file.metadata().map_err(failed)?;
    if !metadata.is_file() {
        return Err(unusable(path, "it is not a file"));
    }
    let mode = metadata.permissions().mode() & 0o777;
    if mode & 0o077 != 0 {
        let reason = format!("others than its owner may read it (mode {mode:04o}); set the mode to 0600");
        return Err(unusable(path, reason));
    }
    let mut text = Zeroizing::new(String::with_capacity(256));
    file.take(FILE_BYTES_MAX)
        .read_to_string(&mut text)
        .map_err(failed)?;
    let malformed = || unusable(path, "it must hold 32 bytes as base64 text");
    let bytes = SecretBytes::new(STANDARD.decode(text.trim_end()).map_err(|_| malformed())?);
    RootKey::new(bytes).map_err(|_| malformed())
}

/// Writes a new key beside `path` and gives it its name only when it is on disk. A file that came first stays.
fn create(path: &Path, entropy: &dyn Entropy) -> io::Result<()> {
    let mut key = Zeroizing::new([0; ROOT_KEY_BYTES]);
    entropy.fill(key.as_mut_slice());
    let mut line = Zeroizing::new(STANDARD.encode(key.as_slice()));
    line.push('\n');
    let draft = draft_beside(path, entropy);
    let written = write(&draft, line.as_bytes()).and_then(|()| match fs::hard_link(&draft, path) {
        Err(cause) if cause.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        other => other,
    });
    let removed = fs::remove_file(&draft);
    written.and(removed)?;
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    File::open(folder.unwrap_or(Path::new(".")))?.sync_all()
}

fn write(draft: &Path, line: &[u8]) -> io::Result<()> {
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(draft)?;
    file.write_all(line)?;
    file.sync_all()
}

fn draft_beside(path: &Path, entropy: &dyn Entropy) -> PathBuf {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(format!(".{}", entropy.lower_alphanumeric(8)));
    path.with_file_name(name)
}

fn unusable(path: &Path, reason: impl Into<String>) -> VaultError {
    VaultError::RootKey {
        path: path.display().to_string(),
        reason: reason.into(),
    }
}
