//! `GetSampledRequests`: requests that a rule matched, or that the default action decided.

use portcullis_firewall::{Sample, SampledBy};
use portcullis_model::{Timestamp, resources::wafv2::WebAcl};
use serde_json::{Value, json};

use super::{access, errors, rules, waf};
use crate::{
    input::Input,
    operation::{AwsError, Call, Operation},
};

/// How far back samples are shown.
const KEPT_SECONDS: i64 = 3 * 3_600;

pub(super) const OPERATION: Operation = Operation {
    name: "GetSampledRequests",
    route: None,
    access: access::on_arn("wafv2:GetSampledRequests"),
    members: &["WebAclArn", "RuleMetricName", "Scope", "TimeWindow", "MaxItems"],
    call: |call| Box::pin(run(call)),
};

async fn run(call: &Call<'_>) -> Result<Value, AwsError> {
    let mut input = Input::new(call.input);
    rules::scope(&mut input);
    let arn = input.required("WebAclArn", rules::ARN);
    let metric = input.required("RuleMetricName", rules::METRIC);
    let most = input.integer("MaxItems", 1, 500).unwrap_or(500);
    let window = window(&mut input, call.now);
    errors::finish(input)?;
    let window = window?;
    let kept = waf(call).by_arn::<WebAcl>(arn).await?;
    let web_acl = kept.ok_or_else(errors::nonexistent)?.value;
    let by = by(&web_acl, metric)?;
    let most = usize::try_from(most).unwrap_or(1);
    let (population, found) = call.parts.samples.find(arn, by.as_ref(), window, call.now, most);
    let samples: Vec<Value> = found.iter().map(|sample| rendered(&web_acl, sample)).collect();
    Ok(json!({
        "SampledRequests": samples,
        "PopulationSize": population,
        "TimeWindow": { "StartTime": window.0.seconds(), "EndTime": window.1.seconds() },
    }))
}

/// Reads the window, which AWS limits to the last three hours.
fn window(input: &mut Input<'_>, now: Timestamp) -> Result<(Timestamp, Timestamp), AwsError> {
    let given = input.structure("TimeWindow", &["StartTime", "EndTime"], |window| {
        let mut moment = |name: &str| {
            let moment = window.value(name).and_then(Value::as_f64);
            window.require(name, moment.is_some());
            Timestamp((moment.unwrap_or_default() * 1_000.0) as i64)
        };
        (moment("StartTime"), moment("EndTime"))
    });
    input.require("TimeWindow", given.is_some());
    let (from, until) = given.unwrap_or_default();
    if from > until {
        return Err(errors::invalid("TIME_WINDOW", "StartTime is after EndTime"));
    }
    let earliest = Timestamp::from_seconds(now.seconds() - KEPT_SECONDS);
    Ok((from.max(earliest), until))
}

/// Returns whose samples a metric's name asks for: a rule's; the default action's by the name of the web ACL's own metric;
/// everything by `ALL`, as the metrics of AWS WAF are called.
fn by(web_acl: &WebAcl, metric: &str) -> Result<Option<SampledBy>, AwsError> {
    let rule = web_acl.rules.iter().find(|rule| {
        let name = rule.pointer("/VisibilityConfig/MetricName");
        name.and_then(Value::as_str) == Some(metric)
    });
    if let Some(name) = rule.and_then(|rule| rule.get("Name")?.as_str()) {
        return Ok(Some(SampledBy::Rule(name.into())));
    }
    if metric == web_acl.visibility_config.metric_name || metric == "Default_Action" {
        return Ok(Some(SampledBy::DefaultAction));
    }
    if metric == "ALL" {
        return Ok(None);
    }
    Err(errors::nonexistent())
}

fn rendered(web_acl: &WebAcl, sample: &Sample) -> Value {
    let named = |(name, value): (&str, &str)| json!({ "Name": name, "Value": value });
    let headers = sample.headers.iter();
    let inserted = sample.inserted_headers.iter();
    let mut answer = json!({
        "Request": {
            "ClientIP": sample.client.to_string(),
            "Country": "-",
            "URI": sample.uri,
            "Method": sample.method,
            "HTTPVersion": sample.http_version,
            "Headers": headers.map(|(name, value)| named((name, value))).collect::<Vec<_>>(),
        },
        "Weight": 1,
        "Timestamp": sample.at.seconds_fractional(),
        "Action": sample.action,
        "RequestHeadersInserted": inserted.map(|(name, value)| named((name, value))).collect::<Vec<_>>(),
        "Labels": sample.labels.iter().map(|label| json!({ "Name": **label })).collect::<Vec<_>>(),
    });
    let mut put = |name: &str, value: Option<Value>| {
        if let (Some(members), Some(value)) = (answer.as_object_mut(), value) {
            members.insert(name.to_owned(), value);
        }
    };
    put(
        "RuleNameWithinRuleGroup",
        group_rule(web_acl, sample).map(Value::from),
    );
    put("ResponseCodeSent", sample.response_status.map(Value::from));
    answer
}

/// Returns `AWS#AWSManagedRulesSQLiRuleSet#SQLi_BODY`, if a rule of a group matched.
fn group_rule(web_acl: &WebAcl, sample: &Sample) -> Option<String> {
    let (rule, inner) = (sample.rule.as_deref()?, sample.group_rule.as_deref()?);
    let mut rules = web_acl.rules.iter();
    let statement = rules
        .find(|candidate| candidate.get("Name").and_then(Value::as_str) == Some(rule))?
        .pointer("/Statement/ManagedRuleGroupStatement")?;
    let text = |name: &str| statement.get(name)?.as_str();
    Some(format!("{}#{}#{inner}", text("VendorName")?, text("Name")?))
}
