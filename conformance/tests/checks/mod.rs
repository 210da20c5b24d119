//! What a case file cannot say: the life of the program itself.

mod expired;
mod life;
mod quickstart;
mod templates;

use anyhow::Result;
use conformance::world::Suite;

/// A check: its name is a sentence.
pub(crate) type Check = fn(&Suite) -> Result<()>;

/// Every check.
pub(crate) const ALL: &[(&str, Check)] = &[
    (
        "up_without_a_template_is_ready_and_stops_on_sigint",
        life::starts_and_stops,
    ),
    ("second_up_keeps_ids_users_and_keys", life::continues),
    ("data_directory_in_use_is_an_error", life::locked),
    ("port_in_use_is_an_error", life::port_in_use),
    (
        "endpoints_file_holds_absolute_paths_and_plain_urls",
        life::endpoints,
    ),
    ("secrets_are_for_their_owner_only", life::modes),
    ("expired_token_is_refused", expired::expired_token),
    (
        "printed_curl_lines_are_refused_and_admitted",
        quickstart::curl_lines,
    ),
    (
        "ten_mistakes_are_listed_with_their_places",
        templates::ten_mistakes,
    ),
    (
        "quickstart_template_has_no_problem",
        templates::quickstart_is_clean,
    ),
    (
        "laboratorys_templates_have_exactly_the_problems_that_are_listed",
        templates::laboratory,
    ),
    ("every_forgery_has_a_case", templates::forgeries_are_covered),
    (
        "every_rule_of_aws_has_the_case_that_it_names",
        templates::rules_have_their_cases,
    ),
];
