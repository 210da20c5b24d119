//! The format of a case: a header, then sections that start with `== `. `conformance/README.md` describes it.

use std::{
    fs,
    net::Ipv4Addr,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, bail};

/// One file of `cases/`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Case {
    /// `area/name`.
    pub name: String,
    /// The template that stands before the first request; none: no stack is needed.
    pub template: Option<String>,
    pub steps: Vec<Step>,
}

/// What a case does, in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// A signed admin call that must work: `cognito-idp` operation and JSON input.
    Call { operation: String, input: String },
    /// A request as method, target, headers, body, from an address of this machine.
    Request { from: Ipv4Addr, text: String },
    /// A request byte by byte.
    Raw(String),
    /// What the last request must have been answered.
    Answer(String),
    /// What its trail must hold.
    Trail(String),
}

/// Reads every case below a folder, sorted by name.
pub fn read_all(folder: &Path) -> Result<Vec<Case>> {
    let mut files = Vec::new();
    collect(folder, &mut files)?;
    files.sort();
    files.iter().map(|file| read(folder, file)).collect()
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) -> Result<()> {
    for entry in fs::read_dir(folder).with_context(|| format!("`{}`", folder.display()))? {
        let path = entry?.path();
        if path.is_dir() {
            collect(&path, files)?;
        } else if path.extension().is_some_and(|extension| extension == "case") {
            files.push(path);
        }
    }
    Ok(())
}

fn read(folder: &Path, file: &Path) -> Result<Case> {
    let text = fs::read_to_string(file)?;
    let name = file
        .strip_prefix(folder)?
        .with_extension("")
        .to_string_lossy()
        .into_owned();
    let templates = folder.join("../templates");
    let found = |name: &str| {
        let path = templates.join(format!("{name}.yaml"));
        fs::read_to_string(&path).with_context(|| format!("there is no `{}`", path.display()))
    };
    parse(&name, &text, &found).with_context(|| format!("{}", file.display()))
}

/// Takes a case apart; `template` finds a shared template by its name.
pub fn parse(name: &str, text: &str, template: &dyn Fn(&str) -> Result<String>) -> Result<Case> {
    let mut case = Case {
        name: name.to_owned(),
        template: None,
        steps: Vec::new(),
    };
    let text = format!("\n{text}");
    let mut sections = text.split("\n== ");
    for line in sections.next().unwrap_or_default().lines() {
        match line.split_once(": ") {
            _ if line.is_empty() || line.starts_with('#') => {}
            Some(("template", name)) => case.template = Some(template(name)?),
            _ => bail!("`{line}` is neither a comment nor a setting"),
        }
    }
    for section in sections {
        let (title, content) = section.split_once('\n').unwrap_or((section, ""));
        let content = content.trim_end().to_owned();
        case.steps
            .push(match title.split_once(' ').unwrap_or((title, "")) {
                ("template", "") => {
                    case.template = Some(content);
                    continue;
                }
                ("request", from) => Step::Request {
                    from: match from.strip_prefix("from ") {
                        Some(address) => address.parse()?,
                        None if from.is_empty() => Ipv4Addr::LOCALHOST,
                        None => bail!("`== {title}`: expected `from` and an address"),
                    },
                    text: content,
                },
                ("raw", "") => Step::Raw(content),
                ("answer", "") => Step::Answer(content),
                ("trail", "") => Step::Trail(content),
                ("call", operation) if !operation.is_empty() => Step::Call {
                    operation: operation.to_owned(),
                    input: content,
                },
                _ => bail!("`== {title}` is no section"),
            });
    }
    Ok(case)
}
