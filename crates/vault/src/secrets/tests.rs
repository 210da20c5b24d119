use std::{collections::BTreeMap, sync::Arc};

use portcullis_model::{ManualClock, Scope, SecretBytes, SecretText, SystemEntropy, Timestamp};
use portcullis_store::{Kind, Page, SqliteStore, Store, kinds};

use super::*;
use crate::{RootKey, Vault};

const HUNTER: &str = "hunter2-Zx9-correct-horse";

struct House {
    store: SqliteStore,
    vault: Vault,
    clock: Arc<ManualClock>,
    scope: Scope,
}

impl House {
    fn new() -> Self {
        let clock = Arc::new(ManualClock::at(Timestamp::from_seconds(1_800_000_000)));
        Self {
            store: SqliteStore::in_memory(clock.clone()).unwrap(),
            vault: Vault::new(&RootKey::from_array([7; 32]), Arc::new(SystemEntropy)),
            clock,
            scope: Scope::new("000000000000", "us-east-1"),
        }
    }

    fn secrets(&self) -> Secrets<'_> {
        Secrets {
            store: &self.store,
            vault: &self.vault,
            clock: self.clock.as_ref(),
            entropy: &SystemEntropy,
            scope: &self.scope,
        }
    }

    async fn create(&self, name: &str, value: &str) -> Written {
        self.secrets().create(&new(name, value)).await.unwrap()
    }

    async fn put(
        &self,
        id: &str,
        token: u32,
        value: &str,
        stages: Option<&[&str]>,
    ) -> Result<String, String> {
        let stages = stages.map(|stages| stages.iter().map(|stage| (*stage).to_owned()).collect());
        let value = NewValue {
            value: text(value),
            token: Some(numbered(token)),
        };
        let written = self.secrets().put_value(id, &NewVersion { value, stages }).await;
        written
            .map(|written| told(&written.secret))
            .map_err(|error| said(&error))
    }

    async fn read(&self, id: &str, wanted: Wanted<'_>) -> Result<String, String> {
        let opened = self.secrets().value(id, wanted).await;
        opened
            .map(|opened| String::from_utf8(opened.value.expose().to_vec()).unwrap())
            .map_err(|error| said(&error))
    }

    async fn bodies(&self, kind: Kind) -> Vec<Vec<u8>> {
        let records = self.store.list(&self.scope, kind, Page::all("")).await.unwrap();
        records.into_iter().map(|record| record.body).collect()
    }
}

fn text(value: &str) -> SecretValue {
    SecretValue::Text(SecretText::new(value.to_owned()))
}

fn new(name: &str, value: &str) -> NewSecret {
    NewSecret {
        name: name.into(),
        description: None,
        kms_key_id: None,
        tags: BTreeMap::new(),
        value: Some(NewValue {
            value: text(value),
            token: Some(numbered(1)),
        }),
    }
}

fn numbered(number: u32) -> String {
    format!("00000000-0000-4000-8000-{number:012}")
}

fn said(error: &SecretsError) -> String {
    format!("{}: {}", error.name(), error.message())
}

/// `1=AWSPREVIOUS 2=AWSCURRENT+AWSPENDING`
fn told(secret: &Secret) -> String {
    let versions = secret.versions.iter().map(|(id, version)| {
        let stages: Vec<&str> = version.stages.iter().map(String::as_str).collect();
        format!(
            "{}={}",
            id.rsplit('-').next().unwrap().trim_start_matches('0'),
            stages.join("+")
        )
    });
    versions.collect::<Vec<_>>().join(" ")
}

