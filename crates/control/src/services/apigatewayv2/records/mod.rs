//! What the operations do to the records of HTTP APIs; the operations and the resources of stacks share it.
//!
//! Each noun has its settings (what a caller may choose, in AWS's spelling), a check of them, and the writes. What a
//! change means for stages that deploy by themselves is written with the change, see [`deployment`].

pub mod api;
pub mod authorizer;
pub mod deployment;
pub mod import;
pub mod integration;
pub mod route;
pub mod stage;
pub mod vpc_link;

use portcullis_model::{ApiId, Scope, resources::apigatewayv2::HttpApi};
use portcullis_store::{Kind, kinds};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Map, Value};

use crate::{
    operation::AwsError,
    services::apigateway::{
        errors::{bad_request, not_found},
        records::{Apis, Kept},
    },
};

/// The HTTP APIs of one account and region.
#[derive(Clone, Copy)]
pub struct HttpApis<'a>(pub Apis<'a>);

/// The kinds of record that belong to one API.
const PARTS: [Kind; 5] = [
    kinds::HTTP_API_ROUTE,
    kinds::HTTP_API_INTEGRATION,
    kinds::HTTP_API_AUTHORIZER,
    kinds::HTTP_API_DEPLOYMENT,
    kinds::HTTP_API_STAGE,
];

impl HttpApis<'_> {
    /// Returns an API, or AWS's error when there is none.
    pub async fn api(&self, api: &ApiId) -> Result<Kept<HttpApi>, AwsError> {
        self.0.find(kinds::HTTP_API, api.as_str()).await?.ok_or_else(|| {
            not_found(format!(
                "Invalid API identifier specified {}:{api}",
                self.0.scope.account
            ))
        })
    }

    /// Returns a part of an API, or AWS's error when there is none.
    async fn part<T: DeserializeOwned>(
        &self,
        kind: Kind,
        noun: &str,
        api: &ApiId,
        id: &str,
    ) -> Result<Kept<T>, AwsError> {
        self.api(api).await?;
        self.0
            .find(kind, format!("{api}/{id}"))
            .await?
            .ok_or_else(|| not_found(format!("Unable to find {noun} by ID {id} within the API {api}")))
    }
}

/// Returns settings with the members of a call put over them, as the `Update…` operations want it.
pub fn changed<S: Serialize + DeserializeOwned>(
    present: &S,
    members: &Map<String, Value>,
) -> Result<S, AwsError> {
    let mut fields = serde_json::to_value(present).unwrap_or_default();
    if let Some(fields) = fields.as_object_mut() {
        fields.extend(members.clone());
    }
    serde_json::from_value(fields).map_err(|cause| bad_request(format!("Invalid request input: {cause}")))
}

/// Returns the address of an API under AWS's own suffix, which is answered here too.
pub fn api_endpoint(api: &ApiId, scope: &Scope) -> String {
    format!("https://{api}.execute-api.{}.amazonaws.com", scope.region)
}
