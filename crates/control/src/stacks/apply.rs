//! Forward: make what the template wants, resource by resource, each committed with the record that names it.

use std::{
    cell::RefCell,
    collections::{BTreeMap, BTreeSet},
};

use portcullis_engines::cloudformation::{
    DeletionPolicy, Difference, Environment, PlannedResource, ResourceTemplate, coerce, compare, evaluate,
};
use portcullis_model::{
    Problem,
    resources::cloudformation::{Stack, StackResource},
};
use serde_json::Value;

use super::{
    dynamic::{Revealed, marked},
    prepare::{Prepared, plan_again},
    record::Retired,
    references::Known,
    run::{Act, Run, Stopped},
};
use crate::{
    operation::AwsError,
    resources::{self, Made, StackedResource},
};

/// What is to be done about one resource.
enum Step {
    Nothing,
    Create,
    Update,
    Replace,
}

impl Run {
    /// Does the work that the stack's status says has begun, and returns the stack at the end.
    pub(super) async fn finish(mut self) -> Result<Stack, AwsError> {
        match self.record.stack.stack_status.as_str() {
            "DELETE_IN_PROGRESS" => return self.finish_deletion().await,
            "CREATE_IN_PROGRESS" | "UPDATE_IN_PROGRESS" => {}
            _ => return self.resume().await,
        }
        let updates = self.record.previous.is_some();
        match self.forward().await {
            Ok(()) if updates => self.clean_up("UPDATE_COMPLETE").await,
            Ok(()) => self.end().await,
            Err(Stopped::Broken(error)) => Err(error),
            Err(Stopped::Failed(reason)) => self.go_back(&reason).await,
        }
    }

    async fn forward(&mut self) -> Result<(), Stopped> {
        let stack = &self.record.stack;
        let pseudo = self.stacks.pseudo(&stack.stack_id, &stack.stack_name);
        let prepared = plan_again(&stack.template, &stack.parameters, &pseudo)
            .map_err(|error| Stopped::Failed(error.message))?;
        let exports = self.stacks.export_values().await?;
        let mut order = Vec::new();
        self.record.imports.clear();
        for planned in &prepared.plan.resources {
            self.apply_one(&prepared, planned, &exports).await?;
            order.push(planned.logical_id.clone());
            // Until all is made, the old order's rest stands behind: nothing is forgotten.
            let rest: Vec<String> = self
                .record
                .order
                .iter()
                .filter(|id| !order.contains(id))
                .cloned()
                .collect();
            self.record.order = order.iter().cloned().chain(rest).collect();
        }
        self.settle(&order).await?;
        self.retire_removed(&order);
        self.record.order = order;
        self.complete(&prepared, &exports).await
    }

    /// Asks what could not be asked while the stack was incomplete.
    async fn settle(&mut self, order: &[String]) -> Result<(), Stopped> {
        for id in order {
            let Some(resource) = self.record.stack.resources.get(id).cloned() else {
                continue;
            };
            let settles = resources::find(&resource.resource_type).is_some_and(StackedResource::settles);
            if !settles {
                continue;
            }
            match self
                .work(id, &resource.resource_type, Act::Settle(&resource))
                .await
            {
                Ok(_) => {}
                Err(Stopped::Failed(reason)) => {
                    let before = resource.clone();
                    return self.fail(resource, Some(&before), reason).await;
                }
                Err(broken) => return Err(broken),
            }
        }
        Ok(())
    }

    async fn apply_one(
        &mut self,
        prepared: &Prepared,
        planned: &PlannedResource,
        exports: &BTreeMap<String, String>,
    ) -> Result<(), Stopped> {
        let id = planned.logical_id.as_str();
        let Some(template) = prepared.template.resources.get(id) else {
            return Err(Stopped::Failed(format!(
                "`{id}` is planned but not in the template"
            )));
        };
        let evaluated = self.properties_of(prepared, template, id, exports).await;
        let current = self.record.stack.resources.get(id).cloned();
        let step = match (&evaluated, &current) {
            (Ok((properties, _)), Some(current)) => step_of(template, current, properties),
            _ => Ok(Step::Create),
        };
        let resource = self.fresh(id, template, planned, current.as_ref());
        let (properties, imported) = match evaluated {
            Ok(evaluated) => evaluated,
            Err(reason) => return self.fail(resource, current.as_ref(), reason).await,
        };
        self.record.imports.extend(imported);
        let step = match step {
            Ok(step) => step,
            Err(reason) => return self.fail(resource, current.as_ref(), reason).await,
        };
        if matches!(step, Step::Nothing) {
            if let Some(kept) = self.record.stack.resources.get_mut(id) {
                kept.depends_on.clone_from(&planned.depends_on);
            }
            return Ok(());
        }
        self.make(step, template, resource, properties, current.as_ref())
            .await
    }

