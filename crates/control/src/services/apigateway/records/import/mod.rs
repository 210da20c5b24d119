//! REST APIs from OpenAPI documents: `ImportRestApi`, `PutRestApi`, and `Body` in stacks.
//! <https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-import-api.html>
//!
//! What a document asks for is made by the functions that answer the single operations, so a document can make nothing that
//! they refuse. All writes go to one store that keeps them back: a document with an error changes nothing. (AWS says of its
//! own import that it is not atomic.)

mod apply;
mod clear;
mod source;

use std::sync::Arc;

use portcullis_engines::openapi::{BasePath, Members, Options, rest};
use portcullis_model::{ApiId, Problem, resources::apigateway::RestApi};
use portcullis_store::Store;
use serde_json::{Value, json};

pub use source::{Source, read_document};

use super::{Apis, rest_api::RestApiSettings};
use crate::{
    operation::AwsError,
    services::apigateway::errors::{bad_request, from_store},
    stacks::staged::StagedStore,
};

/// What becomes of what an API has already.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mode {
    /// What the document does not name stays.
    #[default]
    Merge,
    /// What the document does not name goes.
    Overwrite,
}

/// How a document is taken.
#[derive(Clone, Debug, Default)]
pub struct ImportOptions {
    pub mode: Mode,
    pub base_path: BasePath,
    pub fail_on_warnings: bool,
    /// Of a new API.
    pub endpoint_types: Vec<String>,
    /// Settings of the API that stand above the document's.
    pub settings: Members,
}

/// What an import made.
#[derive(Debug)]
pub struct Imported {
    pub api: RestApi,
    pub warnings: Vec<String>,
    /// Roles that integrations of the document act in.
    pub roles: Vec<String>,
}

impl Mode {
    /// Reads AWS's word.
    pub fn parse(word: Option<&str>) -> Result<Self, AwsError> {
        match word {
            None | Some("merge") => Ok(Self::Merge),
            Some("overwrite") => Ok(Self::Overwrite),
            Some(_) => Err(bad_request(
                "Invalid mode specified. Valid options are merge, overwrite",
            )),
        }
    }
}

/// Reads what becomes of a base path.
pub fn base_path(word: Option<&str>) -> Result<BasePath, AwsError> {
    word.map_or(Ok(BasePath::default()), |word| {
        BasePath::parse(word).ok_or_else(|| {
            bad_request("Invalid basepath specified. Valid options are ignore, prepend, split")
        })
    })
}

/// Writes kept back, until a document is known to be good.
pub struct Staging {
    below: Arc<dyn Store>,
    staged: StagedStore,
}

impl Staging {
    /// Returns a place for writes over `store`.
    pub fn over(store: &Arc<dyn Store>) -> Self {
        Self {
            below: Arc::clone(store),
            staged: StagedStore::over(Arc::clone(store)),
        }
    }

    /// Returns the store that keeps writes back.
    pub fn store(&self) -> &dyn Store {
        &self.staged
    }

    /// Writes everything, or nothing.
    pub async fn commit(&self) -> Result<(), AwsError> {
        let committed = self.below.commit(self.staged.take()).await;
        committed.map(drop).map_err(|error| from_store(&error))
    }
}

