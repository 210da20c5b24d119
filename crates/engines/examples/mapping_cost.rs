//! What do mapping and validating a body cost, beside reading it? Prints both as multiples of one parse of the same 2 KB body, medians of
//! paired rounds: `cargo run --release -p portcullis-engines --example mapping_cost`.

#![expect(
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::cast_precision_loss,
    reason = "a measurement, not a part of the server"
)]

use std::borrow::Cow;
use std::hint::black_box;
use std::time::Instant;

use portcullis_engines::json_schema::{Documents, Schema};
use portcullis_engines::strict_json;
use portcullis_engines::vtl::{Found, Input, Limits, ParameterPlace, Scope, Template};

const ROUNDS: usize = 201;
const TIMES: u32 = 200;

const TEMPLATE: &str = r#"#set($order = $input.path('$'))
#set($total = 0)
#foreach($line in $order.lines)
#set($total = $total + $line.quantity * $line.price)
#end
{
  "id": "$order.id",
  "customer": {
    "name": "$util.escapeJavaScript($order.customer.name)",
    "mail": "$order.customer.mail",
    "vip": #if($order.customer.points > 100)true#{else}false#end

  },
  "stage": "$context.stage",
  "tenant": "$input.params('X-Tenant')",
  "lines": [
#foreach($line in $order.lines)
    {
      "sku": "$line.sku",
      "position": $foreach.count,
      "name": "$line.name",
#if($line.note != "")
      "note": "$util.escapeJavaScript($line.note)",
#end
      "amount": $line.quantity
    }#if($foreach.hasNext),#end

#end
  ],
  "address": $input.json('$.customer.address'),
  "total": $total
}
"#;

fn body() -> String {
    let lines: Vec<String> = (0..10)
        .map(|at| {
            format!(
                r#"{{"sku":"sku-{at}","name":"A thing with number {at}","quantity":{at},"price":1.25,"note":"leave \"it\" at the door, please, and ring twice","tags":["a","b"],"extra":{{"colour":"blue","size":{at}}}}}"#
            )
        })
        .collect();
    format!(
        r#"{{"id":"o-17","customer":{{"name":"Ada Lovelace","mail":"ada@example.com","points":250,"address":{{"street":"Mill Lane 1","town":"London","code":"N1"}}}},"lines":[{}]}}"#,
        lines.join(",")
    )
}

const SCHEMA: &str = r#"{"$schema":"http://json-schema.org/draft-04/schema#","type":"object","required":["id","customer","lines"],
"properties":{"id":{"type":"string","minLength":1},"customer":{"type":"object","required":["name"],"properties":{
"name":{"type":"string","maxLength":80},"mail":{"type":"string"},"points":{"type":"integer","minimum":0}}},
"lines":{"type":"array","items":{"type":"object","required":["sku","quantity"],"properties":{"sku":{"type":"string"},
"quantity":{"type":"integer","minimum":0},"price":{"type":"number"},"tags":{"type":"array","items":{"type":"string"}}}}}}}"#;

struct Request<'a>(Input<'a>);

impl Scope for Request<'_> {
    fn context(&self, path: &[&str]) -> Option<Found<'_>> {
        (path == ["stage"]).then(|| Found::text("prod"))
    }

    fn stage_variable(&self, _: &str) -> Option<Cow<'_, str>> {
        None
    }

    fn parameter(&self, place: ParameterPlace, name: &str) -> Option<Cow<'_, str>> {
        (place == ParameterPlace::Header && name == "X-Tenant").then_some("t1".into())
    }

    fn parameters(&self, _: ParameterPlace) -> Vec<(Cow<'_, str>, Cow<'_, str>)> {
        Vec::new()
    }

    fn input(&self) -> &Input<'_> {
        &self.0
    }
}

fn nanoseconds(mut work: impl FnMut()) -> f64 {
    let start = Instant::now();
    for _ in 0..TIMES {
        work();
    }
    start.elapsed().as_nanos() as f64 / f64::from(TIMES)
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or_default()
}

fn main() {
    let body = body();
    let template = Template::parse(TEMPLATE).unwrap();
    let limits = Limits::default();
    let schema = Schema::compile(SCHEMA, None, &Documents::default()).unwrap();
    let map = || {
        let request = Request(Input::new(body.as_bytes()));
        template.render(&request, &limits).unwrap().text
    };
    serde_json::from_str::<serde_json::Value>(&map()).unwrap();
    let mut rounds = Vec::with_capacity(ROUNDS);
    for _ in 0..ROUNDS {
        let parse = nanoseconds(|| {
            black_box(serde_json::from_slice::<serde_json::Value>(black_box(body.as_bytes())).unwrap());
        });
        let mapped = nanoseconds(|| {
            black_box(map());
        });
        let validated = nanoseconds(|| {
            let value = strict_json::parse(black_box(body.as_bytes())).unwrap();
            black_box(schema.check(&value).is_ok());
        });
        rounds.push((parse, mapped, validated));
    }
    let of = |pick: fn(&(f64, f64, f64)) -> f64| median(rounds.iter().map(pick).collect());
    println!(
        "{} bytes of JSON, {} lines of template",
        body.len(),
        TEMPLATE.lines().count()
    );
    println!("one parse            {:>8.0} ns", of(|round| round.0));
    println!(
        "mapped, parse and all {:>7.0} ns  {:.2} parses",
        of(|round| round.1),
        of(|round| round.1 / round.0)
    );
    println!(
        "validated, parse and all {:>4.0} ns  {:.2} parses",
        of(|round| round.2),
        of(|round| round.2 / round.0)
    );
}
