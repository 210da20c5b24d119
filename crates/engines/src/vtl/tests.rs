use std::borrow::Cow;

use serde_json::{Value, json};

use super::*;

/// A request as templates see it.
pub(crate) struct Fixture {
    pub(crate) context: Value,
    stage_variables: Vec<(&'static str, &'static str)>,
    parameters: Vec<(ParameterPlace, &'static str, &'static str)>,
    input: Input<'static>,
}

impl Fixture {
    pub(crate) fn new(body: &str) -> Self {
        Self {
            context: json!({
                "requestId": "17",
                "requestTimeEpoch": 1_700_000_000_000_u64,
                "error": {"messageString": "\"Unauthorized\""},
                "authorizer": {"claims": {"email": "a@example.com", "cognito:groups": "x"}},
            }),
            stage_variables: vec![("color", "blue"), ("17", "by id")],
            parameters: vec![
                (ParameterPlace::Path, "id", "7"),
                (ParameterPlace::Path, "both", "from path"),
                (ParameterPlace::QueryString, "q", "find"),
                (ParameterPlace::QueryString, "both", "from query"),
                (ParameterPlace::Header, "X-Tenant", "t1"),
                (ParameterPlace::Header, "both", "from header"),
            ],
            input: Input::new(body.as_bytes().to_vec()),
        }
    }
}

impl Scope for Fixture {
    fn context(&self, path: &[&str]) -> Option<Found<'_>> {
        let value = path
            .iter()
            .try_fold(&self.context, |value, name| value.get(name))?;
        Some(match value {
            Value::String(text) => Found::text(text),
            other => Found::json(other),
        })
    }

    fn stage_variable(&self, name: &str) -> Option<Cow<'_, str>> {
        self.stage_variables
            .iter()
            .find(|(known, _)| *known == name)
            .map(|(_, value)| Cow::Borrowed(*value))
    }

    fn parameter(&self, place: ParameterPlace, name: &str) -> Option<Cow<'_, str>> {
        let same = |known: &str| {
            if place == ParameterPlace::Header {
                known.eq_ignore_ascii_case(name)
            } else {
                known == name
            }
        };
        let found = self
            .parameters
            .iter()
            .rev()
            .find(|(at, known, _)| *at == place && same(known));
        found.map(|(_, _, value)| Cow::Borrowed(*value))
    }

    fn parameters(&self, place: ParameterPlace) -> Vec<(Cow<'_, str>, Cow<'_, str>)> {
        let there = self.parameters.iter().filter(|(at, _, _)| *at == place);
        there
            .map(|(_, name, value)| (Cow::Borrowed(*name), Cow::Borrowed(*value)))
            .collect()
    }

    fn input(&self) -> &Input<'_> {
        &self.input
    }
}

fn render(template: &str, body: &str) -> Result<String, RenderError> {
    let template = Template::parse(template).unwrap_or_else(|problem| panic!("{template}: {problem}"));
    let rendered = template.render(&Fixture::new(body), &Limits::default());
    rendered.map(|rendered| rendered.text)
}

fn check(cases: &[(&str, &str)], body: &str) {
    for (template, expected) in cases {
        assert_eq!(render(template, body).as_deref(), Ok(*expected), "{template}");
    }
}

#[test]
fn text_comments_and_escapes_render_as_in_velocity() {
    check(
        &[
            ("", ""),
            ("{\"a\": [1, 2]}\n", "{\"a\": [1, 2]}\n"),
            ("$ $5 $.a $$ #fff #1 # a#b 50%", "$ $5 $.a $$ #fff #1 # a#b 50%"),
            ("#endpoint #iffy #settings", "#endpoint #iffy #settings"),
            ("a ## gone\nb", "a b"),
            ("a#* gone\n $util.x #if *#b", "ab"),
            ("#[[ $util.x #if(true) ]]#", " $util.x #if(true) "),
            ("\\$context.requestId", "$context.requestId"),
            ("\\\\$context.requestId", "\\17"),
            ("\\\\\\${context.requestId}", "\\${context.requestId}"),
            // An undefined reference is an empty text, so that the backslash before it is an escape.
            ("\\$foo.bar('x')", "$foo.bar('x')"),
            ("\\${context", "${context"),
            ("\\#if(true)", "#if(true)"),
            ("\\n \\\\ \\", "\\n \\\\ \\"),
            (
                "$context.requestId. $context.requestId, ${context.requestId}x",
                "17. 17, 17x",
            ),
            ("$$context.requestId", "$17"),
            ("é$context.requestId€", "é17€"),
        ],
        "",
    );
}

