//! Reads YAML into a tree with places, from the event stream of `saphyr-parser`. Short forms become long ones.
//!
//! Scalars, where YAML 1.1, YAML 1.2 and AWS differ: only `true` and `false` are booleans while reading, so that
//! `yes`, `no`, `on` and `off` survive as texts and keys; `coerce` makes booleans of them where one is wanted.
//! Numbers are decimal and keep their text; dates, octal and hexadecimal numbers are texts. Aliases are followed
//! (AWS refuses them), merge keys are refused.

use std::collections::HashMap;

use portcullis_model::Place;
use saphyr_parser::{Event, Marker, Parser, ScalarStyle, Tag};

use super::node::{Key, Node, NodeKind};
use super::tree::{Ledger, MapBuilder, Unreadable, depth};

/// The short forms, and the key each stands for.
const SHORT_FORMS: [(&str, &str); 20] = [
    ("Ref", "Ref"),
    ("Condition", "Condition"),
    ("And", "Fn::And"),
    ("Base64", "Fn::Base64"),
    ("Cidr", "Fn::Cidr"),
    ("Equals", "Fn::Equals"),
    ("FindInMap", "Fn::FindInMap"),
    ("GetAtt", "Fn::GetAtt"),
    ("GetAZs", "Fn::GetAZs"),
    ("If", "Fn::If"),
    ("ImportValue", "Fn::ImportValue"),
    ("Join", "Fn::Join"),
    ("Length", "Fn::Length"),
    ("Not", "Fn::Not"),
    ("Or", "Fn::Or"),
    ("Select", "Fn::Select"),
    ("Split", "Fn::Split"),
    ("Sub", "Fn::Sub"),
    ("ToJsonString", "Fn::ToJsonString"),
    ("Transform", "Fn::Transform"),
];

/// Reads one YAML document.
pub(super) fn read_yaml(text: &str, ledger: &mut Ledger) -> Result<Node, Unreadable> {
    let mut reader = Reader {
        frames: Vec::new(),
        depth: 0,
        anchors: HashMap::new(),
        root: None,
        ledger,
    };
    let mut parser = Parser::new_from_str(text);
    let mut documents = 0;
    while let Some(next) = parser.next_event() {
        let (event, span) = next.map_err(|cause| {
            Unreadable::new(place_of(cause.marker()), format!("not YAML: {}", cause.info()))
        })?;
        let place = place_of(&span.start);
        if let Event::DocumentStart(_) = event {
            documents += 1;
            if documents > 1 {
                let noun = reader.ledger.bounds.noun;
                return Err(Unreadable::new(
                    place,
                    format!("the {noun} is one YAML document, a second one begins here"),
                ));
            }
        }
        reader.event(event, place)?;
    }
    let start = Place { line: 1, column: 1 };
    let noun = reader.ledger.bounds.noun;
    reader
        .root
        .ok_or_else(|| Unreadable::new(start, format!("the {noun} is empty")))
}

fn place_of(marker: &Marker) -> Place {
    Place {
        line: u32::try_from(marker.line()).unwrap_or(u32::MAX),
        column: u32::try_from(marker.col().saturating_add(1)).unwrap_or(u32::MAX),
    }
}

struct Reader<'ledger> {
    frames: Vec<Frame>,
    depth: usize,
    anchors: HashMap<usize, Node>,
    root: Option<Node>,
    ledger: &'ledger mut Ledger,
}

/// A list or an object that is not closed yet.
struct Frame {
    place: Place,
    anchor: usize,
    short_form: Option<&'static str>,
    content: Content,
}

enum Content {
    List(Vec<Node>),
    Map { map: MapBuilder, key: Option<Key> },
}

