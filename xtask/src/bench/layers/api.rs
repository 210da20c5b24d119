//! An API that is nothing but a proxy, for layers to be put upon.

use serde_json::{Map, Value, json};

use super::Template;

/// A REST API of a template, on the making.
pub(in crate::bench) struct Api {
    /// The beginning of its resources' names.
    pub(in crate::bench) id: &'static str,
    resources: Map<String, Value>,
    /// What must be there before the deployment is made.
    deployed_after: Vec<String>,
}

impl Api {
    /// Returns one whose `POST /layer` goes to `backend`.
    pub(in crate::bench) fn plain(id: &'static str, backend: &str) -> Self {
        let mut api = Self {
            id,
            resources: Map::new(),
            deployed_after: Vec::new(),
        };
        let own = json!({"Ref": api.named("Api")});
        let root = json!({"Fn::GetAtt": [api.named("Api"), "RootResourceId"]});
        api.add("Api", "AWS::ApiGateway::RestApi", json!({"Name": id}));
        api.add(
            "Path",
            "AWS::ApiGateway::Resource",
            json!({"RestApiId": own, "ParentId": root, "PathPart": "layer"}),
        );
        let method = json!({
            "RestApiId": own, "ResourceId": {"Ref": api.named("Path")}, "HttpMethod": "POST", "AuthorizationType": "NONE",
            "Integration": {
                "Type": "HTTP_PROXY", "IntegrationHttpMethod": "POST", "Uri": format!("http://{backend}/layer"),
            },
        });
        api.add("Method", "AWS::ApiGateway::Method", method);
        api.deploy_after("Method");
        let stage = json!({
            "RestApiId": own, "DeploymentId": {"Ref": api.named("Deployment")}, "StageName": "prod",
        });
        api.add("Stage", "AWS::ApiGateway::Stage", stage);
        api
    }

    /// Returns a resource's name in the template.
    pub(in crate::bench) fn named(&self, part: &str) -> String {
        format!("{}{part}", self.id)
    }

    /// Returns a reference to one of its resources.
    pub(in crate::bench) fn reference(&self, part: &str) -> Value {
        json!({"Ref": self.named(part)})
    }

    /// Adds a resource.
    pub(in crate::bench) fn add(&mut self, part: &str, resource_type: &str, properties: Value) {
        let resource = json!({"Type": resource_type, "Properties": properties});
        self.resources.insert(self.named(part), resource);
    }

    /// Makes the deployment wait for a resource.
    pub(in crate::bench) fn deploy_after(&mut self, part: &str) {
        self.deployed_after.push(self.named(part));
    }

    /// Sets properties of a resource.
    pub(in crate::bench) fn set(&mut self, part: &str, properties: Value) {
        let name = self.named(part);
        let own = self
            .resources
            .get_mut(&name)
            .and_then(|resource| resource.get_mut("Properties")?.as_object_mut());
        if let (Some(own), Value::Object(properties)) = (own, properties) {
            own.extend(properties);
        }
    }

    /// Puts it into a template.
    pub(in crate::bench) fn finish(mut self, template: &mut Template<'_>) {
        let deployment = json!({
            "Type": "AWS::ApiGateway::Deployment", "DependsOn": self.deployed_after,
            "Properties": {"RestApiId": self.reference("Api")},
        });
        self.resources.insert(self.named("Deployment"), deployment);
        template
            .outputs
            .insert(self.named("ApiId"), json!({"Value": self.reference("Api")}));
        template.resources.extend(self.resources);
    }
}
