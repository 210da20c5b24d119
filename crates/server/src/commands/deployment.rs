//! A template becomes a stack on a running server: create or update it, show what happens, return its outputs.
//! It speaks CloudFormation's own operations, as any client does.

use std::{
    collections::{BTreeMap, HashSet},
    fs,
    path::Path,
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail};
use serde_json::json;

use super::report::Report;
use crate::client::{AdminClient, QueryError, element, elements};

/// How often events are asked for.
const POLL: Duration = Duration::from_millis(50);
/// How long a stack may take.
const STACK_TIME: Duration = Duration::from_secs(600);
const VERSION: &str = "2010-05-15";

/// What to deploy.
pub(crate) struct Deployment<'a> {
    pub(crate) template: &'a Path,
    pub(crate) stack: &'a str,
    pub(crate) parameters: &'a BTreeMap<String, String>,
}

impl Deployment<'_> {
    /// Creates or updates the stack and waits for its end. Returns its outputs.
    pub(crate) fn run(&self, client: &AdminClient, report: Report) -> Result<BTreeMap<String, String>> {
        let text = fs::read_to_string(self.template)
            .with_context(|| format!("`{}` cannot be read", self.template.display()))?;
        self.check(&text)?;
        let mut seen = events(client, self.stack)
            .into_iter()
            .map(|event| event.id)
            .collect();
        if self.start(client, &text)? {
            self.watch(client, report, &mut seen)?;
        } else {
            report.line("unchanged", &format!("{}: nothing has changed", self.stack));
        }
        Ok(describe(client, self.stack)?
            .map(|xml| outputs_of(&xml))
            .unwrap_or_default())
    }

    /// Tells every mistake at once, before the server tells the first.
    fn check(&self, text: &str) -> Result<()> {
        let problems = portcullis_control::stacks::check(text, self.parameters);
        let mistakes: Vec<String> = problems
            .iter()
            .filter(|problem| problem.is_error())
            .map(|problem| format!("{}:{problem}", self.template.display()))
            .collect();
        if mistakes.is_empty() {
            return Ok(());
        }
        bail!(
            "the template has {} mistakes; nothing was deployed\n{}",
            mistakes.len(),
            mistakes.join("\n")
        )
    }

    /// Returns whether there is anything to wait for.
    fn start(&self, client: &AdminClient, text: &str) -> Result<bool> {
        let mut exists = false;
        if let Some((status, _)) = status(client, self.stack)? {
            exists = status != "ROLLBACK_COMPLETE";
            if !exists {
                // What a failed creation left must go before the next try, as on AWS.
                call(client, "DeleteStack", &[("StackName", self.stack)])?;
                self.wait_gone(client)?;
            }
        }
        let mut fields = vec![
            ("StackName".to_owned(), self.stack),
            ("TemplateBody".to_owned(), text),
            ("Capabilities.member.1".to_owned(), "CAPABILITY_NAMED_IAM"),
            ("Capabilities.member.2".to_owned(), "CAPABILITY_AUTO_EXPAND"),
        ];
        for (index, (key, value)) in self.parameters.iter().enumerate() {
            fields.push((format!("Parameters.member.{}.ParameterKey", index + 1), key));
            fields.push((format!("Parameters.member.{}.ParameterValue", index + 1), value));
        }
        let fields: Vec<(&str, &str)> = fields
            .iter()
            .map(|(name, value)| (name.as_str(), *value))
            .collect();
        match call(
            client,
            if exists { "UpdateStack" } else { "CreateStack" },
            &fields,
        ) {
            Ok(_) => Ok(true),
            Err(error) if says(&error, "No updates are to be performed") => Ok(false),
            Err(error) => Err(error).with_context(|| format!("`{}` was refused", self.template.display())),
        }
    }

    fn wait_gone(&self, client: &AdminClient) -> Result<()> {
        let until = Instant::now() + STACK_TIME;
        while status(client, self.stack)?.is_some() {
            if Instant::now() > until {
                bail!(
                    "stack {}: what its failed creation left cannot be deleted",
                    self.stack
                );
            }
            thread::sleep(POLL);
        }
        Ok(())
    }

    fn watch(&self, client: &AdminClient, report: Report, seen: &mut HashSet<String>) -> Result<()> {
        let until = Instant::now() + STACK_TIME;
        loop {
            // The status first: events that come after it are then seen in the next round, none is missed.
            let now = status(client, self.stack)?;
            for event in events(client, self.stack).into_iter().rev() {
                if seen.insert(event.id.clone()) {
                    event.report(self.stack, report);
                }
            }
            match now {
                Some((status, _)) if status.ends_with("_IN_PROGRESS") => {}
                Some((status, _)) if status == "CREATE_COMPLETE" || status == "UPDATE_COMPLETE" => {
                    return Ok(());
                }
                Some((status, reason)) => bail!("stack {} ended as {status}: {reason}", self.stack),
                None => bail!("stack {} is gone", self.stack),
            }
            if Instant::now() > until {
                bail!(
                    "stack {} did not end within {} s",
                    self.stack,
                    STACK_TIME.as_secs()
                );
            }
            thread::sleep(POLL);
        }
    }
}