    /// Makes, changes or replaces one resource and writes it with the record.
    async fn make(
        &mut self,
        step: Step,
        template: &ResourceTemplate,
        mut resource: StackResource,
        properties: Revealed,
        current: Option<&StackResource>,
    ) -> Result<(), Stopped> {
        let verb = match step {
            Step::Update | Step::Replace => "UPDATE",
            Step::Create | Step::Nothing => "CREATE",
        };
        resource.resource_status = format!("{verb}_IN_PROGRESS");
        if matches!(step, Step::Replace) {
            let reason =
                "Requested update requires the creation of a new physical resource; hence creating one.";
            resource.resource_status_reason = Some(reason.into());
        }
        self.tell(&resource);
        self.save(portcullis_store::Batch::new()).await?;
        let act = match (&step, current) {
            (Step::Update, Some(current)) => Act::Update(current, &properties),
            _ => Act::Create(&properties),
        };
        let id = resource.logical_resource_id.clone();
        let (made, batch) = match self.work(&id, &template.resource_type, act).await {
            Ok(worked) => worked,
            Err(Stopped::Failed(reason)) => return self.fail(resource, current, reason).await,
            Err(broken) => return Err(broken),
        };
        let unchanged = (self.record.stack.resources.clone(), self.record.retired.clone());
        if let (Step::Replace, Some(old)) = (&step, current) {
            let keep = template.update_replace_policy != DeletionPolicy::Delete;
            self.record.retired.push(Retired {
                resource: old.clone(),
                keep,
            });
        }
        let now = self.stacks.parts.clock.now();
        fill(&mut resource, made, &properties, &format!("{verb}_COMPLETE"), now);
        self.tell(&resource);
        self.record.stack.resources.insert(id, resource.clone());
        match self.save_made(batch).await {
            Err(Stopped::Failed(reason)) => {
                (self.record.stack.resources, self.record.retired) = unchanged;
                self.fail(resource, current, properties.scrub(reason)).await
            }
            other => other,
        }
    }

    /// Says that a resource failed. What it was before, it still is: its writes were dropped.
    async fn fail(
        &mut self,
        mut resource: StackResource,
        current: Option<&StackResource>,
        reason: String,
    ) -> Result<(), Stopped> {
        let verb = if current.is_some() {
            "UPDATE_FAILED"
        } else {
            "CREATE_FAILED"
        };
        resource.resource_status = verb.into();
        resource.resource_status_reason = Some(reason.clone());
        resource.physical_resource_id = current.and_then(|current| current.physical_resource_id.clone());
        self.tell(&resource);
        if current.is_none() {
            resource.reference.clear();
            let id = resource.logical_resource_id.clone();
            self.record.stack.resources.insert(id, resource.clone());
        }
        self.save(portcullis_store::Batch::new()).await?;
        Err(Stopped::Failed(format!(
            "The following resource(s) failed to {}: [{}]. {reason}",
            if current.is_some() { "update" } else { "create" },
            resource.logical_resource_id
        )))
    }

    /// Returns a resource's evaluated, coerced properties and the exports that they came from.
    async fn properties_of(
        &self,
        prepared: &Prepared,
        template: &ResourceTemplate,
        id: &str,
        exports: &BTreeMap<String, String>,
    ) -> Result<(Revealed, BTreeSet<String>), String> {
        let (value, imported) = self.evaluated(prepared, template, id, exports)?;
        let revealed = self.stacks.reveal(value, &BTreeMap::new()).await?;
        Ok((coerced(&template.resource_type, revealed)?, imported))
    }

    fn evaluated(
        &self,
        prepared: &Prepared,
        template: &ResourceTemplate,
        id: &str,
        exports: &BTreeMap<String, String>,
    ) -> Result<(Value, BTreeSet<String>), String> {
        let known = Known {
            resources: &self.record.stack.resources,
            exports,
            imported: RefCell::default(),
        };
        let path = format!("Resources/{id}/Properties");
        let evaluated = evaluate(&template.properties, &path, &environment(prepared), &known);
        let value = evaluated.map_err(|problems| said(&problems))?;
        Ok((value, known.imported.into_inner()))
    }

    fn fresh(
        &self,
        id: &str,
        template: &ResourceTemplate,
        planned: &PlannedResource,
        current: Option<&StackResource>,
    ) -> StackResource {
        StackResource {
            logical_resource_id: id.to_owned(),
            physical_resource_id: current.and_then(|current| current.physical_resource_id.clone()),
            resource_type: template.resource_type.clone(),
            resource_status: String::new(),
            resource_status_reason: None,
            timestamp: self.stacks.parts.clock.now(),
            properties: Value::Null,
            dynamic_references: BTreeMap::new(),
            attributes: BTreeMap::new(),
            reference: current
                .map(|current| current.reference.clone())
                .unwrap_or_default(),
            depends_on: planned.depends_on.clone(),
        }
    }

