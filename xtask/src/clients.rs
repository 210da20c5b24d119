//! The tests with real clients: installs them, pinned, below `target/clients`, and runs `conformance/clients`.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, Result, bail};

use crate::{
    shell,
    test::{Count, counted},
};

pub(crate) fn run() -> Result<Count> {
    let source = shell::root().join("conformance/clients");
    let installed = std::path::absolute(shell::target())?.join("clients");
    fs::create_dir_all(&installed)?;
    let python = install_python(&source, &installed)?;
    install_node(&source.join("node"), &installed.join("node"))?;
    counted(
        Command::new(python)
            .args(["-m", "pytest"])
            .current_dir(&source)
            .env("CARGO_TARGET_DIR", std::path::absolute(shell::target())?)
            .env("PYTHONDONTWRITEBYTECODE", "1"),
    )
}

fn install_python(source: &Path, installed: &Path) -> Result<PathBuf> {
    let venv = installed.join("venv");
    let python = venv.join("bin/python");
    let wanted = fs::read_to_string(source.join("requirements.txt"))?;
    let done = venv.join("installed-requirements.txt");
    if fs::read_to_string(&done).is_ok_and(|have| have == wanted) {
        return Ok(python);
    }
    need("python3")?;
    shell::run(Command::new("python3").args(["-m", "venv", "--clear"]).arg(&venv))?;
    shell::run(
        Command::new(&python)
            .args([
                "-m",
                "pip",
                "install",
                "--quiet",
                "--disable-pip-version-check",
                "--requirement",
            ])
            .arg(source.join("requirements.txt")),
    )?;
    fs::write(done, wanted)?;
    Ok(python)
}

fn install_node(source: &Path, installed: &Path) -> Result<()> {
    fs::create_dir_all(installed)?;
    let lock = fs::read_to_string(source.join("package-lock.json"))?;
    let done = installed.join("node_modules/installed-package-lock.json");
    if fs::read_to_string(&done).is_ok_and(|have| have == lock) {
        return Ok(());
    }
    need("npm")?;
    for file in ["package.json", "package-lock.json"] {
        fs::copy(source.join(file), installed.join(file)).with_context(|| file.to_owned())?;
    }
    let options = ["ci", "--ignore-scripts", "--no-audit", "--no-fund"];
    shell::run(Command::new("npm").args(options).current_dir(installed))?;
    fs::write(done, lock)?;
    Ok(())
}

fn need(program: &str) -> Result<()> {
    if shell::find_program(program).is_none() {
        bail!(
            "the tests with real clients need `{program}`: install Python 3 with venv, and Node 20 with npm"
        );
    }
    Ok(())
}
