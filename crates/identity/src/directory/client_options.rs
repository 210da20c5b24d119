//! What of an app client can be changed later: checked as AWS checks it, with defaults filled in.

use portcullis_model::{
    ClientId, Timestamp, UserPoolId,
    resources::cognito::{UserPool, UserPoolClient},
};

use super::{
    ClientOptions,
    pool_options::{check_one_of, check_value},
};
use crate::IdentityError;

const DEFAULT_FLOWS: [&str; 3] = [
    "ALLOW_REFRESH_TOKEN_AUTH",
    "ALLOW_USER_SRP_AUTH",
    "ALLOW_CUSTOM_AUTH",
];
const FLOWS: &[&str] = &[
    "ADMIN_NO_SRP_AUTH",
    "CUSTOM_AUTH_FLOW_ONLY",
    "USER_PASSWORD_AUTH",
    "ALLOW_ADMIN_USER_PASSWORD_AUTH",
    "ALLOW_CUSTOM_AUTH",
    "ALLOW_USER_PASSWORD_AUTH",
    "ALLOW_USER_SRP_AUTH",
    "ALLOW_REFRESH_TOKEN_AUTH",
    "ALLOW_USER_AUTH",
];
const UNITS: [&str; 4] = ["seconds", "minutes", "hours", "days"];
/// Scopes that belong to no resource server.
pub(crate) const STANDARD_SCOPES: [&str; 5] = [
    "phone",
    "email",
    "openid",
    "profile",
    "aws.cognito.signin.user.admin",
];
const URLS_MAX: usize = 100;
const SCOPES_MAX: usize = 50;
const URL_CHARACTERS_MAX: usize = 1024;
const HOUR_SECONDS: i64 = 3600;
const DAY_SECONDS: i64 = 86_400;

/// Refuses options that AWS refuses. `scopes` are those of the pool's resource servers.
pub(crate) fn check(
    pool: &UserPool,
    scopes: &[String],
    options: &ClientOptions,
    confidential: bool,
) -> Result<(), IdentityError> {
    check_flows(options.explicit_auth_flows.as_deref().unwrap_or_default())?;
    check_validity(options)?;
    check_attributes(pool, options)?;
    let value = &options.prevent_user_existence_errors;
    check_value("preventUserExistenceErrors", value, &["LEGACY", "ENABLED"])?;
    if options
        .auth_session_validity
        .is_some_and(|minutes| !(3..=15).contains(&minutes))
    {
        return Err(IdentityError::invalid_parameter(
            "1 validation error detected: Value at 'authSessionValidity' failed to satisfy constraint: Member must have \
             value between 3 and 15",
        ));
    }
    if let Some(name) = options
        .supported_identity_providers
        .iter()
        .find(|name| *name != "COGNITO")
    {
        return Err(IdentityError::invalid_parameter(format!(
            "The provider {name} does not exist for User Pool {}.",
            pool.id
        )));
    }
    check_urls(options)?;
    check_oauth(scopes, options, confidential)
}

fn check_flows(flows: &[String]) -> Result<(), IdentityError> {
    check_one_of("explicitAuthFlows", flows, FLOWS)?;
    let new = flows.iter().filter(|flow| flow.starts_with("ALLOW_")).count();
    if new != 0 && new != flows.len() {
        return Err(IdentityError::invalid_parameter(
            "Cannot use both legacy and new ExplicitAuthFlows: name all of them with `ALLOW_`",
        ));
    }
    Ok(())
}

fn check_validity(options: &ClientOptions) -> Result<(), IdentityError> {
    let units = &options.token_validity_units;
    for unit in [&units.access_token, &units.id_token, &units.refresh_token] {
        check_value("tokenValidityUnits", unit, &UNITS)?;
    }
    let mut blank = blank(UserPoolId::from(""), ClientId::from(""), Timestamp(0));
    set_validity(&mut blank, options);
    let refused = || {
        Err(IdentityError::invalid_parameter(
            "Invalid range for token validity.",
        ))
    };
    let (access, id, refresh) = (
        access_seconds(&blank),
        id_seconds(&blank),
        refresh_seconds(&blank),
    );
    let short = 5 * 60..=DAY_SECONDS;
    if !short.contains(&access)
        || !short.contains(&id)
        || !(HOUR_SECONDS..=3650 * DAY_SECONDS).contains(&refresh)
    {
        return refused();
    }
    // AWS: access and ID tokens cannot outlive the refresh token.
    if refresh < access || refresh < id {
        return refused();
    }
    Ok(())
}

