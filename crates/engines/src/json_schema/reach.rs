//! How far a schema reaches: how many schemas apply to one value, one within the other, and how many there are when every
//! reference is followed. It bounds the stack and the memory of a check before the first value is checked.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::{Documents, IN_PLACE_MAX, SchemaProblem};

/// More subschemas than that are as good as endless.
const SUBSCHEMAS_MAX: usize = 50_000;
/// Keywords whose value applies to the same value as the schema around it: one schema, a list, or a map of them.
const IN_PLACE: [&str; 10] = [
    "allOf",
    "anyOf",
    "oneOf",
    "not",
    "if",
    "then",
    "else",
    "dependencies",
    "dependentSchemas",
    "extends",
];
const REFERENCES: [&str; 3] = ["$ref", "$recursiveRef", "$dynamicRef"];

/// What is known about a schema's reach.
pub(super) struct Reach {
    /// Subschemas when every reference is followed; none when that has no end or cannot be told.
    pub(super) subschemas: Option<usize>,
}

/// A schema and the document that it stands in.
#[derive(Clone, Copy)]
struct Spot<'a> {
    schema: &'a Value,
    document: &'a Value,
}

impl Spot<'_> {
    /// Two places of one document never share an address.
    fn identity(self) -> usize {
        std::ptr::from_ref(self.schema).addr()
    }
}

struct Walk<'a> {
    url: Option<&'a str>,
    root: &'a Value,
    documents: &'a Documents,
    heights: BTreeMap<usize, usize>,
    /// Anchors of the documents met so far, by document.
    anchors: BTreeMap<usize, BTreeMap<&'a str, &'a Value>>,
    /// References that lead by an `id`, which are not followed here.
    named: BTreeSet<&'a str>,
}

impl Reach {
    /// Measures `schema`; one that reaches too deep, or refers to itself without looking into the value, is refused.
    pub(super) fn of(
        schema: &Value,
        url: Option<&str>,
        documents: &Documents,
    ) -> Result<Self, SchemaProblem> {
        let mut walk = Walk {
            url,
            root: schema,
            documents,
            heights: BTreeMap::new(),
            anchors: BTreeMap::new(),
            named: BTreeSet::new(),
        };
        let root = Spot {
            schema,
            document: schema,
        };
        let mut seen = BTreeSet::new();
        let highest = walk.highest(root, &mut seen)?;
        // What leads by name may join every stretch to every other.
        let worst = highest.saturating_mul(walk.named.len().saturating_add(1));
        if worst > IN_PLACE_MAX {
            return Err(too_deep());
        }
        let mut subschemas = 0;
        let ends = walk.named.is_empty() && walk.count(root, &mut Vec::new(), &mut subschemas);
        Ok(Self {
            subschemas: ends.then_some(subschemas),
        })
    }
}

fn too_deep() -> SchemaProblem {
    SchemaProblem::Nesting(format!(
        "more than {IN_PLACE_MAX} schemas apply to one value, each within the other"
    ))
}

impl<'a> Walk<'a> {
    /// Returns the greatest height anywhere in `spot` and in what it refers to.
    fn highest(&mut self, spot: Spot<'a>, seen: &mut BTreeSet<usize>) -> Result<usize, SchemaProblem> {
        let mut waiting = vec![spot];
        let mut highest = 0;
        while let Some(spot) = waiting.pop() {
            if !seen.insert(spot.identity()) {
                continue;
            }
            let at = |schema| Spot { schema, ..spot };
            match spot.schema {
                Value::Object(members) => {
                    highest = highest.max(self.height(spot, &mut Vec::new())?);
                    waiting.extend(members.values().map(at));
                    waiting.extend(self.referred(spot));
                }
                Value::Array(items) => waiting.extend(items.iter().map(at)),
                _ => {}
            }
        }
        Ok(highest)
    }

    /// Returns how many schemas apply in place, one within the other, from `spot` on.
    fn height(&mut self, spot: Spot<'a>, above: &mut Vec<usize>) -> Result<usize, SchemaProblem> {
        if let Some(height) = self.heights.get(&spot.identity()) {
            return Ok(*height);
        }
        if above.contains(&spot.identity()) {
            return Err(SchemaProblem::Nesting(
                "a schema refers to itself without looking into the value".into(),
            ));
        }
        if above.len() > IN_PLACE_MAX {
            return Err(too_deep());
        }
        above.push(spot.identity());
        let mut below = 0;
        for next in self.in_place(spot) {
            below = below.max(self.height(next, above)?);
        }
        above.pop();
        self.heights.insert(spot.identity(), below + 1);
        Ok(below + 1)
    }

