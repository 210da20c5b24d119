//! Documents that nobody means well with: bounded in time and memory, and never a panic.

use super::*;
use crate::openapi::{DEPTH_MAX, export::render_yaml};

const SEED_TEXT: &str = include_str!("seed.yaml");

/// A small generator (xorshift), so that a seed repeats its texts.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % bound.max(1) as u64).unwrap()
    }
}

fn read(text: &str) -> usize {
    let Ok((document, problems)) = Document::parse(text, &[("AWS::Region", "here")]) else {
        return 0;
    };
    let options = Options {
        api_id: "abc",
        base_path: BasePath::Split,
    };
    let (plan, found) = rest::plan(&document, &options);
    problems.len() + found.len() + plan.paths.len()
}

/// Changes one value somewhere: gone, of another kind, or one that stands elsewhere.
fn change(value: &mut Value, steps: usize, random: &mut Random) {
    let strange = [
        json!(null),
        json!(1),
        json!(true),
        json!([]),
        json!({}),
        json!("#/components/schemas/Pet"),
        json!({ "$ref": "#/paths" }),
        json!([[{}]]),
        json!("\u{0}/~1"),
        json!({ "": "" }),
    ];
    if steps == 0 {
        *value = strange[random.below(strange.len())].clone();
        return;
    }
    match value {
        Value::Array(items) if !items.is_empty() => {
            let index = random.below(items.len());
            change(&mut items[index], steps - 1, random);
        }
        Value::Object(members) if !members.is_empty() => {
            let index = random.below(members.len());
            let key = members.keys().nth(index).unwrap().clone();
            change(members.get_mut(&key).unwrap(), steps - 1, random);
        }
        _ => *value = strange[random.below(strange.len())].clone(),
    }
}

#[test]
fn the_seed_is_a_good_document() {
    let (document, _) = Document::parse(SEED_TEXT, &[]).unwrap();
    let options = Options {
        api_id: "abc",
        base_path: BasePath::Ignore,
    };
    let (plan, problems) = rest::plan(&document, &options);
    assert_eq!(problems, Vec::new());
    assert_eq!(plan.paths.len(), 3);
}

#[test]
fn mutated_texts_never_panic() {
    let mut random = Random(0x0af1);
    for _ in 0..300 {
        let mut characters: Vec<char> = SEED_TEXT.chars().collect();
        for _ in 0..=random.below(3) {
            let at = random.below(characters.len());
            let end = (at + random.below(20)).min(characters.len());
            if random.below(2) == 0 {
                characters.drain(at..end);
            } else {
                let copy = characters[at..end].to_vec();
                let to = random.below(characters.len());
                drop(characters.splice(to..to, copy));
            }
        }
        read(&characters.into_iter().collect::<String>());
    }
}

#[test]
fn documents_with_values_of_the_wrong_kind_never_panic() {
    let (node, _) = Document::parse(SEED_TEXT, &[]).unwrap();
    let root = node.root().value.clone();
    let mut random = Random(0x0af2);
    for _ in 0..600 {
        let mut changed = root.clone();
        let steps = 1 + random.below(8);
        change(&mut changed, steps, &mut random);
        read(&changed.to_string());
        assert_eq!(yaml_round(&changed), changed);
    }
}

/// Reads back what is written as YAML.
fn yaml_round(value: &Value) -> Value {
    let text = render_yaml(&json!({ "swagger": "2.0", "all": value }));
    let (document, _) = Document::parse(&text, &[]).unwrap_or_else(|problems| panic!("{text}: {problems:?}"));
    document.root().value["all"].clone()
}

#[test]
fn texts_survive_yaml_whatever_they_hold() {
    for text in [
        "on",
        "1.0",
        "~",
        "a: b",
        "- a",
        "\u{85}\u{2028}\u{feff}\u{7f}",
        "\t\n\"\\",
        "",
        " ",
        "é😀",
        "\u{1}",
    ] {
        let value = json!({ text: [text, { "k": text }], "list": [[text], [], {}] });
        assert_eq!(yaml_round(&value), value);
    }
}

#[test]
fn depth_size_and_aliases_are_limited() {
    let deep = format!(
        "{{\"swagger\": \"2.0\", \"x\": {}{}}}",
        "[".repeat(DEPTH_MAX),
        "]".repeat(DEPTH_MAX)
    );
    assert!(Document::parse(&deep, &[]).is_err());
    let mut value = json!(1);
    for _ in 0..=DEPTH_MAX {
        value = json!([value]);
    }
    assert!(Document::of(json!({ "swagger": "2.0", "x": value }), &[]).is_err());
    let long = format!(
        "swagger: '2.0'\nx: '{}'\n",
        "a".repeat(crate::openapi::DOCUMENT_BYTES_MAX)
    );
    assert!(Document::parse(&long, &[]).is_err());
    let mut laughs = String::from("swagger: '2.0'\na0: &a0 [lol, lol, lol, lol, lol, lol, lol, lol]\n");
    for level in 1..9 {
        let last = format!("*a{}", level - 1);
        laughs.push_str(&format!(
            "a{level}: &a{level} [{}]\n",
            [last.as_str(); 8].join(", ")
        ));
    }
    assert!(Document::parse(&laughs, &[]).is_err());
}
