//! One admin call from bytes to bytes: which service, who calls, which operation, may he, do it, say it.

use std::time::Instant;

use bytes::Bytes;
use portcullis_engines::sigv4::{self, SignableRequest};
use portcullis_model::{
    HeaderList, RequestId,
    trail::{Outcome, Step, Trail},
};
use serde_json::Value;

use crate::{
    AdminListener, AdminRequest, AdminResponse, AwsError, BODY_BYTES_MAX, ControlParts,
    admission::{self, Admitted},
    operation::{Access, Call, Caller, Notes, Operation, Protocol, Service},
    protocol::{
        WireAnswer, WireCall, bindings, json_1_1, query_xml,
        rest_json::{self, RestRequest},
        rest_xml,
        shape::Shape,
    },
    services,
};

/// Answers `request` and records its trail.
pub(crate) async fn handle(parts: &ControlParts, request: AdminRequest) -> AdminResponse {
    let started = Instant::now();
    let now = parts.clock.now();
    let request_id = RequestId::from(parts.entropy.uuid());
    let mut steps = Vec::with_capacity(2);
    let service = find_service(&request);
    let answer = if request.method == "OPTIONS" && may_cross_origins(service) {
        preflight()
    } else {
        match answer(parts, service, &request, &request_id, &mut steps).await {
            Ok(answer) => answer,
            Err(error) => serialise_error(service, &error, request_id.as_str()),
        }
    };
    let mut headers = answer.headers;
    if !answer.body.is_empty() {
        headers.push("Content-Type", answer.content_type.into_owned());
    }
    headers.push("x-amzn-RequestId", request_id.to_string());
    if may_cross_origins(service) && request.headers.get("origin").is_some() {
        headers.push("Access-Control-Allow-Origin", "*");
        headers.push(
            "Access-Control-Expose-Headers",
            "x-amzn-RequestId,x-amzn-ErrorType,x-amzn-ErrorMessage,Date",
        );
    }
    let is_about_trails = service.is_some_and(|service| service.name == "portcullis");
    if request.listener == AdminListener::Admin && !is_about_trails {
        parts.trails.record(Trail {
            request_id,
            started: now,
            listener: request.listener.as_str().into(),
            source: request.source.to_string(),
            host: request.headers.text("host").unwrap_or_default().to_owned(),
            method: request.method,
            path: request.path,
            steps: steps.clone(),
            status: answer.status,
            elapsed_ns: nanoseconds(started),
        });
    }
    AdminResponse {
        status: answer.status,
        headers,
        body: answer.body,
        steps,
    }
}

async fn answer(
    parts: &ControlParts,
    service: Option<&'static Service>,
    request: &AdminRequest,
    request_id: &RequestId,
    steps: &mut Vec<Step>,
) -> Result<WireAnswer, AwsError> {
    let started = Instant::now();
    let admitted = admit(parts, service, request, request_id).await;
    let (service, call) = match admitted {
        Ok((service, operation, call, reason)) => {
            steps.push(step("admission", Outcome::Continue, reason, started));
            (service, (operation, call))
        }
        Err(error) => {
            steps.push(step("admission", Outcome::Refuse, reason_of(&error), started));
            return Err(error);
        }
    };
    let (operation, owned) = call;
    perform(service, operation, &owned.call(parts, request, request_id), steps).await
}

/// Does what the call asks for, which was admitted.
async fn perform(
    service: &Service,
    operation: &Operation,
    call: &Call<'_>,
    steps: &mut Vec<Step>,
) -> Result<WireAnswer, AwsError> {
    let started = Instant::now();
    let outcome = (operation.call)(call).await;
    steps.extend(call.notes.take());
    match &outcome {
        Ok(_) => steps.push(step(
            "operation",
            Outcome::Continue,
            operation.name.to_owned(),
            started,
        )),
        Err(error) => {
            let reason = format!("{}: {}", operation.name, reason_of(error));
            steps.push(step("operation", Outcome::Refuse, reason, started));
        }
    }
    let output = outcome?;
    if changes_configuration(operation) {
        let sequence = call.parts.store.sequence().await?;
        call.parts.published.caught_up(sequence).await;
    }
    Ok(serialise(service, operation, &output, call.request_id.as_str()))
}

