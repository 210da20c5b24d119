//! From a request to what an integration gets, and from its answer to the response.

pub(crate) mod context_variables;
pub(crate) mod expression;
pub(crate) mod parameter_mapping;
pub(crate) mod query;
pub(crate) mod template;
pub(crate) mod uri;
pub(crate) mod content_handling;
pub(crate) mod http_call;
pub(crate) mod request;
pub(crate) mod response;
