//! What Portcullis serves in the bench: a template with an open and a guarded path and a pool whose client gets tokens,
//! and, through the admin interface, two APIs that differ in the number of their routes only.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};
use std::{fs, sync::Mutex};

use anyhow::{Context, Result, bail};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use portcullis_model::HeaderList;
use serde_json::{Map, Value, json};

use super::admin::{Admin, Connection};
use super::backend::Backend;
use super::elliptic;
use super::layers::{self, Template};
use super::mutual_tls;
use super::proxies::portcullis::Portcullis;

/// Connections that set things up side by side.
const BUILDERS: usize = 8;
/// Changes of one route of which the median time is told.
const CHANGES: usize = 5;
/// Paths of one API: AWS's quota is 300, the root included.
const PATHS_PER_API: usize = 295;
pub(super) const SCOPE: &str = "bench/read";
const STAGE: &str = "prod";
/// The key that `/guarded-limited` asks for.
pub(super) const KEY: &str = "bench-key-of-the-limited-path";

/// What the template holds beside an open and a guarded path.
#[derive(Clone, Copy, Default)]
pub(super) struct Parts<'a> {
    /// An API a layer.
    pub(super) layers: bool,
    /// Custom domains with and without mutual TLS.
    pub(super) domains: bool,
    /// An API that takes the tokens of this issuer.
    pub(super) elliptic: Option<&'a elliptic::Issuer>,
    /// A path whose answers are long, from this backend, and one that takes long bodies.
    pub(super) bodies: Option<SocketAddr>,
}

/// Writes the template for a backend.
pub(super) fn write_template(folder: &Path, backend: SocketAddr, parts: Parts<'_>) -> Result<PathBuf> {
    let file = folder.join("template.json");
    let mut whole = template(backend);
    let mut taken = |name: &str| {
        whole
            .get_mut(name)
            .and_then(Value::as_object_mut)
            .map(std::mem::take)
    };
    let (mut resources, mut outputs) = (
        taken("Resources").unwrap_or_default(),
        taken("Outputs").unwrap_or_default(),
    );
    let mut open = Template {
        resources: &mut resources,
        outputs: &mut outputs,
        backend: &backend.to_string(),
    };
    if let Some(large) = parts.bodies {
        let (large, upload) = (
            format!("http://{large}/large"),
            format!("http://{backend}/upload"),
        );
        add_path(open.resources, "Large", "GET", &large, json!({}));
        add_path(open.resources, "Upload", "POST", &upload, json!({}));
    }
    if parts.layers {
        layers::ROWS.iter().for_each(|row| row.add_to(&mut open));
    }
    if parts.domains {
        mutual_tls::add_to(&mut open);
    }
    if let Some(issuer) = parts.elliptic {
        issuer.add_to(&mut open);
    }
    if let Some(whole) = whole.as_object_mut() {
        whole.insert("Resources".to_owned(), resources.into());
        whole.insert("Outputs".to_owned(), outputs.into());
    }
    fs::write(&file, serde_json::to_string_pretty(&whole)?)?;
    Ok(file)
}

