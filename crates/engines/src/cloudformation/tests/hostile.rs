//! Texts that nobody means well with: bounded in time and memory, and never a panic.

use super::*;

/// A small generator (xorshift), so that a seed repeats its texts.
pub(super) struct Random(pub(super) u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    pub(super) fn below(&mut self, bound: usize) -> usize {
        usize::try_from(self.next() % bound.max(1) as u64).unwrap()
    }
}

const SEED_TEXT: &str = r#"
AWSTemplateFormatVersion: '2010-09-09'
Parameters:
  Word: {Type: String, Default: a, AllowedPattern: '[a-z]*', MaxLength: 9}
  Count: {Type: Number, Default: 3, MinValue: 1}
  Words: {Type: CommaDelimitedList, Default: 'x,y'}
Mappings: {M: {a: {b: 1, c: [d, e]}}}
Conditions:
  Yes: !Equals [!Ref Word, a]
  No: !And [!Not [!Condition Yes], !Or [!Condition Yes, !Equals [1, 2]]]
Resources:
  Gate: &gate
    Type: Test::Gate
    Properties:
      Name: !Sub ['${A}-${Word}-${!L}', {A: !Select [0, !Split ['/', 'x/y']]}]
      Scopes: !If [Yes, !Ref Words, !Ref AWS::NoValue]
      Document: {a: !Join ['', [a, !FindInMap [M, !Ref Word, b], !Select [1, !GetAZs '']]]}
      Rule: {Name: !Base64 x, Priority: !Ref Count}
      Status: !Cidr [10.0.0.0/8, 4, 8]
  Other: *gate
  Third: {Type: Test::Gate, Condition: No, DependsOn: [Gate], Properties: {Name: !GetAtt Gate.Arn}}
Outputs:
  O: {Value: !ImportValue x, Export: {Name: n}}
"#;

const PIECES: [&str; 30] = [
    "!Ref ",
    "!Sub ",
    "!GetAtt ",
    "!If ",
    "[",
    "]",
    "{",
    "}",
    ": ",
    ", ",
    "\n",
    "\n  ",
    "\t",
    "'",
    "\"",
    "&a ",
    "*a",
    "${",
    "}",
    "${!",
    "<<: ",
    "- ",
    "? ",
    "| \n",
    "%",
    "~",
    "\u{feff}",
    "é",
    "Fn::Cidr",
    "999999999999999999",
];

fn mutate(text: &str, random: &mut Random) -> String {
    let mut characters: Vec<char> = text.chars().collect();
    for _ in 0..=random.below(2) {
        let at = random.below(characters.len() + 1);
        match random.below(10) {
            0..=2 => drop(characters.drain(at..(at + random.below(12)).min(characters.len()))),
            3..=5 => {
                let piece = PIECES[random.below(PIECES.len())];
                drop(characters.splice(at..at, piece.chars()));
            }
            6..=8 => {
                let from = random.below(characters.len() + 1);
                let to = (from + random.below(40)).min(characters.len());
                let copy = characters[from..to].to_vec();
                drop(characters.splice(at..at, copy));
            }
            _ => characters.truncate(at.max(characters.len() / 2)),
        }
    }
    characters.into_iter().collect()
}

fn as_json(node: &Node) -> Value {
    match &node.kind {
        NodeKind::List(items) => items.iter().map(as_json).collect(),
        NodeKind::Map(entries) => Value::Object(
            entries
                .iter()
                .map(|(key, value)| (key.text.clone(), as_json(value)))
                .collect(),
        ),
        NodeKind::Null => Value::Null,
        _ => node.scalar_text().unwrap().into(),
    }
}

