//! The ARN by which policies name a call: `arn:aws:execute-api:{region}:{account}:{api}/{stage}/{METHOD}/{path}`.
//! <https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-control-access-using-iam-policies-to-invoke-api.html>
//!
//! The path is the request's own, without the slash at its end, percent-encoding undone so that `/a` and `/%61` are one
//! name. What has a meaning in a policy or an ARN stays encoded: an authorizer that writes the ARN that it is given into its
//! policy must not give away more than this call. A path that normalising would change has no one meaning: it is refused.

use std::fmt::Write as _;

use crate::{
    decision::shown,
    exchange::Exchange,
    mapping::query,
    refusal::{Refusal, RefusalKind},
    snapshot::StageSnapshot,
};

/// The longest ARN of a method with an authorizer or a policy, in bytes: AWS's quota.
const ARN_BYTES_MAX: usize = 1_600;

/// Returns the ARN of the call, for policies and authorizers to judge.
pub(crate) fn method_arn(exchange: &Exchange) -> Result<String, Refusal> {
    let stage = stage(exchange)?;
    let Some(path) = normal_path(exchange.resource_path()) else {
        let cause = format!(
            "the path `{}` has empty or dot segments: no policy can say what it means",
            shown(&String::from_utf8_lossy(exchange.resource_path()))
        );
        return Err(Refusal::new(RefusalKind::AccessDenied, cause));
    };
    let arn = arn(stage, stage.scope.account.as_str(), exchange, &path);
    if arn.len() > ARN_BYTES_MAX {
        let cause = format!(
            "the method's ARN has {} bytes, more than {ARN_BYTES_MAX}",
            arn.len()
        );
        return Err(Refusal::new(RefusalKind::RequestUriTooLong, cause));
    }
    Ok(arn)
}

/// Returns the ARN as AWS tells it to whoever is refused: the account masked but for its end, the path as it came.
pub(crate) fn masked_method_arn(exchange: &Exchange) -> String {
    let Ok(stage) = stage(exchange) else {
        return String::new();
    };
    let account = stage.scope.account.as_str();
    let end = account.get(account.len().saturating_sub(4)..).unwrap_or_default();
    let mut path = String::new();
    for byte in exchange.resource_path().strip_prefix(b"/").unwrap_or_default() {
        // It may be shown on a page: nothing in it acts there.
        match byte {
            b'<' | b'>' | b'"' | b'\'' | b'&' | b'`' => encode_onto(&mut path, *byte),
            0x21..=0x7e => path.push(char::from(*byte)),
            _ => encode_onto(&mut path, *byte),
        }
    }
    arn(stage, &format!("********{end}"), exchange, &path)
}

fn arn(stage: &StageSnapshot, account: &str, exchange: &Exchange, path: &str) -> String {
    let method = String::from_utf8_lossy(&exchange.request().method);
    format!(
        "arn:aws:execute-api:{}:{account}:{}/{}/{method}/{path}",
        stage.scope.region, stage.api_id, stage.stage_name
    )
}

fn stage(exchange: &Exchange) -> Result<&StageSnapshot, Refusal> {
    let missing = || Refusal::new(RefusalKind::Internal, "no stage was found before it was needed");
    exchange.stage().map(AsRef::as_ref).ok_or_else(missing)
}

/// Returns the path without the slash at its start; none when its segments have no one meaning.
fn normal_path(raw: &[u8]) -> Option<String> {
    // As the router reads it: `//` is not the root.
    let raw = match raw {
        b"" | b"/" => return Some(String::new()),
        [b'/', middle @ .., b'/'] if !middle.is_empty() => middle,
        [b'/', middle @ ..] => middle,
        other => other,
    };
    let decoded = query::decode(raw, false);
    // A backend may take `\` for `/`, and `%2F` too.
    let mut segments = decoded.split(|byte| matches!(byte, b'/' | b'\\'));
    if segments.any(|segment| matches!(segment, b"" | b"." | b"..")) {
        return None;
    }
    let mut path = String::with_capacity(raw.len());
    for (at, segment) in raw.split(|byte| *byte == b'/').enumerate() {
        if at > 0 {
            path.push('/');
        }
        for symbol in String::from_utf8_lossy(&query::decode(segment, false)).chars() {
            let acts = matches!(symbol, '/' | '*' | '?' | '$' | '%') || symbol.is_control();
            let mut bytes = [0; 4];
            let text = symbol.encode_utf8(&mut bytes);
            if acts {
                text.bytes().for_each(|byte| encode_onto(&mut path, byte));
            } else {
                path.push_str(text);
            }
        }
    }
    Some(path)
}

fn encode_onto(path: &mut String, byte: u8) {
    // Writing to a string cannot fail.
    let _ = write!(path, "%{byte:02X}");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn path_has_one_name_and_no_wildcards() {
        let normal = |raw: &str| normal_path(raw.as_bytes());
        for (raw, expected) in [
            ("", ""),
            ("/", ""),
            ("/pets", "pets"),
            ("/pets/", "pets"),
            ("/pets/%62est", "pets/best"),
            ("/pets/a%2Fb", "pets/a%2Fb"),
            ("/pets/*", "pets/%2A"),
            ("/pets/%2a", "pets/%2A"),
            ("/pets/%3F", "pets/%3F"),
            ("/pets/${x}", "pets/%24{x}"),
            ("/pets/%252F", "pets/%252F"),
            ("/pets/%0A", "pets/%0A"),
            ("/pets/%C3%A9", "pets/é"),
            ("/pets/a:b", "pets/a:b"),
        ] {
            assert_eq!(normal(raw).as_deref(), Some(expected), "{raw}");
        }
        for raw in [
            "//",
            "/a//b",
            "/a/../b",
            "/a/%2e%2E/b",
            "/a/./b",
            "/.",
            "/a/..",
            "/a/..%2fb",
            "/a/%2e%2e%5Cb",
            "/a%2F%2Fb",
            "/a%5c..%5cb",
        ] {
            assert_eq!(normal(raw), None, "{raw}");
        }
    }
}
