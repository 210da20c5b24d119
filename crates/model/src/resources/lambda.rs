//! Functions: <https://docs.aws.amazon.com/lambda/latest/api/API_FunctionConfiguration.html>

use serde::{Deserialize, Serialize};

use crate::{Scope, Timestamp, arn::Arn};

/// A function. Its deployment package is a record of its own, of the same id.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Function {
    pub function_name: String,
    /// `python3.12`
    pub runtime: String,
    /// `module.function`
    pub handler: String,
    /// The execution role's ARN.
    pub role: String,
    #[serde(default)]
    pub description: String,
    #[serde(rename = "Timeout")]
    pub timeout_seconds: u32,
    #[serde(rename = "MemorySize")]
    pub memory_mb: u32,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub architectures: Vec<String>,
    /// The variables by name, JSON, sealed; none when there are none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sealed_environment: Option<String>,
    /// SHA-256 of the package, in hexadecimal.
    pub code_digest: String,
    pub code_bytes: usize,
    pub last_modified: Timestamp,
    pub revision_id: String,
    /// Statements of the function's own policy, in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub statements: Vec<serde_json::Value>,
}

impl Function {
    /// Returns the ARN, without a qualifier.
    pub fn arn(&self, scope: &Scope) -> String {
        function_arn(scope, &self.function_name)
    }

    /// Returns the function's policy as a document; none without statements, which lets nobody in.
    pub fn policy(&self) -> Option<String> {
        (!self.statements.is_empty()).then(|| {
            serde_json::json!({"Version": "2012-10-17", "Id": "default", "Statement": self.statements})
                .to_string()
        })
    }

    /// Returns what the variables are sealed for.
    pub fn environment_purpose(scope: &Scope, name: &str) -> String {
        format!("lambda/{}/{}/{name}/environment", scope.account, scope.region)
    }
}

/// Returns the ARN of the function called `name`.
pub fn function_arn(scope: &Scope, name: &str) -> String {
    Arn::new(
        "lambda",
        scope.region.as_str(),
        scope.account.as_str(),
        format!("function:{name}"),
    )
    .to_string()
}
