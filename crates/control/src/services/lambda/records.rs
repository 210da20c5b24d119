//! Functions as the operations and the stacks read and write them.

use std::{collections::BTreeMap, sync::Arc};

use portcullis_engines::iam::Policy;
use portcullis_functions::Functions as Runner;
use portcullis_model::{
    Clock, Entropy, Scope,
    resources::lambda::{Function, function_arn},
};
use portcullis_store::{
    Batch, Expect, Page, RecordKey, Store, StoreError, kinds,
    typed::{self, Versioned},
};
use portcullis_vault::Vault;
use serde_json::Value;

use super::settings::{Code, CodeSource, FunctionSettings, check_name, invalid};
use crate::{operation::AwsError, ports::Buckets};

/// Characters of a function's policy: AWS's quota.
const POLICY_CHARACTERS_MAX: usize = 20_480;
/// Functions of an account.
const FUNCTIONS_MAX: usize = 1_000;

/// The functions of an account.
pub struct LambdaFunctions<'a> {
    pub store: &'a dyn Store,
    pub vault: &'a Vault,
    pub scope: &'a Scope,
    pub clock: &'a dyn Clock,
    pub entropy: &'a dyn Entropy,
    pub buckets: &'a dyn Buckets,
    pub runner: &'a Arc<Runner>,
}

