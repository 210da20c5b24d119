//! Temporary credentials: who gets them, what they may, and when they end.

use portcullis_engines::sigv4::Credentials;
use portcullis_model::{ManualClock, SecretText, Timestamp};

use crate::{
    ControlParts, credentials,
    test_control::{memory, parts_over, scope},
    test_wire::{Wire, key},
};
use portcullis_model::Scope;
use std::sync::Arc;

const MANY: &str = r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}"#;
const NOTHING: &str = r#"{"Version":"2012-10-17","Statement":[]}"#;
const ROLE: &str = "arn:aws:iam::000000000000:role/worker";
const WHO: &str = "Action=GetCallerIdentity&Version=2011-06-15";

fn statement(effect: &str, action: &str, resource: &str) -> String {
    format!(
        r#"{{"Version":"2012-10-17","Statement":{{"Effect":"{effect}","Action":"{action}","Resource":"{resource}"}}}}"#
    )
}

fn trust(effect: &str, principal: &str, condition: &str) -> String {
    format!(
        r#"{{"Version":"2012-10-17","Statement":{{"Effect":"{effect}","Principal":{{"AWS":"{principal}"}},"Action":"sts:AssumeRole"{condition}}}}}"#
    )
}

fn encoded(text: &str) -> String {
    text.replace('%', "%25").replace('&', "%26").replace('+', "%2B")
}

/// A control whose time a test sets.
async fn wire() -> (Wire, Arc<ManualClock>) {
    let clock = Arc::new(ManualClock::at(Timestamp::from_seconds(1_800_000_000)));
    let parts = ControlParts {
        clock: clock.clone(),
        ..parts_over(memory())
    };
    let root = key(&parts, None).await;
    let control = crate::Control::new(parts);
    (Wire { control, root }, clock)
}

async fn iam(wire: &Wire, form: &str) -> (u16, String) {
    wire.query(&wire.root, "iam", &format!("Version=2010-05-08&{form}"))
        .await
}

async fn role(wire: &Wire, trust: &str, policy: &str) {
    drop(iam(wire, "Action=DeleteRolePolicy&RoleName=worker&PolicyName=p").await);
    drop(iam(wire, "Action=DeleteRole&RoleName=worker").await);
    let form = format!(
        "Action=CreateRole&RoleName=worker&AssumeRolePolicyDocument={}",
        encoded(trust)
    );
    let (status, answer) = iam(wire, &form).await;
    assert_eq!(status, 200, "{answer}");
    let form = format!(
        "Action=PutRolePolicy&RoleName=worker&PolicyName=p&PolicyDocument={}",
        encoded(policy)
    );
    let (status, answer) = iam(wire, &form).await;
    assert_eq!(status, 200, "{answer}");
}

fn element<'a>(xml: &'a str, name: &str) -> &'a str {
    let rest = xml.split(&format!("<{name}>")).nth(1);
    rest.and_then(|rest| rest.split('<').next()).unwrap_or_default()
}

fn taken(answer: &(u16, String)) -> Credentials {
    assert_eq!(answer.0, 200, "{}", answer.1);
    Credentials {
        access_key_id: element(&answer.1, "AccessKeyId").to_owned(),
        secret_access_key: SecretText::new(element(&answer.1, "SecretAccessKey").to_owned()),
        session_token: Some(element(&answer.1, "SessionToken").to_owned()),
    }
}

async fn assume(wire: &Wire, by: &Credentials, more: &str) -> (u16, String) {
    let form = format!("Action=AssumeRole&Version=2011-06-15&RoleArn={ROLE}&RoleSessionName=session{more}");
    wire.query(by, "sts", &form).await
}

