//! Asks the web ACL of a distribution about a viewer's request, before the cache: what is kept is refused too once a rule
//! says so. A web ACL that is named and cannot be found refuses everything.
//!
//! <https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/distribution-web-awswaf.html>

use std::sync::Arc;

use portcullis_model::trail::Outcome;

use super::{Visit, pages::Page, snapshot::DistributionSnapshot};
use crate::{
    decision::LayerName,
    exchange::BodyNeed,
    firewall::Question,
    gateway::Worker,
    http::{BodyError, Response},
    pipeline::Journal,
    responses::gateway_responses::render_own,
};

/// Why a viewer's request ends here.
pub(super) enum Refused {
    Page(Page),
    /// The rule's own answer.
    Own(Box<Response>),
}

/// Judges the request; what it inserts goes into the viewer's fields.
pub(super) async fn judge(
    visit: &mut Visit,
    distribution: &DistributionSnapshot,
    worker: &Worker,
    journal: &mut Journal,
) -> Result<(), Refused> {
    let Some(arn) = &distribution.web_acl else {
        return Ok(());
    };
    let mut refuse = |reason: String, page| {
        journal.note(LayerName::Firewall, Outcome::Refuse, reason.into());
        Err(Refused::Page(page))
    };
    let Some(web_acl) = visit.snapshot.web_acl(arn).map(Arc::clone) else {
        let reason = format!("the web ACL `{arn}` of this distribution cannot be found");
        return refuse(reason, Page::Failed);
    };
    let body_read = match web_acl.body_need() {
        BodyNeed::None => bytes::Bytes::new(),
        BodyNeed::Prefix(wanted) | BodyNeed::Whole(wanted) => {
            match visit.request.body.read_prefix(wanted).await {
                Ok(read) => read,
                Err(cause @ BodyError::TooLarge { .. }) => {
                    return refuse(cause.to_string(), Page::BodyTooLarge);
                }
                Err(cause @ BodyError::NoRoom) => return refuse(cause.to_string(), Page::Failed),
                Err(cause) => return refuse(cause.to_string(), Page::BadRequest),
            }
        }
    };
    let judgement = worker.firewall().judge(
        &web_acl,
        &Question {
            request: &visit.request,
            path: visit.path(),
            body_read: &body_read,
            now: visit.arrival.started,
        },
    );
    judgement.apply_to(&mut visit.request.headers);
    match judgement.block {
        None => {
            journal.note(LayerName::Firewall, Outcome::Continue, judgement.reason);
            Ok(())
        }
        Some(own) => {
            journal.note(LayerName::Firewall, Outcome::Refuse, judgement.reason);
            Err(match own {
                Some(own) => Refused::Own(Box::new(render_own(&own))),
                None => Refused::Page(Page::Blocked),
            })
        }
    }
}
