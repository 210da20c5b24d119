//! `AWS_IAM`: signatures, the signer's policies, the API's policy; and the walls between accounts.

use portcullis_engines::sigv4::{self, Credentials, Options, SignableRequest, presign};
use portcullis_model::resources::iam::{Session, SessionPrincipal};

use super::*;

const SECRET: &str = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";

fn api(policy: Option<Value>) -> Value {
    let mut guarded = open(mock(
        "$context.identity.accessKey $context.identity.caller $context.identity.userArn $context.identity.accountId",
    ));
    merge(&mut guarded, json!({"authorizationType": "AWS_IAM"}));
    let methods = json!({"GET": guarded.clone(), "POST": guarded.clone()});
    let mut image = json!({"resources": [
        resource("/b", methods.clone()),
        resource("/admin/{proxy+}", methods),
    ]});
    if let Some(statement) = policy {
        let document = json!({"Version": "2012-10-17", "Statement": statement}).to_string();
        image["restApi"] = json!({ "policy": document });
    }
    image
}

fn allows(effect: &str, path: &str) -> Value {
    let resource = format!("arn:aws:execute-api:us-east-1:000000000000:abc123/prod/{path}");
    json!({"Effect": effect, "Action": "execute-api:Invoke", "Resource": resource})
}

fn with_principal(mut statement: Value, principal: &str) -> Value {
    statement["Principal"] = json!({ "AWS": principal });
    statement
}

/// Gives `account` a user called `ann` with a policy, and a key of hers; without one, the account's own key.
pub(super) fn give_key(world: &World, account: &str, id: &str, policy: Option<Value>) -> Credentials {
    let account = portcullis_model::AccountId::from(account);
    let user_name = policy.map(|statement| {
        let document = json!({"Version": "2012-10-17", "Statement": statement}).to_string();
        let user = serde_json::from_value(json!({
            "UserName": "ann", "UserId": "AIDAANN", "Path": "/", "CreateDate": 0, "Policies": {"p": document},
        }));
        world.parts.callers.put_user(&account, &user.unwrap());
        "ann"
    });
    let key = json!({
        "AccessKeyId": id, "UserName": user_name, "Status": "Active", "CreateDate": 0, "SealedSecret": "-",
    });
    let secret = SecretText::new(SECRET.into());
    world
        .parts
        .callers
        .put_key(&account, &serde_json::from_value(key).unwrap(), secret);
    credentials(id, SECRET)
}

fn credentials(id: &str, secret: &str) -> Credentials {
    Credentials {
        access_key_id: id.into(),
        secret_access_key: SecretText::new(secret.into()),
        session_token: None,
    }
}

fn options() -> Options {
    Options {
        allow_unsigned_payload: true,
        ..Options::default()
    }
}

/// Signs what will be sent.
pub(super) fn signed(method: &str, target: &str, body: &str, by: &Credentials, at: i64) -> Request {
    signed_for(method, target, body, by, at, "us-east-1", "execute-api", &[])
}

