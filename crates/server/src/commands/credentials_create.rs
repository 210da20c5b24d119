//! `portcullis credentials create`: the first access key of an account of a `serve` installation, shown this once.

use std::{path::Path, process::ExitCode};

use anyhow::{Result, bail};
use portcullis_model::{SystemClock, SystemEntropy, resources::iam::AccessKey};
use portcullis_store::{kinds, typed};
use serde_json::json;

use super::report::print;
use crate::{config::Config, installation::Installation, settings::check_account, wiring};

/// Makes the key and prints it as JSON. Refuses when the account has one already: that one can make others.
pub(crate) fn run(config: &Path, account: Option<&str>) -> Result<ExitCode> {
    let config = Config::read(config)?;
    let installation = Installation::open(&config.data)?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(create(&config, account, &installation))?;
    Ok(ExitCode::SUCCESS)
}

async fn create(config: &Config, account: Option<&str>, installation: &Installation) -> Result<()> {
    let settings = config.settings()?;
    let mut scope = settings.scope.clone();
    if let Some(account) = account {
        check_account(account)?;
        scope.account = account.into();
    }
    let store = wiring::open_store(installation)?;
    let vault = wiring::open_vault(&settings, store.as_ref()).await?;
    let keys = typed::list_everywhere_json::<AccessKey>(store.as_ref(), kinds::ACCESS_KEY).await?;
    if let Some(known) = keys
        .iter()
        .find(|key| key.value.user_name.is_none() && key.key.scope.account == scope.account)
    {
        bail!(
            "account {} has its first key already: {}",
            scope.account,
            known.value.access_key_id
        );
    }
    let made = portcullis_control::credentials::create(
        store.as_ref(),
        &vault,
        &SystemClock,
        &SystemEntropy,
        &scope,
        None,
    )
    .await
    .map_err(|error| anyhow::anyhow!(error.message))?;
    let shown =
        json!({ "access_key_id": made.record.access_key_id, "secret_access_key": made.secret.expose() });
    print(&format!("{shown:#}"));
    Ok(())
}
