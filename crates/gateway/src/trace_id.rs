//! `X-Amzn-Trace-Id`: the caller's root, if he sent one in X-Ray's form, else one made of the request's own number. Nothing is traced
//! by it here; functions see it, and answers carry it where AWS was seen to send it: of `AWS`, `AWS_PROXY` and `HTTP` integrations
//! of REST APIs, not of mocks, `HTTP_PROXY` and refusals.
//!
//! <https://docs.aws.amazon.com/xray/latest/devguide/xray-concepts.html#xray-concepts-tracingheader>

use portcullis_model::HeaderList;

use crate::{exchange::Exchange, integrations::Integration};

pub(crate) const HEADER: &str = "X-Amzn-Trace-Id";

/// Returns `Root=1-{seconds}-{number}`.
pub(crate) fn of(exchange: &Exchange) -> String {
    let given = exchange.request().headers.get("x-amzn-trace-id");
    if let Some(root) = given.and_then(|given| root(given)) {
        return root.to_owned();
    }
    let seconds = exchange.started().seconds();
    format!("Root=1-{seconds:08x}-{:024x}", exchange.id() & ((1 << 96) - 1))
}

/// Adds it to the answer of an integration, where it belongs there and the integration has not said another.
pub(crate) fn add_to(headers: &mut HeaderList, exchange: &Exchange) {
    let tells = exchange.known_method().is_some_and(|method| {
        matches!(
            method.backend.integration,
            Integration::Aws(_) | Integration::LambdaProxy(_) | Integration::Http(_)
        )
    });
    if tells && !exchange.is_http_api() && headers.get("x-amzn-trace-id").is_none() {
        headers.push(HEADER, of(exchange));
    }
}

/// Finds the root in what a caller sent, `Root=1-5759e988-bd862e3fe1be46a994272793;Parent=…`, as it is in X-Ray's form.
fn root(given: &[u8]) -> Option<&str> {
    let text = std::str::from_utf8(given).ok()?;
    let mut parts = text.split(';').map(str::trim);
    let root = parts.find(|part| part.starts_with("Root="))?;
    let mut fields = root.strip_prefix("Root=1-")?.split('-');
    let is_hexadecimal = |field: Option<&str>, digits: usize| {
        field.is_some_and(|field| field.len() == digits && field.bytes().all(|byte| byte.is_ascii_hexdigit()))
    };
    let fits =
        is_hexadecimal(fields.next(), 8) && is_hexadecimal(fields.next(), 24) && fields.next().is_none();
    fits.then_some(root)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn root_of_a_caller_counts_in_x_rays_form_alone() {
        let good = "Root=1-5759e988-bd862e3fe1be46a994272793";
        for given in [
            good.to_owned(),
            format!("{good};Parent=53995c3f42cd8ad8;Sampled=1"),
            format!("Self=1-67891234-12456789abcdef012345678; {good}"),
        ] {
            assert_eq!(root(given.as_bytes()), Some(good), "{given}");
        }
        for given in [
            "",
            "Root=",
            "Root=2-5759e988-bd862e3fe1be46a994272793",
            "Root=1-5759e988-bd862e3fe1be46a99427279",
            "Root=1-5759e988-bd862e3fe1be46a994272793-1",
            "Root=1-5759e988-bd862e3fe1be46a99427279g",
            "Root=1-5759e988-bd862e3fe1be46a994272793\r\nX: y",
            "root=1-5759e988-bd862e3fe1be46a994272793",
        ] {
            assert_eq!(root(given.as_bytes()), None, "{given}");
        }
        assert_eq!(root(b"Root=1-\xff"), None);
    }
}
