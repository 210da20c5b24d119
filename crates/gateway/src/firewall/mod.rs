//! Web ACLs asked about requests, for the stages of APIs and for distributions: one way, one set of counters.
//!
//! Whoever guards something with a web ACL does four things:
//!
//! 1. takes the [`WebAclSnapshot`] from the request's snapshot: `snapshot.web_acl(arn)` where the resource names its web
//!    ACL itself (`WebACLId` of a distribution), `snapshot.guard(resource_arn)` where an association does. A web ACL that
//!    is named and not there refuses every request;
//! 2. reads the beginning of the body that [`WebAclSnapshot::body_need`] asks for, one byte more than is inspected, so that
//!    a longer body is known to be longer;
//! 3. asks [`Firewall::judge`], which counts for rate-based rules and keeps samples;
//! 4. obeys the [`Judgement`]: with `block` it ends the request, by the rule's own answer or, where that is none, by the
//!    resource's own 403; else it calls [`Judgement::apply_to`] on the headers that go on.
//!
//! A web ACL judges what the client sent, before any cache is looked at:
//! <https://docs.aws.amazon.com/waf/latest/developerguide/how-aws-waf-works-resources.html>

mod samples;
mod web_acl;

use std::{borrow::Cow, sync::Arc};

use bytes::Bytes;
use portcullis_firewall::{BlockResponse, BodyView, DecidedBy, Rates, RequestView, Verdict, VerdictAction};
use portcullis_model::{HeaderList, Timestamp};

use crate::{decision::Reason, http::Request};

pub use samples::SampleLog;
pub use web_acl::WebAclSnapshot;

/// What begins the names of the headers that web ACLs insert.
const INSERTED_PREFIX: &[u8] = b"x-amzn-waf-";

/// What all workers share to judge: the counters of rate-based rules, and samples of what was judged.
#[derive(Default)]
pub struct Firewall {
    rates: Rates,
    samples: SampleLog,
}

/// A request as a web ACL sees it.
pub(crate) struct Question<'a> {
    pub(crate) request: &'a Request,
    /// The path that the resource serves, percent-encoding untouched; the prefix of a path form is not part of it.
    pub(crate) path: &'a [u8],
    /// What was read of the body.
    pub(crate) body_read: &'a [u8],
    pub(crate) now: Timestamp,
}

/// What a web ACL says of a request.
#[derive(Debug)]
pub(crate) struct Judgement {
    /// Which rule decided, which only counted, which labels were given; for the trail.
    pub(crate) reason: Reason,
    /// The request ends here; with the rule's own answer if it has one.
    pub(crate) block: Option<Option<Arc<BlockResponse>>>,
    insert_headers: Vec<(Arc<str>, Arc<str>)>,
}

impl Firewall {
    /// Judges a request by a web ACL, counts it for rate-based rules, and keeps a sample where the rule wants one.
    pub(crate) fn judge(&self, web_acl: &WebAclSnapshot, question: &Question<'_>) -> Judgement {
        let request = question.request;
        // What is not text keeps its place and can equal nothing that a rule names.
        let text = |bytes: &'static str| Cow::Borrowed(bytes);
        let method = lossy(&request.method);
        let path = lossy(question.path);
        let query = request.query().map_or_else(|| text(""), lossy);
        let headers = with_host(request);
        let view = RequestView {
            method: &method,
            path: &path,
            query: &query,
            headers: &headers,
            body: BodyView {
                prefix: question.body_read,
                has_more: false,
            },
            source: request.peer.address.ip(),
            http_version: request.version.as_str(),
        };
        let verdict = web_acl.compiled().evaluate(&view, &self.rates, question.now);
        self.samples.keep(web_acl, &verdict, &view, question.now);
        let reason = reason(web_acl, &verdict);
        Judgement {
            reason,
            block: match verdict.action {
                VerdictAction::Allow => None,
                VerdictAction::Block(response) => Some(response),
            },
            insert_headers: verdict.insert_headers,
        }
    }

    /// Returns what was sampled, for `GetSampledRequests`.
    pub const fn samples(&self) -> &SampleLog {
        &self.samples
    }
}

impl Judgement {
    /// Puts what the web ACL inserts in the place of whatever the client sent under such names.
    pub(crate) fn apply_to(&self, headers: &mut HeaderList) {
        headers.retain(|name, _| !is_inserted(name));
        for (name, value) in &self.insert_headers {
            headers.push(
                Bytes::copy_from_slice(name.as_bytes()),
                Bytes::copy_from_slice(value.as_bytes()),
            );
        }
    }
}

fn lossy(bytes: &[u8]) -> Cow<'_, str> {
    String::from_utf8_lossy(bytes)
}

fn is_inserted(name: &[u8]) -> bool {
    name.get(..INSERTED_PREFIX.len())
        .is_some_and(|start| start.eq_ignore_ascii_case(INSERTED_PREFIX))
}

/// HTTP/2 has `:authority` where HTTP/1.1 has `Host`: rules look at `host` whatever the version.
fn with_host(request: &Request) -> Cow<'_, HeaderList> {
    if request.headers.get("host").is_some() || request.authority.is_empty() {
        return Cow::Borrowed(&request.headers);
    }
    let mut headers = request.headers.clone();
    headers.push("host", &*request.authority);
    Cow::Owned(headers)
}

fn reason(web_acl: &WebAclSnapshot, verdict: &Verdict) -> Reason {
    let is_plain = verdict.decided_by == DecidedBy::DefaultAction
        && !verdict.is_block()
        && verdict.counted.is_empty()
        && verdict.labels.is_empty();
    if is_plain {
        return web_acl.allowed_by_default().into();
    }
    let decided = match &verdict.decided_by {
        DecidedBy::DefaultAction => "the default action".to_owned(),
        DecidedBy::Rule(rule) => format!("rule `{}`", rule.display()),
    };
    let verb = if verdict.is_block() { "blocks" } else { "allows" };
    let mut text = format!("web ACL `{}`: {decided} {verb}", web_acl.compiled().name);
    for detail in &verdict.matched {
        // Which data gave it away is left out: it may be a password that looks like an attack.
        text.push_str(&format!(", {} in {}", detail.condition, detail.location));
        if let Some(field) = &detail.field {
            text.push_str(&format!(" `{}`", crate::decision::shown(field)));
        }
        text.push_str(&format!(" ({})", detail.evidence));
    }
    list(
        &mut text,
        "counted",
        verdict.counted.iter().map(|rule| rule.display()),
    );
    list(
        &mut text,
        "labels",
        verdict.labels.iter().map(|label| label.to_string()),
    );
    text.into()
}

fn list(text: &mut String, name: &str, items: impl Iterator<Item = String>) {
    let items: Vec<String> = items.collect();
    if !items.is_empty() {
        text.push_str(&format!("; {name}: {}", items.join(", ")));
    }
}
