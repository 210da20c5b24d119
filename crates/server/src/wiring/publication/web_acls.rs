//! Web ACLs with the sets that they refer to, and what they guard.

use std::sync::Arc;

use portcullis_control::services::wafv2::records::{sets, web_acl};
use portcullis_gateway::{firewall::WebAclSnapshot, snapshot::Snapshots};
use portcullis_model::{
    Scope,
    resources::wafv2::{WebAcl, WebAclAssociation},
};
use portcullis_store::{Kind, Page, Record, RecordKey, Store, StoreError, kinds, typed};
use portcullis_vault::Vault;

use super::{Feed, Serving, log_problems};

pub(super) struct WebAcls {
    pub(super) store: Arc<dyn Store>,
    pub(super) vault: Arc<Vault>,
    pub(super) snapshots: Arc<Snapshots>,
}

impl WebAcls {
    /// A web ACL that cannot be opened is not served: what it guards refuses everything, or keeps the last good one.
    fn open(&self, record: &Record) -> Option<WebAcl> {
        let opened = web_acl::open(&self.vault, record);
        if let Err(error) = &opened {
            tracing::error!(record = %record.key, cause = error.cause, "a web ACL cannot be read");
        }
        opened.ok()
    }

    async fn serve(&self, scope: &Scope, acl: &WebAcl) -> Result<(), StoreError> {
        let sets = sets::load(self.store.as_ref(), scope, acl).await?;
        match WebAclSnapshot::compile(acl, &sets) {
            Ok(compiled) => self.snapshots.change(|snapshot| snapshot.with_web_acl(compiled)),
            Err(problems) => log_problems(&format!("web ACL {}", acl.arn), &problems),
        }
        Ok(())
    }

    async fn apply_web_acl(&self, key: &RecordKey) -> Result<(), StoreError> {
        let Some(record) = self.store.read(key).await? else {
            let id = key.id.rsplit('/').next().unwrap_or_default();
            let (account, ending) = (key.scope.account.as_str(), format!("/{id}"));
            self.snapshots.change(|snapshot| {
                snapshot
                    .without_web_acls(|arn| arn.ends_with(&ending) && arn.split(':').nth(4) == Some(account))
            });
            return Ok(());
        };
        match self.open(&record) {
            Some(acl) => self.serve(&key.scope, &acl).await,
            None => Ok(()),
        }
    }

    /// Compiles again every web ACL of the scope that refers to the set.
    async fn apply_set(&self, key: &RecordKey) -> Result<(), StoreError> {
        let (scope, id) = key.id.split_once('/').unwrap_or_default();
        let ending = format!("/{id}");
        let page = Page::all(format!("{scope}/"));
        for record in self.store.list(&key.scope, kinds::WEB_ACL, page).await? {
            let Some(acl) = self.open(&record) else {
                continue;
            };
            let mut arns = sets::references(&acl.rules).into_iter();
            if arns.any(|arn| arn.ends_with(&ending)) {
                self.serve(&key.scope, &acl).await?;
            }
        }
        Ok(())
    }

    async fn apply_association(&self, key: &RecordKey) -> Result<(), StoreError> {
        let found = typed::read_json::<WebAclAssociation>(self.store.as_ref(), key).await?;
        self.snapshots.change(|snapshot| match &found {
            Some(found) => snapshot.with_association(&found.value.resource_arn, &found.value.web_acl_arn),
            None => snapshot.without_association(&key.id),
        });
        Ok(())
    }
}

impl Feed for WebAcls {
    fn kinds(&self) -> &'static [Kind] {
        &[
            kinds::WEB_ACL,
            kinds::IP_SET,
            kinds::REGEX_PATTERN_SET,
            kinds::WEB_ACL_ASSOCIATION,
        ]
    }

    fn load(&self) -> Serving<'_> {
        Box::pin(async {
            for record in self.store.list_everywhere(kinds::WEB_ACL).await? {
                if let Some(acl) = self.open(&record) {
                    self.serve(&record.key.scope, &acl).await?;
                }
            }
            for record in self.store.list_everywhere(kinds::WEB_ACL_ASSOCIATION).await? {
                self.apply_association(&record.key).await?;
            }
            Ok(())
        })
    }

    fn apply<'a>(&'a self, key: &'a RecordKey) -> Serving<'a> {
        Box::pin(async move {
            match key.kind {
                kinds::WEB_ACL => self.apply_web_acl(key).await,
                kinds::WEB_ACL_ASSOCIATION => self.apply_association(key).await,
                _ => self.apply_set(key).await,
            }
        })
    }
}
