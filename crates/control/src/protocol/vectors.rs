//! The protocol cases of botocore, the other way round: what a client sends must parse to the parameters that it was
//! given, and a result must serialise to what a client reads. What only a client can meet is listed with its reason;
//! an entry that would pass fails the test, so the list can only shrink.

use std::{
    collections::HashMap,
    path::PathBuf,
    sync::{Arc, OnceLock},
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use portcullis_model::HeaderList;
use serde_json::{Map, Value, json};

use super::{
    WireAnswer, json_1_1, query_xml,
    rest_json::{self, RestRequest},
    shape::{List, Location, Map as MapShape, Member, Namespace, Shape, Structure, TimestampFormat},
};

mod left_out;
mod xml_tree;

use left_out::LEFT_OUT;

/// Builds shapes from a model, each name once.
struct Model<'a> {
    shapes: &'a Value,
    named: std::cell::RefCell<HashMap<String, Arc<OnceLock<Shape>>>>,
}

impl Model<'_> {
    fn shape(&self, name: &str) -> Shape {
        if let Some(named) = self.named.borrow().get(name) {
            return Shape::Named(Arc::clone(named));
        }
        let named = Arc::new(OnceLock::new());
        self.named
            .borrow_mut()
            .insert(name.to_owned(), Arc::clone(&named));
        named.set(self.build(&self.shapes[name])).unwrap();
        Shape::Named(named)
    }

    fn build(&self, model: &Value) -> Shape {
        if model["document"] == true {
            return Shape::Any;
        }
        match model["type"].as_str().unwrap() {
            "structure" => Shape::Structure(Arc::new(Structure {
                members: model["members"]
                    .as_object()
                    .unwrap()
                    .iter()
                    .map(|(name, reference)| self.member(name, reference))
                    .collect(),
                payload: model["payload"].as_str().map(str::to_owned),
                open: false,
            })),
            "list" => Shape::List(Arc::new(List {
                member: self.member("", &model["member"]),
            })),
            "map" => Shape::Map(Arc::new(MapShape {
                key: self.member("", &model["key"]),
                value: self.member("", &model["value"]),
            })),
            "integer" | "long" | "short" | "byte" => Shape::Integer,
            "float" | "double" => Shape::Float,
            "boolean" => Shape::Boolean,
            "blob" => Shape::Blob,
            "timestamp" => Shape::Timestamp(match model["timestampFormat"].as_str() {
                Some("iso8601") => Some(TimestampFormat::Iso8601),
                Some("rfc822") => Some(TimestampFormat::Rfc822),
                Some("unixTimestamp") => Some(TimestampFormat::UnixSeconds),
                other => other.map(|unknown| panic!("{unknown}")),
            }),
            "string" | "character" => Shape::Text,
            unknown => panic!("{unknown}"),
        }
    }

    fn member(&self, name: &str, reference: &Value) -> Member {
        Member {
            name: name.to_owned(),
            wire_name: reference["locationName"].as_str().map(str::to_owned),
            location: match reference["location"].as_str() {
                None => Location::Body,
                Some("uri") => Location::Uri,
                Some("querystring") => Location::Query,
                Some("header") => Location::Header,
                Some("headers") => Location::Headers,
                Some("statusCode") => Location::StatusCode,
                Some(unknown) => panic!("{unknown}"),
            },
            shape: if reference["jsonvalue"] == true {
                Shape::JsonText
            } else {
                self.shape(reference["shape"].as_str().unwrap())
            },
            flattened: reference["flattened"] == true,
            namespace: match &reference["xmlNamespace"] {
                Value::Null => None,
                Value::String(uri) => Some(Namespace {
                    prefix: None,
                    uri: uri.clone(),
                }),
                declared => Some(Namespace {
                    prefix: declared["prefix"].as_str().map(str::to_owned),
                    uri: declared["uri"].as_str().unwrap().to_owned(),
                }),
            },
        }
    }

    fn reference(&self, reference: &Value) -> Shape {
        match reference["shape"].as_str() {
            Some(name) => self.shape(name),
            None => Shape::Structure(Arc::default()),
        }
    }
}

