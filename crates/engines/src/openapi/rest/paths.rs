//! The paths of a document.

use super::{PathPlan, Planner, RestPlan};
use crate::openapi::{BasePath, at::At};

/// The members of a path that are methods, and the methods.
const METHODS: [(&str, &str); 8] = [
    ("get", "GET"),
    ("put", "PUT"),
    ("post", "POST"),
    ("delete", "DELETE"),
    ("options", "OPTIONS"),
    ("head", "HEAD"),
    ("patch", "PATCH"),
    ("x-amazon-apigateway-any-method", "ANY"),
];

impl<'d> Planner<'d> {
    pub(super) fn read_paths(&mut self, base_path: BasePath, plan: &mut RestPlan) {
        let prefix = base_path.prefix(self.document);
        let root = self.document.root();
        let Some(paths) = root.member("paths") else {
            self.findings.error(&root, "`paths` is missing");
            return;
        };
        if paths.object().is_none() {
            self.findings.error(&paths, "`paths` must be an object");
        }
        for (name, item) in paths.members() {
            if name.starts_with("x-") {
                self.findings.check_extensions(&paths, &[]);
                continue;
            }
            if !name.starts_with('/') {
                self.findings.error(&item, "a path begins with `/`");
                continue;
            }
            let path = format!("{prefix}{}", name.trim_end_matches('/'));
            let path = if path.is_empty() { "/".to_owned() } else { path };
            let methods = self.read_methods(&item, &path);
            plan.paths.push(PathPlan {
                pointer: item.pointer.clone(),
                path,
                methods,
            });
        }
        if plan.paths.is_empty() && !prefix.is_empty() {
            plan.paths.push(PathPlan {
                pointer: paths.pointer,
                path: prefix,
                methods: Vec::new(),
            });
        }
    }

    fn read_methods(&mut self, item: &At<'d>, path: &str) -> Vec<super::MethodPlan> {
        self.findings.check_extensions(item, &["any-method"]);
        if let Some(reference) = item.member("$ref") {
            self.findings.error(
                &reference,
                "a path by reference is not supported: write it out here",
            );
        }
        let shared = item.member("parameters");
        let mut methods = Vec::new();
        for (name, operation) in item.members() {
            let method = METHODS.iter().find(|(member, _)| *member == name);
            match method {
                Some((_, method)) => {
                    methods.push(self.read_method(method, path, shared.as_ref(), &operation));
                }
                None if name == "trace" => self
                    .findings
                    .warning(&operation, "API Gateway has no method `TRACE`: it is left out"),
                None if matches!(
                    name,
                    "parameters" | "summary" | "description" | "servers" | "$ref"
                ) => {}
                None if name.starts_with("x-") => {}
                None => self.findings.error(&operation, format!("`{name}` is no method")),
            }
        }
        methods
    }
}
