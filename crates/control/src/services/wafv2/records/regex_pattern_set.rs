//! Sets of regular expressions: <https://docs.aws.amazon.com/waf/latest/APIReference/API_RegexPatternSet.html>

use std::collections::BTreeMap;

use portcullis_firewall::check_regex_pattern_set;
use portcullis_model::{
    Problem,
    resources::wafv2::{RegexPatternSet, RegularExpression, WafScope},
};
use portcullis_store::{Kind, kinds};

use super::{Entity, Head, Kept, Waf};
use crate::{operation::AwsError, services::wafv2::errors};

impl Entity for RegexPatternSet {
    const KIND: Kind = kinds::REGEX_PATTERN_SET;
    const WORD: &'static str = "regexpatternset";
    const COUNT_MAX: usize = 10;
    const PLURAL: &'static str = "regex pattern sets";

    fn head(&self) -> Head<'_> {
        Head {
            name: &self.name,
            id: &self.id,
            arn: &self.arn,
            scope: self.scope,
            description: self.description.as_deref(),
            lock_token: &self.lock_token,
        }
    }

    fn set_lock_token(&mut self, token: String) {
        self.lock_token = token;
    }

    fn tags_mut(&mut self) -> &mut BTreeMap<String, String> {
        &mut self.tags
    }
}

impl Waf<'_> {
    /// Makes a regex pattern set.
    pub async fn create_regex_pattern_set(
        &self,
        (scope, name): (WafScope, &str),
        (expressions, description): (Vec<RegularExpression>, Option<String>),
        tags: BTreeMap<String, String>,
    ) -> Result<RegexPatternSet, AwsError> {
        let (id, arn) = self.identity::<RegexPatternSet>(scope, name);
        let set = RegexPatternSet {
            name: name.to_owned(),
            id,
            arn,
            scope,
            description,
            regular_expression_list: expressions,
            lock_token: self.entropy.uuid(),
            tags,
        };
        check(&set)?;
        self.put_new(&set).await?;
        Ok(set)
    }

    /// Gives a set other expressions; every web ACL that refers to it is compiled again.
    pub async fn update_regex_pattern_set(
        &self,
        kept: Kept<RegexPatternSet>,
        token: Option<&str>,
        (expressions, description): (Vec<RegularExpression>, Option<String>),
    ) -> Result<RegexPatternSet, AwsError> {
        let changed = RegexPatternSet {
            regular_expression_list: expressions,
            description,
            ..kept.value.clone()
        };
        check(&changed)?;
        self.put_changed(&kept, token, changed).await
    }

    /// Deletes a set that no web ACL refers to.
    pub async fn delete_regex_pattern_set(
        &self,
        kept: &Kept<RegexPatternSet>,
        token: Option<&str>,
    ) -> Result<(), AwsError> {
        let users = self.referring_to(kept.value.scope, &kept.value.arn).await?;
        self.delete_unused(kept, token, users).await
    }
}

fn check(set: &RegexPatternSet) -> Result<(), AwsError> {
    let found = check_regex_pattern_set(set);
    if found.iter().any(Problem::is_error) {
        return Err(errors::problems(&found));
    }
    Ok(())
}
