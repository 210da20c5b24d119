//! The steps of an exchange, on their way to its trail. Text is made when somebody asks.

use std::{borrow::Cow, cell::RefCell};

use portcullis_model::trail::{Outcome, Step};

use crate::decision::{LayerName, Nothing, Reason};

/// Steps that most exchanges have at most, beside those of layers with nothing to decide.
const STEPS_USUAL: usize = 6;
/// Rooms for steps that a thread keeps.
const SPARE_MAX: usize = 64;

thread_local! {
    static SPARE: RefCell<Vec<Vec<CompactStep>>> = const { RefCell::new(Vec::new()) };
}

/// One layer's decision, not yet text.
#[derive(Clone, Debug)]
pub(crate) struct CompactStep {
    pub(crate) reason: Reason,
    pub(crate) elapsed_ns: u64,
    pub(crate) layer: LayerName,
    pub(crate) outcome: Outcome,
}

impl CompactStep {
    fn to_step(&self) -> Step {
        Step {
            layer: Cow::Borrowed(self.layer.as_str()),
            outcome: self.outcome,
            reason: match &self.reason {
                Reason::Nothing(nothing) => Cow::Borrowed(nothing.as_str()),
                Reason::Static(text) => Cow::Borrowed(text),
                other => Cow::Owned(other.text().into_owned()),
            },
            elapsed_ns: self.elapsed_ns,
        }
    }
}

/// Where the layers stood that had nothing to decide: one more than there were steps of others before, 0 for one that did not.
#[derive(Clone, Copy, Debug, Default)]
struct IdleLayers([u8; Nothing::ALL.len()]);

impl IdleLayers {
    /// Notes one behind `others` steps; false where it is noted already, or too far behind.
    #[inline]
    fn note(&mut self, nothing: Nothing, others: usize) -> bool {
        let (Some(place @ 0), Ok(behind)) = (self.0.get_mut(nothing as usize), u8::try_from(others + 1))
        else {
            return false;
        };
        *place = behind;
        true
    }

    /// Returns them, each with how many steps of others stood before.
    fn all(self) -> impl Iterator<Item = (Nothing, usize)> {
        let places = Nothing::ALL.into_iter().zip(self.0);
        places.filter_map(|(nothing, place)| Some((nothing, usize::from(place).checked_sub(1)?)))
    }
}

/// The steps of an exchange. Of a layer that had nothing to decide it knows only where it stood.
#[derive(Debug)]
pub(crate) struct Steps {
    decided: Vec<CompactStep>,
    idle: IdleLayers,
}

impl Steps {
    /// Returns room for the steps of an exchange.
    pub(crate) fn new() -> Self {
        let spare = SPARE.with_borrow_mut(Vec::pop);
        Self {
            decided: spare.unwrap_or_else(|| Vec::with_capacity(STEPS_USUAL)),
            idle: IdleLayers::default(),
        }
    }

    pub(crate) fn push(&mut self, step: CompactStep) {
        self.decided.push(step);
    }

    /// Notes a layer that has nothing to decide.
    #[inline]
    pub(crate) fn push_idle(&mut self, nothing: Nothing) {
        if !self.idle.note(nothing, self.decided.len()) {
            self.push(CompactStep {
                reason: Reason::Nothing(nothing),
                elapsed_ns: 0,
                layer: nothing.layer(),
                outcome: Outcome::Continue,
            });
        }
    }

    /// Returns those of the layers that had something to decide, in order.
    pub(crate) fn decided(&self) -> &[CompactStep] {
        &self.decided
    }

    /// Returns the layers that had nothing to decide.
    pub(crate) fn idle(&self) -> impl Iterator<Item = LayerName> {
        self.idle.all().map(|(nothing, _)| nothing.layer())
    }

    /// Returns all of them as text, in order.
    pub(super) fn to_steps(&self) -> Vec<Step> {
        let mut steps: Vec<Step> = self.decided.iter().map(CompactStep::to_step).collect();
        let mut idle: Vec<_> = self.idle.all().collect();
        idle.sort_by_key(|(_, others)| *others);
        for (before, (nothing, others)) in idle.into_iter().enumerate() {
            let idle = Step {
                layer: Cow::Borrowed(nothing.layer().as_str()),
                outcome: Outcome::Continue,
                reason: Cow::Borrowed(nothing.as_str()),
                elapsed_ns: 0,
            };
            steps.insert((before + others).min(steps.len()), idle);
        }
        steps
    }
}

/// Leaves its room for the steps of another exchange of the thread.
impl Drop for Steps {
    fn drop(&mut self) {
        let mut room = std::mem::take(&mut self.decided);
        room.clear();
        // There are no spare ones any more when the thread ends.
        let _kept = SPARE.try_with(|spare| {
            let mut spare = spare.borrow_mut();
            if spare.len() < SPARE_MAX {
                spare.push(room);
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decided(layer: LayerName) -> CompactStep {
        CompactStep {
            reason: Reason::Static("because"),
            elapsed_ns: 7,
            layer,
            outcome: Outcome::Continue,
        }
    }

    fn layers(steps: &Steps) -> Vec<String> {
        let steps = steps.to_steps().into_iter();
        steps.map(|step| step.layer.into_owned()).collect()
    }

    #[test]
    fn layers_with_nothing_to_decide_stand_where_they_stood() {
        let order = [
            Err(Nothing::NoWebAcl),
            Ok(LayerName::Route),
            Err(Nothing::OpenMethod),
            Err(Nothing::NoApiKey),
            Err(Nothing::NoValidator),
            Ok(LayerName::Mapping),
            Ok(LayerName::Integration),
            Err(Nothing::PassedThrough),
            Ok(LayerName::Cache),
            // Of an origin behind another: each stands where it stood, those that stand twice too.
            Ok(LayerName::Origin),
            Err(Nothing::NoWebAcl),
            Err(Nothing::NoEndpointPolicy),
            Ok(LayerName::Route),
            Err(Nothing::NoApiKey),
        ];
        for length in 0..=order.len() {
            let mut steps = Steps::new();
            let mut expected = Vec::new();
            for step in &order[..length] {
                match step {
                    Ok(layer) => steps.push(decided(*layer)),
                    Err(nothing) => steps.push_idle(*nothing),
                }
                let layer = step.unwrap_or_else(Nothing::layer);
                expected.push(layer.as_str());
            }
            assert_eq!(layers(&steps), expected);
        }
    }

    #[test]
    fn many_steps_do_not_hide_a_layer() {
        let mut steps = Steps::new();
        for _ in 0..300 {
            steps.push(decided(LayerName::Origin));
        }
        steps.push_idle(Nothing::OpenMethod);
        steps.push(decided(LayerName::Mapping));
        let shown = steps.to_steps();
        assert_eq!(shown.len(), 302);
        assert_eq!(shown[300].layer, "authorizer");
        assert_eq!(shown[300].reason, "authorization type NONE");
    }
}
