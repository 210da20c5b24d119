//! A call of an operation in a role's name: no signature, but the same permission, members and answer.

use std::{
    net::{IpAddr, Ipv4Addr},
    time::Instant,
};

use portcullis_model::{
    RequestId,
    trail::{Outcome, Step},
};

use super::{OwnedCall, check_members, perform, reason_of, serialise_error, step, unknown_operation};
use crate::{
    AdminResponse, AwsError, ControlParts, admission,
    operation::{Call, Notes, Protocol, Service},
    protocol::{WireAnswer, WireCall, json_1_1, query_xml},
    roles::{self, RoleCall},
    services,
};

/// Answers a call in a role's name. Nothing is recorded here: the steps go into the trail of what made the call.
pub(crate) async fn call_in_role(parts: &ControlParts, call: RoleCall) -> AdminResponse {
    let mut steps = Vec::with_capacity(2);
    let service = services::ALL.iter().find(|service| service.name == call.service);
    let service = service.copied();
    let answer = match answer_in_role(parts, service, &call, &mut steps).await {
        Ok(answer) => answer,
        Err(error) => serialise_error(service, &error, call.request_id.as_str()),
    };
    let mut headers = answer.headers;
    if !answer.body.is_empty() {
        headers.push("Content-Type", answer.content_type.into_owned());
    }
    headers.push("x-amzn-RequestId", call.request_id.to_string());
    AdminResponse {
        status: answer.status,
        headers,
        body: answer.body,
        steps,
    }
}

async fn answer_in_role(
    parts: &ControlParts,
    service: Option<&'static Service>,
    role_call: &RoleCall,
    steps: &mut Vec<Step>,
) -> Result<WireAnswer, AwsError> {
    let started = Instant::now();
    let admitted = async {
        let service = service.ok_or_else(|| {
            let message = format!("the service `{}` is not served here", role_call.service);
            AwsError::new("UnknownOperationException", 404, message)
        })?;
        let caller = roles::assume(parts, &role_call.role_use()).await?;
        let wire = parse_in_role(service, role_call)?;
        let operation = wire
            .operation
            .ok_or_else(|| unknown_operation(service, &wire.name))?;
        let owned = OwnedCall {
            caller,
            scope: role_call.scope.clone(),
            wire,
            notes: Notes::default(),
        };
        let call = owned.call_in_role(parts, &role_call.request_id);
        let reason = admission::authorize(service, &call, operation.access).await?;
        check_members(service, operation, &owned.wire)?;
        Ok((service, operation, owned, reason))
    };
    match admitted.await {
        Ok((service, operation, owned, reason)) => {
            steps.push(step("admission", Outcome::Continue, reason, started));
            let call = owned.call_in_role(parts, &role_call.request_id);
            perform(service, operation, &call, steps).await
        }
        Err(error) => {
            steps.push(step("admission", Outcome::Refuse, reason_of(&error), started));
            Err(error)
        }
    }
}

fn parse_in_role(service: &'static Service, call: &RoleCall) -> Result<WireCall, AwsError> {
    match service.protocol {
        Protocol::Json11 { target_prefix } => {
            let target = format!("{target_prefix}.{}", call.action);
            json_1_1::parse(service, target_prefix, &target, &call.body)
        }
        // The action stands first, and is a word: nothing can choose another operation.
        Protocol::Query { .. } if call.action.bytes().all(|byte| byte.is_ascii_alphanumeric()) => {
            query_xml::parse(service, &format!("Action={}", call.action), &call.body)
        }
        Protocol::Query { .. } | Protocol::RestJson | Protocol::RestXml { .. } => {
            Err(unknown_operation(service, &call.action))
        }
    }
}

impl OwnedCall {
    /// A call that a service of ours makes: no network is between.
    fn call_in_role<'a>(&'a self, parts: &'a ControlParts, request_id: &'a RequestId) -> Call<'a> {
        Call {
            parts,
            scope: &self.scope,
            caller: &self.caller,
            input: &self.wire.input,
            source: IpAddr::V4(Ipv4Addr::LOCALHOST),
            secure: true,
            now: parts.clock.now(),
            request_id,
            user_agent: None,
            notes: &self.notes,
        }
    }
}
