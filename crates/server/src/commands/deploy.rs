//! `portcullis deploy`: a stack on a running server, with progress.

use std::process::ExitCode;

use anyhow::Result;

use super::{
    deployment::Deployment,
    report::{Report, print},
};
use crate::{
    cli::Deploy,
    client::AdminClient,
    installation::{Endpoints, Installation, StackEndpoints},
};

/// Creates or updates the stack and prints its outputs.
pub(crate) fn run(deploy: &Deploy) -> Result<ExitCode> {
    let installation = Installation::existing(&deploy.data)?;
    let mut endpoints = Endpoints::read(&installation)?;
    let client = AdminClient::new(&endpoints)?;
    let deployment = Deployment {
        template: &deploy.template,
        stack: &deploy.stack,
        parameters: &deploy.parameters,
    };
    let outputs = deployment.run(&client, Report { json: false })?;
    for (name, value) in &outputs {
        print(&format!("{}: {name} = {value}", deploy.stack));
    }
    endpoints
        .stacks
        .insert(deploy.stack.clone(), StackEndpoints { outputs });
    endpoints.write(&installation)?;
    Ok(ExitCode::SUCCESS)
}
