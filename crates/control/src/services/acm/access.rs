//! Who may call these operations: <https://docs.aws.amazon.com/service-authorization/latest/reference/list_awscertificatemanager.html>

use crate::operation::Access;

/// Returns the permission `action` on the certificate that the input names.
pub(super) const fn on_certificate(action: &'static str) -> Access {
    Access::Signed {
        action,
        resource: |call| match call.text("CertificateArn") {
            Some(arn) => arn.to_owned(),
            None => call.arn("acm", "certificate/*"),
        },
    }
}

/// Returns the permission `action` on all of them.
pub(super) const fn on_all(action: &'static str) -> Access {
    Access::Signed {
        action,
        resource: |_| "*".to_owned(),
    }
}