/// The cases write blobs as the text that they hold, and nulls where we leave out.
fn ours(shape: &Shape, value: &Value) -> Value {
    match (shape.resolved(), value) {
        (Shape::Blob, Value::String(text)) => STANDARD.encode(text).into(),
        (Shape::Structure(structure), Value::Object(object)) => object
            .iter()
            .filter(|(_, value)| !value.is_null())
            .map(|(name, value)| {
                let member = structure
                    .members
                    .iter()
                    .find(|member| &member.name == name)
                    .unwrap();
                (name.clone(), ours(&member.shape, value))
            })
            .collect(),
        (Shape::List(list), Value::Array(items)) => {
            items.iter().map(|item| ours(&list.member.shape, item)).collect()
        }
        (Shape::Map(map), Value::Object(entries)) => entries
            .iter()
            .map(|(key, value)| (key.clone(), ours(&map.value.shape, value)))
            .collect(),
        (_, value) => value.clone(),
    }
}

fn headers_of(wire: &Value) -> HeaderList {
    let fields = wire["headers"].as_object().cloned().unwrap_or_default();
    fields
        .into_iter()
        .map(|(name, value)| (name, value.as_str().unwrap().to_owned()))
        .collect()
}

fn parse_input(protocol: &str, model: &Value, case: &Value, shape: &Shape) -> Result<Value, String> {
    let wire = &case["serialized"];
    let headers = headers_of(wire);
    let body = wire["body"].as_str().unwrap_or_default();
    let uri = wire["uri"].as_str().unwrap();
    let (path, query) = uri.split_once('?').unwrap_or((uri, ""));
    let name = case["given"]["name"].as_str().unwrap();
    let input = match protocol {
        "json" => {
            let prefix = model["metadata"]["targetPrefix"].as_str().unwrap();
            if let Some(target) = headers.text("x-amz-target") {
                assert_eq!(target, format!("{prefix}.{name}"));
            }
            json_1_1::read(shape, body.as_bytes())
        }
        "query" => {
            let mut fields = query_xml::parse_form(body).map_err(|error| error.message)?;
            if fields.len() < 2 {
                return Err("the case has no form".into());
            }
            assert_eq!(fields.remove(0), ("Action".to_owned(), name.to_owned()));
            assert_eq!(fields.remove(0).0, "Version");
            query_xml::read_input(shape, fields)
        }
        _ => {
            let template = case["given"]["http"]["requestUri"].as_str().unwrap();
            let request = RestRequest {
                method: wire["method"].as_str().unwrap(),
                path,
                query,
                headers: &headers,
                body: body.as_bytes(),
            };
            match rest_json::read(template, shape, &request) {
                Ok(None) => return Err(format!("`{path}` does not fit `{template}`")),
                read => read.map(Option::unwrap_or_default),
            }
        }
    };
    input.map(Value::Object).map_err(|error| error.message)
}

fn input_agrees(protocol: &str, model: &Value, case: &Value) -> Result<(), String> {
    let shapes = Model {
        shapes: &model["shapes"],
        named: Default::default(),
    };
    let shape = shapes.reference(&case["given"]["input"]);
    let expected = ours(&shape, &case["params"]);
    let parsed = parse_input(protocol, model, case, &shape)?;
    if numbers(&parsed) == numbers(&expected) {
        Ok(())
    } else {
        Err(format!("parsed {parsed}, expected {expected}"))
    }
}

/// 1 and 1.0 are the same number.
fn numbers(value: &Value) -> Value {
    match value {
        Value::Number(number) => json!(number.as_f64()),
        Value::Array(items) => items.iter().map(numbers).collect(),
        Value::Object(object) => {
            let mut sorted: Vec<_> = object.iter().collect();
            sorted.sort_by_key(|(key, _)| key.as_str());
            sorted
                .into_iter()
                .map(|(key, value)| (key.clone(), numbers(value)))
                .collect()
        }
        other => other.clone(),
    }
}

