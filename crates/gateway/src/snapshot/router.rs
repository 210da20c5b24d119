//! Which resource a path means: a trie over path segments. A literal beats `{param}`, which beats `{proxy+}`; a trailing
//! slash does not matter; percent-encoding is compared as it stands.
//!
//! The time depends on the path, not on the number of routes. A resource that exists owns its path: when it lacks the
//! method, no less specific resource is asked. (AWS does not say; asking on could reach a laxer authorizer.)

use std::{ops::Range, sync::Arc};

use foldhash::{HashMap, HashMapExt as _};

use crate::http::path::position;

/// A trie of path patterns, each with a value. All literals are in one table, so that a step costs few cache lines
/// however many routes there are.
#[derive(Debug)]
pub(crate) struct Router<T> {
    /// Index of the node in four bytes, then the literal, to the node below.
    literals: HashMap<Box<[u8]>, u32>,
    nodes: Vec<Node>,
    values: Vec<T>,
    /// The name of the parameter below each node that has one; for building only.
    names: HashMap<u32, Box<str>>,
}

#[derive(Debug, Default)]
struct Node {
    parameter: Option<u32>,
    /// The value of `{name+}`, which ends every pattern.
    greedy: Option<u32>,
    value: Option<u32>,
}

/// What a path is searched for.
struct Search<'a, F> {
    path: &'a [u8],
    /// Whether `{name+}` may take the rest of it.
    greedy: bool,
    fits: &'a F,
}

/// The longest literal segment, in bytes.
const LITERAL_BYTES_MAX: usize = 252;
const KEY_BYTES_MAX: usize = 4 + LITERAL_BYTES_MAX;

/// A pattern that cannot be routed.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum PatternError {
    #[error("the path must start with `/`")]
    NoSlash,
    #[error("`{0}` is no path segment: use letters, digits, `_-.,:`, `{{name}}` or, last, `{{name+}}`")]
    Segment(String),
    #[error("the parameter `{0}` has a sibling of another name at the same place: use one name")]
    Sibling(String),
    #[error("the path is there twice")]
    Duplicate,
    #[error("there are too many paths")]
    TooMany,
}

