//! What a rule does: Allow, Block or Count, with headers to insert or an answer of its own.
//!
//! <https://docs.aws.amazon.com/waf/latest/developerguide/waf-rule-action.html>. Captcha, Challenge and Monetize
//! need pages that we do not serve; they are refused.

use std::sync::Arc;

use indexmap::IndexMap;
use portcullis_model::resources::wafv2::CustomResponseBody;
use serde_json::Value;

use crate::{
    limits::{CUSTOM_BODIES_BYTES_MAX, CUSTOM_BODY_BYTES_MAX, CUSTOM_HEADERS_MAX},
    reader::{Fields, Problems},
    verdict::BlockResponse,
};

/// Headers as an action inserts them.
pub(crate) type InsertedHeaders = Vec<(Arc<str>, Arc<str>)>;

/// A compiled action.
#[derive(Clone, Debug)]
pub(crate) enum Action {
    Allow(InsertedHeaders),
    Block(Option<Arc<BlockResponse>>),
    Count(InsertedHeaders),
}

/// Compiles an action; `bodies` are those that the web ACL defines.
pub(crate) fn compile(
    value: &Value,
    path: String,
    bodies: &IndexMap<String, CustomResponseBody>,
    problems: &Problems,
) -> Option<Action> {
    let union = Fields::any(value, path, problems)?;
    let (name, settings) = union.choice()?;
    let way = union.way(name);
    match name {
        "Allow" => inserted(settings, way, problems).map(Action::Allow),
        "Count" => inserted(settings, way, problems).map(Action::Count),
        "Block" => {
            let block = Fields::of(settings, way, &["CustomResponse"], problems)?;
            if !block.has("CustomResponse") {
                return Some(Action::Block(None));
            }
            let answer = block.object(
                "CustomResponse",
                &["ResponseCode", "CustomResponseBodyKey", "ResponseHeaders"],
            )?;
            response(&answer, bodies).map(|response| Action::Block(Some(Arc::new(response))))
        }
        "Captcha" | "Challenge" | "Monetize" => {
            union.refuse(
                name,
                format!("the action {name} is not supported: use Block or Count"),
            );
            None
        }
        _ => {
            union.refuse(
                name,
                format!("`{name}` is not an action: use Allow, Block or Count"),
            );
            None
        }
    }
}

/// Reports what is wrong with the bodies that a web ACL defines.
pub(crate) fn check_bodies(bodies: &IndexMap<String, CustomResponseBody>, problems: &Problems) {
    let mut bytes = 0;
    for (key, body) in bodies {
        let path = format!("CustomResponseBodies/{key}");
        if content_type(&body.content_type).is_none() {
            problems.error(
                &format!("{path}/ContentType"),
                format!(
                    "`{}` is not supported: use TEXT_PLAIN, TEXT_HTML or APPLICATION_JSON",
                    body.content_type
                ),
            );
        }
        if !(1..=CUSTOM_BODY_BYTES_MAX).contains(&body.content.len()) {
            problems.error(
                &format!("{path}/Content"),
                format!("must have from 1 to {CUSTOM_BODY_BYTES_MAX} bytes"),
            );
        }
        bytes += body.content.len();
    }
    if bytes > CUSTOM_BODIES_BYTES_MAX {
        problems.error(
            "CustomResponseBodies",
            format!("may have {CUSTOM_BODIES_BYTES_MAX} bytes together"),
        );
    }
}

fn content_type(name: &str) -> Option<&'static str> {
    match name {
        "TEXT_PLAIN" => Some("text/plain"),
        "TEXT_HTML" => Some("text/html"),
        "APPLICATION_JSON" => Some("application/json"),
        _ => None,
    }
}

fn inserted(settings: &Value, path: String, problems: &Problems) -> Option<InsertedHeaders> {
    let action = Fields::of(settings, path, &["CustomRequestHandling"], problems)?;
    if !action.has("CustomRequestHandling") {
        return Some(Vec::new());
    }
    let handling = action.object("CustomRequestHandling", &["InsertHeaders"])?;
    let headers = headers(&handling, "InsertHeaders")?;
    // AWS prefixes the names, so that a rule cannot overwrite a header of the client.
    Some(
        headers
            .into_iter()
            .map(|(name, value)| (format!("x-amzn-waf-{name}").into(), value.into()))
            .collect(),
    )
}

fn response(answer: &Fields<'_>, bodies: &IndexMap<String, CustomResponseBody>) -> Option<BlockResponse> {
    let status = answer.integer("ResponseCode", 200, 599);
    let headers = if answer.has("ResponseHeaders") {
        headers(answer, "ResponseHeaders")
    } else {
        Some(Vec::new())
    };
    let body = match answer.optional_text("CustomResponseBodyKey") {
        None => None,
        Some(key) => {
            let Some(body) = bodies.get(key) else {
                answer.refuse(
                    "CustomResponseBodyKey",
                    format!("`{key}` is not in CustomResponseBodies"),
                );
                return None;
            };
            Some((content_type(&body.content_type)?, body.content.clone()))
        }
    };
    Some(BlockResponse {
        status: u16::try_from(status?).ok()?,
        headers: headers?,
        body,
    })
}

fn headers(fields: &Fields<'_>, name: &str) -> Option<Vec<(String, String)>> {
    let mut headers = Vec::new();
    for (path, item) in fields.list(name, 1, CUSTOM_HEADERS_MAX)? {
        let item = Fields::of(item, path, &["Name", "Value"], fields.problems())?;
        let (header, value) = (item.text("Name")?, item.text("Value")?);
        let is_token = |byte: u8| byte.is_ascii_alphanumeric() || b"_.$-".contains(&byte);
        if header.is_empty() || header.len() > 64 || !header.bytes().all(is_token) {
            item.refuse(
                "Name",
                format!("`{header}` is not a header name of 1 to 64 of A-Za-z0-9_.$-"),
            );
            return None;
        }
        if value.is_empty() || value.len() > 255 || value.bytes().any(|byte| byte.is_ascii_control()) {
            item.refuse(
                "Value",
                "must have from 1 to 255 characters and no control character",
            );
            return None;
        }
        headers.push((header.to_owned(), value.to_owned()));
    }
    Some(headers)
}
