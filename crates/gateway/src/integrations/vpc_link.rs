//! VPC links: a backend that is whichever healthy server of an upstream has its turn. Where nobody is reached, nothing was
//! sent, and the next server is asked.
//!
//! <https://docs.aws.amazon.com/apigateway/latest/developerguide/private-integration.html>,
//! <https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-private.html>

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use portcullis_egress::{EgressError, Target, Timeouts};
use portcullis_model::resources::{apigateway::Integration, vpc_links::VpcLink};
use tokio::time::Instant;

use crate::{
    gateway::Worker,
    mapping::uri::resolve_variables,
    refusal::{Refusal, RefusalKind},
};

/// Servers that one request is tried on, at most.
const ATTEMPTS_MAX: usize = 3;

/// What stands behind a link.
pub(super) struct Link {
    /// The upstream's ARN.
    upstream: Arc<str>,
    /// Whether the server is told the host that the caller asked for, as HTTP APIs do.
    pub(super) passes_host: bool,
}

impl Link {
    /// Returns the link that `integration` goes through, if it does: its connection is the target's ARN by now.
    pub(super) fn of(integration: &Integration) -> Option<Self> {
        integration.connection_id.as_deref().map(|upstream| Self {
            upstream: upstream.into(),
            passes_host: false,
        })
    }

    /// Calls one server after another until one is reached; the error says of which the last was.
    pub(super) async fn reach<T>(
        &self,
        target: &Target,
        timeouts: &Timeouts,
        worker: &Worker,
        mut call: impl AsyncFnMut(&Target, &Timeouts) -> Result<T, EgressError>,
    ) -> Result<Result<T, EgressError>, Refusal> {
        let refuse = |cause: String| Refusal::new(RefusalKind::IntegrationFailure, cause);
        let arn = &self.upstream;
        let Some(upstream) = worker.upstreams().of(arn) else {
            return Err(refuse(format!("the configuration names no servers for `{arn}`")));
        };
        let started = Instant::now();
        let servers: Vec<_> = upstream.turn().take(ATTEMPTS_MAX).collect();
        let mut left = u32::try_from(servers.len()).unwrap_or(u32::MAX);
        let mut outcome = Err(refuse(format!("no server of `{arn}` is healthy")));
        for address in servers {
            let remaining = timeouts.answer.saturating_sub(started.elapsed());
            if remaining.is_zero() {
                break;
            }
            let limits = Timeouts {
                connect: timeouts.connect.min(share(remaining, left)),
                ..Timeouts::within(remaining)
            };
            left = left.saturating_sub(1);
            let place = Target {
                address: Some(address),
                ..target.clone()
            };
            match call(&place, &limits).await {
                Err(cause) if cause.is_before_sending() => outcome = Ok(Err(cause)),
                ended => return Ok(ended),
            }
        }
        outcome
    }
}

fn share(remaining: Duration, left: u32) -> Duration {
    remaining.checked_div(left).unwrap_or(remaining)
}

/// The links of an account, for the integrations of a stage.
pub(crate) struct Links<'a> {
    links: &'a [VpcLink],
    variables: &'a BTreeMap<String, String>,
}

impl<'a> Links<'a> {
    /// Returns those of an image, for a stage with `variables`.
    pub(crate) const fn of(links: &'a [VpcLink], variables: &'a BTreeMap<String, String>) -> Self {
        Self { links, variables }
    }

    /// Returns `integration` with the target of its link in place of the link; none where it has none.
    pub(crate) fn resolve(&self, integration: &Integration) -> Result<Option<Integration>, String> {
        let Some(id) = &integration.connection_id else {
            return Ok(None);
        };
        let id = resolve_variables(id, self.variables)?;
        let link = self.links.iter().find(|link| link.id == id);
        let link = link.ok_or_else(|| format!("there is no VPC link `{id}`"))?;
        Ok(Some(Integration {
            connection_id: Some(link.target_arn.clone()),
            ..integration.clone()
        }))
    }
}
