//! Who may call an operation: signature first, before the operation is even looked up, then permission.
//! One path for every service; what fails here is refused in the service's own error names.

use std::sync::Arc;

use portcullis_engines::{
    iam::{AccessRequest, Context, Permit},
    sigv4::{self, Options, Presented, SignableRequest},
};
use portcullis_model::{
    Scope, SecretText,
    resources::iam::{AccessKey, Role, Session, SessionPrincipal, User},
};
use portcullis_store::{RecordKey, kinds, typed};

use crate::{
    AdminRequest, AwsError, ControlParts, credentials,
    grants::{Grants, NoGrants},
    operation::{Access, Call, Caller, Protocol, Service, Subject},
    roles::add_tags,
    sessions::{self, NoSession},
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
    let signer = find_signer(parts, service, presented).await?;
    let (now, options) = (parts.clock.now(), Options::default());
    sigv4::verify(
        &signable(request),
        presented,
        &signer.secret,
        &request.body,
        now,
        &options,
    )
    .map_err(|error| refusal(service, &error))?;
    let scope = Scope {
        account: signer.scope.account.clone(),
        region: parts.scope.region.clone(),
    };
    let caller = caller_of(parts, service, signer).await?;
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

/// Whose signature it is, if it is good.
struct Signer {
    scope: Scope,
    secret: SecretText,
    who: Who,
}

enum Who {
    Key(AccessKey),
    Session(Session),
}

async fn find_signer(
    parts: &ControlParts,
    service: &Service,
    presented: &Presented,
) -> Result<Signer, AwsError> {
    let unknown = |cause: &str| unknown_token(service).because(cause.to_owned());
    let id = &presented.access_key_id;
    if let Some(token) = &presented.session_token {
        let opened = sessions::open(&parts.vault, id, token, parts.clock.now());
        let (session, secret) = opened.map_err(|refused| match refused {
            NoSession::Unknown => unknown("the session token does not belong to the access key"),
            NoSession::Expired => expired_token(service),
        })?;
        return Ok(Signer {
            scope: Scope {
                account: session.account.clone(),
                region: parts.scope.region.clone(),
            },
            secret,
            who: Who::Session(session),
        });
    }
    let found = credentials::find(parts.store.as_ref(), &parts.vault, id)
        .await?
        .ok_or_else(|| unknown("no such access key"))?;
    if found.record.status != "Active" {
        return Err(unknown("the access key is inactive"));
    }
    Ok(Signer {
        scope: found.scope,
        secret: found.secret,
        who: Who::Key(found.record),
    })
}

async fn caller_of(parts: &ControlParts, service: &Service, signer: Signer) -> Result<Caller, AwsError> {
    let gone = |cause: &str| unknown_token(service).because(cause.to_owned());
    let session = match signer.who {
        Who::Key(key) => {
            let access_key_id = key.access_key_id.to_string();
            let Some(user_name) = &key.user_name else {
                return Ok(Caller::Root { access_key_id });
            };
            let user = read_user(parts, &signer.scope, user_name).await?;
            let user = user.ok_or_else(|| gone("the access key's user is gone"))?;
            return Ok(user_caller(access_key_id, user, None));
        }
        Who::Session(session) => Arc::new(session),
    };
    match &session.principal {
        SessionPrincipal::Role {
            role_name,
            role_id,
            session_name,
        } => {
            let role = read_role(parts, &signer.scope, role_name).await?;
            let role = role.filter(|role| role.role_id == *role_id);
            let role = role.ok_or_else(|| gone("the session's role is gone"))?;
            Ok(Caller::Role {
                role_name: role.role_name,
                role_id: role.role_id,
                session: session_name.clone(),
                temporary: Some(Arc::clone(&session)),
            })
        }
        SessionPrincipal::User {
            user_name,
            user_id,
            access_key_id,
        } => {
            let key = credentials::key(&signer.scope, access_key_id);
            let key = typed::read_json::<AccessKey>(parts.store.as_ref(), &key).await?;
            key.filter(|key| key.value.status == "Active")
                .ok_or_else(|| gone("the access key that asked for the session is inactive or gone"))?;
            let user = read_user(parts, &signer.scope, user_name).await?;
            let user = user.filter(|user| user.user_id == *user_id);
            let user = user.ok_or_else(|| gone("the session's user is gone"))?;
            let id = session.access_key_id.to_string();
            Ok(user_caller(id, user, Some(Arc::clone(&session))))
        }
    }
}

fn user_caller(access_key_id: String, user: User, temporary: Option<Arc<Session>>) -> Caller {
    Caller::User {
        access_key_id,
        user_name: user.user_name,
        path: user.path,
        user_id: user.user_id,
        temporary,
    }
}

async fn read_user(parts: &ControlParts, scope: &Scope, user_name: &str) -> Result<Option<User>, AwsError> {
    let key = RecordKey::new(scope, kinds::IAM_USER, user_name);
    let found = typed::read_json::<User>(parts.store.as_ref(), &key).await?;
    Ok(found.map(|found| found.value))
}

async fn read_role(parts: &ControlParts, scope: &Scope, role_name: &str) -> Result<Option<Role>, AwsError> {
    let key = RecordKey::new(scope, kinds::IAM_ROLE, role_name);
    let found = typed::read_json::<Role>(parts.store.as_ref(), &key).await?;
    Ok(found.map(|found| found.value))
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
        Access::SignedByBoth { action } => {
            return Ok(format!(
                "the operation weighs {action} against the resource's own policy"
            ));
        }
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
        Caller::Anonymous => return Err(missing_signature(service)),
        Caller::Root { .. } => return Ok(format!("the account's own key may call {action}")),
        Caller::User { .. } | Caller::Role { .. } => {}
    }
    let permit = permit(call, action, subject).await?;
    check_permit(&permit, &call.caller.arn(call.scope), action, &subject.arn)
}