    /// Returns the schemas that apply to the same value as `spot`'s.
    fn in_place(&mut self, spot: Spot<'a>) -> Vec<Spot<'a>> {
        let mut found = self.referred(spot);
        let at = |schema| Spot { schema, ..spot };
        for keyword in IN_PLACE {
            match spot.schema.get(keyword) {
                Some(Value::Array(items)) => found.extend(items.iter().map(at)),
                Some(Value::Object(members)) if keyword.starts_with("depend") => {
                    found.extend(members.values().map(at));
                }
                Some(schema @ Value::Object(_)) => found.push(at(schema)),
                _ => {}
            }
        }
        found
    }

    /// Returns what the references of `spot` lead to.
    fn referred(&mut self, spot: Spot<'a>) -> Vec<Spot<'a>> {
        let mut found = Vec::new();
        for keyword in REFERENCES {
            let Some(reference) = spot.schema.get(keyword).and_then(Value::as_str) else {
                continue;
            };
            match self.resolve(reference, spot.document) {
                Some(target) => found.push(target),
                None => {
                    self.named.insert(reference);
                }
            }
        }
        found
    }

    fn resolve(&mut self, reference: &str, document: &'a Value) -> Option<Spot<'a>> {
        let (url, fragment) = reference.split_once('#').unwrap_or((reference, ""));
        let document = match url {
            "" => document,
            own if Some(own) == self.url => self.root,
            other => self.documents.get(other)?,
        };
        let fragment = decoded(fragment)?;
        let schema = if fragment.is_empty() || fragment.starts_with('/') {
            document.pointer(&fragment)?
        } else {
            let anchors = self.anchors.entry(std::ptr::from_ref(document).addr());
            let anchors = anchors.or_insert_with(|| anchors_of(document));
            anchors.get(fragment.as_str())?
        };
        Some(Spot { schema, document })
    }

    /// Counts the subschemas of `spot`; says no when there is no end to them.
    fn count(&mut self, spot: Spot<'a>, above: &mut Vec<usize>, counted: &mut usize) -> bool {
        *counted += 1;
        if *counted > SUBSCHEMAS_MAX || above.contains(&spot.identity()) {
            return false;
        }
        let at = |schema| Spot { schema, ..spot };
        let below: Vec<Spot<'a>> = match spot.schema {
            Value::Object(members) => {
                let mut below: Vec<_> = members.values().map(at).collect();
                below.extend(self.referred(spot));
                below
            }
            Value::Array(items) => items.iter().map(at).collect(),
            _ => return true,
        };
        above.push(spot.identity());
        let ends = above.len() <= DEPTH_MAX && below.into_iter().all(|next| self.count(next, above, counted));
        above.pop();
        ends
    }
}

/// Returns the schemas of `document` that have a plain name: an anchor, or an `id` that is only a fragment.
fn anchors_of(document: &Value) -> BTreeMap<&str, &Value> {
    let (mut found, mut waiting) = (BTreeMap::new(), vec![document]);
    while let Some(schema) = waiting.pop() {
        match schema {
            Value::Object(members) => {
                let text = |name: &str| members.get(name).and_then(Value::as_str);
                let ids = ["id", "$id"].map(|name| text(name).and_then(|id| id.strip_prefix('#')));
                let anchors = ["$anchor", "$dynamicAnchor"].map(text);
                for name in ids.into_iter().chain(anchors).flatten() {
                    found.insert(name, schema);
                }
                waiting.extend(members.values());
            }
            Value::Array(items) => waiting.extend(items),
            _ => {}
        }
    }
    found
}

/// How deep references are followed to count.
const DEPTH_MAX: usize = 512;

/// Undoes percent-encoding; none when the result is not UTF-8.
fn decoded(fragment: &str) -> Option<String> {
    if !fragment.contains('%') {
        return Some(fragment.to_owned());
    }
    let mut bytes = Vec::with_capacity(fragment.len());
    let mut rest = fragment.as_bytes();
    while let [first, after @ ..] = rest {
        rest = after;
        let digits = (*first == b'%').then(|| after.split_at_checked(2)).flatten();
        let byte = digits.and_then(|(digits, behind)| {
            let value = u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()?;
            Some((value, behind))
        });
        match byte {
            Some((value, behind)) => {
                bytes.push(value);
                rest = behind;
            }
            None => bytes.push(*first),
        }
    }
    String::from_utf8(bytes).ok()
}

/// Tells whether `value` holds at most `values_max` values, itself among them.
pub(super) fn has_at_most(value: &Value, values_max: usize) -> bool {
    fn take(value: &Value, left: &mut usize) -> bool {
        let Some(less) = left.checked_sub(1) else {
            return false;
        };
        *left = less;
        match value {
            Value::Array(items) => items.iter().all(|item| take(item, left)),
            Value::Object(members) => members.values().all(|member| take(member, left)),
            _ => true,
        }
    }
    take(value, &mut { values_max })
}
