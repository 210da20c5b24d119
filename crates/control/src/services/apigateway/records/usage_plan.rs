//! Usage plans and the keys in them: <https://docs.aws.amazon.com/apigateway/latest/api/API_UsagePlan.html>

use std::collections::BTreeMap;

use portcullis_model::{
    ApiId, StageName,
    resources::{
        apigateway::{Deployment, Stage},
        usage_plans::{ApiKey, PlanStage, UsagePlan, UsagePlanKey},
    },
};
use portcullis_store::{Batch, Expect, Put, kinds};

use super::{
    Apis, Kept, Listed, Wanted,
    api_key::{ApiKeyFilter, PLANS_PER_KEY_MAX, Plans, after},
    encode,
    usage_plan_settings::{PlanStageSettings, QuotaSettings, UsagePlanSettings},
};
use crate::{
    operation::AwsError,
    services::apigateway::errors::{bad_request, conflict, not_found},
};

/// Plans of an account in a region, as AWS's quota.
const PLANS_MAX: usize = 300;
/// Throttles of methods, for one stage of a plan.
const METHOD_THROTTLES_MAX: usize = 20;
/// Stages of a plan.
const STAGES_PER_PLAN_MAX: usize = 300;
/// Characters of a plan's id.
const ID_CHARACTERS: usize = 6;

impl Apis<'_> {
    /// Returns the write that puts a key into a plan.
    pub(super) fn pair_put(&self, pair: &UsagePlanKey) -> Result<Put, AwsError> {
        let id = format!("{}/{}", pair.plan_id, pair.key_id);
        let put = Put {
            key: self.key(kinds::USAGE_PLAN_KEY, id),
            body: encode(pair)?,
            expect: Expect::Absent,
            lookups: Vec::new(),
            expires: None,
        };
        Ok(put.lookup("key", pair.key_id.as_str()))
    }
}

