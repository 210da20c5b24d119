//! Models: JSON Schemas with a name: <https://docs.aws.amazon.com/apigateway/latest/api/API_Model.html>

use portcullis_engines::json_schema::{Documents, Schema, model_url};
use portcullis_model::{
    ApiId,
    resources::apigateway::{Model, Resource},
};
use portcullis_store::{Batch, Expect, kinds};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Apis, Kept, Listed, Wanted, encode};
use crate::{
    operation::AwsError,
    services::apigateway::errors::{bad_request, conflict, not_found},
};

/// What a caller chooses about a model.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ModelSettings {
    #[serde(default)]
    pub name: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub schema: Option<String>,
    #[serde(default)]
    pub content_type: String,
}

impl ModelSettings {
    /// Returns the settings that `model` has.
    pub fn of(model: &Model) -> Self {
        Self {
            name: model.name.clone(),
            description: model.description.clone(),
            schema: model.schema.clone(),
            content_type: model.content_type.clone(),
        }
    }

    fn build(self, api: &ApiId, id: String, others: &Documents) -> Result<Model, AwsError> {
        if self.name.is_empty() || !self.name.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
            return Err(bad_request(format!(
                "Model name must be alphanumeric: {}",
                self.name
            )));
        }
        if self.content_type.is_empty() {
            return Err(bad_request("No content type specified"));
        }
        if let Some(schema) = self.schema.as_deref().filter(|schema| !schema.trim().is_empty()) {
            let url = model_url(api.as_str(), &self.name);
            Schema::compile(schema, Some(&url), others).map_err(|reason| {
                bad_request(format!("Invalid model specified: Validation Result: warnings : [], errors : [Invalid model schema specified. {reason}]"))
            })?;
        }
        Ok(Model {
            id,
            name: self.name,
            description: self.description,
            schema: self.schema,
            content_type: self.content_type,
        })
    }
}

/// Says why a text is no schema for a model, as far as that can be told without the models that it refers to.
pub fn check_schema(schema: &str) -> Result<(), String> {
    Schema::compile(schema, None, &Documents::unknown())
        .map(drop)
        .map_err(|cause| cause.to_string())
}

/// Tells whether `model` refers to the model at `url`.
fn refers_to(model: &Model, url: &str) -> bool {
    fn holds(value: &Value, url: &str) -> bool {
        match value {
            Value::Object(members) => {
                let target = members.get("$ref").and_then(Value::as_str).unwrap_or_default();
                target.split('#').next() == Some(url) || members.values().any(|value| holds(value, url))
            }
            Value::Array(items) => items.iter().any(|value| holds(value, url)),
            _ => false,
        }
    }
    let schema = model.schema.as_deref().unwrap_or_default();
    serde_json::from_str(schema).is_ok_and(|value| holds(&value, url))
}