fn template(backend: SocketAddr) -> Value {
    let mut resources = json!({
        "Pool": {"Type": "AWS::Cognito::UserPool", "Properties": {"UserPoolName": "bench"}},
        "Domain": {"Type": "AWS::Cognito::UserPoolDomain", "Properties": {"Domain": "bench", "UserPoolId": {"Ref": "Pool"}}},
        "Server": {"Type": "AWS::Cognito::UserPoolResourceServer", "Properties": {
            "Identifier": "bench", "Name": "bench", "UserPoolId": {"Ref": "Pool"},
            "Scopes": [{"ScopeName": "read", "ScopeDescription": "read"}],
        }},
        "Client": {"Type": "AWS::Cognito::UserPoolClient", "DependsOn": "Server", "Properties": {
            "UserPoolId": {"Ref": "Pool"}, "GenerateSecret": true, "AllowedOAuthFlowsUserPoolClient": true,
            "AllowedOAuthFlows": ["client_credentials"], "AllowedOAuthScopes": [SCOPE],
            "AccessTokenValidity": 24, "TokenValidityUnits": {"AccessToken": "hours"},
        }},
        "Api": {"Type": "AWS::ApiGateway::RestApi", "Properties": {"Name": "bench"}},
        "Authorizer": {"Type": "AWS::ApiGateway::Authorizer", "Properties": {
            "Name": "pool", "Type": "COGNITO_USER_POOLS", "RestApiId": {"Ref": "Api"},
            "IdentitySource": "method.request.header.Authorization", "ProviderARNs": [{"Fn::GetAtt": ["Pool", "Arn"]}],
        }},
        "Deployment": {"Type": "AWS::ApiGateway::Deployment", "DependsOn": [],
            "Properties": {"RestApiId": {"Ref": "Api"}}},
        "Stage": {"Type": "AWS::ApiGateway::Stage", "Properties": {
            "RestApiId": {"Ref": "Api"}, "DeploymentId": {"Ref": "Deployment"}, "StageName": STAGE,
        }},
        "Key": {"Type": "AWS::ApiGateway::ApiKey", "Properties": {"Enabled": true, "Value": KEY}},
        "Plan": {"Type": "AWS::ApiGateway::UsagePlan", "DependsOn": "Stage", "Properties": {
            "ApiStages": [{"ApiId": {"Ref": "Api"}, "Stage": STAGE}],
            "Throttle": {"BurstLimit": 1_000_000, "RateLimit": 1_000_000},
        }},
        "KeyInPlan": {"Type": "AWS::ApiGateway::UsagePlanKey", "Properties": {
            "KeyId": {"Ref": "Key"}, "KeyType": "API_KEY", "UsagePlanId": {"Ref": "Plan"},
        }},
    });
    if let Some(resources) = resources.as_object_mut() {
        for (name, path) in [
            ("Plain", "plain"),
            ("Guarded", "guarded"),
            ("Limited", "guarded-limited"),
        ] {
            let guard = json!({
                "AuthorizationType": "COGNITO_USER_POOLS", "AuthorizerId": {"Ref": "Authorizer"},
                "AuthorizationScopes": [SCOPE], "ApiKeyRequired": path == "guarded-limited",
            });
            let more = if path == "plain" { json!({}) } else { guard };
            add_path(resources, name, "GET", &format!("http://{backend}/{path}"), more);
        }
    }
    let outputs = json!({
        "ApiId": {"Value": {"Ref": "Api"}},
        "PoolId": {"Value": {"Ref": "Pool"}},
        "ClientId": {"Value": {"Ref": "Client"}},
        "ClientSecret": {"Value": {"Fn::GetAtt": ["Client", "ClientSecret"]}},
    });
    json!({"AWSTemplateFormatVersion": "2010-09-09", "Resources": resources, "Outputs": outputs})
}

/// Adds a path that is proxied, named as the backend's last segment, before the deployment; `more` are properties of its method.
fn add_path(resources: &mut Map<String, Value>, name: &str, verb: &str, uri: &str, more: Value) {
    let path = uri.rsplit('/').next().unwrap_or_default();
    let (method, place) = (format!("{name}Method"), format!("{name}Path"));
    let before = resources
        .get_mut("Deployment")
        .and_then(|deployment| deployment.get_mut("DependsOn")?.as_array_mut());
    if let Some(before) = before {
        before.push(json!(method));
    }
    let mut properties = json!({
        "RestApiId": {"Ref": "Api"}, "ResourceId": {"Ref": place}, "HttpMethod": verb, "AuthorizationType": "NONE",
        "Integration": {"Type": "HTTP_PROXY", "IntegrationHttpMethod": verb, "Uri": uri},
    });
    if let (Some(properties), Value::Object(more)) = (properties.as_object_mut(), more) {
        properties.extend(more);
    }
    resources.insert(
        place,
        json!({"Type": "AWS::ApiGateway::Resource", "Properties": {
            "RestApiId": {"Ref": "Api"}, "ParentId": {"Fn::GetAtt": ["Api", "RootResourceId"]}, "PathPart": path,
        }}),
    );
    resources.insert(
        method,
        json!({"Type": "AWS::ApiGateway::Method", "Properties": properties}),
    );
}

