//! Corpora of our own: attacks must be found, what people write must pass. Rates are printed.

use super::*;

const ATTACKS: &str = include_str!("../../tests/data/sqli_attacks.txt");
const HARMLESS: &str = include_str!("../../tests/data/sqli_harmless.txt");

fn low(value: &str) -> Option<Evidence> {
    detect(value.as_bytes(), Sensitivity::Low).map(|finding| finding.evidence)
}

#[test]
fn attacks_are_found() {
    let missed: Vec<&str> = ATTACKS.lines().filter(|line| low(line).is_none()).collect();
    println!(
        "{} of {} attacks found",
        ATTACKS.lines().count() - missed.len(),
        ATTACKS.lines().count()
    );
    assert!(missed.is_empty(), "missed:\n{}", missed.join("\n"));
}

#[test]
fn what_people_write_passes() {
    let refused: Vec<String> = HARMLESS
        .lines()
        .filter_map(|line| low(line).map(|evidence| format!("{line}    [{evidence:?}]")))
        .collect();
    let high = HARMLESS
        .lines()
        .filter(|line| detect(line.as_bytes(), Sensitivity::High).is_some())
        .count();
    let lines = HARMLESS.lines().count();
    println!(
        "{} of {lines} harmless lines refused at LOW, {high} at HIGH",
        refused.len()
    );
    assert!(refused.is_empty(), "refused:\n{}", refused.join("\n"));
    assert!(high * 10 < lines, "{high} of {lines} at HIGH");
}

#[test]
fn harmless_lines_pass_inside_bodies_and_queries() {
    for line in HARMLESS.lines() {
        let body = serde_json::json!({"id": 7, "text": line, "tags": ["a", "b"]}).to_string();
        let found = detect_in_body(body.as_bytes(), Sensitivity::Low);
        assert!(found.is_none(), "{body}: {found:?}");
    }
}

#[test]
fn attacks_are_found_inside_json_bodies_and_forms() {
    for line in ATTACKS.lines() {
        let body = serde_json::json!({"id": 7, "text": line}).to_string();
        assert!(
            detect_in_body(body.as_bytes(), Sensitivity::Low).is_some(),
            "{body}"
        );
        let broken = format!("{{\"a\":1,\"a\":2,\"text\":\"{}\"", line.replace('"', "'"));
        let found = detect_in_body(broken.as_bytes(), Sensitivity::Low);
        assert!(found.is_some() || line.contains('"'), "{broken}");
        if !line.contains('&') {
            let form = format!("name=John Smith&x={line}");
            assert!(
                detect_in_query(form.as_bytes(), Sensitivity::Low).is_some(),
                "{form}"
            );
        }
    }
}

#[test]
fn attacks_are_found_in_multipart_bodies() {
    let body = "--b\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\nit's\r\n--b\r\nContent-Disposition: form-data; \
                name=\"id\"\r\n\r\n1 or 1=1\r\n--b--\r\n";
    assert!(detect_in_body(body.as_bytes(), Sensitivity::Low).is_some());
    assert!(detect_in_body(body.replace("1 or 1=1", "tea").as_bytes(), Sensitivity::Low).is_none());
}

#[test]
fn evidence_says_why() {
    use Evidence::*;
    let table = [
        ("1 or 1=1", ConstantCondition),
        ("' or name='x", AddedCondition),
        ("' or true--", BareCondition),
        ("'='", StringComparison),
        ("'||'", StringExpression),
        ("1 union select 1", Union),
        ("(select 1)", Subquery),
        ("select * from x", Query),
        ("1; drop table x", StackedStatement),
        ("insert into x values (1)", Statement),
        ("admin'--", CommentedTail),
        ("1 /*!or*/ 2", ConditionalComment),
        ("1-sleep(5)", ProbingFunction),
        ("1=@@version", SystemCatalog),
        ("1 order by 3", AddedClause),
        ("id-case when x then 1 end", ConditionalExpression),
    ];
    for (value, evidence) in table {
        assert_eq!(low(value), Some(evidence), "{value}");
    }
}

#[test]
fn high_sensitivity_takes_what_low_spares() {
    for value in [
        "1 or 1",
        "x=1 or y=2",
        "select name from users",
        "admin' -- then something long",
        "1=1",
    ] {
        assert_eq!(low(value), None, "{value}");
        assert!(detect(value.as_bytes(), Sensitivity::High).is_some(), "{value}");
    }
}

#[test]
fn the_place_of_the_attack_is_told() {
    let finding = detect(b"abc' or 1=1--", Sensitivity::Low).unwrap();
    assert_eq!(finding.start, 3);
}
