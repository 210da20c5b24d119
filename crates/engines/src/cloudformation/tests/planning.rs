//! Conditions, order and circles.

use super::*;

fn plan(text: &str, values: &[(&str, &str)]) -> Result<Plan, Vec<String>> {
    let template = parse_template(text).map_err(|problems| lines(&problems))?;
    let parameters = template
        .resolve_parameters(&given(values))
        .map_err(|problems| lines(&problems))?;
    template
        .plan(&parameters, &pseudo())
        .map_err(|problems| lines(&problems))
}

fn names(plan: &Plan) -> Vec<&str> {
    plan.resources
        .iter()
        .map(|resource| resource.logical_id.as_str())
        .collect()
}

#[test]
fn resources_follow_what_they_need_and_else_the_template() {
    let text = "
Resources:
  D: {Type: T, Properties: {V: !Sub '${C.Arn} ${!B}'}}
  B: {Type: T, DependsOn: [C, A, A]}
  A: {Type: T, Properties: {V: [!GetAtt C.Arn]}}
  C: {Type: T}
  E: {Type: T}
";
    let plan = plan(text, &[]).unwrap();
    assert_eq!(names(&plan), ["C", "D", "A", "B", "E"]);
    assert_eq!(plan.resources[3].depends_on, ["A", "C"]);
}

#[test]
fn conditions_are_worked_out() {
    let text = "
Parameters: {Stage: {Type: String}, Many: {Type: CommaDelimitedList, Default: 'a,b'}}
Mappings: {M: {prod: {Wide: true}, test: {Wide: false}}}
Conditions:
  Either: !Or [!Condition Prod, !Condition Test]
  Prod: !Equals [!Ref Stage, prod]
  Test: {Fn::Equals: [test, {Ref: Stage}]}
  Neither: !Not [{Condition: Either}]
  Wide: !Equals [!FindInMap [M, !Ref Stage, Wide], 'true']
  Here: !And [!Equals [!Ref AWS::Region, eu-west-1], !Condition Prod]
  Second: !Equals [!Select [1, !Ref Many], b]
Resources:
  P: {Type: T, Condition: Prod}
  Q: {Type: T, Condition: Test, DependsOn: P}
  R: {Type: T, Properties: {V: !If [Prod, !Ref P, !Ref Q]}}
Outputs:
  OP: {Condition: Prod, Value: !Ref P}
  OQ: {Condition: Test, Value: !Ref Q}
";
    let prod = plan(text, &[("Stage", "prod")]).unwrap();
    let holding: Vec<_> = prod
        .conditions
        .iter()
        .filter(|(_, value)| **value)
        .map(|(name, _)| name.as_str())
        .collect();
    assert_eq!(holding, ["Either", "Here", "Prod", "Second", "Wide"]);
    assert_eq!(names(&prod), ["P", "R"]);
    assert_eq!(prod.outputs, ["OP"]);
    // DependsOn on a resource that is not made is ignored, as on AWS.
    let test = plan(text, &[("Stage", "test")]).unwrap();
    assert_eq!(names(&test), ["Q", "R"]);
    assert_eq!(test.resources[1].depends_on, ["Q"]);
    let other = plan(text, &[("Stage", "other")]).unwrap_err();
    assert_eq!(
        other[0],
        "9:33: error: Conditions/Wide: the mapping `M` has no key `other`"
    );
}

#[test]
fn circles_are_told_with_their_path() {
    let text = "
Resources:
  Z: {Type: T, Properties: {V: !Ref A}}
  A: {Type: T, Properties: {V: !Ref B}}
  B: {Type: T, DependsOn: C}
  C: {Type: T, Properties: {V: !GetAtt A.Arn}}
  S: {Type: T, Properties: {V: !Ref S}}
";
    assert_eq!(
        plan(text, &[]).unwrap_err(),
        [
            "4:3: error: Resources/A: circular dependency: `A` -> `B` -> `C` -> `A`",
            "7:3: error: Resources/S: circular dependency: `S` -> `S`",
        ]
    );
    let text = "
Conditions: {A: !Not [!Condition B], B: !Not [!Condition A]}
Resources: {R: {Type: T, Condition: A}}
";
    let problems = plan(text, &[]).unwrap_err();
    assert_eq!(
        problems,
        ["2:17: error: Conditions/A: circular conditions: `A` -> `B` -> `A`"]
    );
}