fn check_attributes(pool: &UserPool, options: &ClientOptions) -> Result<(), IdentityError> {
    let known = |name: &&String| !pool.schema_attributes.iter().any(|schema| schema.name == **name);
    if let Some(name) = options
        .read_attributes
        .iter()
        .chain(&options.write_attributes)
        .find(known)
    {
        return Err(IdentityError::invalid_parameter(format!(
            "Invalid read or write attributes specified while creating a client: `{name}` is not in the schema"
        )));
    }
    let required = |name: &str| {
        pool.schema_attributes
            .iter()
            .any(|schema| schema.name == name && schema.required)
    };
    let unwritable = pool.schema_attributes.iter().find(|schema| {
        required(&schema.name) && schema.name != "sub" && !options.write_attributes.contains(&schema.name)
    });
    match unwritable {
        Some(schema) if !options.write_attributes.is_empty() => {
            Err(IdentityError::invalid_parameter(format!(
                "Invalid write attributes specified while creating a client: `{}` is required, so it must be writable",
                schema.name
            )))
        }
        _ => Ok(()),
    }
}

fn check_urls(options: &ClientOptions) -> Result<(), IdentityError> {
    if options.callback_urls.len() > URLS_MAX || options.logout_urls.len() > URLS_MAX {
        return Err(IdentityError::invalid_parameter(format!(
            "a client has at most {URLS_MAX} URLs of each kind"
        )));
    }
    for url in options
        .callback_urls
        .iter()
        .chain(&options.logout_urls)
        .chain(&options.default_redirect_uri)
    {
        check_url(url)?;
    }
    match &options.default_redirect_uri {
        Some(url) if !options.callback_urls.contains(url) => Err(IdentityError::invalid_parameter(
            "the default redirect URI must be one of the callback URLs",
        )),
        _ => Ok(()),
    }
}

/// AWS: https, or http to this machine, or an app's own scheme; no fragment.
fn check_url(url: &str) -> Result<(), IdentityError> {
    let refused = |why: &str| Err(IdentityError::invalid_parameter(format!("`{url}` {why}")));
    let Some((scheme, rest)) = url.split_once("://") else {
        return refused("is not an absolute URL");
    };
    let plain = url.chars().all(|c| !c.is_whitespace() && !c.is_control());
    if rest.is_empty() || !plain || url.contains('#') || url.chars().count() > URL_CHARACTERS_MAX {
        return refused("has white space, a fragment, no host or more than 1024 characters");
    }
    let host = rest.split(['/', '?']).next().unwrap_or_default();
    let here = ["localhost", "127.0.0.1", "[::1]"].iter().any(|local| {
        host.strip_prefix(local)
            .is_some_and(|port| port.is_empty() || port.starts_with(':'))
    });
    match scheme {
        "http" if !here => refused("cannot use the HTTP protocol"),
        "javascript" | "data" | "vbscript" => refused("cannot use a scheme that runs or holds code"),
        _ => Ok(()),
    }
}

fn check_oauth(scopes: &[String], options: &ClientOptions, confidential: bool) -> Result<(), IdentityError> {
    check_one_of(
        "allowedOAuthFlows",
        &options.allowed_oauth_flows,
        &["code", "implicit", "client_credentials"],
    )?;
    let flow = |name: &str| options.allowed_oauth_flows.iter().any(|flow| flow == name);
    let machine = flow("client_credentials");
    if machine && (flow("code") || flow("implicit")) {
        return Err(IdentityError::invalid_oauth_flow(
            "client_credentials flow can not be selected along with code flow or implicit flow.",
        ));
    }
    if machine && !confidential {
        return Err(IdentityError::invalid_oauth_flow(
            "client_credentials flow can not be selected if client does not have a client secret.",
        ));
    }
    if options.allowed_oauth_scopes.len() > SCOPES_MAX {
        return Err(IdentityError::invalid_parameter(format!(
            "a client has at most {SCOPES_MAX} scopes"
        )));
    }
    for scope in &options.allowed_oauth_scopes {
        let standard = STANDARD_SCOPES.contains(&scope.as_str());
        if !standard && !scopes.contains(scope) {
            return Err(IdentityError::scope_does_not_exist(format!(
                "Invalid scope requested: {scope}"
            )));
        }
        if standard && machine {
            return Err(IdentityError::invalid_oauth_flow(format!(
                "{scope} is not supported with client_credentials flow: only scopes of resource servers are"
            )));
        }
    }
    if !options.allowed_oauth_flows_user_pool_client {
        return Ok(());
    }
    if options.allowed_oauth_flows.is_empty() || options.allowed_oauth_scopes.is_empty() {
        return Err(IdentityError::invalid_parameter(
            "AllowedOAuthFlows and AllowedOAuthScopes are required if user pool client is allowed to use OAuth flows.",
        ));
    }
    if !machine && options.callback_urls.is_empty() {
        return Err(IdentityError::invalid_parameter(
            "CallbackURLs are required if user pool client is allowed to use the code or implicit flow.",
        ));
    }
    Ok(())
}

