//! HTTP APIs: <https://docs.aws.amazon.com/apigatewayv2/latest/api-reference/apis.html>

use std::collections::BTreeMap;

use portcullis_model::{
    ApiId, StageName,
    resources::apigatewayv2::{CorsConfiguration, DEFAULT_ROUTE, DEFAULT_STAGE, HttpApi, HttpApiImage},
};
use portcullis_store::{Batch, Expect, Page, kinds};
use serde::{Deserialize, Serialize};

use super::{
    HttpApis, PARTS,
    integration::IntegrationSettings,
    route::RouteSettings,
    stage::{StageSettings, new_stage},
};
use crate::{
    operation::AwsError,
    services::apigateway::{
        errors::{bad_request, from_store, unsupported},
        records::{Listed, Wanted, encode},
    },
};

/// How the routes of an HTTP API are chosen; AWS has no other way.
const ROUTE_SELECTION: &str = "$request.method $request.path";
/// Symbols of an API's id, as AWS writes them.
const API_ID_SYMBOLS: usize = 10;
const NAME_CHARACTERS_MAX: usize = 128;

/// What a caller chooses about an API.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ApiSettings {
    #[serde(default)]
    pub name: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub protocol_type: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub route_selection_expression: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cors_configuration: Option<CorsConfiguration>,
    #[serde(default)]
    pub disable_execute_api_endpoint: bool,
    #[serde(default)]
    pub tags: BTreeMap<String, String>,
    /// For quick create: what stands behind the one route.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<String>,
    /// For quick create: the one route, `$default` unless it is named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub route_key: Option<String>,
}

impl ApiSettings {
    /// Returns the settings that `api` has.
    pub fn of(api: &HttpApi) -> Self {
        Self {
            name: api.name.clone(),
            description: api.description.clone(),
            version: api.version.clone(),
            cors_configuration: api.cors_configuration.clone(),
            disable_execute_api_endpoint: api.disable_execute_api_endpoint,
            tags: api.tags.clone(),
            ..Self::default()
        }
    }

    pub(super) fn check(&self) -> Result<(), AwsError> {
        match self.protocol_type.as_deref() {
            None | Some("HTTP") => {}
            Some("WEBSOCKET") => {
                return Err(unsupported(
                    "protocolType",
                    "WebSocket APIs are not there; use `HTTP`",
                ));
            }
            Some(_) => {
                return Err(bad_request(
                    "Invalid protocol specified. Valid options are HTTP, WEBSOCKET",
                ));
            }
        }
        if self.name.trim().is_empty() || self.name.chars().count() > NAME_CHARACTERS_MAX {
            return Err(bad_request(format!(
                "API name must have 1 to {NAME_CHARACTERS_MAX} characters"
            )));
        }
        let selection = self.route_selection_expression.as_deref();
        if selection.is_some_and(|given| given.replace(['{', '}'], "") != ROUTE_SELECTION) {
            return Err(bad_request(format!(
                "routeSelectionExpression of an HTTP API must be `{ROUTE_SELECTION}`"
            )));
        }
        if self.route_key.is_some() && self.target.is_none() {
            return Err(bad_request("`routeKey` needs a `target`"));
        }
        if let Some(cors) = &self.cors_configuration {
            cors.check()
                .map_err(|(field, message)| bad_request(format!("corsConfiguration/{field}: {message}")))?;
        }
        Ok(())
    }

    pub(super) fn build(self, present: HttpApi) -> HttpApi {
        HttpApi {
            name: self.name,
            description: self.description,
            version: self.version,
            cors_configuration: self
                .cors_configuration
                .filter(|cors| *cors != CorsConfiguration::default()),
            disable_execute_api_endpoint: self.disable_execute_api_endpoint,
            tags: self.tags,
            ..present
        }
    }
}

