//! A user pool's authorizer, and a token that it has seen before.

use serde_json::json;

use super::Piece;
use crate::bench::deployment::SCOPE;

pub(super) const PIECE: Piece = Piece {
    apply: |api| {
        api.add(
            "Authorizer",
            "AWS::ApiGateway::Authorizer",
            json!({
                "Name": "pool", "Type": "COGNITO_USER_POOLS", "RestApiId": api.reference("Api"),
                "IdentitySource": "method.request.header.Authorization",
                "ProviderARNs": [{"Fn::GetAtt": ["Pool", "Arn"]}],
            }),
        );
        api.set(
            "Method",
            json!({
                "AuthorizationType": "COGNITO_USER_POOLS", "AuthorizerId": api.reference("Authorizer"),
                "AuthorizationScopes": [SCOPE],
            }),
        );
    },
    ask: |ask, known| {
        ask.header("authorization", format!("Bearer {}", known.token));
        Ok(())
    },
};
