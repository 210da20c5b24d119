//! Where the key of a call comes from: <https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-api-key-source.html>

use portcullis_model::{Problem, resources::apigateway::RestApi};

/// Who says which key a call is counted under.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum KeySource {
    /// The caller, in `x-api-key`.
    Header,
    /// The Lambda authorizer, as its `usageIdentifierKey`; the header counts for nothing.
    Authorizer,
}

impl KeySource {
    pub(crate) fn compile(api: &RestApi, problems: &mut Vec<Problem>) -> Self {
        match api.api_key_source.as_str() {
            "HEADER" => Self::Header,
            "AUTHORIZER" => Self::Authorizer,
            other => {
                let message = format!("`{other}` is no source: use `HEADER` or `AUTHORIZER`");
                problems.push(Problem::error(None, "restApi/apiKeySource", message));
                Self::Header
            }
        }
    }
}