impl Reader<'_> {
    fn event(&mut self, event: Event<'_>, place: Place) -> Result<(), Unreadable> {
        match event {
            Event::Scalar(text, style, anchor, tag) => {
                self.ledger.pay(place)?;
                let tag = self.meaning(tag.as_deref(), place)?;
                let node = scalar(&text, style, tag, place)?;
                self.complete(node, anchor, tag.short_form())
            }
            Event::SequenceStart(anchor, tag) => {
                self.open(Content::List(Vec::new()), anchor, tag.as_deref(), place)
            }
            Event::MappingStart(anchor, tag) => {
                let (map, key) = (MapBuilder::default(), None);
                self.open(Content::Map { map, key }, anchor, tag.as_deref(), place)
            }
            Event::SequenceEnd | Event::MappingEnd => self.close(place),
            Event::Alias(anchor) => {
                let unknown =
                    || Unreadable::new(place, "this alias stands inside what it names, or names nothing");
                let mut node = self.anchors.get(&anchor).cloned().ok_or_else(unknown)?;
                self.ledger.pay_copy(&node, place)?;
                if self.depth + depth(&node) > self.ledger.bounds.depth_max {
                    return Err(self.too_deep(place));
                }
                node.place = place;
                self.complete(node, 0, None)
            }
            _ => Ok(()),
        }
    }

    fn open(
        &mut self,
        content: Content,
        anchor: usize,
        tag: Option<&Tag>,
        place: Place,
    ) -> Result<(), Unreadable> {
        self.ledger.pay(place)?;
        let short_form = match self.meaning(tag, place)? {
            Meaning::ShortForm(key) => Some(key),
            Meaning::Core(name) if !matches!(name, "seq" | "map") => {
                return Err(Unreadable::new(
                    place,
                    format!("the tag `!!{name}` does not fit a list or an object"),
                ));
            }
            _ => None,
        };
        self.depth += 1 + usize::from(short_form.is_some());
        if self.depth > self.ledger.bounds.depth_max {
            return Err(self.too_deep(place));
        }
        self.frames.push(Frame {
            place,
            anchor,
            short_form,
            content,
        });
        Ok(())
    }

    fn close(&mut self, place: Place) -> Result<(), Unreadable> {
        let Some(frame) = self.frames.pop() else {
            return Err(Unreadable::new(
                place,
                "a list or an object ends here that never began",
            ));
        };
        self.depth = self
            .depth
            .saturating_sub(1 + usize::from(frame.short_form.is_some()));
        let kind = match frame.content {
            Content::List(items) => NodeKind::List(items),
            Content::Map { map, .. } => map.finish(),
        };
        let node = Node {
            place: frame.place,
            kind,
        };
        self.complete(node, frame.anchor, frame.short_form)
    }

    /// Puts a complete value where it belongs.
    fn complete(&mut self, node: Node, anchor: usize, short_form: Option<&str>) -> Result<(), Unreadable> {
        let place = node.place;
        let node = match short_form {
            Some(text) => long_form(text, node),
            None => node,
        };
        if anchor != 0 {
            self.ledger.pay_copy(&node, place)?;
            self.anchors.insert(anchor, node.clone());
        }
        match self.frames.last_mut().map(|frame| &mut frame.content) {
            None => self.root = Some(node),
            Some(Content::List(items)) => items.push(node),
            Some(Content::Map { map, key }) => match key.take() {
                Some(key) => map.insert(key, node, &mut self.ledger.warnings),
                None => *key = Some(key_of(&node)?),
            },
        }
        Ok(())
    }

    fn meaning<'t>(&self, tag: Option<&'t Tag>, place: Place) -> Result<Meaning<'t>, Unreadable> {
        match meaning(tag, place)? {
            Meaning::ShortForm(key) if !self.ledger.bounds.short_forms => Err(Unreadable::new(
                place,
                format!(
                    "short forms as `{key}` belong to templates, not to a {}",
                    self.ledger.bounds.noun
                ),
            )),
            meaning => Ok(meaning),
        }
    }

    fn too_deep(&self, place: Place) -> Unreadable {
        let depth_max = self.ledger.bounds.depth_max;
        Unreadable::new(
            place,
            format!("lists and objects nest deeper than {depth_max} levels"),
        )
    }
}

