//! The canary of a stage: a second deployment, compiled like the first, which a share of the requests meets.
//!
//! <https://docs.aws.amazon.com/apigateway/latest/developerguide/canary-release.html>. Which requests is drawn at random, each
//! for itself. A tag of the stage lets clients choose, which is ours, not AWS's: whoever asks says which release he wants, and
//! every layer of that release then judges him as it judges others.

use std::sync::Arc;

use portcullis_model::{
    Problem, Scope,
    resources::apigateway::{Deployment, Stage},
};

use super::stage::{Release, StageSnapshot, compile_stage};
use crate::http::Request;

/// The tag that names what clients choose the release by: `header:NAME` or `cookie:NAME`, with the value `canary` or
/// `production`. Any other value is none.
pub const CANARY_TAG: &str = "portcullis:canary";
/// The longest name of the header or cookie, in bytes.
const NAME_BYTES_MAX: usize = 64;

/// What of a stage's requests goes elsewhere, and where.
pub(crate) struct Canary {
    pub(super) stage: Arc<StageSnapshot>,
    /// Of 2^32 requests, so many.
    share: u64,
    choice: Option<Choice>,
}

/// What a client chooses the release by.
enum Choice {
    Header(Box<str>),
    Cookie(Box<str>),
}

/// Compiles the canary of `stage` from its deployment, for [`StageSnapshot::with_canary`].
pub fn compile_canary(
    stage: &Stage,
    deployment: &Deployment,
    scope: &Scope,
) -> Result<StageSnapshot, Vec<Problem>> {
    let missing = || vec![Problem::error(None, "canarySettings", "the stage has no canary")];
    compile_stage(&stage.as_canary().ok_or_else(missing)?, deployment, scope)
}

impl StageSnapshot {
    /// Returns the stage with the canary that `stage` says, compiled.
    #[must_use]
    pub fn with_canary(mut self, stage: &Stage, mut compiled: Self) -> Self {
        compiled.release = Release::Canary;
        // What a stage lets through is one number, whichever of its deployments answers.
        compiled.throttles.keep_buckets_of(&self.throttles);
        compiled.cache.clone_from(&self.cache);
        compiled.counters.go_on(&self.counters);
        if stage
            .canary_settings
            .as_ref()
            .is_some_and(|canary| canary.use_stage_cache)
        {
            compiled.cache_release.clone_from(&self.cache_release);
        }
        self.canary = Canary::new(stage, compiled).map(Box::new);
        self.release = Release::Production;
        self
    }

    /// Goes on counting where `before` stopped.
    pub(super) fn keep_counts_of(&mut self, before: &Self) {
        self.throttles.keep_buckets_of(&before.throttles);
        self.counters.go_on(&before.counters);
        // A cluster of another size is another cluster, and empty.
        if let (Some(own), Some(kept)) = (&self.cache, &before.cache)
            && own.is_as_large_as(kept)
        {
            self.cache = Some(Arc::clone(kept));
        }
        let canary = self
            .canary
            .as_mut()
            .and_then(|canary| Arc::get_mut(&mut canary.stage));
        if let Some(canary) = canary {
            canary.cache.clone_from(&self.cache);
            if let Some(before) = &before.canary {
                canary.throttles.keep_buckets_of(&before.stage.throttles);
            }
            canary.throttles.keep_buckets_of(&self.throttles);
            canary.counters.go_on(&self.counters);
        }
    }
}

impl Canary {
    pub(super) fn new(stage: &Stage, compiled: StageSnapshot) -> Option<Self> {
        let percent = stage.canary_settings.as_ref()?.percent_traffic.clamp(0.0, 100.0);
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "it is from 0 to 2^32"
        )]
        let share = (percent / 100.0 * 4_294_967_296.0) as u64;
        Some(Self {
            stage: Arc::new(compiled),
            share,
            choice: compile_choice(stage.tags.get(CANARY_TAG).map(String::as_str))
                .ok()
                .flatten(),
        })
    }

    /// Returns the canary where the request `id` is for it: the client's choice, else what its id draws.
    pub(crate) fn takes(&self, request: &Request, id: u128) -> Option<&Arc<StageSnapshot>> {
        let chosen = self.choice.as_ref().and_then(|choice| choice.of(request));
        // The lowest word of an id is random from end to end.
        let drawn = u64::try_from(id & 0xffff_ffff).unwrap_or(u64::MAX) < self.share;
        chosen.unwrap_or(drawn).then_some(&self.stage)
    }
}

impl Choice {
    /// Tells whether the client chose the canary, or the other; none if it chose neither.
    fn of(&self, request: &Request) -> Option<bool> {
        let value = match self {
            Self::Header(name) => request.headers.get(name.as_bytes())?,
            Self::Cookie(name) => request
                .headers
                .all("cookie")
                .flat_map(|cookies| cookies.split(|byte| *byte == b';'))
                .find_map(|pair| {
                    pair.trim_ascii()
                        .strip_prefix(name.as_bytes())?
                        .strip_prefix(b"=")
                })?,
        };
        match value {
            b"canary" => Some(true),
            b"production" => Some(false),
            _ => None,
        }
    }
}

/// Reads the tag.
fn compile_choice(tag: Option<&str>) -> Result<Option<Choice>, String> {
    let Some(tag) = tag else { return Ok(None) };
    let fits = |name: &str| {
        (1..=NAME_BYTES_MAX).contains(&name.len())
            && name
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
    };
    match tag.split_once(':') {
        Some(("header", name)) if fits(name) => Ok(Some(Choice::Header(name.to_ascii_lowercase().into()))),
        Some(("cookie", name)) if fits(name) => Ok(Some(Choice::Cookie(name.into()))),
        _ => Err(format!(
            "`{tag}`: use `header:NAME` or `cookie:NAME`, the name of letters, digits, `-` and `_`, at most {NAME_BYTES_MAX}"
        )),
    }
}

/// Reports what is wrong with the tag.
pub(super) fn check_choice(stage: &Stage, problems: &mut Vec<Problem>) {
    if let Err(message) = compile_choice(stage.tags.get(CANARY_TAG).map(String::as_str)) {
        problems.push(Problem::error(None, format!("tags/{CANARY_TAG}"), message));
    }
}
