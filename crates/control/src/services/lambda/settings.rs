//! What a caller chooses about a function, checked in AWS's words.
//! <https://docs.aws.amazon.com/lambda/latest/api/API_CreateFunction.html>

use std::collections::BTreeMap;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use portcullis_functions::{
    local::RESERVED,
    package::{Package, digest},
};
use portcullis_model::arn::Arn;
use serde_json::{Map, Value};

use crate::{operation::AwsError, ports::Buckets};

/// Bytes of a deployment package in a bucket: AWS's quota. Those in a call are bound by the call's own limit.
pub(super) const PACKAGE_BYTES_MAX: usize = 50 << 20;
/// Bytes of all variables of a function together.
const ENVIRONMENT_BYTES_MAX: usize = 4 << 10;
const NAME_CHARACTERS_MAX: usize = 64;

/// Says that a member is wrong.
pub(crate) fn invalid(message: impl Into<String>) -> AwsError {
    AwsError::new("InvalidParameterValueException", 400, message)
}

/// What may be chosen about how a function runs; what is none stays as it is.
#[derive(Clone, Default)]
pub struct FunctionSettings {
    pub runtime: Option<String>,
    pub handler: Option<String>,
    pub role: Option<String>,
    pub description: Option<String>,
    pub timeout_seconds: Option<u32>,
    pub memory_mb: Option<u32>,
    pub environment: Option<BTreeMap<String, String>>,
    pub architectures: Option<Vec<String>>,
}

impl FunctionSettings {
    /// Reads the members of a call, or the properties of a resource: both have AWS's names.
    pub fn read(members: &Map<String, Value>) -> Result<Self, AwsError> {
        let settings = Self {
            runtime: text(members, "Runtime")?,
            handler: text(members, "Handler")?,
            role: text(members, "Role")?,
            description: text(members, "Description")?,
            timeout_seconds: number(members, "Timeout", 1, 900)?,
            memory_mb: number(members, "MemorySize", 128, 10_240)?,
            environment: environment(members)?,
            architectures: texts(members, "Architectures")?,
        };
        settings.check()?;
        Ok(settings)
    }

    fn check(&self) -> Result<(), AwsError> {
        if let Some(runtime) = &self.runtime {
            check_runtime(runtime)?;
        }
        if let Some(handler) = &self.handler {
            let plain = handler.bytes().all(|byte| byte.is_ascii_graphic());
            if !plain || handler.len() > 128 || !handler.contains('.') {
                return Err(invalid(format!(
                    "the handler `{handler}` is not in the form `module.function`"
                )));
            }
        }
        if let Some(role) = &self.role {
            let arn = role.parse::<Arn>().ok();
            if !arn.is_some_and(|arn| arn.service == "iam" && arn.resource.starts_with("role/")) {
                return Err(invalid(format!("the role `{role}` is no role's ARN")));
            }
        }
        if self
            .description
            .as_ref()
            .is_some_and(|text| text.chars().count() > 256)
        {
            return Err(invalid("the description has more than 256 characters"));
        }
        if let Some(architectures) = &self.architectures
            && !matches!(architectures.as_slice(), [one] if one == "x86_64" || one == "arm64")
        {
            return Err(invalid("expected one architecture, `x86_64` or `arm64`"));
        }
        Ok(())
    }
}

/// Any `python3.x` runs on the machine's own Python 3.
fn check_runtime(runtime: &str) -> Result<(), AwsError> {
    let minor = runtime.strip_prefix("python3.").unwrap_or_default();
    if !minor.is_empty() && minor.len() <= 2 && minor.bytes().all(|byte| byte.is_ascii_digit()) {
        return Ok(());
    }
    Err(invalid(format!(
        "the runtime `{runtime}` is not supported: use `python3.x`, or bind the function to an endpoint of your own"
    )))
}

/// Checks a function's name.
pub(super) fn check_name(name: &str) -> Result<(), AwsError> {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    if !name.is_empty() && name.len() <= NAME_CHARACTERS_MAX && name.bytes().all(plain) {
        return Ok(());
    }
    Err(invalid(format!(
        "the function name `{name}` is not 1 to {NAME_CHARACTERS_MAX} letters, digits, `-` and `_`"
    )))
}

/// Where a deployment package comes from.
pub enum CodeSource {
    Package(Vec<u8>),
    Object { bucket: String, key: String },
}

