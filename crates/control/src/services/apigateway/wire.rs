//! From records to AWS's JSON. Moments are whole seconds; a listing's items are `item`, as on the wire of API Gateway.

use std::collections::BTreeMap;

use portcullis_model::{
    Scope, SecretText, Timestamp,
    resources::{
        apigateway::{
            ACCOUNT_THROTTLE, ClientCertificate, Deployment, GatewayResponse, MethodSetting, Resource,
            RestApi, Stage,
        },
        custom_domains::{BasePathMapping, DomainName},
        usage_plans::ApiKey,
        vpc_links::VpcLink,
    },
};
use serde::Serialize;
use serde_json::{Map, Value, json};

use super::records::{
    Listed,
    domain_name::{domain_arn, target},
    method::authorization_name,
};
use crate::ports::TestAnswer;

/// Renders what the records write as the wire does.
pub(super) fn plain<T: Serialize>(value: &T) -> Value {
    serde_json::to_value(value).unwrap_or_default()
}

/// Renders the empty answer.
pub(super) fn nothing() -> Value {
    Value::Object(Map::new())
}

/// Renders a page.
pub(super) fn list<T>(listed: &Listed<T>, render: impl Fn(&T) -> Value) -> Value {
    let items: Vec<Value> = listed.items.iter().map(render).collect();
    let mut answer = json!({ "item": items });
    set(&mut answer, "position", listed.position.clone());
    answer
}

fn set<T: Serialize>(answer: &mut Value, name: &str, value: Option<T>) {
    if let (Some(object), Some(value)) = (answer.as_object_mut(), value) {
        object.insert(name.to_owned(), plain(&value));
    }
}

fn seconds(moment: Timestamp) -> i64 {
    moment.seconds()
}

/// Renders an API.
pub(super) fn rest_api(api: &RestApi) -> Value {
    let mut answer = json!({
        "id": api.id,
        "name": api.name,
        "createdDate": seconds(api.created_date),
        "apiKeySource": api.api_key_source,
        "endpointConfiguration": { "types": api.endpoint_types, "ipAddressType": "ipv4" },
        "disableExecuteApiEndpoint": api.disable_execute_api_endpoint,
        "rootResourceId": api.root_resource_id,
        "tags": api.tags,
    });
    if let Some(endpoint) = answer.get_mut("endpointConfiguration") {
        let ids = Some(&api.vpc_endpoint_ids).filter(|ids| !ids.is_empty());
        set(endpoint, "vpcEndpointIds", ids);
    }
    set(&mut answer, "description", api.description.as_ref());
    set(&mut answer, "version", api.version.as_ref());
    set(&mut answer, "policy", api.policy.as_deref().map(escaped));
    set(
        &mut answer,
        "minimumCompressionSize",
        api.minimum_compression_size,
    );
    if !api.binary_media_types.is_empty() {
        set(&mut answer, "binaryMediaTypes", Some(&api.binary_media_types));
    }
    answer
}

/// Renders an API that a document made, with what was noticed.
pub(super) fn imported_rest_api(api: &RestApi, warnings: &[String]) -> Value {
    let mut answer = rest_api(api);
    if !warnings.is_empty() {
        set(&mut answer, "warnings", Some(warnings));
    }
    answer
}

/// Renders a VPC link.
pub(super) fn vpc_link(link: &VpcLink) -> Value {
    let mut answer = json!({
        "id": link.id,
        "name": link.name,
        "targetArns": [link.target_arn],
        "status": "AVAILABLE",
        "tags": link.tags,
    });
    set(&mut answer, "description", link.description.as_ref());
    answer
}

/// Renders a client certificate, without its key.
pub(super) fn client_certificate(certificate: &ClientCertificate) -> Value {
    let mut answer = json!({
        "clientCertificateId": certificate.client_certificate_id,
        "pemEncodedCertificate": certificate.pem_encoded_certificate,
        "createdDate": seconds(certificate.created_date),
        "expirationDate": seconds(certificate.expiration_date),
        "tags": certificate.tags,
    });
    set(&mut answer, "description", certificate.description.as_ref());
    answer
}

/// AWS gives a policy out as the inside of a JSON string: its quotes are escaped once more than the wire needs.
fn escaped(policy: &str) -> String {
    let quoted = Value::from(policy).to_string();
    let inside = quoted.get(1..quoted.len().saturating_sub(1));
    inside.unwrap_or_default().to_owned()
}

