//! Tokens that are sent once each: a user pool's (RS256), and those of an issuer of the bench's own (ES256). Envoy keeps no
//! tokens here: a cache that never hits would only cost it.

use std::sync::Arc;

use anyhow::Result;

use super::contest::Contest;
use super::elliptic;
use super::options::Options;
use super::scenarios::{Stage, To, request};

/// The path of Envoy that takes a pool's tokens without keeping them.
pub(super) const RSA_PATH: &str = "unseen";

/// How the tokens of one kind are sent.
struct Way<'a> {
    /// In the rows' names.
    kind: &'static str,
    ours: &'a dyn Fn(&str) -> Result<Vec<u8>>,
    theirs: &'static str,
}

/// Tokens of the pool.
pub(super) fn rsa(stage: &Stage, options: &Options) -> Result<Contest> {
    let way = Way {
        kind: "RS256",
        ours: &|token| stage.ours("guarded", Some(token)),
        theirs: RSA_PATH,
    };
    contest(stage, options, "A token never seen", &stage.tokens, &way)
}

/// Tokens of the bench's own issuer.
pub(super) fn elliptic(stage: &Stage, options: &Options) -> Result<Contest> {
    let server = stage.server()?;
    let host = server.host(&server.output(&elliptic::api_output())?);
    let path = format!("/prod/{}", elliptic::PATH);
    let way = Way {
        kind: "ES256",
        ours: &|token| Ok(request(&host, &path, Some(token))),
        theirs: elliptic::PATH,
    };
    let name = "A token never seen, of a P-256 key";
    contest(stage, options, name, &stage.elliptic_tokens, &way)
}

/// How many tokens a contest needs: one to warm up with, and a slice a half round.
pub(super) fn tokens(options: &Options) -> usize {
    options.tokens * options.rounds * 2 + 1
}

fn contest(
    stage: &Stage,
    options: &Options,
    name: &'static str,
    tokens: &[String],
    way: &Way<'_>,
) -> Result<Contest> {
    let (known, fresh) = tokens
        .split_first()
        .map_or(("", tokens), |(known, fresh)| (known, fresh));
    let slices = |make: &dyn Fn(&str) -> Result<Vec<u8>>| -> Result<Vec<Arc<[Vec<u8>]>>> {
        fresh
            .chunks(options.tokens)
            .map(|tokens| tokens.iter().map(|token| make(token)).collect())
            .collect()
    };
    let to = To::Portcullis(stage.server()?);
    let plain = vec![stage.ours("plain", None)?];
    let ours = format!("Portcullis, {} never seen", way.kind);
    let mut ours = stage.contestant(&ours, to, vec![(way.ours)(known)?], options);
    ours.slices = slices(way.ours)?;
    let mut contestants = vec![stage.contestant("Portcullis, plain", to, plain, options), ours];
    if let Some(envoy) = &stage.envoy {
        let theirs = |token: &str| Ok(request("bench", &format!("/{}", way.theirs), Some(token)));
        let name = format!("Envoy, {} never seen", way.kind);
        let mut contestant = stage.contestant(&name, To::Envoy(envoy), vec![theirs(known)?], options);
        contestant.slices = slices(&theirs)?;
        contestants.push(contestant);
    }
    Ok(Contest {
        name,
        explanation: format!(
            "{}, each of {} tokens per half round is sent once; Envoy's `jwt_authn` without its cache, and without a \
             look at scope and audience.",
            way.kind, options.tokens
        ),
        contestants,
    })
}
