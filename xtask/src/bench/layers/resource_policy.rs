//! A resource policy that lets one network in.

use serde_json::json;

use super::Piece;

pub(super) const PIECE: Piece = Piece {
    apply: |api| {
        let statement = |effect: &str, operator: &str| {
            json!({
                "Effect": effect, "Principal": "*", "Action": "execute-api:Invoke", "Resource": "execute-api:/*",
                "Condition": {operator: {"aws:SourceIp": ["127.0.0.0/8", "10.0.0.0/8"]}},
            })
        };
        let policy = json!({
            "Version": "2012-10-17",
            "Statement": [statement("Allow", "IpAddress"), statement("Deny", "NotIpAddress")],
        });
        api.set("Api", json!({"Policy": policy}));
    },
    ask: |_, _| Ok(()),
};
