//! Functions as the gateway calls them, through the policy of each; and the feed that keeps local ones as they are
//! configured.

use std::{
    collections::BTreeMap,
    net::SocketAddr,
    sync::{Arc, PoisonError, RwLock},
    time::Duration,
};

use anyhow::{Context as _, Result};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use portcullis_egress::ClientConfig;
use portcullis_engines::iam::{self, AccessRequest, Context, Policy, Verdict};
use portcullis_functions::{
    Call, Endpoints, Failure,
    local::{Definition, LocalFunctions, LocalSettings},
    unqualified,
};
use portcullis_gateway::ports::{FunctionAnswer, FunctionFailure, Functions, Invocation, Invoked};
use portcullis_model::{
    Scope, SecretText, SystemClock, SystemEntropy,
    resources::lambda::{Function, function_arn},
};
use portcullis_store::{RecordKey, Store, StoreError, kinds, typed};
use portcullis_vault::Vault;

use super::adapters::FunctionRoles;
use super::log_files::{LogFiles, LogWriter};
use crate::{
    installation::Installation,
    settings::{RunFunctions, Settings},
};

/// Who calls, for the policies of functions.
const PRINCIPAL: &str = "apigateway.amazonaws.com";
const ACTION: &str = "lambda:InvokeFunction";

/// Every function that integrations and authorizers may invoke.
#[derive(Clone)]
pub(super) struct ServerFunctions {
    pub(super) runner: Arc<portcullis_functions::Functions>,
    policies: Policies,
}

/// The policies of the functions that are configured here, by ARN.
type Policies = Arc<RwLock<BTreeMap<String, Arc<Access>>>>;

/// Whom a function lets in.
enum Access {
    /// Nobody: it has no policy.
    Closed,
    Policy(Policy),
    /// Its policy or its code cannot be used; the reason.
    Broken(String),
}

impl Functions for ServerFunctions {
    fn invoke(&self, invocation: Invocation) -> Invoked {
        let admitted = self.admit(&invocation);
        let runner = Arc::clone(&self.runner);
        Box::pin(async move {
            admitted?;
            let call = Call {
                function_arn: invocation.function_arn,
                payload: invocation.payload,
                timeout: invocation.timeout,
            };
            let answer = runner.invoke(call).await.map_err(told)?;
            Ok(FunctionAnswer {
                payload: answer.payload,
                error: answer.error,
            })
        })
    }
}

impl ServerFunctions {
    pub(super) fn new(runner: Arc<portcullis_functions::Functions>) -> Self {
        Self {
            runner,
            policies: Policies::default(),
        }
    }

    /// Asks the function's own policy. A function that is not configured here runs only where the operator has bound it,
    /// and the binding lets every API in.
    fn admit(&self, invocation: &Invocation) -> Result<(), FunctionFailure> {
        let arn =
            unqualified(&invocation.function_arn).unwrap_or_else(|| invocation.function_arn.to_string());
        let access = self.policies.read().unwrap_or_else(PoisonError::into_inner);
        let access = access.get(&arn).cloned();
        let closed = |why: String| {
            let name = arn.rsplit(':').next().unwrap_or_default();
            Err(FunctionFailure::NotPermitted(format!(
                "the function `{name}` {why}"
            )))
        };
        match access.as_deref() {
            None if self.runner.is_bound(&invocation.function_arn) => Ok(()),
            None => Err(FunctionFailure::NotFound(arn)),
            Some(Access::Broken(cause)) => Err(FunctionFailure::Unreachable(cause.clone())),
            Some(Access::Closed) => closed(format!("has no policy: add a permission for `{PRINCIPAL}`")),
            Some(Access::Policy(policy)) => {
                let mut context = Context::new();
                context.set("aws:SourceArn", invocation.source_arn.as_str());
                context.set("aws:SourceAccount", invocation.source_account.as_ref());
                let request = AccessRequest {
                    principal_arn: Some(PRINCIPAL),
                    action: ACTION,
                    resource: &arn,
                    context: &context,
                };
                let source = &invocation.source_arn;
                match iam::evaluate(&[policy], &request) {
                    Verdict::Allow { .. } => Ok(()),
                    Verdict::ExplicitDeny { statement } => {
                        closed(format!("denies `{source}` by {statement}"))
                    }
                    Verdict::ImplicitDeny => closed(format!("has no permission that lets `{source}` in")),
                }
            }
        }
    }

