//! What an operation is: a name, where it is on the wire, the permission it needs, and what it does.
//!
//! Each has a file of its own in `services/<service>/`, with one `OPERATION` that the folder's list names. The
//! permission is data, so an operation without one does not compile.

use std::{
    future::Future,
    net::IpAddr,
    pin::Pin,
    sync::{Arc, Mutex, PoisonError},
    time::Instant,
};

use portcullis_model::{
    RequestId, Scope, Timestamp,
    resources::iam::Session,
    trail::{Outcome, Step},
};
use serde_json::{Map, Value};

use crate::ControlParts;
pub use crate::error::AwsError;

/// What an operation returns, some time later. Members in the spelling of the wire.
pub type Answer<'a> = Pin<Box<dyn Future<Output = Result<Value, AwsError>> + Send + 'a>>;

/// What a permission is asked about, some time later.
pub type Finding<'a> = Pin<Box<dyn Future<Output = Result<Subject, AwsError>> + Send + 'a>>;

/// A resource that was looked up, with what conditions may say of it and of the call.
#[derive(Clone, Debug, Default)]
pub struct Subject {
    pub arn: String,
    /// Condition keys and their values, beside the global ones.
    pub context: Vec<(String, String)>,
}

/// One operation of a service.
pub struct Operation {
    /// AWS's name: `CreateUserPool`.
    pub name: &'static str,
    /// Method and path, for REST-JSON services only.
    pub route: Option<Route>,
    /// Who may call it.
    pub access: Access,
    /// The members of the input that are acted on. Any other is refused by name: nothing is silently ignored.
    pub members: &'static [&'static str],
    pub call: for<'a> fn(&'a Call<'a>) -> Answer<'a>,
}

/// Where a REST-JSON operation is.
#[derive(Clone, Copy, Debug)]
pub struct Route {
    pub method: &'static str,
    /// `/restapis/{restApiId}/resources/{resourceId}`: labels become members of the input.
    pub path: &'static str,
    /// Query parameters that become members of the input.
    pub query: &'static [&'static str],
    /// 200, 201, 202 or 204.
    pub status: u16,
}

/// Who may call an operation.
#[derive(Clone, Copy)]
pub enum Access {
    /// Everybody: what AWS models as unsigned. The operation itself checks a token, secret or code.
    Unsigned,
    /// Every signed caller, whatever his policies say.
    AnySigned,
    /// A signed caller with this permission.
    Signed {
        /// `cognito-idp:CreateUserPool`.
        action: &'static str,
        /// The resource that the caller must be allowed on.
        resource: fn(&Call<'_>) -> String,
    },
    /// A signed caller. The operation itself weighs this permission of his against what the resource's own policy says.
    SignedByBoth { action: &'static str },
    /// A signed caller with this permission on a resource whose ARN only the store knows.
    SignedOnFound {
        action: &'static str,
        resource: for<'a> fn(&'a Call<'a>) -> Finding<'a>,
    },
}

/// Who calls.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Caller {
    /// Nobody has signed.
    Anonymous,
    /// The account's own key: may everything in its account.
    Root { access_key_id: String },
    /// An IAM user of the account.
    User {
        access_key_id: String,
        user_name: String,
        /// `/` or `/team/`
        path: String,
        user_id: String,
        /// Of `GetSessionToken`, where he signed with temporary credentials.
        temporary: Option<Arc<Session>>,
    },
    /// Somebody in the name of a role of the account.
    Role {
        role_name: String,
        /// `AROA…`
        role_id: String,
        session: String,
        /// Of `AssumeRole`. None: a service of ours, which the role trusts: `roles.rs`.
        temporary: Option<Arc<Session>>,
    },
}

impl Caller {
    /// Returns the ARN that policies and messages name.
    pub fn arn(&self, scope: &Scope) -> String {
        match self {
            Self::Anonymous => "anonymous".into(),
            Self::Root { .. } => format!("arn:aws:iam::{}:root", scope.account),
            Self::User { user_name, path, .. } => {
                format!("arn:aws:iam::{}:user{path}{user_name}", scope.account)
            }
            Self::Role {
                role_name, session, ..
            } => {
                format!(
                    "arn:aws:sts::{}:assumed-role/{role_name}/{session}",
                    scope.account
                )
            }
        }
    }

    /// Returns the temporary credentials that the call was signed with.
    pub fn temporary(&self) -> Option<&Session> {
        match self {
            Self::User { temporary, .. } | Self::Role { temporary, .. } => temporary.as_deref(),
            Self::Anonymous | Self::Root { .. } => None,
        }
    }
}

/// One call of an operation.
pub struct Call<'a> {
    pub parts: &'a ControlParts,
    /// The caller's account and our region.
    pub scope: &'a Scope,
    pub caller: &'a Caller,
    /// The input, members in the spelling of the wire.
    pub input: &'a Map<String, Value>,
    pub source: IpAddr,
    pub secure: bool,
    pub now: Timestamp,
    pub request_id: &'a RequestId,
    pub user_agent: Option<&'a str>,
    /// What the operation decided on its way, for the trail.
    pub notes: &'a Notes,
}

/// Steps of a trail that an operation adds to its own.
#[derive(Debug, Default)]
pub struct Notes(Mutex<Vec<Step>>);

impl Notes {
    /// Adds a decision of `layer` that was begun at `started`. The reason never holds a secret.
    pub fn add(&self, layer: &'static str, outcome: Outcome, reason: String, started: Instant) {
        let elapsed_ns = u64::try_from(started.elapsed().as_nanos()).unwrap_or(u64::MAX);
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(Step {
            layer: layer.into(),
            outcome,
            reason: reason.into(),
            elapsed_ns,
        });
    }

    /// Returns what was added.
    pub fn take(&self) -> Vec<Step> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Call<'_> {
    /// Returns a text member, if it is there.
    pub fn text(&self, member: &str) -> Option<&str> {
        self.input.get(member).and_then(Value::as_str)
    }

    /// Returns an ARN of `service` in the caller's account and region.
    pub fn arn(&self, service: &str, resource: &str) -> String {
        format!(
            "arn:aws:{service}:{}:{}:{resource}",
            self.scope.region, self.scope.account
        )
    }
}

/// How a service is spoken to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Protocol {
    /// `X-Amz-Target: {prefix}.{Operation}`.
    Json11 { target_prefix: &'static str },
    /// Method and path.
    RestJson,
    /// `Action={Operation}&Version={version}` in a form.
    Query {
        version: &'static str,
        namespace: &'static str,
    },
    /// Method and path, with XML bodies.
    RestXml { namespace: &'static str },
}

/// A service: its name in signatures and policies, and its operations.
pub struct Service {
    pub name: &'static str,
    pub protocol: Protocol,
    pub operations: &'static [&'static Operation],
}

impl Service {
    /// Returns the operation called `name`.
    pub fn operation(&self, name: &str) -> Option<&'static Operation> {
        self.operations
            .iter()
            .copied()
            .find(|operation| operation.name == name)
    }
}
