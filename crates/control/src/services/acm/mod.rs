//! AWS Certificate Manager: <https://docs.aws.amazon.com/acm/latest/APIReference/API_Operations.html>
//!
//! Certificates of custom domains: imported, or asked of whoever issues them for this installation. Private CAs, export, and
//! validation by mail are not there.

mod access;
mod errors;
pub mod records;
mod rules;
mod wire;
mod add_tags_to_certificate;
mod delete_certificate;
mod describe_certificate;
mod get_certificate;
mod import_certificate;
mod list_certificates;
mod list_tags_for_certificate;
mod remove_tags_from_certificate;
mod request_certificate;

use records::Certificates;

use crate::operation::{Call, Protocol, Service};

/// The service.
pub const SERVICE: Service = Service {
    name: "acm",
    protocol: Protocol::Json11 {
        target_prefix: "CertificateManager",
    },
    operations: &[
        &add_tags_to_certificate::OPERATION,
        &delete_certificate::OPERATION,
        &describe_certificate::OPERATION,
        &get_certificate::OPERATION,
        &import_certificate::OPERATION,
        &list_certificates::OPERATION,
        &list_tags_for_certificate::OPERATION,
        &remove_tags_from_certificate::OPERATION,
        &request_certificate::OPERATION,
    ],
};

/// Returns the certificates of the caller's account.
fn certificates<'a>(call: &'a Call<'_>) -> Certificates<'a> {
    Certificates::of(call.parts, call.scope)
}
