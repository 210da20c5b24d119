//! `AWS::Lambda::Function`:
//! <https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-resource-lambda-function.html>

use portcullis_engines::cloudformation::{
    PropertySchema as P, ResourceSchema, ResourceTemplate, Shape, Template,
};
use portcullis_functions::package::single_file;
use portcullis_model::{
    Problem,
    resources::{cloudformation::StackResource, lambda::function_arn},
};
use serde_json::{Map, Value, json};

use crate::{
    operation::AwsError,
    resources::{Made, Maker, Making, Properties, StackedResource},
    services::lambda::settings::{CodeSource, FunctionSettings},
};

/// A function.
pub struct Function;

/// The file that inline code becomes.
const INLINE_FILE: &str = "index.py";
/// Bytes of inline code: AWS's quota.
const INLINE_BYTES_MAX: usize = 4 << 20;

static CODE: &[P] = &[
    P::refused("ImageUri", "functions do not run in containers"),
    P::optional("S3Bucket", Shape::Text),
    P::optional("S3Key", Shape::Text),
    P::refused("S3ObjectVersion", "a bucket is a folder, which keeps no versions"),
    P::refused("SourceKMSKeyArn", "there are no KMS keys"),
    P::optional("ZipFile", Shape::Text),
];

static SCHEMA: ResourceSchema = ResourceSchema {
    type_name: "AWS::Lambda::Function",
    properties: &[
        P::optional("Architectures", Shape::List(&Shape::OneOf(&["x86_64", "arm64"])))
            .inert("functions run on the machine's own processor"),
        P::refused("CapacityProviderConfig", "functions run on this machine"),
        P::required("Code", Shape::Object(CODE)),
        P::refused("CodeSigningConfigArn", "packages are not signed"),
        P::refused("DeadLetterConfig", "functions are invoked synchronously alone"),
        P::optional(
            "Description",
            Shape::TextLength {
                minimum: 0,
                maximum: 256,
            },
        ),
        P::refused("DurableConfig", "functions keep no state between events"),
        P::optional(
            "Environment",
            Shape::Object(&[P::optional("Variables", Shape::MapOf(&Shape::Text))]),
        ),
        P::optional("EphemeralStorage", Shape::Json).inert("temporary files are bound by the machine's disk"),
        P::refused("FileSystemConfigs", "there are no file systems of AWS"),
        P::optional("FunctionName", Shape::Text).replaces(),
        P::refused("FunctionScalingConfig", "functions run on this machine"),
        P::required("Handler", Shape::Text),
        P::refused("ImageConfig", "functions do not run in containers"),
        P::optional("KmsKeyArn", Shape::Text)
            .inert("variables are sealed under this installation's root key"),
        P::refused(
            "Layers",
            "layers are not supported yet: put what they hold into the package",
        ),
        P::optional("LoggingConfig", Shape::Json).inert("what a function prints goes to a file of its own"),
        P::optional(
            "MemorySize",
            Shape::Integer {
                minimum: 128,
                maximum: 10_240,
            },
        ),
        P::optional("PackageType", Shape::OneOf(&["Zip"])),
        P::refused("PublishToLatestPublished", "there are no versions"),
        P::optional("RecursiveLoop", Shape::Text).inert("functions have no events to loop through"),
        P::refused(
            "ReservedConcurrentExecutions",
            "the bound is the same for every function",
        ),
        P::required("Role", Shape::Text),
        P::required("Runtime", Shape::Text),
        P::optional("RuntimeManagementConfig", Shape::Json)
            .inert("functions run on the machine's own Python"),
        P::refused("SnapStart", "there are no versions"),
        P::optional("Tags", Shape::Tags).inert("no policy reads the tags of a function"),
        P::refused("TenancyConfig", "functions are not told tenants apart"),
        P::optional(
            "Timeout",
            Shape::Integer {
                minimum: 1,
                maximum: 900,
            },
        ),
        P::optional("TracingConfig", Shape::Json).inert("nothing is traced"),
        P::refused("VpcConfig", "there are no VPCs"),
    ],
    attributes: &["Arn"],
};

