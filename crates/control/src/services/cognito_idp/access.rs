//! Who may call these operations: the permissions, and the ARNs that policies name.
//!
//! <https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazoncognitouserpools.html>

use crate::operation::{Access, Call};

/// Returns the permission `action` on the pool that the input names.
pub(super) const fn on_pool(action: &'static str) -> Access {
    Access::Signed {
        action,
        resource: pool,
    }
}

/// Returns the permission `action`, which AWS does not tie to a resource.
pub(super) const fn everywhere(action: &'static str) -> Access {
    Access::Signed {
        action,
        resource: |_| "*".into(),
    }
}

fn pool(call: &Call<'_>) -> String {
    let id = call.text("UserPoolId").unwrap_or_default();
    call.arn("cognito-idp", &format!("userpool/{id}"))
}
