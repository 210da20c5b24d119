//! A compiled template becomes text, step by step.

use std::collections::HashMap;
use std::rc::Rc;

use serde_json::Value as Json;

use super::ast::Operator;
use super::print::Output;
use super::program::{Access, Expression, Step, Target};
use super::value::{Heap, Object, Value};
use super::{Limits, Override, OverridePlace, RenderError, Scope};

/// Turns that a `#foreach` takes at most (API Gateway quotas: 1,000).
pub(super) const TURNS_MAX: usize = 1_000;
/// How deep blocks of `#define` may stand in each other (Velocity's default; it prints the reference of the next one).
const BLOCKS_MAX: usize = 2;

/// One rendering, with what is left of its budget.
pub(super) struct Rendering<'a> {
    pub(super) scope: &'a dyn Scope,
    pub(super) limits: &'a Limits,
    steps: usize,
    /// Bytes of all texts that were made.
    made_bytes: usize,
    variables: Vec<Value<'a>>,
    pub(super) heap: Heap<'a>,
    /// What became of lists and objects of the body that the template changed, by their address.
    thawed: HashMap<*const Json, Value<'a>>,
    loops: Vec<Loop>,
    blocks: usize,
    pub(super) overrides: Vec<Override>,
    stopped: bool,
}

/// A `#foreach` on its way.
#[derive(Clone, Copy, Debug)]
pub(super) struct Loop {
    pub(super) index: usize,
    pub(super) count: usize,
}

/// How a block went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Flow {
    On,
    Break,
}

impl<'a> Rendering<'a> {
    pub(super) fn new(scope: &'a dyn Scope, limits: &'a Limits, variables: usize) -> Self {
        Self {
            scope,
            limits,
            steps: 0,
            made_bytes: 0,
            variables: vec![Value::Null; variables],
            heap: Heap::default(),
            thawed: HashMap::new(),
            loops: Vec::new(),
            blocks: 0,
            overrides: Vec::new(),
            stopped: false,
        }
    }

    /// Renders a text of its own: a template, a text in double quotes.
    pub(super) fn render(&mut self, steps: &'a [Step]) -> Result<String, RenderError> {
        let mut output = Output::new(self.limits.output_bytes_max);
        self.run(steps, &mut output)?;
        let text = output.into_text();
        self.spend_bytes(text.len())?;
        Ok(text)
    }

    pub(super) fn spend_steps(&mut self, steps: usize) -> Result<(), RenderError> {
        self.steps = self.steps.saturating_add(steps);
        if self.steps > self.limits.steps_max {
            return Err(RenderError::TooManySteps(self.limits.steps_max));
        }
        Ok(())
    }

    pub(super) fn steps_left(&self) -> usize {
        self.limits.steps_max.saturating_sub(self.steps)
    }

    /// Texts that are thrown away count too: making them took time, and keeping them all would take memory.
    pub(super) fn spend_bytes(&mut self, bytes: usize) -> Result<(), RenderError> {
        self.made_bytes = self.made_bytes.saturating_add(bytes);
        if self.made_bytes > self.limits.made_bytes_max {
            return Err(RenderError::TooMuchText(self.limits.made_bytes_max));
        }
        Ok(())
    }

