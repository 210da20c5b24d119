//! `AWS::IAM::AccessKey`:
//! <https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-resource-iam-accesskey.html>
//!
//! The secret is an attribute, as on AWS: it stands in the stack's record, sealed with it. Whoever may read the stack's outputs
//! reads a secret that a template puts there.

use portcullis_engines::cloudformation::{PropertySchema as P, ResourceSchema, Shape};
use portcullis_model::resources::{cloudformation::StackResource, iam::User};
use portcullis_store::{Batch, Expect};

use crate::{
    credentials,
    operation::AwsError,
    resources::{Made, Maker, Making, Properties, StackedResource},
};

/// A user's access key.
pub struct AccessKey;

static SCHEMA: ResourceSchema = ResourceSchema {
    type_name: "AWS::IAM::AccessKey",
    properties: &[
        // A new number makes a new key.
        P::optional(
            "Serial",
            Shape::Integer {
                minimum: 0,
                maximum: u32::MAX as i64,
            },
        )
        .replaces(),
        P::optional("Status", Shape::OneOf(&["Active", "Inactive"])),
        P::required("UserName", Shape::Text).replaces(),
    ],
    attributes: &["SecretAccessKey"],
};

impl StackedResource for AccessKey {
    fn schema(&self) -> &'static ResourceSchema {
        &SCHEMA
    }

    fn create<'a>(&'a self, maker: &'a Maker<'a>, properties: Properties<'a>) -> Making<'a, Made> {
        Box::pin(async move {
            let iam = maker.iam();
            let user = iam.read::<User>(properties.text_or_empty("UserName")).await?;
            let made = iam.create_key(maker.vault, &user).await?;
            let id = made.record.access_key_id.to_string();
            set_status(maker, &user.value.user_name, &id, properties).await?;
            Ok(Made::named(id).with("SecretAccessKey", made.secret.expose()))
        })
    }

    fn update<'a>(
        &'a self,
        maker: &'a Maker<'a>,
        before: &'a StackResource,
        properties: Properties<'a>,
    ) -> Making<'a, Made> {
        Box::pin(async move {
            let user = properties.text_or_empty("UserName");
            set_status(maker, user, &before.reference, properties).await?;
            Ok(Made {
                physical_id: before.reference.clone(),
                attributes: before.attributes.clone(),
            })
        })
    }

    fn delete<'a>(&'a self, maker: &'a Maker<'a>, made: &'a StackResource) -> Making<'a, ()> {
        Box::pin(async move {
            let user = Properties::of(&made.properties).text_or_empty("UserName");
            if let Some(key) = maker.iam().key_of(user, &made.reference).await? {
                let batch = Batch::new().delete(key.key.clone(), key.expect());
                maker.store.commit(batch).await?;
            }
            Ok(())
        })
    }
}

async fn set_status(
    maker: &Maker<'_>,
    user: &str,
    id: &str,
    properties: Properties<'_>,
) -> Result<(), AwsError> {
    let status = properties.text("Status").unwrap_or("Active");
    let found = maker.iam().key_of(user, id).await?;
    let mut key = found.ok_or_else(|| {
        let message = format!("The Access Key with id {id} cannot be found.");
        AwsError::new("NoSuchEntity", 404, message)
    })?;
    if key.value.status != status {
        status.clone_into(&mut key.value.status);
        let batch = credentials::put(maker.scope, &key.value, Expect::Version(key.version))?;
        maker.store.commit(batch).await?;
    }
    Ok(())
}
