//! What holds for every policy: made at random, the same in every run.

use std::fmt::Write as _;

use super::*;

/// A small generator (xorshift): the seed is in the message of whatever fails.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 33).unwrap() % sides
    }

    fn pick<'a>(&mut self, from: &[&'a str]) -> &'a str {
        from[self.roll(from.len())]
    }
}

const ACTIONS: &[&str] = &[
    "*",
    "s3:*",
    "s3:Get*",
    "s3:?etObject",
    "s3:PutObject",
    "execute-api:Invoke",
];
const RESOURCES: &[&str] = &[
    "*",
    "arn:aws:s3:::b/*",
    "arn:aws:s3:::b/${aws:username}/*",
    "arn:aws:s3:::b/${aws:PrincipalTag/team, 'red'}/*",
    "arn:aws:execute-api:*:111122223333:abc/*/GET/*",
];
const PRINCIPALS: &[&str] = &[
    r#""*""#,
    r#"{"AWS":"111122223333"}"#,
    r#"{"AWS":["444455556666","arn:aws:iam::111122223333:user/alice"]}"#,
    r#"{"AWS":["111122223333","arn:aws:iam::111122223333:role/deploy"]}"#,
    r#"{"Service":"apigateway.amazonaws.com"}"#,
];
const CONDITIONS: &[&str] = &[
    r#"{"StringEquals":{"aws:username":"alice"}}"#,
    r#"{"StringNotLike":{"aws:username":"a*"}}"#,
    r#"{"StringNotEqualsIfExists":{"aws:username":"${aws:PrincipalTag/owner}"}}"#,
    r#"{"ForAllValues:StringEquals":{"aws:TagKeys":["a","b"]}}"#,
    r#"{"ForAnyValue:StringLike":{"aws:TagKeys":"a*"}}"#,
    r#"{"NumericLessThan":{"a:n":"5"}}"#,
    r#"{"DateGreaterThan":{"aws:CurrentTime":"2026-01-01T00:00:00Z"}}"#,
    r#"{"Bool":{"aws:SecureTransport":"true"}}"#,
    r#"{"NotIpAddress":{"aws:SourceIp":"10.0.0.0/8"}}"#,
    r#"{"ArnNotLike":{"aws:PrincipalArn":"arn:aws:iam::*:user/al*"}}"#,
    r#"{"BinaryEquals":{"a:b":"QQ=="}}"#,
    r#"{"Null":{"aws:username":"true"}}"#,
];