/// What a call borrows from.
struct OwnedCall {
    caller: Caller,
    scope: portcullis_model::Scope,
    wire: WireCall,
    notes: Notes,
}

impl OwnedCall {
    fn call<'a>(
        &'a self,
        parts: &'a ControlParts,
        request: &'a AdminRequest,
        request_id: &'a RequestId,
    ) -> Call<'a> {
        Call {
            parts,
            scope: &self.scope,
            caller: &self.caller,
            input: &self.wire.input,
            source: request.source,
            secure: request.secure,
            now: parts.clock.now(),
            request_id,
            user_agent: request.headers.text("user-agent"),
            notes: &self.notes,
        }
    }
}

/// Signature, operation, permission, members; in this order.
async fn admit(
    parts: &ControlParts,
    service: Option<&'static Service>,
    request: &AdminRequest,
    request_id: &RequestId,
) -> Result<(&'static Service, &'static Operation, OwnedCall, String), AwsError> {
    let Some(service) = service else {
        return Err(no_service(request));
    };
    let presented = admission::presented(service, request)?;
    let is_open = names_unsigned_operation(service, request);
    // A stranger's body is not even read unless the operation is open to strangers.
    if presented.is_none() && !is_open {
        return Err(match target_operation(service, request) {
            Some(name) if services::cognito_idp::UNSIGNED_NOT_YET.contains(&name) => {
                unknown_operation(service, name)
            }
            _ => admission::missing_signature(service),
        });
    }
    check_length(request, presented.is_some())?;
    let admitted = match &presented {
        Some(presented) => Some(admission::authenticate(parts, service, request, presented).await?),
        None => None,
    };
    let wire = parse(service, request)?;
    let Some(operation) = wire
        .operation
        .filter(|_| is_open || request.listener != AdminListener::Public)
    else {
        return Err(unknown_operation(service, &wire.name));
    };
    let Admitted { caller, scope } = admitted.unwrap_or_else(|| Admitted {
        caller: Caller::Anonymous,
        scope: parts.scope.clone(),
    });
    let owned = OwnedCall {
        caller,
        scope,
        wire,
        notes: Notes::default(),
    };
    let reason =
        admission::authorize(service, &owned.call(parts, request, request_id), operation.access).await?;
    check_members(service, operation, &owned.wire)?;
    Ok((service, operation, owned, reason))
}

/// Tells whether the call, by its target, is of an operation that AWS models as unsigned.
fn names_unsigned_operation(service: &Service, request: &AdminRequest) -> bool {
    target_operation(service, request)
        .and_then(|name| service.operation(name))
        .is_some_and(|operation| matches!(operation.access, Access::Unsigned))
}

/// Returns the operation that the call's target names.
fn target_operation<'a>(service: &Service, request: &'a AdminRequest) -> Option<&'a str> {
    let Protocol::Json11 { target_prefix } = service.protocol else {
        return None;
    };
    let target = request.headers.text("x-amz-target")?;
    target.strip_prefix(target_prefix)?.strip_prefix('.')
}

/// The longest body of a call that nobody has signed.
const UNSIGNED_BODY_BYTES_MAX: usize = 128 << 10;

fn check_length(request: &AdminRequest, is_signed: bool) -> Result<(), AwsError> {
    let max = if is_signed {
        BODY_BYTES_MAX
    } else {
        UNSIGNED_BODY_BYTES_MAX
    };
    if request.body.len() <= max {
        return Ok(());
    }
    let message = format!("the body has more than {max} bytes");
    Err(AwsError::new("RequestEntityTooLargeException", 413, message))
}

/// Says no to a call of something that is not served here. Whether its signature is good is not told.
fn no_service(request: &AdminRequest) -> AwsError {
    let cause = "neither target, host, signature, path nor action name a service that is served here";
    let is_signed =
        request.headers.get("authorization").is_some() || request.query.contains("X-Amz-Signature=");
    if is_signed {
        let message = "the service that this call is for is not served here";
        return AwsError::new("UnknownOperationException", 404, message).because(cause);
    }
    AwsError::new(
        "MissingAuthenticationTokenException",
        403,
        "Missing Authentication Token",
    )
    .because(cause)
}

