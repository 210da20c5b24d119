//! Temporary credentials: an access key `ASIA…`, its secret, and a session token that holds who it is and until when, sealed by
//! the vault under a purpose of its own. Nothing of them is kept, so checking them asks no database.
//! <https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_temp.html>
//!
//! A session ends with its time, with its role or user (a new one of the same name has another id), and, beyond AWS, with the
//! access key that asked for it: who deactivates a key that leaked also ends what was made with it.

use portcullis_model::{
    AccessKeyId, AccountId, Entropy, SecretText, Timestamp,
    resources::iam::{Session, SessionPrincipal},
};
use portcullis_vault::Vault;
use serde::{Deserialize, Serialize};

use crate::AwsError;

/// Bytes of a session token: it travels in a header.
pub const TOKEN_BYTES_MAX: usize = 6 << 10;

/// What a new session is to be.
#[derive(Clone, Debug)]
pub struct NewSession {
    pub account: AccountId,
    pub principal: SessionPrincipal,
    pub expires: Timestamp,
    /// Session policies: documents.
    pub policies: Vec<String>,
    /// Session policies: managed ones, by ARN.
    pub policy_arns: Vec<String>,
}

/// Temporary credentials: the only moment at which their secret is seen.
pub struct Issued {
    pub session: Session,
    pub secret: SecretText,
    /// A secret too: whoever has it learns nothing, and still it belongs to nobody else.
    pub token: SecretText,
}

impl Issued {
    /// Returns how much of its room the token takes, in percent.
    pub fn packed_percent(&self) -> usize {
        self.token.expose().len().saturating_mul(100) / TOKEN_BYTES_MAX
    }
}

/// Why a session token is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoSession {
    /// It was not made here, not for this access key, or changed.
    Unknown,
    Expired,
}

/// What a token holds.
#[derive(Serialize, Deserialize)]
struct Sealed {
    session: Session,
    secret: String,
}

/// Makes temporary credentials.
pub fn issue(
    vault: &Vault,
    entropy: &dyn Entropy,
    now: Timestamp,
    new: NewSession,
) -> Result<Issued, AwsError> {
    let access_key_id = AccessKeyId::from(format!("ASIA{}", entropy.upper_base32(16)));
    let session = Session {
        access_key_id,
        account: new.account,
        principal: new.principal,
        issued: now,
        expires: new.expires,
        policies: new.policies,
        policy_arns: new.policy_arns,
    };
    let sealed = Sealed {
        session,
        secret: entropy.alphanumeric(40),
    };
    let purpose = purpose(sealed.session.access_key_id.as_str());
    let token = vault
        .seal_json(&purpose, &sealed)
        .map_err(|cause| AwsError::internal(cause.to_string()))?;
    if token.len() > TOKEN_BYTES_MAX {
        let message = format!(
            "The session policies take more room than a session token has: {} of {TOKEN_BYTES_MAX} bytes",
            token.len()
        );
        return Err(AwsError::new("PackedPolicyTooLarge", 400, message));
    }
    Ok(Issued {
        session: sealed.session,
        secret: SecretText::new(sealed.secret),
        token: SecretText::new(token),
    })
}

/// Opens the token that came with an access key, and returns whose session it is, with the secret.
pub fn open(
    vault: &Vault,
    access_key_id: &str,
    token: &str,
    now: Timestamp,
) -> Result<(Session, SecretText), NoSession> {
    if token.len() > TOKEN_BYTES_MAX || !access_key_id.starts_with("ASIA") {
        return Err(NoSession::Unknown);
    }
    let sealed: Sealed = vault
        .unseal_json(&purpose(access_key_id), token)
        .map_err(|_| NoSession::Unknown)?;
    if sealed.session.access_key_id.as_str() != access_key_id {
        return Err(NoSession::Unknown);
    }
    if now >= sealed.session.expires {
        return Err(NoSession::Expired);
    }
    Ok((sealed.session, SecretText::new(sealed.secret)))
}

/// Bound to the access key: a token does not open for another.
fn purpose(access_key_id: &str) -> String {
    format!("sts/session/{access_key_id}")
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use portcullis_model::SystemEntropy;
    use portcullis_vault::RootKey;

    use super::*;

    const NOW: Timestamp = Timestamp::from_seconds(1_800_000_000);

    fn vault(byte: u8) -> Vault {
        Vault::new(&RootKey::from_array([byte; 32]), Arc::new(SystemEntropy))
    }

    fn new(policies: Vec<String>) -> NewSession {
        NewSession {
            account: "000000000000".into(),
            principal: SessionPrincipal::Role {
                role_name: "r".into(),
                role_id: "AROA".into(),
                session_name: "s".into(),
            },
            expires: NOW.plus_seconds(900),
            policies,
            policy_arns: Vec::new(),
        }
    }

    #[test]
    fn only_the_very_token_opens_with_its_own_key_alone() {
        let vault = vault(7);
        let issued = issue(&vault, &SystemEntropy, NOW, new(Vec::new())).unwrap();
        let (id, token) = (issued.session.access_key_id.as_str(), issued.token.expose());
        let (session, secret) = open(&vault, id, token, NOW).unwrap_or_else(|refused| panic!("{refused:?}"));
        assert_eq!(session, issued.session);
        assert!(secret == issued.secret);
        assert!(!token.contains(issued.secret.expose()) && token.len() < 1024);
        let opened = |vault: &Vault, id: &str, token: &str, at: i64| {
            open(vault, id, token, NOW.plus_seconds(at)).map(|(session, _)| session)
        };
        assert_eq!(opened(&vault, id, token, 899).unwrap(), session);
        assert_eq!(opened(&vault, id, token, 900), Err(NoSession::Expired));
        assert_eq!(opened(&vault, "ASIAOTHER", token, 0), Err(NoSession::Unknown));
        assert_eq!(opened(&vault, "AKIAOTHER", token, 0), Err(NoSession::Unknown));
        assert_eq!(opened(&self::vault(8), id, token, 0), Err(NoSession::Unknown));
        // Each byte counts, and no text of a stranger's does more than fail.
        for at in 0..token.len() {
            let mut changed = token.as_bytes().to_vec();
            changed[at] = if changed[at] == b'A' { b'B' } else { b'A' };
            let changed = String::from_utf8(changed).unwrap();
            let cut: String = token.chars().take(at).collect();
            assert_eq!(
                opened(&vault, id, &changed, 0),
                Err(NoSession::Unknown),
                "byte {at}"
            );
            assert_eq!(
                opened(&vault, id, &cut, 0),
                Err(NoSession::Unknown),
                "cut at {at}"
            );
        }
        for nonsense in ["", "v1:", "v2:AAAA", ":", "é", "v1:====", "{}"] {
            assert_eq!(
                opened(&vault, id, nonsense, 0),
                Err(NoSession::Unknown),
                "{nonsense}"
            );
        }
    }

    #[test]
    fn policies_that_a_token_has_no_room_for_are_refused() {
        let vault = vault(7);
        let refused = issue(&vault, &SystemEntropy, NOW, new(vec!["\"".repeat(4_000)]));
        assert_eq!(
            refused.err().map(|error| error.code),
            Some("PackedPolicyTooLarge")
        );
        let fits = issue(&vault, &SystemEntropy, NOW, new(vec!["x".repeat(2_048)])).ok();
        assert!(fits.is_some_and(|issued| issued.packed_percent() < 100));
    }
}
