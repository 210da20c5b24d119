//! `up --demo`: a confirmed user in each pool, and for each guarded API a `curl` that is refused and one that is
//! admitted. What it prints works from any directory.

use std::collections::BTreeMap;

use anyhow::{Result, bail};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use portcullis_control::Control;
use portcullis_engines::srp::secret_hash;
use portcullis_gateway::snapshot::PoolSnapshot;
use portcullis_identity::{
    IdentityError,
    endpoints::EndpointRequest,
    flows::{AdminCreateUser, AdminInitiateAuth, AuthOutcome, InitiateAuth, MessageAction},
};
use portcullis_model::{
    HeaderList, Scope, SecretText,
    resources::{
        apigateway::{AuthorizationType, Deployment, Method, Resource, Stage},
        cognito::{UserPool, UserPoolClient},
    },
};
use portcullis_store::{RecordKey, kinds, typed};
use serde_json::json;

use super::report::Report;
use crate::installation::Endpoints;

/// Who the demo user is.
const EMAIL: &str = "demo@example.com";

/// A guarded method that the demo calls.
struct Guarded {
    scope: Scope,
    stage: Stage,
    path: String,
    http_method: String,
    /// The header that carries the token.
    header: String,
    pool: UserPool,
    scopes: Vec<String>,
}

/// Adds the users and prints the commands.
pub(super) async fn run(control: &Control, endpoints: &Endpoints, report: Report) -> Result<()> {
    let store = control.parts().store.as_ref();
    let mut passwords = BTreeMap::new();
    for pool in typed::list_everywhere_json::<UserPool>(store, kinds::USER_POOL).await? {
        let password = demo_user(control, &pool.key.scope, &pool.value).await?;
        passwords.insert(pool.value.id.clone(), password);
    }
    for guarded in guarded_methods(control).await? {
        let Some(password) = passwords.get(&guarded.pool.id) else {
            continue;
        };
        let url = format!("{}{}", endpoints.stage_url(&guarded.stage), guarded.path);
        let ca = endpoints.ca.display();
        let method = if guarded.http_method == "GET" {
            String::new()
        } else {
            format!(" -X {}", guarded.http_method)
        };
        let curl = format!("curl -sS --cacert '{ca}'{method}");
        match token(control, &guarded, password).await {
            Ok(token) => {
                let refused = format!("{curl} '{url}'");
                let admitted = format!("{curl} -H '{}: {}' '{url}'", guarded.header, token.expose());
                report.either(
                    &json!({ "event": "demo", "expect": "refused", "command": refused }),
                    &refused,
                );
                report.either(
                    &json!({ "event": "demo", "expect": "admitted", "command": admitted }),
                    &admitted,
                );
            }
            Err(cause) => report.line("demo", &format!("no demo for {url}: {cause:#}")),
        }
    }
    Ok(())
}

/// Adds a confirmed user with a new password, which nobody else learns.
async fn demo_user(control: &Control, scope: &Scope, pool: &UserPool) -> Result<SecretText> {
    let parts = control.parts();
    // All four kinds of characters, whatever the policy asks for.
    let random = parts
        .entropy
        .alphanumeric((pool.password_policy.minimum_length as usize).clamp(24, 90));
    let password = SecretText::new(format!("Aa1!{random}"));
    let username = if pool.username_attributes.iter().any(|name| name == "email") {
        EMAIL
    } else {
        "demo"
    };
    let attributes = vec![
        ("email".to_owned(), EMAIL.to_owned()),
        ("email_verified".to_owned(), "true".to_owned()),
    ];
    let made = parts
        .identity
        .admin_create_user(
            scope,
            AdminCreateUser {
                user_pool_id: pool.id.to_string(),
                username: username.into(),
                user_attributes: attributes,
                message_action: Some(MessageAction::Suppress),
                ..AdminCreateUser::default()
            },
        )
        .await;
    match made {
        Err(error) if error.name() != "UsernameExistsException" => return Err(refused(pool, &error)),
        _ => {}
    }
    parts
        .identity
        .admin_set_user_password(scope, pool.id.as_str(), username, password.clone(), true)
        .await
        .map_err(|error| refused(pool, &error))?;
    Ok(password)
}