    /// Takes what the template no longer has out of the stack; it is deleted after all is made.
    fn retire_removed(&mut self, order: &[String]) {
        let old_template = self
            .record
            .previous
            .as_ref()
            .map(|previous| previous.template.as_str());
        let policies = old_template.and_then(|text| super::prepare::parse(text).ok());
        let resources = std::mem::take(&mut self.record.stack.resources);
        let (kept, removed): (BTreeMap<_, _>, BTreeMap<_, _>) =
            resources.into_iter().partition(|(id, _)| order.contains(id));
        self.record.stack.resources = kept;
        for (id, resource) in removed {
            let template = policies.as_ref().and_then(|template| template.resources.get(&id));
            let keep = template.is_some_and(|template| template.deletion_policy != DeletionPolicy::Delete);
            self.record.retired.push(Retired { resource, keep });
        }
    }

    /// Tells whether an update would do anything: AWS refuses one that would not.
    pub(super) async fn would_change(&self, prepared: &Prepared) -> Result<bool, AwsError> {
        let exports = self.stacks.export_values().await?;
        let resources = &self.record.stack.resources;
        let planned = &prepared.plan.resources;
        let Some(previous) = &self.record.previous else {
            return Ok(true);
        };
        if planned.len() != resources.len() || self.record.stack.tags != previous.tags {
            return Ok(true);
        }
        for planned in planned {
            let id = planned.logical_id.as_str();
            let (Some(template), Some(current)) = (prepared.template.resources.get(id), resources.get(id))
            else {
                return Ok(true);
            };
            let properties = self.properties_of(prepared, template, id, &exports).await;
            let same = properties.is_ok_and(|(properties, _)| {
                matches!(step_of(template, current, &properties), Ok(Step::Nothing))
            });
            if !same {
                return Ok(true);
            }
        }
        let outputs = self.outputs_of(prepared, &exports);
        Ok(outputs.is_ok_and(|(outputs, _)| outputs != self.record.stack.outputs))
    }
}

/// Returns what expressions of the template may refer to, but resources.
pub(super) fn environment(prepared: &Prepared) -> Environment<'_> {
    Environment {
        template: &prepared.template,
        parameters: &prepared.parameters,
        pseudo: &prepared.pseudo,
        conditions: &prepared.plan.conditions,
    }
}

/// Says several problems in one line.
pub(super) fn said(problems: &[Problem]) -> String {
    problems
        .iter()
        .map(Problem::to_string)
        .collect::<Vec<_>>()
        .join("; ")
}

/// Fills in what making a resource gave.
pub(super) fn fill(
    resource: &mut StackResource,
    made: Made,
    properties: &Revealed,
    status: &str,
    now: portcullis_model::Timestamp,
) {
    resource.physical_resource_id = Some(made.physical_id.clone());
    resource.reference = made.physical_id;
    resource.attributes = made.attributes;
    resource.properties = properties.kept.clone();
    resource.dynamic_references.clone_from(&properties.versions);
    resource.resource_status = status.to_owned();
    resource.resource_status_reason = None;
    resource.timestamp = now;
}

/// Brings properties into the shape that the resource type wants. What is wrong with a value that came from a secret
/// is not told, because the telling would repeat it.
pub(super) fn coerced(resource_type: &str, revealed: Revealed) -> Result<Revealed, String> {
    let schema = resources::schema(resource_type)
        .ok_or_else(|| format!("the resource type `{resource_type}` is not supported"))?;
    match coerce(schema, revealed.used.clone()) {
        Ok(used) => revealed.coerced(used),
        Err(mut problems) => {
            for problem in &mut problems {
                let property = problem.path.split('/').nth(1).unwrap_or_default();
                if revealed.holds_reference(property) {
                    problem.message =
                        "what the dynamic reference gives does not fit this property; it is not shown".into();
                }
            }
            Err(said(&problems))
        }
    }
}

fn step_of(
    template: &ResourceTemplate,
    current: &StackResource,
    properties: &Revealed,
) -> Result<Step, String> {
    if current.resource_type != template.resource_type {
        return Err("Update of resource type is not permitted. The new template modifies resource type of the resource.".into());
    }
    let Some(schema) = resources::schema(&template.resource_type) else {
        return Err(format!(
            "the resource type `{}` is not supported",
            template.resource_type
        ));
    };
    let old = marked(&current.properties, &current.dynamic_references);
    let new = marked(&properties.kept, &properties.versions);
    Ok(match compare(schema, &old, &new) {
        Difference::NoChange => Step::Nothing,
        Difference::InPlace { .. } => Step::Update,
        Difference::Replacement { .. } => Step::Replace,
    })
}
