//! Folders that stand for the buckets that templates name: `--bucket NAME=DIR`. Read only.

use std::{
    collections::BTreeMap,
    fs::File,
    io::{self, Read},
    os::unix::fs::MetadataExt,
    path::{Component, Path, PathBuf},
    time::SystemTime,
};

use bytes::Bytes;
use portcullis_control::ports;

/// Folders by bucket name.
pub(crate) struct Buckets(pub(crate) BTreeMap<String, PathBuf>);

/// What tells one state of an object from another without reading it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Stamp {
    modified: SystemTime,
    bytes: u64,
    inode: u64,
}

impl Buckets {
    /// Returns the stamp of an object; none where it cannot be read.
    pub(crate) fn stamp(&self, bucket: &str, key: &str) -> Option<Stamp> {
        let metadata = self.path(bucket, key).ok()?.metadata().ok()?;
        Some(Stamp {
            modified: metadata.modified().ok()?,
            bytes: metadata.len(),
            inode: metadata.ino(),
        })
    }

    /// Finds the file that is the object `key` of `bucket`.
    fn path(&self, bucket: &str, key: &str) -> Result<PathBuf, String> {
        let Some(folder) = self.0.get(bucket) else {
            return Err(format!(
                "no folder stands for the bucket `{bucket}`: start with --bucket {bucket}=DIR"
            ));
        };
        let stays_inside = !key.is_empty()
            && Path::new(key)
                .components()
                .all(|part| matches!(part, Component::Normal(_)));
        if !stays_inside {
            return Err(format!("`{key}` is no key of an object in a folder"));
        }
        let cannot = |cause: io::Error| unreadable(bucket, key, &cause);
        // Links are followed before the check, so that none leads out of the folder.
        let folder = folder.canonicalize().map_err(cannot)?;
        let path = folder.join(key).canonicalize().map_err(cannot)?;
        if !path.starts_with(&folder) {
            return Err(format!(
                "`{key}` leads out of the folder of the bucket `{bucket}`"
            ));
        }
        Ok(path)
    }
}

impl ports::Buckets for Buckets {
    fn read(&self, bucket: &str, key: &str, bytes_max: usize) -> Result<Bytes, String> {
        let path = self.path(bucket, key)?;
        let limit = u64::try_from(bytes_max).unwrap_or(u64::MAX);
        let mut bytes = Vec::new();
        File::open(path)
            .and_then(|file| file.take(limit.saturating_add(1)).read_to_end(&mut bytes))
            .map_err(|cause| unreadable(bucket, key, &cause))?;
        if bytes.len() > bytes_max {
            return Err(format!(
                "`{key}` of the bucket `{bucket}` has more than {bytes_max} bytes"
            ));
        }
        Ok(bytes.into())
    }
}

fn unreadable(bucket: &str, key: &str, cause: &io::Error) -> String {
    format!("`{key}` of the bucket `{bucket}` cannot be read: {cause}")
}

#[cfg(test)]
mod tests {
    use std::fs;

    use portcullis_control::ports::Buckets as _;

    use super::*;

    #[test]
    fn only_what_lies_in_the_folder_is_read() {
        let folder = std::env::temp_dir().join(format!("portcullis-buckets-{}", std::process::id()));
        let inside = folder.join("code");
        fs::create_dir_all(inside.join("a")).unwrap();
        fs::write(inside.join("a/b.zip"), b"zip").unwrap();
        fs::write(folder.join("secret"), b"secret").unwrap();
        std::os::unix::fs::symlink(folder.join("secret"), inside.join("link")).unwrap();
        let buckets = Buckets(BTreeMap::from([("code".to_owned(), inside)]));
        assert_eq!(buckets.read("code", "a/b.zip", 3).unwrap(), "zip");
        for (bucket, key, part) in [
            ("other", "a/b.zip", "--bucket other=DIR"),
            ("code", "../secret", "no key"),
            ("code", "/etc/passwd", "no key"),
            ("code", "", "no key"),
            ("code", "link", "leads out"),
            ("code", "a/missing", "cannot be read"),
        ] {
            let error = buckets.read(bucket, key, 3).unwrap_err();
            assert!(error.contains(part), "{bucket} {key}: {error}");
        }
        assert!(
            buckets
                .read("code", "a/b.zip", 2)
                .unwrap_err()
                .contains("more than 2 bytes")
        );
        fs::remove_dir_all(folder).unwrap();
    }
}
