//! The paths of an API: <https://docs.aws.amazon.com/apigateway/latest/api/API_Resource.html>

use std::collections::BTreeMap;

use portcullis_model::{ApiId, ResourceId, resources::apigateway::Resource};
use portcullis_store::{Batch, Expect, kinds};

use super::{Apis, Kept, Listed, Wanted, encode};
use crate::{
    operation::AwsError,
    services::apigateway::errors::{bad_request, conflict, not_found},
};

/// Paths of one API, as AWS's quota.
const RESOURCES_MAX: usize = 300;
/// Symbols of a resource's id.
const RESOURCE_ID_SYMBOLS: usize = 6;

/// The parts of an API as a tree, for moves and deletions.
type Tree = Vec<Resource>;

impl Apis<'_> {
    /// Makes a path under another.
    pub async fn create_resource(
        &self,
        api: &ApiId,
        parent: &ResourceId,
        path_part: &str,
    ) -> Result<Resource, AwsError> {
        self.rest_api(api).await?;
        let tree: Tree = self.all(kinds::API_RESOURCE, api).await?;
        if tree.len() >= RESOURCES_MAX {
            return Err(AwsError::new(
                "LimitExceededException",
                429,
                "Maximum number of resources for this API has been reached. Please contact AWS if you need additional resources.",
            ));
        }
        let parent = resource_in(&tree, parent)?;
        check_path_part(&tree, parent, path_part, None)?;
        let resource = Resource {
            id: ResourceId::from(self.entropy.lower_alphanumeric(RESOURCE_ID_SYMBOLS)),
            parent_id: Some(parent.id.clone()),
            path_part: Some(path_part.to_owned()),
            path: join(&parent.path, path_part),
            methods: BTreeMap::new(),
        };
        self.put_resource(api, &resource, Expect::Absent).await?;
        Ok(resource)
    }

    /// Returns a path, or AWS's error when there is none.
    pub async fn resource(&self, api: &ApiId, id: &ResourceId) -> Result<Kept<Resource>, AwsError> {
        match self.find(kinds::API_RESOURCE, format!("{api}/{id}")).await? {
            Some(kept) => Ok(kept),
            None => {
                self.rest_api(api).await?;
                Err(not_found("Invalid Resource identifier specified"))
            }
        }
    }

    /// Returns a page of the paths of an API.
    pub async fn resources(&self, api: &ApiId, wanted: &Wanted) -> Result<Listed<Resource>, AwsError> {
        self.rest_api(api).await?;
        self.page(kinds::API_RESOURCE, &format!("{api}/"), wanted).await
    }

    /// Gives a path another name or another parent; the paths below it follow.
    pub async fn move_resource(
        &self,
        api: &ApiId,
        id: &ResourceId,
        parent: Option<&ResourceId>,
        path_part: Option<&str>,
    ) -> Result<Resource, AwsError> {
        self.resource(api, id).await?;
        let tree: Tree = self.all(kinds::API_RESOURCE, api).await?;
        let moved = resource_in(&tree, id)?;
        let (Some(old_parent), Some(old_part)) = (&moved.parent_id, &moved.path_part) else {
            return Err(bad_request("The root resource cannot be changed"));
        };
        let parent = resource_in(&tree, parent.unwrap_or(old_parent))?;
        let part = path_part.unwrap_or(old_part);
        if parent.id == *id || is_below(&parent.path, &moved.path) {
            return Err(bad_request("A resource cannot be moved below itself"));
        }
        check_path_part(&tree, parent, part, Some(id))?;
        let path = join(&parent.path, part);
        let mut batch = Batch::new();
        let mut answer = moved.clone();
        for resource in tree
            .iter()
            .filter(|other| other.id == *id || is_below(&other.path, &moved.path))
        {
            let rest = resource.path.strip_prefix(&moved.path).unwrap_or_default();
            let mut changed = Resource {
                path: format!("{path}{rest}"),
                ..resource.clone()
            };
            if resource.id == *id {
                changed.parent_id = Some(parent.id.clone());
                changed.path_part = Some(part.to_owned());
                answer = changed.clone();
            }
            let key = self.key(kinds::API_RESOURCE, format!("{api}/{}", changed.id));
            batch = batch.put(key, encode(&changed)?, Expect::Anything);
        }
        self.commit(batch).await?;
        Ok(answer)
    }

    /// Deletes a path and the paths below it.
    pub async fn delete_resource(&self, api: &ApiId, id: &ResourceId) -> Result<(), AwsError> {
        let resource = self.resource(api, id).await?.value;
        if resource.parent_id.is_none() {
            return Err(bad_request("The root resource cannot be deleted"));
        }
        let tree: Tree = self.all(kinds::API_RESOURCE, api).await?;
        let mut batch = Batch::new();
        for gone in tree
            .iter()
            .filter(|other| other.id == *id || is_below(&other.path, &resource.path))
        {
            let key = self.key(kinds::API_RESOURCE, format!("{api}/{}", gone.id));
            batch = batch.delete(key, Expect::Anything);
        }
        self.commit(batch).await
    }

    pub(super) async fn put_resource(
        &self,
        api: &ApiId,
        resource: &Resource,
        expect: Expect,
    ) -> Result<(), AwsError> {
        let id = format!("{api}/{}", resource.id);
        self.put(kinds::API_RESOURCE, id, resource, expect).await
    }
}