fn long_form(key: &str, node: Node) -> Node {
    let place = node.place;
    let key = Key {
        text: key.to_owned(),
        place,
    };
    Node {
        place,
        kind: NodeKind::Map(vec![(key, node)]),
    }
}

fn key_of(node: &Node) -> Result<Key, Unreadable> {
    let text = match &node.kind {
        NodeKind::Null => "null",
        NodeKind::String { text, plain: true } if text == "<<" => {
            return Err(Unreadable::new(
                node.place,
                "merge keys are not supported: repeat the keys here",
            ));
        }
        _ => node
            .scalar_text()
            .ok_or_else(|| Unreadable::new(node.place, "a key must be a text, not a list or an object"))?,
    };
    Ok(Key {
        text: text.to_owned(),
        place: node.place,
    })
}

/// What a tag says of its value.
#[derive(Clone, Copy)]
enum Meaning<'a> {
    Nothing,
    /// `!`: a text, whatever it looks like.
    Text,
    Core(&'a str),
    ShortForm(&'static str),
}

impl Meaning<'_> {
    fn short_form(self) -> Option<&'static str> {
        match self {
            Meaning::ShortForm(key) => Some(key),
            _ => None,
        }
    }
}

fn meaning(tag: Option<&Tag>, place: Place) -> Result<Meaning<'_>, Unreadable> {
    let Some(tag) = tag else {
        return Ok(Meaning::Nothing);
    };
    if tag.is_yaml_core_schema() {
        return Ok(Meaning::Core(&tag.suffix));
    }
    if tag.suffix.is_empty() || (tag.handle.is_empty() && tag.suffix == "!") {
        return Ok(Meaning::Text);
    }
    let known = SHORT_FORMS
        .iter()
        .find(|(name, _)| tag.handle == "!" && *name == tag.suffix);
    match known {
        Some((_, key)) => Ok(Meaning::ShortForm(key)),
        None => {
            let names = SHORT_FORMS.iter().map(|(name, _)| *name);
            let hint = crate::names::did_you_mean(&tag.suffix, names);
            Err(Unreadable::new(
                place,
                format!("unknown short form `!{}`{hint}", tag.suffix),
            ))
        }
    }
}

fn scalar(text: &str, style: ScalarStyle, tag: Meaning<'_>, place: Place) -> Result<Node, Unreadable> {
    let plain = style == ScalarStyle::Plain;
    let as_text = || NodeKind::String {
        text: text.to_owned(),
        plain,
    };
    let kind = match tag {
        Meaning::Nothing if plain => plain_scalar(text),
        Meaning::Nothing | Meaning::Text | Meaning::ShortForm(_) | Meaning::Core("str") => as_text(),
        Meaning::Core("int" | "float" | "bool" | "null") => plain_scalar(text),
        Meaning::Core(name) => {
            return Err(Unreadable::new(
                place,
                format!("the tag `!!{name}` is not supported here"),
            ));
        }
    };
    Ok(Node { place, kind })
}

fn plain_scalar(text: &str) -> NodeKind {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => NodeKind::Null,
        "true" | "True" | "TRUE" => NodeKind::Bool(true),
        "false" | "False" | "FALSE" => NodeKind::Bool(false),
        _ if is_decimal(text) => NodeKind::Number(text.to_owned()),
        _ => NodeKind::String {
            text: text.to_owned(),
            plain: true,
        },
    }
}

/// Tells whether a text is a decimal number: sign, digits, fraction, exponent.
fn is_decimal(text: &str) -> bool {
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    let (mantissa, exponent) = match unsigned.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent)),
        None => (unsigned, None),
    };
    let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let exponent_fits = exponent.is_none_or(|exponent| {
        let unsigned = exponent.strip_prefix(['-', '+']).unwrap_or(exponent);
        !unsigned.is_empty() && digits(unsigned)
    });
    !(whole.is_empty() && fraction.is_empty()) && digits(whole) && digits(fraction) && exponent_fits
}
