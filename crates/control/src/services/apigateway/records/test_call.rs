//! Tests of methods and authorizers as they stand:
//! <https://docs.aws.amazon.com/apigateway/latest/api/API_TestInvokeMethod.html>

use std::collections::BTreeMap;

use bytes::Bytes;
use portcullis_model::{
    ApiId, AuthorizerId, ResourceId, StageName,
    resources::apigateway::{ApiImage, AuthorizerType, Resource, Stage},
};
use serde::Deserialize;
use serde_json::json;

use super::{Apis, method::MethodKey, stage::StageSettings};
use crate::{
    operation::AwsError,
    ports::{TestCall, TestRefusal},
    services::apigateway::errors::{bad_request, unsupported},
};

/// The name of the stage that a test is of, as on AWS.
const TEST_STAGE: &str = "test-invoke-stage";

/// What a caller asks in a test.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct TestInput {
    #[serde(default)]
    pub path_with_query_string: Option<String>,
    #[serde(default)]
    pub body: Option<String>,
    #[serde(default)]
    pub headers: BTreeMap<String, String>,
    #[serde(default)]
    pub multi_value_headers: BTreeMap<String, Vec<String>>,
    #[serde(default)]
    pub stage_variables: BTreeMap<String, String>,
    #[serde(default)]
    pub client_certificate_id: Option<String>,
    #[serde(default)]
    pub additional_context: BTreeMap<String, String>,
}

impl TestInput {
    /// Returns the certificate that backends are shown in the test.
    pub fn client_certificate_id(&self) -> Option<&str> {
        self.client_certificate_id.as_deref().filter(|id| !id.is_empty())
    }

    fn check(&self) -> Result<(), AwsError> {
        if !self.additional_context.is_empty() {
            return Err(unsupported(
                "additionalContext",
                "a test has the context of its request",
            ));
        }
        Ok(())
    }

    /// Returns the header fields. A name in both lists is taken from the longer one, as AWS's event has both.
    fn fields(&self) -> Vec<(String, String)> {
        let single = self.headers.iter().filter(|(name, _)| {
            !self
                .multi_value_headers
                .keys()
                .any(|other| other.eq_ignore_ascii_case(name))
        });
        let many = self
            .multi_value_headers
            .iter()
            .flat_map(|(name, values)| values.iter().map(move |value| (name.clone(), value.clone())));
        single
            .map(|(name, value)| (name.clone(), value.clone()))
            .chain(many)
            .collect()
    }
}

impl Apis<'_> {
    /// Makes the test of a method.
    pub async fn test_of_method(&self, key: &MethodKey, input: TestInput) -> Result<TestCall, AwsError> {
        input.check()?;
        self.method(key).await?;
        let resource = self.resource(&key.api, &key.resource).await?.value;
        let image = self.image(&key.api).await?;
        let path = input
            .path_with_query_string
            .clone()
            .filter(|path| !path.is_empty());
        let method = if key.http_method == "ANY" {
            "GET"
        } else {
            key.http_method.as_str()
        };
        Ok(TestCall {
            stage: self.test_stage(&key.api, &input)?,
            image,
            method: method.to_owned(),
            resource_id: Some(key.resource.as_str().to_owned()),
            path_and_query: path.unwrap_or_else(|| resource.path.clone()),
            headers: input.fields(),
            body: Bytes::from(input.body.unwrap_or_default()),
            client_certificate: None,
        })
    }

    /// Makes the test of an authorizer: a method behind it, whatever the path is.
    pub async fn test_of_authorizer(
        &self,
        api: &ApiId,
        id: &AuthorizerId,
        input: TestInput,
    ) -> Result<TestCall, AwsError> {
        input.check()?;
        let authorizer = self.authorizer(api, id).await?.value;
        let authorization = match authorizer.authorizer_type {
            AuthorizerType::Token | AuthorizerType::Request => "CUSTOM",
            AuthorizerType::CognitoUserPools => "COGNITO_USER_POOLS",
            AuthorizerType::Jwt => "JWT",
        };
        let image = ApiImage {
            resources: ["/", "/{proxy+}"]
                .iter()
                .map(|path| guarded_resource(path, authorization, id))
                .collect::<Result<_, _>>()?,
            ..self.image(api).await?
        };
        let path = input
            .path_with_query_string
            .clone()
            .filter(|path| !path.is_empty());
        Ok(TestCall {
            stage: self.test_stage(api, &input)?,
            image,
            method: "GET".to_owned(),
            resource_id: None,
            path_and_query: path.unwrap_or_else(|| "/".to_owned()),
            headers: input.fields(),
            body: Bytes::from(input.body.unwrap_or_default()),
            client_certificate: None,
        })
    }

    fn test_stage(&self, api: &ApiId, input: &TestInput) -> Result<Stage, AwsError> {
        let now = self.clock.now();
        let settings = StageSettings {
            deployment_id: Some("test".into()),
            variables: input.stage_variables.clone(),
            ..StageSettings::default()
        };
        settings.check()?;
        Ok(Stage {
            variables: settings.variables,
            ..super::stage::blank_stage(api, "test".into(), StageName::from(TEST_STAGE), now)
        })
    }
}

fn guarded_resource(path: &str, authorization: &str, id: &AuthorizerId) -> Result<Resource, AwsError> {
    let resource = json!({
        "id": ResourceId::from(format!("test{}", path.len())),
        "path": path,
        "resourceMethods": { "ANY": {
            "httpMethod": "ANY",
            "authorizationType": authorization,
            "authorizerId": id,
            "methodIntegration": {
                "type": "MOCK",
                "requestTemplates": { "application/json": "{\"statusCode\": 200}" },
                "integrationResponses": { "200": { "statusCode": "200" } },
            },
            "methodResponses": { "200": { "statusCode": "200" } },
        } },
    });
    serde_json::from_value(resource).map_err(|cause| AwsError::internal(cause.to_string()))
}

/// Turns what the data plane says of a test into AWS's error.
pub fn refused(refusal: TestRefusal) -> AwsError {
    match refusal {
        TestRefusal::Invalid(message) => bad_request(message),
        TestRefusal::Busy => AwsError::new("TooManyRequestsException", 429, "Too many tests are being made"),
    }
}