#[tokio::test]
async fn both_sides_decide_who_takes_a_role_on_in_its_own_account() {
    let (wire, _) = wire().await;
    let assume_it = statement("Allow", "sts:AssumeRole", ROLE);
    let deny_it = statement("Deny", "sts:AssumeRole", ROLE);
    let user = "arn:aws:iam::000000000000:user/dev";
    let account = "arn:aws:iam::000000000000:root";
    let allows = wire.user("allows", &assume_it).await;
    let silent = wire.user("silent", NOTHING).await;
    let denies = wire.user("denies", &deny_it).await;
    let named = |name: &str| trust("Allow", &user.replace("dev", name), "");
    // The trust policy, the caller, whether he gets the role.
    let rows = [
        (trust("Allow", account, ""), &allows, true),
        (trust("Allow", account, ""), &silent, false),
        (trust("Allow", account, ""), &denies, false),
        (named("silent"), &silent, true),
        (named("allows"), &silent, false),
        (named("allows"), &allows, true),
        (named("denies"), &denies, false),
        (trust("Deny", account, ""), &allows, false),
        (trust("Allow", "111122223333", ""), &allows, false),
    ];
    for (at, (trust, caller, expected)) in rows.into_iter().enumerate() {
        role(&wire, &trust, MANY).await;
        let (status, answer) = assume(&wire, caller, "").await;
        assert_eq!(status == 200, expected, "row {at}: {answer}");
        assert!(
            expected || answer.contains("is not authorized to perform: sts:AssumeRole"),
            "{answer}"
        );
    }
    let (status, answer) = assume(&wire, &wire.root, "").await;
    assert_eq!(status, 403);
    assert!(answer.contains("may not be assumed by root"), "{answer}");
    let missing = WHO.replace("GetCallerIdentity", "AssumeRole")
        + "&RoleSessionName=session&RoleArn=arn:aws:iam::000000000000:role/nobody";
    assert_eq!(wire.query(&allows, "sts", &missing).await.0, 403);
}

/// A user of another account with one policy.
async fn stranger(wire: &Wire, policy: &str) -> Credentials {
    let parts = wire.control.parts();
    let other = Scope::new("111122223333", "us-east-1");
    let (store, clock, entropy) = (parts.store.as_ref(), parts.clock.as_ref(), parts.entropy.as_ref());
    let made = credentials::create(store, &parts.vault, clock, entropy, &other, None)
        .await
        .unwrap();
    let root = Credentials {
        access_key_id: made.record.access_key_id.to_string(),
        secret_access_key: made.secret,
        session_token: None,
    };
    let name = format!("u{}", entropy.upper_base32(6));
    for form in [
        format!("Action=CreateUser&UserName={name}"),
        format!(
            "Action=PutUserPolicy&UserName={name}&PolicyName=p&PolicyDocument={}",
            encoded(policy)
        ),
    ] {
        assert_eq!(wire.query(&root, "iam", &form).await.0, 200);
    }
    let made = credentials::create(store, &parts.vault, clock, entropy, &other, Some(&name))
        .await
        .unwrap();
    Credentials {
        access_key_id: made.record.access_key_id.to_string(),
        secret_access_key: made.secret,
        session_token: None,
    }
}

#[tokio::test]
async fn a_caller_of_another_account_needs_both_sides() {
    let (wire, _) = wire().await;
    let allows = stranger(&wire, &statement("Allow", "sts:AssumeRole", ROLE)).await;
    let silent = stranger(&wire, NOTHING).await;
    let denies = stranger(&wire, &statement("Deny", "sts:AssumeRole", "*")).await;
    let theirs = trust("Allow", "111122223333", "");
    let everybody = trust("Allow", "*", "");
    let own = trust("Allow", "000000000000", "");
    let with_id = r#","Condition":{"StringEquals":{"sts:ExternalId":"right"}}"#;
    let tied = trust("Allow", "111122223333", with_id);
    let rows = [
        (&theirs, &allows, "", true),
        (&theirs, &silent, "", false),
        (&theirs, &denies, "", false),
        (&everybody, &allows, "", true),
        (&everybody, &silent, "", false),
        (&own, &allows, "", false),
        (&tied, &allows, "", false),
        (&tied, &allows, "&ExternalId=wrong", false),
        (&tied, &allows, "&ExternalId=right", true),
    ];
    for (at, (trust, caller, more, expected)) in rows.into_iter().enumerate() {
        role(&wire, trust, MANY).await;
        let answer = assume(&wire, caller, more).await;
        assert_eq!(answer.0 == 200, expected, "row {at}: {}", answer.1);
        if expected {
            // What was taken on acts in the role's account, not in the caller's.
            let (_, who) = wire.query(&taken(&answer), "sts", WHO).await;
            assert_eq!(element(&who, "Account"), "000000000000");
        }
    }
}

