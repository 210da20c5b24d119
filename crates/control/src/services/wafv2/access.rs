//! Who may call these operations: each is asked about the ARN that scope, name and id make; a record answers only under
//! its own name.
//!
//! <https://docs.aws.amazon.com/service-authorization/latest/reference/list_awswafv2.html>

use portcullis_model::{Scope, resources::wafv2::WafScope};

use crate::operation::{Access, Call};

/// Returns the ARN of something of AWS WAF. What guards distributions is in `us-east-1`, wherever it is asked for.
pub fn arn(scope: &Scope, waf_scope: WafScope, word: &str, name: &str, id: &str) -> String {
    let region = match waf_scope {
        WafScope::CloudFront => "us-east-1",
        WafScope::Regional => scope.region.as_str(),
    };
    format!(
        "arn:aws:wafv2:{region}:{}:{}/{word}/{name}/{id}",
        scope.account,
        waf_scope.arn_word()
    )
}

/// Reads the scope of an input.
pub(super) fn scope_of(text: &str) -> Option<WafScope> {
    [WafScope::CloudFront, WafScope::Regional]
        .into_iter()
        .find(|scope| scope.name() == text)
}

fn named(call: &Call<'_>, word: &str, id: Option<&str>) -> String {
    let waf_scope = scope_of(call.text("Scope").unwrap_or_default()).unwrap_or(WafScope::Regional);
    let name = call.text("Name").unwrap_or_default();
    arn(call.scope, waf_scope, word, name, id.unwrap_or_default())
}

macro_rules! on_entity {
    ($existing:ident, $new:ident, $word:literal) => {
        pub(super) const fn $existing(action: &'static str) -> Access {
            Access::Signed {
                action,
                resource: |call| named(call, $word, call.text("Id")),
            }
        }

        pub(super) const fn $new(action: &'static str) -> Access {
            Access::Signed {
                action,
                resource: |call| named(call, $word, Some("*")),
            }
        }
    };
}

on_entity!(on_web_acl, on_new_web_acl, "webacl");
on_entity!(on_ip_set, on_new_ip_set, "ipset");
on_entity!(on_regex_pattern_set, on_new_regex_pattern_set, "regexpatternset");

/// Returns the permission `action` on the ARN in one of the members that name one.
pub(super) const fn on_arn(action: &'static str) -> Access {
    Access::Signed {
        action,
        resource: |call| {
            ["WebACLArn", "WebAclArn", "ResourceARN", "ResourceArn"]
                .iter()
                .find_map(|member| call.text(member))
                .unwrap_or_default()
                .to_owned()
        },
    }
}

/// Returns the permission `action`, which AWS does not tie to a resource.
pub(super) const fn everywhere(action: &'static str) -> Access {
    Access::Signed {
        action,
        resource: |_| "*".into(),
    }
}
