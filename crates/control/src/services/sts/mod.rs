//! Security Token Service: <https://docs.aws.amazon.com/STS/latest/APIReference/>

mod get_caller_identity;

use crate::operation::{Protocol, Service};

pub const SERVICE: Service = Service {
    name: "sts",
    protocol: Protocol::Query {
        version: "2011-06-15",
        namespace: "https://sts.amazonaws.com/doc/2011-06-15/",
    },
    operations: &[&get_caller_identity::OPERATION],
};