struct Event {
    id: String,
    logical_id: String,
    resource_type: String,
    status: String,
    reason: String,
}

impl Event {
    fn report(&self, stack: &str, report: Report) {
        let Self {
            logical_id,
            resource_type,
            status,
            reason,
            ..
        } = self;
        let text = format!("{stack}: {status:<20} {resource_type:<36} {logical_id}  {reason}");
        report.either(
            &json!({
                "event": "resource", "stack": stack, "logicalId": logical_id,
                "type": resource_type, "status": status, "reason": reason,
            }),
            text.trim_end(),
        );
    }
}

fn call(client: &AdminClient, action: &str, fields: &[(&str, &str)]) -> Result<String> {
    let mut all = vec![("Action", action), ("Version", VERSION)];
    all.extend(fields);
    client.query("cloudformation", &all)
}

fn says(error: &anyhow::Error, text: &str) -> bool {
    error
        .downcast_ref::<QueryError>()
        .is_some_and(|error| error.message.contains(text))
}

/// Asks for a paged listing until its end; returns the members of `list`.
fn pages(client: &AdminClient, action: &str, list: &str, fields: &[(&str, &str)]) -> Result<Vec<String>> {
    let mut members = Vec::new();
    let mut token: Option<String> = None;
    loop {
        let mut fields = fields.to_vec();
        if let Some(token) = &token {
            fields.push(("NextToken", token));
        }
        let xml = call(client, action, &fields)?;
        let content = elements(&xml, list).into_iter().next().unwrap_or_default();
        members.extend(elements(content, "member").into_iter().map(str::to_owned));
        let tail = xml
            .rsplit(&format!("</{list}>"))
            .next()
            .unwrap_or_default()
            .to_owned();
        token = element(&tail, "NextToken").filter(|token| !token.is_empty());
        if token.is_none() {
            return Ok(members);
        }
    }
}

/// Returns the events of a stack, the newest first; none when there is no such stack yet.
fn events(client: &AdminClient, stack: &str) -> Vec<Event> {
    let listed = pages(
        client,
        "DescribeStackEvents",
        "StackEvents",
        &[("StackName", stack)],
    )
    .unwrap_or_default();
    let event = |xml: &String| {
        let text = |name| element(xml, name).unwrap_or_default();
        Event {
            id: text("EventId"),
            logical_id: text("LogicalResourceId"),
            resource_type: text("ResourceType"),
            status: text("ResourceStatus"),
            reason: text("ResourceStatusReason"),
        }
    };
    listed.iter().map(event).collect()
}

fn describe(client: &AdminClient, stack: &str) -> Result<Option<String>> {
    match call(client, "DescribeStacks", &[("StackName", stack)]) {
        Ok(xml) => Ok(Some(xml)),
        Err(error) if says(&error, "does not exist") => Ok(None),
        Err(error) => Err(error),
    }
}

fn status(client: &AdminClient, stack: &str) -> Result<Option<(String, String)>> {
    Ok(describe(client, stack)?.map(|xml| {
        let reason = element(&xml, "StackStatusReason").unwrap_or_default();
        (element(&xml, "StackStatus").unwrap_or_default(), reason)
    }))
}

/// Returns every stack that stands, with its outputs.
pub(crate) fn stacks(client: &AdminClient) -> Result<BTreeMap<String, BTreeMap<String, String>>> {
    let listed = pages(client, "DescribeStacks", "Stacks", &[])?;
    Ok(listed
        .iter()
        .filter_map(|xml| Some((element(xml, "StackName")?, outputs_of(xml))))
        .collect())
}

fn outputs_of(xml: &str) -> BTreeMap<String, String> {
    let list = elements(xml, "Outputs").into_iter().next().unwrap_or_default();
    elements(list, "member")
        .into_iter()
        .filter_map(|output| {
            Some((
                element(output, "OutputKey")?,
                element(output, "OutputValue").unwrap_or_default(),
            ))
        })
        .collect()
}
