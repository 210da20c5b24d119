//! Web ACLs: <https://docs.aws.amazon.com/waf/latest/APIReference/API_WebACL.html>

use std::collections::BTreeMap;

use indexmap::IndexMap;
use portcullis_firewall::{CompiledWebAcl, compile};
use portcullis_model::resources::wafv2::{CustomResponseBody, VisibilityConfig, WafScope, WebAcl};
use portcullis_store::{Kind, Record, kinds};
use portcullis_vault::Vault;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Entity, Head, Kept, Waf, parsed, plain, sets};
use crate::{operation::AwsError, services::wafv2::errors};

/// What a caller chooses about a web ACL.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct WebAclSettings {
    pub default_action: Value,
    #[serde(default)]
    pub description: Option<String>,
    #[serde(default)]
    pub rules: Vec<Value>,
    pub visibility_config: VisibilityConfig,
    #[serde(default)]
    pub custom_response_bodies: IndexMap<String, CustomResponseBody>,
    #[serde(default)]
    pub association_config: Option<Value>,
}

/// A web ACL as it is kept. The rules may compare a header with a secret.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct SealedWebAcl {
    sealed: String,
}

/// Returns what the envelope of a web ACL is bound to: its account and its place.
fn purpose(record_account: &str, record_id: &str) -> String {
    format!("wafv2/web-acl/{record_account}/{record_id}")
}

/// Opens the record of a web ACL.
pub fn open(vault: &Vault, record: &Record) -> Result<WebAcl, AwsError> {
    let sealed: SealedWebAcl = parsed(record)?;
    let purpose = purpose(record.key.scope.account.as_str(), &record.key.id);
    vault
        .unseal_json(&purpose, &sealed.sealed)
        .map_err(|error| errors::from_vault(&error))
}

impl Entity for WebAcl {
    const KIND: Kind = kinds::WEB_ACL;
    const WORD: &'static str = "webacl";
    const COUNT_MAX: usize = 100;
    const PLURAL: &'static str = "web ACLs";

    fn head(&self) -> Head<'_> {
        Head {
            name: &self.name,
            id: &self.id,
            arn: &self.arn,
            scope: self.scope,
            description: self.description.as_deref(),
            lock_token: &self.lock_token,
        }
    }

    fn set_lock_token(&mut self, token: String) {
        self.lock_token = token;
    }

    fn tags_mut(&mut self) -> &mut BTreeMap<String, String> {
        &mut self.tags
    }

    fn encode(&self, vault: &Vault) -> Result<Vec<u8>, AwsError> {
        let account = self.arn.split(':').nth(4).unwrap_or_default();
        let purpose = purpose(account, &super::record_id(self.scope, &self.id));
        let sealed = vault.seal_json(&purpose, self);
        plain(&SealedWebAcl {
            sealed: sealed.map_err(|error| errors::from_vault(&error))?,
        })
    }

    fn decode(vault: &Vault, record: &Record) -> Result<Self, AwsError> {
        open(vault, record)
    }
}

impl Waf<'_> {
    /// Makes a web ACL.
    pub async fn create_web_acl(
        &self,
        scope: WafScope,
        name: &str,
        settings: WebAclSettings,
        tags: BTreeMap<String, String>,
    ) -> Result<WebAcl, AwsError> {
        let (id, arn) = self.identity::<WebAcl>(scope, name);
        let web_acl = self
            .checked(WebAcl {
                name: name.to_owned(),
                id,
                arn,
                scope,
                description: settings.description,
                default_action: settings.default_action,
                rules: settings.rules,
                visibility_config: settings.visibility_config,
                custom_response_bodies: settings.custom_response_bodies,
                association_config: settings.association_config,
                capacity: 0,
                lock_token: self.entropy.uuid(),
                tags,
            })
            .await?;
        self.put_new(&web_acl).await?;
        Ok(web_acl)
    }

    /// Gives a web ACL new settings, if `token` is its newest lock token; none overwrites whatever is there.
    pub async fn update_web_acl(
        &self,
        kept: Kept<WebAcl>,
        token: Option<&str>,
        settings: WebAclSettings,
    ) -> Result<WebAcl, AwsError> {
        let changed = self
            .checked(WebAcl {
                description: settings.description,
                default_action: settings.default_action,
                rules: settings.rules,
                visibility_config: settings.visibility_config,
                custom_response_bodies: settings.custom_response_bodies,
                association_config: settings.association_config,
                ..kept.value.clone()
            })
            .await?;
        self.put_changed(&kept, token, changed).await
    }

    /// Deletes a web ACL that guards nothing.
    pub async fn delete_web_acl(&self, kept: &Kept<WebAcl>, token: Option<&str>) -> Result<(), AwsError> {
        let users = self.guarded_by(&kept.value.arn).await?;
        self.delete_unused(kept, token, users).await
    }

    /// Returns the web ACL with the capacity that its rules use, if it can be served.
    async fn checked(&self, web_acl: WebAcl) -> Result<WebAcl, AwsError> {
        let capacity = self.compiled(&web_acl).await?.capacity;
        Ok(WebAcl { capacity, ..web_acl })
    }

    /// Compiles a web ACL as the gateway will.
    pub async fn compiled(&self, web_acl: &WebAcl) -> Result<CompiledWebAcl, AwsError> {
        let sets = sets::load(self.store, self.scope, web_acl).await;
        let sets = sets.map_err(|error| errors::from_store(&error))?;
        compile(web_acl, &sets).map_err(|found| errors::problems(&found))
    }
}