/// A pattern's segment.
enum Segment<'a> {
    Literal(&'a str),
    Parameter(&'a str),
    Greedy(&'a str),
}

impl<T> Router<T> {
    pub(crate) fn new() -> Self {
        Self {
            literals: HashMap::new(),
            nodes: vec![Node::default()],
            values: Vec::new(),
            names: HashMap::new(),
        }
    }

    /// Adds `pattern`.
    pub(crate) fn insert(&mut self, pattern: &str, value: T) -> Result<(), PatternError> {
        let mut at = 0;
        let rest = pattern.strip_prefix('/').ok_or(PatternError::NoSlash)?;
        let mut segments = rest.split('/').filter(|_| !rest.is_empty()).peekable();
        while let Some(text) = segments.next() {
            match parse_segment(text)? {
                Segment::Literal(text) => at = self.literal(at, text)?,
                Segment::Parameter(name) => at = self.parameter(at, name)?,
                Segment::Greedy(_) if segments.peek().is_some() => {
                    return Err(PatternError::Segment(text.to_owned()));
                }
                Segment::Greedy(_) => return self.put(at, value, |node| &mut node.greedy),
            }
        }
        self.put(at, value, |node| &mut node.value)
    }

    /// Finds the value of the most specific pattern that `path` fits, and the places of the parameters in `path`.
    pub(crate) fn find(&self, path: &[u8]) -> Option<(&T, Vec<Range<u32>>)> {
        self.search(path, true, &|_| true)
    }

    /// Finds, among the values for which `fits` holds, that of the most specific pattern; patterns that end in `{name+}`
    /// come after all others. Unlike with [`find`](Self::find), a path whose value does not fit is no obstacle.
    pub(crate) fn find_fitting(
        &self,
        path: &[u8],
        fits: &impl Fn(&T) -> bool,
    ) -> Option<(&T, Vec<Range<u32>>)> {
        self.search(path, false, fits)
            .or_else(|| self.search(path, true, fits))
    }

    fn search(&self, path: &[u8], greedy: bool, fits: &impl Fn(&T) -> bool) -> Option<(&T, Vec<Range<u32>>)> {
        let (start, end) = bounds(path)?;
        let mut places = Vec::new();
        let value = if start == end {
            self.value_of(self.nodes.first()?, fits)
        } else {
            let search = Search {
                path: path.get(..end)?,
                greedy,
                fits,
            };
            self.walk(0, &search, start, &mut places)
        };
        Some((self.values.get(index(value?))?, places))
    }

    fn value_of(&self, node: &Node, fits: &impl Fn(&T) -> bool) -> Option<u32> {
        node.value
            .filter(|value| self.values.get(index(*value)).is_some_and(fits))
    }

    /// Matches the segments from `start` on. Each node of the trie is visited at most once for a path, because its depth
    /// fixes the segment.
    fn walk<F: Fn(&T) -> bool>(
        &self,
        at: u32,
        search: &Search<'_, F>,
        start: usize,
        places: &mut Vec<Range<u32>>,
    ) -> Option<u32> {
        let node = self.nodes.get(index(at))?;
        let rest = search.path.get(start..)?;
        let length = position(rest, b'/').unwrap_or(rest.len());
        let segment = rest.get(..length)?;
        let next = (length < rest.len()).then_some(start + length + 1);
        let literal = self.literal_below(at, segment);
        if let Some(found) = literal.and_then(|child| self.child(child, search, next, places)) {
            return Some(found);
        }
        if let Some(child) = node.parameter
            && length > 0
        {
            places.push(place(start, start + length)?);
            if let Some(found) = self.child(child, search, next, places) {
                return Some(found);
            }
            places.pop();
        }
        let greedy = node.greedy.filter(|value| {
            search.greedy && length > 0 && self.values.get(index(*value)).is_some_and(search.fits)
        })?;
        places.push(place(start, search.path.len())?);
        Some(greedy)
    }

    fn child<F: Fn(&T) -> bool>(
        &self,
        child: u32,
        search: &Search<'_, F>,
        next: Option<usize>,
        places: &mut Vec<Range<u32>>,
    ) -> Option<u32> {
        match next {
            Some(next) => self.walk(child, search, next, places),
            None => self.value_of(self.nodes.get(index(child))?, search.fits),
        }
    }

    fn literal_below(&self, at: u32, segment: &[u8]) -> Option<u32> {
        let mut key = [0u8; KEY_BYTES_MAX];
        let key = key.get_mut(..4 + segment.len())?;
        let (node, literal) = key.split_at_mut_checked(4)?;
        node.copy_from_slice(&at.to_le_bytes());
        literal.copy_from_slice(segment);
        self.literals.get(&*key).copied()
    }

    fn literal(&mut self, at: u32, text: &str) -> Result<u32, PatternError> {
        if text.len() > LITERAL_BYTES_MAX {
            return Err(PatternError::Segment(text.to_owned()));
        }
        if let Some(known) = self.literal_below(at, text.as_bytes()) {
            return Ok(known);
        }
        let child = self.add()?;
        let key = [at.to_le_bytes().as_slice(), text.as_bytes()].concat();
        self.literals.insert(key.into(), child);
        Ok(child)
    }

    fn parameter(&mut self, at: u32, name: &str) -> Result<u32, PatternError> {
        let known = self.nodes.get(index(at)).and_then(|node| node.parameter);
        if let Some(child) = known {
            return match self.names.get(&at) {
                Some(known) if **known == *name => Ok(child),
                _ => Err(PatternError::Sibling(name.to_owned())),
            };
        }
        let child = self.add()?;
        if let Some(node) = self.nodes.get_mut(index(at)) {
            node.parameter = Some(child);
        }
        self.names.insert(at, name.into());
        Ok(child)
    }

    fn add(&mut self) -> Result<u32, PatternError> {
        let child = u32::try_from(self.nodes.len()).map_err(|_| PatternError::TooMany)?;
        self.nodes.push(Node::default());
        Ok(child)
    }

    fn put(
        &mut self,
        at: u32,
        value: T,
        slot: impl FnOnce(&mut Node) -> &mut Option<u32>,
    ) -> Result<(), PatternError> {
        let next = u32::try_from(self.values.len()).map_err(|_| PatternError::TooMany)?;
        let slot = self
            .nodes
            .get_mut(index(at))
            .map(slot)
            .ok_or(PatternError::Duplicate)?;
        if slot.is_some() {
            return Err(PatternError::Duplicate);
        }
        *slot = Some(next);
        self.values.push(value);
        Ok(())
    }
}

/// A `u32` always fits where we run.
fn index(number: u32) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

/// Returns the names of the parameters of `pattern`, in order.
pub(crate) fn parameter_names(pattern: &str) -> Vec<Arc<str>> {
    let name = |text| match parse_segment(text) {
        Ok(Segment::Parameter(name) | Segment::Greedy(name)) => Some(Arc::from(name)),
        _ => None,
    };
    pattern.split('/').filter_map(name).collect()
}

/// Where the segments lie: past the leading slash, before one trailing slash. `//` is not the root.
fn bounds(path: &[u8]) -> Option<(usize, usize)> {
    match path {
        b"" | b"/" => Some((0, 0)),
        [b'/', middle @ .., b'/'] if !middle.is_empty() => Some((1, path.len() - 1)),
        [b'/', ..] => Some((1, path.len())),
        _ => None,
    }
}

fn place(start: usize, end: usize) -> Option<Range<u32>> {
    Some(u32::try_from(start).ok()?..u32::try_from(end).ok()?)
}

fn parse_segment(text: &str) -> Result<Segment<'_>, PatternError> {
    let wrong = || PatternError::Segment(text.to_owned());
    let is_name = |name: &str| {
        !name.is_empty()
            && name
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"._-$:".contains(&byte))
    };
    if let Some(inner) = text.strip_prefix('{') {
        let inner = inner.strip_suffix('}').ok_or_else(wrong)?;
        let (name, greedy) = inner
            .strip_suffix('+')
            .map_or((inner, false), |name| (name, true));
        if !is_name(name) {
            return Err(wrong());
        }
        return Ok(if greedy {
            Segment::Greedy(name)
        } else {
            Segment::Parameter(name)
        });
    }
    let is_literal = |byte: u8| byte.is_ascii_alphanumeric() || b"._-,:$~%@!*'()+&=;".contains(&byte);
    if text.is_empty() || !text.bytes().all(is_literal) {
        return Err(wrong());
    }
    Ok(Segment::Literal(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn router(patterns: &[&'static str]) -> Router<&'static str> {
        let mut router = Router::new();
        for pattern in patterns {
            router.insert(pattern, *pattern).unwrap();
        }
        router
    }

    fn find(router: &Router<&'static str>, path: &str) -> Option<(&'static str, Vec<String>)> {
        let (found, places) = router.find(path.as_bytes())?;
        let texts = places.into_iter().map(|place| {
            path.get(place.start as usize..place.end as usize)
                .unwrap()
                .to_owned()
        });
        Some((*found, texts.collect()))
    }

    #[test]
    fn literal_beats_parameter_beats_greedy() {
        let router = router(&[
            "/",
            "/pets",
            "/pets/new",
            "/pets/{id}",
            "/pets/{id}/toys",
            "/{proxy+}",
        ]);
        type Expected = Option<(&'static str, &'static [&'static str])>;
        let cases: [(&str, Expected); 14] = [
            ("/", Some(("/", &[]))),
            ("", Some(("/", &[]))),
            ("/pets", Some(("/pets", &[]))),
            ("/pets/", Some(("/pets", &[]))),
            ("/pets/new", Some(("/pets/new", &[]))),
            ("/pets/7", Some(("/pets/{id}", &["7"]))),
            ("/pets/a%2Fb/", Some(("/pets/{id}", &["a%2Fb"]))),
            ("/pets/7/toys", Some(("/pets/{id}/toys", &["7"]))),
            // The literal `new` has no children, so the parameter is tried.
            ("/pets/new/toys", Some(("/pets/{id}/toys", &["new"]))),
            ("/pets/7/food", Some(("/{proxy+}", &["pets/7/food"]))),
            ("/other/x/", Some(("/{proxy+}", &["other/x"]))),
            ("/%70ets", Some(("/{proxy+}", &["%70ets"]))),
            ("//", None),
            ("//pets", None),
        ];
        for (path, expected) in cases {
            let expected =
                expected.map(|(found, places)| (found, places.iter().map(ToString::to_string).collect()));
            assert_eq!(find(&router, path), expected, "{path}");
        }
    }

    #[test]
    fn greedy_does_not_match_its_parent() {
        let router = router(&["/files/{path+}"]);
        assert_eq!(find(&router, "/files"), None);
        assert_eq!(find(&router, "/files/"), None);
        assert_eq!(find(&router, "/files/a").unwrap().1, ["a"]);
        assert_eq!(find(&router, "/files/a//b").unwrap().1, ["a//b"]);
        assert_eq!(find(&router, "files/a"), None);
    }

    #[test]
    fn segment_longer_than_any_literal_is_a_parameter_still() {
        let router = router(&["/a/{id}"]);
        let long = "x".repeat(10_000);
        assert_eq!(find(&router, &format!("/a/{long}")).unwrap().1, [long]);
    }

    #[test]
    fn empty_segment_is_no_parameter() {
        let router = router(&["/a/{id}/b"]);
        assert_eq!(find(&router, "/a//b"), None);
    }

    #[test]
    fn patterns_that_cannot_be_routed_are_refused() {
        let mut router = router(&["/pets/{id}", "/{proxy+}"]);
        let mut refused = |pattern: &str| router.insert(pattern, "x").unwrap_err();
        assert_eq!(refused("pets"), PatternError::NoSlash);
        assert_eq!(refused("/pets/{id}"), PatternError::Duplicate);
        assert_eq!(refused("/{other+}"), PatternError::Duplicate);
        assert_eq!(refused("/pets/{name}/x"), PatternError::Sibling("name".into()));
        let long = format!("/{}", "x".repeat(253));
        assert!(matches!(refused(&long), PatternError::Segment(_)));
        for pattern in ["/a//b", "/{x+}/y", "/{", "/{}", "/{+}", "/a{b}", "/a b"] {
            assert!(matches!(refused(pattern), PatternError::Segment(_)), "{pattern}");
        }
    }

    #[test]
    fn greedy_comes_after_every_full_match_and_what_does_not_fit_is_passed_over() {
        let mut router = Router::new();
        for (pattern, value) in [
            ("/a/b/{rest+}", "greedy"),
            ("/a/{x}/c", "full"),
            ("/a/b/d", "post only"),
            ("/{all+}", "all"),
            ("/", "root"),
        ] {
            router.insert(pattern, value).unwrap();
        }
        let find = |path: &[u8]| {
            router
                .find_fitting(path, &|value| *value != "post only" && *value != "root")
                .map(|(value, _)| *value)
        };
        assert_eq!(find(b"/a/b/c"), Some("full"));
        assert_eq!(router.find(b"/a/b/c").unwrap().0, &"greedy");
        assert_eq!(find(b"/a/b/d"), Some("greedy"));
        assert_eq!(find(b"/x"), Some("all"));
        assert_eq!(find(b"/"), None);
        let (_, places) = router.find_fitting(b"/a/b/c", &|_| true).unwrap();
        assert_eq!(places.first(), Some(&(3..4)));
    }

    #[test]
    fn parameter_names_come_in_order() {
        let names = parameter_names("/a/{b}/c/{d+}");
        assert_eq!(names, [Arc::from("b"), Arc::from("d")]);
    }

    #[test]
    fn every_pattern_of_a_large_api_is_found() {
        let mut router = Router::new();
        for index in 0..10_000 {
            router.insert(&format!("/v1/items{index}/{{id}}"), index).unwrap();
        }
        for index in (0..10_000).step_by(97) {
            let path = format!("/v1/items{index}/x");
            assert_eq!(router.find(path.as_bytes()).unwrap().0, &index);
        }
    }
}
