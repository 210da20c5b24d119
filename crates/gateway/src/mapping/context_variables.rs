//! `$context`: what mapping expressions, templates and gateway responses may know about an exchange.
//!
//! <https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-mapping-template-reference.html>. A variable
//! that does not exist, or not yet, is absent; `authorizer.claims` as a whole is null there and absent here.

use std::borrow::Cow;

use portcullis_model::Timestamp;
use serde_json::Value;

use crate::{
    exchange::{Exchange, WafVerdict},
    http::Listener,
    layers::authorizer::Caller,
    refusal::Refusal,
    request_id,
    responses::{facts, http_api},
    snapshot::stage::Release,
};

/// Claims that AWS hands on as Java writes dates.
const DATE_CLAIMS: [&str; 2] = ["exp", "iat"];

/// Returns the variable at `path`, the words after `$context.`.
pub(crate) fn variable<'a>(
    exchange: &'a Exchange,
    refusal: Option<&Refusal>,
    path: &[&str],
) -> Option<Cow<'a, str>> {
    let request = exchange.request();
    let text = |bytes: &'a [u8]| Some(String::from_utf8_lossy(bytes));
    match path {
        ["accountId"] => Some(exchange.stage()?.scope.account.as_str().into()),
        ["apiId"] => Some(exchange.api_id().into()),
        ["deploymentId"] => Some(exchange.stage()?.deployment_id.as_str().into()),
        ["isCanaryRequest"] => match exchange.stage()?.release {
            Release::Only => None,
            Release::Production => Some("false".into()),
            Release::Canary => Some("true".into()),
        },
        ["stage"] => Some(exchange.stage()?.stage_name.as_str().into()),
        ["requestId"] => Some(request_id::uuid_text(exchange.id()).into()),
        ["extendedRequestId" | "awsEndpointRequestId"] => {
            let (_, extended) = request_id::header_values(exchange.id());
            Some(String::from_utf8_lossy(&extended).into_owned().into())
        }
        ["httpMethod"] => text(&request.method),
        ["path"] => text(exchange.path()),
        ["tlsVersion"] => Some(request.peer.tls.as_ref()?.version?.into()),
        ["cipherSuite"] => Some(request.peer.tls.as_ref()?.cipher_suite.as_deref()?.into()),
        ["protocol"] => Some(request.version.as_str().into()),
        ["routeKey"] if exchange.is_http_api() => Some(exchange.known_method()?.reason.as_ref().into()),
        ["resourceId"] => Some(exchange.known_method()?.resource_id.as_str().into()),
        ["resourcePath"] => Some(exchange.known_method()?.resource_path.as_ref().into()),
        ["requestTime"] => Some(common_log_time(exchange.started()).into()),
        ["requestTimeEpoch"] => Some(exchange.started().millis().to_string().into()),
        ["domainName"] => Some(domain_name(exchange).into()),
        ["domainPrefix"] => Some(domain_name(exchange).split('.').next()?.into()),
        ["identity", "sourceIp"] if request.peer.listener == Listener::TestInvoke => {
            Some("test-invoke-source-ip".into())
        }
        ["identity", "sourceIp"] => Some(request.peer.address.ip().to_string().into()),
        ["identity", "vpcId"] => Some(exchange.endpoint()?.vpc.as_str().into()),
        ["identity", "vpceId"] => Some(exchange.endpoint()?.id.as_str().into()),
        ["customDomain", "basePathMatched"] => Some(exchange.base_path()?.into()),
        ["identity", "clientCert", rest @ ..] => client_certificate(exchange, rest).map(Cow::Borrowed),
        ["identity", "apiKeyId"] => Some(exchange.key_id()?.into()),
        ["identity", "userAgent"] => text(request.headers.get("user-agent")?),
        ["authorizer", "claims", first, rest @ ..] => claim(exchange, first, rest),
        [
            "identity",
            name @ ("accessKey" | "accountId" | "caller" | "user" | "userArn"),
        ] => exchange.caller()?.identity(name),
        ["authorizer", name] => exchange.caller()?.variable(name),
        ["webaclArn"] => Some(exchange.waf()?.web_acl_arn.as_ref().into()),
        ["wafResponseCode"] => waf(exchange, "wafResponseCode"),
        ["waf", name] => waf(exchange, name),
        ["error", name] => error(exchange, refusal?, name),
        ["requestOverride", ..] => exchange.overridden(path).map(Cow::Borrowed),
        _ => None,
    }
}

fn client_certificate<'a>(exchange: &'a Exchange, path: &[&str]) -> Option<&'a str> {
    let certificate = exchange.client_certificate()?;
    match path {
        ["clientCertPem"] => Some(&certificate.pem),
        ["subjectDN"] => Some(&certificate.subject_dn),
        ["issuerDN"] => Some(&certificate.issuer_dn),
        ["serialNumber"] => Some(&certificate.serial_number),
        ["validity", "notBefore"] => Some(&certificate.not_before),
        ["validity", "notAfter"] => Some(&certificate.not_after),
        _ => None,
    }
}

/// A claim's name may hold full stops, which look like steps of the path.
fn claim<'a>(exchange: &'a Exchange, first: &str, rest: &[&str]) -> Option<Cow<'a, str>> {
    let name: Cow<'_, str> = if rest.is_empty() {
        first.into()
    } else {
        format!("{first}.{}", rest.join(".")).into()
    };
    let caller = exchange.caller()?;
    // Text is handed on as it is, by either.
    if let Some(text) = caller.claim_text(&name) {
        return Some(text.into());
    }
    let value = caller.claim(&name)?;
    let text = match caller {
        Caller::Jwt(_) => plain_claim(&value),
        _ => claim_value(&name, &value),
    };
    text.map(|text| text.into_owned().into())
}

