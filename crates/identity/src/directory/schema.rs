//! A pool's schema: the standard attributes, and the custom ones with AWS's limits.
//!
//! <https://docs.aws.amazon.com/cognito/latest/developerguide/user-pool-settings-attributes.html>

use std::collections::BTreeMap;

use portcullis_model::resources::cognito::SchemaAttribute;

use crate::IdentityError;

/// Longest name of a custom attribute, without its prefix.
const CUSTOM_NAME_CHARACTERS_MAX: usize = 20;
const TYPES: [&str; 4] = ["String", "Number", "DateTime", "Boolean"];

/// Name, type, least and greatest length.
type Standard = (&'static str, &'static str, Option<(u32, u32)>);

/// Every standard attribute, in AWS's order.
const STANDARD: &[Standard] = &[
    ("sub", "String", Some((1, 2048))),
    ("name", "String", Some((0, 2048))),
    ("given_name", "String", Some((0, 2048))),
    ("family_name", "String", Some((0, 2048))),
    ("middle_name", "String", Some((0, 2048))),
    ("nickname", "String", Some((0, 2048))),
    ("preferred_username", "String", Some((0, 2048))),
    ("profile", "String", Some((0, 2048))),
    ("picture", "String", Some((0, 2048))),
    ("website", "String", Some((0, 2048))),
    ("email", "String", Some((0, 2048))),
    ("email_verified", "Boolean", None),
    ("gender", "String", Some((0, 2048))),
    ("birthdate", "String", Some((10, 10))),
    ("zoneinfo", "String", Some((0, 2048))),
    ("locale", "String", Some((0, 2048))),
    ("phone_number", "String", Some((0, 2048))),
    ("phone_number_verified", "Boolean", None),
    ("address", "String", Some((0, 2048))),
    ("updated_at", "Number", None),
];

/// Returns the whole schema of a pool: the standard attributes as `given` changes them, then the custom ones.
pub(crate) fn compile(given: &[SchemaAttribute]) -> Result<Vec<SchemaAttribute>, IdentityError> {
    let mut schema: Vec<SchemaAttribute> = STANDARD.iter().map(standard).collect();
    for attribute in given {
        if attribute.name == "sub" {
            return Err(IdentityError::invalid_parameter(
                "sub: Attribute cannot be changed.",
            ));
        }
        match schema.iter_mut().find(|there| there.name == attribute.name) {
            Some(there) => change_standard(there, attribute)?,
            None => {
                let attribute = custom(attribute)?;
                if schema.iter().any(|there| there.name == attribute.name) {
                    return Err(IdentityError::invalid_parameter(format!(
                        "{}: Existing attribute already has name {}.",
                        attribute.name, attribute.name
                    )));
                }
                schema.push(attribute);
            }
        }
    }
    check_count(&schema, 50)?;
    Ok(schema)
}

fn standard((name, data_type, length): &Standard) -> SchemaAttribute {
    let limits = |least: String, greatest: Option<String>, names: (&str, &str)| {
        let mut limits = BTreeMap::from([(names.0.to_owned(), least)]);
        if let Some(greatest) = greatest {
            limits.insert(names.1.to_owned(), greatest);
        }
        limits
    };
    SchemaAttribute {
        name: (*name).to_owned(),
        attribute_data_type: (*data_type).to_owned(),
        developer_only_attribute: false,
        mutable: *name != "sub",
        required: *name == "sub",
        string_attribute_constraints: length.map(|(least, greatest)| {
            limits(
                least.to_string(),
                Some(greatest.to_string()),
                ("MinLength", "MaxLength"),
            )
        }),
        number_attribute_constraints: (*data_type == "Number")
            .then(|| limits("0".into(), None, ("MinValue", "MaxValue"))),
    }
}

fn change_standard(there: &mut SchemaAttribute, given: &SchemaAttribute) -> Result<(), IdentityError> {
    if !given.attribute_data_type.is_empty() && given.attribute_data_type != there.attribute_data_type {
        return Err(IdentityError::invalid_parameter(format!(
            "Invalid AttributeDataType input, consider using the provided AttributeDataType enum. `{}` is a {}",
            there.name, there.attribute_data_type
        )));
    }
    there.required = given.required;
    there.mutable = given.mutable;
    for (name, value) in given.string_attribute_constraints.iter().flatten() {
        check_limit(&there.name, name, value)?;
        there
            .string_attribute_constraints
            .get_or_insert_default()
            .insert(name.clone(), value.clone());
    }
    Ok(())
}

/// Returns a custom attribute under its full name, `custom:{name}`.
pub(crate) fn custom(given: &SchemaAttribute) -> Result<SchemaAttribute, IdentityError> {
    let name = given.name.strip_prefix("custom:").unwrap_or(&given.name);
    let refused = |why: &str| Err(IdentityError::invalid_parameter(format!("{name}: {why}")));
    if name.is_empty()
        || name.chars().count() > CUSTOM_NAME_CHARACTERS_MAX
        || name.contains(char::is_whitespace)
    {
        return refused("a custom attribute's name has 1 to 20 characters and no white space");
    }
    if given.required {
        return refused("Required custom attributes are not supported currently.");
    }
    if given.developer_only_attribute {
        return refused(
            "developer-only attributes are not supported: restrict it with the clients' ReadAttributes",
        );
    }
    let mut attribute = given.clone();
    attribute.name = format!("custom:{name}");
    if attribute.attribute_data_type.is_empty() {
        attribute.attribute_data_type = "String".into();
    }
    if !TYPES.contains(&attribute.attribute_data_type.as_str()) {
        return refused(
            "Invalid AttributeDataType input, consider using the provided AttributeDataType enum.",
        );
    }
    let limits = [
        &given.string_attribute_constraints,
        &given.number_attribute_constraints,
    ];
    for (limit, value) in limits.into_iter().flatten().flatten() {
        check_limit(name, limit, value)?;
    }
    Ok(attribute)
}

fn check_limit(attribute: &str, limit: &str, value: &str) -> Result<(), IdentityError> {
    if ["MinLength", "MaxLength", "MinValue", "MaxValue"].contains(&limit) && value.parse::<i64>().is_ok() {
        return Ok(());
    }
    Err(IdentityError::invalid_parameter(format!(
        "{attribute}: constraint `{limit}` with value `{value}` is not a number"
    )))
}

/// Refuses more than `max` custom attributes.
pub(crate) fn check_count(schema: &[SchemaAttribute], max: usize) -> Result<(), IdentityError> {
    let custom = schema
        .iter()
        .filter(|attribute| attribute.name.starts_with("custom:"))
        .count();
    if custom <= max {
        return Ok(());
    }
    Err(IdentityError::limit_exceeded(format!(
        "a user pool has at most {max} custom attributes"
    )))
}
