//! Stages of REST APIs, each with the deployment it points at.

use std::{borrow::Cow, sync::Arc};

use portcullis_gateway::{
    backend_tls::BackendCertificate,
    edge::certified_key,
    snapshot::{Snapshots, StageSnapshot, compile_canary, compile_stage, stage_tags::ObservedStages},
};
use portcullis_model::{
    ApiId, DeploymentId, Problem, Scope, SecretText, StageName,
    resources::apigateway::{ClientCertificate, Deployment, RestApi, Stage, client_key_purpose},
};
use portcullis_store::{Kind, Page, RecordKey, Store, StoreError, kinds, typed};
use portcullis_vault::Vault;

use super::{Feed, Serving, log_problems};

pub(super) struct Stages {
    pub(super) store: Arc<dyn Store>,
    pub(super) vault: Arc<Vault>,
    pub(super) snapshots: Arc<Snapshots>,
    pub(super) observed: ObservedStages,
}

impl Stages {
    async fn serve(&self, scope: &Scope, stage: &Stage) -> Result<(), StoreError> {
        let compiled = self.compile(scope, &self.as_configured(stage)).await?;
        put_stage(&self.snapshots, (&stage.api_id, &stage.stage_name), compiled);
        Ok(())
    }

    fn as_configured<'s>(&self, stage: &'s Stage) -> Cow<'s, Stage> {
        let tags = self
            .observed
            .tags_of(&stage.api_id, &stage.stage_name, &stage.tags);
        match tags {
            Some(tags) => Cow::Owned(Stage {
                tags,
                ..stage.clone()
            }),
            None => Cow::Borrowed(stage),
        }
    }

    /// Serves the stages of an API anew where it became private, or is no more and they were deployed before.
    async fn serve_stages_of(&self, key: &RecordKey) -> Result<(), StoreError> {
        let store = self.store.as_ref();
        let Some(api) = typed::read_json::<RestApi>(store, key).await? else {
            return Ok(());
        };
        let api = api.value;
        let snapshot = self.snapshots.take();
        if !api.is_private() && !snapshot.differs_in_privacy(&api.id, false) {
            return Ok(());
        }
        let page = Page::all(format!("{}/", api.id));
        for stage in typed::list_json::<Stage>(store, &key.scope, kinds::API_STAGE, page).await? {
            self.serve(&key.scope, &stage.value).await?;
        }
        Ok(())
    }

    /// Compiles a stage, with its canary; none where a deployment is gone. A canary that cannot be served is a problem of the
    /// stage: nobody shall think that it is being tried.
    async fn compile(
        &self,
        scope: &Scope,
        stage: &Stage,
    ) -> Result<Option<Result<StageSnapshot, Vec<Problem>>>, StoreError> {
        let Some(deployment) = self.deployment(scope, stage, &stage.deployment_id).await? else {
            return Ok(None);
        };
        let certificate = match self.certificate(scope, stage).await? {
            Ok(certificate) => certificate,
            Err(problem) => return Ok(Some(Err(vec![problem]))),
        };
        let compiled =
            compile_stage(stage, &deployment, scope).map(|compiled| compiled.presenting(certificate.clone()));
        let Some(canary) = &stage.canary_settings else {
            return Ok(Some(compiled));
        };
        let Some(deployment) = self.deployment(scope, stage, &canary.deployment_id).await? else {
            return Ok(None);
        };
        Ok(Some(compiled.and_then(|compiled| {
            let canary = compile_canary(stage, &deployment, scope)?.presenting(certificate);
            Ok(compiled.with_canary(stage, canary))
        })))
    }

    /// Returns what a stage presents to its backends; one that cannot be had is a problem, never a stage without it.
    async fn certificate(
        &self,
        scope: &Scope,
        stage: &Stage,
    ) -> Result<Result<Option<Arc<BackendCertificate>>, Problem>, StoreError> {
        let Some(id) = &stage.client_certificate_id else {
            return Ok(Ok(None));
        };
        let problem = |cause: String| Problem::error(None, "clientCertificateId", cause);
        let key = RecordKey::new(scope, kinds::API_CLIENT_CERTIFICATE, id.as_str());
        let found = typed::read_json::<ClientCertificate>(self.store.as_ref(), &key).await?;
        let Some(certificate) = found.map(|found| found.value) else {
            return Ok(Err(problem(format!("there is no client certificate `{id}`"))));
        };
        let private_key = self
            .vault
            .unseal_text(&client_key_purpose(scope, id), &certificate.private_key);
        Ok(private_key
            .map_err(|cause| cause.to_string())
            .and_then(|private_key| backend_certificate(&certificate.pem_encoded_certificate, &private_key))
            .map(Some)
            .map_err(problem))
    }

    async fn deployment(
        &self,
        scope: &Scope,
        stage: &Stage,
        id: &DeploymentId,
    ) -> Result<Option<Deployment>, StoreError> {
        let key = RecordKey::new(scope, kinds::API_DEPLOYMENT, format!("{}/{id}", stage.api_id));
        let store = self.store.as_ref();
        let Some(found) = typed::read_json::<Deployment>(store, &key).await? else {
            return Ok(None);
        };
        let mut deployment = found.value;
        let key = RecordKey::new(scope, kinds::REST_API, stage.api_id.as_str());
        if let Some(api) = typed::read_json::<RestApi>(store, &key).await? {
            close(&mut deployment, &api.value);
        }
        Ok(Some(deployment))
    }
}

