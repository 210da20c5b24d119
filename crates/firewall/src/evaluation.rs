//! One request being judged: values taken from it once, labels so far, and what detectors saw.

use std::{borrow::Cow, sync::Arc};

use portcullis_model::Timestamp;

use crate::{
    compiler::{Inspection, InspectionId},
    fields::Extracted,
    limits::{LABELS_MAX, MATCHED_BYTES_MAX, TRANSFORMED_BYTES_MAX},
    rates::Rates,
    request::RequestView,
    transformations::Transformation,
    verdict::MatchDetail,
};

pub(crate) struct Evaluation<'a> {
    pub(crate) request: RequestView<'a>,
    pub(crate) rates: &'a Rates,
    pub(crate) now: Timestamp,
    pub(crate) labels: Vec<Arc<str>>,
    pub(crate) details: Vec<MatchDetail>,
    inspections: &'a [Inspection],
    extracted: Vec<Option<Extracted<'a>>>,
    body_bytes: usize,
}

impl<'a> Evaluation<'a> {
    pub(crate) fn new(
        request: RequestView<'a>,
        rates: &'a Rates,
        now: Timestamp,
        inspections: &'a [Inspection],
        body_bytes: usize,
    ) -> Self {
        let mut extracted = Vec::new();
        extracted.resize_with(inspections.len(), || None);
        Self {
            request,
            rates,
            now,
            labels: Vec::new(),
            details: Vec::new(),
            inspections,
            extracted,
            body_bytes,
        }
    }

    /// Returns the transformed values of a field; the work is done at the first call.
    pub(crate) fn inspect(&mut self, id: InspectionId) -> Option<(&'a Inspection, &Extracted<'a>)> {
        let inspection = self.inspections.get(id.0)?;
        let slot = self.extracted.get_mut(id.0)?;
        if slot.is_none() {
            let mut extracted = Extracted::default();
            inspection
                .field
                .extract(&self.request, self.body_bytes, &mut extracted);
            if !inspection.chain.is_empty() {
                for piece in &mut extracted.pieces {
                    piece.bytes = transform(std::mem::take(&mut piece.bytes), &inspection.chain);
                }
            }
            *slot = Some(extracted);
        }
        slot.as_ref().map(|extracted| (inspection, extracted))
    }

    /// Tells whether `test` holds for one of the values, or what oversize handling says.
    pub(crate) fn any(&mut self, id: InspectionId, mut test: impl FnMut(&[u8]) -> bool) -> bool {
        let Some((_, extracted)) = self.inspect(id) else {
            return false;
        };
        if let Some(outcome) = extracted.decided {
            return outcome;
        }
        extracted.pieces.iter().any(|piece| test(&piece.bytes))
    }

    /// Adds labels of a rule that matched.
    pub(crate) fn add_labels(&mut self, labels: &[Arc<str>]) {
        for label in labels {
            if self.labels.len() < LABELS_MAX && !self.labels.contains(label) {
                self.labels.push(Arc::clone(label));
            }
        }
    }
}

/// Applies `chain` from left to right; copies only what changes.
pub(crate) fn transform<'a>(mut value: Cow<'a, [u8]>, chain: &[&'static Transformation]) -> Cow<'a, [u8]> {
    for transformation in chain {
        value = match value {
            Cow::Borrowed(bytes) => (transformation.apply)(bytes),
            Cow::Owned(bytes) => {
                let changed = match (transformation.apply)(&bytes) {
                    Cow::Borrowed(part) if part.len() == bytes.len() => None,
                    part => Some(part.into_owned()),
                };
                Cow::Owned(changed.unwrap_or(bytes))
            }
        };
        if value.len() > TRANSFORMED_BYTES_MAX {
            value.to_mut().truncate(TRANSFORMED_BYTES_MAX);
        }
    }
    value
}

/// Returns the beginning of `bytes` as text for a detail.
pub(crate) fn shown(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes.get(..MATCHED_BYTES_MAX).unwrap_or(bytes)).into_owned()
}
