//! Takes a tree apart into a template's sections, and says everything that is wrong with their form.
//! <https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/template-anatomy.html>

use indexmap::IndexMap;
use portcullis_model::{Place, Problem, Severity};

use super::declarations::parameter;
use super::limits::{CONDITIONS_MAX, ENTRIES_MAX, RESOURCES_MAX};
use super::template::{DeletionPolicy, Mapping, Named, OutputTemplate, ResourceTemplate, Template};
use crate::document::START;
use crate::document::{Key, Node, NodeKind};
use crate::names::did_you_mean;

const SECTIONS: [&str; 9] = [
    "AWSTemplateFormatVersion",
    "Description",
    "Metadata",
    "Parameters",
    "Mappings",
    "Conditions",
    "Transform",
    "Resources",
    "Outputs",
];
/// Bytes of `Description`.
const DESCRIPTION_BYTES_MAX: usize = 1024;
/// The one transform that is accepted: without an `AWS::Serverless::…` resource it changes nothing.
pub(super) const SERVERLESS_TRANSFORM: &str = "AWS::Serverless-2016-10-31";

/// Reads the sections of a tree; what is wrong is left out of the template and told.
pub(super) fn read_sections(root: &Node) -> (Template, Vec<Problem>) {
    let mut reading = Reading::default();
    let mut template = Template::default();
    let Some(entries) = root.as_map() else {
        let message = format!("a template is an object, not {}", root.kind_name());
        reading.error(root.place, "", message);
        return (template, reading.problems);
    };
    for (key, node) in entries {
        reading.section(&mut template, key, node);
    }
    if root.member("Resources").is_none() {
        reading.error(
            START,
            "Resources",
            "the section is missing: a template makes at least one resource",
        );
    }
    for name in template.resources.keys() {
        if let Some(parameter) = template.parameters.get(name) {
            let message = "a parameter and a resource have the same name";
            reading.problems.push(Problem::error(
                Some(parameter.place),
                format!("Parameters/{name}"),
                message,
            ));
        }
    }
    (template, reading.problems)
}

/// What was noticed so far.
#[derive(Default)]
pub(super) struct Reading {
    pub problems: Vec<Problem>,
}

impl Reading {
    fn section(&mut self, template: &mut Template, key: &Key, node: &Node) {
        let name = key.text.as_str();
        if name != "Metadata" && self.has_null(node, key.place, name) {
            return;
        }
        match name {
            "AWSTemplateFormatVersion" => {
                if self
                    .text(node, name)
                    .is_some_and(|version| version.text != "2010-09-09")
                {
                    self.error(node.place, name, "the only version there is is `2010-09-09`");
                }
            }
            "Description" => {
                let description = self.text(node, name).map(|description| description.text);
                if description
                    .as_ref()
                    .is_some_and(|text| text.len() > DESCRIPTION_BYTES_MAX)
                {
                    self.error(
                        node.place,
                        name,
                        format!("is longer than {DESCRIPTION_BYTES_MAX} bytes"),
                    );
                }
                template.description = description;
            }
            "Metadata" => template.metadata = Some(node.clone()),
            "Transform" => template.transforms = self.transforms(node),
            "Parameters" => {
                template.parameters = self.entries(node, name, ENTRIES_MAX, true, parameter);
            }
            "Mappings" => template.mappings = self.entries(node, name, ENTRIES_MAX, true, mapping),
            "Conditions" => {
                let keep = |_: &mut Reading, _: &Key, node: &Node, _: &str| Some(node.clone());
                template.conditions = self.entries(node, name, CONDITIONS_MAX, true, keep);
            }
            "Resources" => {
                template.resources = self.entries(node, name, RESOURCES_MAX, true, resource);
                if node.as_map().is_some_and(<[_]>::is_empty) {
                    self.error(
                        node.place,
                        name,
                        "is empty: a template makes at least one resource",
                    );
                }
            }
            "Outputs" => template.outputs = self.entries(node, name, ENTRIES_MAX, true, output),
            "Rules" | "Hooks" => self.error(key.place, name, "this section is not supported"),
            "Globals" => self.error(key.place, name, "the SAM transform is not supported yet"),
            _ => {
                let hint = did_you_mean(name, SECTIONS.into_iter());
                self.error(key.place, name, format!("unknown section{hint}"));
            }
        }
    }

    pub(super) fn error(&mut self, place: Place, path: impl Into<String>, message: impl Into<String>) {
        self.problems.push(Problem::error(Some(place), path, message));
    }

    pub(super) fn warning(&mut self, place: Place, path: impl Into<String>, message: impl Into<String>) {
        self.problems.push(Problem::warning(Some(place), path, message));
    }

    pub(super) fn inert(&mut self, place: Place, path: impl Into<String>, message: impl Into<String>) {
        self.problems.push(Problem {
            severity: Severity::Inert,
            place: Some(place),
            path: path.into(),
            message: message.into(),
        });
    }

