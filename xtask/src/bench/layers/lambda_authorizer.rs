//! A token authorizer, whose result is cached.

use serde_json::json;

use super::Piece;

/// The function that the bench answers for.
pub(in crate::bench) const FUNCTION: &str = "arn:aws:lambda:us-east-1:000000000000:function:bench-authorizer";

/// What the function returns to everybody.
pub(in crate::bench) const POLICY: &str = r#"{"principalId":"bench","policyDocument":{"Version":"2012-10-17","Statement":[{"Action":"execute-api:Invoke","Effect":"Allow","Resource":"*"}]},"context":{"team":"bench"}}"#;

pub(super) const PIECE: Piece = Piece {
    apply: |api| {
        let uri =
            format!("arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/{FUNCTION}/invocations");
        api.add(
            "Authorizer",
            "AWS::ApiGateway::Authorizer",
            json!({
                "Name": "function", "Type": "TOKEN", "RestApiId": api.reference("Api"), "AuthorizerUri": uri,
                "IdentitySource": "method.request.header.Authorization", "AuthorizerResultTtlInSeconds": 3600,
            }),
        );
        api.set(
            "Method",
            json!({"AuthorizationType": "CUSTOM", "AuthorizerId": api.reference("Authorizer")}),
        );
    },
    ask: |ask, _| {
        ask.header("authorization", "bench");
        Ok(())
    },
};
