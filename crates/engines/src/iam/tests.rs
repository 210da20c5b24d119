use super::*;

/// A statement of the current version with these members.
fn policy(members: &str) -> Policy {
    Policy::parse(&document(members)).unwrap()
}

fn document(members: &str) -> String {
    format!(r#"{{"Version":"2012-10-17","Statement":[{{{members}}}]}}"#)
}

fn context(pairs: &[(&str, &[&str])]) -> Context<'static> {
    let mut context = Context::new();
    for (key, values) in pairs {
        context.set_all(key, values.iter().map(|value| (*value).to_owned()).collect());
    }
    context
}

fn ask<'a>(action: &'a str, resource: &'a str, context: &'a Context<'a>) -> AccessRequest<'a> {
    AccessRequest {
        principal_arn: Some("arn:aws:iam::111122223333:user/alice"),
        action,
        resource,
        context,
    }
}

const API: &str = "arn:aws:execute-api:us-east-1:111122223333:abc/prod/GET/pets";

#[test]
fn actions_match_without_case_and_with_wildcards() {
    let rows = [
        (r#""*""#, "s3:GetObject", true),
        (r#""s3:*""#, "s3:GetObject", true),
        (r#""s3:Get*""#, "s3:GetObject", true),
        (r#""S3:getobject""#, "s3:GetObject", true),
        (r#""s3:Get?bject""#, "s3:GetObject", true),
        (r#""s3:Get?bject""#, "s3:Getbject", false),
        (r#""s3:Get""#, "s3:GetObject", false),
        (r#""s3:*Object""#, "s3:GetObject", true),
        (r#""s3:*Object""#, "s3:GetObjectAcl", false),
        (r#""s3:*et*bj*t""#, "s3:GetObject", true),
        (r#"["ec2:*","s3:GetObject"]"#, "s3:GetObject", true),
        (r#"["ec2:*","s3:PutObject"]"#, "s3:GetObject", false),
        (r#""*:*""#, "s3:GetObject", true),
    ];
    let none = Context::new();
    for (action, asked, expected) in rows {
        let allow = policy(&format!(r#""Effect":"Allow","Action":{action},"Resource":"*""#));
        let verdict = evaluate(&[&allow], &ask(asked, API, &none));
        assert_eq!(verdict.is_allow(), expected, "{action} {asked}");
        let not = policy(&format!(
            r#""Effect":"Allow","NotAction":{action},"Resource":"*""#
        ));
        assert_eq!(
            evaluate(&[&not], &ask(asked, API, &none)).is_allow(),
            !expected,
            "not {action} {asked}"
        );
    }
}

#[test]
fn resources_match_part_by_part() {
    let rows = [
        ("*", API, true),
        ("arn:aws:execute-api:*:*:abc/*", API, true),
        (
            "arn:aws:execute-api:us-east-1:111122223333:abc/prod/GET/pets",
            API,
            true,
        ),
        (
            "arn:aws:execute-api:us-east-1:111122223333:abc/prod/GET/PETS",
            API,
            false,
        ),
        (
            "arn:aws:execute-api:us-east-1:111122223333:abc/*/GET/*",
            API,
            true,
        ),
        (
            "arn:aws:execute-api:us-east-1:111122223333:abc/*/POST/*",
            API,
            false,
        ),
        (
            "arn:aws:execute-api:us-*-1:1111????3333:abc/prod/GET/p?ts",
            API,
            true,
        ),
        ("arn:aws:execute-api:eu-*:111122223333:abc/*", API, false),
        ("arn:aws:execute-api:us-east-1:444455556666:abc/*", API, false),
        ("arn:aws:execute-api*", API, true),
        ("arn:aws:s3:::bucket", "arn:aws:s3:::bucket", true),
        ("arn:aws:s3:::bucket/*", "arn:aws:s3:::bucket/a:b/c", true),
        (
            "arn:aws:logs:*:*:log-group:a*:*",
            "arn:aws:logs:us-east-1:1:log-group:abc:x",
            true,
        ),
        // A path that holds colons must not reach into another account's or API's pattern.
        (
            "arn:aws:execute-api:*:*:abc/*",
            "arn:aws:execute-api:us-east-1:444455556666:xyz/prod/GET/:1:abc/x",
            false,
        ),
    ];
    let none = Context::new();
    for (pattern, resource, expected) in rows {
        let allow = policy(&format!(
            r#""Effect":"Allow","Action":"*","Resource":"{pattern}""#
        ));
        let verdict = evaluate(&[&allow], &ask("a:b", resource, &none));
        assert_eq!(verdict.is_allow(), expected, "{pattern} {resource}");
        let not = policy(&format!(
            r#""Effect":"Deny","Action":"*","NotResource":"{pattern}""#
        ));
        let verdict = evaluate(&[&not], &ask("a:b", resource, &none));
        assert_eq!(verdict.is_explicit_deny(), !expected, "not {pattern} {resource}");
    }
}

#[test]
fn deny_wins_and_the_deciding_statement_is_named() {
    let none = Context::new();
    let allow = policy(r#""Sid":"AllowAll","Effect":"Allow","Action":"*","Resource":"*""#);
    let deny = policy(r#""Effect":"Deny","Action":"s3:Delete*","Resource":"*""#);
    let verdict = evaluate(&[&allow, &deny], &ask("s3:DeleteObject", API, &none));
    let id = StatementId {
        policy: 1,
        statement: 0,
        sid: None,
    };
    assert_eq!(
        verdict,
        Verdict::ExplicitDeny {
            statement: id.clone()
        }
    );
    assert_eq!(id.to_string(), "statement 1 of policy 2");
    let verdict = evaluate(&[&allow, &deny], &ask("s3:GetObject", API, &none));
    let Verdict::Allow { statement } = verdict else {
        panic!("{verdict:?}")
    };
    assert_eq!(statement.to_string(), "statement `AllowAll`");
    assert_eq!(
        evaluate(&[&deny], &ask("s3:GetObject", API, &none)),
        Verdict::ImplicitDeny
    );
    assert_eq!(
        evaluate(&[], &ask("s3:GetObject", API, &none)),
        Verdict::ImplicitDeny
    );
}

#[test]
fn adding_a_deny_never_allows_more() {
    let none = Context::new();
    let effects = ["Allow", "Deny"];
    let actions = ["*", "s3:Get*", "s3:Put*", "ec2:*"];
    for effect in effects {
        for first in actions {
            for denied in actions {
                for asked in ["s3:GetObject", "s3:PutObject", "ec2:Run"] {
                    let one = policy(&format!(
                        r#""Effect":"{effect}","Action":"{first}","Resource":"*""#
                    ));
                    let two = policy(&format!(r#""Effect":"Deny","Action":"{denied}","Resource":"*""#));
                    let before = evaluate(&[&one], &ask(asked, API, &none)).is_allow();
                    let after = evaluate(&[&one, &two], &ask(asked, API, &none)).is_allow();
                    assert!(before || !after);
                }
            }
        }
    }
}

#[test]
fn principals_are_matched() {
    let user = Some("arn:aws:iam::111122223333:user/alice");
    let session = Some("arn:aws:sts::111122223333:assumed-role/deploy/session-1");
    let service = Some("apigateway.amazonaws.com");
    let rows: [(&str, Option<&str>, bool); 16] = [
        (r#""*""#, None, true),
        (r#"{"AWS":"*"}"#, None, true),
        (r#"{"AWS":"*"}"#, user, true),
        (r#"{"AWS":"111122223333"}"#, user, true),
        (r#"{"AWS":"arn:aws:iam::111122223333:root"}"#, user, true),
        (r#"{"AWS":"arn:aws:iam::111122223333:root"}"#, None, false),
        (r#"{"AWS":"444455556666"}"#, user, false),
        (r#"{"AWS":"arn:aws:iam::111122223333:user/alice"}"#, user, true),
        (r#"{"AWS":"arn:aws:iam::111122223333:user/bob"}"#, user, false),
        (
            r#"{"AWS":["444455556666","arn:aws:iam::111122223333:user/alice"]}"#,
            user,
            true,
        ),
        (
            r#"{"AWS":"arn:aws:iam::111122223333:role/team/deploy"}"#,
            session,
            true,
        ),
        (
            r#"{"AWS":"arn:aws:iam::111122223333:role/deploy2"}"#,
            session,
            false,
        ),
        (
            r#"{"AWS":"arn:aws:iam::444455556666:role/deploy"}"#,
            session,
            false,
        ),
        (r#"{"Service":"apigateway.amazonaws.com"}"#, service, true),
        (r#"{"Service":"lambda.amazonaws.com"}"#, service, false),
        (
            r#"{"Service":"apigateway.amazonaws.com","AWS":"444455556666"}"#,
            user,
            false,
        ),
    ];
    let none = Context::new();
    for (principal, caller, expected) in rows {
        let policy = policy(&format!(
            r#""Effect":"Allow","Principal":{principal},"Action":"*","Resource":"*""#
        ));
        let request = AccessRequest {
            principal_arn: caller,
            ..ask("a:b", API, &none)
        };
        let is_allowed = evaluate(&[&policy], &request).is_allow();
        assert_eq!(is_allowed, expected, "{principal} {caller:?}");
        let only_the_account = principal.contains(r#""111122223333""#) || principal.contains(":root");
        let by_name = policy.allows_by_name(&request);
        assert_eq!(by_name, expected && !only_the_account, "{principal} {caller:?}");
    }
}

#[test]
fn denial_of_everybody_but_some_spares_whom_it_names_with_the_account() {
    let alice = Some("arn:aws:iam::111122223333:user/alice");
    let bob = Some("arn:aws:iam::111122223333:user/bob");
    let root = Some("arn:aws:iam::111122223333:root");
    let session = Some("arn:aws:sts::111122223333:assumed-role/deploy/s");
    let both = r#"{"AWS":["111122223333","arn:aws:iam::111122223333:user/alice"]}"#;
    let role = r#"{"AWS":["arn:aws:iam::111122223333:root","arn:aws:iam::111122223333:role/deploy"]}"#;
    let rows = [
        (both, alice, true),
        (both, bob, false),
        (both, root, true),
        (both, None, false),
        (r#"{"AWS":"arn:aws:iam::111122223333:user/alice"}"#, alice, false),
        (r#"{"AWS":"111122223333"}"#, alice, false),
        (role, session, true),
        (role, alice, false),
        (r#"{"Service":"a.amazonaws.com"}"#, Some("a.amazonaws.com"), true),
        (r#"{"Service":"a.amazonaws.com"}"#, Some("b.amazonaws.com"), false),
        (r#""*""#, None, true),
    ];
    let none = Context::new();
    for (principal, caller, is_spared) in rows {
        let policy = policy(&format!(
            r#""Effect":"Deny","NotPrincipal":{principal},"Action":"*","Resource":"*""#
        ));
        let request = AccessRequest {
            principal_arn: caller,
            ..ask("a:b", API, &none)
        };
        let is_denied = evaluate(&[&policy], &request).is_explicit_deny();
        assert_eq!(is_denied, !is_spared, "{principal} {caller:?}");
    }
    let open =
        document(r#""Effect":"Allow","NotPrincipal":{"AWS":"111122223333"},"Action":"*","Resource":"*""#);
    assert_eq!(
        Policy::parse(&open).unwrap_err().field,
        "Statement[0].NotPrincipal"
    );
}

#[test]
fn conditions_hold_as_the_table_says() {
    // condition, values of the request, whether the statement applies
    type Row = (
        &'static str,
        &'static [(&'static str, &'static [&'static str])],
        bool,
    );
    let rows: &[Row] = &[
        (
            r#"{"StringEquals":{"aws:username":"alice"}}"#,
            &[("aws:username", &["alice"])],
            true,
        ),
        (
            r#"{"StringEquals":{"AWS:UserName":"alice"}}"#,
            &[("aws:username", &["alice"])],
            true,
        ),
        (
            r#"{"StringEquals":{"aws:username":"alice"}}"#,
            &[("aws:username", &["Alice"])],
            false,
        ),
        (
            r#"{"StringEquals":{"aws:username":["bob","alice"]}}"#,
            &[("aws:username", &["alice"])],
            true,
        ),
        (r#"{"StringEquals":{"aws:username":"alice"}}"#, &[], false),
        (
            r#"{"StringEquals":{"aws:username":"al*"}}"#,
            &[("aws:username", &["alice"])],
            false,
        ),
        (r#"{"StringEqualsIfExists":{"aws:username":"alice"}}"#, &[], true),
        (
            r#"{"StringEqualsIfExists":{"aws:username":"alice"}}"#,
            &[("aws:username", &["bob"])],
            false,
        ),
        (r#"{"StringNotEquals":{"aws:username":"alice"}}"#, &[], true),
        (
            r#"{"StringNotEquals":{"aws:username":["alice","bob"]}}"#,
            &[("aws:username", &["bob"])],
            false,
        ),
        (
            r#"{"StringNotEquals":{"aws:username":["alice","bob"]}}"#,
            &[("aws:username", &["carol"])],
            true,
        ),
        (
            r#"{"StringEqualsIgnoreCase":{"aws:username":"ALICE"}}"#,
            &[("aws:username", &["alice"])],
            true,
        ),
        (
            r#"{"StringNotEqualsIgnoreCase":{"aws:username":"ALICE"}}"#,
            &[("aws:username", &["alice"])],
            false,
        ),
        (
            r#"{"StringLike":{"aws:UserAgent":"curl/*"}}"#,
            &[("aws:useragent", &["curl/8.1"])],
            true,
        ),
        (
            r#"{"StringLike":{"aws:UserAgent":"cur?/8*"}}"#,
            &[("aws:useragent", &["curl/8.1"])],
            true,
        ),
        (
            r#"{"StringNotLike":{"aws:UserAgent":"curl/*"}}"#,
            &[("aws:useragent", &["curl/8.1"])],
            false,
        ),
        (r#"{"NumericEquals":{"a:n":"5"}}"#, &[("a:n", &["5.0"])], true),
        (r#"{"NumericEquals":{"a:n":5}}"#, &[("a:n", &["5"])], true),
        (r#"{"NumericNotEquals":{"a:n":"5"}}"#, &[("a:n", &["6"])], true),
        (r#"{"NumericLessThan":{"a:n":"5"}}"#, &[("a:n", &["5"])], false),
        (
            r#"{"NumericLessThanEquals":{"a:n":"5"}}"#,
            &[("a:n", &["5"])],
            true,
        ),
        (r#"{"NumericGreaterThan":{"a:n":"-1"}}"#, &[("a:n", &["0"])], true),
        (
            r#"{"NumericGreaterThanEquals":{"a:n":"5"}}"#,
            &[("a:n", &["4.9"])],
            false,
        ),
        (r#"{"NumericLessThan":{"a:n":"5"}}"#, &[("a:n", &["many"])], false),
        (r#"{"NumericLessThan":{"a:n":"5"}}"#, &[("a:n", &["nan"])], false),
        (r#"{"NumericLessThan":{"a:n":"5"}}"#, &[], false),
        (
            r#"{"DateGreaterThan":{"aws:CurrentTime":"2026-01-01T00:00:00Z"}}"#,
            &[("aws:currenttime", &["2026-11-21T08:00:00Z"])],
            true,
        ),
        (
            r#"{"DateLessThan":{"aws:CurrentTime":"2026-01-01"}}"#,
            &[("aws:currenttime", &["2025-12-31T23:59:59Z"])],
            true,
        ),
        (
            r#"{"DateLessThan":{"aws:EpochTime":"1700000000"}}"#,
            &[("aws:epochtime", &["1699999999"])],
            true,
        ),
        (
            r#"{"DateEquals":{"aws:CurrentTime":"2026-01-01T02:00:00+02:00"}}"#,
            &[("aws:currenttime", &["2026-01-01T00:00:00Z"])],
            true,
        ),
        (
            r#"{"DateNotEquals":{"aws:CurrentTime":"2026-01-01T00:00:00Z"}}"#,
            &[("aws:currenttime", &["2026-01-01T00:00:01Z"])],
            true,
        ),
        (
            r#"{"DateLessThanEquals":{"aws:CurrentTime":"2026-01-01T00:00:00Z"}}"#,
            &[("aws:currenttime", &["soon"])],
            false,
        ),
        (
            r#"{"DateGreaterThanEquals":{"aws:CurrentTime":"2026-01-01T00:00:00Z"}}"#,
            &[("aws:currenttime", &["2026-01-01T00:00:00.000Z"])],
            true,
        ),
        (
            r#"{"Bool":{"aws:SecureTransport":"true"}}"#,
            &[("aws:securetransport", &["true"])],
            true,
        ),
        (
            r#"{"Bool":{"aws:SecureTransport":true}}"#,
            &[("aws:securetransport", &["true"])],
            true,
        ),
        (
            r#"{"Bool":{"aws:SecureTransport":"false"}}"#,
            &[("aws:securetransport", &["true"])],
            false,
        ),
        (r#"{"Bool":{"aws:MultiFactorAuthPresent":"false"}}"#, &[], false),
        (
            r#"{"BoolIfExists":{"aws:MultiFactorAuthPresent":"false"}}"#,
            &[],
            true,
        ),
        (
            r#"{"BinaryEquals":{"a:b":"QmluYXJ5"}}"#,
            &[("a:b", &["QmluYXJ5"])],
            true,
        ),
        (
            r#"{"BinaryEquals":{"a:b":"QmluYXJ5"}}"#,
            &[("a:b", &["QmluYXJ6"])],
            false,
        ),
        (
            r#"{"IpAddress":{"aws:SourceIp":"203.0.113.0/24"}}"#,
            &[("aws:sourceip", &["203.0.113.9"])],
            true,
        ),
        (
            r#"{"IpAddress":{"aws:SourceIp":"203.0.113.0/24"}}"#,
            &[("aws:sourceip", &["203.0.114.9"])],
            false,
        ),
        (
            r#"{"IpAddress":{"aws:SourceIp":"203.0.113.7"}}"#,
            &[("aws:sourceip", &["203.0.113.7"])],
            true,
        ),
        (
            r#"{"IpAddress":{"aws:SourceIp":"0.0.0.0/0"}}"#,
            &[("aws:sourceip", &["203.0.113.7"])],
            true,
        ),
        (
            r#"{"IpAddress":{"aws:SourceIp":"0.0.0.0/0"}}"#,
            &[("aws:sourceip", &["2001:db8::1"])],
            false,
        ),
        (
            r#"{"IpAddress":{"aws:SourceIp":"::/0"}}"#,
            &[("aws:sourceip", &["203.0.113.7"])],
            false,
        ),
        (
            r#"{"IpAddress":{"aws:SourceIp":"203.0.113.0/24"}}"#,
            &[("aws:sourceip", &["::ffff:203.0.113.9"])],
            true,
        ),
        (
            r#"{"IpAddress":{"aws:SourceIp":"2001:db8::/32"}}"#,
            &[("aws:sourceip", &["2001:db8:1::1"])],
            true,
        ),
        (
            r#"{"IpAddress":{"aws:SourceIp":["10.0.0.0/8","192.168.0.0/16"]}}"#,
            &[("aws:sourceip", &["192.168.1.1"])],
            true,
        ),
        (
            r#"{"NotIpAddress":{"aws:SourceIp":["10.0.0.0/8","192.168.0.0/16"]}}"#,
            &[("aws:sourceip", &["192.168.1.1"])],
            false,
        ),
        (
            r#"{"NotIpAddress":{"aws:SourceIp":["10.0.0.0/8"]}}"#,
            &[("aws:sourceip", &["192.168.1.1"])],
            true,
        ),
        (r#"{"NotIpAddress":{"aws:SourceIp":["10.0.0.0/8"]}}"#, &[], true),
        (
            r#"{"ArnLike":{"aws:SourceArn":"arn:aws:sns:*:1:t*"}}"#,
            &[("aws:sourcearn", &["arn:aws:sns:us-east-1:1:topic"])],
            true,
        ),
        (
            r#"{"ArnEquals":{"aws:SourceArn":"arn:aws:sns:*:1:t*"}}"#,
            &[("aws:sourcearn", &["arn:aws:sns:us-east-1:1:topic"])],
            true,
        ),
        (
            r#"{"ArnLike":{"aws:SourceArn":"arn:aws:sns:*:1:t*"}}"#,
            &[("aws:sourcearn", &["arn:aws:sns:x:2:y:1:topic"])],
            false,
        ),
        (
            r#"{"ArnNotLike":{"aws:SourceArn":"arn:aws:sns:*:1:t*"}}"#,
            &[("aws:sourcearn", &["arn:aws:sns:x:2:topic"])],
            true,
        ),
        (
            r#"{"ArnNotEquals":{"aws:SourceArn":"arn:aws:sns:*:1:t*"}}"#,
            &[],
            true,
        ),
        (r#"{"Null":{"aws:TokenIssueTime":"true"}}"#, &[], true),
        (
            r#"{"Null":{"aws:TokenIssueTime":"true"}}"#,
            &[("aws:tokenissuetime", &["x"])],
            false,
        ),
        (
            r#"{"Null":{"aws:TokenIssueTime":false}}"#,
            &[("aws:tokenissuetime", &["x"])],
            true,
        ),
        (r#"{"Null":{"aws:TokenIssueTime":"false"}}"#, &[], false),
        (
            r#"{"ForAllValues:StringEquals":{"aws:TagKeys":["a","b"]}}"#,
            &[("aws:tagkeys", &["a", "b"])],
            true,
        ),
        (
            r#"{"ForAllValues:StringEquals":{"aws:TagKeys":["a","b"]}}"#,
            &[("aws:tagkeys", &["a", "c"])],
            false,
        ),
        (
            r#"{"ForAllValues:StringEquals":{"aws:TagKeys":["a","b"]}}"#,
            &[],
            true,
        ),
        (
            r#"{"ForAllValues:StringEquals":{"aws:TagKeys":["a","b"]}}"#,
            &[("aws:tagkeys", &[])],
            true,
        ),
        (
            r#"{"ForAllValues:StringNotEquals":{"aws:TagKeys":["a"]}}"#,
            &[("aws:tagkeys", &["b", "a"])],
            false,
        ),
        (
            r#"{"ForAnyValue:StringEquals":{"aws:TagKeys":["a","b"]}}"#,
            &[("aws:tagkeys", &["c", "b"])],
            true,
        ),
        (
            r#"{"ForAnyValue:StringEquals":{"aws:TagKeys":["a","b"]}}"#,
            &[("aws:tagkeys", &["c"])],
            false,
        ),
        (
            r#"{"ForAnyValue:StringEquals":{"aws:TagKeys":["a","b"]}}"#,
            &[],
            false,
        ),
        (
            r#"{"ForAnyValue:StringNotEquals":{"aws:TagKeys":["a"]}}"#,
            &[("aws:tagkeys", &["a", "b"])],
            true,
        ),
        (
            r#"{"ForAnyValue:StringLikeIfExists":{"aws:TagKeys":["a*"]}}"#,
            &[],
            true,
        ),
        // All operators and all keys must hold.
        (
            r#"{"StringEquals":{"a:x":"1","a:y":"2"},"Bool":{"a:z":"true"}}"#,
            &[("a:x", &["1"]), ("a:y", &["2"]), ("a:z", &["true"])],
            true,
        ),
        (
            r#"{"StringEquals":{"a:x":"1","a:y":"2"},"Bool":{"a:z":"true"}}"#,
            &[("a:x", &["1"]), ("a:y", &["3"]), ("a:z", &["true"])],
            false,
        ),
        (
            r#"{"StringEquals":{"aws:PrincipalTag/team":"${aws:RequestTag/team}"}}"#,
            &[
                ("aws:principaltag/team", &["red"]),
                ("aws:requesttag/team", &["red"]),
            ],
            true,
        ),
        (
            r#"{"StringEquals":{"aws:PrincipalTag/team":"${aws:RequestTag/team}"}}"#,
            &[("aws:principaltag/team", &["red"])],
            false,
        ),
        (
            r#"{"StringEquals":{"a:x":"${a:y, 'none'}"}}"#,
            &[("a:x", &["none"])],
            true,
        ),
        (
            r#"{"StringLike":{"a:x":"${*}${?}${$}*"}}"#,
            &[("a:x", &["*?$ rest"])],
            true,
        ),
        (
            r#"{"StringLike":{"a:x":"${*}"}}"#,
            &[("a:x", &["anything"])],
            false,
        ),
    ];
    for (condition, values, expected) in rows {
        let policy = policy(&format!(
            r#""Effect":"Allow","Action":"*","Resource":"*","Condition":{condition}"#
        ));
        let context = context(values);
        let verdict = evaluate(&[&policy], &ask("a:b", API, &context));
        assert_eq!(verdict.is_allow(), *expected, "{condition} {values:?}");
    }
}

#[test]
fn variables_are_filled_in_literally() {
    let allow = policy(r#""Effect":"Allow","Action":"*","Resource":"arn:aws:s3:::home/${aws:username}/*""#);
    let rows = [
        ("alice", "arn:aws:s3:::home/alice/x", true),
        ("alice", "arn:aws:s3:::home/bob/x", false),
        ("*", "arn:aws:s3:::home/bob/x", false),
        ("*", "arn:aws:s3:::home/*/x", true),
        ("?", "arn:aws:s3:::home/b/x", false),
        ("${aws:username}", "arn:aws:s3:::home/bob/x", false),
    ];
    for (name, resource, expected) in rows {
        let context = context(&[("aws:username", &[name])]);
        assert_eq!(
            evaluate(&[&allow], &ask("a:b", resource, &context)).is_allow(),
            expected,
            "{name} {resource}"
        );
    }
    let none = Context::new();
    assert!(!evaluate(&[&allow], &ask("a:b", "arn:aws:s3:::home//x", &none)).is_allow());
    // Without the variable's value, what lies outside of it is unknown.
    let except =
        policy(r#""Effect":"Allow","Action":"*","NotResource":"arn:aws:s3:::home/${aws:username}/*""#);
    assert!(!evaluate(&[&except], &ask("a:b", API, &none)).is_allow());
}

#[test]
fn negation_of_an_unknown_value_allows_nothing_and_still_denies() {
    let members = |effect: &str| {
        format!(
            r#""Effect":"{effect}","Action":"*","Resource":"*","Condition":{{"StringNotEquals":{{"a:owner":"${{aws:username}}"}}}}"#
        )
    };
    let context = context(&[("a:owner", &["bob"])]);
    assert!(!evaluate(&[&policy(&members("Allow"))], &ask("a:b", API, &context)).is_allow());
    assert!(evaluate(&[&policy(&members("Deny"))], &ask("a:b", API, &context)).is_explicit_deny());
}

#[test]
fn old_documents_take_variables_as_text() {
    let old = r#"{"Version":"2008-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"arn:aws:s3:::${aws:username}"}}"#;
    let policy = Policy::parse(old).unwrap();
    let context = context(&[("aws:username", &["alice"])]);
    assert!(!evaluate(&[&policy], &ask("a:b", "arn:aws:s3:::alice", &context)).is_allow());
    assert!(evaluate(&[&policy], &ask("a:b", "arn:aws:s3:::${aws:username}", &context)).is_allow());
    assert!(Policy::parse(&old.replace(r#""Version":"2008-10-17","#, "")).is_ok());
}

#[test]
fn shorthand_of_execute_api_is_expanded() {
    let json = r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":"*","Action":"execute-api:Invoke","Resource":"execute-api:/prod/GET/*"}}"#;
    let arn = "arn:aws:execute-api:us-east-1:111122223333:abc";
    let policy = Policy::parse_resource_based(json, Some(arn)).unwrap();
    let none = Context::new();
    assert!(evaluate(&[&policy], &ask("execute-api:Invoke", API, &none)).is_allow());
    assert_eq!(
        Policy::parse_resource_based(json, None).unwrap_err().field,
        "Statement.Resource"
    );
}

#[test]
fn principals_stand_where_they_belong() {
    let with = document(r#""Effect":"Allow","Principal":"*","Action":"*","Resource":"*""#);
    let without = document(r#""Effect":"Allow","Action":"*","Resource":"*""#);
    assert!(Policy::parse_resource_based(&with, None).is_ok());
    assert!(Policy::parse_identity_based(&without).is_ok());
    assert_eq!(
        Policy::parse_resource_based(&without, None).unwrap_err().field,
        "Statement[0].Principal"
    );
    assert_eq!(
        Policy::parse_identity_based(&with).unwrap_err().field,
        "Statement[0].Principal"
    );
}

#[test]
#[allow(clippy::too_many_lines, reason = "a table")]
fn malformed_documents_are_refused_with_their_field() {
    let allow = r#""Effect":"Allow","Action":"*","Resource":"*""#;
    let condition = |text: &str| document(&format!(r#"{allow},"Condition":{text}"#));
    let rows: Vec<(String, &str)> = vec![
        (String::new(), ""),
        ("[]".into(), ""),
        (format!(r#"{{"Statement":[{{{allow}}}],"Statement":[]}}"#), ""),
        (format!(r#"{{"Statement":[{{{allow}}}]}} x"#), ""),
        (" ".repeat(DOCUMENT_BYTES_MAX + 1), ""),
        ("{}".into(), "Statement"),
        (r#"{"Version":"2012-10-17","Statement":"x"}"#.into(), "Statement"),
        (r#"{"Version":"2020-01-01","Statement":[]}"#.into(), "Version"),
        (r#"{"Version":1,"Statement":[]}"#.into(), "Version"),
        (r#"{"version":"2012-10-17","Statement":[]}"#.into(), "version"),
        (r#"{"Id":1,"Statement":[]}"#.into(), "Id"),
        (
            document(r#""Effect":"allow","Action":"*","Resource":"*""#),
            "Statement[0].Effect",
        ),
        (document(r#""Action":"*","Resource":"*""#), "Statement[0].Effect"),
        (
            document(r#""Effect":"Allow","Resource":"*""#),
            "Statement[0].Action",
        ),
        (
            document(r#""Effect":"Allow","Action":"*""#),
            "Statement[0].Resource",
        ),
        (
            document(r#""Effect":"Allow","Action":"*","NotAction":"*","Resource":"*""#),
            "Statement[0].Action",
        ),
        (
            document(r#""Effect":"Allow","Action":[],"Resource":"*""#),
            "Statement[0].Action",
        ),
        (
            document(r#""Effect":"Allow","Action":"Invoke","Resource":"*""#),
            "Statement[0].Action",
        ),
        (
            document(r#""Effect":"Allow","Action":["*",1],"Resource":"*""#),
            "Statement[0].Action",
        ),
        (
            document(r#""Effect":"Allow","Action":"*","Resource":"bucket""#),
            "Statement[0].Resource",
        ),
        (
            document(r#""Effect":"Allow","Action":"*","Resource":"arn:aws:s3:::${aws:username""#),
            "Statement[0].Resource",
        ),
        (
            document(r#""Effect":"Allow","Action":"*","Resource":"arn:aws:s3:::${user}""#),
            "Statement[0].Resource",
        ),
        (
            document(r#""Effect":"Allow","Action":"*","Resource":"*","Conditions":{}"#),
            "Statement[0].Conditions",
        ),
        (
            document(r#""Effect":"Allow","Action":"*","Resource":"*","Sid":5"#),
            "Statement[0].Sid",
        ),
        (
            document(r#""Effect":"Allow","Principal":"alice","Action":"*","Resource":"*""#),
            "Statement[0].Principal",
        ),
        (
            document(r#""Effect":"Allow","Principal":{},"Action":"*","Resource":"*""#),
            "Statement[0].Principal",
        ),
        (
            document(r#""Effect":"Allow","Principal":{"AWS":"alice"},"Action":"*","Resource":"*""#),
            "Statement[0].Principal.AWS",
        ),
        (
            document(
                r#""Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111122223333:user/*"},"Action":"*","Resource":"*""#,
            ),
            "Statement[0].Principal.AWS",
        ),
        (
            document(r#""Effect":"Allow","Principal":{"CanonicalUser":"x"},"Action":"*","Resource":"*""#),
            "Statement[0].Principal.CanonicalUser",
        ),
        (condition("[]"), "Statement[0].Condition"),
        (
            condition(r#"{"StringSame":{"a:x":"1"}}"#),
            "Statement[0].Condition.StringSame",
        ),
        (
            condition(r#"{"NullIfExists":{"a:x":"true"}}"#),
            "Statement[0].Condition.NullIfExists",
        ),
        (
            condition(r#"{"ForSomeValue:StringEquals":{"a:x":"1"}}"#),
            "Statement[0].Condition.ForSomeValue:StringEquals",
        ),
        (
            condition(r#"{"StringEquals":{"x":"1"}}"#),
            "Statement[0].Condition.StringEquals.x",
        ),
        (
            condition(r#"{"StringEquals":{"a:x":[]}}"#),
            "Statement[0].Condition.StringEquals.a:x",
        ),
        (
            condition(r#"{"StringEquals":{"a:x":{}}}"#),
            "Statement[0].Condition.StringEquals.a:x",
        ),
        (
            condition(r#"{"NumericEquals":{"a:x":"five"}}"#),
            "Statement[0].Condition.NumericEquals.a:x",
        ),
        (
            condition(r#"{"DateEquals":{"a:x":"tomorrow"}}"#),
            "Statement[0].Condition.DateEquals.a:x",
        ),
        (
            condition(r#"{"Bool":{"a:x":"yes"}}"#),
            "Statement[0].Condition.Bool.a:x",
        ),
        (
            condition(r#"{"BinaryEquals":{"a:x":"%"}}"#),
            "Statement[0].Condition.BinaryEquals.a:x",
        ),
        (
            condition(r#"{"IpAddress":{"a:x":"10.0.0.0/33"}}"#),
            "Statement[0].Condition.IpAddress.a:x",
        ),
        (
            condition(r#"{"IpAddress":{"a:x":"10.0.0"}}"#),
            "Statement[0].Condition.IpAddress.a:x",
        ),
        (
            condition(r#"{"ArnLike":{"a:x":"topic"}}"#),
            "Statement[0].Condition.ArnLike.a:x",
        ),
        (
            condition(r#"{"Null":{"a:x":"maybe"}}"#),
            "Statement[0].Condition.Null.a:x",
        ),
        (
            format!(r#"{{"Statement":[{{"Sid":"a",{allow}}},{{"Sid":"a",{allow}}}]}}"#),
            "Statement",
        ),
        (format!("{}{}", r#"{"Statement":"#, "[".repeat(5000)), ""),
    ];
    for (json, field) in rows {
        let shown: String = json.chars().take(120).collect();
        let error = Policy::parse(&json).expect_err(&shown);
        assert_eq!(error.field, field, "{shown}: {error}");
    }
}

#[test]
fn hostile_patterns_take_little_time() {
    let pattern = "*a".repeat(400);
    let policy = policy(&format!(
        r#""Effect":"Allow","Action":"*","Resource":"arn:aws:s3:::{pattern}b""#
    ));
    let resource = format!("arn:aws:s3:::{}", "a".repeat(8000));
    let none = Context::new();
    let before = std::time::Instant::now();
    assert!(!evaluate(&[&policy], &ask("a:b", &resource, &none)).is_allow());
    assert!(before.elapsed().as_secs() < 2);
}

const ALPHABET: &[char] = &[
    '"', '{', '}', '[', ']', ':', ',', '$', '*', '?', '/', '\\', '0', 'a', 'é', ' ', '\u{0}',
];

/// Returns `seed` with some bytes changed, the same for the same `round`.
fn mangled(seed: &str, round: u64) -> String {
    let mut state = round.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        usize::try_from(state >> 33).unwrap()
    };
    let mut characters: Vec<char> = seed.chars().collect();
    for _ in 0..=next() % 4 {
        let at = next() % characters.len();
        match next() % 3 {
            0 => characters[at] = ALPHABET[next() % ALPHABET.len()],
            1 => characters.insert(at, ALPHABET[next() % ALPHABET.len()]),
            _ => drop(characters.remove(at)),
        }
    }
    characters.into_iter().collect()
}

#[test]
fn mangled_documents_are_read_or_refused_without_panic() {
    let seed = r#"{"Version":"2012-10-17","Statement":[{"Sid":"a","Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111122223333:role/x"},"Action":["s3:Get*"],"Resource":"arn:aws:s3:::${aws:username, 'x'}/*?","Condition":{"ForAnyValue:StringLike":{"a:b":["${a:c}*"]},"IpAddress":{"a:ip":"10.0.0.0/8"},"DateLessThan":{"a:d":"2026-01-01T00:00:00Z"}}}]}"#;
    let context = context(&[
        ("a:b", &["x"]),
        ("a:ip", &["10.0.0.1"]),
        ("aws:username", &["é*"]),
    ]);
    let mut read = 0;
    for round in 0..20_000 {
        if let Ok(policy) = Policy::parse(&mangled(seed, round)) {
            evaluate(&[&policy], &ask("s3:GetObject", "arn:aws:s3:::é*/x", &context));
            read += 1;
        }
    }
    assert!(read > 100 && read < 20_000, "{read}");
}

#[test]
fn trust_policy_names_principals_and_no_resources() {
    let trust = r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"Service":"events.amazonaws.com"},"Action":"sts:AssumeRole","Condition":{"StringEquals":{"aws:SourceAccount":111122223333}}}}"#;
    let policy = Policy::parse_trust(trust).unwrap();
    let asked = |principal: &'static str, account: &str| {
        let context = context(&[("aws:SourceAccount", &[account])]);
        let request = AccessRequest {
            principal_arn: Some(principal),
            ..ask("sts:AssumeRole", "arn:aws:iam::111122223333:role/r", &context)
        };
        evaluate(&[&policy], &request).is_allow()
    };
    assert!(asked("events.amazonaws.com", "111122223333"));
    assert!(!asked("events.amazonaws.com", "444455556666"));
    assert!(!asked("apigateway.amazonaws.com", "111122223333"));
    for (document, field) in [
        (
            trust.replace(r#""Action""#, r#""Resource":"*","Action""#),
            "Statement.Resource",
        ),
        (
            trust.replace(r#""Action""#, r#""NotResource":"*","Action""#),
            "Statement.NotResource",
        ),
        (
            trust.replace(r#""Principal":{"Service":"events.amazonaws.com"},"#, ""),
            "Statement[0].Principal",
        ),
    ] {
        assert_eq!(Policy::parse_trust(&document).unwrap_err().field, field);
    }
}