    /// Tells of every null: CloudFormation admits none, so that a value forgotten is not a value removed.
    fn has_null(&mut self, node: &Node, place: Place, path: &str) -> bool {
        match &node.kind {
            NodeKind::Null => {
                self.error(place, path, "has no value (null): give one or remove the key");
                return true;
            }
            NodeKind::List(items) => {
                for (index, item) in items.iter().enumerate() {
                    self.has_null(item, item.place, &format!("{path}/{index}"));
                }
            }
            NodeKind::Map(entries) => {
                for (key, value) in entries.iter().filter(|(key, _)| key.text != "Metadata") {
                    self.has_null(value, key.place, &format!("{path}/{}", key.text));
                }
            }
            _ => {}
        }
        false
    }

    /// Reads a section of named entries.
    fn entries<T>(
        &mut self,
        node: &Node,
        section: &str,
        entries_max: usize,
        logical_ids: bool,
        read: impl Fn(&mut Reading, &Key, &Node, &str) -> Option<T>,
    ) -> IndexMap<String, T> {
        let mut read_entries = IndexMap::new();
        let Some(entries) = self.map(node, section) else {
            return read_entries;
        };
        if entries.len() > entries_max {
            let message = format!("has {} entries, more than {entries_max}", entries.len());
            self.error(node.place, section, message);
        }
        for (key, value) in entries.iter().take(entries_max) {
            let path = format!("{section}/{}", key.text);
            if key.text.starts_with("Fn::") {
                self.error(key.place, path, "is not supported: it needs a transform");
                continue;
            }
            if logical_ids && !is_logical_id(&key.text) {
                self.error(key.place, path, "a name is 1 to 255 letters and digits");
                continue;
            }
            if value.kind == NodeKind::Null {
                continue; // told already
            }
            if let Some(entry) = read(self, key, value, &path) {
                read_entries.insert(key.text.clone(), entry);
            }
        }
        read_entries
    }

    pub(super) fn map<'a>(&mut self, node: &'a Node, path: &str) -> Option<&'a [(Key, Node)]> {
        let map = node.as_map();
        if map.is_none() && node.kind != NodeKind::Null {
            self.error(
                node.place,
                path,
                format!("must be an object, not {}", node.kind_name()),
            );
        }
        map
    }

    /// Reads a literal scalar.
    pub(super) fn text(&mut self, node: &Node, path: &str) -> Option<Named> {
        let text = node.scalar_text();
        if text.is_none() && node.kind != NodeKind::Null {
            self.error(
                node.place,
                path,
                format!("must be a literal text, not {}", node.kind_name()),
            );
        }
        let text = text?.to_owned();
        let place = node.place;
        Some(Named { text, place })
    }

    /// Reads a list of literal scalars.
    pub(super) fn texts(&mut self, node: &Node, path: &str) -> Vec<Named> {
        let Some(items) = node.as_list() else {
            if node.kind != NodeKind::Null {
                self.error(
                    node.place,
                    path,
                    format!("must be a list, not {}", node.kind_name()),
                );
            }
            return Vec::new();
        };
        let items = items.iter().enumerate();
        items
            .filter_map(|(index, item)| self.text(item, &format!("{path}/{index}")))
            .collect()
    }

    pub(super) fn unknown_key(&mut self, key: &Key, path: &str, known: &[&str]) {
        let hint = did_you_mean(&key.text, known.iter().copied());
        self.error(
            key.place,
            format!("{path}/{}", key.text),
            format!("unknown key{hint}"),
        );
    }

    fn transforms(&mut self, node: &Node) -> Vec<Named> {
        let named = match &node.kind {
            NodeKind::List(_) => self.texts(node, "Transform"),
            NodeKind::Map(_) => {
                self.error(
                    node.place,
                    "Transform",
                    "macros with parameters are not supported",
                );
                Vec::new()
            }
            _ => self.text(node, "Transform").into_iter().collect(),
        };
        for transform in named
            .iter()
            .filter(|transform| transform.text != SERVERLESS_TRANSFORM)
        {
            let message = format!("the transform `{}` is not supported", transform.text);
            self.error(transform.place, "Transform", message);
        }
        named
    }
}

