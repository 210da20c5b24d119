//! Mapping templates by media type, and what they see of an exchange.
//!
//! <https://docs.aws.amazon.com/apigateway/latest/developerguide/integration-passthrough-behaviors.html>

use std::{borrow::Cow, collections::BTreeMap};

use portcullis_engines::vtl::{
    Found, Input, Limits, OverridePlace, ParameterPlace, Rendered, Scope, Template,
};
use portcullis_model::Problem;

use super::{context_variables, query};
use crate::{
    exchange::Exchange,
    refusal::{Refusal, RefusalKind},
};

pub(crate) const JSON: &str = "application/json";

/// Templates by media type, lower case and without parameters.
#[derive(Debug, Default)]
pub(crate) struct Templates(Vec<(Box<str>, Template)>);

impl Templates {
    /// Compiles `texts`; problems carry `path`, the media type, and the place within the template.
    /// `settable` is what they may set of `$context`.
    pub(crate) fn compile(
        texts: &BTreeMap<String, String>,
        settable: &[OverridePlace],
        path: &str,
        problems: &mut Vec<Problem>,
    ) -> Self {
        let mut templates = Vec::with_capacity(texts.len());
        for (media_type, text) in texts {
            match Template::parse(text) {
                Ok(template) => {
                    if let Some(place) = template
                        .overrides()
                        .iter()
                        .find(|place| !settable.contains(place))
                    {
                        problems.push(Problem::error(
                            None,
                            format!("{path}/{media_type}"),
                            format!("setting `$context.{}` has no effect here", place.name()),
                        ));
                    }
                    templates.push((media_type_of(media_type).into(), template));
                }
                Err(cause) => problems.push(Problem::error(
                    None,
                    format!("{path}/{media_type}"),
                    format!(
                        "line {}, column {}: {}",
                        cause.place.line, cause.place.column, cause.message
                    ),
                )),
            }
        }
        Self(templates)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Tells whether some template looks at the body.
    pub(crate) fn use_body(&self) -> bool {
        self.0.iter().any(|(_, template)| template.uses_body())
    }

    /// Returns the template for exactly this media type, parameters aside.
    pub(crate) fn find(&self, media_type: &str) -> Option<&Template> {
        let wanted = media_type_of(media_type);
        self.0
            .iter()
            .find(|(known, _)| **known == *wanted)
            .map(|(_, template)| template)
    }

    /// Returns the template that suits the first media type of `accept`, else the one for JSON, else the first.
    pub(crate) fn suit(&self, accept: Option<&str>) -> Option<(&str, &Template)> {
        let first = accept
            .and_then(|accept| accept.split(',').next())
            .map(media_type_of);
        let wanted = [first.as_deref(), Some(JSON)];
        let found = wanted
            .into_iter()
            .flatten()
            .find_map(|wanted| self.0.iter().find(|(known, _)| **known == *wanted));
        found
            .or_else(|| self.0.first())
            .map(|(media_type, template)| (media_type.as_ref(), template))
    }
}

/// Returns a media type in lower case, without parameters.
pub(crate) fn media_type_of(text: &str) -> Cow<'_, str> {
    let bare = text.split(';').next().unwrap_or_default().trim();
    if bare.bytes().any(|byte| byte.is_ascii_uppercase()) {
        bare.to_ascii_lowercase().into()
    } else {
        bare.into()
    }
}

/// Renders `template`; `body` is what `$input` reads.
pub(crate) fn render(template: &Template, exchange: &Exchange, body: &[u8]) -> Result<Rendered, Refusal> {
    let scope = View::new(exchange, None, body);
    template.render(&scope, &Limits::default()).map_err(|cause| {
        Refusal::new(
            RefusalKind::Internal,
            format!("the template cannot be rendered: {cause}"),
        )
    })
}

/// An exchange as templates see it.
pub(crate) struct View<'a> {
    exchange: &'a Exchange,
    refusal: Option<&'a Refusal>,
    input: Input<'a>,
}

impl<'a> View<'a> {
    pub(crate) fn new(exchange: &'a Exchange, refusal: Option<&'a Refusal>, body: &'a [u8]) -> Self {
        Self {
            exchange,
            refusal,
            input: Input::new(body),
        }
    }
}

impl Scope for View<'_> {
    fn context(&self, path: &[&str]) -> Option<Found<'_>> {
        context_variables::variable(self.exchange, self.refusal, path).map(Found::Text)
    }

    fn stage_variable(&self, name: &str) -> Option<Cow<'_, str>> {
        let stage = self.exchange.stage()?;
        stage.variables.get(name).map(|value| value.as_str().into())
    }

    fn parameter(&self, place: ParameterPlace, name: &str) -> Option<Cow<'_, str>> {
        let request = self.exchange.request();
        match place {
            ParameterPlace::Path => self.exchange.path_parameter(name).map(text),
            ParameterPlace::QueryString => query::parameters(request.query().unwrap_or_default())
                .rev()
                .find(|(found, _)| *query::decode(found, true) == *name.as_bytes())
                .map(|(_, value)| decoded(value)),
            ParameterPlace::Header => request
                .headers
                .iter()
                .filter(|(found, _)| found.eq_ignore_ascii_case(name.as_bytes()))
                .last()
                .map(|(_, value)| text(value)),
        }
    }

    fn parameters(&self, place: ParameterPlace) -> Vec<(Cow<'_, str>, Cow<'_, str>)> {
        let request = self.exchange.request();
        let mut found: Vec<(Cow<'_, str>, Cow<'_, str>)> = Vec::new();
        let mut put = |name, value| match found.iter_mut().find(|(known, _)| *known == name) {
            Some((_, known)) => *known = value,
            None => found.push((name, value)),
        };
        match place {
            ParameterPlace::Path => {
                for (name, value) in self.exchange.path_parameters() {
                    put(name.into(), text(value));
                }
            }
            ParameterPlace::QueryString => {
                for (name, value) in query::parameters(request.query().unwrap_or_default()) {
                    put(decoded(name), decoded(value));
                }
            }
            ParameterPlace::Header => {
                for (name, value) in request.headers.iter() {
                    put(text(name), text(value));
                }
            }
        }
        found
    }

    fn input(&self) -> &Input<'_> {
        &self.input
    }
}

fn text(bytes: &[u8]) -> Cow<'_, str> {
    String::from_utf8_lossy(bytes)
}

fn decoded(bytes: &[u8]) -> Cow<'_, str> {
    match query::decode(bytes, true) {
        Cow::Borrowed(bytes) => text(bytes),
        Cow::Owned(bytes) => String::from_utf8_lossy(&bytes).into_owned().into(),
    }
}
