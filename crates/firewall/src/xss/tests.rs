//! Corpora of our own: attacks must be found, what people write must pass. Rates are printed.

use super::*;

const ATTACKS: &str = include_str!("../../tests/data/xss_attacks.txt");
const HARMLESS: &str = include_str!("../../tests/data/xss_harmless.txt");
const PROSE: &str = include_str!("../../tests/data/sqli_harmless.txt");

#[test]
fn attacks_are_found() {
    let missed: Vec<&str> = ATTACKS
        .lines()
        .filter(|line| detect(line.as_bytes()).is_none())
        .collect();
    println!(
        "{} of {} attacks found",
        ATTACKS.lines().count() - missed.len(),
        ATTACKS.lines().count()
    );
    assert!(missed.is_empty(), "missed:\n{}", missed.join("\n"));
}

#[test]
fn what_people_write_passes() {
    let lines = || HARMLESS.lines().chain(PROSE.lines());
    let refused: Vec<String> = lines()
        .filter_map(|line| detect(line.as_bytes()).map(|finding| format!("{line}    [{}]", finding.evidence)))
        .collect();
    println!("{} of {} harmless lines refused", refused.len(), lines().count());
    assert!(refused.is_empty(), "refused:\n{}", refused.join("\n"));
}

#[test]
fn a_scheme_is_found_past_line_breaks() {
    assert!(detect(b"java\nscript:alert(1)").is_some());
    assert!(detect(b"java\0script:alert(1)").is_some());
}