impl Plans<'_> {
    /// Makes a plan.
    pub async fn create_usage_plan(&self, settings: UsagePlanSettings) -> Result<UsagePlan, AwsError> {
        let plans: Vec<UsagePlan> = self.apis.all_of(kinds::USAGE_PLAN, "").await?;
        if plans.len() >= PLANS_MAX {
            return Err(AwsError::new(
                "LimitExceededException",
                429,
                format!("An account may have at most {PLANS_MAX} usage plans"),
            ));
        }
        let id = self.apis.entropy.lower_alphanumeric(ID_CHARACTERS);
        let plan = self.built(id, settings, &[]).await?;
        self.apis
            .put(kinds::USAGE_PLAN, plan.id.as_str(), &plan, Expect::Absent)
            .await?;
        Ok(plan)
    }

    /// Returns a plan, or AWS's error when there is none.
    pub async fn usage_plan(&self, id: &str) -> Result<Kept<UsagePlan>, AwsError> {
        let found = self.apis.find(kinds::USAGE_PLAN, id).await?;
        found.ok_or_else(|| not_found("Invalid Usage Plan ID specified"))
    }

    /// Returns a page of the plans, of those that hold `key` when it is named.
    pub async fn usage_plans(
        &self,
        key: Option<&str>,
        wanted: &Wanted,
    ) -> Result<Listed<UsagePlan>, AwsError> {
        let mut plans: Vec<UsagePlan> = self.apis.all_of(kinds::USAGE_PLAN, "").await?;
        if let Some(key) = key {
            let pairs = self.pairs_of(key).await?;
            plans.retain(|plan| pairs.iter().any(|pair| pair.plan_id == plan.id));
        }
        Ok(after(plans, |plan| &plan.id, wanted))
    }

    /// Gives a plan new settings; its keys stay.
    pub async fn replace_usage_plan(
        &self,
        id: &str,
        settings: UsagePlanSettings,
    ) -> Result<UsagePlan, AwsError> {
        let kept = self.usage_plan(id).await?;
        let plan = self
            .built(id.to_owned(), settings, &kept.value.api_stages)
            .await?;
        // There may be a million keys, and none meets another plan for stages that this one had before.
        let had = |stage: &PlanStage| {
            let mut before = kept.value.api_stages.iter();
            before.any(|before| before.api_id == stage.api_id && before.stage == stage.stage)
        };
        if !plan.api_stages.iter().all(had) {
            for pair in self.pairs_in(id).await? {
                self.refuse_second_plan(&pair.key_id, &plan).await?;
            }
        }
        self.apis
            .put(kinds::USAGE_PLAN, id, &plan, Expect::Version(kept.version))
            .await?;
        Ok(plan)
    }

    /// Deletes a plan without stages, and what its keys were in it.
    pub async fn delete_usage_plan(&self, id: &str) -> Result<(), AwsError> {
        let kept = self.usage_plan(id).await?;
        if !kept.value.api_stages.is_empty() {
            return Err(bad_request(format!(
                "Cannot delete Usage Plan '{id}': remove its API stages first"
            )));
        }
        self.remove_usage_plan(id).await
    }

    /// Deletes a plan whatever it opens.
    pub async fn remove_usage_plan(&self, id: &str) -> Result<(), AwsError> {
        let kept = self.usage_plan(id).await?;
        let record = self.apis.key(kinds::USAGE_PLAN, id);
        let mut batch = Batch::new().delete(record, Expect::Version(kept.version));
        for pair in self.pairs_in(id).await? {
            let pair = format!("{}/{}", pair.plan_id, pair.key_id);
            batch = batch.delete(self.apis.key(kinds::USAGE_PLAN_KEY, pair), Expect::Anything);
        }
        self.apis.commit(batch).await
    }

    /// Puts a key into a plan.
    pub async fn create_usage_plan_key(
        &self,
        plan: &str,
        key: &str,
        key_type: &str,
    ) -> Result<ApiKey, AwsError> {
        if key_type != "API_KEY" {
            return Err(bad_request(format!(
                "Invalid key type '{key_type}' specified: use API_KEY"
            )));
        }
        let usage_plan = self.usage_plan(plan).await?.value;
        let api_key = self.api_key(key).await?.value;
        let pairs = self.pairs_of(key).await?;
        if pairs.iter().any(|pair| pair.plan_id == plan) {
            return Err(conflict("Usage plan already contains this API Key"));
        }
        if pairs.len() >= PLANS_PER_KEY_MAX {
            return Err(AwsError::new(
                "LimitExceededException",
                429,
                format!("An API Key may be in at most {PLANS_PER_KEY_MAX} usage plans"),
            ));
        }
        self.refuse_second_plan(key, &usage_plan).await?;
        let pair = UsagePlanKey {
            plan_id: plan.to_owned(),
            key_id: key.to_owned(),
        };
        let put = self.apis.pair_put(&pair)?;
        self.apis.commit(Batch::new().with(put)).await?;
        Ok(api_key)
    }

    /// Returns a key of a plan, or AWS's error when it is not in it.
    pub async fn usage_plan_key(&self, plan: &str, key: &str) -> Result<ApiKey, AwsError> {
        self.usage_plan(plan).await?;
        self.pair(plan, key).await?;
        Ok(self.api_key(key).await?.value)
    }

    /// Returns a page of the keys of a plan, of those whose name begins with `name`.
    pub async fn usage_plan_keys(
        &self,
        plan: &str,
        name: Option<&str>,
        wanted: &Wanted,
    ) -> Result<Listed<ApiKey>, AwsError> {
        self.usage_plan(plan).await?;
        let wanted_name = ApiKeyFilter {
            name: name.map(str::to_owned),
            customer_id: None,
        };
        let mut found: Vec<ApiKey> = Vec::new();
        let mut from = Wanted {
            position: wanted.position.clone(),
            limit: if name.is_none() {
                wanted.limit
            } else {
                Some(usize::MAX)
            },
        };
        // There may be a million: no more are read than the page needs.
        while found.len() <= wanted.limit() {
            let page = self.pairs_page(plan, &from).await?;
            for pair in page.items {
                let key = self.apis.find::<ApiKey>(kinds::API_KEY, pair.key_id).await?;
                found.extend(key.map(|kept| kept.value).filter(|key| wanted_name.takes(key)));
            }
            if page.position.is_none() {
                break;
            }
            from.position = page.position;
        }
        Ok(after(found, |key| &key.id, wanted))
    }

    /// Takes a key out of a plan.
    pub async fn delete_usage_plan_key(&self, plan: &str, key: &str) -> Result<(), AwsError> {
        self.usage_plan(plan).await?;
        let kept = self.pair(plan, key).await?;
        self.apis
            .remove(kinds::USAGE_PLAN_KEY, format!("{plan}/{key}"), kept.version)
            .await
    }

    async fn pair(&self, plan: &str, key: &str) -> Result<Kept<UsagePlanKey>, AwsError> {
        let found = self
            .apis
            .find(kinds::USAGE_PLAN_KEY, format!("{plan}/{key}"))
            .await?;
        found.ok_or_else(|| not_found("Invalid Usage Plan Key identifier specified"))
    }

    /// Returns a page of what is in a plan.
    pub(super) async fn pairs_page(
        &self,
        plan: &str,
        wanted: &Wanted,
    ) -> Result<Listed<UsagePlanKey>, AwsError> {
        self.apis
            .page(kinds::USAGE_PLAN_KEY, &format!("{plan}/"), wanted)
            .await
    }

    /// Returns what is in a plan.
    pub async fn pairs_in(&self, plan: &str) -> Result<Vec<UsagePlanKey>, AwsError> {
        self.apis.all_of(kinds::USAGE_PLAN_KEY, &format!("{plan}/")).await
    }

    /// A key has one plan for a stage: which of two would count must not be a matter of chance.
    async fn refuse_second_plan(&self, key: &str, plan: &UsagePlan) -> Result<(), AwsError> {
        for pair in self.pairs_of(key).await? {
            if pair.plan_id == plan.id {
                continue;
            }
            let other = self
                .apis
                .find::<UsagePlan>(kinds::USAGE_PLAN, pair.plan_id)
                .await?;
            let other = other.map(|kept| kept.value);
            if let Some(stage) = other.as_ref().and_then(|other| plan.shares_stage_with(other)) {
                return Err(conflict(format!(
                    "API Key '{key}' cannot be in two usage plans for the stage '{}:{}'",
                    stage.api_id, stage.stage
                )));
            }
        }
        Ok(())
    }

    async fn built(
        &self,
        id: String,
        settings: UsagePlanSettings,
        before: &[PlanStage],
    ) -> Result<UsagePlan, AwsError> {
        if settings.name.is_empty() {
            return Err(bad_request("Usage Plan name cannot be empty"));
        }
        if settings.api_stages.len() > STAGES_PER_PLAN_MAX {
            return Err(bad_request(format!(
                "A usage plan may have at most {STAGES_PER_PLAN_MAX} API stages"
            )));
        }
        let mut api_stages: Vec<PlanStage> = Vec::new();
        for stage in &settings.api_stages {
            let built = self.built_stage(stage, before).await?;
            if api_stages
                .iter()
                .any(|other| other.api_id == built.api_id && other.stage == built.stage)
            {
                return Err(conflict("Usage plan names an API stage twice"));
            }
            api_stages.push(built);
        }
        let throttle = settings
            .throttle
            .map(|throttle| throttle.check("Usage Plan throttle"));
        let quota = settings.quota.as_ref().map(QuotaSettings::check);
        Ok(UsagePlan {
            id,
            name: settings.name,
            description: settings.description,
            api_stages,
            throttle: throttle.transpose()?,
            quota: quota.transpose()?,
            tags: settings.tags,
        })
    }

    /// A stage that the plan did not have before must be there, and so must the methods that get a throttle.
    async fn built_stage(
        &self,
        settings: &PlanStageSettings,
        before: &[PlanStage],
    ) -> Result<PlanStage, AwsError> {
        let (api, name) = (
            ApiId::from(settings.api_id.as_str()),
            StageName::from(settings.stage.as_str()),
        );
        if settings.throttle.len() > METHOD_THROTTLES_MAX {
            return Err(bad_request(format!(
                "A usage plan may throttle at most {METHOD_THROTTLES_MAX} methods of a stage"
            )));
        }
        let mut throttle = BTreeMap::new();
        for (method, limits) in &settings.throttle {
            throttle.insert(
                method.clone(),
                limits.check(&format!("The throttle of `{method}`"))?,
            );
        }
        let known = before
            .iter()
            .find(|stage| stage.api_id == api && stage.stage == name);
        let new: Vec<&String> = throttle
            .keys()
            .filter(|method| known.is_none_or(|known| !known.throttle.contains_key(*method)))
            .collect();
        if known.is_none() || !new.is_empty() {
            let stage = self
                .apis
                .find::<Stage>(kinds::API_STAGE, format!("{api}/{name}"))
                .await?;
            let Some(stage) = stage else {
                return Err(not_found(format!(
                    "API Stage not found: {}:{}",
                    settings.api_id, settings.stage
                )));
            };
            let deployment = self.apis.deployment(&api, &stage.value.deployment_id).await?;
            if let Some(method) = new.iter().find(|method| !has_method(&deployment.value, method)) {
                return Err(not_found(format!(
                    "The stage '{api}:{name}' has no method `{method}`: name it as /path/METHOD"
                )));
            }
        }
        Ok(PlanStage {
            api_id: api,
            stage: name,
            throttle,
        })
    }
}

/// Tells whether a deployment has `/path/METHOD`.
fn has_method(deployment: &Deployment, path: &str) -> bool {
    let Some((resource, method)) = path.rsplit_once('/') else {
        return false;
    };
    let resource = if resource.is_empty() { "/" } else { resource };
    let mut resources = deployment.image.resources.iter();
    resources.any(|known| known.path == resource && known.methods.contains_key(method))
}