#[test]
fn context_and_stage_variables_are_found_and_undefined_ones_are_nothing() {
    check(
        &[
            ("hello $context.authorizer.claims.email!", "hello a@example.com!"),
            ("$!{context.authorizer.claims.email}", "a@example.com"),
            ("$context.authorizer.claims['cognito:groups']", "x"),
            ("$context.authorizer.claims.get('email')", "a@example.com"),
            ("$context.requestTimeEpoch", "1700000000000"),
            (
                "[$context.missing][$!context.missing][${context.missing.deeper}]",
                "[][][]",
            ),
            ("$stageVariables.color", "blue"),
            (
                "$stageVariables['color'] ${stageVariables['color']} ${stageVariables.color}",
                "blue blue blue",
            ),
            ("$stageVariables.get(\"color\")", "blue"),
            ("$stageVariables[$context.requestId]", "by id"),
            ("$stageVariables[\"$context.requestId\"]", "by id"),
            ("[$stageVariables.missing]", "[]"),
        ],
        "",
    );
}

#[test]
fn parameters_are_looked_up_in_path_then_query_then_header() {
    check(
        &[
            ("$input.params('both')", "from path"),
            ("$input.params('q')", "find"),
            ("$input.params('Q')", ""),
            ("$input.params('X-Tenant') $input.params(\"x-tenant\")", "t1 t1"),
            ("$input.params().header.x-tenant", "t1"),
            ("$input.params().header['X-Tenant']", "t1"),
            ("$input.params().get('querystring').get('both')", "from query"),
            ("$input.params().path.missing", ""),
            ("$input.params().path", "{id=7, both=from path}"),
            (
                "$input.params()",
                "{path={id=7, both=from path}, querystring={q=find, both=from query}, header={X-Tenant=t1, both=from header}}",
            ),
        ],
        "",
    );
}

/// The renderings that were recorded on API Gateway, then those that follow from Jayway and Java.
#[test]
fn bodies_render_as_recorded() {
    check(
        &[
            ("$input.body", "{}"),
            ("[$input.path('$')]", "[]"),
            ("[$input.path('$.a')]", "[]"),
            ("$input.json('$')", "{}"),
            ("$input.json('$.a')", "\"\""),
        ],
        "",
    );
    check(
        &[
            ("$input.path('$')", "{foo=bar}"),
            ("$input.body.foo", ""),
            ("$input.body", "{\"foo\":\"bar\"}"),
        ],
        "{\"foo\":\"bar\"}",
    );
    check(
        &[("$input.path('$')", "[{\"foo\":\"bar\"}]")],
        "[ {\"foo\": \"bar\"} ]",
    );
    check(
        &[("$input.path('$')", "{foo=[{\"nested\":\"bar\"}]}")],
        "{\"foo\":[{\"nested\":\"bar\"}]}",
    );
    let body = r#"{"a":{"b":"x \"y\"","n":null,"t":true},"list":[1,"two",{"k":3.5}],"d":1.0,"big":1e10,"small":0.00015,"i":12345678901,"e":[]}"#;
    check(
        &[
            ("$input.path('$.a')", "{b=x \"y\", n=null, t=true}"),
            ("$input.path('$').a.b", "x \"y\""),
            ("$input.path('$.a')['b']", "x \"y\""),
            ("$input.json('$.a.b')", "\"x \\\"y\\\"\""),
            (
                "$input.json('$.a')",
                "{\"b\":\"x \\\"y\\\"\",\"n\":null,\"t\":true}",
            ),
            ("[$input.path('$.a.n')]$input.json('$.a.n')", "[]null"),
            (
                "$input.path('$.list') $input.path('$.list[1]') $input.path('$.list')[0]",
                "[1,\"two\",{\"k\":3.5}] two 1",
            ),
            (
                "$input.path('$.list').size() $input.path('$.e').size() $input.path('$.list').get(2).k",
                "3 0 3.5",
            ),
            ("$input.path('$.list.length()')", "3"),
            ("$input.json('$..k')", "[3.5]"),
            (
                "$input.path('$.d') $input.path('$.big') $input.path('$.small') $input.path('$.i')",
                "1.0 1.0E10 1.5E-4 12345678901",
            ),
            ("$input.json('$.big')", "1.0E10"),
            ("[$input.path('$.missing')] $input.json('$.missing')", "[] \"\""),
            ("$input.path(\"$.list[?(@.k)]\")", "[{\"k\":3.5}]"),
        ],
        body,
    );
    check(
        &[
            ("$input.path('$')", "plain text"),
            ("$input.json('$')", "\"plain text\""),
        ],
        "plain text",
    );
    assert!(matches!(
        render("$input.path('$')", "{\"a\":"),
        Err(RenderError::Input(InputProblem::NotJson(_)))
    ));
    assert_eq!(render("$input.body", "{\"a\":").as_deref(), Ok("{\"a\":"));
}

