//! One process at a time: an advisory lock on a file, given back by the system when the process ends.

use std::{
    fs::{File, OpenOptions, TryLockError},
    os::unix::fs::OpenOptionsExt,
    path::Path,
};

use crate::StoreError;

/// The lock, while it lives.
pub(super) struct Lock {
    _file: File,
}

impl Lock {
    /// Takes the lock on `path`, or says that somebody else has it.
    pub(super) fn take(path: &Path) -> Result<Self, StoreError> {
        let shown = path.display();
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(path)
            .map_err(|cause| StoreError::Failed(format!("`{shown}` cannot be opened: {cause}")))?;
        match file.try_lock() {
            Ok(()) => Ok(Self { _file: file }),
            Err(TryLockError::WouldBlock) => Err(StoreError::Locked(shown.to_string())),
            Err(TryLockError::Error(cause)) => {
                Err(StoreError::Failed(format!("`{shown}` cannot be locked: {cause}")))
            }
        }
    }
}