/// Renders a path; without its methods' settings AWS names the methods only.
pub(super) fn resource(resource: &Resource, with_methods: bool) -> Value {
    let mut answer = plain(resource);
    if !with_methods && !resource.methods.is_empty() {
        let names = resource.methods.keys().map(|name| (name.clone(), nothing()));
        set(&mut answer, "resourceMethods", Some(names.collect::<Map<_, _>>()));
    }
    answer
}

/// Renders a gateway response, and whether nobody customised it.
pub(super) fn gateway_response((response, is_default): &(GatewayResponse, bool)) -> Value {
    let mut answer = plain(response);
    set(&mut answer, "defaultResponse", Some(is_default));
    answer
}

/// Renders a deployment, with a summary of its methods when it is asked for.
pub(super) fn deployment(deployment: &Deployment, with_summary: bool) -> Value {
    let mut answer = json!({ "id": deployment.id, "createdDate": seconds(deployment.created_date) });
    set(&mut answer, "description", deployment.description.as_ref());
    if with_summary {
        let paths = deployment
            .image
            .resources
            .iter()
            .filter(|resource| !resource.methods.is_empty());
        let summary: Map<String, Value> = paths
            .map(|resource| {
                let methods = resource.methods.iter().map(|(name, method)| {
                    let summary = json!({
                        "authorizationType": authorization_name(method.authorization_type),
                        "apiKeyRequired": method.api_key_required,
                    });
                    (name.clone(), summary)
                });
                (resource.path.clone(), methods.collect::<Map<_, _>>().into())
            })
            .collect();
        set(&mut answer, "apiSummary", Some(summary));
    }
    answer
}

/// Renders an API key; its value only where the caller may see it.
pub(super) fn api_key(key: &ApiKey, value: Option<&SecretText>) -> Value {
    let mut answer = json!({
        "id": key.id,
        "enabled": key.enabled,
        "createdDate": seconds(key.created_date),
        "lastUpdatedDate": seconds(key.last_updated_date),
        "stageKeys": [],
        "tags": key.tags,
    });
    set(&mut answer, "name", key.name.as_ref());
    set(&mut answer, "description", key.description.as_ref());
    set(&mut answer, "customerId", key.customer_id.as_ref());
    set(&mut answer, "value", value.map(SecretText::expose));
    answer
}

/// Renders a key of a plan. AWS shows its value here too; who may see it asks for the key itself.
pub(super) fn usage_plan_key(key: &ApiKey) -> Value {
    let mut answer = json!({ "id": key.id, "type": "API_KEY" });
    set(&mut answer, "name", key.name.as_ref());
    answer
}

/// Renders a stage with the ARN of the web ACL that guards it.
pub(super) fn guarded_stage(record: &Stage, web_acl_arn: Option<String>) -> Value {
    let mut answer = stage(record);
    set(&mut answer, "webAclArn", web_acl_arn);
    answer
}

/// Renders a stage.
pub(super) fn stage(stage: &Stage) -> Value {
    let mut answer = json!({
        "deploymentId": stage.deployment_id,
        "stageName": stage.stage_name,
        "cacheClusterEnabled": stage.cache_cluster_enabled,
        "cacheClusterStatus": if stage.cache_cluster_enabled { "AVAILABLE" } else { "NOT_AVAILABLE" },
        "methodSettings": stage.method_settings.iter().map(method_setting).collect::<Map<_, _>>(),
        "tracingEnabled": false,
        "createdDate": seconds(stage.created_date),
        "lastUpdatedDate": seconds(stage.last_updated_date),
        "tags": stage.tags,
    });
    set(&mut answer, "description", stage.description.as_ref());
    set(
        &mut answer,
        "accessLogSettings",
        stage.access_log_settings.as_ref(),
    );
    set(&mut answer, "cacheClusterSize", stage.cache_cluster_size.as_ref());
    set(
        &mut answer,
        "clientCertificateId",
        stage.client_certificate_id.as_ref(),
    );
    set(&mut answer, "canarySettings", stage.canary_settings.as_ref());
    if !stage.variables.is_empty() {
        set(&mut answer, "variables", Some(&stage.variables));
    }
    answer
}

