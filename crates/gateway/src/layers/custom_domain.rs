//! What a custom domain decides before any stage is known: whether it lets the client in, and which API the path is for. Like
//! the stage, it is entered before the layers; a request on another host does not meet it.
//!
//! <https://docs.aws.amazon.com/apigateway/latest/developerguide/how-to-custom-domains.html>

use std::sync::Arc;

use crate::{
    client_certificates,
    decision::{Reason, shown},
    exchange::Exchange,
    refusal::{Refusal, RefusalKind},
};

/// Decides whether the client may use the domain, and by which root; none where the domain lets everybody in.
pub(crate) fn check_client(exchange: &Exchange) -> Option<Result<(Reason, Arc<str>), Refusal>> {
    let authorities = exchange.domain()?.authorities()?;
    let peer = &exchange.request().peer;
    Some(client_certificates::check(peer, authorities, exchange.started()))
}

/// Finds the API that the path is for.
pub(crate) fn enter_api(exchange: &mut Exchange) -> Result<(), Refusal> {
    let Some(domain) = exchange.domain().map(Arc::clone) else {
        return Ok(());
    };
    let Some((mapping, rest)) = domain.find(exchange.path()) else {
        let path = String::from_utf8_lossy(exchange.path());
        let cause = format!(
            "no base path of the custom domain `{}` leads from `{}` to an API",
            domain.name(),
            shown(&path)
        );
        return Err(Refusal::new(RefusalKind::Forbidden, cause));
    };
    exchange.enter_api(mapping, rest);
    Ok(())
}
