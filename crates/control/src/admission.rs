//! Who may call an operation: signature first, before the operation is even looked up, then permission.
//! One path for every service; what fails here is refused in the service's own error names.

use std::collections::BTreeMap;

use portcullis_engines::{
    iam::{AccessRequest, Context, Policy, Verdict, evaluate},
    sigv4::{self, Options, Presented, SignableRequest},
};
use portcullis_model::{
    Scope,
    resources::iam::{Role, User},
};
use portcullis_store::{RecordKey, kinds, typed};

use crate::{
    AdminRequest, AwsError, ControlParts,
    credentials::{self, FoundAccessKey},
    operation::{Access, Call, Caller, Protocol, Service, Subject},
    roles,
};

/// Somebody who signed, and where he is at home.
#[derive(Debug)]
pub struct Admitted {
    pub caller: Caller,
    pub scope: Scope,
}

/// Finds the signature that `request` claims to have. Nothing is checked yet.
pub fn presented(service: &Service, request: &AdminRequest) -> Result<Option<Presented>, AwsError> {
    sigv4::parse(&signable(request)).map_err(|error| refusal(service, &error))
}

/// Checks the signature that [`presented`] found.
pub async fn authenticate(
    parts: &ControlParts,
    service: &Service,
    request: &AdminRequest,
    presented: &Presented,
) -> Result<Admitted, AwsError> {
    presented
        .check_scope(region_of(parts, service, presented), &[service.name])
        .map_err(|error| refusal(service, &error))?;
    let found = find_key(parts, service, presented).await?;
    let (now, options) = (parts.clock.now(), Options::default());
    sigv4::verify(
        &signable(request),
        presented,
        &found.secret,
        &request.body,
        now,
        &options,
    )
    .map_err(|error| refusal(service, &error))?;
    let caller = caller_of(parts, service, &found).await?;
    let scope = Scope {
        account: found.scope.account,
        region: parts.scope.region.clone(),
    };
    Ok(Admitted { caller, scope })
}

/// Services without regions, which clients sign for [`GLOBAL_REGION`] wherever they are.
const GLOBAL_SERVICES: [&str; 3] = ["cloudfront", "iam", "sts"];
const GLOBAL_REGION: &str = "us-east-1";

/// Returns the region that a signature must be for.
fn region_of<'a>(parts: &'a ControlParts, service: &Service, presented: &Presented) -> &'a str {
    if GLOBAL_SERVICES.contains(&service.name) && presented.region == GLOBAL_REGION {
        return GLOBAL_REGION;
    }
    parts.scope.region.as_str()
}

fn signable(request: &AdminRequest) -> SignableRequest<'_> {
    SignableRequest {
        method: &request.method,
        path: &request.path,
        query: &request.query,
        headers: &request.headers,
    }
}

fn refusal(service: &Service, error: &sigv4::SigV4Error) -> AwsError {
    let code = if is_query(service) {
        error.query_code()
    } else {
        error.json_code()
    };
    AwsError::new(code, refused_status(service), error.message()).because(format!("signature: {error}"))
}

/// Services of JSON 1.1 answer 400 to whatever is wrong with a call, the others 403 to whoever may not.
const fn refused_status(service: &Service) -> u16 {
    match service.protocol {
        Protocol::Json11 { .. } => 400,
        Protocol::RestJson | Protocol::RestXml { .. } | Protocol::Query { .. } => 403,
    }
}

async fn find_key(
    parts: &ControlParts,
    service: &Service,
    presented: &Presented,
) -> Result<FoundAccessKey, AwsError> {
    let unknown = |cause: &str| unknown_token(service).because(cause.to_owned());
    if presented.session_token.is_some() {
        return Err(unknown("session tokens are not issued here"));
    }
    let found = credentials::find(parts.store.as_ref(), &parts.vault, &presented.access_key_id)
        .await?
        .ok_or_else(|| unknown("no such access key"))?;
    if found.record.status != "Active" {
        return Err(unknown("the access key is inactive"));
    }
    Ok(found)
}

async fn caller_of(
    parts: &ControlParts,
    service: &Service,
    found: &FoundAccessKey,
) -> Result<Caller, AwsError> {
    let access_key_id = found.record.access_key_id.to_string();
    let Some(user_name) = &found.record.user_name else {
        return Ok(Caller::Root { access_key_id });
    };
    let user = read_user(parts, &found.scope, user_name)
        .await?
        .ok_or_else(|| unknown_token(service).because("the access key's user is gone"))?;
    Ok(Caller::User {
        access_key_id,
        user_name: user.user_name,
        path: user.path,
        user_id: user.user_id,
    })
}

async fn read_user(parts: &ControlParts, scope: &Scope, user_name: &str) -> Result<Option<User>, AwsError> {
    let key = RecordKey::new(scope, kinds::IAM_USER, user_name);
    Ok(typed::read_json::<User>(parts.store.as_ref(), &key)
        .await?
        .map(|found| found.value))
}

/// Checks that the caller may make this call, and says by what.
pub async fn authorize(service: &Service, call: &Call<'_>, access: Access) -> Result<String, AwsError> {
    judge(service, call, access).await.map_err(|error| AwsError {
        status: refused_status(service),
        ..error
    })
}

async fn judge(service: &Service, call: &Call<'_>, access: Access) -> Result<String, AwsError> {
    let (action, subject) = match access {
        Access::Unsigned => {
            return Ok("the operation is open to everybody; it checks what it is given".into());
        }
        Access::AnySigned => return Ok("every signed caller may call it".into()),
        Access::Signed { action, resource } => (
            action,
            Subject {
                arn: resource(call),
                context: Vec::new(),
            },
        ),
        Access::SignedOnFound { action, resource } => (action, resource(call).await?),
    };
    authorize_on(service, call, action, &subject).await
}

