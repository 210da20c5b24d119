//! Mail goes to `DIR/outbox/*.eml`, one file a message, for the user or a mail client to open.

use std::{fs, io::Write, os::unix::fs::OpenOptionsExt, path::PathBuf, sync::Arc};

use portcullis_model::{Clock, Entropy};

/// Messages kept at most; the oldest go first.
const MESSAGES_MAX: usize = 1_000;

/// A folder of messages.
pub(crate) struct Outbox {
    pub(crate) folder: PathBuf,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) entropy: Arc<dyn Entropy>,
}

impl Outbox {
    /// Writes a message of RFC 5322, whole or not at all.
    pub(crate) fn write(&self, to: &str, subject: &str, body: &str) -> std::io::Result<()> {
        fs::create_dir_all(&self.folder)?;
        let now = self.clock.now();
        let date = now
            .utc()
            .format(&time::format_description::well_known::Rfc2822)
            .unwrap_or_default();
        let id = self.entropy.lower_alphanumeric(12);
        let one_line = |text: &str| text.replace(['\r', '\n'], " ");
        let kind = if body.trim_start().starts_with('<') || body.contains("<a ") {
            "html"
        } else {
            "plain"
        };
        let message = format!(
            "From: no-reply@verificationemail.com\r\nTo: {}\r\nSubject: {}\r\nDate: {date}\r\n\
             Message-ID: <{id}@portcullis>\r\nMIME-Version: 1.0\r\n\
             Content-Type: text/{kind}; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n{}\r\n",
            one_line(to),
            one_line(subject),
            body.replace('\n', "\r\n"),
        );
        let name = format!("{:015}-{id}.eml", now.millis());
        let unfinished = self.folder.join(format!(".{name}"));
        let mut file = fs::OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&unfinished)?;
        file.write_all(message.as_bytes())?;
        fs::rename(&unfinished, self.folder.join(name))?;
        self.drop_oldest()
    }

    fn drop_oldest(&self) -> std::io::Result<()> {
        let mut names: Vec<_> = fs::read_dir(&self.folder)?
            .filter_map(Result::ok)
            .map(|entry| entry.path())
            .filter(|path| path.extension().is_some_and(|extension| extension == "eml"))
            .collect();
        if names.len() > MESSAGES_MAX {
            names.sort();
            for path in names.iter().take(names.len() - MESSAGES_MAX) {
                fs::remove_file(path)?;
            }
        }
        Ok(())
    }
}
