//! How do we call out? The one HTTP/1.1 client: pools, TLS, time limits, and where it may connect.
//!
//! A request drives its own exchange: no second task, no channel. Pools belong to a thread. Requests are written
//! anew from their parts, answers are read strictly (RFC 9112): what two readers could understand differently is
//! an error. There are no redirects, no proxies, no cookies.

mod address;
mod answer;
mod attended;
mod body;
mod chunked;
mod client;
mod connect;
mod connection;
mod deadline;
mod error;
mod head;
mod limits;
pub mod lines;
mod pipe;
mod pool;
mod request;
mod room;
mod sending;
pub mod socket;
mod stream;
mod target;
pub mod tls;
#[doc(hidden)]
pub mod fuzzing;
mod websocket;
#[cfg(test)]
mod tests;

pub use address::{AddressPolicy, AddressRange, PublicOnly};
pub use answer::{Answer, AnswerBody};
pub use attended::{SOON, attended};
pub use body::OutgoingBody;
pub use chunked::{BadChunk, Chunked, Step};
pub use client::{Client, ClientConfig};
pub use deadline::Deadline;
pub use error::{EgressError, Phase};
pub use limits::{Limits, Timeouts};
pub use pipe::Pipe;
pub use room::Room;
pub use sending::{Framing, SendError, Sending};
pub use target::{Target, Url};
pub use websocket::{Tunnel, Upgraded};