impl Apis<'_> {
    /// Makes an API of a document.
    pub async fn import_rest_api(
        &self,
        source: Source<'_>,
        options: &ImportOptions,
    ) -> Result<Imported, AwsError> {
        let id = self.new_api_id();
        let (plan, warnings) = self.plan(source, &id, options)?;
        let mut members = plan.api.clone();
        if !options.endpoint_types.is_empty() {
            let configuration = json!({ "types": options.endpoint_types });
            let asked = Members::from_iter([("endpointConfiguration".to_owned(), configuration)]);
            merge(&mut members, &asked);
        }
        members.extend(options.settings.clone());
        let settings = settings(members)?;
        self.new_rest_api(id.clone(), settings, &[]).await?;
        self.apply(&id, &plan, Mode::Overwrite).await?;
        self.imported(&id, &plan, warnings).await
    }

    /// Brings a document into an API.
    pub async fn put_rest_api(
        &self,
        api: &ApiId,
        source: Source<'_>,
        options: &ImportOptions,
    ) -> Result<Imported, AwsError> {
        let present = self.rest_api(api).await?.value;
        let (plan, warnings) = self.plan(source, api, options)?;
        let mut members = match to_value(&RestApiSettings::of(&present))? {
            Value::Object(members) => members,
            _ => Members::new(),
        };
        if options.mode == Mode::Overwrite {
            for described in [
                "description",
                "version",
                "binaryMediaTypes",
                "minimumCompressionSize",
            ] {
                members.remove(described);
            }
        }
        merge(&mut members, &plan.api);
        members.extend(options.settings.clone());
        self.replace_rest_api(api, settings(members)?).await?;
        self.apply(api, &plan, options.mode).await?;
        self.imported(api, &plan, warnings).await
    }

    fn plan(
        &self,
        source: Source<'_>,
        api: &ApiId,
        options: &ImportOptions,
    ) -> Result<(rest::RestPlan, Vec<String>), AwsError> {
        let (document, mut problems) = read_document(source, self.scope)?;
        let (plan, found) = rest::plan(
            &document,
            &Options {
                api_id: api.as_str(),
                base_path: options.base_path,
            },
        );
        problems.extend(found);
        let warnings = judge(&problems, options.fail_on_warnings)?;
        Ok((plan, warnings))
    }

    async fn imported(
        &self,
        api: &ApiId,
        plan: &rest::RestPlan,
        warnings: Vec<String>,
    ) -> Result<Imported, AwsError> {
        let methods = plan.paths.iter().flat_map(|path| &path.methods);
        let integrations = methods.filter_map(|method| method.integration.as_ref());
        let roles = integrations.filter_map(|part| part.members.get("credentials")?.as_str());
        Ok(Imported {
            api: self.rest_api(api).await?.value,
            warnings,
            roles: roles.map(str::to_owned).collect(),
        })
    }
}

/// Lays the settings of a document over those of an API; binary types are added, as on AWS, and an endpoint keeps what the
/// document does not speak of.
fn merge(members: &mut Members, document: &Members) {
    for (name, value) in document {
        let present = members
            .get_mut(name)
            .filter(|_| matches!(name.as_str(), "binaryMediaTypes" | "endpointConfiguration"));
        match (present, value) {
            (Some(Value::Object(endpoint)), Value::Object(added)) => endpoint.extend(added.clone()),
            (Some(Value::Array(types)), Value::Array(added)) => {
                let new: Vec<Value> = added
                    .iter()
                    .filter(|kind| !types.contains(kind))
                    .cloned()
                    .collect();
                types.extend(new);
            }
            _ => {
                members.insert(name.clone(), value.clone());
            }
        }
    }
}

fn settings(members: Members) -> Result<RestApiSettings, AwsError> {
    serde_json::from_value(members.into()).map_err(|cause| {
        bad_request(format!(
            "Invalid OpenAPI input. The API's settings do not fit: {cause}"
        ))
    })
}

fn to_value<T: serde::Serialize>(value: &T) -> Result<Value, AwsError> {
    serde_json::to_value(value)
        .map_err(|cause| AwsError::internal(format!("settings cannot be written: {cause}")))
}

/// Refuses a document with errors, or with warnings where these count; returns the warnings.
pub fn judge(problems: &[Problem], fail_on_warnings: bool) -> Result<Vec<String>, AwsError> {
    let listed = |errors: bool| -> Vec<String> {
        let those = problems.iter().filter(|problem| problem.is_error() == errors);
        those.map(shown).collect()
    };
    let (errors, warnings) = (listed(true), listed(false));
    if !errors.is_empty() {
        return Err(bad_request(format!(
            "Errors found during import:\n\t{}",
            errors.join("\n\t")
        )));
    }
    if fail_on_warnings && !warnings.is_empty() {
        return Err(bad_request(format!(
            "Warnings found during import:\n\t{}",
            warnings.join("\n\t")
        )));
    }
    Ok(warnings)
}

/// Writes a problem without its severity, which the heading says.
pub fn shown(problem: &Problem) -> String {
    let place = problem.place.map_or_else(String::new, |place| {
        format!(" (line {}, column {})", place.line, place.column)
    });
    format!("{}: {}{place}", problem.path, problem.message)
}