/// JWT authorizers hand claims on as strings, lists as `[a b]`, dates as the numbers that they are.
pub(crate) fn plain_claim(value: &Value) -> Option<Cow<'_, str>> {
    match value {
        Value::Array(items) => {
            let items: Vec<_> = items.iter().filter_map(plain_claim).collect();
            Some(format!("[{}]", items.join(" ")).into())
        }
        other => claim_text(other),
    }
}

/// Returns the claim `name` as AWS hands it on; nothing for a null.
pub(crate) fn claim_value<'a>(name: &str, value: &'a Value) -> Option<Cow<'a, str>> {
    if DATE_CLAIMS.contains(&name)
        && let Some(seconds) = value.as_i64()
    {
        return Some(java_date(Timestamp::from_seconds(seconds)).into());
    }
    claim_text(value)
}

/// AWS hands claims on as strings, lists joined by commas.
fn claim_text(value: &Value) -> Option<Cow<'_, str>> {
    match value {
        Value::Null => None,
        Value::String(text) => Some(text.as_str().into()),
        Value::Array(items) => {
            let items: Vec<_> = items.iter().filter_map(claim_text).collect();
            Some(items.join(",").into())
        }
        other => Some(other.to_string().into()),
    }
}

/// What the firewall said; nothing where no web ACL was asked.
fn waf<'a>(exchange: &'a Exchange, name: &str) -> Option<Cow<'a, str>> {
    let facts = exchange.waf()?;
    match name {
        "error" => facts.error.as_deref().map(Cow::Borrowed),
        "latency" => Some(facts.latency.as_millis().to_string().into()),
        "status" => Some(if facts.verdict.is_some() { "200" } else { "500" }.into()),
        "wafResponseCode" => Some(
            match facts.verdict? {
                WafVerdict::Allow => "WAF_ALLOW",
                WafVerdict::Block => "WAF_BLOCK",
            }
            .into(),
        ),
        _ => None,
    }
}

fn error(exchange: &Exchange, refusal: &Refusal, name: &str) -> Option<Cow<'static, str>> {
    let facts = facts::facts(refusal.kind());
    let message = if exchange.is_http_api() {
        Some(http_api::message(refusal.kind()))
    } else {
        refusal.message().or(facts.message)
    };
    match name {
        "message" => message.map(|message| message.to_owned().into()),
        // Quoted, as AWS's default template `{"message":$context.error.messageString}` needs it.
        "messageString" => {
            Some(message.map_or("null".into(), |message| Value::from(message).to_string().into()))
        }
        "validationErrorString" => refusal
            .validation_errors()
            .map(|errors| inside_json(errors).into()),
        "responseType" => Some(facts.response_type.into()),
        _ => None,
    }
}

/// Escapes a text for the inside of a JSON string, where AWS's templates put it between quotes of their own. It holds parts of
/// a stranger's body: in a page of HTML, `<` and `&` must not act either.
fn inside_json(text: &str) -> String {
    let quoted = Value::from(text).to_string();
    let inside = quoted.get(1..quoted.len().saturating_sub(1)).unwrap_or_default();
    inside
        .replace('<', "\\u003c")
        .replace('>', "\\u003e")
        .replace('&', "\\u0026")
}

fn domain_name(exchange: &Exchange) -> &str {
    let authority = &*exchange.request().authority;
    authority.rsplit_once(':').map_or(authority, |(host, port)| {
        if port.bytes().all(|byte| byte.is_ascii_digit()) {
            host
        } else {
            authority
        }
    })
}

/// `25/Oct/2022:10:11:58 +0000`, the common log format.
fn common_log_time(at: Timestamp) -> String {
    let at = at.utc();
    format!(
        "{:02}/{}/{:04}:{:02}:{:02}:{:02} +0000",
        at.day(),
        short(&at.month().to_string()),
        at.year(),
        at.hour(),
        at.minute(),
        at.second()
    )
}

/// `Tue Oct 25 10:11:58 UTC 2022`, as Java's `Date.toString` writes it.
pub(crate) fn java_date(at: Timestamp) -> String {
    let at = at.utc();
    format!(
        "{} {} {:02} {:02}:{:02}:{:02} UTC {:04}",
        short(&at.weekday().to_string()),
        short(&at.month().to_string()),
        at.day(),
        at.hour(),
        at.minute(),
        at.second(),
        at.year()
    )
}

fn short(name: &str) -> &str {
    name.get(..3).unwrap_or(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_written_as_java_and_as_log_files_do() {
        let at = Timestamp::from_seconds(1_666_692_718);
        assert_eq!(java_date(at), "Tue Oct 25 10:11:58 UTC 2022");
        assert_eq!(common_log_time(at), "25/Oct/2022:10:11:58 +0000");
    }

    #[test]
    fn claims_are_strings_and_lists_are_joined() {
        let text = |value: Value| claim_text(&value).map(Cow::into_owned);
        assert_eq!(text(serde_json::json!(["a", "b"])), Some("a,b".into()));
        assert_eq!(text(serde_json::json!(true)), Some("true".into()));
        assert_eq!(text(serde_json::json!(7)), Some("7".into()));
        assert_eq!(text(Value::Null), None);
    }
}