fn resource_in<'t>(tree: &'t Tree, id: &ResourceId) -> Result<&'t Resource, AwsError> {
    let found = tree.iter().find(|resource| resource.id == *id);
    found.ok_or_else(|| not_found("Invalid Resource identifier specified"))
}

fn join(parent: &str, part: &str) -> String {
    format!("{}/{part}", parent.trim_end_matches('/'))
}

fn is_below(path: &str, ancestor: &str) -> bool {
    path.strip_prefix(ancestor)
        .is_some_and(|rest| rest.starts_with('/'))
}

fn is_variable(part: &str) -> bool {
    part.starts_with('{')
}

/// Checks a path part and its place among its siblings; `own` is the resource that is being renamed.
fn check_path_part(
    tree: &Tree,
    parent: &Resource,
    part: &str,
    own: Option<&ResourceId>,
) -> Result<(), AwsError> {
    if !is_path_part(part) {
        return Err(bad_request(
            "Resource's path part only allow a-zA-Z0-9._-: or a valid greedy path variable and curly braces at the beginning and the end.",
        ));
    }
    if parent
        .path_part
        .as_deref()
        .is_some_and(|part| part.ends_with("+}"))
    {
        return Err(bad_request(format!(
            "Cannot create a child of a resource with a greedy path variable: {}",
            parent.path
        )));
    }
    let siblings = tree
        .iter()
        .filter(|other| other.parent_id.as_ref() == Some(&parent.id) && Some(&other.id) != own);
    for sibling in siblings {
        let name = sibling.path_part.as_deref().unwrap_or_default();
        if name == part {
            return Err(conflict(format!(
                "Another resource with the same parent already has this name: {part}"
            )));
        }
        // AWS lets a greedy variable stand beside a plain one, but not two of the same kind.
        if is_variable(name) && is_variable(part) && name.ends_with("+}") == part.ends_with("+}") {
            return Err(bad_request(format!(
                "A sibling ({}) of this resource already has a variable path part -- only one is allowed",
                sibling.id
            )));
        }
    }
    Ok(())
}

/// Tells whether `part` is a segment, `{name}` or `{name+}`.
pub fn is_path_part(part: &str) -> bool {
    let inner = part.strip_prefix('{').and_then(|rest| rest.strip_suffix('}'));
    let name = inner.map_or(part, |inner| inner.strip_suffix('+').unwrap_or(inner));
    !name.is_empty()
        && part.len() <= 1024
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"._-:,".contains(&byte))
}
