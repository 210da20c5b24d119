//! The Python that functions run on: the `python3` of this machine, whatever `python3.x` a function names.

use std::{
    env, fs,
    io::{self, Write},
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

/// Our runtime client, which needs nothing beside Python itself.
const BOOTSTRAP: &str = include_str!("bootstrap.py");
/// What is asked of the interpreter, once: what `python3` really is may stand behind a wrapper that adds to the environment.
const ASK: &str = "import sys; print('%d.%d' % sys.version_info[:2]); print(sys.executable)";

/// An interpreter that is there, and the client that it runs.
#[derive(Clone, Debug)]
pub struct Python {
    pub(super) program: PathBuf,
    pub(super) bootstrap: PathBuf,
    /// `3.11`
    pub version: String,
}

impl Python {
    /// Finds `python3` on the server's own PATH and writes the client into `folder`.
    pub(super) fn find(folder: &Path) -> io::Result<Self> {
        let missing = || io::Error::new(io::ErrorKind::NotFound, "there is no `python3` on PATH");
        let program = env::split_paths(&env::var_os("PATH").unwrap_or_default())
            .map(|folder| folder.join("python3"))
            .find(|path| path.is_file())
            .ok_or_else(missing)?;
        let asked = Command::new(&program)
            .args(["-I", "-c", ASK])
            .stdin(Stdio::null())
            .stderr(Stdio::null())
            .output()?;
        let said = String::from_utf8_lossy(&asked.stdout).into_owned();
        let mut said = said.lines();
        let version = said.next().unwrap_or_default().trim().to_owned();
        let itself = said.next().map(PathBuf::from);
        if !asked.status.success() || !version.starts_with("3.") {
            return Err(io::Error::other(format!(
                "`{}` does not run as Python 3",
                program.display()
            )));
        }
        let folder = folder.join("runtime");
        fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(&folder)?;
        let bootstrap = folder.join("bootstrap.py");
        let unfinished = folder.join("bootstrap.py.unfinished");
        drop(fs::remove_file(&unfinished));
        let mut file = fs::OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o400)
            .open(&unfinished)?;
        file.write_all(BOOTSTRAP.as_bytes())?;
        fs::rename(&unfinished, &bootstrap)?;
        Ok(Self {
            program: itself.filter(|path| path.is_file()).unwrap_or(program),
            bootstrap,
            version,
        })
    }
}
