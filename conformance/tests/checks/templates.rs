//! What `check` says of the examples, and whether the cases are complete.

use std::{fs, path::Path, process::Command};

use anyhow::{Context, Result, ensure};
use conformance::{
    case, forgery,
    server::{program, repository},
    world::Suite,
};

/// Ten mistakes, each at a place of its own.
pub(crate) fn ten_mistakes(_: &Suite) -> Result<()> {
    let (status, printed) = check("examples/ten-mistakes/template.yaml")?;
    ensure!(status == Some(1), "exit status {status:?}: {printed}");
    let template = fs::read_to_string(repository().join("examples/ten-mistakes/template.yaml"))?;
    for number in 1..=10 {
        let marked = template
            .lines()
            .position(|line| line.contains(&format!("# {number}: ")));
        let line = marked.map_or(0, |index| index + 1);
        let place = format!("template.yaml:{line}:");
        ensure!(
            line > 0 && printed.contains(&place),
            "mistake {number}, line {line}: {printed}"
        );
    }
    let errors = printed
        .lines()
        .filter(|line| line.contains("template.yaml:") && line.contains("error"))
        .count();
    ensure!(errors >= 10, "{errors} errors: {printed}");
    Ok(())
}

/// The quickstart has none.
pub(crate) fn quickstart_is_clean(_: &Suite) -> Result<()> {
    for template in ["quickstart", "reverse-proxy", "tenants"] {
        let (status, printed) = check(&format!("examples/{template}/template.yaml"))?;
        ensure!(status == Some(0), "exit status {status:?}: {printed}");
    }
    Ok(())
}

/// A forgery that no case uses proves nothing.
pub(crate) fn forgeries_are_covered(_: &Suite) -> Result<()> {
    let cases = case::read_all(&repository().join("conformance/cases"))?;
    let all = format!("{cases:?}");
    for kind in forgery::KINDS {
        ensure!(
            all.contains(&format!("{{{{forged {kind}}}}}")),
            "no case forges `{kind}`"
        );
    }
    Ok(())
}

/// A rule whose case is gone is no longer shown by anything: `conformance/aws-rules.md` names what is there, files and tests.
pub(crate) fn rules_have_their_cases(_: &Suite) -> Result<()> {
    let folder = repository().join("conformance");
    let rules = std::fs::read_to_string(folder.join("aws-rules.md"))?;
    let mut missing = Vec::new();
    for name in rules.split('`').filter(|name| name.contains('/')) {
        let places = [
            folder.join("cases").join(format!("{name}.case")),
            folder.join(name),
            repository().join("crates").join(name),
        ];
        let is_name = name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"/_.".contains(&byte));
        if is_name && name != "cases/" && !places.iter().any(|place| place.is_file()) {
            missing.push(name);
        }
    }
    let mut clients = String::new();
    for file in fs::read_dir(folder.join("clients"))?.flatten() {
        if file.path().extension().is_some_and(|kind| kind == "py") {
            clients.push_str(&fs::read_to_string(file.path())?);
        }
    }
    let tests = rules
        .split('`')
        .filter(|name| name.starts_with("test_") && !name.contains('.'));
    missing.extend(tests.filter(|name| !clients.contains(&format!("def {name}("))));
    ensure!(missing.is_empty(), "there is no {missing:?}");
    Ok(())
}

/// The laboratory's templates: what is not supported, and nothing else, as `conformance/laboratory/` lists it.
pub(crate) fn laboratory(_: &Suite) -> Result<()> {
    let Some(folder) = std::env::var_os("PORTCULLIS_LAB") else {
        println!("SKIPPED: PORTCULLIS_LAB is not set");
        return Ok(());
    };
    for name in ["section1-base", "section3-enhance_security"] {
        let template = Path::new(&folder).join(format!("{name}.yaml"));
        let template = template.to_str().context("the folder's name is not UTF-8")?;
        let (_, printed) = check(template)?;
        let found: Vec<&str> = printed
            .lines()
            .filter_map(|line| line.strip_prefix(template))
            .map(|line| line.trim_start_matches(':').trim_start())
            .collect();
        let list = repository().join(format!("conformance/laboratory/{name}.txt"));
        let expected = fs::read_to_string(&list).with_context(|| format!("`{}`", list.display()))?;
        let expected: Vec<&str> = expected.lines().filter(|line| !line.starts_with('#')).collect();
        let missing: Vec<_> = expected.iter().filter(|line| !found.contains(line)).collect();
        let added: Vec<_> = found.iter().filter(|line| !expected.contains(line)).collect();
        ensure!(
            found == expected,
            "`check` and `{}` disagree. Only in the list: {missing:#?}. Only in what `check` says: {added:#?}",
            list.display()
        );
    }
    Ok(())
}

fn check(template: &str) -> Result<(Option<i32>, String)> {
    let output = Command::new(program()?)
        .arg("check")
        .arg(template)
        .current_dir(repository())
        .output()?;
    Ok((
        output.status.code(),
        String::from_utf8_lossy(&output.stdout).into_owned(),
    ))
}
