//! What the tags of a stage say to us: those that begin with `portcullis:`. One that is not known is a problem, not a tag like
//! others: whoever mistypes one would think that something is in force that is not.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use portcullis_model::{ApiId, Problem, StageName};

use super::canary::CANARY_TAG;
use crate::{
    decision::LayerName, layers::client_authority::CLIENT_AUTHORITIES_TAG, pipeline::OBSERVABLE,
    stage_cache::CALLERS_TAG, usage::FIELDS_TAG,
};

/// What our tags begin with.
const OWN: &str = "portcullis:";
/// The tag that lists, separated by commas, the layers of a stage that only observe.
pub const OBSERVE_TAG: &str = "portcullis:observe";
/// The tag that says whether a stage heeds revocations: `enforce`, which it is without one, or `ignore`, as AWS does.
pub const REVOCATIONS_TAG: &str = "portcullis:revocations";

/// The tags that stages of REST APIs know.
pub(super) const REST: &[&str] = &[
    OBSERVE_TAG,
    REVOCATIONS_TAG,
    CLIENT_AUTHORITIES_TAG,
    FIELDS_TAG,
    CANARY_TAG,
    CALLERS_TAG,
];
/// The tags that stages of HTTP APIs know.
pub(super) const HTTP: &[&str] = &[OBSERVE_TAG, REVOCATIONS_TAG, CLIENT_AUTHORITIES_TAG, FIELDS_TAG];

/// Stages of which some layers only observe because the operator's configuration says so, beside what their tags say.
#[derive(Clone, Debug, Default)]
pub struct ObservedStages(Arc<BTreeMap<String, String>>);

impl ObservedStages {
    /// Takes in the layers of each `API/STAGE`; the error says what is wrong with which.
    pub fn new(layers: &BTreeMap<String, Vec<String>>) -> Result<Self, String> {
        let mut all = BTreeMap::new();
        for (place, names) in layers {
            let named = place
                .split_once('/')
                .is_some_and(|(api, stage)| !api.is_empty() && !stage.is_empty() && !stage.contains('/'));
            if !named || names.is_empty() {
                return Err(format!("`{place}`: expected API/STAGE and a list of layers"));
            }
            let mut problems = Vec::new();
            let tag = names.join(",");
            compile_observed(
                &BTreeMap::from([(OBSERVE_TAG.to_owned(), tag.clone())]),
                &mut problems,
            );
            if let Some(problem) = problems.first() {
                return Err(format!("`{place}`: {}", problem.message));
            }
            all.insert(place.clone(), tag);
        }
        Ok(Self(Arc::new(all)))
    }

    /// Returns the tags of a stage as it is to be served; none where the configuration does not name it.
    pub fn tags_of(
        &self,
        api: &ApiId,
        stage: &StageName,
        tags: &BTreeMap<String, String>,
    ) -> Option<BTreeMap<String, String>> {
        let more = self.0.get(&format!("{api}/{stage}"))?;
        let mut tags = tags.clone();
        let own = tags.entry(OBSERVE_TAG.to_owned()).or_default();
        *own = format!("{own},{more}");
        Some(tags)
    }
}

/// Reports tags of ours that are not among `known`.
pub(super) fn check(tags: &BTreeMap<String, String>, known: &[&str], problems: &mut Vec<Problem>) {
    let own = tags.keys().filter(|name| {
        name.get(..OWN.len())
            .is_some_and(|head| head.eq_ignore_ascii_case(OWN))
    });
    for name in own.filter(|name| !known.contains(&name.as_str())) {
        problems.push(Problem::error(
            None,
            format!("tags/{name}"),
            format!("there is no such tag: this stage knows `{}`", known.join("`, `")),
        ));
    }
}