fn refused(pool: &UserPool, error: &IdentityError) -> anyhow::Error {
    anyhow::anyhow!(
        "a demo user cannot be added to user pool {}: {}",
        pool.id,
        error.message()
    )
}

/// Finds, in each stage, the first method behind a Cognito authorizer; a GET where there is one.
async fn guarded_methods(control: &Control) -> Result<Vec<Guarded>> {
    let store = control.parts().store.as_ref();
    let pools = typed::list_everywhere_json::<UserPool>(store, kinds::USER_POOL).await?;
    let mut found = Vec::new();
    for stage in typed::list_everywhere_json::<Stage>(store, kinds::API_STAGE).await? {
        let scope = stage.key.scope;
        let stage = stage.value;
        let id = format!("{}/{}", stage.api_id, stage.deployment_id);
        let key = RecordKey::new(&scope, kinds::API_DEPLOYMENT, id);
        let Some(deployment) = typed::read_json::<Deployment>(store, &key).await? else {
            continue;
        };
        let image = deployment.value.image;
        let Some((resource, method)) = first_guarded(&image.resources) else {
            continue;
        };
        let Some(authorizer) = image
            .authorizers
            .iter()
            .find(|known| Some(&known.id) == method.authorizer_id.as_ref())
        else {
            continue;
        };
        let pool = pools.iter().find(|pool| {
            let arn = PoolSnapshot::arn_of(&pool.key.scope, &pool.value.id);
            authorizer.provider_arns.contains(&arn)
        });
        let Some(pool) = pool else { continue };
        let source = authorizer.identity_source.as_deref().unwrap_or_default();
        found.push(Guarded {
            scope: pool.key.scope.clone(),
            stage,
            path: sample_path(&resource.path),
            http_method: if method.http_method == "ANY" {
                "GET".into()
            } else {
                method.http_method.clone()
            },
            header: source
                .strip_prefix("method.request.header.")
                .unwrap_or("Authorization")
                .to_owned(),
            pool: pool.value.clone(),
            scopes: method.authorization_scopes.clone(),
        });
    }
    Ok(found)
}

fn first_guarded(resources: &[Resource]) -> Option<(&Resource, &Method)> {
    let guarded = || {
        resources.iter().flat_map(|resource| {
            let methods = resource.methods.values();
            methods
                .filter(|method| method.authorization_type == AuthorizationType::CognitoUserPools)
                .map(move |method| (resource, method))
        })
    };
    guarded()
        .find(|(_, method)| method.http_method == "GET")
        .or_else(|| guarded().next())
}

/// Fills in path parameters.
fn sample_path(path: &str) -> String {
    let segments = path
        .split('/')
        .map(|segment| if segment.starts_with('{') { "demo" } else { segment });
    segments.collect::<Vec<_>>().join("/")
}

/// Returns the token that the method wants: an ID token, or an access token with one of its scopes.
async fn token(control: &Control, guarded: &Guarded, password: &SecretText) -> Result<SecretText> {
    let store = control.parts().store.as_ref();
    let prefix = format!("{}/", guarded.pool.id);
    let page = portcullis_store::Page::all(prefix);
    let clients =
        typed::list_json::<UserPoolClient>(store, &guarded.scope, kinds::USER_POOL_CLIENT, page).await?;
    for client in clients.iter().map(|client| &client.value) {
        if guarded.scopes.is_empty() {
            if let Some(token) = id_token(control, guarded, client, password).await? {
                return Ok(token);
            }
        } else if let Some(token) = access_token(control, guarded, client).await? {
            return Ok(token);
        }
    }
    if guarded.scopes.is_empty() {
        bail!(
            "no app client of the pool allows a sign-in with a password (ALLOW_USER_PASSWORD_AUTH or ALLOW_ADMIN_USER_PASSWORD_AUTH)"
        );
    }
    bail!(
        "no app client of the pool may use client_credentials with one of the scopes {}",
        guarded.scopes.join(", ")
    );
}