    /// Serves a function as its record says; none: serves it no longer.
    pub(super) async fn serve(
        &self,
        store: &dyn Store,
        vault: &Vault,
        scope: &Scope,
        (name, function): (&str, Option<Function>),
    ) -> Result<(), StoreError> {
        let arn = function_arn(scope, name);
        let Some(function) = function else {
            self.policies
                .write()
                .unwrap_or_else(PoisonError::into_inner)
                .remove(&arn);
            if let Some(local) = &self.runner.local {
                local.forget(&arn);
            }
            return Ok(());
        };
        let access = match self.define(store, vault, scope, &function).await? {
            Err(cause) => {
                tracing::error!("the function `{arn}` cannot be run: {cause}");
                if let Some(local) = &self.runner.local {
                    local.forget(&arn);
                }
                Access::Broken(format!("the function `{name}` cannot be run: {cause}"))
            }
            Ok(()) => match function
                .policy()
                .map(|policy| Policy::parse_resource_based(&policy, None))
            {
                None => Access::Closed,
                Some(Ok(policy)) => Access::Policy(policy),
                Some(Err(cause)) => Access::Broken(format!("the policy of `{name}` cannot be read: {cause}")),
            },
        };
        let mut policies = self.policies.write().unwrap_or_else(PoisonError::into_inner);
        policies.insert(arn, Arc::new(access));
        Ok(())
    }

    /// Makes the function ready to run; the inner error is one of its own.
    async fn define(
        &self,
        store: &dyn Store,
        vault: &Vault,
        scope: &Scope,
        function: &Function,
    ) -> Result<Result<(), String>, StoreError> {
        let name = function.function_name.as_str();
        let arn = function.arn(scope);
        if self.runner.local.is_none() || self.runner.is_bound(&arn) {
            return Ok(Ok(()));
        }
        let key = RecordKey::new(scope, kinds::LAMBDA_CODE, name);
        let Some(code) = typed::read_json::<String>(store, &key).await? else {
            return Ok(Err("its code is gone".into()));
        };
        let mut environment = Vec::new();
        if let Some(sealed) = &function.sealed_environment {
            let purpose = Function::environment_purpose(scope, name);
            match vault.unseal_json::<BTreeMap<String, String>>(&purpose, sealed) {
                Ok(opened) => {
                    let variables = opened.into_iter();
                    environment = variables
                        .map(|(name, value)| (name, SecretText::new(value)))
                        .collect();
                }
                Err(cause) => return Ok(Err(cause.to_string())),
            }
        }
        let runner = Arc::clone(&self.runner);
        let digest = function.code_digest.clone();
        let unpacked = tokio::task::spawn_blocking(move || {
            let package = STANDARD.decode(code.value).map_err(std::io::Error::other)?;
            match &runner.local {
                Some(local) => local.keep_code(&digest, &package),
                None => Err(std::io::Error::other("local functions are off")),
            }
        });
        let folder = match unpacked.await {
            Ok(Ok(folder)) => folder,
            Ok(Err(cause)) => return Ok(Err(cause.to_string())),
            Err(cause) => return Ok(Err(cause.to_string())),
        };
        if let Some(local) = &self.runner.local {
            local.define(Definition {
                arn: arn.into(),
                name: name.to_owned(),
                handler: function.handler.clone(),
                timeout: Duration::from_secs(function.timeout_seconds.into()),
                memory_mb: function.memory_mb,
                environment,
                role: function.role.clone(),
                code: folder,
            });
        }
        Ok(Ok(()))
    }
}

/// Everything that runs functions: the endpoints that the operator has bound, and, where they are on, local ones.
pub(super) fn start(
    settings: &Settings,
    installation: &Installation,
    integrations: ClientConfig,
    (admin, roles): (SocketAddr, Arc<FunctionRoles>),
    logs: &LogFiles,
) -> Result<ServerFunctions> {
    let endpoints = Endpoints::start(integrations, &settings.functions)?;
    let local = || {
        LocalFunctions::start(LocalSettings {
            folder: installation.functions(),
            logs: Arc::<LogWriter>::clone(&logs.functions),
            region: settings.scope.region.to_string(),
            clock: Arc::new(SystemClock),
            entropy: Arc::new(SystemEntropy),
            endpoint: format!("http://{admin}"),
            roles: Arc::<FunctionRoles>::clone(&roles),
        })
    };
    let local = match settings.local_functions {
        RunFunctions::Never => None,
        RunFunctions::IfPossible => local()
            .inspect_err(|cause| tracing::warn!("functions do not run here: {cause}"))
            .ok(),
        RunFunctions::Always => Some(local().context("local functions cannot be run")?),
    };
    let runner = portcullis_functions::Functions {
        endpoints: Some(endpoints),
        local,
    };
    Ok(ServerFunctions::new(Arc::new(runner)))
}

fn told(failure: Failure) -> FunctionFailure {
    match failure {
        Failure::NotFound(arn) => FunctionFailure::NotFound(arn),
        Failure::TimedOut => FunctionFailure::TimedOut,
        Failure::Throttled(cause) => FunctionFailure::Throttled(cause),
        Failure::PayloadTooLarge => FunctionFailure::Unreachable(failure.to_string()),
        Failure::Unreachable(cause) => FunctionFailure::Unreachable(cause),
    }
}
