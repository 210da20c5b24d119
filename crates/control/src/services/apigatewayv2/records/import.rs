//! HTTP APIs from OpenAPI documents: `ImportApi`, `ReimportApi`, and `Body` in stacks.
//! <https://docs.aws.amazon.com/apigatewayv2/latest/api-reference/apis.html>
//!
//! The settings are those of the single operations, which check them; all of a document is written together, so that a stage
//! that deploys by itself sees the whole change once.

use std::collections::{BTreeMap, BTreeSet};

use portcullis_engines::openapi::{
    BasePath, Members, Part,
    http::{self, HttpPlan, RoutePlan},
};
use portcullis_model::{
    ApiId, AuthorizerId, Problem, Severity,
    resources::apigatewayv2::{HttpApi, HttpApiImage, HttpAuthorizer, HttpRoute},
};
use portcullis_store::{Batch, Expect, Kind, kinds};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;

use super::{
    HttpApis,
    api::ApiSettings,
    authorizer::{AUTHORIZERS_MAX, AuthorizerSettings},
    changed,
    integration::IntegrationSettings,
    route::{ROUTES_MAX, RouteSettings, fits},
};
use crate::{
    operation::AwsError,
    services::apigateway::{
        errors::bad_request,
        records::{
            encode,
            import::{Source, judge, read_document, shown},
        },
    },
};

/// Symbols of the id of a part, as AWS writes them.
const PART_ID_SYMBOLS: usize = 7;

/// How a document is taken.
#[derive(Clone, Debug, Default)]
pub struct ImportOptions {
    pub base_path: BasePath,
    pub fail_on_warnings: bool,
    /// Settings of the API that stand above the document's.
    pub settings: Members,
}

/// What an import made.
#[derive(Debug)]
pub struct Imported {
    pub api: HttpApi,
    pub warnings: Vec<String>,
    /// What has no effect in an HTTP API.
    pub information: Vec<String>,
}

impl HttpApis<'_> {
    /// Makes an API of a document. It has no stage yet.
    pub async fn import_api(
        &self,
        source: Source<'_>,
        options: &ImportOptions,
    ) -> Result<Imported, AwsError> {
        let (plan, problems) = self.plan(source, options)?;
        let mut members = plan.api.clone();
        members.extend(options.settings.clone());
        let api = self
            .create_api(read(members, "Unable to create the API", "#")?)
            .await?;
        self.fill(&api, &plan).await?;
        Ok(imported(api, &problems))
    }

    /// Puts a document in the place of everything that an API has but its stages.
    pub async fn reimport_api(
        &self,
        api: &ApiId,
        source: Source<'_>,
        options: &ImportOptions,
    ) -> Result<Imported, AwsError> {
        let (plan, problems) = self.plan(source, options)?;
        let present = ApiSettings {
            description: None,
            version: None,
            cors_configuration: None,
            ..ApiSettings::of(&self.api(api).await?.value)
        };
        let mut members = plan.api.clone();
        members.extend(options.settings.clone());
        let settings: ApiSettings = changed(&present, &members)?;
        settings.check()?;
        let api = settings.build(self.api(api).await?.value);
        self.fill(&api, &plan).await?;
        Ok(imported(api, &problems))
    }

    fn plan(
        &self,
        source: Source<'_>,
        options: &ImportOptions,
    ) -> Result<(HttpPlan, Vec<Problem>), AwsError> {
        let (document, mut problems) = read_document(source, self.0.scope)?;
        let (plan, found) = http::plan(&document, options.base_path);
        problems.extend(found);
        let counted: Vec<Problem> = problems
            .iter()
            .filter(|problem| problem.severity != Severity::Inert)
            .cloned()
            .collect();
        judge(&counted, options.fail_on_warnings)?;
        Ok((plan, problems))
    }

    /// Writes an API with the parts of a plan, and no others.
    async fn fill(&self, api: &HttpApi, plan: &HttpPlan) -> Result<(), AwsError> {
        let id = &api.api_id;
        let present = self.image(id).await?;
        let image = self.built(api, plan, &present)?;
        for (integration, part) in image.integrations.iter().zip(&plan.integrations) {
            let checked = self.check_link(integration).await;
            checked.map_err(|cause| told("Unable to create integration", &part.pointer, cause))?;
        }
        let mut batch = Batch::new().put(
            self.0.key(kinds::HTTP_API, id.as_str()),
            encode(api)?,
            Expect::Anything,
        );
        let gone = |kind: Kind, part: &str| self.0.key(kind, format!("{id}/{part}"));
        // What stays under its id is written, not deleted: a batch names a record once.
        let stays = |other: &HttpRoute| image.routes.iter().any(|route| route.route_id == other.route_id);
        for route in present.routes.iter().filter(|other| !stays(other)) {
            batch = batch.delete(gone(kinds::HTTP_API_ROUTE, &route.route_id), Expect::Anything);
        }
        for integration in &present.integrations {
            let key = gone(kinds::HTTP_API_INTEGRATION, &integration.integration_id);
            batch = batch.delete(key, Expect::Anything);
        }
        let stays = |other: &HttpAuthorizer| {
            image
                .authorizers
                .iter()
                .any(|authorizer| authorizer.authorizer_id == other.authorizer_id)
        };
        for authorizer in present.authorizers.iter().filter(|other| !stays(other)) {
            let key = gone(kinds::HTTP_API_AUTHORIZER, authorizer.authorizer_id.as_str());
            batch = batch.delete(key, Expect::Anything);
        }
        for route in &image.routes {
            batch = self.with(batch, kinds::HTTP_API_ROUTE, id, &route.route_id, route)?;
        }
        for integration in &image.integrations {
            let part = &integration.integration_id;
            batch = self.with(batch, kinds::HTTP_API_INTEGRATION, id, part, integration)?;
        }
        for authorizer in &image.authorizers {
            let part = authorizer.authorizer_id.as_str();
            batch = self.with(batch, kinds::HTTP_API_AUTHORIZER, id, part, authorizer)?;
        }
        self.commit_and_deploy(id, batch, |of| *of = image).await
    }

    fn with<T: Serialize>(
        &self,
        batch: Batch,
        kind: Kind,
        api: &ApiId,
        part: &str,
        value: &T,
    ) -> Result<Batch, AwsError> {
        let key = self.0.key(kind, format!("{api}/{part}"));
        Ok(batch.put(key, encode(value)?, Expect::Anything))
    }

    /// Makes the parts of a plan. Authorizers keep the ids that they had under their names.
    fn built(
        &self,
        api: &HttpApi,
        plan: &HttpPlan,
        present: &HttpApiImage,
    ) -> Result<HttpApiImage, AwsError> {
        check_count("authorizers", plan.authorizers.len(), AUTHORIZERS_MAX)?;
        check_count("routes", plan.routes.len(), ROUTES_MAX)?;
        let mut authorizers = Vec::new();
        for part in &plan.authorizers {
            let same = present.authorizers.iter().find(|other| other.name == part.name);
            let id = same.map_or_else(
                || AuthorizerId::from(self.0.entropy.lower_alphanumeric(6)),
                |other| other.authorizer_id.clone(),
            );
            let what = format!("Unable to create authorizer '{}'", part.name);
            let settings: AuthorizerSettings = read_part(part, &what)?;
            let built = settings.build(id);
            authorizers.push(built.map_err(|cause| told(&what, &part.pointer, cause))?);
        }
        let mut integrations = Vec::new();
        let mut targets = BTreeMap::new();
        for part in &plan.integrations {
            let what = "Unable to create integration";
            let settings: IntegrationSettings = read_part(part, what)?;
            let built = settings.build(self.0.entropy.lower_alphanumeric(PART_ID_SYMBOLS));
            let built = built.map_err(|cause| told(what, &part.pointer, cause))?;
            targets.insert(
                part.pointer.as_str(),
                format!("integrations/{}", built.integration_id),
            );
            integrations.push(built);
        }
        let mut image = HttpApiImage {
            api: api.clone(),
            routes: Vec::new(),
            integrations,
            authorizers,
        };
        let mut keys = BTreeSet::new();
        for route in &plan.routes {
            let key = route
                .members
                .get("routeKey")
                .and_then(Value::as_str)
                .unwrap_or_default();
            let what = format!("Unable to create route '{key}'");
            if !keys.insert(key) {
                let cause = bad_request(format!("Route with key {key} already exists for this API"));
                return Err(told(&what, &route.pointer, cause));
            }
            let same = present.routes.iter().find(|other| other.route_key == key);
            let id = same.map_or_else(
                || self.0.entropy.lower_alphanumeric(PART_ID_SYMBOLS),
                |other| other.route_id.clone(),
            );
            let built = route_settings(route, &targets, &image, &what)?.build(id);
            let built = built.map_err(|cause| told(&what, &route.pointer, cause))?;
            let authorizer = image
                .authorizers
                .iter()
                .find(|authorizer| Some(&authorizer.authorizer_id) == built.authorizer_id.as_ref());
            fits(&built, authorizer).map_err(|cause| told(&what, &route.pointer, cause))?;
            image.routes.push(built);
        }
        Ok(image)
    }
}