#[test]
fn a_path_may_be_put_together_at_the_request() {
    check(
        &[(
            "$input.path(\"$.$context.authorizer.claims.get('cognito:groups')\")",
            "1",
        )],
        "{\"x\":1}",
    );
    assert!(matches!(
        render("$input.path($context.requestId.missing)", "{}"),
        Err(RenderError::JsonPath(..))
    ));
}

#[test]
fn what_is_not_supported_is_refused_with_its_place() {
    let cases = [
        ("a\n  #set($x = )", 2, 13, "expected a text in quotes"),
        ("#set($context.stage = 1)", 1, 6, "can be set"),
        ("#set($context.requestOverride.cookie.x = 1)", 1, 6, "can be set"),
        ("#set($input = 1)", 1, 1, "`$input` cannot be set"),
        ("#set($x = 3 -1)", 1, 13, "a blank between `-` and a number"),
        ("#set($x.size() = 1)", 1, 8, "what a method returns"),
        ("#if(true)x", 1, 5, "has no `#end`"),
        ("#if true", 1, 1, "has no `(`"),
        ("#foreach ($x on $y)", 1, 14, "expected `in`"),
        ("#foreach($x.y in [1])#end", 1, 10, "expected a variable"),
        ("x #{end}", 1, 3, "`#end` belongs to no"),
        (
            "#if(true)a#else b#else c#end",
            1,
            18,
            "expected `#end`, not `#else`",
        ),
        ("#macro(m $x)$x#end", 1, 1, "has no macros"),
        (
            "x #evaluate('$x')",
            1,
            3,
            "`#evaluate` is not for mapping templates",
        ),
        ("#@body($x)", 1, 1, "has no macros"),
        ("#* never closed", 1, 1, "no `*#`"),
        ("$util.escape('x')", 1, 6, "`$util` has"),
        ("$util.urlEncode()", 1, 6, "each of one text"),
        ("$util", 1, 1, "`$util` alone"),
        (
            "$util.urlEncode('x').replaceAll('(?=a)', 'b')",
            1,
            21,
            "as a pattern",
        ),
        ("$context", 1, 1, "`$context` alone"),
        ("$stageVariables", 1, 1, "`$stageVariables` alone"),
        ("$input", 1, 1, "`$input` alone"),
        ("$input.size()", 1, 7, "`$input.size(…)`"),
        ("$input.headers", 1, 7, "`$input.headers`"),
        ("$input.json()", 1, 7, "takes one text"),
        ("$input.path(5)", 1, 7, "expected a text in quotes"),
        ("$input.path('$[')", 1, 7, "`$[` is not a JSONPath"),
        (
            "$input.params().cookie",
            1,
            16,
            "`path`, `querystring` and `header`",
        ),
        ("$input.path('$').getClass()", 1, 17, "the method `getClass`"),
        ("$context.requestId.substring()", 1, 19, "takes 1 or 2 arguments"),
        ("$input.path('$.a", 1, 13, "no closing `'`"),
        ("$input.params('a' 'b')", 1, 19, "expected `,` or `)`"),
        ("${context.requestId", 1, 20, "expected `}`"),
        ("$stageVariables['a'", 1, 20, "expected `]`"),
    ];
    for (template, line, column, message) in cases {
        let problem = Template::parse(template).unwrap_err();
        assert_eq!(
            (problem.place.line, problem.place.column),
            (line, column),
            "{template}: {problem}"
        );
        assert!(problem.message.contains(message), "{template}: {problem}");
    }
}