impl Apis<'_> {
    /// Makes a model.
    pub async fn create_model(&self, api: &ApiId, settings: ModelSettings) -> Result<Model, AwsError> {
        self.rest_api(api).await?;
        let others = self.documents(api, &settings.name).await?;
        let model = settings.build(api, self.entropy.lower_alphanumeric(6), &others)?;
        if self
            .find::<Model>(kinds::API_MODEL, format!("{api}/{}", model.name))
            .await?
            .is_some()
        {
            return Err(conflict("Model name already exists for this REST API"));
        }
        self.put(
            kinds::API_MODEL,
            format!("{api}/{}", model.name),
            &model,
            Expect::Absent,
        )
        .await?;
        Ok(model)
    }

    /// Makes or replaces models that may refer to one another, in circles too. Without `keep_others` the API has no other
    /// models afterwards. An error names the model that it is about.
    pub async fn put_models(
        &self,
        api: &ApiId,
        settings: Vec<ModelSettings>,
        keep_others: bool,
    ) -> Result<(), (String, AwsError)> {
        let own = |error: AwsError| (String::new(), error);
        let present: Vec<Model> = self.all(kinds::API_MODEL, api).await.map_err(own)?;
        let is_new = |name: &str| settings.iter().any(|model| model.name == name);
        let mut documents: Vec<(String, String)> = Vec::new();
        let others = present.iter().filter(|model| keep_others && !is_new(&model.name));
        for (name, schema) in others
            .map(|model| (&model.name, &model.schema))
            .chain(settings.iter().map(|model| (&model.name, &model.schema)))
        {
            if let Some(schema) = schema {
                documents.push((model_url(api.as_str(), name), schema.clone()));
            }
        }
        let documents = Documents::new(
            documents
                .iter()
                .map(|(url, schema)| (url.clone(), schema.as_str())),
        );
        let mut batch = Batch::new();
        if !keep_others {
            for gone in present.iter().filter(|model| !is_new(&model.name)) {
                let key = self.key(kinds::API_MODEL, format!("{api}/{}", gone.name));
                batch = batch.delete(key, Expect::Anything);
            }
        }
        for model in settings {
            let name = model.name.clone();
            let same = present.iter().find(|other| other.name == name);
            let id = same.map_or_else(|| self.entropy.lower_alphanumeric(6), |other| other.id.clone());
            let built = model.build(api, id, &documents);
            let body = built
                .and_then(|model| encode(&model))
                .map_err(|error| (name.clone(), error))?;
            let key = self.key(kinds::API_MODEL, format!("{api}/{name}"));
            batch = batch.put(key, body, Expect::Anything);
        }
        self.commit(batch).await.map_err(own)
    }

    /// Returns a model, or AWS's error when there is none.
    pub async fn model(&self, api: &ApiId, name: &str) -> Result<Kept<Model>, AwsError> {
        match self.find(kinds::API_MODEL, format!("{api}/{name}")).await? {
            Some(kept) => Ok(kept),
            None => {
                self.rest_api(api).await?;
                Err(not_found(format!("Invalid model name specified: {name}")))
            }
        }
    }

    /// Returns every model of an API.
    pub async fn all_models(&self, api: &ApiId) -> Result<Vec<Model>, AwsError> {
        self.all(kinds::API_MODEL, api).await
    }

    /// Returns a page of the models of an API.
    pub async fn models(&self, api: &ApiId, wanted: &Wanted) -> Result<Listed<Model>, AwsError> {
        self.rest_api(api).await?;
        self.page(kinds::API_MODEL, &format!("{api}/"), wanted).await
    }

    /// Gives a model another description or schema; its name and content type stay, as on AWS.
    pub async fn replace_model(
        &self,
        api: &ApiId,
        name: &str,
        settings: ModelSettings,
    ) -> Result<Model, AwsError> {
        let kept = self.model(api, name).await?;
        let others = self.documents(api, name).await?;
        let settings = ModelSettings {
            name: kept.value.name,
            content_type: kept.value.content_type,
            ..settings
        };
        let model = settings.build(api, kept.value.id, &others)?;
        let expect = Expect::Version(kept.version);
        self.put(kinds::API_MODEL, format!("{api}/{name}"), &model, expect)
            .await?;
        Ok(model)
    }

    /// Deletes a model that no method uses.
    pub async fn delete_model(&self, api: &ApiId, name: &str) -> Result<(), AwsError> {
        let kept = self.model(api, name).await?;
        let resources: Vec<Resource> = self.all(kinds::API_RESOURCE, api).await?;
        let mut methods = resources.iter().flat_map(|resource| resource.methods.values());
        let is_used = methods.any(|method| {
            let answers = method.method_responses.values();
            let mut models = answers.flat_map(|response| response.response_models.values());
            method.request_models.values().any(|model| model == name) || models.any(|model| model == name)
        });
        if is_used {
            return Err(conflict(format!(
                "Cannot delete model '{name}', is referenced in a method"
            )));
        }
        let url = model_url(api.as_str(), name);
        let models: Vec<Model> = self.all(kinds::API_MODEL, api).await?;
        let mut others = models.iter().filter(|other| other.name != name);
        if let Some(other) = others.find(|other| refers_to(other, &url)) {
            return Err(conflict(format!(
                "Cannot delete model '{name}', is referenced in model '{}'",
                other.name
            )));
        }
        self.remove(kinds::API_MODEL, format!("{api}/{name}"), kept.version)
            .await
    }

    /// Returns the schemas that the model `name` may refer to: those of the other models.
    async fn documents(&self, api: &ApiId, name: &str) -> Result<Documents, AwsError> {
        let models: Vec<Model> = self.all(kinds::API_MODEL, api).await?;
        let others = models.iter().filter(|other| other.name != name);
        Ok(Documents::new(others.filter_map(|other| {
            Some((model_url(api.as_str(), &other.name), other.schema.as_deref()?))
        })))
    }
}
