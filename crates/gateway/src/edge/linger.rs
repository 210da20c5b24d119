//! The end of a connection on which the client may still send: a close with its bytes unread would be a reset, which takes our last
//! word away (RFC 9112 section 9.6).

use std::{io, time::Duration};

/// How long, and how much, a client may still send after our last word, so that it can read that word.
pub(super) const LINGER_TIME: Duration = Duration::from_secs(2);
const LINGER_BYTES_MAX: usize = 256 * 1024;

/// Lets the client end, after a shutdown and within [`LINGER_TIME`]: what `read` reads is dropped, up to the end or to what is too much.
pub(super) async fn hear_out(mut read: impl AsyncFnMut() -> io::Result<usize>) {
    let mut bytes = 0;
    while bytes < LINGER_BYTES_MAX {
        match read().await {
            Ok(read @ 1..) => bytes += read,
            _ => return,
        }
    }
}
