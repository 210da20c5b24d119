//! Layer 6: is the request what the method asks for? Required parameters, then the body against its model.
//!
//! <https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-method-request-validation.html>

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

use portcullis_engines::{
    json_schema::{Documents, Mismatch, Schema, model_url},
    strict_json,
};
use portcullis_model::{
    Problem,
    resources::apigateway::{ApiImage, Method, Model, RequestValidator},
};

use crate::{
    decision::{Decision, LayerName, Nothing, Reason, shown},
    exchange::{BODY_BYTES_MAX, BodyNeed, Exchange},
    gateway::Worker,
    mapping::{
        query,
        template::{JSON, media_type_of},
    },
    pipeline::Layer,
    refusal::{Refusal, RefusalKind},
};

/// The model for a body of any other media type.
const OTHERWISE: &str = "$default";

pub(crate) struct Validation;

impl Layer for Validation {
    const NAME: LayerName = LayerName::Validation;

    fn body_need(exchange: &Exchange, _worker: &Worker) -> BodyNeed {
        let validation = exchange
            .known_method()
            .and_then(|method| method.validation.as_ref());
        match validation {
            Some(validation) if !validation.models.is_empty() => BodyNeed::Whole(BODY_BYTES_MAX),
            _ => BodyNeed::None,
        }
    }

    fn idle(exchange: &Exchange) -> Option<Nothing> {
        exchange
            .known_method()?
            .validation
            .is_none()
            .then_some(Nothing::NoValidator)
    }

    async fn check(exchange: &mut Exchange, _worker: &Worker) -> Decision {
        let verdict = match exchange.method().map(|method| method.validation.as_ref()) {
            Ok(None) => return Decision::Continue(Reason::Nothing(Nothing::NoValidator)),
            Ok(Some(validation)) => validation
                .check_parameters(exchange)
                .and_then(|()| validation.check_body(exchange)),
            Err(refusal) => Err(refusal),
        };
        verdict.map_or_else(Decision::Refuse, Decision::Continue)
    }
}

/// What a method asks of its requests.
#[derive(Default)]
pub(crate) struct MethodValidation {
    /// In the order of their full names, which is the order of AWS's message.
    required: Vec<Required>,
    /// By media type in lower case.
    models: Vec<(Box<str>, Arc<CompiledModel>)>,
}

/// A parameter that must be there and not blank.
struct Required {
    place: Place,
    name: Box<str>,
}

enum Place {
    Header,
    Path,
    Query,
}

/// A model, ready.
struct CompiledModel {
    name: Box<str>,
    schema: Schema,
    passed: Arc<str>,
}

impl Required {
    fn parse(parameter: &str) -> Option<Self> {
        let (place, name) = parameter.strip_prefix("method.request.")?.split_once('.')?;
        let place = match place {
            "header" | "multivalueheader" => Place::Header,
            "path" => Place::Path,
            "querystring" | "multivaluequerystring" => Place::Query,
            _ => return None,
        };
        (!name.is_empty()).then(|| Self {
            place,
            name: name.into(),
        })
    }

    /// Tells whether the parameter is there and not blank. Of several values the last counts: the one that mapping hands on.
    fn is_met(&self, exchange: &Exchange) -> bool {
        let request = exchange.request();
        let holds = |value: &[u8]| !String::from_utf8_lossy(value).trim().is_empty();
        match self.place {
            // Without case, although AWS speaks of case: HTTP/2 has lower-case names only.
            Place::Header => {
                let values = request.headers.all(&self.name);
                values.last().is_some_and(&holds)
            }
            Place::Path => {
                let value = exchange.path_parameter(&self.name);
                value.is_some_and(|value| holds(&query::decode(value, false)))
            }
            Place::Query => {
                let mut values = query::values(request.query().unwrap_or_default(), &self.name);
                values.next_back().is_some_and(|value| holds(&value))
            }
        }
    }
}

impl MethodValidation {
    fn check_parameters(&self, exchange: &Exchange) -> Result<(), Refusal> {
        let missing: Vec<&str> = self
            .required
            .iter()
            .filter(|required| !required.is_met(exchange))
            .map(|required| required.name.as_ref())
            .collect();
        if missing.is_empty() {
            return Ok(());
        }
        let message = format!("Missing required request parameters: [{}]", missing.join(", "));
        let cause = format!("missing or blank: {}", missing.join(", "));
        Err(Refusal::new(RefusalKind::BadRequestParameters, cause).with_message(message))
    }

    fn check_body(&self, exchange: &Exchange) -> Result<Reason, Refusal> {
        if self.models.is_empty() {
            return Ok("parameters are there; no model for the body".into());
        }
        let headers = &exchange.request().headers;
        if headers.all("content-type").nth(1).is_some() {
            // Which of them the backend believes is not ours to guess.
            let cause = "the request has more than one Content-Type";
            return Err(Refusal::new(RefusalKind::BadRequestBody, cause));
        }
        let media_type = headers
            .get("content-type")
            .map_or(JSON.into(), |value| String::from_utf8_lossy(value).into_owned());
        let Some(model) = self.model(&media_type) else {
            let reason = format!("no model for `{}`: the body was not checked", shown(&media_type));
            return Ok(reason.into());
        };
        model.check(exchange.body_read())
    }