/// Gets `count` tokens, no two alike, from the pool's token endpoint.
pub(super) fn tokens(server: &Portcullis, count: usize) -> Result<Vec<String>> {
    let key = format!(
        "{}:{}",
        server.output("ClientId")?,
        server.output("ClientSecret")?
    );
    let mut headers = HeaderList::new();
    headers.push("authorization", format!("Basic {}", STANDARD.encode(key)));
    headers.push("content-type", "application/x-www-form-urlencoded");
    let host = format!("bench.auth.{}.{}", server.region, server.domain);
    let body = format!(
        "grant_type=client_credentials&scope={}",
        SCOPE.replace('/', "%2F")
    );
    let made = side_by_side(
        count,
        || Connection::open(server.public, &host),
        |connection, _| {
            let answer = connection.call("POST", "/oauth2/token", &headers, body.as_bytes())?;
            let token = answer
                .get("access_token")
                .and_then(Value::as_str)
                .context("an answer without access_token")?;
            Ok(token.to_owned())
        },
    )?;
    let distinct: std::collections::HashSet<&String> = made.iter().collect();
    if distinct.len() != made.len() {
        bail!("the server gave out the same token twice");
    }
    Ok(made)
}

/// Returns the key set of the pool.
pub(super) fn key_set(server: &Portcullis) -> Result<String> {
    let mut connection = Connection::open(server.public, &server.public.to_string())?;
    let path = format!("/{}/.well-known/jwks.json", server.output("PoolId")?);
    Ok(connection
        .call("GET", &path, &HeaderList::new(), b"")?
        .to_string())
}

/// Makes `routes` routes in as many APIs as the quota asks for; returns the host and the path of each.
pub(super) fn routes(
    server: &Portcullis,
    backend: SocketAddr,
    routes: usize,
) -> Result<Vec<(String, String)>> {
    let apis = routes.div_ceil(PATHS_PER_API);
    let made = side_by_side(
        apis,
        || Admin::open(server),
        |admin, number| {
            let paths = PATHS_PER_API.min(routes - number * PATHS_PER_API);
            let api = make_api(admin, backend, paths)?;
            let host = server.host(&api);
            Ok((0..paths)
                .map(|path| (host.clone(), format!("/{STAGE}/r{path}")))
                .collect::<Vec<_>>())
        },
    )?;
    Ok(made.concat())
}

fn make_api(admin: &mut Admin, backend: SocketAddr, paths: usize) -> Result<String> {
    let api = admin.apigateway("POST", "/restapis", &json!({"name": format!("routes-{paths}")}))?;
    let api = api
        .get("id")
        .and_then(Value::as_str)
        .context("an API without id")?
        .to_owned();
    let listed = admin.apigateway("GET", &format!("/restapis/{api}/resources"), &json!({}))?;
    let root = listed
        .pointer("/item/0/id")
        .or_else(|| listed.pointer("/_embedded/item/0/id"))
        .or_else(|| listed.pointer("/_embedded/item/id"));
    let root = root
        .and_then(Value::as_str)
        .context("an API without root")?
        .to_owned();
    for path in 0..paths {
        make_route(admin, backend, (&api, &root), &format!("r{path}"))?;
    }
    deploy(admin, &api)?;
    Ok(api)
}

/// Makes a route below the resource `parent`; returns the path of its method.
fn make_route(
    admin: &mut Admin,
    backend: SocketAddr,
    (api, parent): (&str, &str),
    path: &str,
) -> Result<String> {
    let made = admin.apigateway(
        "POST",
        &format!("/restapis/{api}/resources/{parent}"),
        &json!({ "pathPart": path }),
    )?;
    let resource = made
        .get("id")
        .and_then(Value::as_str)
        .context("a resource without id")?;
    let method = format!("/restapis/{api}/resources/{resource}/methods/GET");
    admin.apigateway("PUT", &method, &json!({"authorizationType": "NONE"}))?;
    put_integration(admin, &method, &format!("http://{backend}/{path}"))?;
    Ok(method)
}

