//! What a secret may be called, and which secret a name, an ARN or an ARN without its random end means.
//!
//! <https://docs.aws.amazon.com/secretsmanager/latest/userguide/troubleshoot.html#ARN_secretnamehyphen>

use portcullis_model::arn::Arn;
use portcullis_store::typed::{Versioned, read_json};

use super::{Secret, Secrets, SecretsError};

/// Characters of a name.
const NAME_CHARACTERS_MAX: usize = 512;
/// Random characters at the end of an ARN.
const SUFFIX_CHARACTERS: usize = 6;

impl Secrets<'_> {
    /// Returns a new ARN for `name`.
    pub(super) fn new_arn(&self, name: &str) -> String {
        self.arn_of(&format!(
            "{name}-{}",
            self.entropy.alphanumeric(SUFFIX_CHARACTERS)
        ))
    }

    /// Returns the ARN that ends in `own`.
    pub(super) fn arn_of(&self, own: &str) -> String {
        Arn::new(
            "secretsmanager",
            self.scope.region.as_str(),
            self.scope.account.as_str(),
            format!("secret:{own}"),
        )
        .to_string()
    }

    /// Returns the secret that `id` means, also one that waits for its deletion.
    pub async fn find(&self, id: &str) -> Result<Secret, SecretsError> {
        Ok(self.found(id).await?.value)
    }

    /// Returns the ARN that policies are asked about: the secret's own, or what one of that name would have, with
    /// `??????` for what nobody knows yet.
    pub async fn permission_arn(&self, id: &str) -> Result<String, SecretsError> {
        match self.find(id).await {
            Ok(secret) => Ok(secret.arn),
            Err(error) if error.is_not_found() && id.starts_with("arn:") => Ok(id.to_owned()),
            Err(error) if error.is_not_found() => Ok(self.arn_of(&format!("{id}-??????"))),
            Err(error) => Err(error),
        }
    }

    pub(super) async fn found(&self, id: &str) -> Result<Versioned<Secret>, SecretsError> {
        let Some(own) = self.own_part(id) else {
            return Err(no_such_secret());
        };
        let is_arn = id.starts_with("arn:");
        // A whole ARN first: a secret may be called like another one with a suffix.
        if is_arn
            && let Some((name, suffix)) = own.rsplit_once('-')
            && suffix.len() == SUFFIX_CHARACTERS
            && let Some(found) = read_json::<Secret>(self.store, &self.secret_key(name)).await?
            && found.value.arn == id
        {
            return Ok(found);
        }
        read_json::<Secret>(self.store, &self.secret_key(&own))
            .await?
            .ok_or_else(no_such_secret)
    }

    /// Returns the secret, unless it waits for its deletion.
    pub(super) async fn living(&self, id: &str) -> Result<Versioned<Secret>, SecretsError> {
        let found = self.found(id).await?;
        if found.value.deletion.is_some() {
            return Err(SecretsError::invalid_request(
                "You can't perform this operation on the secret because it was marked for deletion.",
            ));
        }
        Ok(found)
    }

    /// Returns a name, or what follows `secret:` in an ARN of this account and region.
    fn own_part(&self, id: &str) -> Option<String> {
        if !id.starts_with("arn:") {
            return Some(id.to_owned());
        }
        let arn: Arn = id.parse().ok()?;
        let is_ours = arn.service == "secretsmanager"
            && arn.region == self.scope.region.as_str()
            && arn.account == self.scope.account.as_str();
        let own = arn.resource.strip_prefix("secret:")?;
        (is_ours && !own.is_empty()).then(|| own.to_owned())
    }
}

pub(super) fn no_such_secret() -> SecretsError {
    SecretsError::not_found("Secrets Manager can't find the specified secret.")
}

/// Checks the name of a new secret.
pub(super) fn check_name(name: &str) -> Result<(), SecretsError> {
    let fits = (1..=NAME_CHARACTERS_MAX).contains(&name.len())
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"/_+=.@-".contains(&byte));
    if fits {
        return Ok(());
    }
    Err(SecretsError::invalid_parameter(
        "Invalid name. Must be a valid name containing alphanumeric characters, or any of the following: -/_+=.@!",
    ))
}
