//! Are a user's attributes what the pool's schema says? And which of them may a client read and write?

use std::collections::BTreeMap;

use portcullis_model::resources::cognito::{SchemaAttribute, User, UserPool, UserPoolClient};

use crate::IdentityError;

/// Bytes of one attribute's value, AWS's own limit.
const VALUE_BYTES_MAX: usize = 2048;
/// Attributes given at once.
const ATTRIBUTES_MAX: usize = 100;
/// What codes and administrators decide, and clients never write.
const VERIFIED: [&str; 2] = ["email_verified", "phone_number_verified"];

/// Refuses attributes that the schema does not have, or values that do not fit it.
pub(crate) fn check(pool: &UserPool, attributes: &[(String, String)]) -> Result<(), IdentityError> {
    if attributes.len() > ATTRIBUTES_MAX {
        return Err(IdentityError::invalid_parameter(format!(
            "at most {ATTRIBUTES_MAX} attributes can be given at once"
        )));
    }
    for (name, value) in attributes {
        let Some(schema) = pool.schema_attributes.iter().find(|schema| schema.name == *name) else {
            return Err(IdentityError::invalid_parameter(format!(
                "Invalid user attributes: user.{name}: Attribute does not exist in the schema.\n"
            )));
        };
        check_value(schema, value)?;
    }
    Ok(())
}

fn check_value(schema: &SchemaAttribute, value: &str) -> Result<(), IdentityError> {
    let name = schema.name.as_str();
    let refused = |why: String| {
        Err(IdentityError::invalid_parameter(format!(
            "Attributes did not conform to the schema: {name}: {why}\n"
        )))
    };
    if value.len() > VALUE_BYTES_MAX || value.contains('\0') {
        return refused(format!(
            "the value has at most {VALUE_BYTES_MAX} bytes, and no NUL"
        ));
    }
    match name {
        "sub" => return refused("Attribute cannot be updated.".into()),
        "email" if !value.is_empty() && !is_email(value) => {
            return Err(IdentityError::invalid_parameter("Invalid email address format."));
        }
        "phone_number" if !value.is_empty() && !is_phone_number(value) => {
            return Err(IdentityError::invalid_parameter("Invalid phone number format."));
        }
        _ => {}
    }
    match schema.attribute_data_type.as_str() {
        "Boolean" if value != "true" && value != "false" => {
            refused("the value must be `true` or `false`".into())
        }
        "Number" => match value.parse::<i64>() {
            Ok(number) => check_number(schema, number),
            Err(_) => refused("the value must be a whole number".into()),
        },
        "String" => check_length(schema, value),
        _ => Ok(()),
    }
}

fn check_length(schema: &SchemaAttribute, value: &str) -> Result<(), IdentityError> {
    let length = i64::try_from(value.chars().count()).unwrap_or(i64::MAX);
    let limits = &schema.string_attribute_constraints;
    // An empty value takes an attribute away, whatever its least length.
    if value.is_empty() || within(limits, ("MinLength", "MaxLength"), length) {
        return Ok(());
    }
    Err(IdentityError::invalid_parameter(format!(
        "Attributes did not conform to the schema: {}: String must be between the schema's lengths\n",
        schema.name
    )))
}

fn check_number(schema: &SchemaAttribute, number: i64) -> Result<(), IdentityError> {
    if within(
        &schema.number_attribute_constraints,
        ("MinValue", "MaxValue"),
        number,
    ) {
        return Ok(());
    }
    Err(IdentityError::invalid_parameter(format!(
        "Attributes did not conform to the schema: {}: Number must be between the schema's values\n",
        schema.name
    )))
}

fn within(limits: &Option<BTreeMap<String, String>>, (least, greatest): (&str, &str), value: i64) -> bool {
    let limit = |name: &str| limits.as_ref()?.get(name)?.parse::<i64>().ok();
    limit(least).is_none_or(|least| value >= least)
        && limit(greatest).is_none_or(|greatest| value <= greatest)
}