impl CodeSource {
    /// Reads the members `ZipFile` (base64), or `S3Bucket` and `S3Key`.
    pub fn read(members: &Map<String, Value>) -> Result<Self, AwsError> {
        let (zip, bucket, key) = (
            text(members, "ZipFile")?,
            text(members, "S3Bucket")?,
            text(members, "S3Key")?,
        );
        match (zip, bucket, key) {
            (Some(zip), None, None) => {
                let package = STANDARD
                    .decode(zip)
                    .map_err(|_| invalid("`ZipFile` is no base64"))?;
                Ok(Self::Package(package))
            }
            (None, Some(bucket), Some(key)) => Ok(Self::Object { bucket, key }),
            _ => Err(invalid(
                "Please provide a source for function code: `ZipFile`, or `S3Bucket` and `S3Key`.",
            )),
        }
    }

    /// Fetches the package and looks at all of it.
    pub(super) fn fetch(self, buckets: &dyn Buckets) -> Result<Code, AwsError> {
        let package = match self {
            Self::Package(package) => package,
            Self::Object { bucket, key } => buckets
                .read(&bucket, &key, PACKAGE_BYTES_MAX)
                .map_err(invalid)?
                .to_vec(),
        };
        Package::parse(&package)
            .and_then(|parsed| parsed.verify())
            .map_err(|cause| {
                invalid(format!(
                    "Could not unzip uploaded file. Please check your file, then try to upload again: {cause}"
                ))
            })?;
        Ok(Code {
            digest: digest(&package),
            bytes: package.len(),
            encoded: STANDARD.encode(package),
        })
    }
}

/// A deployment package that can be unpacked.
pub(super) struct Code {
    pub(super) digest: String,
    pub(super) bytes: usize,
    /// Base64, as it is kept.
    pub(super) encoded: String,
}

/// Returns a text member; anything else under its name is refused, never passed over.
pub(crate) fn text(members: &Map<String, Value>, name: &str) -> Result<Option<String>, AwsError> {
    match members.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.clone())),
        Some(_) => Err(AwsError::new(
            "SerializationException",
            400,
            format!("`{name}` is not a String"),
        )),
    }
}

fn texts(members: &Map<String, Value>, name: &str) -> Result<Option<Vec<String>>, AwsError> {
    let Some(value) = members.get(name).filter(|value| !value.is_null()) else {
        return Ok(None);
    };
    let items = value.as_array().and_then(|items| {
        items
            .iter()
            .map(|item| item.as_str().map(str::to_owned))
            .collect()
    });
    items.map(Some).ok_or_else(|| {
        AwsError::new(
            "SerializationException",
            400,
            format!("`{name}` is not a list of String"),
        )
    })
}

fn number(members: &Map<String, Value>, name: &str, min: u32, max: u32) -> Result<Option<u32>, AwsError> {
    let Some(value) = members.get(name).filter(|value| !value.is_null()) else {
        return Ok(None);
    };
    let number = value.as_u64().and_then(|number| u32::try_from(number).ok());
    number
        .filter(|number| (min..=max).contains(number))
        .map(Some)
        .ok_or_else(|| invalid(format!("`{name}` must be a number from {min} to {max}")))
}

/// Values may be secrets: no message repeats them.
fn environment(members: &Map<String, Value>) -> Result<Option<BTreeMap<String, String>>, AwsError> {
    let Some(environment) = members.get("Environment").filter(|value| !value.is_null()) else {
        return Ok(None);
    };
    let wrong = || {
        AwsError::new(
            "SerializationException",
            400,
            "`Environment` is not `{\"Variables\": {…}}`",
        )
    };
    let environment = environment.as_object().ok_or_else(wrong)?;
    if let Some(unknown) = environment.keys().find(|name| *name != "Variables") {
        return Err(invalid(format!("`Environment.{unknown}` is not supported")));
    }
    let mut variables = BTreeMap::new();
    let entries = environment
        .get("Variables")
        .map(|variables| variables.as_object().ok_or_else(wrong));
    for (name, value) in entries.transpose()?.into_iter().flatten() {
        let plain = name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
        if !plain || !name.starts_with(|first: char| first.is_ascii_alphabetic()) {
            return Err(invalid(format!(
                "the variable `{name}` is not named by letters, digits and `_`"
            )));
        }
        if RESERVED.contains(&name.as_str()) {
            return Err(invalid(format!(
                "Lambda was unable to configure your environment variables because the environment variables you \
                 have provided contains reserved keys that are currently not supported for modification. \
                 Reserved keys used in this request: {name}"
            )));
        }
        let value = value.as_str().ok_or_else(wrong)?;
        if value.contains('\0') {
            return Err(invalid(format!("the variable `{name}` holds a NUL")));
        }
        variables.insert(name.clone(), value.to_owned());
    }
    let bytes: usize = variables
        .iter()
        .map(|(name, value)| name.len() + value.len())
        .sum();
    if bytes > ENVIRONMENT_BYTES_MAX {
        return Err(invalid(format!(
            "the variables have more than {ENVIRONMENT_BYTES_MAX} bytes together"
        )));
    }
    Ok(Some(variables))
}
