//! Folders that stand for the buckets that templates name: `--bucket NAME=DIR`. Read only.

use std::{
    collections::BTreeMap,
    fs::File,
    io::Read,
    path::{Component, Path, PathBuf},
};

use bytes::Bytes;
use portcullis_control::ports;

/// Folders by bucket name.
pub(crate) struct Buckets(pub(crate) BTreeMap<String, PathBuf>);

impl ports::Buckets for Buckets {
    fn read(&self, bucket: &str, key: &str, bytes_max: usize) -> Result<Bytes, String> {
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
        let cannot =
            |cause: std::io::Error| format!("`{key}` of the bucket `{bucket}` cannot be read: {cause}");
        // Links are followed before the check, so that none leads out of the folder.
        let folder = folder.canonicalize().map_err(cannot)?;
        let path = folder.join(key).canonicalize().map_err(cannot)?;
        if !path.starts_with(&folder) {
            return Err(format!(
                "`{key}` leads out of the folder of the bucket `{bucket}`"
            ));
        }
        let limit = u64::try_from(bytes_max).unwrap_or(u64::MAX);
        let mut bytes = Vec::new();
        File::open(path)
            .and_then(|file| file.take(limit.saturating_add(1)).read_to_end(&mut bytes))
            .map_err(cannot)?;
        if bytes.len() > bytes_max {
            return Err(format!(
                "`{key}` of the bucket `{bucket}` has more than {bytes_max} bytes"
            ));
        }
        Ok(bytes.into())
    }
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
