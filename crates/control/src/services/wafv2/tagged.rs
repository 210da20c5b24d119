//! Tags, of whatever an ARN names.

use std::collections::BTreeMap;

use portcullis_model::resources::wafv2::{IpSet, RegexPatternSet, WebAcl};

use super::{
    errors,
    records::{Entity, Waf},
};
use crate::operation::AwsError;

/// Returns the tags of the web ACL or set of `arn`.
pub(super) async fn tags(waf: &Waf<'_>, arn: &str) -> Result<BTreeMap<String, String>, AwsError> {
    if let Some(mut kept) = waf.by_arn::<WebAcl>(arn).await? {
        return Ok(std::mem::take(kept.value.tags_mut()));
    }
    if let Some(mut kept) = waf.by_arn::<IpSet>(arn).await? {
        return Ok(std::mem::take(kept.value.tags_mut()));
    }
    match waf.by_arn::<RegexPatternSet>(arn).await? {
        Some(mut kept) => Ok(std::mem::take(kept.value.tags_mut())),
        None => Err(errors::nonexistent()),
    }
}

/// Changes the tags of the web ACL or set of `arn`.
pub(super) async fn change(
    waf: &Waf<'_>,
    arn: &str,
    change: impl FnOnce(&mut BTreeMap<String, String>) -> Result<(), AwsError>,
) -> Result<(), AwsError> {
    if let Some(kept) = waf.by_arn::<WebAcl>(arn).await? {
        return waf.change_tags(kept, change).await;
    }
    if let Some(kept) = waf.by_arn::<IpSet>(arn).await? {
        return waf.change_tags(kept, change).await;
    }
    match waf.by_arn::<RegexPatternSet>(arn).await? {
        Some(kept) => waf.change_tags(kept, change).await,
        None => Err(errors::nonexistent()),
    }
}
