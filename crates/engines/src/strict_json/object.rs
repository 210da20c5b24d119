//! An object as it was sent, whose members are found in its text: nothing is built of what nobody asks for.
//!
//! Only a plain object is kept as text: its names and texts have no escapes, its lists hold no lists and no objects, its numbers fit
//! 64 bits. Any other is built whole by the strict parser, which alone decides what is refused.

use std::{borrow::Cow, fmt, ops::Range};

use serde::de::{Deserializer, Error, MapAccess, Visitor};
use serde_json::{Map, Value, value::RawValue};

/// The most members of an object that is kept as text: they are looked through one by one.
const PLAIN_MEMBERS_MAX: usize = 32;
/// The longest number that no parser rounds or refuses, in characters.
const PLAIN_NUMBER_CHARS_MAX: usize = 18;

/// A JSON object without duplicate names.
#[derive(Clone, Debug)]
pub struct Object(Form);

#[derive(Clone, Debug)]
enum Form {
    Plain { text: Box<str>, members: Box<[Member]> },
    Built(Map<String, Value>),
}

/// Where a member stands in the text, in bytes.
#[derive(Clone, Debug)]
struct Member {
    name: Range<u16>,
    value: Range<u16>,
}

impl Object {
    /// Returns the object that `bytes` hold; none where [`super::parse_object`] has none.
    pub fn parse(bytes: &[u8]) -> Option<Self> {
        let text = str::from_utf8(bytes).ok()?;
        if let Some(members) = plain_members(text) {
            let text = text.into();
            return Some(Self(Form::Plain { text, members }));
        }
        super::parse_object(bytes).map(Self::from)
    }

    /// Tells whether there is a member `name`, be it null.
    pub fn contains(&self, name: &str) -> bool {
        match &self.0 {
            Form::Plain { text, members } => find(text, members, name).is_some(),
            Form::Built(object) => object.contains_key(name),
        }
    }

    /// Returns the value of `name`.
    pub fn get(&self, name: &str) -> Option<Cow<'_, Value>> {
        match &self.0 {
            Form::Plain { text, members } => value(find(text, members, name)?).map(Cow::Owned),
            Form::Built(object) => object.get(name).map(Cow::Borrowed),
        }
    }

    /// Returns the value of `name` when it is text.
    pub fn text(&self, name: &str) -> Option<&str> {
        match &self.0 {
            Form::Plain { text, members } => plain_text(find(text, members, name)?),
            Form::Built(object) => object.get(name)?.as_str(),
        }
    }

    /// Returns the value of `name` when it is a number, rounded down.
    pub fn number(&self, name: &str) -> Option<i64> {
        if let Form::Plain { text, members } = &self.0
            && let Ok(whole) = find(text, members, name)?.parse()
        {
            return Some(whole);
        }
        let number = self.get(name)?;
        // A float beyond i64 saturates, which keeps its order.
        number
            .as_i64()
            .or_else(|| number.as_f64().map(|value| value.floor() as i64))
    }

    /// Returns the value of `name` as a list: one text, or a list of nothing but texts; none when absent or anything else.
    pub fn strings(&self, name: &str) -> Option<Vec<&str>> {
        match &self.0 {
            Form::Plain { text, members } => {
                let raw = find(text, members, name)?;
                match plain_text(raw) {
                    Some(one) => Some(vec![one]),
                    // Texts without escapes are taken where they stand.
                    None => serde_json::from_str(raw).ok(),
                }
            }
            Form::Built(object) => match object.get(name)? {
                Value::String(text) => Some(vec![text.as_str()]),
                Value::Array(list) => list.iter().map(Value::as_str).collect(),
                _ => None,
            },
        }
    }

    /// Returns all members, in order.
    pub fn to_map(&self) -> Cow<'_, Map<String, Value>> {
        match &self.0 {
            Form::Plain { text, .. } => Cow::Owned(super::parse_object(text.as_bytes()).unwrap_or_default()),
            Form::Built(object) => Cow::Borrowed(object),
        }
    }

    /// Returns about how much memory it takes beside itself, in bytes.
    pub fn size(&self) -> usize {
        match &self.0 {
            Form::Plain { text, members } => text.len() + size_of_val(&**members),
            Form::Built(object) => object.iter().map(|(name, value)| name.len() + size(value)).sum(),
        }
    }
}