#[test]
fn reference_to_what_is_not_made_is_refused() {
    let text = "
Conditions: {No: !Equals [a, b]}
Resources:
  P: {Type: T, Condition: No}
  R: {Type: T, Properties: {V: !Ref P, W: !If [No, !Ref P, x]}}
Outputs:
  O: {Value: !Sub '${P.Arn}'}
";
    assert_eq!(
        plan(text, &[]).unwrap_err(),
        [
            "5:32: error: Resources/R/Properties: refers to `P`, which is not made because the condition `No` is false",
            "7:14: error: Outputs/O/Value: refers to `P`, which is not made because the condition `No` is false",
        ]
    );
}

#[test]
fn wrong_conditions_are_told() {
    let cases = [
        (
            "!Equals [a]",
            "`Fn::Equals` wants a list of two values, not 1 items",
        ),
        ("!And [!Condition C]", "`Fn::And` wants 2 to 10 conditions, not 1"),
        (
            "!Not [!Ref AWS::Region]",
            "a condition compares: use `Fn::Equals`",
        ),
        ("!Ref AWS::Region", "a condition compares: use `Fn::Equals`"),
        ("!Sub a", "`Fn::Sub` cannot be a condition"),
        (
            "text",
            "a condition is `Fn::Equals`, `Fn::And`, `Fn::Or`, `Fn::Not` or `Condition`",
        ),
        ("!Condition D", "the condition `D` does not exist"),
        (
            "!Equals [!Ref R, b]",
            "`R` is a resource: only parameters can be named here",
        ),
    ];
    for (condition, expected) in cases {
        let text = format!("Conditions:\n  C: {condition}\nResources: {{R: {{Type: T}}}}\n");
        let problems = plan(&text, &[]).expect_err(condition);
        assert!(problems[0].ends_with(expected), "{condition}: {problems:?}");
        assert!(problems[0].starts_with("2:"), "{problems:?}");
    }
}

#[test]
fn order_holds_for_many_seeds() {
    // Random graphs without circles: every resource may need earlier ones of a shuffled list.
    for seed in 1..60u64 {
        let mut random = super::hostile::Random(seed);
        let count = 2 + random.below(30);
        let mut shuffled: Vec<usize> = (0..count).collect();
        for index in (1..count).rev() {
            shuffled.swap(index, random.below(index + 1));
        }
        let mut text = "Resources:\n".to_owned();
        let mut needs = BTreeMap::new();
        for id in 0..count {
            let position = shuffled.iter().position(|other| *other == id).unwrap();
            let needed: Vec<usize> = shuffled[..position]
                .iter()
                .copied()
                .filter(|_| random.below(4) == 0)
                .collect();
            let references: Vec<String> = needed.iter().map(|id| format!("!Ref R{id}")).collect();
            text += &format!(
                "  R{id}: {{Type: T, Properties: {{V: [{}]}}}}\n",
                references.join(", ")
            );
            needs.insert(format!("R{id}"), needed);
        }
        let plan = plan(&text, &[]).unwrap();
        assert_eq!(plan.resources.len(), count, "seed {seed}");
        let order = names(&plan);
        for (id, needed) in needs {
            let at = |id: &str| order.iter().position(|other| *other == id).unwrap();
            assert!(
                needed.iter().all(|need| at(&format!("R{need}")) < at(&id)),
                "seed {seed}"
            );
        }
    }
}