/// What Velocity 1.7 itself makes of these templates, undefined references made empty texts as on API Gateway. Where it gives
/// up, so do we, at deployment or at the request.
#[test]
fn templates_render_as_velocity_renders_them() {
    const BODY: &str = r#"{"a":{"b":1,"c":[1,2.5,"x"]},"s":"Hello","n":null,"_u":1,"e":[],"t":true}"#;
    let cases: Vec<Value> = serde_json::from_str(include_str!("tests/velocity.json")).unwrap();
    assert!(cases.len() > 150);
    let mut wrong = Vec::new();
    for case in &cases {
        let text = case["template"].as_str().unwrap();
        let rendered = Template::parse(text)
            .map_err(|problem| problem.to_string())
            .and_then(|template| {
                let rendered = template.render(&Fixture::new(BODY), &Limits::default());
                rendered.map_err(|problem| problem.to_string())
            });
        let expected = case["output"].as_str();
        if rendered.as_ref().ok().map(|rendered| rendered.text.as_str()) != expected {
            wrong.push(format!(
                "{text}\n  expected {expected:?}\n  got      {rendered:?}"
            ));
        }
    }
    assert!(wrong.is_empty(), "{} differ:\n{}", wrong.len(), wrong.join("\n"));
}

/// Recorded on API Gateway where it differs from Velocity.
#[test]
fn api_gateway_goes_its_own_way() {
    check(
        &[
            ("Hello $name", "Hello "),
            ("#if($undefined)yes#end #if(${a.b.c})yes#end", "yes yes"),
            ("#set($m = {})#set($m[\"$key\"] = 'foo')$m", "{=foo}"),
            (
                "#set($m = {})#set($ignored = $m.put('k', null))#if(\"$m.k\" == '')none#end",
                "none",
            ),
            (
                "#recur(5) #return($v1) #tryme()",
                "#recur(5) #return($v1) #tryme()",
            ),
            (
                "#foreach($i in [1, 2, 3])$i#if($velocityHasNext),#end#end",
                "1,2,3",
            ),
        ],
        "",
    );
}

#[test]
fn parameters_can_be_gone_through() {
    check(
        &[
            (
                "#set($all = $input.params())#foreach($type in $all.keySet())#set($params = $all.get($type))$type:\
                 #foreach($name in $params.keySet())$name=$util.escapeJavaScript($params.get($name))\
                 #if($foreach.hasNext),#end#end;#end",
                "path:id=7,both=from path;querystring:q=find,both=from query;header:X-Tenant=t1,both=from header;",
            ),
            (
                "$input.params().header.containsKey('x-tenant') $input.params().path.size()",
                "true 2",
            ),
            (
                "#set($name = 'q')$input.params($name) $input.params().querystring[$name] $input.params().get('path').get('id')",
                "find find 7",
            ),
        ],
        "",
    );
}

#[test]
fn context_can_be_walked_and_its_overrides_set_once() {
    check(
        &[
            (
                "#set($claims = $context.authorizer.claims)$claims.email $claims['cognito:groups'] $claims.get('email').length()",
                "a@example.com x 13",
            ),
            ("#set($c = $context)$c.requestId$c.missing.deeper", "17"),
            (
                "#set($context.requestOverride.header.foo = 'x')#set($n = 'b')#set($context.requestOverride.path[$n] = 5)\
                 $context.requestOverride.header.foo $context.requestOverride.path.b",
                "x 5",
            ),
        ],
        "",
    );
    let render = |template: &str| {
        let template = Template::parse(template).unwrap();
        template.render(&Fixture::new("{}"), &Limits::default())
    };
    let rendered = render(
        "#set($context.responseOverride.status = 404)#set($context.responseOverride.header['X-A'] = 'b')\
         #set($context.requestOverride.querystring.q = true)",
    );
    let set = |place, name: &str, value: &str| Override {
        place,
        name: name.into(),
        value: value.into(),
    };
    assert_eq!(
        rendered.unwrap().overrides,
        [
            set(OverridePlace::ResponseStatus, "", "404"),
            set(OverridePlace::ResponseHeader, "X-A", "b"),
            set(OverridePlace::RequestQueryString, "q", "true"),
        ]
    );
    let twice = "#set($context.requestOverride.header.a = 1)#set($context.requestOverride.header.a = 2)";
    assert_eq!(render(twice), Err(RenderError::OverriddenTwice("a".into())));
}

