//! What a resource of a stack can do, and what it is given to do it.

use std::{collections::BTreeMap, future::Future, pin::Pin};

use portcullis_engines::cloudformation::{ResourceSchema, ResourceTemplate, Template};
use portcullis_events::Catalogue;
use portcullis_identity::Identity;
use portcullis_model::{Clock, Entropy, Problem, Scope, resources::cloudformation::StackResource};
use portcullis_store::Store;
use portcullis_vault::{Vault, secrets::Secrets};
use serde_json::Value;

use super::Properties;
use crate::{
    operation::AwsError,
    ports::{Buckets, Certificates, Compiler, UsageCounters},
    services::{
        acm::records::Certificates as ServerCertificates,
        apigateway::records::{
            Apis, api_key::Plans, client_certificate::ClientCertificates, domain_name::Domains,
        },
        cloudfront::records::Distributions,
        iam::entities::Entities,
        lambda::records::LambdaFunctions,
        wafv2::records::Waf,
    },
};

/// What making or changing a resource gives.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Made {
    /// The physical id; `Ref` returns it too, for every resource here.
    pub physical_id: String,
    /// What `Fn::GetAtt` returns.
    pub attributes: BTreeMap<String, Value>,
}

impl Made {
    /// Returns a resource without attributes.
    pub fn named(physical_id: impl Into<String>) -> Self {
        Self {
            physical_id: physical_id.into(),
            attributes: BTreeMap::new(),
        }
    }

    /// Adds what `Fn::GetAtt` returns for `name`.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.attributes.insert(name.to_owned(), value.into());
        self
    }
}

/// The answer of a resource, when it is done.
pub type Making<'a, T> = Pin<Box<dyn Future<Output = Result<T, AwsError>> + Send + 'a>>;

/// Where and with what a resource is made. Its store keeps writes back until the stack is written with them.
pub struct Maker<'a> {
    pub store: &'a dyn Store,
    pub scope: &'a Scope,
    pub clock: &'a dyn Clock,
    pub entropy: &'a dyn Entropy,
    pub compiler: &'a dyn Compiler,
    pub identity: &'a Identity,
    pub vault: &'a Vault,
    pub buckets: &'a dyn Buckets,
    pub functions: &'a std::sync::Arc<portcullis_functions::Functions>,
    pub certificates: &'a dyn Certificates,
    pub counters: &'a dyn UsageCounters,
    pub stack_name: &'a str,
    pub logical_id: &'a str,
}

impl<'a> Maker<'a> {
    /// Returns the REST APIs as this resource sees them.
    pub fn apis(&self) -> Apis<'a> {
        Apis {
            store: self.store,
            scope: self.scope,
            clock: self.clock,
            entropy: self.entropy,
            compiler: self.compiler,
        }
    }

    /// Returns the custom domains as this resource sees them.
    pub fn domains(&self) -> Domains<'a> {
        Domains {
            apis: self.apis(),
            buckets: self.buckets,
            certificates: self.certificates,
        }
    }

    /// Returns the certificates of servers as this resource sees them.
    pub fn server_certificates(&self) -> ServerCertificates<'a> {
        ServerCertificates {
            store: self.store,
            vault: self.vault,
            scope: self.scope,
            clock: self.clock,
            entropy: self.entropy,
            edge: self.certificates,
        }
    }

    /// Returns the certificates for backends as this resource sees them.
    pub fn client_certificates(&self) -> ClientCertificates<'a> {
        ClientCertificates {
            apis: self.apis(),
            vault: self.vault,
            edge: self.certificates,
        }
    }

    /// Returns the API keys and usage plans as this resource sees them.
    pub fn plans(&self) -> Plans<'a> {
        Plans {
            apis: self.apis(),
            vault: self.vault,
            counters: self.counters,
        }
    }

    /// Returns the secrets as this resource sees them.
    pub fn secrets(&self) -> Secrets<'a> {
        Secrets {
            store: self.store,
            vault: self.vault,
            clock: self.clock,
            entropy: self.entropy,
            scope: self.scope,
        }
    }

    /// Returns the functions as this resource sees them.
    pub fn lambda(&self) -> LambdaFunctions<'a> {
        LambdaFunctions {
            store: self.store,
            vault: self.vault,
            scope: self.scope,
            clock: self.clock,
            entropy: self.entropy,
            buckets: self.buckets,
            runner: self.functions,
        }
    }

    /// Returns the roles as this resource sees them.
    pub fn iam(&self) -> Entities<'a> {
        Entities {
            store: self.store,
            scope: self.scope,
            clock: self.clock,
            entropy: self.entropy,
        }
    }

    /// Returns the event buses, and what belongs to them, as this resource sees them.
    pub fn events(&self) -> Catalogue<'a> {
        Catalogue {
            store: self.store,
            vault: self.vault,
            clock: self.clock,
            entropy: self.entropy,
            scope: self.scope,
        }
    }

    /// Returns the distributions as this resource sees them.
    pub fn distributions(&self) -> Distributions<'a> {
        Distributions {
            store: self.store,
            vault: self.vault,
            scope: self.scope,
            clock: self.clock,
            entropy: self.entropy,
            compiler: self.compiler,
        }
    }

    /// Returns the web ACLs and sets as this resource sees them.
    pub fn waf(&self) -> Waf<'a> {
        Waf {
            store: self.store,
            vault: self.vault,
            clock: self.clock,
            entropy: self.entropy,
            scope: self.scope,
        }
    }

    /// Returns `{logical id}-{random}`, as CloudFormation names what the template leaves without a name.
    pub fn generated_name(&self) -> String {
        format!("{}-{}", self.logical_id, self.entropy.alphanumeric(12))
    }

    /// Returns `stack-logic-RANDOM`, the physical id of what has none of its own.
    pub fn generated_id(&self) -> String {
        let short = |text: &str| text.chars().take(5).collect::<String>();
        let random = self.entropy.upper_base32(12);
        format!("{}-{}-{random}", short(self.stack_name), short(self.logical_id))
    }
}

/// A resource type. Properties come coerced to its schema.
pub trait StackedResource: Send + Sync {
    /// Returns its properties and attributes.
    fn schema(&self) -> &'static ResourceSchema;

    /// Makes one.
    fn create<'a>(&'a self, maker: &'a Maker<'a>, properties: Properties<'a>) -> Making<'a, Made>;

    /// Changes one in place, from what `made` was made of to `properties`.
    fn update<'a>(
        &'a self,
        maker: &'a Maker<'a>,
        made: &'a StackResource,
        properties: Properties<'a>,
    ) -> Making<'a, Made>;

    /// Deletes one. What is gone already is fine.
    fn delete<'a>(&'a self, maker: &'a Maker<'a>, made: &'a StackResource) -> Making<'a, ()>;

    /// Puts back what a failed update may have taken from one that it did not change itself.
    fn restore<'a>(&'a self, _maker: &'a Maker<'a>, _made: &'a StackResource) -> Making<'a, ()> {
        Box::pin(async { Ok(()) })
    }

    /// Tells whether [`settle`](Self::settle) has something to ask.
    fn settles(&self) -> bool {
        false
    }

    /// Asks, when everything of the stack is made, whether one serves it; what could not be asked while others were missing.
    fn settle<'a>(&'a self, _maker: &'a Maker<'a>, _made: &'a StackResource) -> Making<'a, ()> {
        Box::pin(async { Ok(()) })
    }

    /// Says what is wrong with one in a template, beyond its schema.
    fn check(&self, _logical_id: &str, _resource: &ResourceTemplate, _template: &Template) -> Vec<Problem> {
        Vec::new()
    }
}