#[tokio::test]
async fn secret_is_found_by_name_by_arn_and_by_arn_without_its_end() {
    let house = House::new();
    let written = house.create("team/db-abcdef", HUNTER).await;
    let arn = written.secret.arn.clone();
    let prefix = "arn:aws:secretsmanager:us-east-1:000000000000:secret:team/db-abcdef";
    let suffix = arn.strip_prefix(prefix).unwrap();
    assert!(suffix.len() == 7 && suffix.starts_with('-'));
    for id in ["team/db-abcdef", arn.as_str(), prefix] {
        assert_eq!(house.read(id, Wanted::default()).await.unwrap(), HUNTER, "{id}");
    }
    let elsewhere = arn.replace("000000000000", "111111111111");
    for id in [
        "team/db",
        "team/db-abcdef-xxxxxx",
        elsewhere.as_str(),
        &arn.replace("us-east-1", "eu-west-1"),
        &arn.replace("secretsmanager", "ssm"),
        &format!("{prefix}-xxxxxx"),
        "arn:aws:secretsmanager:us-east-1:000000000000:secret:team/db",
        "arn:aws:secretsmanager:us-east-1:000000000000:secret:",
        "arn:",
        "",
    ] {
        let refused = house.read(id, Wanted::default()).await.unwrap_err();
        assert_eq!(
            refused, "ResourceNotFoundException: Secrets Manager can't find the specified secret.",
            "{id}"
        );
    }
    assert_eq!(
        house.secrets().permission_arn("team/db-abcdef").await.unwrap(),
        arn
    );
    assert_eq!(
        house.secrets().permission_arn("other").await.unwrap(),
        "arn:aws:secretsmanager:us-east-1:000000000000:secret:other-??????"
    );
}

#[tokio::test]
async fn names_are_checked_and_taken_once() {
    let house = House::new();
    house.create("a/b_c+d=e.f@g-h", HUNTER).await;
    let long = "x".repeat(513);
    for name in ["", "a b", "a:b", "é", "a!b", long.as_str()] {
        let refused = house.secrets().create(&new(name, "v")).await.unwrap_err();
        assert_eq!(refused.name(), "InvalidParameterException", "{name}");
    }
    let mut again = new("a/b_c+d=e.f@g-h", HUNTER);
    assert!(
        house.secrets().create(&again).await.is_ok(),
        "same token, same value"
    );
    again.value.as_mut().unwrap().value = text("other");
    assert_eq!(
        house.secrets().create(&again).await.unwrap_err().name(),
        "ResourceExistsException"
    );
    again.value.as_mut().unwrap().token = None;
    assert_eq!(
        said(&house.secrets().create(&again).await.unwrap_err()),
        "ResourceExistsException: The operation failed because the secret a/b_c+d=e.f@g-h already exists."
    );
}

#[tokio::test]
async fn labels_move_as_values_are_put() {
    let house = House::new();
    house.create("s", "one").await;
    let steps: &[(u32, Option<&[&str]>, &str)] = &[
        (2, None, "1=AWSPREVIOUS 2=AWSCURRENT"),
        (
            3,
            Some(&["AWSPENDING"]),
            "1=AWSPREVIOUS 2=AWSCURRENT 3=AWSPENDING",
        ),
        (
            4,
            Some(&["AWSPENDING", "mine"]),
            "1=AWSPREVIOUS 2=AWSCURRENT 3= 4=AWSPENDING+mine",
        ),
        (
            5,
            Some(&["AWSCURRENT", "mine"]),
            "1= 2=AWSPREVIOUS 3= 4=AWSPENDING 5=AWSCURRENT+mine",
        ),
        // The version is there already: nothing moves.
        (
            3,
            Some(&["AWSCURRENT"]),
            "1= 2=AWSPREVIOUS 3= 4=AWSPENDING 5=AWSCURRENT+mine",
        ),
    ];
    for (token, stages, expected) in steps {
        let value = format!("value {token}");
        assert_eq!(
            house.put("s", *token, &value, *stages).await.as_deref(),
            Ok(*expected)
        );
    }
    let other = house.put("s", 4, "another value", None).await.unwrap_err();
    assert!(
        other.starts_with("ResourceExistsException: You can't use ClientRequestToken "),
        "{other}"
    );
    assert!(!other.contains("another value"));
}

