//! What fuzz targets may see of the edge's insides. No interface: nothing else may use it.

pub use crate::edge::fuzzing::{
    Framing, Http2Session, RequestHead, http2_session, proxy_header, request_head,
};
