//! Listings come in pages; a page's token is opaque and good for the listing that it came from only.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};

use crate::IdentityError;

/// Which part of a listing is asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PageRequest {
    /// At most so many; the operation's own maximum when absent.
    pub limit: Option<u32>,
    /// The token that ended the page before.
    pub token: Option<String>,
}

/// A part of a listing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listing<T> {
    pub items: Vec<T>,
    /// Asks for the next page; none on the last one.
    pub next: Option<String>,
}

/// Longest token that is looked at.
const TOKEN_BYTES_MAX: usize = 4096;

impl PageRequest {
    /// Returns how many items to answer with; refuses what AWS refuses.
    pub(crate) fn size(&self, max: u32) -> Result<usize, IdentityError> {
        match self.limit {
            None | Some(0) => Ok(max as usize),
            Some(limit) if limit <= max => Ok(limit as usize),
            Some(limit) => Err(IdentityError::invalid_parameter(format!(
                "1 validation error detected: Value '{limit}' at 'limit' failed to satisfy constraint: \
                 Member must have value less than or equal to {max}"
            ))),
        }
    }

    /// Returns the id after which the page starts; refuses a token of another listing.
    pub(crate) fn after(&self, listing: &str) -> Result<Option<String>, IdentityError> {
        let Some(token) = self.token.as_deref() else {
            return Ok(None);
        };
        let refused = || IdentityError::invalid_parameter("Invalid pagination token");
        if token.len() > TOKEN_BYTES_MAX {
            return Err(refused());
        }
        let bytes = URL_SAFE_NO_PAD.decode(token).map_err(|_| refused())?;
        let text = String::from_utf8(bytes).map_err(|_| refused())?;
        let (name, after) = text.split_once('\n').ok_or_else(refused)?;
        if name != listing {
            return Err(refused());
        }
        Ok(Some(after.to_owned()))
    }
}

/// Returns a page of `found`, which holds up to one item more than asked for.
pub(crate) fn page<T>(
    listing: &str,
    mut found: Vec<T>,
    size: usize,
    id: impl Fn(&T) -> String,
) -> Listing<T> {
    let more = found.len() > size;
    found.truncate(size);
    let next = match found.last() {
        Some(last) if more => Some(token(listing, &id(last))),
        _ => None,
    };
    Listing { items: found, next }
}

/// Returns the token that continues `listing` behind `after`.
pub(crate) fn token(listing: &str, after: &str) -> String {
    URL_SAFE_NO_PAD.encode(format!("{listing}\n{after}"))
}