/// Checks that the caller has the permission `action` on one resource, and says by what.
pub async fn authorize_on(
    service: &Service,
    call: &Call<'_>,
    action: &str,
    subject: &Subject,
) -> Result<String, AwsError> {
    match call.caller {
        Caller::Anonymous => Err(missing_signature(service)),
        Caller::Root { .. } => Ok(format!("the account's own key may call {action}")),
        Caller::User {
            user_name, user_id, ..
        } => {
            let user = read_user(call.parts, call.scope, user_name).await?;
            let user = user.ok_or_else(|| gone(call, action, &subject.arn, "the user is gone"))?;
            let arn = call.caller.arn(call.scope);
            let mut context = call_context(call);
            context.set("aws:username", user.user_name.as_str());
            context.set("aws:userid", user_id.as_str());
            context.set("aws:PrincipalArn", arn.as_str());
            context.set("aws:PrincipalAccount", call.scope.account.as_str());
            context.set("aws:PrincipalType", "User");
            evaluate_caller(&arn, &user.policies, context, action, subject)
        }
        Caller::Role {
            role_name, session, ..
        } => {
            let key = RecordKey::new(call.scope, kinds::IAM_ROLE, role_name.as_str());
            let role = typed::read_json::<Role>(call.parts.store.as_ref(), &key).await?;
            let role = role.ok_or_else(|| gone(call, action, &subject.arn, "the role is gone"))?;
            let mut context = call_context(call);
            roles::add_facts(&mut context, &role.value, call.scope, session);
            let arn = call.caller.arn(call.scope);
            evaluate_caller(&arn, &role.value.policies, context, action, subject)
        }
    }
}

/// What conditions may ask of a call, whoever makes it.
fn call_context(call: &Call<'_>) -> Context {
    let mut context = Context::new();
    // A service of ours in a role's name has no address: a condition on it does not hold.
    if !matches!(call.caller, Caller::Role { .. }) {
        context.set("aws:SourceIp", call.source.to_string());
    }
    context.set("aws:SecureTransport", if call.secure { "true" } else { "false" });
    context.set("aws:RequestedRegion", call.scope.region.as_str());
    context.set("aws:CurrentTime", call.now.iso8601());
    context.set("aws:EpochTime", call.now.seconds().to_string());
    if let Some(agent) = call.user_agent {
        context.set("aws:UserAgent", agent);
    }
    context
}

fn evaluate_caller(
    arn: &str,
    policies: &BTreeMap<String, String>,
    mut context: Context,
    action: &str,
    subject: &Subject,
) -> Result<String, AwsError> {
    for (key, value) in &subject.context {
        context.set(key, value.as_str());
    }
    let principal = Principal {
        arn,
        policies,
        context: &context,
    };
    evaluate_principal(&principal, action, &subject.arn)
}

/// Somebody with policies of his own.
pub(crate) struct Principal<'a> {
    pub(crate) arn: &'a str,
    /// By name: the document, JSON.
    pub(crate) policies: &'a BTreeMap<String, String>,
    pub(crate) context: &'a Context,
}

/// Checks that the policies of a principal allow an action, and says by what.
pub(crate) fn evaluate_principal(
    principal: &Principal<'_>,
    action: &str,
    resource: &str,
) -> Result<String, AwsError> {
    let denied = |cause: &str| denied(principal.arn, action, resource, cause);
    let mut policies = Vec::with_capacity(principal.policies.len());
    for (name, document) in principal.policies {
        // Checked when it was put; a document that no longer parses denies rather than be left out.
        let policy = Policy::parse(document);
        policies.push(policy.map_err(|cause| denied(&format!("policy `{name}` cannot be read: {cause}")))?);
    }
    let policies: Vec<&Policy> = policies.iter().collect();
    let request = AccessRequest {
        principal_arn: Some(principal.arn),
        action,
        resource,
        context: principal.context,
    };
    match evaluate(&policies, &request) {
        Verdict::Allow { statement } => Ok(format!("statement {statement} allows {action}")),
        Verdict::ExplicitDeny { statement } => Err(denied(&format!("statement {statement} denies it"))),
        Verdict::ImplicitDeny => Err(denied("no statement allows it")),
    }
}

fn gone(call: &Call<'_>, action: &str, resource: &str, cause: &str) -> AwsError {
    denied(&call.caller.arn(call.scope), action, resource, cause)
}

fn denied(arn: &str, action: &str, resource: &str, cause: &str) -> AwsError {
    let message = format!("User: {arn} is not authorized to perform: {action} on resource: {resource}");
    AwsError::new("AccessDeniedException", 403, message).because(cause.to_owned())
}

/// Returns what a call without a signature is told.
pub fn missing_signature(service: &Service) -> AwsError {
    let code = if is_query(service) {
        "MissingAuthenticationToken"
    } else {
        "MissingAuthenticationTokenException"
    };
    AwsError::new(code, refused_status(service), "Missing Authentication Token")
        .because("the call is not signed")
}

fn unknown_token(service: &Service) -> AwsError {
    let code = if is_query(service) {
        "InvalidClientTokenId"
    } else {
        "UnrecognizedClientException"
    };
    AwsError::new(
        code,
        refused_status(service),
        "The security token included in the request is invalid.",
    )
}

const fn is_query(service: &Service) -> bool {
    matches!(
        service.protocol,
        Protocol::Query { .. } | Protocol::RestXml { .. }
    )
}