#[test]
fn mutated_templates_never_panic() {
    let (root, _) = crate::document::read(SEED_TEXT, &crate::cloudformation::limits::BOUNDS);
    let json = as_json(&root.unwrap()).to_string();
    run(SEED_TEXT, &[]).unwrap();
    run(&json, &[]).unwrap();
    let mut evaluated = 0;
    for seed in 1..3000u64 {
        let mut random = Random(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        let text = mutate(if seed % 3 == 0 { &json } else { SEED_TEXT }, &mut random);
        let problems = check_text(&text, &schema_of, &BTreeMap::new());
        let refused = problems.iter().any(Problem::is_error);
        let values = run(&text, &[]);
        evaluated += usize::from(values.is_ok());
        // Whatever `check` lets pass can be planned and evaluated, but for what only a running stack knows.
        if let (false, Err(problems)) = (refused, &values) {
            let late = [
                "not made",
                "grows too large",
                "`Fn::",
                "no value",
                "the mapping",
                "must be",
                "is `AWS::NoValue`",
            ];
            assert!(
                problems
                    .iter()
                    .all(|line| late.iter().any(|part| line.contains(part))),
                "seed {seed}: {problems:?}\n{text}"
            );
        }
    }
    assert!(evaluated > 100, "only {evaluated} texts were still templates");
}

#[test]
fn size_depth_and_repetition_are_limited() {
    let refused = |text: &str| lines(&parse_template(text).unwrap_err()).join("\n");
    let long = format!("Resources: {}", "x".repeat(TEMPLATE_BYTES_MAX));
    assert!(refused(&long).contains("more than 1048576"));
    for depth in [70, 500, 100_000] {
        let yaml = format!("Resources: {}{}", "[".repeat(depth), "]".repeat(depth));
        let told = refused(&yaml);
        assert!(
            told.contains("deeper than 64") || told.contains("recursion limit"),
            "{told}"
        );
        let json = format!("{{\"Resources\": {}", "[".repeat(depth));
        assert!(refused(&json).contains("deeper than 64"));
        let nested = format!("Resources: {}a{}", "!Not [".repeat(depth), "]".repeat(depth));
        assert!(refused(&nested).contains("deeper than 64") || refused(&nested).contains("recursion limit"));
    }
    let mut laughs = "a0: &a0 [lol, lol]\n".to_owned();
    for level in 1..40 {
        let before = level - 1;
        laughs += &format!("a{level}: &a{level} [*a{before}, *a{before}, *a{before}]\n");
    }
    assert!(refused(&laughs).contains("more than 200000 values"));
    let mut bulk = format!("a: &a {}\nb:\n", "x".repeat(100_000));
    bulk += &"  - *a\n".repeat(1000);
    assert!(refused(&bulk).contains("aliases repeat more than"));
    let many = (0..501)
        .map(|index| format!("  R{index}: {{Type: T}}\n"))
        .collect::<String>();
    assert!(refused(&format!("Resources:\n{many}")).contains("has 501 entries, more than 500"));
}

#[test]
fn long_chains_of_conditions_and_resources_are_planned() {
    let mut text = "Conditions:\n  C0: !Equals [a, a]\n".to_owned();
    for index in 1..500 {
        text += &format!("  C{index}: !Not [!Not [!Condition C{}]]\n", index - 1);
    }
    text += "Resources:\n  R0: {Type: T, Condition: C499}\n";
    for index in 1..500 {
        text += &format!("  R{index}: {{Type: T, DependsOn: R{}}}\n", index - 1);
    }
    assert_eq!(run(&text, &[]).unwrap().len(), 500);
}

#[test]
fn a_flood_of_problems_is_cut() {
    let items = "!Ref X, ".repeat(2000);
    let text = format!("Resources: {{G: {{Type: Test::Gate, Properties: {{Name: a, Scopes: [{items}]}}}}}}");
    let problems = check_text(&text, &schema_of, &BTreeMap::new());
    assert_eq!(problems.len(), PROBLEMS_MAX + 1);
    assert_eq!(
        problems[PROBLEMS_MAX].to_string(),
        "error: 1500 more problems are not listed"
    );
}
