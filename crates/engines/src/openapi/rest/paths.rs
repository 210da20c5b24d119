//! The paths of a document.

use super::{PathPlan, Planner, RestPlan};
use crate::openapi::{BasePath, at::At, path_item};

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
        let methods = path_item::methods(item, &mut self.findings);
        let shared = item.member("parameters");
        let read =
            |(method, operation): (&str, At<'d>)| self.read_method(method, path, shared.as_ref(), &operation);
        methods.into_iter().map(read).collect()
    }
}