#[tokio::test]
async fn a_session_may_what_its_role_may_within_the_sessions_policies() {
    let (wire, _) = wire().await;
    let dev = wire.user("dev", &statement("Allow", "sts:AssumeRole", "*")).await;
    let two = r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":["iam:ListUsers","iam:ListRoles"],"Resource":"*"}}"#;
    role(&wire, &trust("Allow", "000000000000", ""), two).await;
    let list = |what: &str| format!("Action={what}&Version=2010-05-08");
    let whole = taken(&assume(&wire, &dev, "").await);
    assert!(whole.access_key_id.starts_with("ASIA"));
    let (_, who) = wire.query(&whole, "sts", WHO).await;
    assert_eq!(
        element(&who, "Arn"),
        "arn:aws:sts::000000000000:assumed-role/worker/session"
    );
    assert!(element(&who, "UserId").ends_with(":session"), "{who}");
    for (operation, status) in [("ListUsers", 200), ("ListRoles", 200), ("ListGroups", 403)] {
        assert_eq!(
            wire.query(&whole, "iam", &list(operation)).await.0,
            status,
            "{operation}"
        );
    }
    // The session's policy allows more than the role and less: what both allow remains.
    let policy = r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":["iam:ListUsers","iam:ListGroups"],"Resource":"*"}}"#;
    let managed = "&PolicyArns.member.1.arn=arn:aws:iam::aws:policy/IAMReadOnlyAccess";
    for (more, expected) in [
        (format!("&Policy={policy}"), [200, 403, 403]),
        (managed.to_owned(), [200, 200, 403]),
        (format!("&Policy={NOTHING}"), [403, 403, 403]),
    ] {
        let limited = taken(&assume(&wire, &dev, &more).await);
        for (operation, status) in ["ListUsers", "ListRoles", "ListGroups"].into_iter().zip(expected) {
            let answer = wire.query(&limited, "iam", &list(operation)).await;
            assert_eq!(answer.0, status, "{more} {operation}: {}", answer.1);
        }
    }
    for (more, code) in [
        ("&Policy={}", "MalformedPolicyDocument"),
        (
            "&PolicyArns.member.1.arn=arn:aws:iam::aws:policy/ReadOnlyAccess",
            "NoSuchEntity",
        ),
        (
            "&PolicyArns.member.1.arn=arn:aws:iam::000000000000:policy/none",
            "NoSuchEntity",
        ),
        ("&DurationSeconds=899", "ValidationError"),
        ("&DurationSeconds=3601", "ValidationError"),
        ("&ExternalId=x%20y", "ValidationError"),
        ("&SourceIdentity=x", "ValidationError"),
        ("&SerialNumber=x&TokenCode=123456", "ValidationError"),
    ] {
        let (status, answer) = assume(&wire, &dev, more).await;
        assert_ne!(status, 200, "{more}");
        assert_eq!(element(&answer, "Code"), code, "{more}: {answer}");
    }
}

#[tokio::test]
async fn a_session_ends_with_its_time_its_role_and_every_change_of_a_byte() {
    let (wire, clock) = wire().await;
    let dev = wire.user("dev", &statement("Allow", "sts:AssumeRole", "*")).await;
    let trusting = trust("Allow", "000000000000", "");
    role(&wire, &trusting, MANY).await;
    let session = taken(&assume(&wire, &dev, "&DurationSeconds=900").await);
    let who = async |credentials: &Credentials| {
        let (status, xml) = wire.query(credentials, "sts", WHO).await;
        (status, element(&xml, "Code").to_owned())
    };
    assert_eq!(who(&session).await.0, 200);
    // The token of another session, a changed one, none, a long one; a token beside a key that needs none.
    let other = taken(&assume(&wire, &dev, "").await);
    let token = session.session_token.clone().unwrap();
    let middle = token.len() / 2;
    let flipped = if token.as_bytes()[middle] == b'A' {
        "B"
    } else {
        "A"
    };
    let mut changed = token.clone();
    changed.replace_range(middle..=middle, flipped);
    for wrong in [
        other.session_token.clone(),
        Some(changed),
        None,
        Some("v1:AAAA".into()),
        Some("x".repeat(7000)),
    ] {
        let credentials = Credentials {
            session_token: wrong,
            ..session.clone()
        };
        assert_eq!(who(&credentials).await, (403, "InvalidClientTokenId".into()));
    }
    let with_token = Credentials {
        session_token: Some(token),
        ..dev.clone()
    };
    assert_eq!(who(&with_token).await, (403, "InvalidClientTokenId".into()));
    clock.advance_seconds(899);
    assert_eq!(who(&session).await.0, 200);
    clock.advance_seconds(1);
    assert_eq!(who(&session).await, (403, "ExpiredToken".into()));
    assert_eq!(who(&other).await.0, 200);
    // A new role of the same name is another one.
    role(&wire, &trusting, MANY).await;
    assert_eq!(who(&other).await, (403, "InvalidClientTokenId".into()));
}

