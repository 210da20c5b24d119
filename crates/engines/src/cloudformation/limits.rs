//! What one template may hold. AWS's own quotas where it has them:
//! <https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html>

use crate::document::Bounds;

/// Bytes of a template's text (AWS: 51,200 in a request, 1 MB through S3; the larger one here).
pub const TEMPLATE_BYTES_MAX: usize = 1 << 20;
/// Levels of lists and objects, each short form counted as one.
pub const DEPTH_MAX: usize = 64;
/// Values and keys, those that aliases repeat included.
pub const NODES_MAX: usize = 200_000;
/// Bytes of keys and texts that aliases repeat.
pub const ALIAS_BYTES_MAX: usize = 1 << 20;
/// What of a template is read.
pub(super) const BOUNDS: Bounds = Bounds {
    noun: "template",
    bytes_max: TEMPLATE_BYTES_MAX,
    depth_max: DEPTH_MAX,
    nodes_max: NODES_MAX,
    alias_bytes_max: ALIAS_BYTES_MAX,
    short_forms: true,
};
/// Bytes of text that one evaluation may produce.
pub const EVALUATED_BYTES_MAX: usize = 4 << 20;
/// Bytes of text that one check may produce while it evaluates what is known.
pub const CHECKED_BYTES_MAX: usize = 32 << 20;
/// Entries of `Resources`.
pub const RESOURCES_MAX: usize = 500;
/// Entries of `Parameters`, of `Mappings`, and of `Outputs`.
pub const ENTRIES_MAX: usize = 200;
/// Entries of `Conditions`; AWS names no number.
pub const CONDITIONS_MAX: usize = 500;
/// Variables of one `Fn::Sub`.
pub const SUB_VARIABLES_MAX: usize = 200;
/// Problems that are listed; the rest is counted.
pub const PROBLEMS_MAX: usize = 500;
