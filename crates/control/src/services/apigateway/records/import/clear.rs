//! Takes away what a document replaces: all of it in `overwrite`, methods of the same path and name in `merge`.

use std::collections::BTreeSet;

use portcullis_engines::openapi::rest::RestPlan;
use portcullis_model::{
    ApiId,
    resources::apigateway::{Authorizer, GatewayResponse, RequestValidator, Resource},
};
use portcullis_store::{Expect, kinds};

use super::Mode;
use crate::{operation::AwsError, services::apigateway::records::Apis};

impl Apis<'_> {
    pub(super) async fn clear(&self, api: &ApiId, plan: &RestPlan, mode: Mode) -> Result<(), AwsError> {
        let overwrites = mode == Mode::Overwrite;
        for mut kept in self.all_kept::<Resource>(kinds::API_RESOURCE, api).await? {
            let planned = plan.paths.iter().find(|path| path.path == kept.value.path);
            let before = kept.value.methods.len();
            kept.value.methods.retain(|name, _| {
                let replaced =
                    planned.is_some_and(|path| path.methods.iter().any(|method| method.http_method == *name));
                !(overwrites || replaced)
            });
            if kept.value.methods.len() != before {
                self.put_resource(api, &kept.value, Expect::Version(kept.version))
                    .await?;
            }
        }
        if overwrites {
            self.clear_paths(api, plan).await?;
            self.clear_parts(api, plan).await?;
        }
        Ok(())
    }

    /// Deletes paths that lead to no path of the plan. The root stays.
    async fn clear_paths(&self, api: &ApiId, plan: &RestPlan) -> Result<(), AwsError> {
        let mut wanted: BTreeSet<&str> = BTreeSet::from(["/"]);
        for path in &plan.paths {
            let ends = path
                .path
                .match_indices('/')
                .map(|(at, _)| at)
                .filter(|at| *at > 0);
            wanted.extend(ends.filter_map(|end| path.path.get(..end)));
            wanted.insert(&path.path);
        }
        let resources: Vec<Resource> = self.all(kinds::API_RESOURCE, api).await?;
        let gone = |path: &str| !wanted.contains(path);
        let above = |path: &str| path.rsplit_once('/').map_or("", |(above, _)| above).to_owned();
        for resource in &resources {
            // What stands below a path that goes, goes with it.
            let with_parent = gone(&above(&resource.path)) && !above(&resource.path).is_empty();
            if gone(&resource.path) && !with_parent {
                self.delete_resource(api, &resource.id).await?;
            }
        }
        Ok(())
    }

    async fn clear_parts(&self, api: &ApiId, plan: &RestPlan) -> Result<(), AwsError> {
        let responses: Vec<GatewayResponse> = self.all(kinds::API_GATEWAY_RESPONSE, api).await?;
        for response in responses {
            if !plan
                .gateway_responses
                .iter()
                .any(|part| part.name == response.response_type)
            {
                self.delete_gateway_response(api, &response.response_type).await?;
            }
        }
        let authorizers: Vec<Authorizer> = self.all(kinds::API_AUTHORIZER, api).await?;
        for authorizer in authorizers {
            if !plan.authorizers.iter().any(|part| part.name == authorizer.name) {
                self.delete_authorizer(api, &authorizer.id).await?;
            }
        }
        let validators: Vec<RequestValidator> = self.all(kinds::API_REQUEST_VALIDATOR, api).await?;
        for validator in validators {
            let name = validator.name.as_deref().unwrap_or_default();
            if !plan.request_validators.iter().any(|part| part.name == name) {
                self.delete_request_validator(api, &validator.id).await?;
            }
        }
        Ok(())
    }
}
