//! Signed calls to the admin listener, in the protocols that the suite needs.

use std::{collections::BTreeMap, fs, net::SocketAddr, time::Duration};

use anyhow::{Context, Result, bail, ensure};
use portcullis_engines::sigv4::{self, Credentials, Options, SignableRequest};
use portcullis_model::{Clock, HeaderList, SecretText, SystemClock};
use serde_json::Value;

use crate::{
    http::{self, Answer},
    server::{Endpoints, address},
    wait,
};

const STACK_TIME: Duration = Duration::from_secs(60);

/// A client with the account's own key.
pub struct Admin {
    address: SocketAddr,
    region: String,
    credentials: Credentials,
}

impl Admin {
    /// Reads the key that `endpoints.json` names.
    pub fn new(endpoints: &Endpoints) -> Result<Self> {
        let file: Value = serde_json::from_str(&fs::read_to_string(&endpoints.credentials)?)?;
        let text = |name: &str| {
            file.get(name)
                .and_then(Value::as_str)
                .map(str::to_owned)
                .context("credentials")
        };
        Ok(Self {
            address: address(&endpoints.admin)?,
            region: endpoints.region.clone(),
            credentials: Credentials {
                access_key_id: text("access_key_id")?,
                secret_access_key: SecretText::new(text("secret_access_key")?),
                session_token: None,
            },
        })
    }

    /// Sends a signed request.
    pub fn send(
        &self,
        service: &str,
        method: &str,
        path: &str,
        given: &[(&str, &str)],
        body: &[u8],
    ) -> Result<Answer> {
        let host = self.address.to_string();
        let mut headers = HeaderList::default();
        headers.push("host", host.clone());
        for (name, value) in given {
            headers.push(name, value);
        }
        let request = SignableRequest {
            method,
            path,
            query: "",
            headers: &headers,
        };
        let now = SystemClock.now();
        let options = Options::default();
        let added = sigv4::sign(
            &request,
            &self.credentials,
            &self.region,
            service,
            now,
            body,
            &options,
        )
        .map_err(|error| anyhow::anyhow!("signing: {error}"))?;
        let mut all: Vec<(String, String)> = given
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect();
        all.extend(added.into_iter().map(|(name, value)| (name.to_owned(), value)));
        http::exchange(self.address, &http::render(method, path, &all, body, &host))
    }

    /// Calls an operation of `cognito-idp` and returns the answer, whatever it is.
    pub fn cognito(&self, operation: &str, input: &Value) -> Result<Answer> {
        let target = format!("AWSCognitoIdentityProviderService.{operation}");
        let headers = [
            ("content-type", "application/x-amz-json-1.1"),
            ("x-amz-target", target.as_str()),
        ];
        self.send("cognito-idp", "POST", "/", &headers, input.to_string().as_bytes())
    }

    /// Calls an operation of `cognito-idp` that must work.
    pub fn cognito_done(&self, operation: &str, input: &Value) -> Result<Value> {
        let answer = self.cognito(operation, input)?;
        ensure!(
            answer.status == 200,
            "{operation}: {} {}",
            answer.status,
            answer.text()
        );
        Ok(serde_json::from_slice(&answer.body)?)
    }

    fn query(&self, fields: &[(&str, &str)]) -> Result<Answer> {
        let mut form = "Version=2010-05-15".to_owned();
        for (name, value) in fields {
            form += &format!("&{name}={}", percent_encoded(value));
        }
        let headers = [("content-type", "application/x-www-form-urlencoded; charset=utf-8")];
        self.send("cloudformation", "POST", "/", &headers, form.as_bytes())
    }

    /// Creates a stack, waits for its end and returns its outputs.
    pub fn deploy(&self, stack: &str, template: &str) -> Result<BTreeMap<String, String>> {
        let fields = [
            ("Action", "CreateStack"),
            ("StackName", stack),
            ("TemplateBody", template),
            ("Capabilities.member.1", "CAPABILITY_NAMED_IAM"),
        ];
        let answer = self.query(&fields)?;
        ensure!(answer.status == 200, "CreateStack {stack}: {}", answer.text());
        let described = wait::until("the stack", STACK_TIME, || {
            let answer = self.query(&[("Action", "DescribeStacks"), ("StackName", stack)])?;
            let xml = answer.text();
            ensure!(answer.status == 200, "DescribeStacks: {xml}");
            let status = element(&xml, "StackStatus").unwrap_or_default();
            Ok((!status.ends_with("_IN_PROGRESS")).then_some((status, xml)))
        })?;
        let (status, xml) = described;
        if status != "CREATE_COMPLETE" {
            let events = self
                .query(&[("Action", "DescribeStackEvents"), ("StackName", stack)])?
                .text();
            let reasons: Vec<String> = events
                .split("<member>")
                .filter_map(|event| element(event, "ResourceStatusReason"))
                .collect();
            bail!("stack {stack}: {status}: {}", reasons.join("; "));
        }
        let outputs = xml.split("<OutputKey>").skip(1).filter_map(|output| {
            let key = output.split('<').next()?.to_owned();
            Some((key, element(output, "OutputValue").unwrap_or_default()))
        });
        Ok(outputs.collect())
    }

    /// Returns the trail of a request.
    pub fn trail(&self, request_id: &str) -> Result<Value> {
        let path = format!("/_portcullis/trails/{request_id}");
        let answer = self.send("portcullis", "GET", &path, &[], b"")?;
        ensure!(
            answer.status == 200,
            "no trail of {request_id}: {} {}",
            answer.status,
            answer.text()
        );
        Ok(serde_json::from_slice(&answer.body)?)
    }
}

/// Returns the text of the first element called `name`.
pub fn element(xml: &str, name: &str) -> Option<String> {
    let (_, rest) = xml.split_once(&format!("<{name}>"))?;
    let (text, _) = rest.split_once(&format!("</{name}>"))?;
    let mut text = text.to_owned();
    for (escaped, plain) in [
        ("&lt;", "<"),
        ("&gt;", ">"),
        ("&quot;", "\""),
        ("&#39;", "'"),
        ("&apos;", "'"),
        ("&amp;", "&"),
    ] {
        text = text.replace(escaped, plain);
    }
    Some(text)
}

/// Percent-encodes everything but RFC 3986's unreserved characters.
pub fn percent_encoded(text: &str) -> String {
    text.bytes().fold(String::new(), |mut encoded, byte| {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            encoded.push(byte.into());
        } else {
            encoded += &format!("%{byte:02X}");
        }
        encoded
    })
}
