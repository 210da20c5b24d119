//! `USER_SRP_AUTH`: a sign-in that never sends the password. The exchange between its two requests travels in
//! `SECRET_BLOCK`, sealed, so that any node can go on with it; each block is good once.
//!
//! <https://docs.aws.amazon.com/cognito/latest/developerguide/amazon-cognito-user-pools-authentication-flow-methods.html>

use std::{collections::BTreeMap, sync::Arc};

use aws_lc_rs::digest;
use base64::{Engine, engine::general_purpose::STANDARD};
use portcullis_engines::srp::{ServerExchange, SrpError, parse_timestamp};
use portcullis_model::{ClientId, SecretBytes, SecretText, Timestamp, UserSub, resources::cognito::User};
use portcullis_store::{Batch, Expect, Put, RecordKey, StoreError, kinds, typed::Versioned};
use serde::{Deserialize, Serialize};

use super::{AuthOutcome, Parameters, enabled::Flow, required, wrong_credentials};
use crate::{
    Identity, IdentityError,
    directory::users::{folded, no_such_user, srp_id},
    passwords::credentials::pool_name,
    records::{ClientContext, inside},
};

/// How far a client's clock may be off.
const SKEW_SECONDS: i64 = 5 * 60;
const BLOCK_PURPOSE: &str = "cognito/srp-secret-block";

/// What a secret block says besides the exchange.
#[derive(Serialize, Deserialize)]
struct Block {
    id: String,
    client_id: ClientId,
    /// `USER_ID_FOR_SRP`
    srp_id: String,
    /// As it was typed.
    typed: String,
    /// Made up when there is no such user, or none that SRP can sign in: a block must not be shorter for that.
    user: BlockUser,
    expires: Timestamp,
}

#[derive(Serialize, Deserialize)]
struct BlockUser {
    sub: UserSub,
    /// Of the sealed verifier: a password set meanwhile voids the exchange.
    mark: String,
}

impl Identity {
    pub(super) async fn user_srp_auth(
        &self,
        context: &ClientContext,
        parameters: &Parameters,
    ) -> Result<AuthOutcome, IdentityError> {
        let username = required(parameters, "USERNAME")?;
        let client_public = required(parameters, "SRP_A")?.to_owned();
        let secret_hash = parameters.get("SECRET_HASH").map(SecretText::expose);
        self.check_secret_hash(context, &[username], secret_hash)?;
        let pool = &context.pool;
        let found = self
            .find_user(&context.scope, pool, username)
            .await?
            .map(|user| user.value);
        if found.is_none() && !context.hides_existence() {
            return Err(no_such_user());
        }
        let srp_id = match &found {
            Some(user) => srp_id(pool, user),
            None => self.pretended_srp_id(pool, username)?,
        };
        let kept = match &found {
            Some(user) => self.srp_verifier(pool, user)?,
            None => None,
        };
        let user = match (&kept, &found) {
            (Some(_), Some(user)) => BlockUser {
                sub: user.sub.clone(),
                mark: mark(user.sealed_srp_verifier.as_deref()),
            },
            _ => BlockUser {
                sub: UserSub::from(self.entropy.uuid()),
                mark: mark(None),
            },
        };
        let verifier = match kept {
            Some(verifier) => verifier,
            None => self.pretended_verifier(pool, &srp_id)?,
        };
        let salt = verifier.salt_hex();
        let entropy = Arc::clone(&self.entropy);
        let started = self
            .workers
            .run(move || ServerExchange::start(&verifier, &client_public, entropy.as_ref()))
            .await?;
        let (exchange, server_public) = started.map_err(|cause: SrpError| {
            IdentityError::invalid_parameter("Invalid SRP_A").because(cause.to_string())
        })?;
        let minutes = i64::from(context.client.auth_session_validity);
        let block = Block {
            id: self.entropy.uuid(),
            client_id: context.client.client_id.clone(),
            srp_id: srp_id.clone(),
            typed: folded(pool, username),
            user,
            expires: self.clock.now().plus_seconds(minutes * 60),
        };
        Ok(AuthOutcome::Challenge {
            challenge_name: "PASSWORD_VERIFIER",
            session: None,
            challenge_parameters: BTreeMap::from([
                ("SALT", salt),
                ("SRP_B", server_public),
                ("SECRET_BLOCK", self.seal_block(&block, &exchange)?),
                ("USERNAME", srp_id.clone()),
                ("USER_ID_FOR_SRP", srp_id),
            ]),
        })
    }

