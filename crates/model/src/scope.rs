//! Where a thing lives: an account and a region. Tenants never meet, so no lookup is without one.

use serde::{Deserialize, Serialize};

use crate::{AccountId, Region};

/// The account and region that own a resource.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Scope {
    pub account: AccountId,
    pub region: Region,
}

impl Scope {
    /// Returns the scope of `account` in `region`.
    pub fn new(account: impl Into<AccountId>, region: impl Into<Region>) -> Self {
        Self {
            account: account.into(),
            region: region.into(),
        }
    }
}