/// Finds the service that a request is for: by its target, its host, its signature, its path, its action. Where
/// the signature is for another service than the target or host, it will be refused for that.
fn find_service(request: &AdminRequest) -> Option<&'static Service> {
    // REST APIs and HTTP APIs share a name; the path tells them apart.
    let by_name = |name: &str| {
        let named = || {
            services::ALL
                .iter()
                .copied()
                .filter(move |service| service.name == name)
        };
        named()
            .find(|service| rest_json::serves(service, &request.method, &request.path))
            .or_else(|| named().next())
    };
    if let Some(target) = request.headers.text("x-amz-target") {
        return services::ALL.iter().copied().find(|service| {
            matches!(service.protocol, Protocol::Json11 { target_prefix }
                if target.strip_prefix(target_prefix).is_some_and(|rest| rest.starts_with('.')))
        });
    }
    let host = request.headers.text("host").unwrap_or_default();
    if let Some(service) = host.split('.').next().and_then(by_name) {
        return Some(service);
    }
    let signable = SignableRequest {
        method: &request.method,
        path: &request.path,
        query: &request.query,
        headers: &request.headers,
    };
    if let Ok(Some(presented)) = sigv4::parse(&signable) {
        return by_name(&presented.service);
    }
    if request.path != "/" {
        return services::ALL
            .iter()
            .copied()
            .find(|service| match service.protocol {
                Protocol::RestJson => rest_json::serves(service, &request.method, &request.path),
                Protocol::RestXml { .. } => rest_xml::serves(service, &request.method, &request.path),
                _ => false,
            });
    }
    let body = request
        .body
        .get(..UNSIGNED_BODY_BYTES_MAX)
        .unwrap_or(&request.body);
    services::ALL.iter().copied().find(|service| {
        matches!(service.protocol, Protocol::Query { .. })
            && query_xml::parse(service, &request.query, body).is_ok_and(|wire| wire.operation.is_some())
    })
}

fn parse(service: &'static Service, request: &AdminRequest) -> Result<WireCall, AwsError> {
    match service.protocol {
        Protocol::Json11 { .. } if request.method != "POST" => {
            Err(unknown_operation(service, &request.method))
        }
        Protocol::Json11 { target_prefix } => {
            let target = request.headers.text("x-amz-target").unwrap_or_default();
            json_1_1::parse(service, target_prefix, target, &request.body)
        }
        Protocol::RestJson => rest_json::parse(service, &rest_request(request)),
        Protocol::RestXml { .. } => rest_xml::parse(service, &rest_request(request)),
        Protocol::Query { .. } => query_xml::parse(service, &request.query, &request.body),
    }
}

fn rest_request(request: &AdminRequest) -> RestRequest<'_> {
    RestRequest {
        method: &request.method,
        path: &request.path,
        query: &request.query,
        headers: &request.headers,
        body: &request.body,
    }
}

fn check_members(service: &Service, operation: &Operation, wire: &WireCall) -> Result<(), AwsError> {
    let Some(unknown) = wire
        .input
        .keys()
        .find(|member| !operation.members.contains(&member.as_str()))
    else {
        return Ok(());
    };
    let message = format!(
        "`{unknown}` is not supported in {}: remove it, this server would not act on it",
        operation.name
    );
    Err(match service.protocol {
        Protocol::Json11 { .. } if service.name == "wafv2" => {
            AwsError::new("WAFInvalidParameterException", 400, message)
        }
        Protocol::Json11 { .. } => AwsError::new("InvalidParameterException", 400, message),
        Protocol::RestJson => AwsError::new("BadRequestException", 400, message),
        Protocol::RestXml { .. } => AwsError::new("InvalidArgument", 400, message),
        Protocol::Query { .. } => AwsError::validation(message),
    })
}

