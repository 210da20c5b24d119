//! What a web ACL guards. A resource has one web ACL at most; a web ACL guards many resources.
//!
//! <https://docs.aws.amazon.com/waf/latest/APIReference/API_AssociateWebACL.html>. Stages of REST APIs are associated by
//! the operation; a distribution names its web ACL itself.

use portcullis_model::resources::{
    cloudfront::Distribution,
    wafv2::{WafScope, WebAcl, WebAclAssociation},
};
use portcullis_store::{Batch, Expect, Put, RecordKey, kinds, typed};

use super::{Entity, Kept, Waf, plain, sets};
use crate::{
    operation::AwsError,
    services::{cloudfront::records::BY_WEB_ACL as BY_NAMED_WEB_ACL, wafv2::errors},
};

/// The lookup that finds associations by their web ACL.
const BY_WEB_ACL: &str = "web-acl";

impl Waf<'_> {
    /// Lets a web ACL guard a stage, instead of the one that guarded it.
    pub async fn associate(&self, web_acl_arn: &str, resource_arn: &str) -> Result<(), AwsError> {
        self.check_resource(resource_arn).await?;
        let web_acl = self.by_arn::<WebAcl>(web_acl_arn).await?;
        let web_acl = web_acl.ok_or_else(errors::nonexistent)?;
        if web_acl.value.scope != WafScope::Regional {
            return Err(errors::invalid(
                "SCOPE",
                "a web ACL of the scope CLOUDFRONT guards distributions: name it in the distribution's configuration",
            ));
        }
        let batch = self.association(&web_acl, resource_arn)?;
        self.commit(batch).await
    }

    /// Returns the writes that let a web ACL guard a resource. They write the web ACL as well, so that it cannot be deleted
    /// at the same time.
    fn association(&self, web_acl: &Kept<WebAcl>, resource_arn: &str) -> Result<Batch, AwsError> {
        let association = WebAclAssociation {
            resource_arn: resource_arn.to_owned(),
            web_acl_arn: web_acl.value.arn.clone(),
        };
        let put = Put {
            key: self.association_key(resource_arn),
            body: plain(&association)?,
            expect: Expect::Anything,
            lookups: Vec::new(),
            expires: None,
        };
        Ok(Batch::new()
            .with(put.lookup(BY_WEB_ACL, web_acl.value.arn.as_str()))
            .with(self.put(&web_acl.value, Expect::Version(web_acl.version))?))
    }

    /// Takes away whatever guards a resource.
    pub async fn disassociate(&self, resource_arn: &str) -> Result<(), AwsError> {
        let key = self.association_key(resource_arn);
        self.commit(Batch::new().delete(key, Expect::Anything)).await
    }

    /// Returns the ARN of the web ACL that guards a resource.
    pub async fn guard_of(&self, resource_arn: &str) -> Result<Option<String>, AwsError> {
        let key = self.association_key(resource_arn);
        let found = typed::read_json::<WebAclAssociation>(self.store, &key).await;
        let found = found.map_err(|error| errors::from_store(&error))?;
        Ok(found.map(|found| found.value.web_acl_arn))
    }

    /// Returns the ARNs of the resources that a web ACL guards.
    pub async fn guarded_by(&self, web_acl_arn: &str) -> Result<Vec<String>, AwsError> {
        let kind = kinds::WEB_ACL_ASSOCIATION;
        let keys = self.store.find(kind, BY_WEB_ACL, web_acl_arn).await;
        let keys = keys.map_err(|error| errors::from_store(&error))?;
        let mut arns: Vec<String> = keys
            .into_iter()
            .filter(|key| key.scope == *self.scope)
            .map(|key| key.id)
            .collect();
        // Distributions name their web ACL themselves.
        let found = self
            .store
            .find(kinds::DISTRIBUTION, BY_NAMED_WEB_ACL, web_acl_arn)
            .await;
        let found = found.map_err(|error| errors::from_store(&error))?;
        let distributions = found.into_iter().filter(|key| key.scope == *self.scope);
        arns.extend(distributions.map(|key| Distribution::arn(self.scope.account.as_str(), &key.id)));
        arns.sort();
        Ok(arns)
    }

    /// Returns the names of the web ACLs whose rules refer to a set.
    pub(super) async fn referring_to(&self, scope: WafScope, set_arn: &str) -> Result<Vec<String>, AwsError> {
        let all = self.list::<WebAcl>(scope, None, WebAcl::COUNT_MAX).await?;
        let refers = |acl: &&WebAcl| sets::references(&acl.rules).contains(set_arn);
        Ok(all
            .items
            .iter()
            .filter(refers)
            .map(|acl| acl.arn.clone())
            .collect())
    }

    /// Refuses what is not a stage of one of the account's REST APIs.
    pub async fn check_resource(&self, arn: &str) -> Result<(), AwsError> {
        let Some((api, stage)) = self.stage_of(arn) else {
            return Err(errors::invalid(
                "RESOURCE_ARN",
                format!(
                    "`{arn}` is not the ARN of a stage of a REST API in this region; nothing else is guarded by association"
                ),
            ));
        };
        let key = RecordKey::new(self.scope, kinds::API_STAGE, format!("{api}/{stage}"));
        let found = self.store.read(&key).await;
        match found.map_err(|error| errors::from_store(&error))? {
            Some(_) => Ok(()),
            None => Err(errors::nonexistent()),
        }
    }

    /// Returns API and stage of `arn:aws:apigateway:REGION::/restapis/API/stages/STAGE`.
    fn stage_of<'s>(&self, arn: &'s str) -> Option<(&'s str, &'s str)> {
        let prefix = format!("arn:aws:apigateway:{}::/restapis/", self.scope.region);
        let (api, stage) = arn.strip_prefix(prefix.as_str())?.split_once("/stages/")?;
        let plain = |text: &str| !text.is_empty() && !text.contains('/');
        (plain(api) && plain(stage)).then_some((api, stage))
    }

    fn association_key(&self, resource_arn: &str) -> RecordKey {
        RecordKey::new(self.scope, kinds::WEB_ACL_ASSOCIATION, resource_arn)
    }
}