#[tokio::test]
async fn a_role_may_hand_on_to_another_for_an_hour_at_most() {
    let (wire, _) = wire().await;
    let dev = wire.user("dev", &statement("Allow", "sts:AssumeRole", "*")).await;
    role(
        &wire,
        &trust("Allow", "000000000000", ""),
        &statement("Allow", "sts:AssumeRole", "*"),
    )
    .await;
    let second = trust("Allow", ROLE, "");
    let form = format!(
        "Action=CreateRole&RoleName=second&MaxSessionDuration=43200&AssumeRolePolicyDocument={}",
        encoded(&second)
    );
    assert_eq!(iam(&wire, &form).await.0, 200);
    let first = taken(&assume(&wire, &dev, "").await);
    let chain = async |by: &Credentials, seconds: u32| {
        let form = format!(
            "Action=AssumeRole&Version=2011-06-15&RoleArn={}&RoleSessionName=next&DurationSeconds={seconds}",
            ROLE.replace("worker", "second")
        );
        wire.query(by, "sts", &form).await
    };
    assert_eq!(chain(&dev, 900).await.0, 403, "only the first role is trusted");
    let next = taken(&chain(&first, 3600).await);
    let (_, who) = wire.query(&next, "sts", WHO).await;
    assert!(who.contains("assumed-role/second/next"), "{who}");
    assert_eq!(chain(&first, 3601).await.0, 400);
}

#[tokio::test]
async fn a_users_session_may_what_he_may_but_for_iam_and_ends_with_the_key_that_asked_for_it() {
    let (wire, clock) = wire().await;
    let dev = wire.user("dev", MANY).await;
    let form = "Action=GetSessionToken&Version=2011-06-15&DurationSeconds=900";
    let session = taken(&wire.query(&dev, "sts", form).await);
    let (_, who) = wire.query(&session, "sts", WHO).await;
    assert_eq!(element(&who, "Arn"), "arn:aws:iam::000000000000:user/dev");
    let secrets = serde_json::json!({});
    let (answer, steps) = wire.secrets(&session, "ListSecrets", &secrets).await;
    assert!(answer.is_ok(), "{steps}");
    let users = "Action=ListUsers&Version=2010-05-08";
    assert_eq!(wire.query(&dev, "iam", users).await.0, 200);
    assert_eq!(wire.query(&session, "iam", users).await.0, 403);
    for by in [&session, &wire.root] {
        assert_eq!(wire.query(by, "sts", form).await.0, 403);
    }
    let form = format!(
        "Action=UpdateAccessKey&UserName=dev&Status=Inactive&AccessKeyId={}",
        dev.access_key_id
    );
    assert_eq!(iam(&wire, &form).await.0, 200);
    let (status, answer) = wire.query(&session, "sts", WHO).await;
    assert_eq!((status, element(&answer, "Code")), (403, "InvalidClientTokenId"));
    let form = form.replace("Inactive", "Active");
    assert_eq!(iam(&wire, &form).await.0, 200);
    assert_eq!(wire.query(&session, "sts", WHO).await.0, 200);
    clock.advance_seconds(900);
    let (status, answer) = wire.query(&session, "sts", WHO).await;
    assert_eq!((status, element(&answer, "Code")), (403, "ExpiredToken"));
    let (answer, _) = wire.secrets(&session, "ListSecrets", &secrets).await;
    assert_eq!(answer.unwrap_err().1, "ExpiredTokenException");
}

#[tokio::test]
async fn sessions_are_told_from_long_lived_keys_by_when_they_were_issued() {
    let (wire, _) = wire().await;
    // What AWS's console puts on a role to end its sessions.
    let revoked = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"},
        {"Effect":"Deny","Action":"*","Resource":"*","Condition":{"DateLessThan":{"aws:TokenIssueTime":"2100-01-01T00:00:00Z"}}}]}"#;
    let dev = wire.user("dev", revoked).await;
    role(&wire, &trust("Allow", "000000000000", ""), revoked).await;
    let users = "Action=ListUsers&Version=2010-05-08";
    assert_eq!(wire.query(&dev, "iam", users).await.0, 200);
    let session = taken(&assume(&wire, &dev, "").await);
    assert_eq!(wire.query(&session, "iam", users).await.0, 403);
    assert_eq!(scope().account.as_str(), "000000000000");
}
