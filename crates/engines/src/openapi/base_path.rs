//! What of a document's base path becomes paths of the API.
//! <https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-import-api-basePath.html>

use super::{
    at::At,
    document::{Document, Version},
};

/// How a base path is taken.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum BasePath {
    #[default]
    Ignore,
    /// All of it stands before every path.
    Prepend,
    /// All but its first segment does.
    Split,
}

impl BasePath {
    /// Reads AWS's word.
    pub fn parse(word: &str) -> Option<Self> {
        match word.to_ascii_lowercase().as_str() {
            "ignore" => Some(Self::Ignore),
            "prepend" => Some(Self::Prepend),
            "split" => Some(Self::Split),
            _ => None,
        }
    }

    /// Returns what stands before every path: empty, or `/a/b`.
    pub(super) fn prefix(self, document: &Document) -> String {
        let base = base_path(document);
        let segments = base.split('/').filter(|segment| !segment.is_empty());
        let skipped = match self {
            Self::Ignore => return String::new(),
            Self::Prepend => 0,
            Self::Split => 1,
        };
        segments
            .skip(skipped)
            .map(|segment| format!("/{segment}"))
            .collect()
    }
}

fn base_path(document: &Document) -> String {
    let root = document.root();
    if document.version == Version::Swagger2 {
        return root.member_text("basePath").unwrap_or_default();
    }
    let Some(servers) = root.member("servers") else {
        return String::new();
    };
    let variable = servers
        .items()
        .find_map(|server| server.reach(&["variables", "basePath", "default"])?.text());
    let first = servers.items().next();
    variable
        .or_else(|| first.as_ref().and_then(path_of_server))
        .unwrap_or_default()
}

/// Returns the path of a server's address, its variables written out.
fn path_of_server(server: &At<'_>) -> Option<String> {
    let mut url = server.member_text("url")?;
    let variables = server.member("variables");
    for (name, variable) in variables.iter().flat_map(At::members) {
        let default = variable.member_text("default").unwrap_or_default();
        url = url.replace(&format!("{{{name}}}"), &default);
    }
    let after_scheme = url.split_once("://").map_or(url.as_str(), |(_, rest)| rest);
    let path = if after_scheme.len() == url.len() {
        after_scheme
    } else {
        after_scheme.split_once('/').map_or("", |(_, path)| path)
    };
    Some(path.to_owned())
}