impl From<Map<String, Value>> for Object {
    fn from(object: Map<String, Value>) -> Self {
        Self(Form::Built(object))
    }
}

/// Objects are equal when they mean the same.
impl PartialEq for Object {
    fn eq(&self, other: &Self) -> bool {
        self.to_map() == other.to_map()
    }
}

fn size(value: &Value) -> usize {
    /// What a member costs beside its text.
    const OVERHEAD: usize = 128;
    OVERHEAD
        + match value {
            Value::String(text) => text.len(),
            Value::Array(list) => list.iter().map(size).sum(),
            Value::Object(object) => object.iter().map(|(name, value)| name.len() + size(value)).sum(),
            _ => 0,
        }
}

fn find<'a>(text: &'a str, members: &[Member], name: &str) -> Option<&'a str> {
    let slice = |range: &Range<u16>| text.as_bytes().get(range.start.into()..range.end.into());
    let member = members
        .iter()
        .find(|member| slice(&member.name) == Some(name.as_bytes()))?;
    text.get(member.value.start.into()..member.value.end.into())
}

fn value(raw: &str) -> Option<Value> {
    super::parse(raw.as_bytes())
}

fn plain_text(raw: &str) -> Option<&str> {
    raw.strip_prefix('"')?.strip_suffix('"')
}

/// Returns where the members of `text` stand, if it is a plain object.
fn plain_members(text: &str) -> Option<Box<[Member]>> {
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let members = deserializer.deserialize_map(Plain(text)).ok()?;
    deserializer.end().ok()?;
    Some(members)
}

struct Plain<'a>(&'a str);

impl Plain<'_> {
    /// Returns where `part`, a slice of the text, stands in it.
    fn place(&self, part: &str) -> Option<Range<u16>> {
        let start = part.as_ptr().addr().checked_sub(self.0.as_ptr().addr())?;
        let end = start.checked_add(part.len())?;
        Some(start.try_into().ok()?..end.try_into().ok()?)
    }
}

impl<'de> Visitor<'de> for Plain<'de> {
    type Value = Box<[Member]>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a plain object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Self::Value, A::Error> {
        let other = || A::Error::custom("not plain");
        let mut names: [&str; PLAIN_MEMBERS_MAX] = [""; PLAIN_MEMBERS_MAX];
        let mut members = Vec::with_capacity(PLAIN_MEMBERS_MAX);
        // A name with escapes cannot be borrowed, which is an error.
        while let Some(name) = access.next_key::<&str>()? {
            let value = access.next_value::<&RawValue>()?.get();
            let known = names.get(..members.len()).ok_or_else(other)?;
            if known.contains(&name) || !is_plain(value) {
                return Err(other());
            }
            *names.get_mut(members.len()).ok_or_else(other)? = name;
            members.push(Member {
                name: self.place(name).ok_or_else(other)?,
                value: self.place(value).ok_or_else(other)?,
            });
        }
        Ok(members.into())
    }
}

/// Tells of a value, which is JSON by its grammar, whether it means what stands there.
fn is_plain(raw: &str) -> bool {
    let bytes = raw.as_bytes();
    match bytes.split_first() {
        Some((b'"', rest)) => memchr::memchr(b'\\', rest).is_none(),
        Some((b'[', rest)) => memchr::memchr3(b'\\', b'{', b'[', rest).is_none() && value(raw).is_some(),
        Some((b'{', _)) => false,
        Some((b't' | b'f' | b'n', _)) => true,
        _ => bytes.len() <= PLAIN_NUMBER_CHARS_MAX && memchr::memchr2(b'e', b'E', bytes).is_none(),
    }
}

#[cfg(test)]
mod tests {
    use super::{super::parse_object, *};