/// Renders what a stage says of a method, with what AWS takes where nothing is said.
fn method_setting((key, setting): (&String, &MethodSetting)) -> (String, Value) {
    let strategy = setting.unauthorized_cache_control_header_strategy.as_deref();
    let mut answer = json!({
        "metricsEnabled": setting.metrics_enabled,
        "dataTraceEnabled": setting.data_trace_enabled,
        "throttlingBurstLimit": setting.throttling_burst_limit.unwrap_or(ACCOUNT_THROTTLE.burst_limit),
        "throttlingRateLimit": setting.throttling_rate_limit.unwrap_or(ACCOUNT_THROTTLE.rate_limit),
        "cachingEnabled": setting.caching_enabled.unwrap_or(false),
        "cacheTtlInSeconds": setting.cache_ttl_in_seconds.unwrap_or(300),
        "cacheDataEncrypted": setting.cache_data_encrypted.unwrap_or(false),
        "requireAuthorizationForCacheControl": setting.require_authorization_for_cache_control.unwrap_or(true),
        "unauthorizedCacheControlHeaderStrategy": strategy.unwrap_or("SUCCEED_WITH_RESPONSE_HEADER"),
    });
    set(&mut answer, "loggingLevel", setting.logging_level.as_ref());
    (key.clone(), answer)
}

/// Renders what came of a test of a method.
pub(super) fn tested_method(answer: &TestAnswer) -> Value {
    let mut multi: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for (name, value) in &answer.headers {
        multi.entry(name).or_default().push(value);
    }
    let single: BTreeMap<&str, &str> = answer
        .headers
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .collect();
    json!({
        "status": answer.status,
        "body": String::from_utf8_lossy(&answer.body),
        "headers": single,
        "multiValueHeaders": multi,
        "log": answer.log,
        "latency": answer.latency_ms,
    })
}

/// Renders what came of a test of an authorizer.
pub(super) fn tested_authorizer(answer: &TestAnswer) -> Value {
    let mut said = json!({
        "clientStatus": answer.status,
        "log": answer.log,
        "latency": answer.latency_ms,
    });
    let Some(caller) = &answer.caller else { return said };
    set(&mut said, "principalId", caller.principal_id.as_ref());
    set(&mut said, "policy", caller.policy.as_ref());
    if !caller.claims.is_empty() {
        let claims: BTreeMap<_, _> = caller.claims.iter().cloned().collect();
        set(&mut said, "claims", Some(claims));
    }
    if !caller.context.is_empty() {
        let context = caller.context.iter().map(|(name, value)| (name, [value]));
        set(
            &mut said,
            "authorization",
            Some(context.collect::<BTreeMap<_, _>>()),
        );
    }
    said
}

/// Renders a custom domain.
pub(super) fn domain_name(domain: &DomainName, scope: &Scope) -> Value {
    let mut answer = json!({
        "domainName": domain.domain_name,
        "domainNameArn": domain_arn(domain, scope),
        "domainNameStatus": "AVAILABLE",
        "endpointConfiguration": { "types": [domain.endpoint_type], "ipAddressType": "ipv4" },
        "securityPolicy": domain.security_policy,
        "routingMode": "BASE_PATH_MAPPING_ONLY",
        "tags": domain.tags,
    });
    let (target, zone) = target(domain, scope);
    if domain.endpoint_type == "REGIONAL" {
        set(&mut answer, "regionalDomainName", Some(target));
        set(&mut answer, "regionalHostedZoneId", Some(zone));
    } else {
        set(&mut answer, "distributionDomainName", Some(target));
        set(&mut answer, "distributionHostedZoneId", Some(zone));
    }
    set(&mut answer, "certificateArn", domain.certificate_arn.as_ref());
    set(
        &mut answer,
        "regionalCertificateArn",
        domain.regional_certificate_arn.as_ref(),
    );
    set(
        &mut answer,
        "ownershipVerificationCertificateArn",
        domain.ownership_verification_certificate_arn.as_ref(),
    );
    set(&mut answer, "endpointAccessMode", domain.endpoint_access_mode);
    set(&mut answer, "mutualTlsAuthentication", mutual_tls(domain));
    answer
}

/// Renders which clients a domain lets in.
pub(in crate::services) fn mutual_tls(domain: &DomainName) -> Option<Value> {
    let mutual = domain.mutual_tls.as_ref()?;
    let mut shown = json!({ "truststoreUri": mutual.truststore_uri });
    set(
        &mut shown,
        "truststoreVersion",
        mutual.truststore_version.as_ref(),
    );
    if !mutual.truststore_warnings.is_empty() {
        set(
            &mut shown,
            "truststoreWarnings",
            Some(&mutual.truststore_warnings),
        );
    }
    Some(shown)
}

/// Renders a base path mapping.
pub(super) fn base_path_mapping(mapping: &BasePathMapping) -> Value {
    let mut answer = json!({ "basePath": mapping.base_path, "restApiId": mapping.rest_api_id });
    set(&mut answer, "stage", mapping.stage.as_ref());
    answer
}
