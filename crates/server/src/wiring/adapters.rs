//! What the crates ask of each other through their ports, filled in.

use std::{
    future::Future,
    pin::Pin,
    sync::{Arc, OnceLock},
};

use portcullis_control::{
    Control,
    operation::Subject,
    ports::{Samples, TrailSink},
    roles::{self, RoleUse},
    sessions::{self, NoSession},
};
use portcullis_events::ports::{Invoke, Judged, Roles};
use portcullis_firewall::{Sample, SampledBy};
use portcullis_functions::ports::{Granted, RoleCredentials};
use portcullis_gateway::{
    distribution::cache::DistributionCache,
    edge::{ForwardProxy, ProxyRoute},
    firewall::Firewall,
    ports::{Sealing, SessionRefusal, Sessions},
    revocations::Revocations,
    snapshot::Snapshots,
    trail::TrailLog,
};
use portcullis_identity::ports::{Mail, MailError, Message, SignOuts};
use portcullis_model::{
    ApiId, Scope, SecretText, StageName, Timestamp, UserPoolId, UserSub, arn::Arn, resources::iam::Session,
    trail::Trail,
};
use portcullis_vault::Vault;

use crate::outbox::Outbox;

/// Mail of user pools, written to the outbox.
pub(super) struct OutboxMail(pub(super) Outbox);

impl Mail for OutboxMail {
    fn send(&self, message: Message) -> Pin<Box<dyn Future<Output = Result<(), MailError>> + Send + '_>> {
        let written = self.0.write(&message.to, &message.subject, &message.html);
        Box::pin(async move { written.map_err(|cause| MailError(cause.to_string())) })
    }
}

/// Sign-outs of identity, heard by the gateway at once.
pub(super) struct RevocationFeed {
    pub(super) revocations: Arc<Revocations>,
}

impl SignOuts for RevocationFeed {
    fn revoke_family(&self, pool: &UserPoolId, origin_jti: &str, until: Timestamp) {
        self.revocations.revoke_family(pool, origin_jti, until);
    }

    fn sign_out(&self, pool: &UserPoolId, sub: &UserSub, before: Timestamp, _until: Timestamp) {
        // Tokens of the very second of the sign-out are refused by their family, so that a sign-in right after it works.
        self.revocations
            .sign_out(pool, sub, Timestamp::from_seconds(before.seconds()));
    }
}

/// Trails of admin calls, kept beside those of the gateway.
pub(super) struct Trails(pub(super) Arc<TrailLog>);

impl TrailSink for Trails {
    fn record(&self, trail: Trail) {
        self.0.record(trail);
    }

    fn find(&self, request_id: &str) -> Option<Trail> {
        self.0.find(request_id)
    }

    fn latest(&self) -> Option<Trail> {
        self.0.latest()
    }
}

/// What distributions keep, for control to drop.
pub(super) struct KeptAnswers(pub(super) Arc<DistributionCache>);

impl portcullis_control::ports::DistributionCache for KeptAnswers {
    fn invalidate(&self, distribution: &str, paths: &[String]) {
        self.0.invalidate(distribution, paths);
    }
}

/// What stages keep of their methods' answers.
pub(super) struct KeptByStages(pub(super) Arc<Snapshots>);

impl portcullis_control::ports::StageCaches for KeptByStages {
    fn flush(&self, api: &ApiId, stage: &StageName) {
        self.0.take().flush_stage_cache(api, stage);
    }
}

/// Seals what the data plane keeps, with the keys of the vault.
pub(super) struct SealedByVault(pub(super) Arc<Vault>);

impl Sealing for SealedByVault {
    fn seal(&self, purpose: &str, plain: &[u8]) -> Option<String> {
        self.0.seal(purpose, plain).ok()
    }

    fn unseal(&self, purpose: &str, sealed: &str) -> Option<Vec<u8>> {
        let opened = self.0.unseal(purpose, sealed).ok()?;
        Some(opened.expose().to_vec())
    }
}