#[test]
fn what_runs_away_is_stopped() {
    let render = |template: &str| {
        let template = Template::parse(template).unwrap_or_else(|problem| panic!("{template}: {problem}"));
        template
            .render(&Fixture::new("{\"a\":[1,2,3]}"), &Limits::default())
            .unwrap_err()
    };
    let doubled = format!("#set($s = 'xxxxxxxxxx'){}$s", "#set($s = \"$s$s\")".repeat(40));
    assert!(matches!(
        render(&doubled),
        RenderError::OutputTooLong(_) | RenderError::TooMuchText(_)
    ));
    let nested = "#foreach($a in [1..1000])#foreach($b in [1..1000])#foreach($c in [1..1000])x#end#end#end";
    assert!(matches!(render(nested), RenderError::TooManySteps(_)));
    assert!(matches!(
        render("#foreach($a in [1..1001])x#end"),
        RenderError::TooManyTurns(1_000)
    ));
    assert!(matches!(
        render("#set($r = [1..9999999999])"),
        RenderError::TooManySteps(_)
    ));
    assert!(matches!(
        render("#set($l = [])#set($ok = $l.add($l))$l"),
        RenderError::TooDeep(_)
    ));
    assert!(matches!(
        render("#set($l = [1,2])#foreach($x in $l)#set($ok = $l.add(3))#end"),
        RenderError::Changed
    ));
    assert!(matches!(
        render("#set($l = $input.path('$.a'))#set($l[0] = $l)$input.json('$')"),
        RenderError::TooDeep(_)
    ));
    assert!(matches!(
        render("#set($x = 'abc')$x.substring(7)"),
        RenderError::Method("substring", _)
    ));
    let deep = format!("{}x{}", "#if(true)".repeat(100), "#end".repeat(100));
    assert!(
        Template::parse(&deep)
            .unwrap_err()
            .message
            .contains("nests deeper")
    );
    let deep = format!("#set($x = {}1{})", "[".repeat(100), "]".repeat(100));
    assert!(
        Template::parse(&deep)
            .unwrap_err()
            .message
            .contains("nest deeper")
    );
    assert_eq!(render("#define($d)<$d>#end$d"), RenderError::BlockInItself(2));
}

#[test]
fn a_template_knows_whether_it_needs_the_body() {
    for (template, uses_body) in [
        ("text", false),
        ("$context.requestId $input.params('x') $stageVariables.x", false),
        ("$input.body", true),
        ("$input.path('$.a')", true),
        ("$input.json('$')", true),
        ("$input.params($input.path('$.name'))", true),
        ("$stageVariables[\"x$input.body\"]", true),
        ("\\$input.body ## $input.body", false),
    ] {
        assert_eq!(
            Template::parse(template).unwrap().uses_body(),
            uses_body,
            "{template}"
        );
    }
}

#[test]
fn limits_hold() {
    let long = "x".repeat(TEMPLATE_BYTES_MAX + 1);
    assert!(Template::parse(&long).unwrap_err().message.contains("bytes"));
    let render = |template: &str, limits: &Limits| {
        Template::parse(template)
            .unwrap()
            .render(&Fixture::new("{\"a\":[1,2,3,4,5]}"), limits)
            .map(|rendered| rendered.text)
    };
    let short = Limits {
        output_bytes_max: 10,
        ..Limits::default()
    };
    assert_eq!(render("12345678901", &short), Err(RenderError::OutputTooLong(10)));
    assert_eq!(
        render("12345$input.body", &short),
        Err(RenderError::OutputTooLong(10))
    );
    assert_eq!(
        render("12345$input.json('$')", &short),
        Err(RenderError::OutputTooLong(10))
    );
    let few = Limits {
        steps_max: 3,
        ..Limits::default()
    };
    assert_eq!(render("$context.a$context.a$context.a", &few).as_deref(), Ok(""));
    assert_eq!(
        render("$context.a$context.a$context.a$context.a$context.a", &few),
        Err(RenderError::TooManySteps(3))
    );
    assert!(matches!(
        render("$input.path('$..*')", &few),
        Err(RenderError::TooCostly(_))
    ));
    let deep = format!("{}{}", "$input.params(".repeat(100), ")".repeat(100));
    assert!(
        Template::parse(&deep)
            .unwrap_err()
            .message
            .contains("nest deeper")
    );
    let wide = format!("$context{}", ".a".repeat(100));
    assert!(Template::parse(&wide).unwrap_err().message.contains("steps"));
}

