//! What an operator sets.

use crate::{http::TrustedProxies, upstreams::Upstreams, vpc_endpoints::VpcEndpoints};

/// What an operator sets.
#[derive(Clone, Debug, Default)]
pub struct GatewaySettings {
    /// Under `serve`, clear text only redirects to `https` at this port.
    pub redirect_clear_text_to: Option<u16>,
    /// Proxies of the operator's that say whom they speak for.
    pub trusted_proxies: Option<TrustedProxies>,
    /// Bytes of a request's body where nothing holds it whole; none is as much as AWS takes.
    pub streamed_body_bytes_max: Option<usize>,
    /// Where viewers of a distribution find https; 0 is the usual port.
    pub https_port: u16,
    /// What private APIs answer to.
    pub vpc_endpoints: VpcEndpoints,
    /// What VPC links lead to.
    pub upstreams: Upstreams,
}
