//! `ci`: everything that must hold before a change lands: form first, then the tests, which CI runs too.

use anyhow::Result;

use crate::{check, test};

pub(crate) fn run(_arguments: &[String]) -> Result<()> {
    check::run(&[])?;
    test::run(&[])
}