fn serialise_output(protocol: &str, case: &Value, shapes: &Model<'_>) -> WireAnswer {
    let given = &case["given"];
    let name = given["name"].as_str().unwrap();
    if let Some(code) = case["errorCode"].as_str() {
        let error = shapes.reference(&given["errors"][0]);
        let members = ours(&error, &case["error"]);
        let declared = &shapes.shapes[given["errors"][0]["shape"].as_str().unwrap()]["error"];
        let status = declared["httpStatusCode"].as_u64();
        let status = status.or(case["response"]["status_code"].as_u64());
        let status = u16::try_from(status.unwrap()).unwrap();
        return match protocol {
            "json" => WireAnswer {
                status,
                ..json_1_1::serialise_error_members(code, &error, &members)
            },
            "query" => query_xml::serialise_error_members("", code, status, &error, &members, "id"),
            _ => rest_json::serialise_error_members(code, status, &error, &members),
        };
    }
    let shape = shapes.reference(&given["output"]);
    let result = ours(&shape, &case["result"]);
    match protocol {
        "json" => json_1_1::serialise(&shape, &result),
        "query" => query_xml::serialise("https://example.com/", name, &shape, &result, "id"),
        _ => {
            let status = given["http"]["responseCode"].as_u64().unwrap();
            rest_json::serialise(u16::try_from(status).unwrap(), &shape, &result)
        }
    }
}

fn output_agrees(protocol: &str, model: &Value, case: &Value) -> Result<(), String> {
    let shapes = Model {
        shapes: &model["shapes"],
        named: Default::default(),
    };
    let answer = serialise_output(protocol, case, &shapes);
    let wire = &case["response"];
    if json!(answer.status) != wire["status_code"] {
        return Err(format!("status {}", answer.status));
    }
    for (name, value) in headers_of(wire).iter() {
        let name = std::str::from_utf8(name).unwrap();
        let found = match name.to_ascii_lowercase().as_str() {
            "content-type" => Some(answer.content_type.as_bytes()),
            // Where the protocol of JSON says it in the body.
            "x-amzn-errortype" if protocol == "json" => continue,
            "content-length" => continue,
            _ => answer.headers.get(name),
        };
        // The cases say 1.1 and 1.0; one of them is ours.
        let is_json = |text: &[u8]| text.starts_with(b"application/x-amz-json-1.");
        if found != Some(value) && !(is_json(value) && found.is_some_and(is_json)) {
            return Err(format!("header {name} is {found:?}, expected {value:?}"));
        }
    }
    let Some(expected) = wire["body"].as_str() else {
        return Ok(());
    };
    let body = std::str::from_utf8(&answer.body).unwrap();
    if body_agrees(protocol, expected, body) {
        Ok(())
    } else {
        Err(format!("body {body}, expected {expected}"))
    }
}

fn body_agrees(protocol: &str, expected: &str, body: &str) -> bool {
    if protocol == "query" {
        return expected.is_empty() || xml_tree::parse(body) == xml_tree::parse(expected);
    }
    match (
        serde_json::from_str::<Value>(expected),
        serde_json::from_str::<Value>(body),
    ) {
        (Ok(expected), Ok(body)) => numbers(&without_nulls(&expected)) == numbers(&body),
        // Nothing and `{}` say the same.
        (Err(_), Ok(Value::Object(body))) if expected.is_empty() => body.is_empty(),
        (Ok(Value::Object(expected)), Err(_)) if body.is_empty() => expected.is_empty(),
        _ => expected == body,
    }
}

fn without_nulls(value: &Value) -> Value {
    match value {
        Value::Object(object) => object
            .iter()
            .filter(|(_, value)| !value.is_null())
            .map(|(name, value)| (name.clone(), without_nulls(value)))
            .collect(),
        Value::Array(items) => items.iter().map(without_nulls).collect(),
        other => other.clone(),
    }
}