/// A statement with an effect; with principals where `resource_based`.
fn statement(dice: &mut Dice, effect: &str, resource_based: bool) -> String {
    let mut text = format!(r#"{{"Effect":"{effect}""#);
    let not = |dice: &mut Dice| if dice.roll(4) == 0 { "Not" } else { "" };
    if resource_based {
        let not = if effect == "Deny" { not(dice) } else { "" };
        let _ = write!(text, r#","{not}Principal":{}"#, dice.pick(PRINCIPALS));
    }
    let _ = write!(text, r#","{}Action":"{}""#, not(dice), dice.pick(ACTIONS));
    let _ = write!(text, r#","{}Resource":"{}""#, not(dice), dice.pick(RESOURCES));
    if dice.roll(2) == 0 {
        let _ = write!(text, r#","Condition":{}"#, dice.pick(CONDITIONS));
    }
    text.push('}');
    text
}

fn statements(dice: &mut Dice, resource_based: bool) -> Vec<String> {
    let count = 1 + dice.roll(3);
    let one = |dice: &mut Dice| {
        let effect = dice.pick(&["Allow", "Allow", "Allow", "Deny"]);
        statement(dice, effect, resource_based)
    };
    (0..count).map(|_| one(dice)).collect()
}

fn compile(statements: &[String]) -> Policy {
    let json = format!(
        r#"{{"Version":"2012-10-17","Statement":[{}]}}"#,
        statements.join(",")
    );
    Policy::parse(&json).unwrap_or_else(|cause| panic!("{cause}: {json}"))
}

fn context(dice: &mut Dice) -> Context<'static> {
    let mut context = Context::new();
    let keys: &[(&str, &[&str])] = &[
        ("aws:username", &["alice", "bob", "*"]),
        ("aws:PrincipalTag/team", &["red", "blue"]),
        ("aws:PrincipalTag/owner", &["alice", "carol"]),
        ("aws:TagKeys", &["a", "b", "c"]),
        ("a:n", &["4", "5", "many"]),
        (
            "aws:CurrentTime",
            &["2026-11-21T00:00:00Z", "2025-01-01T00:00:00Z"],
        ),
        ("aws:SecureTransport", &["true", "false"]),
        ("aws:SourceIp", &["10.1.2.3", "203.0.113.7", "2001:db8::1"]),
        ("a:b", &["QQ==", "QUI="]),
        (
            "aws:PrincipalArn",
            &[
                "arn:aws:iam::111122223333:user/alice",
                "arn:aws:iam::111122223333:user/bob",
            ],
        ),
    ];
    for (key, values) in keys {
        if dice.roll(3) > 0 {
            let count = 1 + dice.roll(2);
            let values = (0..count).map(|_| dice.pick(values).to_owned()).collect();
            context.set_all(key, values);
        }
    }
    context
}

fn request<'a>(dice: &mut Dice, context: &'a Context<'a>) -> AccessRequest<'a> {
    let principals = [
        None,
        Some("arn:aws:iam::111122223333:user/alice"),
        Some("arn:aws:iam::444455556666:user/bob"),
        Some("arn:aws:iam::111122223333:root"),
        Some("arn:aws:sts::111122223333:assumed-role/deploy/session"),
        Some("apigateway.amazonaws.com"),
    ];
    AccessRequest {
        principal_arn: principals[dice.roll(principals.len())],
        action: dice.pick(&[
            "s3:GetObject",
            "s3:PutObject",
            "execute-api:Invoke",
            "iam:CreateUser",
        ]),
        resource: dice.pick(&[
            "arn:aws:s3:::b/alice/x",
            "arn:aws:s3:::b/red/x",
            "arn:aws:s3:::b/*/x",
            "arn:aws:execute-api:us-east-1:111122223333:abc/prod/GET/pets",
        ]),
        context,
    }
}

const ROUNDS: u64 = 5_000;

#[test]
fn a_deny_more_never_allows_more_whatever_it_says() {
    let (mut allowed, mut stopped) = (0, 0);
    for seed in 1..=ROUNDS {
        let mut dice = Dice(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1);
        let resource_based = dice.roll(2) == 0;
        let before = statements(&mut dice, resource_based);
        let mut after = before.clone();
        let at = dice.roll(after.len() + 1);
        after.insert(at, statement(&mut dice, "Deny", resource_based));
        let context = context(&mut dice);
        let request = request(&mut dice, &context);
        let was = evaluate(&[&compile(&before)], &request);
        let is = evaluate(&[&compile(&after)], &request);
        let more = is.is_allow() && !was.is_allow();
        let undone = was.is_explicit_deny() && !is.is_explicit_deny();
        assert!(!more && !undone, "seed {seed}: {was:?}, then {is:?}: {after:#?}");
        // By name is never more than at all.
        let policy = compile(&after);
        let grants = policy.allows_by_name(&request);
        assert!(
            !grants || is.is_allow() || is.is_explicit_deny(),
            "seed {seed}: {after:#?}"
        );
        allowed += u64::from(was.is_allow());
        stopped += u64::from(was.is_allow() && !is.is_allow());
    }
    assert!(
        allowed > ROUNDS / 20 && stopped > ROUNDS / 200,
        "{allowed} {stopped}"
    );
}

#[test]
fn an_allow_more_never_lifts_a_denial_and_order_changes_nothing() {
    for seed in 1..=ROUNDS {
        let mut dice = Dice(seed.wrapping_mul(0xd134_2543_de82_ef95) | 1);
        let before = statements(&mut dice, false);
        let allow = statement(&mut dice, "Allow", false);
        let context = context(&mut dice);
        let request = request(&mut dice, &context);
        let (one, two) = (compile(&before), compile(&[allow]));
        let was = evaluate(&[&one], &request);
        let (is, turned) = (
            evaluate(&[&one, &two], &request),
            evaluate(&[&two, &one], &request),
        );
        assert_eq!(was.is_explicit_deny(), is.is_explicit_deny(), "seed {seed}");
        assert!(!was.is_allow() || is.is_allow(), "seed {seed}");
        assert_eq!(is.is_allow(), turned.is_allow(), "seed {seed}");
        assert_eq!(is.is_explicit_deny(), turned.is_explicit_deny(), "seed {seed}");
    }
}

#[test]
fn boundary_and_session_only_ever_take_away() {
    let (mut allowed, mut limited) = (0, 0);
    for seed in 1..=ROUNDS {
        let mut dice = Dice(seed.wrapping_mul(0xa24b_aed4_963e_e407) | 1);
        let policies: Vec<Policy> = (0..4).map(|_| compile(&statements(&mut dice, false))).collect();
        let [one, two, boundary, session] = policies.as_slice() else {
            unreachable!()
        };
        let context = context(&mut dice);
        let request = request(&mut dice, &context);
        let bare = PrincipalPolicies {
            identity: vec![one, two],
            ..PrincipalPolicies::default()
        };
        let whole = PrincipalPolicies {
            boundary: Some(boundary),
            session: vec![session],
            ..bare.clone()
        };
        let all = [&[one, two][..], &[boundary], &[session]].map(|kind| evaluate(kind, &request));
        let is_allowed = matches!(whole.evaluate(&request), Permit::Allow(_));
        assert_eq!(is_allowed, all.iter().all(Verdict::is_allow), "seed {seed}");
        let is_denied = matches!(whole.evaluate(&request), Permit::Deny(..));
        assert_eq!(
            is_denied,
            all.iter().any(Verdict::is_explicit_deny),
            "seed {seed}"
        );
        let was_allowed = matches!(bare.evaluate(&request), Permit::Allow(_));
        assert!(!is_allowed || was_allowed, "seed {seed}");
        allowed += u64::from(is_allowed);
        limited += u64::from(was_allowed && !is_allowed);
    }
    assert!(
        allowed > ROUNDS / 200 && limited > ROUNDS / 200,
        "{allowed} {limited}"
    );
}