pub(super) fn compile_observed(
    tags: &BTreeMap<String, String>,
    problems: &mut Vec<Problem>,
) -> BTreeSet<LayerName> {
    let tag = tags.get(OBSERVE_TAG).map(String::as_str).unwrap_or_default();
    let names = tag.split(',').map(str::trim).filter(|name| !name.is_empty());
    let mut observed = BTreeSet::new();
    for name in names {
        match OBSERVABLE.iter().find(|layer| layer.as_str() == name) {
            Some(layer) => {
                observed.insert(*layer);
            }
            None => {
                let known: Vec<_> = OBSERVABLE.iter().map(|layer| layer.as_str()).collect();
                problems.push(Problem::error(
                    None,
                    format!("tags/{OBSERVE_TAG}"),
                    format!(
                        "the layer `{name}` cannot only observe: use one of `{}`",
                        known.join(", ")
                    ),
                ));
            }
        }
    }
    observed
}

/// Whatever the tag says that is not known is a problem: nobody shall think that revocations are heeded, or not.
pub(super) fn compile_revocations(tags: &BTreeMap<String, String>, problems: &mut Vec<Problem>) -> bool {
    match tags.get(REVOCATIONS_TAG).map(String::as_str) {
        None | Some("enforce") => true,
        Some("ignore") => false,
        Some(other) => {
            problems.push(Problem::error(
                None,
                format!("tags/{REVOCATIONS_TAG}"),
                format!("`{other}`: use `enforce` or `ignore`"),
            ));
            true
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn configuration_adds_to_what_the_tag_says() {
        let layers = |place: &str, names: &[&str]| {
            let names = names.iter().map(|name| (*name).to_owned()).collect();
            ObservedStages::new(&BTreeMap::from([(place.to_owned(), names)]))
        };
        let all = layers("abc/prod", &["firewall", "validation"]).unwrap();
        let served = |api: &str, stage: &str, tags: &BTreeMap<String, String>| {
            let tags = all.tags_of(&api.into(), &stage.into(), tags);
            tags.map(|tags| {
                let mut problems = Vec::new();
                let observed = compile_observed(&tags, &mut problems);
                assert!(problems.is_empty(), "{problems:?}");
                observed.into_iter().map(LayerName::as_str).collect::<Vec<_>>()
            })
        };
        let none = BTreeMap::new();
        assert_eq!(served("abc", "prod", &none).unwrap(), ["firewall", "validation"]);
        let tagged = BTreeMap::from([(OBSERVE_TAG.to_owned(), "authorizer".to_owned())]);
        assert_eq!(
            served("abc", "prod", &tagged).unwrap(),
            ["firewall", "authorizer", "validation"]
        );
        assert!(served("abc", "test", &none).is_none() && served("abd", "prod", &none).is_none());
        assert!(layers("abc", &["firewall"]).is_err() && layers("abc/prod", &[]).is_err());
        assert!(layers("abc/prod/x", &["firewall"]).is_err());
        assert!(
            layers("abc/prod", &["route"])
                .unwrap_err()
                .contains("`route` cannot only observe")
        );
    }

    #[test]
    fn mistyped_tag_of_ours_is_a_problem_and_others_are_nobodys_business() {
        let said = |name: &str, known: &[&str]| {
            let mut problems = Vec::new();
            let tags = BTreeMap::from([(name.to_owned(), "firewall".to_owned())]);
            check(&tags, known, &mut problems);
            problems.len()
        };
        for own in REST {
            assert_eq!(said(own, REST), 0, "{own}");
        }
        for wrong in [
            "portcullis:obseve",
            "Portcullis:observe",
            "portcullis:",
            "PORTCULLIS:x",
        ] {
            assert_eq!(said(wrong, REST), 1, "{wrong}");
        }
        for foreign in ["team", "observe", "portcullis", "portculli\u{e9}:x"] {
            assert_eq!(said(foreign, REST), 0, "{foreign}");
        }
        assert_eq!(said(CANARY_TAG, HTTP), 1);
        assert_eq!(said(CALLERS_TAG, HTTP), 1);
    }
}
