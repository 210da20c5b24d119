//! Security Token Service: <https://docs.aws.amazon.com/STS/latest/APIReference/>

mod assume_role;
mod get_caller_identity;
mod get_session_token;
mod credentials;
#[cfg(test)]
mod tests;

use crate::operation::{Protocol, Service};

pub const SERVICE: Service = Service {
    name: "sts",
    protocol: Protocol::Query {
        version: "2011-06-15",
        namespace: "https://sts.amazonaws.com/doc/2011-06-15/",
    },
    operations: &[
        &assume_role::OPERATION,
        &get_caller_identity::OPERATION,
        &get_session_token::OPERATION,
    ],
};