    /// Answers `PASSWORD_VERIFIER`.
    pub(super) async fn password_verifier(
        &self,
        context: &ClientContext,
        responses: &Parameters,
    ) -> Result<AuthOutcome, IdentityError> {
        Flow::UserSrp.check(&context.client)?;
        let username = required(responses, "USERNAME")?;
        let secret_block = required(responses, "PASSWORD_CLAIM_SECRET_BLOCK")?;
        let signature = required(responses, "PASSWORD_CLAIM_SIGNATURE")?;
        let timestamp = required(responses, "TIMESTAMP")?.to_owned();
        let secret_hash = responses.get("SECRET_HASH").map(SecretText::expose);
        self.check_secret_hash(context, &[username], secret_hash)?;
        let (pool, now) = (&context.pool, self.clock.now());
        let raw = STANDARD
            .decode(secret_block)
            .map_err(|_| wrong_credentials("srp: secret block is not base64"))?;
        let signature = STANDARD
            .decode(signature)
            .map_err(|_| wrong_credentials("srp: password claim signature is not base64"))?;
        let (block, exchange) = self.unseal_block(&raw)?;
        check_block(context, &block, username, &timestamp, now)?;
        self.lockout.check(&pool.id, &block.srp_id, now)?;
        self.spend_block(context, &block).await?;
        let (name, user_id, time) = (pool_name(pool).to_owned(), block.srp_id.clone(), timestamp);
        let checked = self
            .workers
            .run(move || exchange.check_claim(&name, &user_id, &raw, &time, &signature))
            .await?;
        // Guesses that ran side by side have been counted meanwhile: a right one among them comes too late.
        self.lockout.check(&pool.id, &block.srp_id, self.clock.now())?;
        if let Err(cause) = checked {
            self.lockout.failed(&pool.id, &block.srp_id, self.clock.now());
            return Err(wrong_credentials(match cause {
                SrpError::WrongClaim => "srp: password claim signature does not match".to_owned(),
                other => format!("srp: {other}"),
            }));
        }
        let user = self.user_of_block(context, &block).await?;
        self.lockout.succeeded(&pool.id, &block.srp_id);
        self.proceed(context, user, Batch::new()).await
    }

    async fn user_of_block(
        &self,
        context: &ClientContext,
        block: &Block,
    ) -> Result<Versioned<User>, IdentityError> {
        let found = self
            .find_user(&context.scope, &context.pool, &block.srp_id)
            .await?;
        found
            .filter(|user| {
                user.value.sub == block.user.sub
                    && mark(user.value.sealed_srp_verifier.as_deref()) == block.user.mark
            })
            .ok_or_else(|| wrong_credentials("srp: the user or the password changed during the exchange"))
    }

    /// A block is good once, whether the claim was right or not: each guess costs a whole exchange.
    async fn spend_block(&self, context: &ClientContext, block: &Block) -> Result<(), IdentityError> {
        let key = RecordKey::new(&context.scope, kinds::SPENT, inside(&context.pool.id, &block.id));
        let put = Put::json(key, &(), Expect::Absent)?.expires(block.expires);
        match self.store.commit(Batch::new().with(put)).await {
            Ok(_) => Ok(()),
            Err(StoreError::Conflict { .. }) => {
                Err(wrong_credentials("srp: the secret block was used before"))
            }
            Err(error) => Err(error.into()),
        }
    }

    /// A block is base64 of an envelope that holds: length of the JSON, the JSON, the exchange.
    fn seal_block(&self, block: &Block, exchange: &ServerExchange) -> Result<String, IdentityError> {
        let json = serde_json::to_vec(block).map_err(IdentityError::broken)?;
        let length = u32::try_from(json.len()).map_err(IdentityError::broken)?;
        let exchange = exchange.to_bytes();
        let content = SecretBytes::new([&length.to_be_bytes(), json.as_slice(), exchange.expose()].concat());
        Ok(STANDARD.encode(self.seal(BLOCK_PURPOSE, content.expose())?))
    }

    fn unseal_block(&self, raw: &[u8]) -> Result<(Block, ServerExchange), IdentityError> {
        let refused = || wrong_credentials("srp: the secret block is none of ours, or was changed");
        let sealed = std::str::from_utf8(raw).map_err(|_| refused())?;
        let content = self.vault.unseal(BLOCK_PURPOSE, sealed).map_err(|_| refused())?;
        let (length, rest) = content.expose().split_first_chunk::<4>().ok_or_else(refused)?;
        let length = usize::try_from(u32::from_be_bytes(*length)).map_err(|_| refused())?;
        let (json, exchange) = rest.split_at_checked(length).ok_or_else(refused)?;
        let block = serde_json::from_slice(json).map_err(|_| refused())?;
        Ok((
            block,
            ServerExchange::from_bytes(exchange).map_err(|_| refused())?,
        ))
    }
}

fn check_block(
    context: &ClientContext,
    block: &Block,
    username: &str,
    timestamp: &str,
    now: Timestamp,
) -> Result<(), IdentityError> {
    if block.client_id != context.client.client_id {
        return Err(wrong_credentials(
            "srp: the secret block belongs to another client",
        ));
    }
    if now >= block.expires {
        return Err(wrong_credentials("srp: the secret block has expired"));
    }
    let name = folded(&context.pool, username);
    if name != block.srp_id && name != block.typed {
        return Err(wrong_credentials("srp: the secret block belongs to another user"));
    }
    let at = parse_timestamp(timestamp).ok_or_else(|| {
        IdentityError::invalid_parameter("TIMESTAMP format should be EEE MMM d HH:mm:ss z yyyy in english.")
    })?;
    if (at.seconds() - now.seconds()).abs() > SKEW_SECONDS {
        return Err(wrong_credentials("srp: TIMESTAMP is more than five minutes off"));
    }
    Ok(())
}

fn mark(sealed_verifier: Option<&str>) -> String {
    STANDARD.encode(digest::digest(
        &digest::SHA256,
        sealed_verifier.unwrap_or_default().as_bytes(),
    ))
}