    /// Checks that an object says the same as the map of the strict parser.
    fn check(bytes: &[u8]) {
        let shown = String::from_utf8_lossy(bytes);
        let map = parse_object(bytes);
        let object = Object::parse(bytes);
        let found = object.as_ref().map(|object| object.to_map().into_owned());
        assert_eq!(found, map, "{shown}");
        let (Some(map), Some(object)) = (map, object) else {
            return;
        };
        assert!(!object.contains("not there") && object.get("not there").is_none());
        let built = Object::from(map.clone());
        for (name, value) in &map {
            assert!(object.contains(name), "{shown}");
            assert_eq!(object.get(name).as_deref(), Some(value), "{shown}");
            assert_eq!(object.text(name), value.as_str(), "{shown}");
            assert_eq!(object.number(name), built.number(name), "{shown}");
            assert_eq!(object.strings(name), built.strings(name), "{shown}");
        }
    }

    const OBJECTS: [&str; 20] = [
        r#"{"sub":"ada","exp":1700000000,"aud":["a","b"],"email_verified":true,"none":null,"scope":"read write"}"#,
        r#" { "iss" : "https://id.example" , "iat" : 17.5 , "groups" : [ ] } "#,
        r#"{"a":1,"a":2}"#,
        r#"{"a":1,"\u0061":2}"#,
        r#"{"na\u006de":"t\u0065xt","q":"\"","s":"\\"}"#,
        r#"{"lone":"\ud800"}"#,
        r#"{"deep":{"a":[1,{"b":2}],"c":{}}}"#,
        r#"{"deep":{"a":1,"a":2}}"#,
        r#"{"deep":[{"a":1,"a":2}]}"#,
        r#"{"n":-0,"z":0,"f":1e3,"g":1E400,"h":123456789012345678901234567890,"i":-9223372036854775808}"#,
        r#"{"l":[1e999]}"#,
        r#"{"l":[1,"a",null,true,-7.25]}"#,
        r#"{"l":["[","{"]}"#,
        r#"{"n":01}"#,
        r#"{"n":+1}"#,
        r#"{"n":1.}"#,
        r#"{"a":1,}"#,
        r#"{"a":1} x"#,
        r#"{"":"","ä":"ö€","tab":"	"}"#,
        r#"["a"]"#,
    ];

    #[test]
    fn object_kept_as_text_says_what_the_strict_parser_says() {
        for text in OBJECTS {
            check(text.as_bytes());
        }
        let many = |count: usize| {
            let members: Vec<_> = (0..count)
                .map(|number| format!("\"n{number}\":{number}"))
                .collect();
            format!("{{{}}}", members.join(","))
        };
        for count in [0, 1, 31, 32, 33, 200] {
            check(many(count).as_bytes());
        }
        for depth in [2, 60, 126, 127, 128, 129, 500] {
            check(format!("{{\"a\":{}{}}}", "[".repeat(depth), "]".repeat(depth)).as_bytes());
        }
        check(format!("{{\"a\":\"{}\",\"b\":1}}", "x".repeat(70_000)).as_bytes());
        check(b"{\"a\":\"\xff\"}");
        check(b"{\"a\":\"\x01\"}");
        check(b"");
    }

    #[test]
    fn changed_objects_say_what_the_strict_parser_says() {
        let mut state = 7_u64;
        let mut random = |below: usize| {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            (state >> 33) as usize % below
        };
        let pieces: &[u8] = b"\"\\{}[],:0123456789eE.-+ntf u\x00\x7f\xc3\xa4";
        for round in 0..40_000 {
            let mut bytes = OBJECTS[round % OBJECTS.len()].as_bytes().to_vec();
            for _ in 0..=random(3) {
                let at = random(bytes.len());
                match random(3) {
                    0 => bytes[at] = pieces[random(pieces.len())],
                    1 => bytes.insert(at, pieces[random(pieces.len())]),
                    _ => drop(bytes.remove(at)),
                }
            }
            check(&bytes);
        }
    }
}
