//! Every limit of the firewall, in one place. Where AWS has a limit, ours is the same:
//! <https://docs.aws.amazon.com/waf/latest/developerguide/limits.html>

/// Rules in a web ACL. AWS limits capacity units only; this bounds what an update makes us read.
pub const RULES_MAX: usize = 500;
/// Capacity units of a web ACL.
pub const CAPACITY_UNITS_MAX: u32 = 5_000;
/// Statements inside statements.
pub const STATEMENT_DEPTH_MAX: usize = 16;
/// Statements directly under an And or an Or.
pub const NESTED_STATEMENTS_MAX: usize = 100;
/// Bytes of a string to search for.
pub const SEARCH_STRING_BYTES_MAX: usize = 200;
/// Characters of a regular expression.
pub const REGEX_CHARACTERS_MAX: usize = 512;
/// Bytes that a compiled regular expression may take.
pub const REGEX_COMPILED_BYTES_MAX: usize = 1 << 20;
/// Expressions of a set.
pub const REGEX_SET_PATTERNS_MAX: usize = 10;
/// Addresses of an IP set.
pub const IP_SET_ADDRESSES_MAX: usize = 10_000;
/// Transformations of a statement.
pub const TRANSFORMATIONS_MAX: usize = 10;
/// Bytes of a transformed value. Only `UTF8_TO_UNICODE` makes a value longer.
pub const TRANSFORMED_BYTES_MAX: usize = 256 * 1024;
/// Objects and arrays inside each other in a JSON body.
pub const JSON_DEPTH_MAX: usize = 64;
/// Bytes of a body that are inspected unless the web ACL says otherwise.
pub const BODY_BYTES_DEFAULT: usize = 16 * 1024;
/// Headers, and cookies, that are inspected together.
pub const HEADERS_INSPECTED_MAX: usize = 200;
/// Bytes of headers, and of cookies, that are inspected together.
pub const HEADER_BYTES_INSPECTED_MAX: usize = 8 * 1024;
/// Addresses of a forwarded header that are looked at.
pub const FORWARDED_ADDRESSES_MAX: usize = 20;
/// Labels that one request can collect.
pub const LABELS_MAX: usize = 100;
/// Labels of a rule.
pub const RULE_LABELS_MAX: usize = 100;
/// Characters of a label.
pub const LABEL_CHARACTERS_MAX: usize = 1_024;
/// Custom keys of a rate-based statement.
pub const RATE_KEYS_MAX: usize = 5;
/// Bytes of one aggregation key; a longer one is counted under its hash.
pub const RATE_KEY_BYTES_MAX: usize = 256;
/// Aggregation instances counted at the same time.
pub const RATE_INSTANCES_MAX: usize = 200_000;
/// Bytes of matched data that a detail shows.
pub const MATCHED_BYTES_MAX: usize = 60;
/// Bytes of a custom response body.
pub const CUSTOM_BODY_BYTES_MAX: usize = 4 * 1024;
/// Bytes of all custom response bodies of a web ACL.
pub const CUSTOM_BODIES_BYTES_MAX: usize = 50 * 1024;
/// Headers that an action inserts or answers with.
pub const CUSTOM_HEADERS_MAX: usize = 10;
