//! VPC links, of REST APIs and of HTTP APIs: <https://docs.aws.amazon.com/apigateway/latest/api/API_VpcLink.html>,
//! <https://docs.aws.amazon.com/apigatewayv2/latest/api-reference/vpclinks.html>

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::Timestamp;

/// What methods of REST APIs reach servers by that nobody else reaches. Its target never changes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct VpcLink {
    pub id: String,
    pub name: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// The ARN of a network load balancer.
    pub target_arn: String,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub tags: BTreeMap<String, String>,
}

/// The same for HTTP APIs, whose integrations name their targets themselves.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct HttpVpcLink {
    pub vpc_link_id: String,
    pub name: String,
    pub created_date: Timestamp,
    #[serde(default)]
    pub security_group_ids: Vec<String>,
    pub subnet_ids: Vec<String>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub tags: BTreeMap<String, String>,
}
