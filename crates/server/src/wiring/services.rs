//! Services that `AWS` integrations call: an operation of control in the name of the integration's role. Work is done
//! on the control runtime, so that no worker thread waits for it.

use std::sync::Arc;

use portcullis_control::{
    AdminResponse, Control,
    operation::Subject,
    roles::{self, RoleCall, RoleUse},
};
use portcullis_gateway::ports::{ServiceAnswer, ServiceCall, ServiceFailure, ServiceResponse, Services};
use portcullis_model::{
    HeaderList,
    trail::{Outcome, Step},
};
use serde_json::json;
use tokio::runtime::Handle;

use super::outgoing::Outgoing;

/// As trust policies name API Gateway, and its session.
const PRINCIPAL: &str = "apigateway.amazonaws.com";
const SESSION: &str = "BackplaneAssumeRoleSession";

pub(super) struct RoleServices {
    pub(super) control: Control,
    pub(super) runtime: Handle,
    /// Services that are elsewhere.
    pub(super) outgoing: Option<Arc<Outgoing>>,
}

impl Services for RoleServices {
    fn call(&self, call: ServiceCall) -> ServiceAnswer {
        let control = self.control.clone();
        let outgoing = self.outgoing.clone();
        let outgoing = outgoing.filter(|outgoing| outgoing.has(&call.scope, &call.service));
        let work = self.runtime.spawn(async move {
            match outgoing {
                Some(outgoing) => answer_elsewhere(&control, &outgoing, call).await,
                None => answer(&control, call).await,
            }
        });
        Box::pin(async move {
            work.await
                .unwrap_or_else(|cause| Err(ServiceFailure::Failed(format!("the call failed: {cause}"))))
        })
    }
}

async fn answer(control: &Control, call: ServiceCall) -> Result<ServiceResponse, ServiceFailure> {
    let role_call = RoleCall {
        scope: call.scope,
        role_arn: call.role_arn.to_string(),
        principal: PRINCIPAL.to_owned(),
        source_arn: call.source_arn,
        session: SESSION.to_owned(),
        service: call.service.to_string(),
        action: call.action.to_string(),
        request_id: call.request_id,
        body: call.body,
    };
    // Whether there is such a role to act for is the API's own affair; what it may do is the service's answer.
    roles::assume(control.parts(), &role_call.role_use())
        .await
        .map_err(|error| ServiceFailure::NotAssumed(error.cause.unwrap_or(error.message)))?;
    let AdminResponse {
        status,
        headers,
        body,
        steps,
    } = control.call_in_role(role_call).await;
    Ok(ServiceResponse {
        status,
        headers,
        body,
        decisions: told(&steps),
    })
}

/// Calls a service that is elsewhere, if the role trusts API Gateway and allows the action. On which of the service's resources it
/// acts is the body's to say, which nobody here reads: the role must allow it on all.
async fn answer_elsewhere(
    control: &Control,
    outgoing: &Outgoing,
    call: ServiceCall,
) -> Result<ServiceResponse, ServiceFailure> {
    let role_use = RoleUse {
        scope: &call.scope,
        role_arn: &call.role_arn,
        principal: PRINCIPAL,
        source_arn: &call.source_arn,
        session: SESSION,
    };
    roles::assume(control.parts(), &role_use)
        .await
        .map_err(|error| ServiceFailure::NotAssumed(error.cause.unwrap_or(error.message)))?;
    let action = format!("{}:{}", call.service, call.action);
    let subject = Subject {
        arn: "*".to_owned(),
        context: Vec::new(),
    };
    match roles::authorize(control.parts(), &role_use, &action, &subject).await {
        Ok(reason) => {
            let mut answer = outgoing.call(&call.service, &call.action, call.body).await?;
            answer.decisions = format!("admission: {reason}; {}", answer.decisions);
            Ok(answer)
        }
        Err(error) => {
            let mut headers = HeaderList::new();
            headers.push("Content-Type", "application/x-amz-json-1.1");
            let body = json!({ "__type": error.code, "message": error.message });
            Ok(ServiceResponse {
                status: error.status,
                headers,
                body: body.to_string().into(),
                decisions: format!(
                    "admission refuse: {}",
                    error.cause.as_deref().unwrap_or(&error.message)
                ),
            })
        }
    }
}

/// `admission: …; events refuse: …`
fn told(steps: &[Step]) -> String {
    let steps = steps.iter().map(|step| {
        let refused = if step.outcome == Outcome::Refuse {
            " refuse"
        } else {
            ""
        };
        format!("{}{refused}: {}", step.layer, step.reason)
    });
    steps.collect::<Vec<_>>().join("; ")
}
