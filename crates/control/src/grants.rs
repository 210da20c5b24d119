//! What a user or a role may by policies: inline, attached, those of groups; the permissions boundary; those of a session.
//! One that cannot be found or read is an error, and so a denial: to leave it out could leave out what it denies.

use std::collections::BTreeMap;

use portcullis_engines::iam::{AccessRequest, Permit, Policy, PrincipalPolicies, aws_managed};
use portcullis_model::{
    Scope,
    resources::iam::{Group, Role, Session, User},
};
use portcullis_store::{RecordKey, Store, kinds, typed};

use crate::{AwsError, services::iam::entities::find_policy};

/// The policies of a principal, read and compiled.
#[derive(Debug, Default)]
pub(crate) struct Grants {
    identity: Vec<Policy>,
    boundary: Option<Policy>,
    session: Vec<Policy>,
}

/// Why the policies of a principal are not known, or what the store said.
#[derive(Debug)]
pub(crate) enum NoGrants {
    /// The cause, for the trail.
    Unreadable(String),
    Failed(AwsError),
}

impl<E: Into<AwsError>> From<E> for NoGrants {
    fn from(error: E) -> Self {
        Self::Failed(error.into())
    }
}

struct Reader<'a> {
    store: &'a dyn Store,
    scope: &'a Scope,
}

impl Grants {
    /// Reads the policies of a user.
    pub(crate) async fn of_user(store: &dyn Store, scope: &Scope, user: &User) -> Result<Self, NoGrants> {
        let reader = Reader { store, scope };
        let mut identity = Vec::new();
        inline(&user.policies, &mut identity)?;
        reader.managed(&user.attached_policies, &mut identity).await?;
        for name in &user.groups {
            let key = RecordKey::new(scope, kinds::IAM_GROUP, name);
            let group = typed::read_json::<Group>(store, &key).await?;
            let group = group.ok_or_else(|| NoGrants::Unreadable(format!("the group `{name}` is gone")))?;
            inline(&group.value.policies, &mut identity)?;
            reader
                .managed(&group.value.attached_policies, &mut identity)
                .await?;
        }
        Ok(Self {
            identity,
            boundary: reader.boundary(user.permissions_boundary.as_deref()).await?,
            session: Vec::new(),
        })
    }

    /// Reads the policies of a role.
    pub(crate) async fn of_role(store: &dyn Store, scope: &Scope, role: &Role) -> Result<Self, NoGrants> {
        let reader = Reader { store, scope };
        let mut identity = Vec::new();
        inline(&role.policies, &mut identity)?;
        reader.managed(&role.attached_policies, &mut identity).await?;
        Ok(Self {
            identity,
            boundary: reader.boundary(role.permissions_boundary.as_deref()).await?,
            session: Vec::new(),
        })
    }

    /// Adds what limits a session.
    pub(crate) async fn within(
        mut self,
        store: &dyn Store,
        scope: &Scope,
        session: &Session,
    ) -> Result<Self, NoGrants> {
        for document in &session.policies {
            self.session.push(compile("the session's policy", document)?);
        }
        let reader = Reader { store, scope };
        reader.managed(&session.policy_arns, &mut self.session).await?;
        Ok(self)
    }

    /// Says what they say of a request.
    pub(crate) fn evaluate(&self, request: &AccessRequest<'_>) -> Permit {
        let policies = PrincipalPolicies {
            identity: self.identity.iter().collect(),
            boundary: self.boundary.as_ref(),
            session: self.session.iter().collect(),
        };
        policies.evaluate(request)
    }
}

impl Reader<'_> {
    async fn managed(
        &self,
        arns: impl IntoIterator<Item = &String> + Send,
        policies: &mut Vec<Policy>,
    ) -> Result<(), NoGrants> {
        let arns: Vec<&String> = arns.into_iter().collect();
        for arn in arns {
            policies.push(self.policy(arn).await?);
        }
        Ok(())
    }

    async fn boundary(&self, arn: Option<&str>) -> Result<Option<Policy>, NoGrants> {
        match arn {
            None => Ok(None),
            Some(arn) => self.policy(arn).await.map(Some),
        }
    }

    async fn policy(&self, arn: &str) -> Result<Policy, NoGrants> {
        if let Some(document) = aws_managed(arn) {
            return compile(arn, document);
        }
        let found = find_policy(self.store, self.scope, arn).await?;
        let document = found.as_ref().and_then(|found| found.value.document());
        let document =
            document.ok_or_else(|| NoGrants::Unreadable(format!("the managed policy `{arn}` is gone")))?;
        compile(arn, document)
    }
}

fn inline(documents: &BTreeMap<String, String>, policies: &mut Vec<Policy>) -> Result<(), NoGrants> {
    for (name, document) in documents {
        policies.push(compile(name, document)?);
    }
    Ok(())
}

/// Checked when it was put; a document that no longer parses denies rather than be left out.
fn compile(name: &str, document: &str) -> Result<Policy, NoGrants> {
    Policy::parse(document)
        .map_err(|cause| NoGrants::Unreadable(format!("policy `{name}` cannot be read: {cause}")))
}
