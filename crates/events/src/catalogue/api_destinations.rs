//! API destinations: <https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_CreateApiDestination.html>

use portcullis_egress::Url;
use portcullis_model::resources::events::ApiDestination;
use portcullis_store::{
    Batch, Expect, Page, kinds, settled,
    typed::{self, Versioned},
};

use super::Catalogue;
use crate::{
    EventsError,
    names::{arn, check_name},
};

/// API destinations of an account.
const API_DESTINATIONS_MAX: usize = 3_000;
const NAME_CHARACTERS_MAX: usize = 64;
const ENDPOINT_BYTES_MAX: usize = 2_048;
/// Deliveries a second where nothing is said, and at most.
pub(crate) const RATE_LIMIT_MAX: u32 = 300;
/// A delivery carries a body.
const METHODS: [&str; 4] = ["POST", "PUT", "PATCH", "DELETE"];

/// What an API destination shall be.
#[derive(Clone, Debug)]
pub struct NewApiDestination {
    pub name: String,
    pub description: Option<String>,
    pub connection_arn: String,
    pub invocation_endpoint: String,
    pub http_method: String,
    pub invocation_rate_limit_per_second: Option<u32>,
}

/// What shall change; what is none stays.
#[derive(Clone, Debug, Default)]
pub struct ApiDestinationChange {
    pub description: Option<String>,
    pub connection_arn: Option<String>,
    pub invocation_endpoint: Option<String>,
    pub http_method: Option<String>,
    pub invocation_rate_limit_per_second: Option<u32>,
}

impl Catalogue<'_> {
    /// Makes an API destination.
    pub async fn create_api_destination(
        &self,
        new: NewApiDestination,
    ) -> Result<ApiDestination, EventsError> {
        check_name("API destination name", &new.name, NAME_CHARACTERS_MAX)?;
        if self.api_destinations("").await?.len() >= API_DESTINATIONS_MAX {
            return Err(EventsError::limit(format!(
                "The requested resource exceeds the maximum number allowed: {API_DESTINATIONS_MAX} API destinations"
            )));
        }
        let now = self.clock.now();
        let destination = ApiDestination {
            arn: arn(
                self.scope,
                &format!("api-destination/{}/{}", new.name, self.entropy.uuid()),
            ),
            name: new.name,
            description: new.description,
            connection_arn: new.connection_arn,
            invocation_endpoint: new.invocation_endpoint,
            http_method: new.http_method,
            invocation_rate_limit_per_second: new.invocation_rate_limit_per_second.unwrap_or(RATE_LIMIT_MAX),
            creation_time: now,
            last_modified_time: now,
        };
        self.check_destination(&destination).await?;
        let key = self.key(kinds::EVENT_API_DESTINATION, destination.name.as_str());
        let batch = Batch::new().put_json(key, &destination, Expect::Absent)?;
        match self.store.commit(batch).await.map_err(EventsError::from) {
            Err(error) if error.is_conflict() => Err(EventsError::exists(format!(
                "An api-destination '{}' already exists.",
                destination.name
            ))),
            other => other.map(|_| destination),
        }
    }

    /// Returns an API destination.
    pub async fn api_destination(&self, name: &str) -> Result<ApiDestination, EventsError> {
        Ok(self.found_destination(name).await?.value)
    }

    /// Returns the API destinations whose names begin with `prefix`, by name.
    pub async fn api_destinations(&self, prefix: &str) -> Result<Vec<ApiDestination>, EventsError> {
        let (kind, page) = (kinds::EVENT_API_DESTINATION, Page::all(prefix));
        let found = typed::list_json::<ApiDestination>(self.store, self.scope, kind, page).await?;
        Ok(found.into_iter().map(|found| found.value).collect())
    }

    /// Changes an API destination.
    pub async fn update_api_destination(
        &self,
        name: &str,
        change: &ApiDestinationChange,
    ) -> Result<ApiDestination, EventsError> {
        settled(EventsError::is_conflict, || async {
            let found = self.found_destination(name).await?;
            let mut destination = found.value.clone();
            let set = |place: &mut String, value: &Option<String>| {
                if let Some(value) = value {
                    place.clone_from(value);
                }
            };
            set(&mut destination.connection_arn, &change.connection_arn);
            set(&mut destination.invocation_endpoint, &change.invocation_endpoint);
            set(&mut destination.http_method, &change.http_method);
            let description = change.description.clone().or(destination.description);
            destination.description = description.filter(|text| !text.is_empty());
            if let Some(rate) = change.invocation_rate_limit_per_second {
                destination.invocation_rate_limit_per_second = rate;
            }
            destination.last_modified_time = self.clock.now();
            self.check_destination(&destination).await?;
            let batch = Batch::new().put_json(found.key.clone(), &destination, found.expect())?;
            self.store.commit(batch).await?;
            Ok(destination)
        })
        .await
    }

    /// Deletes an API destination; deliveries on their way to it are given up.
    pub async fn delete_api_destination(&self, name: &str) -> Result<(), EventsError> {
        let found = self.found_destination(name).await?;
        let batch = Batch::new().delete(found.key.clone(), found.expect());
        self.store.commit(batch).await?;
        Ok(())
    }

    async fn found_destination(&self, name: &str) -> Result<Versioned<ApiDestination>, EventsError> {
        let key = self.key(kinds::EVENT_API_DESTINATION, name);
        typed::read_json::<ApiDestination>(self.store, &key)
            .await?
            .ok_or_else(|| EventsError::not_found(format!("An api-destination '{name}' does not exist.")))
    }

    async fn check_destination(&self, destination: &ApiDestination) -> Result<(), EventsError> {
        let endpoint = &destination.invocation_endpoint;
        let refuse = |message: String| Err(EventsError::validation(message));
        if endpoint.len() > ENDPOINT_BYTES_MAX {
            return refuse(format!(
                "`InvocationEndpoint` has more than {ENDPOINT_BYTES_MAX} bytes"
            ));
        }
        if endpoint.contains('*') {
            return refuse("`InvocationEndpoint`: path parameters (`*`) are not supported".into());
        }
        if let Err(cause) = Url::parse(endpoint) {
            return refuse(format!("`InvocationEndpoint`: {cause}"));
        }
        if !METHODS.contains(&destination.http_method.as_str()) {
            return refuse(format!(
                "`HttpMethod` `{}` is not supported: use one of {}",
                destination.http_method,
                METHODS.join(", ")
            ));
        }
        if !(1..=RATE_LIMIT_MAX).contains(&destination.invocation_rate_limit_per_second) {
            return refuse(format!(
                "`InvocationRateLimitPerSecond` must be 1 to {RATE_LIMIT_MAX}"
            ));
        }
        let mut connections = self.connections("").await?.into_iter();
        if !connections.any(|connection| connection.arn == destination.connection_arn) {
            return Err(EventsError::not_found(format!(
                "Connection '{}' does not exist.",
                destination.connection_arn
            )));
        }
        Ok(())
    }
}