async fn id_token(
    control: &Control,
    guarded: &Guarded,
    client: &UserPoolClient,
    password: &SecretText,
) -> Result<Option<SecretText>> {
    let identity = &control.parts().identity;
    let allows = |names: &[&str]| {
        client
            .explicit_auth_flows
            .iter()
            .any(|flow| names.contains(&flow.as_str()))
    };
    let username = if guarded
        .pool
        .username_attributes
        .iter()
        .any(|name| name == "email")
    {
        EMAIL
    } else {
        "demo"
    };
    let mut parameters = BTreeMap::from([
        ("USERNAME".to_owned(), SecretText::new(username.into())),
        ("PASSWORD".to_owned(), password.clone()),
    ]);
    if let Some(secret) = client_secret(control, guarded, client).await? {
        let hash = secret_hash(&secret, username, client.client_id.as_str());
        parameters.insert("SECRET_HASH".into(), SecretText::new(hash));
    }
    let client_id = client.client_id.to_string();
    let outcome = if allows(&["ALLOW_ADMIN_USER_PASSWORD_AUTH", "ADMIN_NO_SRP_AUTH"]) {
        let input = AdminInitiateAuth {
            user_pool_id: guarded.pool.id.to_string(),
            client_id,
            auth_flow: "ADMIN_USER_PASSWORD_AUTH".into(),
            auth_parameters: parameters,
        };
        identity.admin_initiate_auth(&guarded.scope, input).await
    } else if allows(&["ALLOW_USER_PASSWORD_AUTH", "USER_PASSWORD_AUTH"]) {
        let auth_flow = "USER_PASSWORD_AUTH".into();
        identity
            .initiate_auth(InitiateAuth {
                client_id,
                auth_flow,
                auth_parameters: parameters,
            })
            .await
    } else {
        return Ok(None);
    };
    match outcome.map_err(|error| anyhow::anyhow!("sign-in of the demo user: {}", error.message()))? {
        AuthOutcome::SignedIn(result) => Ok(Some(result.id_token)),
        AuthOutcome::Challenge { challenge_name, .. } => {
            bail!("sign-in of the demo user wants {challenge_name}")
        }
    }
}

async fn client_secret(
    control: &Control,
    guarded: &Guarded,
    client: &UserPoolClient,
) -> Result<Option<SecretText>> {
    let identity = &control.parts().identity;
    let described = identity
        .describe_user_pool_client(
            &guarded.scope,
            guarded.pool.id.as_str(),
            client.client_id.as_str(),
        )
        .await
        .map_err(|error| anyhow::anyhow!("app client {}: {}", client.client_id, error.message()))?;
    Ok(described.client_secret)
}

/// Asks the pool's own token endpoint, as a tenant's client would.
async fn access_token(
    control: &Control,
    guarded: &Guarded,
    client: &UserPoolClient,
) -> Result<Option<SecretText>> {
    let Some(wanted) = guarded
        .scopes
        .iter()
        .find(|wanted| client.allowed_oauth_scopes.contains(wanted))
    else {
        return Ok(None);
    };
    let may = client
        .allowed_oauth_flows
        .iter()
        .any(|flow| flow == "client_credentials");
    let (Some(prefix), true) = (&guarded.pool.domain, may) else {
        return Ok(None);
    };
    let Some(secret) = client_secret(control, guarded, client).await? else {
        return Ok(None);
    };
    let mut headers = HeaderList::new();
    headers.push("content-type", "application/x-www-form-urlencoded");
    let basic = STANDARD.encode(format!("{}:{}", client.client_id, secret.expose()));
    headers.push("authorization", format!("Basic {basic}"));
    let request = EndpointRequest {
        method: "POST".into(),
        path: "/oauth2/token".into(),
        headers,
        body: format!(
            "grant_type=client_credentials&scope={}",
            wanted.replace('/', "%2F")
        )
        .into_bytes(),
        ..EndpointRequest::default()
    };
    let region = guarded.scope.region.as_str();
    let answer = control
        .parts()
        .identity
        .token_endpoint(region, prefix, &request)
        .await
        .map_err(|error| anyhow::anyhow!("token endpoint: {}", error.message()))?;
    let body: serde_json::Value = serde_json::from_slice(&answer.body)?;
    match body.get("access_token").and_then(serde_json::Value::as_str) {
        Some(token) => Ok(Some(SecretText::new(token.to_owned()))),
        None => bail!(
            "the token endpoint answered {}: {}",
            answer.status,
            answer.cause.unwrap_or_default()
        ),
    }
}