fn put_integration(admin: &mut Admin, method: &str, uri: &str) -> Result<()> {
    let integration = json!({"type": "HTTP_PROXY", "httpMethod": "GET", "uri": uri});
    admin.apigateway("PUT", &format!("{method}/integration"), &integration)?;
    Ok(())
}

fn deploy(admin: &mut Admin, api: &str) -> Result<()> {
    let deployment = json!({"stageName": STAGE});
    admin.apigateway("POST", &format!("/restapis/{api}/deployments"), &deployment)?;
    Ok(())
}

/// Sends the last of `routes` elsewhere and back, [`CHANGES`] times; returns the median time from asking for the deployment until
/// the route answers from there.
pub(super) fn change_is_live_in(server: &Portcullis, routes: &[(String, String)]) -> Result<Duration> {
    let (host, path) = routes.last().context("no routes")?;
    let (api, name) = (
        host.split('.').next().unwrap_or_default(),
        path.rsplit('/').next().unwrap_or_default(),
    );
    let mut admin = Admin::open(server)?;
    let query = format!("/restapis/{api}/resources");
    let listed = admin.get(&query, "limit=500")?;
    let items = listed
        .pointer("/item")
        .or_else(|| listed.pointer("/_embedded/item"));
    let is_it = |item: &&Value| item.get("pathPart").and_then(Value::as_str) == Some(name);
    let found = items
        .and_then(Value::as_array)
        .and_then(|items| items.iter().find(is_it));
    let resource = found
        .and_then(|item| item.get("id")?.as_str())
        .context("the route is not listed")?;
    let method = format!("{query}/{resource}/methods/GET");
    let (one, other) = (
        Backend::answering("{\"from\":\"one\"}")?,
        Backend::answering("{\"from\":\"other\"}")?,
    );
    let mut public = Connection::open(server.public, host)?;
    let mut took = Vec::with_capacity(CHANGES);
    for change in 0..CHANGES {
        let (backend, says) = if change % 2 == 0 {
            (&one, "one")
        } else {
            (&other, "other")
        };
        put_integration(&mut admin, &method, &format!("http://{}/", backend.address))?;
        let asked = Instant::now();
        deploy(&mut admin, api)?;
        loop {
            let answer = public.call("GET", path, &HeaderList::new(), b"")?;
            if answer.get("from").and_then(Value::as_str) == Some(says) {
                break;
            }
        }
        took.push(asked.elapsed());
    }
    took.sort();
    took.get(CHANGES / 2).copied().context("no change was made")
}

/// Makes `count` things over a few connections, in order.
fn side_by_side<C, T: Send>(
    count: usize,
    open: impl Fn() -> Result<C> + Sync,
    make: impl Fn(&mut C, usize) -> Result<T> + Sync,
) -> Result<Vec<T>> {
    let made = Mutex::new(Vec::with_capacity(count));
    let build = &|first: usize| -> Result<()> {
        let mut connection = open()?;
        for number in (first..count).step_by(BUILDERS) {
            let thing = make(&mut connection, number)?;
            if let Ok(mut made) = made.lock() {
                made.push((number, thing));
            }
        }
        Ok(())
    };
    thread::scope(|scope| {
        let builders: Vec<_> = (0..BUILDERS.min(count))
            .map(|first| scope.spawn(move || build(first)))
            .collect();
        for builder in builders {
            match builder.join() {
                Ok(built) => built?,
                Err(_) => bail!("a builder's thread broke"),
            }
        }
        Ok(())
    })?;
    let mut made = made.into_inner().unwrap_or_default();
    made.sort_by_key(|(number, _)| *number);
    Ok(made.into_iter().map(|(_, thing)| thing).collect())
}
