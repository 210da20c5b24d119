//! The limits that the edge keeps on what a stranger sends.

use std::time::Duration;

/// Header fields of one request.
pub const HEADERS_MAX: usize = 100;

/// Limits of one process, for all its listeners together.
#[derive(Clone, Debug)]
pub struct EdgeLimits {
    /// Open connections from one address.
    pub connections_per_address_max: u32,
    /// Open connections in all.
    pub connections_max: u32,
    /// Bytes of a request's head: request line and headers.
    pub head_bytes_max: usize,
    /// Bytes of a request target.
    pub target_bytes_max: usize,
    /// From the first byte of a head to its end, and from the start of a connection to that first byte.
    pub head_time: Duration,
    /// Between two requests of a connection, and without an open stream of one of HTTP/2.
    pub idle_time: Duration,
    /// For a TLS handshake.
    pub handshake_time: Duration,
    /// Handshakes under way of one address.
    pub handshakes_per_address_max: u32,
    /// Handshakes under way in all.
    pub handshakes_max: u32,
    /// How long what is ready may wait for its thread before new requests are turned away.
    pub queue_time_max: Duration,
    /// Between two chunks of a request body.
    pub body_idle_time: Duration,
    /// What a request body must bring on the whole, after `body_idle_time`.
    pub body_bytes_per_second_min: u64,
    /// Bytes of a chunk's size line with its extensions.
    pub chunk_line_bytes_max: usize,
    /// Bytes of the fields behind the last chunk.
    pub trailer_bytes_max: usize,
    /// How long a client may take nothing of an answer.
    pub write_idle_time: Duration,
    /// How long nothing may pass through a WebSocket.
    pub tunnel_idle_time: Duration,
    /// How long a WebSocket may last.
    pub tunnel_time: Duration,
    /// HTTP/2 streams open at once on one connection.
    pub streams_max: u32,
    /// HTTP/2 streams that the peer reset and that still wait to be dropped.
    pub resets_pending_max: usize,
    /// Streams that a client may open and reset at once, and how many more a second, before its connection ends.
    pub resets_max: u32,
    pub resets_per_second_max: u32,
    /// Connections ended for that, after which an address gets no new ones; one more for every four that it has open.
    pub strikes_max: u32,
    /// How long it gets none; longer each time.
    pub bar_time: Duration,
    /// What a client may send of bodies that nobody has read yet, of one HTTP/2 stream and of all of a connection.
    pub stream_window_bytes: u32,
    pub connection_window_bytes: u32,
    /// How long open exchanges may take to end after a stop was asked for.
    pub drain_time: Duration,
}

impl Default for EdgeLimits {
    fn default() -> Self {
        Self {
            connections_per_address_max: 4_096,
            connections_max: 16_384,
            head_bytes_max: 32 * 1024,
            target_bytes_max: 10_240,
            head_time: Duration::from_secs(30),
            idle_time: Duration::from_secs(60),
            handshake_time: Duration::from_secs(10),
            handshakes_per_address_max: 256,
            handshakes_max: 2_048,
            queue_time_max: Duration::from_secs(1),
            body_idle_time: Duration::from_secs(30),
            body_bytes_per_second_min: 500,
            chunk_line_bytes_max: 256,
            trailer_bytes_max: 8 * 1024,
            write_idle_time: Duration::from_secs(60),
            tunnel_idle_time: Duration::from_secs(600),
            tunnel_time: Duration::from_secs(7_200),
            streams_max: 128,
            resets_pending_max: 32,
            resets_max: 100,
            resets_per_second_max: 20,
            strikes_max: 3,
            bar_time: Duration::from_secs(30),
            stream_window_bytes: 128 * 1024,
            connection_window_bytes: 256 * 1024,
            drain_time: Duration::from_secs(10),
        }
    }
}