/// Says what the caller's own policies say of `action` on one resource. The account's own key has none: it may everything in
/// its account, which is for the asker to know.
pub(crate) async fn permit(call: &Call<'_>, action: &str, subject: &Subject) -> Result<Permit, AwsError> {
    let denied = |cause: &str| denied(&call.caller.arn(call.scope), action, &subject.arn, cause);
    let (store, scope) = (call.parts.store.as_ref(), call.scope);
    let mut context = call_context(call);
    let grants = match call.caller {
        Caller::Anonymous | Caller::Root { .. } => return Ok(Permit::Neither),
        Caller::User { user_name, .. } => {
            if call.caller.temporary().is_some() && action.starts_with("iam:") && action != "iam:PassRole" {
                return Err(denied(
                    "credentials of GetSessionToken without MFA may not call IAM",
                ));
            }
            let user = read_user(call.parts, scope, user_name).await?;
            let user = user.ok_or_else(|| denied("the user is gone"))?;
            Grants::of_user(store, scope, &user).await
        }
        Caller::Role {
            role_name, role_id, ..
        } => {
            let role = read_role(call.parts, scope, role_name).await?;
            let role = role.filter(|role| role.role_id == *role_id);
            let role = role.ok_or_else(|| denied("the role is gone"))?;
            context.set("aws:PrincipalArn", role.arn(scope.account.as_str()));
            add_tags(&mut context, &role);
            Grants::of_role(store, scope, &role).await
        }
    };
    let grants = match (grants, call.caller.temporary()) {
        (Ok(grants), Some(session)) => grants.within(store, scope, session).await,
        (grants, _) => grants,
    };
    let grants = grants.map_err(|cause| match cause {
        NoGrants::Unreadable(cause) => denied(&cause),
        NoGrants::Failed(error) => error,
    })?;
    add_caller(&mut context, call);
    for (key, value) in &subject.context {
        context.set(key, value.as_str());
    }
    Ok(grants.evaluate(&AccessRequest {
        principal_arn: Some(&call.caller.arn(scope)),
        action,
        resource: &subject.arn,
        context: &context,
    }))
}

/// What conditions may ask of a call, whoever makes it.
pub(crate) fn call_context(call: &Call<'_>) -> Context<'static> {
    let mut context = Context::new();
    // A service of ours in a role's name has no address: a condition on it does not hold.
    let is_service = matches!(call.caller, Caller::Role { temporary: None, .. });
    if !is_service {
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

/// Adds what conditions may ask of the caller.
pub(crate) fn add_caller(context: &mut Context<'_>, call: &Call<'_>) {
    let account = call.scope.account.as_str();
    context.set("aws:PrincipalAccount", account);
    match call.caller {
        Caller::Anonymous => {}
        Caller::Root { .. } => {
            context.set("aws:PrincipalArn", call.caller.arn(call.scope));
            context.set("aws:PrincipalType", "Account");
            context.set("aws:userid", account);
        }
        Caller::User {
            user_name, user_id, ..
        } => {
            context.set("aws:PrincipalArn", call.caller.arn(call.scope));
            context.set("aws:PrincipalType", "User");
            context.set("aws:username", user_name.as_str());
            context.set("aws:userid", user_id.as_str());
        }
        Caller::Role { role_id, session, .. } => {
            context.set("aws:PrincipalType", "AssumedRole");
            context.set("aws:userid", format!("{role_id}:{session}"));
        }
    }
    if let Some(session) = call.caller.temporary() {
        context.set("aws:TokenIssueTime", session.issued.iso8601());
        context.set("aws:MultiFactorAuthPresent", "false");
    }
}

/// Adds what conditions may ask of the role in whose name the caller is, if he is.
pub(crate) async fn add_role(context: &mut Context<'_>, call: &Call<'_>) -> Result<(), AwsError> {
    if let Caller::Role {
        role_name, role_id, ..
    } = call.caller
    {
        let role = read_role(call.parts, call.scope, role_name).await?;
        if let Some(role) = role.filter(|role| role.role_id == *role_id) {
            context.set("aws:PrincipalArn", role.arn(call.scope.account.as_str()));
            add_tags(context, &role);
        }
    }
    Ok(())
}

/// Checks that policies allow a principal an action, and says by what.
pub(crate) fn check_permit(
    permit: &Permit,
    arn: &str,
    action: &str,
    resource: &str,
) -> Result<String, AwsError> {
    match permit {
        Permit::Allow(statement) => Ok(format!("{statement} allows {action}")),
        refused => Err(denied(arn, action, resource, &refused.to_string())),
    }
}

pub(crate) fn denied(arn: &str, action: &str, resource: &str, cause: &str) -> AwsError {
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

fn expired_token(service: &Service) -> AwsError {
    let code = if is_query(service) {
        "ExpiredToken"
    } else {
        "ExpiredTokenException"
    };
    AwsError::new(
        code,
        refused_status(service),
        "The security token included in the request is expired",
    )
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