#[allow(
    clippy::too_many_arguments,
    reason = "each is one thing that a signature covers"
)]
fn signed_for(
    method: &str,
    target: &str,
    body: &str,
    by: &Credentials,
    at: i64,
    region: &str,
    service: &str,
    extra: &[(&'static str, &str)],
) -> Request {
    let mut request = with_body(request(method, target, extra), body.to_owned());
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let mut headers = request.headers.clone();
    headers.push("host", HOST);
    let signable = SignableRequest {
        method,
        path,
        query,
        headers: &headers,
    };
    let at = Timestamp::from_seconds(at);
    let added = sigv4::sign(&signable, by, region, service, at, body.as_bytes(), &options()).unwrap();
    for (name, value) in added {
        request.headers.push(name, value);
    }
    request
}

#[track_caller]
fn refused(outcome: &Outcomes, error_type: &str, reason: &str) {
    assert_eq!(
        (outcome.status, outcome.header("x-amzn-errortype")),
        (403, Some(error_type))
    );
    let (layer, result, cause) = outcome.last();
    assert_eq!((layer, result), ("authorizer", Outcome::Refuse));
    assert!(cause.contains(reason), "{cause}");
}

#[test]
fn signed_call_of_whom_a_policy_allows_is_admitted() {
    let world = World::serving(api(None));
    let ann = give_key(&world, "000000000000", "AKIAANN", Some(allows("Allow", "*/b")));
    let admitted = world.send(signed("GET", "/prod/b?x=1&y=a%20b", "", &ann, NOW));
    assert_eq!(
        (admitted.status, admitted.body.as_str()),
        (
            200,
            "AKIAANN AIDAANN arn:aws:iam::000000000000:user/ann 000000000000"
        )
    );
    assert_eq!(
        world
            .send(signed("POST", "/prod/b", "{\"a\":1}", &ann, NOW))
            .status,
        200
    );
    let root = give_key(&world, "000000000000", "AKIAROOT", None);
    assert_eq!(
        world.send(signed("GET", "/prod/admin/x", "", &root, NOW)).status,
        200
    );
    let denied = world.send(signed("GET", "/prod/admin/x", "", &ann, NOW));
    refused(
        &denied,
        "AccessDeniedException",
        "no policy of the user allows it",
    );
    assert_eq!(
        denied.body,
        "{\"Message\":\"User: arn:aws:iam::000000000000:user/ann is not authorized to perform: execute-api:Invoke on resource: arn:aws:execute-api:us-east-1:********0000:abc123/prod/GET/admin/x\"}"
    );
    assert!(!format!("{:?}", denied.trail).contains(SECRET));
}

#[test]
fn what_is_not_signed_right_is_refused() {
    let world = World::serving(api(None));
    let root = give_key(&world, "000000000000", "AKIAROOT", None);
    let missing = "MissingAuthenticationTokenException";
    let invalid = "InvalidSignatureException";
    let unknown = "UnrecognizedClientException";
    refused(&world.get("/prod/b"), missing, "Missing Authentication Token");
    let other_scheme = request("GET", "/prod/b", &[("authorization", "Bearer abc")]);
    assert_eq!(world.send(other_scheme).status, 403);
    let parts = request(
        "GET",
        "/prod/b",
        &[("authorization", "AWS4-HMAC-SHA256 Credential=a")],
    );
    refused(&world.send(parts), "IncompleteSignatureException", "requires");
    let wrong = credentials("AKIAROOT", "wrong");
    refused(
        &world.send(signed("GET", "/prod/b", "", &wrong, NOW)),
        invalid,
        "does not match",
    );
    refused(
        &world.send(signed("GET", "/prod/b", "", &root, NOW - 301)),
        invalid,
        "expired",
    );
    refused(
        &world.send(signed("GET", "/prod/b", "", &root, NOW + 301)),
        invalid,
        "not yet current",
    );
    assert_eq!(
        world.send(signed("GET", "/prod/b", "", &root, NOW - 300)).status,
        200
    );
    let stranger = credentials("AKIANOBODY", SECRET);
    refused(
        &world.send(signed("GET", "/prod/b", "", &stranger, NOW)),
        unknown,
        "no such access key",
    );
    let token = Credentials {
        session_token: Some("t".into()),
        ..root.clone()
    };
    refused(
        &world.send(signed("GET", "/prod/b", "", &token, NOW)),
        unknown,
        "does not belong to the access key",
    );
    for (region, service) in [("eu-west-1", "execute-api"), ("us-east-1", "lambda")] {
        let request = signed_for("GET", "/prod/b", "", &root, NOW, region, service, &[]);
        refused(&world.send(request), invalid, "scoped");
    }
    // What the signature covers cannot change.
    let mut path = signed("GET", "/prod/b", "", &root, NOW);
    path.target = Bytes::from_static(b"/prod/admin/x").into();
    refused(&world.send(path), invalid, "does not match");
    let mut query = signed("GET", "/prod/b?a=1", "", &root, NOW);
    query.target = Bytes::from_static(b"/prod/b?a=2").into();
    refused(&world.send(query), invalid, "does not match");
    let body = with_body(signed("POST", "/prod/b", "{}", &root, NOW), "{\"a\":1}");
    refused(&world.send(body), invalid, "");
    let mut method = signed("GET", "/prod/b", "", &root, NOW);
    method.method = Bytes::from_static(b"POST");
    refused(&world.send(method), invalid, "does not match");
}

#[test]
fn payload_may_be_left_out_of_the_signature_by_name_alone() {
    let world = World::serving(api(None));
    let root = give_key(&world, "000000000000", "AKIAROOT", None);
    let extra = [("x-amz-content-sha256", "UNSIGNED-PAYLOAD")];
    let request = signed_for(
        "POST",
        "/prod/b",
        "",
        &root,
        NOW,
        "us-east-1",
        "execute-api",
        &extra,
    );
    assert_eq!(world.send(with_body(request, "anything")).status, 200);
}

#[test]
fn presigned_call_fits_its_own_path_alone() {
    let world = World::serving(api(None));
    let root = give_key(&world, "000000000000", "AKIAROOT", None);
    let query = presigned("GET", "/prod/b", &root);
    assert_eq!(world.get(&format!("/prod/b?{query}")).status, 200);
    for path in ["/prod/admin/../b", "/prod/admin/%2e%2e/b", "/prod/admin/./../b"] {
        let outcome = world.get(&format!("{path}?{query}"));
        let (layer, result, cause) = outcome.last();
        assert_eq!((outcome.status, layer, result), (403, "route", Outcome::Refuse));
        assert!(cause.contains("once normalised"), "{cause}");
    }
    assert_eq!(world.get(&format!("/prod/admin/x?{query}")).status, 403);
    world.clock.advance_seconds(61);
    refused(
        &world.get(&format!("/prod/b?{query}")),
        "InvalidSignatureException",
        "expired",
    );
}

/// However its parameters are spelled, a presigned call's body is covered: what was signed is a call without one.
#[test]
fn presigned_call_takes_no_body_of_others() {
    let world = World::serving(api(None));
    let root = give_key(&world, "000000000000", "AKIAROOT", None);
    let query = presigned("POST", "/prod/b", &root);
    let target = format!("/prod/b?{query}");
    assert_eq!(world.send(request("POST", &target, &[])).status, 200);
    for target in [target.clone(), target.replace("X-Amz-", "X%2DAmz%2D")] {
        let outcome = world.send(with_body(request("POST", &target, &[]), "of another"));
        assert_eq!(
            (outcome.status, outcome.last().0),
            (403, "authorizer"),
            "{target}"
        );
    }
}

/// A signature is for the gateway: whoever reads the backend's log could use it again.
#[test]
fn presigned_parameters_go_no_further() {
    let mut guarded = open(mock(
        "$input.params('X-Amz-Signature') $input.params('X-Amz-Credential') $input.params('a')",
    ));
    merge(&mut guarded, json!({"authorizationType": "AWS_IAM"}));
    let world = World::serving(json!({"resources": [resource("/b", json!({"GET": guarded}))]}));
    let root = give_key(&world, "000000000000", "AKIAROOT", None);
    let outcome = world.get(&format!("/prod/b?{}", presigned("GET", "/prod/b", &root)));
    assert_eq!((outcome.status, outcome.body.trim()), (200, ""));
}

fn presigned(method: &str, path: &str, by: &Credentials) -> String {
    let headers: HeaderList = [("host", HOST)].into_iter().collect();
    let signable = SignableRequest {
        method,
        path,
        query: "",
        headers: &headers,
    };
    let at = Timestamp::from_seconds(NOW);
    presign(&signable, by, "us-east-1", "execute-api", at, 60, b"", &options()).unwrap()
}

#[test]
fn policies_combine_as_for_one_account() {
    let ann = "arn:aws:iam::000000000000:user/ann";
    let expected = |user: Value, api_policy: Option<Value>, status: u16, reason: &str| {
        let world = World::serving(api(api_policy));
        let key = give_key(&world, "000000000000", "AKIAANN", Some(user));
        let outcome = world.send(signed("GET", "/prod/b", "", &key, NOW));
        assert_eq!(outcome.status, status, "{reason}");
        let step = outcome
            .trail
            .steps
            .iter()
            .find(|step| step.layer == "authorizer")
            .unwrap();
        assert!(step.reason.contains(reason), "{}", step.reason);
    };
    let silent = || allows("Allow", "GET/other");
    let (allow, deny) = (|| allows("Allow", "*"), || allows("Deny", "*"));
    expected(allow(), None, 200, "of the user allows it");
    expected(silent(), None, 403, "no policy of the user allows it");
    expected(
        silent(),
        Some(with_principal(allow(), ann)),
        200,
        "the resource policy's",
    );
    expected(
        allow(),
        Some(with_principal(silent(), ann)),
        200,
        "the resource policy is silent",
    );
    expected(
        silent(),
        Some(with_principal(silent(), ann)),
        403,
        "the resource policy is silent",
    );
    expected(
        deny(),
        Some(with_principal(allow(), ann)),
        403,
        "of the user denies it",
    );
    expected(
        allow(),
        Some(with_principal(deny(), ann)),
        403,
        "the resource policy's statement 1 of policy 1 denies it",
    );
    expected(
        allow(),
        Some(with_principal(deny(), "arn:aws:iam::000000000000:user/bob")),
        200,
        "",
    );
}

#[test]
fn key_of_another_account_needs_both_sides() {
    let foreign = "111122223333";
    let expected = |user: Option<Value>, api_policy: Option<Value>, status: u16| {
        let world = World::serving(api(api_policy));
        let key = give_key(&world, foreign, "AKIAFOREIGN", user);
        assert_eq!(world.send(signed("GET", "/prod/b", "", &key, NOW)).status, status);
    };
    let allow = || allows("Allow", "*");
    let admits = || with_principal(allow(), foreign);
    // Neither its user's policies nor its account's own key open anything by themselves.
    expected(Some(allow()), None, 403);
    expected(None, None, 403);
    expected(Some(allow()), Some(with_principal(allow(), "000000000000")), 403);
    // Nor does the API's policy.
    expected(Some(allows("Allow", "GET/other")), Some(admits()), 403);
    expected(Some(allow()), Some(admits()), 200);
    expected(None, Some(admits()), 200);
    expected(Some(allows("Deny", "*")), Some(admits()), 403);
}

#[test]
fn key_ends_at_once() {
    let world = World::serving(api(None));
    let account = portcullis_model::AccountId::from("000000000000");
    let ann = give_key(&world, "000000000000", "AKIAANN", Some(allows("Allow", "*")));
    let get = || world.send(signed("GET", "/prod/b", "", &ann, NOW));
    assert_eq!(get().status, 200);
    world.parts.callers.remove_user(&account, "ann");
    refused(&get(), "UnrecognizedClientException", "user is gone");
    let ann = give_key(&world, "000000000000", "AKIAANN", Some(allows("Allow", "*")));
    let inactive = serde_json::from_value(json!({
        "AccessKeyId": "AKIAANN", "UserName": "ann", "Status": "Inactive", "CreateDate": 0, "SealedSecret": "-",
    }));
    let secret = SecretText::new(SECRET.into());
    world.parts.callers.put_key(&account, &inactive.unwrap(), secret);
    let outcome = world.send(signed("GET", "/prod/b", "", &ann, NOW));
    refused(&outcome, "UnrecognizedClientException", "inactive");
}

#[test]
fn signature_is_not_passed_on() {
    let mut image = api(None);
    image["resources"][0]["resourceMethods"]["GET"]["methodIntegration"] =
        mock("[$input.params().header.get('Authorization')]");
    let template = "[$input.params('Authorization')]";
    image["resources"][0]["resourceMethods"]["GET"]["methodIntegration"] = mock(template);
    let world = World::serving(image);
    let root = give_key(&world, "000000000000", "AKIAROOT", None);
    assert_eq!(world.send(signed("GET", "/prod/b", "", &root, NOW)).body, "[]");
}

/// Gives the role `worker` of `account` these statements, and a session of it.
fn give_session(world: &World, account: &str, role: Value, session_policies: &[Value]) -> Credentials {
    let document = |statement: &Value| json!({"Version": "2012-10-17", "Statement": statement}).to_string();
    let id = portcullis_model::AccountId::from(account);
    let role = json!({
        "RoleName": "worker", "RoleId": "AROAWORKER", "Path": "/team/", "CreateDate": 0,
        "AssumeRolePolicyDocument": "{}", "MaxSessionDuration": 3600, "Policies": {"p": document(&role)},
        "Tags": {"team": "red"},
    });
    world
        .parts
        .callers
        .put_role(&id, &serde_json::from_value(role).unwrap());
    let session = Session {
        access_key_id: "ASIASESSION".into(),
        account: id,
        principal: SessionPrincipal::Role {
            role_name: "worker".into(),
            role_id: "AROAWORKER".into(),
            session_name: "s".into(),
        },
        issued: Timestamp::from_seconds(NOW),
        expires: Timestamp::from_seconds(NOW + 900),
        policies: session_policies.iter().map(document).collect(),
        policy_arns: Vec::new(),
    };
    let secret = SecretText::new(SECRET.into());
    let mut given = world.sessions.given.lock().unwrap();
    given.insert("token".into(), (session, secret));
    Credentials {
        session_token: Some("token".into()),
        ..credentials("ASIASESSION", SECRET)
    }
}

#[test]
fn session_of_a_role_may_what_the_role_may() {
    let world = World::serving(api(None));
    let worker = give_session(&world, "000000000000", allows("Allow", "*/b"), &[]);
    for _ in 0..3 {
        let admitted = world.send(signed("GET", "/prod/b", "", &worker, NOW));
        assert_eq!(
            (admitted.status, admitted.body.as_str()),
            (
                200,
                "ASIASESSION AROAWORKER:s arn:aws:sts::000000000000:assumed-role/worker/s 000000000000"
            )
        );
    }
    assert_eq!(
        world.sessions.opened.load(Ordering::Relaxed),
        1,
        "opened once, then known"
    );
    let denied = world.send(signed("GET", "/prod/admin/x", "", &worker, NOW));
    refused(
        &denied,
        "AccessDeniedException",
        "no policy of the role allows it",
    );
    let headers: HeaderList = [("host", HOST)].into_iter().collect();
    let signable = SignableRequest {
        method: "GET",
        path: "/prod/b",
        query: "",
        headers: &headers,
    };
    let at = Timestamp::from_seconds(NOW);
    let query = presign(
        &signable,
        &worker,
        "us-east-1",
        "execute-api",
        at,
        60,
        b"",
        &options(),
    )
    .unwrap();
    assert!(query.contains("X-Amz-Security-Token"));
    assert_eq!(world.get(&format!("/prod/b?{query}")).status, 200);
}

/// The API's policy allows whoever a condition holds for; nobody has a permission of his own.
#[test]
fn conditions_of_the_policy_know_who_signed() {
    let nothing = || allows("Allow", "GET/nothing");
    let admits = |operator: &str, key: &str, value: &str| {
        let mut statement = with_principal(allows("Allow", "*"), "*");
        statement["Condition"] = json!({ operator: { key: value } });
        let world = World::serving(api(Some(statement)));
        let ann = give_key(&world, "000000000000", "AKIAANN", Some(nothing()));
        let worker = give_session(&world, "000000000000", nothing(), &[]);
        let get = |by: &Credentials| world.send(signed("GET", "/prod/b", "", by, NOW)).status == 200;
        // A session may no more than its own policies allow: it has none, and its role's do not limit it.
        (get(&ann), get(&worker))
    };
    let rows = [
        ("StringEquals", "aws:PrincipalType", "User", (true, false)),
        ("StringEquals", "aws:PrincipalType", "AssumedRole", (false, true)),
        ("StringEquals", "aws:username", "ann", (true, false)),
        ("StringEquals", "aws:username", "bob", (false, false)),
        ("StringEquals", "aws:userid", "AIDAANN", (true, false)),
        ("StringEquals", "aws:userid", "AROAWORKER:s", (false, true)),
        (
            "StringEquals",
            "aws:PrincipalAccount",
            "000000000000",
            (true, true),
        ),
        (
            "StringEquals",
            "aws:PrincipalAccount",
            "111111111111",
            (false, false),
        ),
        (
            "ArnEquals",
            "aws:PrincipalArn",
            "arn:aws:iam::000000000000:user/ann",
            (true, false),
        ),
        (
            "ArnLike",
            "aws:PrincipalArn",
            "arn:aws:iam::*:role/team/*",
            (false, true),
        ),
        ("StringEquals", "aws:PrincipalTag/team", "red", (false, true)),
        ("StringEquals", "aws:PrincipalTag/team", "blue", (false, false)),
        (
            "DateGreaterThan",
            "aws:TokenIssueTime",
            "2000-01-01T00:00:00Z",
            (false, true),
        ),
        (
            "DateLessThan",
            "aws:TokenIssueTime",
            "2000-01-01T00:00:00Z",
            (false, false),
        ),
        ("Bool", "aws:MultiFactorAuthPresent", "true", (false, false)),
        ("Bool", "aws:MultiFactorAuthPresent", "false", (false, true)),
        (
            "BoolIfExists",
            "aws:MultiFactorAuthPresent",
            "false",
            (true, true),
        ),
        (
            "NumericLessThan",
            "aws:MultiFactorAuthAge",
            "3600",
            (false, false),
        ),
        (
            "NumericLessThanIfExists",
            "aws:MultiFactorAuthAge",
            "3600",
            (true, true),
        ),
        ("StringNotEquals", "aws:username", "bob", (true, true)),
    ];
    for (operator, key, value, expected) in rows {
        assert_eq!(admits(operator, key, value), expected, "{operator} {key} {value}");
    }
}

#[test]
fn session_policies_only_take_away() {
    let rows = [
        (allows("Allow", "*"), allows("Allow", "*/b"), 200, ""),
        (
            allows("Allow", "GET/other"),
            allows("Allow", "*"),
            403,
            "no policy of the role",
        ),
        (
            allows("Allow", "*"),
            allows("Allow", "GET/other"),
            403,
            "session's policies do not allow",
        ),
        (allows("Allow", "*"), allows("Deny", "*"), 403, "denies it"),
    ];
    for (role, session, status, reason) in rows {
        let world = World::serving(api(None));
        let worker = give_session(&world, "000000000000", role, &[session]);
        let outcome = world.send(signed("GET", "/prod/b", "", &worker, NOW));
        assert_eq!(outcome.status, status, "{reason}");
        assert!(
            outcome.last().2.contains(reason) || status == 200,
            "{:?}",
            outcome.last()
        );
    }
    // Not even the API's policy gives what the session's does not.
    let everybody = with_principal(allows("Allow", "*"), "*");
    let world = World::serving(api(Some(everybody)));
    let worker = give_session(
        &world,
        "000000000000",
        allows("Allow", "*"),
        &[allows("Allow", "GET/other")],
    );
    assert_eq!(world.send(signed("GET", "/prod/b", "", &worker, NOW)).status, 403);
}

#[test]
fn session_ends_with_its_time_and_its_role() {
    let world = World::serving(api(None));
    let account = portcullis_model::AccountId::from("000000000000");
    let worker = give_session(&world, "000000000000", allows("Allow", "*"), &[]);
    let get = |by: &Credentials, at: i64| world.send(signed("GET", "/prod/b", "", by, at));
    assert_eq!(get(&worker, NOW).status, 200);
    let unknown = "UnrecognizedClientException";
    let bare = credentials("ASIASESSION", SECRET);
    refused(&get(&bare, NOW), unknown, "no such access key");
    let other = Credentials {
        access_key_id: "ASIAOTHER".into(),
        ..worker.clone()
    };
    refused(&get(&other, NOW), unknown, "another access key");
    world.clock.advance_seconds(899);
    assert_eq!(get(&worker, NOW + 899).status, 200);
    world.clock.advance_seconds(1);
    refused(&get(&worker, NOW + 900), "ExpiredTokenException", "expired");
    let world = World::serving(api(None));
    let worker = give_session(&world, "000000000000", allows("Allow", "*"), &[]);
    let get = || world.send(signed("GET", "/prod/b", "", &worker, NOW));
    assert_eq!(get().status, 200);
    world.parts.callers.remove_role(&account, "worker");
    refused(&get(), unknown, "role is gone");
}

#[test]
fn session_of_another_account_needs_both_sides() {
    let foreign = "111122223333";
    let role = "arn:aws:iam::111122223333:role/team/worker";
    for (policy, status) in [
        (None, 403),
        (Some(with_principal(allows("Allow", "*"), foreign)), 200),
        (Some(with_principal(allows("Allow", "*"), role)), 200),
        (Some(with_principal(allows("Allow", "*"), "000000000000")), 403),
    ] {
        let world = World::serving(api(policy));
        let worker = give_session(&world, foreign, allows("Allow", "*"), &[]);
        assert_eq!(
            world.send(signed("GET", "/prod/b", "", &worker, NOW)).status,
            status
        );
        let silent = give_session(&world, foreign, allows("Allow", "GET/other"), &[]);
        assert_eq!(world.send(signed("GET", "/prod/b", "", &silent, NOW)).status, 403);
    }
}

/// AWS's page on principals: who names an account lets that account hand the permission on. Its page on API Gateway's tables
/// does not say whether that counts as the resource policy's word for the account's own users; the stricter reading is ours.
#[test]
fn policy_that_names_the_account_alone_leaves_it_to_the_users_policies() {
    for (principal, status) in [
        ("000000000000", 403),
        ("*", 200),
        ("arn:aws:iam::000000000000:user/ann", 200),
    ] {
        let world = World::serving(api(Some(with_principal(allows("Allow", "*"), principal))));
        let ann = give_key(
            &world,
            "000000000000",
            "AKIAANN",
            Some(allows("Allow", "GET/other")),
        );
        assert_eq!(
            world.send(signed("GET", "/prod/b", "", &ann, NOW)).status,
            status,
            "{principal}"
        );
    }
}

#[test]
fn groups_and_managed_policies_count_and_doubt_denies() {
    let account = portcullis_model::AccountId::from("000000000000");
    let document =
        |effect: &str| json!({"Version": "2012-10-17", "Statement": allows(effect, "*")}).to_string();
    let arn = "arn:aws:iam::000000000000:policy/edge";
    let user = |more: Value| {
        let mut user = json!({
            "UserName": "ann", "UserId": "AIDAANN", "Path": "/", "CreateDate": 0, "Policies": {},
        });
        merge(&mut user, more);
        serde_json::from_value(user).unwrap()
    };
    let group = |effect: &str| {
        serde_json::from_value(json!({
            "GroupName": "g", "GroupId": "AGPAG", "Path": "/", "CreateDate": 0, "Policies": {"p": document(effect)},
        }))
        .unwrap()
    };
    let policy = |effect: &str| {
        serde_json::from_value(json!({
            "PolicyName": "edge", "PolicyId": "ANPA", "Path": "/", "CreateDate": 0, "UpdateDate": 0,
            "DefaultVersion": 1, "LastVersion": 1, "Versions": {"1": {"Document": document(effect), "CreateDate": 0}},
        }))
        .unwrap()
    };
    let world = World::serving(api(None));
    let ann = give_key(
        &world,
        "000000000000",
        "AKIAANN",
        Some(allows("Allow", "GET/other")),
    );
    let callers = &world.parts.callers;
    let status = || world.send(signed("GET", "/prod/b", "", &ann, NOW)).status;
    callers.put_user(&account, &user(json!({"Groups": ["g"]})));
    assert_eq!(status(), 403, "the group is not there");
    callers.put_group(&account, &group("Allow"));
    assert_eq!(status(), 200);
    callers.put_group(&account, &group("Deny"));
    callers.put_user(
        &account,
        &user(json!({"Groups": ["g"], "AttachedPolicies": ["arn:aws:iam::aws:policy/AdministratorAccess"]})),
    );
    assert_eq!(status(), 403, "a group's denial wins");
    callers.put_user(
        &account,
        &user(json!({"AttachedPolicies": [arn, "arn:aws:iam::aws:policy/AdministratorAccess"]})),
    );
    assert_eq!(status(), 403, "a policy is not there: it might deny");
    callers.put_policy(&account, &policy("Allow"));
    assert_eq!(status(), 200);
    callers.put_policy(&account, &policy("Deny"));
    assert_eq!(status(), 403);
    callers.put_user(&account, &user(json!({"PermissionsBoundary": arn, "AttachedPolicies": ["arn:aws:iam::aws:policy/AdministratorAccess"]})));
    assert_eq!(status(), 403);
    callers.put_policy(&account, &policy("Allow"));
    assert_eq!(status(), 200);
    callers.remove_policy(&account, "edge");
    assert_eq!(status(), 403);
}

/// A body that counts how much of it was asked for.
struct Watched(std::rc::Rc<std::cell::Cell<usize>>);

impl crate::http::body::ChunkSource for Watched {
    fn poll_next(
        &mut self,
        _: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<Result<Bytes, crate::http::BodyError>>> {
        self.0.set(self.0.get() + 1);
        std::task::Poll::Ready((self.0.get() < 3).then(|| Ok(Bytes::from_static(b"{}"))))
    }
}

#[test]
fn body_is_read_for_nobody_whose_key_is_not_good() {
    let world = World::serving(api(None));
    let root = give_key(&world, "000000000000", "AKIAROOT", None);
    let watched = |mut request: Request| {
        let reads = std::rc::Rc::default();
        request.body = Body::Stream(Box::new(Watched(std::rc::Rc::clone(&reads))));
        let outcome = world.send(request);
        (outcome.status, reads.get())
    };
    let post = |by: &Credentials, at: i64| signed("POST", "/prod/b", "{}{}", by, at);
    assert_eq!(watched(post(&root, NOW)), (200, 3));
    assert_eq!(watched(request("POST", "/prod/b", &[])), (403, 0));
    assert_eq!(watched(post(&credentials("AKIANOBODY", SECRET), NOW)), (403, 0));
    assert_eq!(watched(post(&root, NOW - 301)), (403, 0));
    let elsewhere = signed_for(
        "POST",
        "/prod/b",
        "{}{}",
        &root,
        NOW,
        "eu-west-1",
        "execute-api",
        &[],
    );
    assert_eq!(watched(elsewhere), (403, 0));
    // A wrong secret is only known with the body, unless its hash was claimed.
    let wrong = credentials("AKIAROOT", "wrong");
    assert_eq!(watched(post(&wrong, NOW)), (403, 3));
    let hash = "a5f7a4f2f8d2fd0b8a2c1f35b3c9f9e8c0ad4f2c1a7b7d8a1f1ce0a1d2b3c4d5";
    let mut claimed = post(&wrong, NOW);
    claimed.headers.push("x-amz-content-sha256", hash);
    assert_eq!(watched(claimed), (403, 0));
    for name in [
        "STREAMING-AWS4-HMAC-SHA256-PAYLOAD",
        "STREAMING-UNSIGNED-PAYLOAD-TRAILER",
    ] {
        let mut chunked = post(&root, NOW);
        chunked.headers.push("x-amz-content-sha256", name);
        let outcome = world.send(chunked);
        refused(&outcome, "InvalidSignatureException", name);
    }
}