    fn model(&self, media_type: &str) -> Option<&CompiledModel> {
        let wanted = media_type_of(media_type);
        let named = |name: &str| self.models.iter().find(|(known, _)| **known == *name);
        let found = named(&wanted).or_else(|| named(OTHERWISE));
        found.map(|(_, model)| model.as_ref())
    }
}

impl CompiledModel {
    /// Checks a body; an empty one is an empty object, as on AWS.
    fn check(&self, body: &[u8]) -> Result<Reason, Refusal> {
        let body: &[u8] = if body.is_empty() { b"{}" } else { body };
        // Names that occur twice are refused, although AWS takes the last: another reader may take the first.
        let Some(value) = strict_json::parse(body) else {
            let cause = format!("the body is not JSON that the model `{}` could judge", self.name);
            return Err(Refusal::new(RefusalKind::BadRequestBody, cause)
                .with_validation_errors("[Unable to parse JSON body]"));
        };
        let Err(mismatches) = self.schema.check(&value) else {
            return Ok((&self.passed).into());
        };
        let told: Vec<String> = mismatches.iter().map(ToString::to_string).collect();
        let cause = format!(
            "the body does not match the model `{}`: {}",
            self.name,
            places(&mismatches)
        );
        Err(Refusal::new(RefusalKind::BadRequestBody, cause)
            .with_validation_errors(format!("[{}]", told.join(", "))))
    }
}

/// Says where what is wrong. Values stay out of it: they may be passwords, and this goes into the trail.
fn places(mismatches: &[Mismatch]) -> String {
    let place = |mismatch: &Mismatch| match (mismatch.pointer.as_str(), mismatch.keyword.as_str()) {
        ("", "") => "somewhere".to_owned(),
        ("", keyword) => keyword.to_owned(),
        (pointer, keyword) => format!("{keyword} at {pointer}"),
    };
    let all: Vec<String> = mismatches.iter().map(place).collect();
    shown(&all.join("; "))
}

/// The validators and models of an image; a model is compiled when the first method needs it.
pub(crate) struct Validators<'a> {
    validators: BTreeMap<&'a str, &'a RequestValidator>,
    models: BTreeMap<&'a str, &'a Model>,
    api_id: &'a str,
    documents: Documents,
    compiled: HashMap<&'a str, Arc<CompiledModel>>,
}

impl<'a> Validators<'a> {
    pub(crate) fn of(image: &'a ApiImage) -> Self {
        let api_id = image.rest_api.id.as_str();
        let validators = image.request_validators.iter();
        let models = image.models.iter();
        let texts = models.clone().filter_map(|model| {
            let url = model_url(api_id, &model.name);
            Some((url, model.schema.as_deref()?))
        });
        let is_needed = !image.request_validators.is_empty();
        Self {
            validators: validators.map(|one| (one.id.as_str(), one)).collect(),
            documents: if is_needed {
                Documents::new(texts)
            } else {
                Documents::default()
            },
            models: models.map(|model| (model.name.as_str(), model)).collect(),
            api_id,
            compiled: HashMap::new(),
        }
    }

    /// Compiles what `method` asks of its requests; none when it has no validator.
    pub(crate) fn compile(
        &mut self,
        method: &Method,
        path: &str,
        problems: &mut Vec<Problem>,
    ) -> Option<Box<MethodValidation>> {
        let id = method.request_validator_id.as_deref()?;
        let mut refuse = |field: &str, message: String| {
            problems.push(Problem::error(None, format!("{path}: {field}"), message));
        };
        let Some(validator) = self.validators.get(id).copied() else {
            refuse(
                "requestValidatorId",
                format!("the API has no request validator `{id}`"),
            );
            return None;
        };
        let mut validation = MethodValidation::default();
        let required = method
            .request_parameters
            .iter()
            .filter(|(_, required)| **required);
        for (parameter, _) in required.filter(|_| validator.validate_request_parameters) {
            match Required::parse(parameter) {
                Some(required) => validation.required.push(required),
                None => refuse("requestParameters", format!("`{parameter}` is no parameter")),
            }
        }
        let models = method.request_models.iter();
        for (media_type, name) in models.filter(|_| validator.validate_request_body) {
            match self.model(name) {
                Ok(model) => validation.models.push((media_type_of(media_type).into(), model)),
                Err(message) => refuse(&format!("requestModels/{media_type}"), message),
            }
        }
        Some(Box::new(validation))
    }

    fn model(&mut self, name: &str) -> Result<Arc<CompiledModel>, String> {
        if let Some(known) = self.compiled.get(name) {
            return Ok(Arc::clone(known));
        }
        let (name, model) = self
            .models
            .get_key_value(name)
            .ok_or_else(|| format!("the API has no model `{name}`"))?;
        // A model without a schema describes any JSON.
        let text = model.schema.as_deref().filter(|text| !text.trim().is_empty());
        let url = model_url(self.api_id, name);
        let schema = Schema::compile(text.unwrap_or("{}"), Some(&url), &self.documents)
            .map_err(|cause| format!("the model `{name}`: {cause}"))?;
        let compiled = Arc::new(CompiledModel {
            name: (*name).into(),
            schema,
            passed: format!("the body matches the model `{name}`").into(),
        });
        self.compiled.insert(name, Arc::clone(&compiled));
        Ok(compiled)
    }
}