/// Refuses a new user who lacks a required attribute.
pub(crate) fn check_required(pool: &UserPool, user: &User) -> Result<(), IdentityError> {
    match missing(pool, user).first() {
        None => Ok(()),
        Some(name) => Err(IdentityError::invalid_parameter(format!(
            "Attributes did not conform to the schema: {name}: The attribute is required\n"
        ))),
    }
}

/// Returns the required attributes that a user lacks.
pub(crate) fn missing(pool: &UserPool, user: &User) -> Vec<String> {
    pool.schema_attributes
        .iter()
        .filter(|schema| schema.required && schema.name != "sub")
        .map(|schema| schema.name.clone())
        .filter(|name| user.attributes.get(name).is_none_or(String::is_empty))
        .collect()
}

/// Refuses attributes that the client may not write.
pub(crate) fn check_writable(
    client: &UserPoolClient,
    attributes: &[(String, String)],
) -> Result<(), IdentityError> {
    let writable =
        |name: &String| client.write_attributes.is_empty() || client.write_attributes.contains(name);
    match attributes
        .iter()
        .find(|(name, _)| VERIFIED.contains(&name.as_str()) || !writable(name))
    {
        None => Ok(()),
        Some((name, _)) => Err(IdentityError::not_authorized(
            "A client attempted to write unauthorized attribute",
        )
        .because(format!("client `{}` may not write `{name}`", client.client_id))),
    }
}

/// Tells whether the client may read an attribute. A client that names none may read all: standard ones as AWS
/// documents, and custom ones too, as its tokens show.
pub(crate) fn is_readable(client: &UserPoolClient, name: &str) -> bool {
    client.read_attributes.is_empty() || client.read_attributes.iter().any(|readable| readable == name)
}

/// Sets `attributes` on the user; an empty value takes one away. A new address is not verified, unless the same call
/// says so.
pub(crate) fn apply(user: &mut User, attributes: &[(String, String)]) {
    for (name, value) in attributes {
        let before = user.attributes.get(name);
        if ["email", "phone_number"].contains(&name.as_str()) && before != Some(value) {
            user.attributes.remove(&format!("{name}_verified"));
        }
        if value.is_empty() {
            user.attributes.remove(name);
        } else {
            user.attributes.insert(name.clone(), value.clone());
        }
    }
    for (name, value) in attributes
        .iter()
        .filter(|(name, _)| VERIFIED.contains(&name.as_str()))
    {
        user.attributes.insert(name.clone(), value.clone());
    }
}

/// Tells whether text has the form of an e-mail address: something, one `@`, something; no space, no control character.
pub(crate) fn is_email(text: &str) -> bool {
    let plain = text
        .chars()
        .all(|c| !c.is_whitespace() && !c.is_control() && !"<>,;\"".contains(c));
    match text.split_once('@') {
        Some((name, host)) => plain && !name.is_empty() && !host.is_empty() && !host.contains('@'),
        None => false,
    }
}

/// Tells whether text has the form of E.164: a plus and up to 15 digits.
pub(crate) fn is_phone_number(text: &str) -> bool {
    text.strip_prefix('+').is_some_and(|digits| {
        (1..=15).contains(&digits.len()) && digits.bytes().all(|digit| digit.is_ascii_digit())
    })
}

/// Refuses to change what the schema says is set once, and to take away what it requires.
pub(crate) fn check_mutable(
    pool: &UserPool,
    user: &User,
    attributes: &[(String, String)],
) -> Result<(), IdentityError> {
    for (name, value) in attributes {
        let Some(schema) = pool.schema_attributes.iter().find(|schema| schema.name == *name) else {
            continue;
        };
        let held = user.attributes.get(name);
        if !schema.mutable && held.is_some() && held != Some(value) {
            return Err(IdentityError::invalid_parameter(format!(
                "user.{name}: Attribute cannot be updated.\n"
            )));
        }
        let names_the_user = pool.username_attributes.contains(name) && held.is_some();
        if value.is_empty() && (schema.required || names_the_user) {
            return Err(IdentityError::invalid_parameter(format!(
                "Attributes did not conform to the schema: {name}: The attribute is required\n"
            )));
        }
    }
    Ok(())
}
