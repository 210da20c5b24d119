//! The data directory: what lies in it, and `endpoints.json` for whoever wants to talk to the server.

use std::{
    collections::BTreeMap,
    fs,
    io::Write,
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result};
use portcullis_model::{SecretText, resources::apigateway::Stage};
use serde::{Deserialize, Serialize};

/// The paths of a data directory, absolute.
#[derive(Clone, Debug)]
pub(crate) struct Installation {
    folder: PathBuf,
}

/// The root key of `up`, in the data directory.
pub(crate) const ROOT_KEY: &str = "root.key";

impl Installation {
    /// Makes the directory where it is missing. It may hold other files; they are left alone.
    pub(crate) fn open(folder: &Path) -> Result<Self> {
        if !folder.exists() {
            fs::DirBuilder::new()
                .recursive(true)
                .create(folder)
                .with_context(|| format!("the data directory `{}` cannot be made", folder.display()))?;
        }
        Self::existing(folder)
    }

    /// Takes a directory that is there.
    pub(crate) fn existing(folder: &Path) -> Result<Self> {
        let folder = fs::canonicalize(folder).with_context(|| {
            format!(
                "there is no data directory `{}`: start `portcullis up` first, or say --data DIR",
                folder.display()
            )
        })?;
        Ok(Self { folder })
    }

    pub(crate) fn store(&self) -> PathBuf {
        self.folder.join("store.sqlite")
    }

    pub(crate) fn root_key(&self) -> PathBuf {
        self.folder.join(ROOT_KEY)
    }

    pub(crate) fn ca_certificate(&self) -> PathBuf {
        self.folder.join("ca.pem")
    }

    pub(crate) fn ca_key(&self) -> PathBuf {
        self.folder.join("ca.key")
    }

    /// The system's roots and ours, for clients that take one file.
    pub(crate) fn ca_bundle(&self) -> PathBuf {
        self.folder.join("ca-bundle.pem")
    }

    pub(crate) fn credentials(&self) -> PathBuf {
        self.folder.join("credentials.json")
    }

    /// Code, temporary folders and the runtime client of local functions.
    pub(crate) fn functions(&self) -> PathBuf {
        self.folder.join("functions")
    }

    /// What local functions print, a file each.
    pub(crate) fn logs(&self) -> PathBuf {
        self.folder.join("logs")
    }

    /// What whoever reads `/metrics` has to bring.
    pub(crate) fn metrics_token(&self) -> PathBuf {
        self.folder.join("metrics.token")
    }

    pub(crate) fn outbox(&self) -> PathBuf {
        self.folder.join("outbox")
    }

    /// Access logs, a file a log group: apart from what functions print.
    pub(crate) fn access_logs(&self) -> PathBuf {
        self.logs().join("access")
    }

    /// Execution logs of stages, a file a stage.
    pub(crate) fn execution_logs(&self) -> PathBuf {
        self.logs().join("execution")
    }

    pub(crate) fn endpoints(&self) -> PathBuf {
        self.folder.join("endpoints.json")
    }
}

/// Writes a file whole or not at all.
pub(crate) fn write_file(path: &Path, content: &[u8], mode: u32) -> Result<()> {
    let unfinished = path.with_extension("unfinished");
    let written = || -> std::io::Result<()> {
        drop(fs::remove_file(&unfinished));
        let mut file = fs::OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(mode)
            .open(&unfinished)?;
        file.write_all(content)?;
        file.sync_all()?;
        fs::rename(&unfinished, path)
    };
    written().with_context(|| format!("`{}` cannot be written", path.display()))
}

/// The account's own access key, as `endpoints.json` points at it.
#[derive(Deserialize)]
pub(crate) struct CredentialsFile {
    pub(crate) access_key_id: String,
    pub(crate) secret_access_key: String,
}

impl CredentialsFile {
    /// Reads the file.
    pub(crate) fn read(path: &Path) -> Result<Self> {
        let text =
            fs::read_to_string(path).with_context(|| format!("`{}` cannot be read", path.display()))?;
        serde_json::from_str(&text).with_context(|| format!("`{}` is not a credentials file", path.display()))
    }

    /// Writes the file, for its owner's eyes only.
    pub(crate) fn write(path: &Path, access_key_id: &str, secret: &SecretText) -> Result<()> {
        let text =
            serde_json::json!({ "access_key_id": access_key_id, "secret_access_key": secret.expose() });
        write_file(path, format!("{text:#}\n").as_bytes(), 0o600)
    }
}

/// `endpoints.json`: where everything is. URLs have no trailing slash, paths are absolute.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Endpoints {
    pub(crate) public: PublicEndpoints,
    pub(crate) admin: String,
    pub(crate) proxy: String,
    pub(crate) ca: PathBuf,
    pub(crate) credentials: PathBuf,
    pub(crate) region: String,
    pub(crate) account: String,
    pub(crate) domain: String,
    pub(crate) stacks: BTreeMap<String, StackEndpoints>,
}

#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct PublicEndpoints {
    pub(crate) https: String,
    pub(crate) http: String,
}

#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct StackEndpoints {
    pub(crate) outputs: BTreeMap<String, String>,
}

impl Endpoints {
    /// Reads the file of a running server.
    pub(crate) fn read(installation: &Installation) -> Result<Self> {
        let path = installation.endpoints();
        let text = fs::read_to_string(&path).with_context(|| {
            format!(
                "`{}` is not there: is `portcullis up` running on this directory, and ready?",
                path.display()
            )
        })?;
        serde_json::from_str(&text).with_context(|| format!("`{}` is not an endpoints file", path.display()))
    }

    /// Returns where a stage is from this machine, without a slash at its end.
    pub(crate) fn stage_url(&self, stage: &Stage) -> String {
        let port = self.public.https.rsplit(':').next().unwrap_or_default();
        let Self { region, domain, .. } = self;
        format!(
            "https://{}.execute-api.{region}.{domain}:{port}/{}",
            stage.api_id, stage.stage_name
        )
    }

    /// Renames the file into place.
    pub(crate) fn write(&self, installation: &Installation) -> Result<()> {
        let text = serde_json::to_string_pretty(self)?;
        write_file(&installation.endpoints(), format!("{text}\n").as_bytes(), 0o644)
    }

    /// Removes what an earlier run left.
    pub(crate) fn remove(installation: &Installation) -> Result<()> {
        match fs::remove_file(installation.endpoints()) {
            Err(cause) if cause.kind() != std::io::ErrorKind::NotFound => Err(cause)
                .with_context(|| format!("`{}` cannot be removed", installation.endpoints().display())),
            _ => Ok(()),
        }
    }
}