/// Makes what a stage presents of a certificate and its key, both in PEM.
pub(in crate::wiring) fn backend_certificate(
    certificate: &str,
    private_key: &SecretText,
) -> Result<Arc<BackendCertificate>, String> {
    let key = certified_key(certificate, private_key).map_err(|cause| cause.to_string())?;
    BackendCertificate::new(key)
        .map(Arc::new)
        .ok_or_else(|| "the certificate is empty".to_owned())
}

/// A deployment keeps what the API was when it was made, but an API that has become private since is closed at once; one
/// that was private stays so until it is deployed anew.
fn close(deployment: &mut Deployment, api: &RestApi) {
    if api.is_private() {
        let image = &mut deployment.image.rest_api;
        image.endpoint_types.clone_from(&api.endpoint_types);
        image.vpc_endpoint_ids.clone_from(&api.vpc_endpoint_ids);
    }
}

impl Feed for Stages {
    fn kinds(&self) -> &'static [Kind] {
        &[kinds::API_STAGE, kinds::REST_API]
    }

    fn load(&self) -> Serving<'_> {
        Box::pin(async {
            for found in typed::list_everywhere_json::<Stage>(self.store.as_ref(), kinds::API_STAGE).await? {
                self.serve(&found.key.scope, &found.value).await?;
            }
            Ok(())
        })
    }

    fn apply<'a>(&'a self, key: &'a RecordKey) -> Serving<'a> {
        Box::pin(async move {
            if key.kind == kinds::REST_API {
                return self.serve_stages_of(key).await;
            }
            match typed::read_json::<Stage>(self.store.as_ref(), key).await? {
                Some(found) => self.serve(&key.scope, &found.value).await?,
                None => forget_stage(&self.snapshots, key),
            }
            Ok(())
        })
    }
}

/// Serves a stage of either kind of API as it compiled from its deployment; none: that is gone.
pub(super) fn put_stage(
    snapshots: &Snapshots,
    (api, stage): (&ApiId, &StageName),
    compiled: Option<Result<StageSnapshot, Vec<Problem>>>,
) {
    match compiled {
        Some(Ok(compiled)) => snapshots.change(|snapshot| snapshot.with_stage(compiled)),
        Some(Err(problems)) => log_problems(&format!("stage {api}/{stage}"), &problems),
        None => tracing::error!(%api, %stage, "the stage's deployment is gone"),
    }
}

/// Stops serving the stage whose record `{api}/{stage}` is gone.
pub(super) fn forget_stage(snapshots: &Snapshots, key: &RecordKey) {
    if let Some((api, stage)) = key.id.as_str().split_once('/') {
        let (api, stage) = (ApiId::from(api), StageName::from(stage));
        snapshots.change(|snapshot| snapshot.without_stage(&api, &stage));
    }
}
