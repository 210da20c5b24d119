//! `AWS_IAM`: signatures, the signer's policies, the API's policy; and the walls between accounts.

use portcullis_engines::sigv4::{self, Credentials, Options, SignableRequest, presign};
use portcullis_model::SecretText;

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
fn give_key(world: &World, account: &str, id: &str, policy: Option<Value>) -> Credentials {
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
fn signed(method: &str, target: &str, body: &str, by: &Credentials, at: i64) -> Request {
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
        "session tokens",
    );
    for (region, service) in [("eu-west-1", "execute-api"), ("us-east-1", "lambda")] {
        let request = signed_for("GET", "/prod/b", "", &root, NOW, region, service, &[]);
        refused(&world.send(request), invalid, "scoped");
    }
    // What the signature covers cannot change.
    let mut path = signed("GET", "/prod/b", "", &root, NOW);
    path.target = Bytes::from_static(b"/prod/admin/x");
    refused(&world.send(path), invalid, "does not match");
    let mut query = signed("GET", "/prod/b?a=1", "", &root, NOW);
    query.target = Bytes::from_static(b"/prod/b?a=2");
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
