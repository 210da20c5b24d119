//! `AWS::SecretsManager::Secret`:
//! <https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-resource-secretsmanager-secret.html>

use portcullis_engines::cloudformation::{
    PropertySchema as P, ResourceSchema, ResourceTemplate, Shape, Template,
};
use portcullis_model::{Problem, SecretText, resources::cloudformation::StackResource};
use portcullis_vault::secrets::{
    NewSecret, NewValue, PASSWORD_LENGTH_DEFAULT, PasswordRules, SecretChange, SecretValue, SecretsError,
    random_password,
};
use serde_json::Value;

use crate::{
    operation::AwsError,
    resources::{Made, Maker, Making, Properties, StackedResource},
};

/// A secret.
pub struct Secret;

static GENERATED: &[P] = &[
    P::optional(
        "ExcludeCharacters",
        Shape::TextLength {
            minimum: 0,
            maximum: 4096,
        },
    ),
    P::optional("ExcludeLowercase", Shape::Boolean),
    P::optional("ExcludeNumbers", Shape::Boolean),
    P::optional("ExcludePunctuation", Shape::Boolean),
    P::optional("ExcludeUppercase", Shape::Boolean),
    P::optional("GenerateStringKey", Shape::Text),
    P::optional("IncludeSpace", Shape::Boolean),
    P::optional(
        "PasswordLength",
        Shape::Integer {
            minimum: 1,
            maximum: 4096,
        },
    ),
    P::optional("RequireEachIncludedType", Shape::Boolean),
    P::optional("SecretStringTemplate", Shape::Text),
];

static SCHEMA: ResourceSchema = ResourceSchema {
    type_name: "AWS::SecretsManager::Secret",
    properties: &[
        P::optional(
            "Description",
            Shape::TextLength {
                minimum: 0,
                maximum: 2048,
            },
        ),
        P::optional("GenerateSecretString", Shape::Object(GENERATED)),
        P::optional("KmsKeyId", Shape::Text)
            .inert("every value is sealed under this installation's root key"),
        P::optional(
            "Name",
            Shape::Pattern {
                expression: "[A-Za-z0-9/_+=.@-]{1,512}",
                says: "1 to 512 letters, digits and `/_+=.@-`",
            },
        )
        .replaces(),
        P::refused("ReplicaRegions", "one region is served"),
        P::optional("SecretString", Shape::Text),
        P::optional("Tags", Shape::Tags),
        P::refused("Type", "secrets of other services are not managed here"),
    ],
    attributes: &["Id"],
};

/// What CloudFormation calls a template's mistake.
fn mistaken(message: &str) -> AwsError {
    AwsError::new("InvalidRequest", 400, message)
}

fn made(arn: &str) -> Made {
    Made::named(arn).with("Id", arn)
}

/// Returns the value that the properties ask for.
fn value_of(maker: &Maker<'_>, properties: Properties<'_>) -> Result<Option<NewValue>, AwsError> {
    let text = properties.text("SecretString");
    let value = match (text, properties.object("GenerateSecretString")) {
        (Some(_), Some(_)) => {
            return Err(mistaken(
                "`SecretString` and `GenerateSecretString` exclude each other: give one",
            ));
        }
        (Some(text), None) => SecretText::new(text.to_owned()),
        (None, Some(rules)) => generate(maker, rules)?,
        (None, None) => return Ok(None),
    };
    Ok(Some(NewValue {
        value: SecretValue::Text(value),
        token: None,
    }))
}

fn generate(maker: &Maker<'_>, properties: Properties<'_>) -> Result<SecretText, AwsError> {
    let flag = |name: &str| properties.boolean(name).unwrap_or_default();
    let length = properties.number("PasswordLength");
    let rules = PasswordRules {
        length: length.map_or(PASSWORD_LENGTH_DEFAULT, |length| length as usize),
        exclude_characters: properties.text_or_empty("ExcludeCharacters").to_owned(),
        exclude_lowercase: flag("ExcludeLowercase"),
        exclude_uppercase: flag("ExcludeUppercase"),
        exclude_numbers: flag("ExcludeNumbers"),
        exclude_punctuation: flag("ExcludePunctuation"),
        include_space: flag("IncludeSpace"),
        require_each_included_type: properties.boolean("RequireEachIncludedType").unwrap_or(true),
    };
    let password = random_password(&rules, maker.entropy)?;
    let template = properties.text("SecretStringTemplate");
    match (template, properties.text("GenerateStringKey")) {
        (None, None) => Ok(password),
        (Some(template), Some(key)) => {
            let Ok(Value::Object(mut members)) = serde_json::from_str(template) else {
                return Err(mistaken("`SecretStringTemplate` must hold a JSON object"));
            };
            members.insert(key.to_owned(), password.expose().into());
            Ok(SecretText::new(Value::Object(members).to_string()))
        }
        _ => Err(mistaken(
            "`SecretStringTemplate` and `GenerateStringKey` go together: give both or none",
        )),
    }
}

impl StackedResource for Secret {
    fn schema(&self) -> &'static ResourceSchema {
        &SCHEMA
    }

    fn create<'a>(&'a self, maker: &'a Maker<'a>, properties: Properties<'a>) -> Making<'a, Made> {
        Box::pin(async move {
            let name = properties.string("Name");
            let new = NewSecret {
                name: name.unwrap_or_else(|| maker.generated_name()),
                description: properties.string("Description"),
                kms_key_id: properties.string("KmsKeyId"),
                tags: properties.tags("Tags"),
                value: value_of(maker, properties)?,
            };
            let written = maker.secrets().create(&new).await?;
            Ok(made(&written.secret.arn))
        })
    }

    fn update<'a>(
        &'a self,
        maker: &'a Maker<'a>,
        before: &'a StackResource,
        properties: Properties<'a>,
    ) -> Making<'a, Made> {
        Box::pin(async move {
            let was = Properties::of(&before.properties);
            // A value is made anew only where the template asks for another one.
            let same = ["SecretString", "GenerateSecretString"]
                .iter()
                .all(|name| was.value(name) == properties.value(name));
            let value = value_of(maker, properties)?;
            let change = SecretChange {
                description: Some(properties.text_or_empty("Description").to_owned()),
                kms_key_id: Some(properties.text_or_empty("KmsKeyId").to_owned()),
                value: value.filter(|_| !same),
            };
            let secrets = maker.secrets();
            let arn = before.reference.as_str();
            secrets.update(arn, &change).await?;
            secrets.replace_tags(arn, &properties.tags("Tags")).await?;
            Ok(made(arn))
        })
    }

    fn delete<'a>(&'a self, maker: &'a Maker<'a>, made: &'a StackResource) -> Making<'a, ()> {
        // At once, as CloudFormation does: the same stack may be made again under the same names.
        Box::pin(async move {
            let gone = maker.secrets().delete_now(&made.reference).await;
            gone.map(drop).map_err(|error: SecretsError| error.into())
        })
    }

    fn check(&self, logical_id: &str, resource: &ResourceTemplate, _template: &Template) -> Vec<Problem> {
        let member = |name: &str| resource.properties.member(name);
        let text = member("SecretString").filter(|node| node.as_text().is_some());
        let (Some(text), Some(_)) = (text, member("GenerateSecretString")) else {
            return Vec::new();
        };
        vec![Problem::error(
            Some(text.place),
            format!("Resources/{logical_id}/Properties/SecretString"),
            "excludes `GenerateSecretString`: give one of them",
        )]
    }
}