fn run(direction: &str, agrees: impl Fn(&str, &Value, &Value) -> Result<(), String>) {
    let Some(vectors) = std::env::var_os("PORTCULLIS_VECTORS") else {
        println!("SKIPPED: PORTCULLIS_VECTORS is not set");
        return;
    };
    let folder = PathBuf::from(vectors).join("protocols").join(direction);
    let mut wrong = Vec::new();
    let mut met = 0;
    for (file, protocol) in [
        ("json", "json"),
        ("json_1_0", "json"),
        ("rest-json", "rest-json"),
        ("query", "query"),
    ] {
        let text = std::fs::read_to_string(folder.join(format!("{file}.json"))).unwrap();
        let suites: Value = serde_json::from_str(&text).unwrap();
        for suite in suites.as_array().unwrap() {
            for case in suite["cases"].as_array().unwrap() {
                let id = case["id"].as_str().unwrap();
                let left_out = LEFT_OUT
                    .iter()
                    .find(|entry| entry.direction == direction && entry.ids.contains(&id));
                match (agrees(protocol, suite, case), left_out) {
                    (Ok(()), None) => met += 1,
                    (Ok(()), Some(_)) => {
                        wrong.push(format!("{file} {id}: is listed as left out, but passes"))
                    }
                    (Err(_), Some(_)) => {}
                    (Err(reason), None) => {
                        let reason: Vec<_> = reason.split_whitespace().collect();
                        wrong.push(format!("{file} {id}: {}", reason.join(" ")));
                    }
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{} wrong:\n{}", wrong.len(), wrong.join("\n"));
    assert!(met > 150, "only {met} cases were met");
}

#[test]
fn what_clients_send_parses_to_what_they_meant() {
    run("input", input_agrees);
}

#[test]
fn what_we_answer_is_what_clients_read() {
    run("output", output_agrees);
}

#[test]
fn a_member_of_the_path_is_not_taken_from_the_body() {
    let shape = Shape::Structure(Arc::new(Structure {
        members: vec![Member::new("id", Location::Uri, Shape::Text)],
        payload: None,
        open: true,
    }));
    let request = RestRequest {
        method: "POST",
        path: "/things/1",
        query: "",
        headers: &HeaderList::new(),
        body: br#"{"id": "2"}"#,
    };
    assert!(rest_json::read("/things/{id}", &shape, &request).is_err());
    let request = RestRequest {
        body: br#"{"name": "x"}"#,
        ..request
    };
    let read = rest_json::read("/things/{id}", &shape, &request)
        .unwrap()
        .unwrap();
    let expected: Map<String, Value> = [("name".into(), "x".into()), ("id".into(), "1".into())]
        .into_iter()
        .collect();
    assert_eq!(read, expected);
}

#[test]
fn mangled_input_is_read_or_refused_and_breaks_nothing() {
    let seeds = [
        "Action=A&Version=1&L.member.1.K=a&L.member.2.K=b%26&M.entry.1.key=k&M.entry.1.value=v&F.1=x",
        r#"{"A":[{"B":null,"C":1.5e3}],"D":{"E":"\u00e9"}}"#,
        "/restapis/abc/resources/%7Bid%7D?position=a&limit=1&embed=methods",
    ];
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut random = |below: usize| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        usize::try_from(state >> 33).unwrap() % below
    };
    for round in 0..20_000 {
        let mut bytes = seeds[round % seeds.len()].as_bytes().to_vec();
        for _ in 0..=random(4) {
            let at = random(bytes.len());
            match random(3) {
                0 => bytes[at] = b"%.=&1/{}[]\"\xff"[random(12)],
                1 => drop(bytes.remove(at)),
                _ => bytes.insert(at, b"%.=&1/{}[]\"\xff"[random(12)]),
            }
        }
        drop(json_1_1::read(&Shape::Any, &bytes));
        let text = String::from_utf8_lossy(&bytes);
        if let Ok(fields) = query_xml::parse_form(&text) {
            drop(query_xml::read_input(&Shape::Any, fields));
        }
        let (path, query) = text.split_once('?').unwrap_or((&text, ""));
        let request = RestRequest {
            method: "GET",
            path,
            query,
            headers: &HeaderList::new(),
            body: &bytes,
        };
        drop(rest_json::read("/restapis/{id}/{rest+}", &Shape::Any, &request));
    }
}
