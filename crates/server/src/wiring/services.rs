//! Services that `AWS` integrations call: an operation of control in the name of the integration's role. Work is done
//! on the control runtime, so that no worker thread waits for it.

use portcullis_control::{
    AdminResponse, Control,
    roles::{self, RoleCall},
};
use portcullis_gateway::ports::{ServiceAnswer, ServiceCall, ServiceFailure, ServiceResponse, Services};
use portcullis_model::trail::{Outcome, Step};
use tokio::runtime::Handle;

/// As trust policies name API Gateway, and its session.
const PRINCIPAL: &str = "apigateway.amazonaws.com";
const SESSION: &str = "BackplaneAssumeRoleSession";

pub(super) struct RoleServices {
    pub(super) control: Control,
    pub(super) runtime: Handle,
}

impl Services for RoleServices {
    fn call(&self, call: ServiceCall) -> ServiceAnswer {
        let control = self.control.clone();
        let work = self.runtime.spawn(async move { answer(&control, call).await });
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