fn unknown_operation(service: &Service, name: &str) -> AwsError {
    match service.protocol {
        Protocol::Json11 { .. } => AwsError::new(
            "UnknownOperationException",
            400,
            format!("Unknown operation: {name}"),
        ),
        Protocol::RestJson | Protocol::RestXml { .. } => AwsError::new(
            "UnknownOperationException",
            404,
            format!("Unknown operation: {name}"),
        ),
        Protocol::Query { version, .. } => AwsError::new(
            "InvalidAction",
            400,
            format!("Could not find operation {name} for version {version}"),
        ),
    }
}

fn has_unsigned(service: &Service) -> bool {
    service
        .operations
        .iter()
        .any(|operation| matches!(operation.access, Access::Unsigned))
}

/// Browsers call the operations that AWS models as unsigned from any page.
fn may_cross_origins(service: Option<&Service>) -> bool {
    service.is_none_or(has_unsigned)
}

fn preflight() -> WireAnswer {
    let mut headers = HeaderList::new();
    headers.push("Access-Control-Allow-Methods", "POST, OPTIONS");
    headers.push(
        "Access-Control-Allow-Headers",
        "content-type,x-amz-target,x-amz-user-agent,cache-control,amz-sdk-invocation-id,amz-sdk-request,x-amz-date,authorization",
    );
    headers.push("Access-Control-Max-Age", "600");
    WireAnswer {
        status: 200,
        content_type: "text/plain".into(),
        body: Bytes::new(),
        headers,
    }
}

fn changes_configuration(operation: &Operation) -> bool {
    matches!(
        operation.access,
        Access::Signed { .. } | Access::SignedOnFound { .. }
    ) && !["Get", "List", "Describe", "Validate", "Check", "Test"]
        .iter()
        .any(|prefix| operation.name.starts_with(prefix))
        && !["Invoke", "PutEvents"].contains(&operation.name)
}

fn serialise(service: &Service, operation: &Operation, output: &Value, request_id: &str) -> WireAnswer {
    match (service.protocol, &operation.route) {
        (Protocol::Query { namespace, .. }, _) => {
            query_xml::serialise(namespace, operation.name, &Shape::Any, output, request_id)
        }
        (Protocol::RestXml { namespace }, Some(route)) => {
            rest_xml::serialise(namespace, route.status, output)
        }
        (Protocol::RestJson, Some(route)) => {
            rest_json::serialise(route.status, &bindings::output(operation.name), output)
        }
        _ => json_1_1::serialise(&Shape::Any, output),
    }
}

fn serialise_error(service: Option<&Service>, error: &AwsError, request_id: &str) -> WireAnswer {
    match service.map(|service| service.protocol) {
        Some(Protocol::Query { namespace, .. } | Protocol::RestXml { namespace }) => {
            // The Query services' own spelling of what all protocols share.
            let code = match error.code {
                "AccessDeniedException" => "AccessDenied",
                "ConcurrentModificationException" => "ConcurrentModification",
                "RequestEntityTooLargeException" => "RequestEntityTooLarge",
                other => other,
            };
            query_xml::serialise_error(
                namespace,
                &AwsError {
                    code,
                    ..error.clone()
                },
                request_id,
            )
        }
        Some(Protocol::RestJson) => rest_json::serialise_error(error),
        _ => json_1_1::serialise_error(error),
    }
}

fn reason_of(error: &AwsError) -> String {
    match &error.cause {
        Some(cause) => format!("{}: {cause}", error.code),
        None => format!("{}: {}", error.code, error.message),
    }
}

fn step(layer: &'static str, outcome: Outcome, reason: String, started: Instant) -> Step {
    Step {
        layer: layer.into(),
        outcome,
        reason: reason.into(),
        elapsed_ns: nanoseconds(started),
    }
}

fn nanoseconds(started: Instant) -> u64 {
    u64::try_from(started.elapsed().as_nanos()).unwrap_or(u64::MAX)
}

mod in_role;
#[cfg(test)]
mod matrix;
#[cfg(test)]
mod tests;

pub(crate) use in_role::call_in_role;
