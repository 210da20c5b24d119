//! `ci`: exactly what CI runs.

use anyhow::Result;

use crate::{check, test};

pub(crate) fn run(_arguments: &[String]) -> Result<()> {
    check::run(&[])?;
    test::run(&[])
}
