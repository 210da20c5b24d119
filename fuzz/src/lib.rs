//! What every parser of a stranger's bytes must hold, as functions that panic where it does not. Two drive them: libFuzzer
//! (`libfuzzer/`, a nightly compiler) and the generator in `tests/`, which every test run and CI can afford.

#![allow(
    clippy::panic,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a finding is a panic"
)]

mod bodies;
mod cloudformation;
mod documents;
mod firewall;
mod generator;
mod heads;
mod http2;
mod openapi;
mod seeds;
mod templates;

pub use generator::Generator;

/// A property, and examples to start from.
pub struct Target {
    pub name: &'static str,
    pub check: fn(&[u8]),
    pub seeds: fn() -> Vec<Vec<u8>>,
}

/// All of them; `libfuzzer/fuzz_targets` has a file for each.
pub const TARGETS: &[Target] = &[
    Target {
        name: "request_head",
        check: heads::request,
        seeds: seeds::requests,
    },
    Target {
        name: "answer_head",
        check: heads::answer,
        seeds: seeds::answers,
    },
    Target {
        name: "chunks",
        check: bodies::chunks,
        seeds: seeds::chunks,
    },
    Target {
        name: "http2",
        check: http2::session,
        seeds: seeds::frames,
    },
    Target {
        name: "proxy_protocol",
        check: bodies::proxy_protocol,
        seeds: seeds::proxy_protocol,
    },
    Target {
        name: "vtl",
        check: templates::vtl,
        seeds: seeds::templates,
    },
    Target {
        name: "json_path",
        check: templates::json_path,
        seeds: seeds::json_paths,
    },
    Target {
        name: "java_pattern",
        check: templates::java_pattern,
        seeds: seeds::patterns,
    },
    Target {
        name: "json_schema",
        check: documents::json_schema,
        seeds: seeds::schemas,
    },
    Target {
        name: "strict_json",
        check: documents::strict_json,
        seeds: seeds::json,
    },
    Target {
        name: "policy",
        check: documents::policy,
        seeds: seeds::policies,
    },
    Target {
        name: "jwt",
        check: documents::jwt,
        seeds: seeds::tokens,
    },
    Target {
        name: "es256",
        check: documents::es256,
        seeds: seeds::es256,
    },
    Target {
        name: "sigv4",
        check: documents::sigv4,
        seeds: seeds::signed_requests,
    },
    Target {
        name: "web_acl",
        check: firewall::web_acl,
        seeds: seeds::web_acls,
    },
    Target {
        name: "inspection",
        check: firewall::inspection,
        seeds: seeds::requests,
    },
    Target {
        name: "events",
        check: documents::events,
        seeds: seeds::event_patterns,
    },
    Target {
        name: "cloudformation",
        check: cloudformation::template,
        seeds: seeds::cloudformation,
    },
    Target {
        name: "openapi",
        check: openapi::document,
        seeds: seeds::openapi,
    },
    Target {
        name: "package",
        check: bodies::package,
        seeds: seeds::packages,
    },
];

/// Runs the property called `name` over `bytes`.
pub fn check(name: &str, bytes: &[u8]) {
    let target = TARGETS.iter().find(|target| target.name == name);
    (target.expect("a target of this name").check)(bytes);
}
