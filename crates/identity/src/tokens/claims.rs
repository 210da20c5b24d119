//! What tokens say, in Cognito's names. Pure.
//!
//! <https://docs.aws.amazon.com/cognito/latest/developerguide/amazon-cognito-user-pools-using-the-id-token.html>,
//! …`-using-the-access-token.html`. `origin_jti` is in every token of a user, also where the client does not enable
//! revocation (AWS leaves it out there): it is what makes a global sign-out exact to the token.

use aws_lc_rs::digest;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use portcullis_model::{
    Timestamp,
    resources::cognito::{Group, User, UserPoolClient},
};
use serde_json::{Map, Value, json};

use crate::directory::{attributes, client_options};

/// The scope of tokens that come from the API rather than from an OAuth endpoint.
pub(crate) const API_SCOPE: &str = "aws.cognito.signin.user.admin";

/// What the tokens of one sign-in share.
pub(crate) struct Issue<'a> {
    pub(crate) issuer: &'a str,
    pub(crate) client: &'a UserPoolClient,
    pub(crate) user: &'a User,
    /// By precedence.
    pub(crate) groups: &'a [Group],
    pub(crate) origin_jti: &'a str,
    pub(crate) event_id: &'a str,
    pub(crate) auth_time: Timestamp,
    pub(crate) now: Timestamp,
    /// What an OAuth endpoint granted; none for a sign-in through the API.
    pub(crate) scope: Option<&'a str>,
    pub(crate) nonce: Option<&'a str>,
}

/// Returns the claims of an ID token, which belongs to `access_token`.
pub(crate) fn id_claims(issue: &Issue<'_>, jti: String, access_token: &str) -> Value {
    let mut claims = Map::new();
    claims.insert("sub".into(), issue.user.sub.as_str().into());
    insert_groups(&mut claims, issue.groups);
    insert_roles(&mut claims, issue.groups);
    claims.insert("iss".into(), issue.issuer.into());
    claims.insert("cognito:username".into(), issue.user.username.as_str().into());
    claims.insert("origin_jti".into(), issue.origin_jti.into());
    claims.insert("aud".into(), issue.client.client_id.as_str().into());
    claims.insert("event_id".into(), issue.event_id.into());
    claims.insert("token_use".into(), "id".into());
    insert_times(&mut claims, issue, client_options::id_seconds(issue.client));
    claims.insert("jti".into(), jti.into());
    if issue.scope.is_some() {
        claims.insert("at_hash".into(), at_hash(access_token).into());
    }
    if let Some(nonce) = issue.nonce {
        claims.insert("nonce".into(), nonce.into());
    }
    for (name, value) in &issue.user.attributes {
        let shown = attributes::is_readable(issue.client, name)
            && issue.scope.is_none_or(|scope| scope_shows(scope, name));
        // An attribute never replaces a claim of ours.
        if shown && !claims.contains_key(name) {
            claims.insert(name.clone(), claim_value(name, value));
        }
    }
    Value::Object(claims)
}

/// Returns the claims of an access token. `version` is what OAuth endpoints add.
pub(crate) fn access_claims(issue: &Issue<'_>, jti: String) -> Value {
    let mut claims = Map::new();
    claims.insert("sub".into(), issue.user.sub.as_str().into());
    insert_groups(&mut claims, issue.groups);
    claims.insert("iss".into(), issue.issuer.into());
    claims.insert("client_id".into(), issue.client.client_id.as_str().into());
    claims.insert("origin_jti".into(), issue.origin_jti.into());
    claims.insert("event_id".into(), issue.event_id.into());
    claims.insert("token_use".into(), "access".into());
    claims.insert("scope".into(), issue.scope.unwrap_or(API_SCOPE).into());
    if issue.scope.is_some() {
        claims.insert("version".into(), 2.into());
    }
    insert_times(&mut claims, issue, client_options::access_seconds(issue.client));
    claims.insert("jti".into(), jti.into());
    claims.insert("username".into(), issue.user.username.as_str().into());
    Value::Object(claims)
}

/// Returns the claims of a token that a client got for itself.
pub(crate) fn client_claims(
    issuer: &str,
    client: &UserPoolClient,
    scope: &str,
    now: Timestamp,
    jti: String,
) -> Value {
    json!({
        "sub": client.client_id,
        "token_use": "access",
        "scope": scope,
        "auth_time": now.seconds(),
        "iss": issuer,
        "exp": now.plus_seconds(client_options::access_seconds(client)).seconds(),
        "iat": now.seconds(),
        "version": 2,
        "jti": jti,
        "client_id": client.client_id,
    })
}

/// Tells whether `scope` lets an attribute into the ID token and the user info. As on AWS, `openid` alone shows all
/// that the client may read, and so does `profile`; `email` and `phone` show their own.
pub(crate) fn scope_shows(scope: &str, attribute: &str) -> bool {
    let has = |name: &str| scope.split(' ').any(|there| there == name);
    let narrowed = has("email") || has("phone");
    has("profile")
        || !narrowed
        || (has("email") && ["email", "email_verified"].contains(&attribute))
        || (has("phone") && ["phone_number", "phone_number_verified"].contains(&attribute))
}

/// OpenID Connect Core section 3.1.3.6: the left half of the hash.
fn at_hash(access_token: &str) -> String {
    let hash = digest::digest(&digest::SHA256, access_token.as_bytes());
    let half = hash.as_ref().get(..16).unwrap_or_default();
    URL_SAFE_NO_PAD.encode(half)
}

fn insert_times(claims: &mut Map<String, Value>, issue: &Issue<'_>, lifetime_seconds: i64) {
    claims.insert("auth_time".into(), issue.auth_time.seconds().into());
    claims.insert(
        "exp".into(),
        issue.now.plus_seconds(lifetime_seconds).seconds().into(),
    );
    claims.insert("iat".into(), issue.now.seconds().into());
}

fn insert_groups(claims: &mut Map<String, Value>, groups: &[Group]) {
    if !groups.is_empty() {
        let names = groups.iter().map(|group| group.group_name.as_str());
        claims.insert("cognito:groups".into(), names.collect::<Vec<_>>().into());
    }
}

/// The role of the group with the lowest precedence number is preferred; two different ones there, and none is.
fn insert_roles(claims: &mut Map<String, Value>, groups: &[Group]) {
    let mut roles: Vec<(&str, u32)> = Vec::new();
    for group in groups {
        if let Some(role) = group.role_arn.as_deref() {
            let precedence = group.precedence.unwrap_or(u32::MAX);
            if !roles.iter().any(|(there, _)| *there == role) {
                roles.push((role, precedence));
            }
        }
    }
    let Some((first, lowest)) = roles.first().copied() else {
        return;
    };
    claims.insert(
        "cognito:roles".into(),
        roles.iter().map(|(role, _)| *role).collect::<Vec<_>>().into(),
    );
    if roles
        .iter()
        .filter(|(_, precedence)| *precedence == lowest)
        .count()
        == 1
    {
        claims.insert("cognito:preferred_role".into(), first.into());
    }
}

/// Attributes are text in tokens, but for the two that say whether an address is verified, and the address, which
/// OpenID Connect Core section 5.1.1 makes an object.
fn claim_value(name: &str, value: &str) -> Value {
    match name {
        "email_verified" | "phone_number_verified" => Value::Bool(value == "true"),
        "address" => json!({ "formatted": value }),
        _ => value.into(),
    }
}
