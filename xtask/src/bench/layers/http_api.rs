//! HTTP APIs: a proxy without more, and one with a JWT authorizer and a token that it has seen before.

use serde_json::{Value, json};

use super::{Own, Template, post};
use crate::bench::deployment::SCOPE;

/// A route to the backend.
pub(super) const PLAIN: Own = Own {
    add: |id, template| add(id, template, false),
    request: |id, server, _| post(server, &server.output(&format!("{id}ApiId"))?, "/layer", &[]),
};

/// The same behind a JWT authorizer.
pub(super) const JWT: Own = Own {
    add: |id, template| add(id, template, true),
    request: |id, server, known| {
        let bearer = format!("Bearer {}", known.token);
        let api = server.output(&format!("{id}ApiId"))?;
        post(server, &api, "/layer", &[("authorization", &bearer)])
    },
};

fn add(id: &str, template: &mut Template<'_>, guarded: bool) {
    let named = |part: &str| format!("{id}{part}");
    let api = json!({"Ref": named("Api")});
    let mut put = |part: &str, kind: &str, properties: Value| {
        let resource = json!({"Type": format!("AWS::ApiGatewayV2::{kind}"), "Properties": properties});
        template.resources.insert(named(part), resource);
    };
    put("Api", "Api", json!({"Name": id, "ProtocolType": "HTTP"}));
    put(
        "Integration",
        "Integration",
        json!({
            "ApiId": api, "IntegrationType": "HTTP_PROXY", "IntegrationMethod": "POST", "PayloadFormatVersion": "1.0",
            "IntegrationUri": format!("http://{}/layer", template.backend),
        }),
    );
    let target = json!({"Fn::Join": ["/", ["integrations", {"Ref": named("Integration")}]]});
    let mut route = json!({"ApiId": api, "RouteKey": "POST /layer", "Target": target});
    if guarded {
        let issuer = json!({"Fn::Sub": "https://cognito-idp.${AWS::Region}.amazonaws.com/${Pool}"});
        put(
            "Authorizer",
            "Authorizer",
            json!({
                "ApiId": api, "Name": "jwt", "AuthorizerType": "JWT",
                "IdentitySource": ["$request.header.Authorization"],
                "JwtConfiguration": {"Issuer": issuer, "Audience": [{"Ref": "Client"}]},
            }),
        );
        if let Some(route) = route.as_object_mut() {
            route.insert("AuthorizationType".to_owned(), json!("JWT"));
            route.insert("AuthorizerId".to_owned(), json!({"Ref": named("Authorizer")}));
            route.insert("AuthorizationScopes".to_owned(), json!([SCOPE]));
        }
    }
    put("Route", "Route", route);
    put(
        "Stage",
        "Stage",
        json!({"ApiId": api, "StageName": "$default", "AutoDeploy": true}),
    );
    template.outputs.insert(named("ApiId"), json!({"Value": api}));
}