#[tokio::test]
async fn first_version_is_current_whatever_it_is_called() {
    let house = House::new();
    let mut empty = new("s", "");
    empty.value = None;
    let written = house.secrets().create(&empty).await.unwrap();
    assert_eq!((written.version_id, told(&written.secret)), (None, String::new()));
    assert_eq!(
        house.read("s", Wanted::default()).await.unwrap_err(),
        "ResourceNotFoundException: Secrets Manager can't find the specified secret value for staging label: AWSCURRENT"
    );
    assert_eq!(
        house.put("s", 1, "x", Some(&["mine"])).await.unwrap(),
        "1=AWSCURRENT+mine"
    );
}

#[tokio::test]
async fn stages_are_moved_as_the_operation_does() {
    let house = House::new();
    house.create("s", "one").await;
    house.put("s", 2, "two", None).await.unwrap();
    house.put("s", 3, "three", Some(&["AWSPENDING"])).await.unwrap();
    let cases: &[(&str, Option<u32>, Option<u32>, &str)] = &[
        (
            "AWSCURRENT",
            None,
            Some(3),
            "InvalidParameterException: The parameter RemoveFromVersionId can't be empty.",
        ),
        (
            "AWSCURRENT",
            Some(1),
            Some(3),
            "InvalidParameterException: The staging label AWSCURRENT is not attached",
        ),
        (
            "AWSCURRENT",
            Some(2),
            None,
            "InvalidParameterException: You can only move staging label AWSCURRENT",
        ),
        (
            "AWSCURRENT",
            None,
            None,
            "InvalidParameterException: You must specify",
        ),
        (
            "AWSCURRENT",
            Some(2),
            Some(9),
            "ResourceNotFoundException: Secrets Manager can't find the specified secret version",
        ),
        (
            "mine",
            Some(2),
            None,
            "InvalidParameterException: The staging label mine is not attached",
        ),
        (
            "AWSCURRENT",
            Some(2),
            Some(3),
            "1= 2=AWSPREVIOUS 3=AWSCURRENT+AWSPENDING",
        ),
        ("AWSPENDING", Some(3), None, "1= 2=AWSPREVIOUS 3=AWSCURRENT"),
        // Back again: the labels change places.
        ("AWSCURRENT", Some(3), Some(2), "1= 2=AWSCURRENT 3=AWSPREVIOUS"),
        ("mine", None, Some(1), "1=mine 2=AWSCURRENT 3=AWSPREVIOUS"),
        ("mine", None, Some(1), "1=mine 2=AWSCURRENT 3=AWSPREVIOUS"),
        ("AWSPREVIOUS", Some(3), None, "1=mine 2=AWSCURRENT 3="),
    ];
    for (label, from, to, expected) in cases {
        let (from, to) = (from.map(numbered), to.map(numbered));
        let moved = house
            .secrets()
            .move_stage("s", label, from.as_deref(), to.as_deref())
            .await;
        let moved = moved.map_or_else(|error| said(&error), |secret| told(&secret));
        assert!(moved.starts_with(expected), "{label} {from:?} {to:?}: {moved}");
    }
}

#[tokio::test]
async fn version_and_stage_choose_the_value() {
    let house = House::new();
    house.create("s", "one").await;
    house.put("s", 2, "two", None).await.unwrap();
    let (first, second, ninth) = (numbered(1), numbered(2), numbered(9));
    type Case<'a> = (Option<&'a str>, Option<&'a str>, Result<&'a str, &'a str>);
    let cases: &[Case<'_>] = &[
        (None, None, Ok("two")),
        (None, Some("AWSPREVIOUS"), Ok("one")),
        (Some(&first), None, Ok("one")),
        (Some(&second), Some("AWSCURRENT"), Ok("two")),
        (
            Some(&first),
            Some("AWSCURRENT"),
            Err(
                "InvalidRequestException: You provided a VersionStage that is not associated to the provided VersionId.",
            ),
        ),
        (
            None,
            Some("AWSPENDING"),
            Err(
                "ResourceNotFoundException: Secrets Manager can't find the specified secret value for staging label: AWSPENDING",
            ),
        ),
        (
            Some(&ninth),
            None,
            Err(
                "ResourceNotFoundException: Secrets Manager can't find the specified secret value for VersionId: 00000000-0000-4000-8000-000000000009",
            ),
        ),
    ];
    for (version_id, stage, expected) in cases {
        let wanted = Wanted {
            version_id: *version_id,
            stage: *stage,
        };
        let read = house.read("s", wanted).await;
        assert_eq!(read.as_deref().map_err(String::as_str), *expected);
    }
}