impl LambdaFunctions<'_> {
    /// Makes a function.
    pub async fn create(
        &self,
        name: &str,
        settings: FunctionSettings,
        code: CodeSource,
    ) -> Result<Function, AwsError> {
        check_name(name)?;
        self.check_runs(name)?;
        let missing = |member: &str| invalid(format!("`{member}` is missing"));
        let code = code.fetch(self.buckets)?;
        if self.all().await?.len() >= FUNCTIONS_MAX {
            return Err(invalid(format!("there are {FUNCTIONS_MAX} functions already")));
        }
        let mut function = Function {
            function_name: name.to_owned(),
            runtime: settings.runtime.clone().ok_or_else(|| missing("Runtime"))?,
            handler: settings.handler.clone().ok_or_else(|| missing("Handler"))?,
            role: settings.role.clone().ok_or_else(|| missing("Role"))?,
            description: String::new(),
            timeout_seconds: 3,
            memory_mb: 128,
            architectures: Vec::new(),
            sealed_environment: None,
            code_digest: String::new(),
            code_bytes: 0,
            last_modified: self.clock.now(),
            revision_id: String::new(),
            statements: Vec::new(),
        };
        self.apply(&mut function, settings)?;
        let written = self.commit(&mut function, Expect::Absent, Some(code)).await;
        match written {
            Err(StoreError::Conflict { .. } | StoreError::Taken { .. }) => Err(AwsError::new(
                "ResourceConflictException",
                409,
                format!("Function already exist: {name}"),
            )),
            Err(other) => Err(other.into()),
            Ok(()) => Ok(function),
        }
    }

    /// Reads a function that must be there.
    pub async fn read(&self, name: &str) -> Result<Versioned<Function>, AwsError> {
        let found = typed::read_json(self.store, &self.key(name)).await?;
        found.ok_or_else(|| {
            let message = format!("Function not found: {}", function_arn(self.scope, name));
            AwsError::new("ResourceNotFoundException", 404, message)
        })
    }

    /// Reads every function, by name.
    pub async fn all(&self) -> Result<Vec<Versioned<Function>>, AwsError> {
        Ok(typed::list_json(self.store, self.scope, kinds::LAMBDA_FUNCTION, Page::all("")).await?)
    }

    /// Gives a function new code, new settings, or both.
    pub async fn change(
        &self,
        name: &str,
        revision: Option<&str>,
        settings: FunctionSettings,
        code: Option<CodeSource>,
    ) -> Result<Function, AwsError> {
        let found = self.read(name).await?;
        check_revision(&found.value, revision)?;
        let (expect, mut function) = (found.expect(), found.value);
        let code = code.map(|code| code.fetch(self.buckets)).transpose()?;
        self.apply(&mut function, settings)?;
        self.commit(&mut function, expect, code).await?;
        Ok(function)
    }

    /// Deletes a function with its code.
    pub async fn delete(&self, name: &str) -> Result<(), AwsError> {
        let found = self.read(name).await?;
        let batch = Batch::new()
            .delete(found.key.clone(), found.expect())
            .delete(self.code_key(name), Expect::Anything);
        self.store.commit(batch).await?;
        Ok(())
    }

    /// Adds a statement to a function's policy.
    pub async fn add_statement(
        &self,
        name: &str,
        revision: Option<&str>,
        statement: Value,
    ) -> Result<(), AwsError> {
        let found = self.read(name).await?;
        check_revision(&found.value, revision)?;
        let (expect, mut function) = (found.expect(), found.value);
        let sid = statement.get("Sid").and_then(Value::as_str).unwrap_or_default();
        if function.statements.iter().any(|known| has_sid(known, sid)) {
            let message = format!(
                "The statement id ({sid}) provided already exists. Please provide a new statement id, or remove the existing statement."
            );
            return Err(AwsError::new("ResourceConflictException", 409, message));
        }
        function.statements.push(statement);
        let document = function.policy().unwrap_or_default();
        if document.chars().count() > POLICY_CHARACTERS_MAX {
            let message = format!("the policy has more than {POLICY_CHARACTERS_MAX} characters");
            return Err(AwsError::new("PolicyLengthExceededException", 400, message));
        }
        // What could not be enforced must not be stored.
        Policy::parse_resource_based(&document, None)
            .map_err(|cause| invalid(format!("the permission is not valid: {cause}")))?;
        self.commit(&mut function, expect, None).await?;
        Ok(())
    }

    /// Removes a statement from a function's policy.
    pub async fn remove_statement(
        &self,
        name: &str,
        revision: Option<&str>,
        sid: &str,
    ) -> Result<(), AwsError> {
        let found = self.read(name).await?;
        check_revision(&found.value, revision)?;
        let (expect, mut function) = (found.expect(), found.value);
        let before = function.statements.len();
        function.statements.retain(|known| !has_sid(known, sid));
        if function.statements.len() == before {
            let message = format!("Statement {sid} is not found in resource policy.");
            return Err(AwsError::new("ResourceNotFoundException", 404, message));
        }
        self.commit(&mut function, expect, None).await?;
        Ok(())
    }

    /// Returns a function's variables, opened.
    pub fn environment(&self, function: &Function) -> Result<BTreeMap<String, String>, AwsError> {
        let Some(sealed) = &function.sealed_environment else {
            return Ok(BTreeMap::new());
        };
        let purpose = Function::environment_purpose(self.scope, &function.function_name);
        self.vault
            .unseal_json(&purpose, sealed)
            .map_err(|cause| AwsError::internal(cause.to_string()))
    }

    /// A function that nothing could run must not look as if something did.
    fn check_runs(&self, name: &str) -> Result<(), AwsError> {
        if self.runner.local.is_some() || self.runner.is_bound(&function_arn(self.scope, name)) {
            return Ok(());
        }
        Err(invalid(
            "functions do not run here: set `local_functions = true` in the server's configuration, or bind the \
             function to an endpoint",
        ))
    }

    fn apply(&self, function: &mut Function, settings: FunctionSettings) -> Result<(), AwsError> {
        function.runtime = settings.runtime.unwrap_or_else(|| function.runtime.clone());
        function.handler = settings.handler.unwrap_or_else(|| function.handler.clone());
        function.role = settings.role.unwrap_or_else(|| function.role.clone());
        function.description = settings
            .description
            .unwrap_or_else(|| function.description.clone());
        function.timeout_seconds = settings.timeout_seconds.unwrap_or(function.timeout_seconds);
        function.memory_mb = settings.memory_mb.unwrap_or(function.memory_mb);
        if let Some(architectures) = settings.architectures {
            function.architectures = architectures;
        }
        if let Some(environment) = settings.environment {
            let purpose = Function::environment_purpose(self.scope, &function.function_name);
            let sealed = self.vault.seal_json(&purpose, &environment);
            let sealed = sealed.map_err(|cause| AwsError::internal(cause.to_string()))?;
            function.sealed_environment = (!environment.is_empty()).then_some(sealed);
        }
        Ok(())
    }

    async fn commit(
        &self,
        function: &mut Function,
        expect: Expect,
        code: Option<Code>,
    ) -> Result<(), StoreError> {
        function.revision_id = self.entropy.uuid();
        let mut batch = Batch::new();
        if let Some(code) = code {
            function.last_modified = self.clock.now();
            function.code_digest = code.digest;
            function.code_bytes = code.bytes;
            let key = self.code_key(&function.function_name);
            batch = batch.put_json(key, &code.encoded, Expect::Anything)?;
        }
        let key = self.key(&function.function_name);
        self.store.commit(batch.put_json(key, function, expect)?).await?;
        Ok(())
    }

    fn key(&self, name: &str) -> RecordKey {
        RecordKey::new(self.scope, kinds::LAMBDA_FUNCTION, name)
    }

    fn code_key(&self, name: &str) -> RecordKey {
        RecordKey::new(self.scope, kinds::LAMBDA_CODE, name)
    }
}

fn has_sid(statement: &Value, sid: &str) -> bool {
    statement.get("Sid").and_then(Value::as_str) == Some(sid)
}

fn check_revision(function: &Function, revision: Option<&str>) -> Result<(), AwsError> {
    match revision {
        Some(revision) if revision != function.revision_id => Err(AwsError::new(
            "PreconditionFailedException",
            412,
            "The Revision Id provided does not match the latest Revision Id. Call the GetFunction/GetAlias API to \
             retrieve the latest Revision Id",
        )),
        _ => Ok(()),
    }
}