/// What random templates are made of.
const PIECES: &[&str] = &[
    "$",
    "!",
    "{",
    "}",
    "context",
    "input",
    ".",
    "path",
    "json",
    "params",
    "body",
    "('$.a')",
    "(\"$",
    "\")",
    "(",
    ")",
    "['",
    "']",
    "[",
    "]",
    "#",
    "##",
    "#*",
    "*#",
    "#[[",
    "]]#",
    "#if",
    "\\",
    "'",
    "\"",
    "é",
    "\n",
    " ",
    "0",
    "-1",
    ",",
    "stageVariables",
    ".color",
    "$context.requestId",
    "$input.path('$')",
    "$input.params()",
    "size()",
    ".get(",
    "#set($x = ",
    "#if($x == 1)",
    "#else ",
    "#end",
    "#end",
    "#foreach($x in $input.path('$.a'))",
    "#foreach($x in [1..9])",
    "#define($d)",
    "$d",
    "$x",
    "$x.add($x)",
    "$x.put('k', $x)",
    "#break",
    "[1, 'a', $x]",
    "{'k': $x}",
    " + ",
    " * ",
    "99999999999",
    "#set($x = \"$x$x\")",
    "#set($x = [$x, $input.path('$')])",
    ".replaceAll('a*', '$0b')",
    ".split('')",
    ".keySet()",
    ".entrySet()",
    "#set($x.y = $input.path('$.a'))",
    "$foreach.parent.index",
];

#[test]
fn random_templates_neither_panic_nor_run_away() {
    let scope = Fixture::new("{\"a\":[1,{\"b\":null}]}");
    let limits = Limits {
        output_bytes_max: 4096,
        made_bytes_max: 65_536,
        steps_max: 200,
    };
    let mut seed = 0x9e37_79b9_7f4a_7c15_u64;
    let mut parsed = 0;
    for _ in 0..20_000 {
        let mut text = String::new();
        for _ in 0..seed % 18 {
            seed ^= seed << 13;
            seed ^= seed >> 7;
            seed ^= seed << 17;
            text.push_str(PIECES[usize::try_from(seed >> 8).unwrap() % PIECES.len()]);
        }
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        if let Ok(template) = Template::parse(&text) {
            parsed += 1;
            let rendered = template.render(&scope, &limits);
            assert_eq!(rendered, template.render(&scope, &limits), "{text}");
        }
    }
    assert!(
        parsed > 1000,
        "only {parsed} of the random templates were templates"
    );
}

#[test]
fn util_functions_are_those_of_api_gateway() {
    check(
        &[
            (
                "$util.escapeJavaScript($input.json('$'))",
                "{\\\"some\\\":\\\"it\\'s a\\/b \\u00E9\\\"}",
            ),
            (
                r#"$util.escapeJavaScript($input.json('$')).replaceAll("\\'", "'")"#,
                "{\\\"some\\\":\\\"it's a\\/b \\u00E9\\\"}",
            ),
            // Recorded: `EncodedBody=%7B%22some%22%3A+%22value%22%7D`.
            (
                r#"$util.urlEncode('{"some": "value"}')"#,
                "%7B%22some%22%3A+%22value%22%7D",
            ),
            ("$util.urlDecode('a+b%20%C3%A9')", "a b é"),
            ("$util.base64Encode('hällo')", "aMOkbGxv"),
            ("$util.base64Decode('aMOkbGxv')", "hällo"),
            (r#"$util.parseJson('{"a": [1, {"b": 2}]}').a[1].b"#, "2"),
            (r#"$util.parseJson('{"a": [1, 2]}').a.size()"#, "2"),
            ("$util.urlEncode($input.path('$.missing'))", ""),
        ],
        "{\"some\": \"it's a/b é\"}",
    );
    for broken in [
        "parseJson('{')",
        "urlDecode('%4')",
        "urlDecode('%ff')",
        "base64Decode('*')",
    ] {
        let rendered = render(&format!("$util.{broken}"), "");
        assert!(
            matches!(rendered, Err(RenderError::Util(..))),
            "{broken}: {rendered:?}"
        );
    }
}

#[test]
fn replacing_grows_no_further_than_the_output_may() {
    let chain = ".replaceAll('', 'xxxxxxxxxx')".repeat(12);
    for template in [
        format!("$input.body{chain}"),
        format!("$input.path('$.a'){chain}"),
    ] {
        let refused = render(&template, r#"{"a": "aaaaaaaaaa"}"#);
        assert!(
            matches!(
                refused,
                Err(RenderError::OutputTooLong(_) | RenderError::TooManySteps(_))
            ),
            "{template}"
        );
    }
}
