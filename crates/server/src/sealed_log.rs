//! Sealed logs: each line of the file is `{kind}/{name} {envelope}`, and each envelope holds lines that were written together. An
//! envelope opens under its own name alone. Whoever may write the file can take lines away or put them in another order; he can
//! neither read, change nor invent one.

use std::io::{BufRead, Read as _, Write};

use anyhow::{Context as _, Result, bail, ensure};
use portcullis_vault::{Vault, VaultError};

/// The longest line of a sealed file, in bytes: the longest lines that a log takes, with what gathers before them, sealed.
const LINE_BYTES_MAX: u64 = 4 << 20;

/// Seals lines of a log.
pub(crate) fn seal(kind: &str, name: &str, lines: &[u8], vault: &Vault) -> Result<String, VaultError> {
    let name = format!("{kind}/{name}");
    let sealed = vault.seal(&purpose(&name), lines)?;
    Ok(format!("{name} {sealed}\n"))
}

/// Writes what `sealed` holds to `out`; tells whether its last line is not whole, as a crash leaves it.
pub(crate) fn open(mut sealed: impl BufRead, vault: &Vault, out: &mut impl Write) -> Result<bool> {
    let mut first = None;
    for number in 1_u64.. {
        let mut line = String::new();
        let read = sealed.by_ref().take(LINE_BYTES_MAX).read_line(&mut line);
        read.with_context(|| format!("line {number}: it cannot be read"))?;
        if line.is_empty() {
            break;
        }
        let Some(whole) = line.strip_suffix('\n') else {
            let is_last = u64::try_from(line.len()).is_ok_and(|bytes| bytes < LINE_BYTES_MAX);
            ensure!(is_last, "line {number}: it has more than {LINE_BYTES_MAX} bytes");
            return Ok(true);
        };
        let Some((name, envelope)) = whole.split_once(' ') else {
            bail!("line {number}: it is not sealed: a sealed log has lines such as `access/NAME v1:…`");
        };
        let log = first.get_or_insert_with(|| name.to_owned());
        ensure!(log == name, "line {number}: it is of another log, `{name}`");
        let lines = vault.unseal(&purpose(name), envelope);
        let lines = lines.with_context(|| format!("line {number}"))?;
        out.write_all(lines.expose())?;
    }
    Ok(false)
}

fn purpose(name: &str) -> String {
    format!("log-file {name}")
}
