//! The proxies under test, each with the settings that an operator who cares would choose.

pub(super) mod envoy;
pub(super) mod nginx;
pub(super) mod portcullis;