fn route_settings(
    route: &RoutePlan,
    targets: &BTreeMap<&str, String>,
    image: &HttpApiImage,
    what: &str,
) -> Result<RouteSettings, AwsError> {
    let mut members = route.members.clone();
    if let Some(target) = route
        .integration
        .as_deref()
        .and_then(|pointer| targets.get(pointer))
    {
        members.insert("target".into(), target.clone().into());
    }
    let named = image
        .authorizers
        .iter()
        .find(|authorizer| Some(&authorizer.name) == route.authorizer.as_ref());
    if let Some(authorizer) = named {
        members.insert("authorizerId".into(), authorizer.authorizer_id.as_str().into());
    }
    read(members, what, &route.pointer)
}

fn check_count(noun: &str, count: usize, max: usize) -> Result<(), AwsError> {
    if count <= max {
        return Ok(());
    }
    let message = format!("An API may have at most {max} {noun}");
    Err(AwsError::new("LimitExceededException", 429, message))
}

fn imported(api: HttpApi, problems: &[Problem]) -> Imported {
    let of = |severity: Severity| -> Vec<String> {
        let those = problems.iter().filter(|problem| problem.severity == severity);
        those.map(shown).collect()
    };
    Imported {
        api,
        warnings: of(Severity::Warning),
        information: of(Severity::Inert),
    }
}

fn read_part<S: DeserializeOwned>(part: &Part, what: &str) -> Result<S, AwsError> {
    read(part.members.clone(), what, &part.pointer)
}

fn read<S: DeserializeOwned>(members: Members, what: &str, pointer: &str) -> Result<S, AwsError> {
    serde_json::from_value(members.into())
        .map_err(|cause| told(what, pointer, bad_request(cause.to_string())))
}

/// Says of a refusal what it was about and where the document asks for it.
fn told(what: &str, pointer: &str, cause: AwsError) -> AwsError {
    if cause.status >= 500 {
        return cause;
    }
    // Whatever the operation says, it is the document that is wrong.
    AwsError {
        code: "BadRequestException",
        status: 400,
        message: format!(
            "Errors found during import:\n\t{what}: {} ({pointer})",
            cause.message
        ),
        ..cause
    }
}