#[tokio::test]
async fn secret_waits_for_its_deletion_and_comes_back() {
    let house = House::new();
    let arn = house.create("s", "one").await.secret.arn;
    for days in [0, 6, 31, -1] {
        let refused = house.secrets().delete("s", Some(days)).await.unwrap_err();
        assert_eq!(refused.name(), "InvalidParameterException");
    }
    let deletion = house.secrets().delete("s", Some(7)).await.unwrap();
    assert_eq!(deletion.date.seconds(), 1_800_000_000 + 7 * 86_400);
    let marked = "InvalidRequestException: You can't perform this operation on the secret because it was marked for deletion.";
    assert_eq!(house.read(&arn, Wanted::default()).await.unwrap_err(), marked);
    assert_eq!(house.put("s", 2, "two", None).await.unwrap_err(), marked);
    assert!(
        said(&house.secrets().create(&new("s", "one")).await.unwrap_err())
            .starts_with("InvalidRequestException: You can't create")
    );
    assert!(said(&house.secrets().delete("s", None).await.unwrap_err()).contains("already scheduled"));
    assert!(house.secrets().find("s").await.unwrap().deletion.is_some());
    assert_eq!(house.secrets().restore("s").await.unwrap().deletion, None);
    house.clock.advance_seconds(40 * 86_400);
    assert_eq!(house.read("s", Wanted::default()).await.unwrap(), "one");
    house.secrets().delete("s", None).await.unwrap();
    house.clock.advance_seconds(30 * 86_400);
    assert!(house.secrets().find("s").await.unwrap_err().is_not_found());
    assert!(house.bodies(kinds::SECRET_VALUE).await.is_empty());
    let again = house.create("s", "new").await.secret.arn;
    assert_ne!(again, arn);
    assert!(
        house.read(&arn, Wanted::default()).await.is_err(),
        "the old ARN is another secret"
    );
}

#[tokio::test]
async fn forced_deletion_leaves_nothing_and_may_come_twice() {
    let house = House::new();
    house.create("s", "one").await;
    house.put("s", 2, "two", None).await.unwrap();
    house.create("s-abcdef", "neighbour").await;
    let gone = house.secrets().delete_now("s").await.unwrap();
    assert_eq!(house.bodies(kinds::SECRET_VALUE).await.len(), 1);
    assert_eq!(house.bodies(kinds::SECRET).await.len(), 1);
    assert_eq!(house.secrets().delete_now(&gone.arn).await.unwrap().arn, gone.arn);
    assert_eq!(house.secrets().delete_now("s").await.unwrap().name, "s");
    assert_eq!(
        house.read("s-abcdef", Wanted::default()).await.unwrap(),
        "neighbour"
    );
}