/// Returns what is chosen; what is not, as AWS would have it.
fn settings(properties: Properties<'_>) -> Result<FunctionSettings, AwsError> {
    let mut members = Map::new();
    for (name, default) in [
        ("Runtime", Value::Null),
        ("Handler", Value::Null),
        ("Role", Value::Null),
        ("Description", json!("")),
        ("Timeout", json!(3)),
        ("MemorySize", json!(128)),
        ("Environment", json!({})),
        ("Architectures", json!(["x86_64"])),
    ] {
        members.insert(
            name.to_owned(),
            properties.value(name).cloned().unwrap_or(default),
        );
    }
    FunctionSettings::read(&members)
}

fn code(properties: Properties<'_>) -> Result<CodeSource, AwsError> {
    let code = properties.value("Code").and_then(Value::as_object);
    let mut members = code.cloned().unwrap_or_default();
    if let Some(Value::String(text)) = members.remove("ZipFile") {
        if members.contains_key("S3Bucket") || members.contains_key("S3Key") {
            let message = "`Code`: `ZipFile` and `S3Bucket` exclude each other: give one";
            return Err(AwsError::new("InvalidRequest", 400, message));
        }
        if text.len() > INLINE_BYTES_MAX {
            let message = format!("`Code/ZipFile` has more than {INLINE_BYTES_MAX} bytes");
            return Err(AwsError::new("InvalidRequest", 400, message));
        }
        return Ok(CodeSource::Package(single_file(INLINE_FILE, text.as_bytes())));
    }
    CodeSource::read(&members)
}

/// Returns `{stack}-{logical id}-{random}` within the length of a function's name.
fn generated_name(maker: &Maker<'_>) -> String {
    let random = maker.entropy.alphanumeric(12);
    let stem: String = format!("{}-{}", maker.stack_name, maker.logical_id)
        .chars()
        .take(64 - 13)
        .collect();
    format!("{stem}-{random}")
}

fn made(maker: &Maker<'_>, name: &str) -> Made {
    Made::named(name).with("Arn", function_arn(maker.scope, name))
}

impl StackedResource for Function {
    fn schema(&self) -> &'static ResourceSchema {
        &SCHEMA
    }

    fn create<'a>(&'a self, maker: &'a Maker<'a>, properties: Properties<'a>) -> Making<'a, Made> {
        Box::pin(async move {
            let name = properties
                .string("FunctionName")
                .unwrap_or_else(|| generated_name(maker));
            maker
                .lambda()
                .create(&name, settings(properties)?, code(properties)?)
                .await?;
            Ok(made(maker, &name))
        })
    }

    fn update<'a>(
        &'a self,
        maker: &'a Maker<'a>,
        before: &'a StackResource,
        properties: Properties<'a>,
    ) -> Making<'a, Made> {
        Box::pin(async move {
            let (settings, code) = (settings(properties)?, code(properties)?);
            let functions = maker.lambda();
            functions
                .change(&before.reference, None, settings, Some(code))
                .await?;
            Ok(made(maker, &before.reference))
        })
    }

    fn delete<'a>(&'a self, maker: &'a Maker<'a>, made: &'a StackResource) -> Making<'a, ()> {
        Box::pin(async move {
            match maker.lambda().delete(&made.reference).await {
                Err(error) if error.code == "ResourceNotFoundException" => Ok(()),
                other => other,
            }
        })
    }

    fn check(&self, logical_id: &str, resource: &ResourceTemplate, _template: &Template) -> Vec<Problem> {
        let Some(node) = resource.properties.member("Runtime") else {
            return Vec::new();
        };
        let runtime = node.scalar_text().filter(|text| !text.starts_with("python3."));
        let problem = runtime.map(|runtime| {
            let path = format!("Resources/{logical_id}/Properties/Runtime");
            let message = format!("`{runtime}` is not supported: use `python3.x`");
            Problem::error(Some(node.place), path, message)
        });
        problem.into_iter().collect()
    }
}