impl HttpApis<'_> {
    /// Makes an API; with a target, also its integration, its route, and the stage `$default`.
    pub async fn create_api(&self, settings: ApiSettings) -> Result<HttpApi, AwsError> {
        settings.check()?;
        let blank = HttpApi {
            api_id: ApiId::from(self.0.entropy.lower_alphanumeric(API_ID_SYMBOLS)),
            name: String::new(),
            description: None,
            version: None,
            created_date: self.0.clock.now(),
            route_selection_expression: ROUTE_SELECTION.into(),
            cors_configuration: None,
            disable_execute_api_endpoint: false,
            tags: BTreeMap::new(),
        };
        let (target, route_key) = (settings.target.clone(), settings.route_key.clone());
        let api = settings.build(blank);
        let key = self.0.key(kinds::HTTP_API, api.api_id.as_str());
        let mut batch = Batch::new().put(key, encode(&api)?, Expect::Absent);
        if let Some(target) = target {
            batch = self.quick_create(batch, &api, target, route_key)?;
        }
        self.0.commit(batch).await?;
        Ok(api)
    }

    fn quick_create(
        &self,
        batch: Batch,
        api: &HttpApi,
        target: String,
        route_key: Option<String>,
    ) -> Result<Batch, AwsError> {
        let is_function = target.starts_with("arn:");
        let integration = IntegrationSettings {
            integration_type: if is_function { "AWS_PROXY" } else { "HTTP_PROXY" }.into(),
            integration_method: Some(if is_function { "POST" } else { "ANY" }.into()),
            payload_format_version: is_function.then(|| "2.0".into()),
            integration_uri: Some(target),
            ..IntegrationSettings::default()
        }
        .build(self.0.entropy.lower_alphanumeric(7))?;
        let route = RouteSettings {
            route_key: route_key.unwrap_or_else(|| DEFAULT_ROUTE.into()),
            target: Some(format!("integrations/{}", integration.integration_id)),
            ..RouteSettings::default()
        }
        .build(self.0.entropy.lower_alphanumeric(7))?;
        let settings = StageSettings {
            auto_deploy: true,
            ..StageSettings::default()
        };
        let stage = new_stage(
            &api.api_id,
            StageName::from(DEFAULT_STAGE),
            settings,
            self.0.clock.now(),
        );
        let id = &api.api_id;
        let image = HttpApiImage {
            api: api.clone(),
            routes: vec![route.clone()],
            integrations: vec![integration.clone()],
            authorizers: Vec::new(),
        };
        let deployment = self.new_deployment(image, None, true);
        self.refuse_uncompilable(&deployment, &stage)?;
        let stage = self.pointed(stage, &deployment);
        let put = |batch: Batch, kind, part: &str, body| {
            batch.put(self.0.key(kind, format!("{id}/{part}")), body, Expect::Absent)
        };
        let integration_id = integration.integration_id.as_str();
        let batch = put(
            batch,
            kinds::HTTP_API_INTEGRATION,
            integration_id,
            encode(&integration)?,
        );
        let batch = put(batch, kinds::HTTP_API_ROUTE, &route.route_id, encode(&route)?);
        let deployment_id = deployment.deployment_id.as_str();
        let batch = put(
            batch,
            kinds::HTTP_API_DEPLOYMENT,
            deployment_id,
            encode(&deployment)?,
        );
        Ok(put(batch, kinds::HTTP_API_STAGE, DEFAULT_STAGE, encode(&stage)?))
    }

    /// Returns a page of the APIs.
    pub async fn apis(&self, wanted: &Wanted) -> Result<Listed<HttpApi>, AwsError> {
        self.0.page(kinds::HTTP_API, "", wanted).await
    }

    /// Gives an API new settings.
    pub async fn replace_api(&self, api: &ApiId, settings: ApiSettings) -> Result<HttpApi, AwsError> {
        settings.check()?;
        if settings.target.is_some() || settings.route_key.is_some() {
            return Err(unsupported(
                "target",
                "it makes an API quickly; change integration and route",
            ));
        }
        let kept = self.api(api).await?;
        let changed = settings.build(kept.value);
        let key = self.0.key(kinds::HTTP_API, api.as_str());
        let batch = Batch::new().put(key, encode(&changed)?, Expect::Version(kept.version));
        let image = changed.clone();
        self.commit_and_deploy(api, batch, |of| of.api = image).await?;
        Ok(changed)
    }

    /// Deletes an API with everything of it.
    pub async fn delete_api(&self, api: &ApiId) -> Result<(), AwsError> {
        let kept = self.api(api).await?;
        if !self.0.domains_of(api).await?.is_empty() {
            return Err(bad_request(format!(
                "Deleting API {api} failed. Please remove all API mappings for the API from your custom domain names."
            )));
        }
        let key = self.0.key(kinds::HTTP_API, api.as_str());
        let mut batch = Batch::new().delete(key, Expect::Version(kept.version));
        for kind in PARTS {
            let page = Page::all(format!("{api}/"));
            let parts = self.0.store.list(self.0.scope, kind, page).await;
            for part in parts.map_err(|error| from_store(&error))? {
                batch = batch.delete(part.key, Expect::Anything);
            }
        }
        self.0.commit(batch).await
    }
}