#[tokio::test]
async fn limits_hold() {
    let house = House::new();
    house.create("s", &"x".repeat(VALUE_BYTES_MAX)).await;
    for value in [String::new(), "x".repeat(VALUE_BYTES_MAX + 1)] {
        assert!(
            house
                .put("s", 2, &value, None)
                .await
                .unwrap_err()
                .contains("65536")
        );
    }
    let names: Vec<String> = (0..19).map(|number| format!("label-{number}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    house.put("s", 2, "two", Some(&names)).await.unwrap();
    let over = house.put("s", 3, "three", Some(&["one-more"])).await.unwrap_err();
    assert!(over.starts_with("LimitExceededException"), "{over}");
    house.put("s", 3, "three", Some(&["label-0"])).await.unwrap();
    for number in 4..=100 {
        house.put("s", number, "x", Some(&["label-0"])).await.unwrap();
    }
    let over = house.put("s", 101, "x", Some(&["label-0"])).await.unwrap_err();
    assert!(over.starts_with("LimitExceededException"), "{over}");
    house.clock.advance_seconds(86_400);
    let kept = house.put("s", 101, "x", Some(&["label-0"])).await.unwrap();
    assert!(kept.starts_with("1=AWSCURRENT 2=label-1"), "{kept}");
    assert!(!kept.contains(" 3="), "the oldest without a label goes");
    assert_eq!(house.bodies(kinds::SECRET_VALUE).await.len(), VERSIONS_MAX);
    let short = NewValue {
        value: text("x"),
        token: Some("short".into()),
    };
    let short = NewVersion {
        value: short,
        stages: None,
    };
    assert!(house.secrets().put_value("s", &short).await.is_err());
}

#[tokio::test]
async fn values_stand_sealed_for_their_secret_and_version() {
    let house = House::new();
    house.create("s", HUNTER).await;
    house.create("t", "other").await;
    for kind in [kinds::SECRET, kinds::SECRET_VALUE] {
        for body in house.bodies(kind).await {
            assert!(!String::from_utf8_lossy(&body).contains(HUNTER));
        }
    }
    // The value of one secret under the other one's key does not open.
    let records = house
        .store
        .list(&house.scope, kinds::SECRET_VALUE, Page::all(""))
        .await
        .unwrap();
    let moved = portcullis_store::Batch::new().put(
        records[1].key.clone(),
        records[0].body.clone(),
        portcullis_store::Expect::Anything,
    );
    house.store.commit(moved).await.unwrap();
    let error = house.read("t", Wanted::default()).await.unwrap_err();
    assert!(error.starts_with("DecryptionFailure"), "{error}");
    assert!(!error.contains(HUNTER));
}

#[tokio::test]
async fn binary_comes_back_as_binary() {
    let house = House::new();
    let mut binary = new("s", "");
    binary.value.as_mut().unwrap().value = SecretValue::Binary(SecretBytes::new(vec![0xff, 0, 1]));
    house.secrets().create(&binary).await.unwrap();
    let opened = house.secrets().value("s", Wanted::default()).await.unwrap();
    assert!(matches!(&opened.value, SecretValue::Binary(bytes) if bytes.expose() == [0xff, 0, 1]));
    house.secrets().note_access(&opened).await.unwrap();
    let secret = house.secrets().find("s").await.unwrap();
    assert_eq!(secret.last_accessed.unwrap().seconds() % 86_400, 0);
}

#[tokio::test]
async fn change_that_says_nothing_of_the_value_makes_no_version() {
    let house = House::new();
    house.create("s", "one").await;
    let change = SecretChange {
        description: Some("mine".into()),
        ..SecretChange::default()
    };
    let written = house.secrets().update("s", &change).await.unwrap();
    assert_eq!(
        (written.version_id, told(&written.secret)),
        (None, "1=AWSCURRENT".into())
    );
    let change = SecretChange {
        value: Some(NewValue {
            value: text("two"),
            token: Some(numbered(2)),
        }),
        ..SecretChange::default()
    };
    let written = house.secrets().update("s", &change).await.unwrap();
    assert_eq!(told(&written.secret), "1=AWSPREVIOUS 2=AWSCURRENT");
    assert_eq!(written.secret.description.as_deref(), Some("mine"));
}

#[tokio::test]
async fn tags_have_limits() {
    let house = House::new();
    house.create("s", "one").await;
    let tags = |count: usize| (0..count).map(|n| (format!("k{n}"), "v".to_owned())).collect();
    assert_eq!(house.secrets().tag("s", &tags(50)).await.unwrap().tags.len(), 50);
    let one_more = [("more".to_owned(), "v".to_owned())].into();
    assert!(house.secrets().tag("s", &one_more).await.is_err());
    assert!(house.secrets().untag("s", &["k0".into()]).await.is_ok());
    assert_eq!(house.secrets().tag("s", &one_more).await.unwrap().tags.len(), 50);
    assert!(
        house
            .secrets()
            .tag("s", &[("AWS:x".to_owned(), String::new())].into())
            .await
            .is_err()
    );
}

#[test]
fn passwords_hold_what_the_rules_ask_for() {
    type Case = (PasswordRules, fn(&str) -> bool);
    let cases: &[Case] = &[
        (PasswordRules::default(), |word| word.len() == 32),
        (
            PasswordRules {
                length: 4,
                ..PasswordRules::default()
            },
            |word| {
                word.bytes().any(|byte| byte.is_ascii_lowercase())
                    && word.bytes().any(|byte| byte.is_ascii_uppercase())
                    && word.bytes().any(|byte| byte.is_ascii_digit())
                    && word.bytes().any(|byte| byte.is_ascii_punctuation())
            },
        ),
        (
            PasswordRules {
                exclude_punctuation: true,
                exclude_numbers: true,
                exclude_uppercase: true,
                ..PasswordRules::default()
            },
            |word| word.bytes().all(|byte| byte.is_ascii_lowercase()),
        ),
        (
            PasswordRules {
                exclude_characters: "abc\"@/\\é".into(),
                length: 4096,
                ..PasswordRules::default()
            },
            |word| !word.contains(['a', 'b', 'c', '"', '@', '/', '\\', ' ']),
        ),
        (
            PasswordRules {
                include_space: true,
                length: 4096,
                ..PasswordRules::default()
            },
            |word| word.contains(' '),
        ),
        (
            PasswordRules {
                exclude_numbers: true,
                exclude_characters: "abcdefghijklmnopqrstuvwxyz".into(),
                exclude_punctuation: true,
                length: 1,
                ..PasswordRules::default()
            },
            |word| word.bytes().all(|byte| byte.is_ascii_uppercase()),
        ),
    ];
    for (rules, holds) in cases {
        for _ in 0..20 {
            let password = random_password(rules, &SystemEntropy).unwrap();
            assert!(holds(password.expose()), "{rules:?}");
        }
    }
}

#[test]
fn passwords_that_cannot_be_are_refused() {
    let short = PasswordRules {
        length: 3,
        ..PasswordRules::default()
    };
    let nothing = PasswordRules {
        exclude_lowercase: true,
        exclude_uppercase: true,
        exclude_numbers: true,
        exclude_punctuation: true,
        ..PasswordRules::default()
    };
    let long = PasswordRules {
        length: 4097,
        ..PasswordRules::default()
    };
    for rules in [short, nothing, long] {
        let refused = random_password(&rules, &SystemEntropy).err().unwrap();
        assert_eq!(refused.name(), "InvalidParameterException", "{rules:?}");
    }
}

#[test]
fn every_character_of_a_password_is_as_likely_as_any_other() {
    let rules = PasswordRules {
        length: 4000,
        include_space: true,
        ..PasswordRules::default()
    };
    let mut counts: BTreeMap<u8, u32> = BTreeMap::new();
    for _ in 0..50 {
        for byte in random_password(&rules, &SystemEntropy).unwrap().expose().bytes() {
            *counts.entry(byte).or_default() += 1;
        }
    }
    assert_eq!(counts.len(), 95);
    // 200 000 draws over 95: 2105 each, with a standard deviation of 46.
    assert!(
        counts.values().all(|count| (1800..2450).contains(count)),
        "{counts:?}"
    );
}
