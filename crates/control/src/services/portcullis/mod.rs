//! Our own operations, where AWS has none: what was decided about a request.

mod get_trail;

use crate::operation::{Protocol, Service};

pub const SERVICE: Service = Service {
    name: "portcullis",
    protocol: Protocol::RestJson,
    operations: &[&get_trail::OPERATION],
};