/// What web ACLs judged, sampled by the gateway.
pub(super) struct JudgedSamples(pub(super) Arc<Firewall>);

impl Samples for JudgedSamples {
    fn find(
        &self,
        web_acl_arn: &str,
        by: Option<&SampledBy>,
        window: (Timestamp, Timestamp),
        now: Timestamp,
        count: usize,
    ) -> (u64, Vec<Sample>) {
        self.0.samples().find(web_acl_arn, by, window, now, count)
    }
}

/// The hosts that the forward proxy ends TLS for.
pub(super) struct OurHosts {
    pub(super) snapshots: Arc<Snapshots>,
}

impl ForwardProxy for OurHosts {
    fn route(&self, host: &str) -> ProxyRoute {
        // Addresses and `localhost` are tunnelled: the client names the very listener that it wants.
        let named = host.contains('.') && host.parse::<std::net::IpAddr>().is_err();
        if named && self.snapshots.take().hosts().is_ours(host) {
            ProxyRoute::Ours
        } else {
            ProxyRoute::Tunnel
        }
    }
}

/// Roles in whose name events are sent.
pub(super) struct EventRoles(pub(super) Control);

impl Roles for EventRoles {
    fn may_invoke<'a>(&'a self, invoke: Invoke<'a>) -> Judged<'a> {
        Box::pin(async move {
            let role_use = RoleUse {
                scope: invoke.scope,
                role_arn: invoke.role_arn,
                principal: "events.amazonaws.com",
                source_arn: invoke.rule_arn,
                session: "EventBridge",
            };
            let subject = Subject {
                arn: invoke.destination_arn.to_owned(),
                context: Vec::new(),
            };
            roles::authorize(self.0.parts(), &role_use, "events:InvokeApiDestination", &subject)
                .await
                .map(drop)
                .map_err(|error| format!("the role may not: {}", error.cause.unwrap_or(error.message)))
        })
    }
}

/// Session tokens, opened by the vault.
pub(super) struct SealedSessions(pub(super) Arc<Vault>);

impl Sessions for SealedSessions {
    fn open(
        &self,
        access_key_id: &str,
        token: &str,
        now: Timestamp,
    ) -> Result<(Session, SecretText), SessionRefusal> {
        sessions::open(&self.0, access_key_id, token, now).map_err(|refused| match refused {
            NoSession::Unknown => SessionRefusal::Unknown,
            NoSession::Expired => SessionRefusal::Expired,
        })
    }
}

/// Credentials of functions' roles. The admin side is set once it is there; no function runs before.
#[derive(Default)]
pub(super) struct FunctionRoles(OnceLock<Control>);

impl FunctionRoles {
    pub(super) fn set(&self, control: Control) {
        drop(self.0.set(control));
    }
}

impl portcullis_functions::ports::Roles for FunctionRoles {
    fn credentials<'a>(&'a self, function_arn: &'a str, role_arn: &'a str) -> Granted<'a> {
        Box::pin(async move {
            let control = self.0.get().ok_or("the server is not ready")?;
            let parts = control.parts();
            let arn = function_arn
                .parse::<Arn>()
                .map_err(|_| "it is no function's ARN")?;
            let name = arn.resource.rsplit(':').next().unwrap_or_default();
            let scope = Scope::new(arn.account.as_str(), parts.scope.region.as_str());
            let role_use = RoleUse {
                scope: &scope,
                role_arn,
                principal: "lambda.amazonaws.com",
                source_arn: function_arn,
                session: name,
            };
            let issued = roles::credentials(parts, &role_use).await;
            let issued = issued.map_err(|error| error.cause.unwrap_or(error.message))?;
            Ok(RoleCredentials {
                access_key_id: issued.session.access_key_id.to_string(),
                secret: issued.secret,
                session_token: issued.token,
                expires: issued.session.expires,
            })
        })
    }
}