    /// Makes a text of its own.
    pub(super) fn text(&mut self, text: String) -> Result<Value<'a>, RenderError> {
        self.spend_bytes(text.len())?;
        Ok(Value::made(text))
    }

    pub(super) fn variable(&self, slot: usize) -> Value<'a> {
        self.variables.get(slot).cloned().unwrap_or(Value::Null)
    }

    fn set(&mut self, slot: usize, value: Value<'a>) -> Value<'a> {
        match self.variables.get_mut(slot) {
            Some(variable) => std::mem::replace(variable, value),
            None => Value::Null,
        }
    }

    /// Returns the loop at `depth`, while it runs.
    pub(super) fn running(&self, depth: usize) -> Option<Loop> {
        self.loops.get(depth).copied()
    }

    fn run(&mut self, steps: &'a [Step], output: &mut Output) -> Result<Flow, RenderError> {
        for step in steps {
            self.spend_steps(1)?;
            let flow = match step {
                Step::Text(text) => {
                    output.push(text)?;
                    Flow::On
                }
                Step::Value(reference) => {
                    self.print_reference(reference, output)?;
                    Flow::On
                }
                Step::Set(target, value) => {
                    self.assign(target, value)?;
                    Flow::On
                }
                Step::If { arms, otherwise } => self.choose(arms, otherwise, output)?,
                Step::Foreach { slot, list, body } => {
                    self.repeat(*slot, list, body, output)?;
                    Flow::On
                }
                Step::Define { slot, body } => {
                    self.set(*slot, Value::Block(body));
                    Flow::On
                }
                Step::Break => return Ok(Flow::Break),
                Step::Stop => {
                    self.stopped = true;
                    Flow::Break
                }
            };
            if self.stopped || flow == Flow::Break {
                return Ok(Flow::Break);
            }
        }
        Ok(Flow::On)
    }

    fn choose(
        &mut self,
        arms: &'a [(Expression, Vec<Step>)],
        otherwise: &'a [Step],
        output: &mut Output,
    ) -> Result<Flow, RenderError> {
        for (condition, body) in arms {
            if self.truth(condition)? {
                return self.run(body, output);
            }
        }
        self.run(otherwise, output)
    }

    /// What stood in the loop's variables before stands there again afterwards.
    fn repeat(
        &mut self,
        slot: usize,
        list: &'a Expression,
        body: &'a [Step],
        output: &mut Output,
    ) -> Result<(), RenderError> {
        let list = self.value(list)?;
        let Some(items) = self.items(&list)? else {
            return Ok(());
        };
        let count = items.len();
        let depth = self.loops.len();
        let before = [0, 1, 2, slot].map(|slot| (slot, self.variable(slot)));
        self.loops.push(Loop { index: 0, count });
        for (index, item) in items.into_iter().enumerate() {
            self.spend_steps(1)?;
            if index >= TURNS_MAX {
                return Err(RenderError::TooManyTurns(TURNS_MAX));
            }
            if self.length(&list).is_some_and(|length| length != count) {
                return Err(RenderError::Changed);
            }
            if let Some(running) = self.loops.get_mut(depth) {
                running.index = index;
            }
            self.set(0, Value::integer(index + 1));
            self.set(1, Value::Boolean(index + 1 < count));
            self.set(2, Value::Loop(depth));
            self.set(slot, item);
            if self.run(body, output)? == Flow::Break {
                break;
            }
        }
        self.loops.truncate(depth);
        for (slot, value) in before {
            self.set(slot, value);
        }
        Ok(())
    }

    /// Prints what a `#define` keeps, with the variables of the moment.
    pub(super) fn run_block(&mut self, body: &'a [Step], output: &mut Output) -> Result<(), RenderError> {
        if self.blocks >= BLOCKS_MAX {
            return Err(RenderError::BlockInItself(BLOCKS_MAX));
        }
        self.blocks += 1;
        self.run(body, output)?;
        self.blocks -= 1;
        Ok(())
    }

    fn assign(&mut self, target: &'a Target, value: &'a Expression) -> Result<(), RenderError> {
        let value = match self.value(value)? {
            // Velocity leaves a variable alone when there is nothing to set, such as a division by zero.
            Value::Null => return Ok(()),
            value => value,
        };
        match target {
            Target::Variable(slot) => {
                self.set(*slot, value);
                Ok(())
            }
            Target::Member(container, name) => {
                let container = self.reference(container)?;
                let name = self.value(name)?;
                self.put(&container, name, value)
            }
            Target::Override(place, name) => self.override_parameter(*place, name, &value),
        }
    }

    /// An override is final: the second of the same parameter fails (AWS page "Use a mapping template to override").
    fn override_parameter(
        &mut self,
        place: OverridePlace,
        name: &'a Expression,
        value: &Value<'a>,
    ) -> Result<(), RenderError> {
        let name = self.value(name)?;
        let name = self.text_of(&name)?.as_str().to_owned();
        let value = self.text_of(value)?.as_str().to_owned();
        self.spend_bytes(name.len().saturating_add(value.len()))?;
        if self
            .overrides
            .iter()
            .any(|known| known.place == place && known.name == name)
        {
            return Err(RenderError::OverriddenTwice(name));
        }
        self.overrides.push(Override { place, name, value });
        Ok(())
    }

    /// `#set($x.y = …)`; what has no members stays as it is, as in Velocity.
    fn put(&mut self, container: &Value<'a>, name: Value<'a>, value: Value<'a>) -> Result<(), RenderError> {
        let container = self.settle(container);
        if self.is_map(&container) {
            let name = self.text_of(&name)?;
            let key: Rc<str> = name.as_str().into();
            self.spend_bytes(key.len())?;
            if let Some(Object::Map(entries)) = self.changed(&container) {
                entries.insert(key, value);
            }
            return Ok(());
        }
        let Value::Integer(index) = name else {
            return Ok(());
        };
        if let Some(Object::List(list)) = self.changed(&container) {
            let length = list.items.len();
            let slot = usize::try_from(index)
                .ok()
                .and_then(|index| list.items.get_mut(index));
            match slot {
                Some(slot) => *slot = value,
                None => return Err(RenderError::OutOfBounds(index.to_string(), length)),
            }
        }
        Ok(())
    }

    /// Returns what became of a value of the body.
    pub(super) fn settle(&self, value: &Value<'a>) -> Value<'a> {
        match value {
            Value::Json(json) if !self.thawed.is_empty() => self
                .thawed
                .get(&std::ptr::from_ref::<Json>(json))
                .unwrap_or(value)
                .clone(),
            other => other.clone(),
        }
    }

    /// Tells whether the template changed anything of the body.
    pub(super) fn is_changed(&self) -> bool {
        !self.thawed.is_empty()
    }

    /// Returns a list or a map to change; one of the body is copied first, one level deep.
    pub(super) fn changed(&mut self, value: &Value<'a>) -> Option<&mut Object<'a>> {
        let settled = self.settle(value);
        let at = match settled {
            Value::Object(at) => at,
            Value::Json(json) => {
                let object = match json {
                    Json::Array(elements) => Object::List(super::value::List {
                        items: elements.iter().map(Value::of_json).collect(),
                        of_json: true,
                    }),
                    Json::Object(members) => Object::Map(
                        members
                            .iter()
                            .map(|(name, member)| (name.as_str().into(), Value::of_json(member)))
                            .collect(),
                    ),
                    _ => return None,
                };
                let thawed = self.heap.put(object);
                self.thawed.insert(std::ptr::from_ref(json), thawed.clone());
                match thawed {
                    Value::Object(at) => at,
                    _ => return None,
                }
            }
            _ => return None,
        };
        self.heap.get_mut(at)
    }

    fn print_reference(
        &mut self,
        reference: &'a super::program::Reference,
        output: &mut Output,
    ) -> Result<(), RenderError> {
        let value = self.reference(reference)?;
        if let Value::Block(body) = value {
            return self.run_block(body, output);
        }
        self.print(&value, output)
    }

    /// Tells whether an operator compares.
    pub(super) const fn is_logical(operator: Operator) -> bool {
        matches!(
            operator,
            Operator::Or
                | Operator::And
                | Operator::Equal
                | Operator::NotEqual
                | Operator::Less
                | Operator::LessOrEqual
                | Operator::Greater
                | Operator::GreaterOrEqual
        )
    }

    /// Steps into a value; none where it has no such member.
    pub(super) fn step_into(
        &mut self,
        value: &Value<'a>,
        access: &'a Access,
    ) -> Result<Value<'a>, RenderError> {
        self.spend_steps(1)?;
        match access {
            Access::Property(name) => Ok(self.property(value, name)),
            Access::Index(index) => {
                let index = self.value(index)?;
                self.index(value, &index)
            }
            Access::Call(method, arguments, pattern) => {
                let mut values = Vec::with_capacity(arguments.len());
                for argument in arguments {
                    values.push(self.value(argument)?);
                }
                self.call(value, *method, &values, pattern.as_deref())
            }
        }
    }
}