pub(super) fn is_logical_id(name: &str) -> bool {
    (1..=255).contains(&name.len()) && name.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

fn mapping(reading: &mut Reading, _: &Key, node: &Node, path: &str) -> Option<Mapping> {
    let mut mapping = Mapping::new();
    for (first, inner) in reading.map(node, path)? {
        let path = format!("{path}/{}", first.text);
        let mut level = IndexMap::new();
        for (second, value) in reading.map(inner, &path).unwrap_or_default() {
            let is_scalar = |node: &Node| node.scalar_text().is_some();
            let fits = is_scalar(value) || value.as_list().is_some_and(|items| items.iter().all(is_scalar));
            if fits {
                level.insert(second.text.clone(), value.clone());
            } else if value.kind != NodeKind::Null {
                let path = format!("{path}/{}", second.text);
                let message = "must be a literal text or a list of literal texts";
                reading.error(value.place, path, message);
            }
        }
        mapping.insert(first.text.clone(), level);
    }
    Some(mapping)
}

const RESOURCE_KEYS: [&str; 9] = [
    "Type",
    "Properties",
    "DependsOn",
    "Condition",
    "DeletionPolicy",
    "UpdateReplacePolicy",
    "Metadata",
    "CreationPolicy",
    "UpdatePolicy",
];

fn resource(reading: &mut Reading, name: &Key, node: &Node, path: &str) -> Option<ResourceTemplate> {
    let entries = reading.map(node, path)?;
    let mut resource = ResourceTemplate {
        place: name.place,
        resource_type: String::new(),
        type_place: name.place,
        properties: Node::empty_map(node.place),
        depends_on: Vec::new(),
        condition: None,
        deletion_policy: DeletionPolicy::default(),
        update_replace_policy: DeletionPolicy::default(),
        metadata: None,
    };
    for (key, value) in entries {
        let inner = format!("{path}/{}", key.text);
        match key.text.as_str() {
            "Type" => {
                if let Some(named) = reading.text(value, &inner) {
                    resource.resource_type = named.text;
                    resource.type_place = named.place;
                }
            }
            "Properties" => {
                if reading.map(value, &inner).is_some() {
                    resource.properties = value.clone();
                }
            }
            "DependsOn" if value.as_list().is_some() => resource.depends_on = reading.texts(value, &inner),
            "DependsOn" => resource.depends_on = reading.text(value, &inner).into_iter().collect(),
            "Condition" => resource.condition = reading.text(value, &inner),
            "DeletionPolicy" => resource.deletion_policy = policy(reading, value, &inner),
            "UpdateReplacePolicy" => resource.update_replace_policy = policy(reading, value, &inner),
            "Metadata" => resource.metadata = Some(value.clone()),
            "CreationPolicy" | "UpdatePolicy" => {
                reading.inert(
                    key.place,
                    inner,
                    "nothing here waits for signals or rolls instances",
                );
            }
            _ => {
                // CloudFormation tolerates attributes outside its specification.
                let hint = did_you_mean(&key.text, RESOURCE_KEYS.into_iter());
                reading.warning(
                    key.place,
                    inner,
                    format!("is no attribute of a resource and has no effect{hint}"),
                );
            }
        }
    }
    if resource.resource_type.is_empty() {
        reading.error(name.place, path, "the required key `Type` is missing");
        return None;
    }
    Some(resource)
}

fn policy(reading: &mut Reading, node: &Node, path: &str) -> DeletionPolicy {
    let Some(named) = reading.text(node, path) else {
        return DeletionPolicy::Delete;
    };
    match (named.text.as_str(), path.ends_with("/DeletionPolicy")) {
        ("Delete", _) => DeletionPolicy::Delete,
        ("Retain", _) => DeletionPolicy::Retain,
        ("RetainExceptOnCreate", true) => DeletionPolicy::RetainExceptOnCreate,
        ("Snapshot", _) => {
            reading.error(
                node.place,
                path,
                "`Snapshot` is not supported: no resource here has snapshots",
            );
            DeletionPolicy::Retain
        }
        (other, _) => {
            reading.error(
                node.place,
                path,
                format!("`{other}` is none of `Delete`, `Retain`"),
            );
            DeletionPolicy::Retain
        }
    }
}

const OUTPUT_KEYS: [&str; 4] = ["Value", "Description", "Export", "Condition"];

fn output(reading: &mut Reading, name: &Key, node: &Node, path: &str) -> Option<OutputTemplate> {
    let entries = reading.map(node, path)?;
    let mut value = None;
    let mut output = OutputTemplate {
        place: name.place,
        value: Node::empty_map(name.place),
        description: None,
        export_name: None,
        condition: None,
    };
    for (key, inner) in entries {
        let inner_path = format!("{path}/{}", key.text);
        match key.text.as_str() {
            "Value" => value = Some(inner.clone()),
            "Description" => output.description = reading.text(inner, &inner_path).map(|named| named.text),
            "Condition" => output.condition = reading.text(inner, &inner_path),
            "Export" => {
                output.export_name = inner.member("Name").cloned();
                if output.export_name.is_none() && inner.kind != NodeKind::Null {
                    reading.error(inner.place, inner_path, "the required key `Name` is missing");
                }
            }
            _ => reading.unknown_key(key, path, &OUTPUT_KEYS),
        }
    }
    let Some(value) = value else {
        reading.error(name.place, path, "the required key `Value` is missing");
        return None;
    };
    output.value = value;
    Some(output)
}
