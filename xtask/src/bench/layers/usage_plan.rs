//! A usage plan: an API key and its throttle, which lets everything pass here.

use serde_json::json;

use super::Piece;

const KEY: &str = "bench-key-bench-key-bench-key";

pub(super) const PIECE: Piece = Piece {
    apply: |api| {
        api.set("Method", json!({"ApiKeyRequired": true}));
        // A key's value is one of a kind in its account.
        let value = format!("{KEY}-{}", api.named(""));
        api.add(
            "Key",
            "AWS::ApiGateway::ApiKey",
            json!({"Enabled": true, "Value": value}),
        );
        let stage = json!({"ApiId": api.reference("Api"), "Stage": api.reference("Stage")});
        api.add(
            "Plan",
            "AWS::ApiGateway::UsagePlan",
            json!({"ApiStages": [stage], "Throttle": {"RateLimit": 1_000_000, "BurstLimit": 1_000_000}}),
        );
        api.add(
            "PlanKey",
            "AWS::ApiGateway::UsagePlanKey",
            json!({"KeyId": api.reference("Key"), "KeyType": "API_KEY", "UsagePlanId": api.reference("Plan")}),
        );
    },
    ask: |ask, _| {
        let value = format!("{KEY}-{}", ask.id);
        ask.header("x-api-key", value);
        Ok(())
    },
};
