//! Connections to one database: one that writes, a few that read. In memory, one does both.

use std::{
    fs::{self, OpenOptions, Permissions},
    io,
    os::unix::fs::{OpenOptionsExt, PermissionsExt},
    path::Path,
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use rusqlite::{Connection, config::DbConfig};

use super::{failed, migrations};
use crate::StoreError;

const READERS: usize = 4;
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);
/// The write-ahead log is cut back to this after a checkpoint.
const WAL_BYTES_KEPT: i64 = 16 * 1024 * 1024;
const STATEMENTS_CACHED: usize = 64;
/// Pages that a connection keeps in memory at most; negative, as SQLite wants it for KiB.
const CACHE_KIB: i64 = -8 * 1024;
/// The one that writes: values by which records are found may be random, as hashes are, and each touches another page.
const WRITER_CACHE_KIB: i64 = -64 * 1024;

/// The connections.
pub(super) struct Connections {
    writer: Mutex<Connection>,
    /// Empty in memory.
    readers: Vec<Mutex<Connection>>,
    turn: AtomicUsize,
}

impl Connections {
    /// Opens the file `path`, made with mode 0600 when absent, and brings its schema up to date.
    pub(super) fn open(path: &Path) -> Result<Self, StoreError> {
        let unusable =
            |cause: io::Error| StoreError::Failed(format!("`{}` cannot be used: {cause}", path.display()));
        keep_to_ourselves(path).map_err(unusable)?;
        let mut writer = Connection::open(path).map_err(failed)?;
        // Before anything is changed: a newer file is left as it is.
        let (found, known) = (migrations::version(&writer)?, migrations::known());
        if found > known {
            return Err(StoreError::Newer { found, known });
        }
        prepare(&writer)?;
        writer
            .pragma_update(None, "cache_size", WRITER_CACHE_KIB)
            .map_err(failed)?;
        let mode: String = writer
            .pragma_update_and_check(None, "journal_mode", "WAL", |row| row.get(0))
            .map_err(failed)?;
        if !mode.eq_ignore_ascii_case("wal") {
            return Err(StoreError::Failed(format!(
                "`{}` is on a file system without shared memory, which SQLite needs; use a local disk",
                path.display()
            )));
        }
        migrations::migrate(&mut writer)?;
        let folder = match path.parent() {
            Some(folder) if !folder.as_os_str().is_empty() => folder,
            _ => Path::new("."),
        };
        // The new file's name must be on disk before the first commit is acknowledged.
        fs::File::open(folder)
            .and_then(|folder| folder.sync_all())
            .map_err(unusable)?;
        let readers = (0..READERS).map(|_| reader(path)).collect::<Result<_, _>>()?;
        Ok(Self {
            writer: Mutex::new(writer),
            readers,
            turn: AtomicUsize::new(0),
        })
    }

    /// Opens an empty database in memory.
    pub(super) fn in_memory() -> Result<Self, StoreError> {
        let mut writer = Connection::open_in_memory().map_err(failed)?;
        prepare(&writer)?;
        migrations::migrate(&mut writer)?;
        Ok(Self {
            writer: Mutex::new(writer),
            readers: Vec::new(),
            turn: AtomicUsize::new(0),
        })
    }

    /// Runs `read` on a connection that is free, or waits for one.
    pub(super) fn read<T>(
        &self,
        read: impl FnOnce(&Connection) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        read(&self.reader())
    }

    /// Returns the writing connection. In memory, reads wait while it is held.
    pub(super) fn writer(&self) -> MutexGuard<'_, Connection> {
        self.writer.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn reader(&self) -> MutexGuard<'_, Connection> {
        for reader in &self.readers {
            if let Ok(free) = reader.try_lock() {
                return free;
            }
        }
        let turn = self.turn.fetch_add(1, Ordering::Relaxed);
        match self.readers.get(turn % READERS) {
            Some(reader) => reader.lock().unwrap_or_else(PoisonError::into_inner),
            None => self.writer(),
        }
    }
}

/// Makes the file, empty, when it is absent; nobody but its owner may read it. SQLite gives its log the same mode.
fn keep_to_ourselves(path: &Path) -> io::Result<()> {
    let file = OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .open(path)?;
    if file.metadata()?.permissions().mode() & 0o077 != 0 {
        file.set_permissions(Permissions::from_mode(0o600))?;
    }
    Ok(())
}

fn reader(path: &Path) -> Result<Mutex<Connection>, StoreError> {
    let reader = Connection::open(path).map_err(failed)?;
    prepare(&reader)?;
    reader.pragma_update(None, "query_only", true).map_err(failed)?;
    Ok(Mutex::new(reader))
}

fn prepare(connection: &Connection) -> Result<(), StoreError> {
    connection.set_prepared_statement_cache_capacity(STATEMENTS_CACHED);
    connection.busy_timeout(BUSY_TIMEOUT).map_err(failed)?;
    // Else SQLite looks at the bound values while planning, and plans again whenever they change.
    connection
        .set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)
        .map_err(failed)?;
    connection
        .pragma_update(None, "cache_size", CACHE_KIB)
        .map_err(failed)?;
    for (name, value) in [
        ("synchronous", "FULL"),
        ("trusted_schema", "OFF"),
        ("temp_store", "MEMORY"),
    ] {
        connection.pragma_update(None, name, value).map_err(failed)?;
    }
    connection
        .pragma_update_and_check(None, "journal_size_limit", WAL_BYTES_KEPT, |_| Ok(()))
        .map_err(failed)
}