/// Refuses a client name that AWS refuses: `[\w\s+=,.@-]{1,128}`.
pub(crate) fn check_name(name: &str) -> Result<(), IdentityError> {
    let allowed = |c: char| c.is_alphanumeric() || c.is_whitespace() || "_+=,.@-".contains(c);
    if (1..=128).contains(&name.chars().count()) && name.chars().all(allowed) {
        return Ok(());
    }
    Err(IdentityError::invalid_parameter(format!(
        "1 validation error detected: Value '{name}' at 'clientName' failed to satisfy constraint: Member must satisfy \
         regular expression pattern: [\\w\\s+=,.@-]+"
    )))
}

/// Returns a client with nothing set.
pub(crate) fn blank(user_pool_id: UserPoolId, client_id: ClientId, now: Timestamp) -> UserPoolClient {
    UserPoolClient {
        user_pool_id,
        client_id,
        client_name: String::new(),
        sealed_client_secret: None,
        creation_date: now,
        last_modified_date: now,
        explicit_auth_flows: Vec::new(),
        access_token_validity: 1,
        id_token_validity: 1,
        refresh_token_validity: 30,
        access_token_unit: "hours".into(),
        id_token_unit: "hours".into(),
        refresh_token_unit: "days".into(),
        auth_session_validity: 3,
        read_attributes: Vec::new(),
        write_attributes: Vec::new(),
        supported_identity_providers: Vec::new(),
        callback_urls: Vec::new(),
        logout_urls: Vec::new(),
        default_redirect_uri: None,
        allowed_oauth_flows: Vec::new(),
        allowed_oauth_scopes: Vec::new(),
        allowed_oauth_flows_user_pool_client: false,
        prevent_user_existence_errors: "ENABLED".into(),
        enable_token_revocation: true,
    }
}

/// Sets `options` on `client`, with the defaults for what is not given.
pub(crate) fn apply(client: &mut UserPoolClient, options: ClientOptions) {
    set_validity(client, &options);
    if let Some(name) = options.client_name {
        client.client_name = name;
    }
    client.explicit_auth_flows = match options.explicit_auth_flows {
        Some(flows) if !flows.is_empty() => flows,
        _ => DEFAULT_FLOWS.map(String::from).to_vec(),
    };
    client.auth_session_validity = options.auth_session_validity.unwrap_or(3);
    client.read_attributes = options.read_attributes;
    client.write_attributes = options.write_attributes;
    client.supported_identity_providers = options.supported_identity_providers;
    client.callback_urls = options.callback_urls;
    client.logout_urls = options.logout_urls;
    client.default_redirect_uri = options.default_redirect_uri;
    client.allowed_oauth_flows = options.allowed_oauth_flows;
    client.allowed_oauth_scopes = options.allowed_oauth_scopes;
    client.allowed_oauth_flows_user_pool_client = options.allowed_oauth_flows_user_pool_client;
    // AWS's API takes LEGACY here, its console ENABLED. The safe one is the default, and the other must be asked for.
    client.prevent_user_existence_errors = options
        .prevent_user_existence_errors
        .unwrap_or_else(|| "ENABLED".into());
    client.enable_token_revocation = options.enable_token_revocation.unwrap_or(true);
}

/// A validity that is not given is the default in the default's unit, whatever unit is given: as on AWS, a unit
/// without a value does not turn one hour into one second.
fn set_validity(client: &mut UserPoolClient, options: &ClientOptions) {
    let given = |value: Option<u32>, unit: &Option<String>, default: (u32, &str)| match value {
        Some(value) if value > 0 => (value, unit.clone().unwrap_or_else(|| default.1.to_owned())),
        _ => (default.0, default.1.to_owned()),
    };
    let units = &options.token_validity_units;
    (client.access_token_validity, client.access_token_unit) =
        given(options.access_token_validity, &units.access_token, (1, "hours"));
    (client.id_token_validity, client.id_token_unit) =
        given(options.id_token_validity, &units.id_token, (1, "hours"));
    (client.refresh_token_validity, client.refresh_token_unit) =
        given(options.refresh_token_validity, &units.refresh_token, (30, "days"));
}

/// Returns how long access tokens live.
pub(crate) fn access_seconds(client: &UserPoolClient) -> i64 {
    seconds(client.access_token_validity, &client.access_token_unit)
}

/// Returns how long ID tokens live.
pub(crate) fn id_seconds(client: &UserPoolClient) -> i64 {
    seconds(client.id_token_validity, &client.id_token_unit)
}

/// Returns how long refresh tokens live.
pub(crate) fn refresh_seconds(client: &UserPoolClient) -> i64 {
    seconds(client.refresh_token_validity, &client.refresh_token_unit)
}

fn seconds(value: u32, unit: &str) -> i64 {
    let unit = match unit {
        "seconds" => 1,
        "minutes" => 60,
        "hours" => HOUR_SECONDS,
        _ => DAY_SECONDS,
    };
    i64::from(value) * unit
}
