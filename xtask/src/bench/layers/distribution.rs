//! A distribution that has the answer in its cache: nothing behind it is asked. Caches keep what GET brings, so this row
//! sends no body.

use serde_json::json;

use super::Own;
use crate::bench::message;

pub(super) const HIT: Own = Own {
    add: |id, template| {
        let host = json!({"Fn::Sub": "${Api}.execute-api.${AWS::Region}.amazonaws.com"});
        let behavior = json!({
            "TargetOriginId": "api", "ViewerProtocolPolicy": "allow-all", "AllowedMethods": ["GET", "HEAD"],
            "ForwardedValues": {"QueryString": false}, "MinTTL": 3600, "DefaultTTL": 86400, "MaxTTL": 86400,
        });
        let origin = json!({
            "Id": "api", "DomainName": host, "OriginPath": "/prod",
            "CustomOriginConfig": {"OriginProtocolPolicy": "https-only", "OriginSSLProtocols": ["TLSv1.2"]},
        });
        let config = json!({"Enabled": true, "Origins": [origin], "DefaultCacheBehavior": behavior});
        let resource = json!({
            "Type": "AWS::CloudFront::Distribution", "DependsOn": "Stage", "Properties": {"DistributionConfig": config},
        });
        template.resources.insert(format!("{id}Distribution"), resource);
        let output = json!({"Value": {"Ref": format!("{id}Distribution")}});
        template.outputs.insert(format!("{id}Id"), output);
    },
    request: |id, server, _| {
        let distribution = server.output(&format!("{id}Id"))?.to_ascii_lowercase();
        let host = format!("{distribution}.cloudfront.{}", server.domain);
        Ok(message::get(&host, "/plain", &[]))
    },
};
