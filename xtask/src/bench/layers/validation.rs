//! Validation: a required header, and the body against a JSON Schema model.

use serde_json::json;

use super::Piece;

pub(super) const PIECE: Piece = Piece {
    apply: |api| {
        let own = api.reference("Api");
        let schema = json!({
            "$schema": "http://json-schema.org/draft-04/schema#", "type": "object", "required": ["name", "count"],
            "properties": {
                "name": {"type": "string", "minLength": 1, "maxLength": 40},
                "count": {"type": "integer", "minimum": 0},
            },
        });
        api.add(
            "Model",
            "AWS::ApiGateway::Model",
            json!({"RestApiId": own, "Name": "Thing", "ContentType": "application/json", "Schema": schema}),
        );
        api.add(
            "Validator",
            "AWS::ApiGateway::RequestValidator",
            json!({"RestApiId": own, "ValidateRequestBody": true, "ValidateRequestParameters": true}),
        );
        api.set(
            "Method",
            json!({
                "RequestValidatorId": api.reference("Validator"),
                "RequestModels": {"application/json": api.reference("Model")},
                "RequestParameters": {"method.request.header.X-Wanted": true},
            }),
        );
    },
    ask: |ask, _| {
        ask.header("x-wanted", "yes");
        Ok(())
    },
};
