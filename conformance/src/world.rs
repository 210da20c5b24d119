//! What the cases of one run share, the server and the stacks, and what one case has to itself: its variables.

use std::{
    collections::{BTreeMap, HashMap},
    net::{Ipv4Addr, SocketAddr},
    sync::{
        Arc, Mutex, OnceLock, PoisonError,
        atomic::{AtomicU32, Ordering},
    },
};

use anyhow::{Context, Result, anyhow, bail, ensure};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::{Value, json};

use crate::{
    admin::{Admin, percent_encoded},
    backend, forgery,
    http::{self, Answer},
    server::Server,
};

/// The password of every case's user.
const PASSWORD: &str = "Correct-horse-7-battery";

type Deployed = Arc<OnceLock<Result<BTreeMap<String, String>, String>>>;

/// One server, one backend, and each template deployed once.
pub struct Suite {
    pub server: Server,
    pub admin: Admin,
    public: SocketAddr,
    backend: SocketAddr,
    refusing: SocketAddr,
    deployed: Mutex<HashMap<String, Deployed>>,
    stacks: AtomicU32,
}

impl Suite {
    /// Takes a running server and the backend that it was told of.
    pub fn new(server: Server, backend: SocketAddr) -> Result<Self> {
        Ok(Self {
            admin: server.admin()?,
            public: server.endpoints.http_address()?,
            server,
            backend,
            refusing: backend::refusing()?,
            deployed: Mutex::default(),
            stacks: AtomicU32::new(1),
        })
    }

    /// Sends bytes to the public listener in clear text.
    pub fn exchange(&self, request: &[u8]) -> Result<Answer> {
        http::exchange(self.public, request)
    }

    /// Sends a request to the public listener in clear text, from an address of this machine.
    pub fn send(
        &self,
        from: Ipv4Addr,
        method: &str,
        target: &str,
        headers: &[(String, String)],
        body: &[u8],
    ) -> Result<Answer> {
        let request = http::render(method, target, headers, body, &self.public.to_string());
        http::exchange_from(from, self.public, &request)
    }

    fn outputs(&self, template: &str) -> Result<BTreeMap<String, String>> {
        let text = template
            .replace("{{backend}}", &format!("http://{}", self.backend))
            .replace("{{backend-port}}", &self.backend.port().to_string())
            .replace("{{refusing-port}}", &self.refusing.port().to_string())
            .replace("{{refusing}}", &format!("http://{}", self.refusing));
        let cell = {
            let mut deployed = self.deployed.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(deployed.entry(text.clone()).or_default())
        };
        let outputs = cell.get_or_init(|| {
            let stack = format!("case-{}", self.stacks.fetch_add(1, Ordering::Relaxed));
            self.admin
                .deploy(&stack, &text)
                .map_err(|error| format!("{error:#}"))
        });
        outputs.clone().map_err(|error| anyhow!(error))
    }
}

/// The variables of one case.
pub struct World<'a> {
    suite: &'a Suite,
    /// Differs for every case: its user's name.
    user: String,
    outputs: BTreeMap<String, String>,
    values: HashMap<String, String>,
}

impl<'a> World<'a> {
    /// Deploys the case's template where no other case has.
    pub fn new(suite: &'a Suite, case: &str, template: Option<&str>) -> Result<Self> {
        let outputs = template
            .map(|template| suite.outputs(template))
            .transpose()?
            .unwrap_or_default();
        Ok(Self {
            suite,
            user: case.replace('/', "."),
            outputs,
            values: HashMap::new(),
        })
    }

    /// Replaces every `{{variable}}`.
    pub fn fill(&mut self, text: &str) -> Result<String> {
        let mut filled = String::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once("{{") {
            let (name, after) = after.split_once("}}").context("`{{` without `}}`")?;
            filled += before;
            filled += &self.value(name)?;
            rest = after;
        }
        Ok(filled + rest)
    }

    fn value(&mut self, name: &str) -> Result<String> {
        if let Some(known) = self.values.get(name) {
            return Ok(known.clone());
        }
        let value = self.make(name).with_context(|| format!("`{{{{{name}}}}}`"))?;
        self.values.insert(name.to_owned(), value.clone());
        Ok(value)
    }

    fn output(&self, name: &str) -> Result<String> {
        self.outputs
            .get(name)
            .cloned()
            .with_context(|| format!("the template has no output `{name}`"))
    }

    fn make(&mut self, name: &str) -> Result<String> {
        let endpoints = &self.suite.server.endpoints;
        let (kind, rest) = name.split_once(' ').unwrap_or((name, ""));
        Ok(match kind {
            "api" => format!(
                "/_aws/execute-api/{}/{}",
                self.output("ApiId")?,
                self.output("Stage")?
            ),
            "distribution" => format!("/_aws/cloudfront/{}", self.output("DistributionId")?),
            "api-host" => format!(
                "{}.execute-api.{}.{}",
                self.output("ApiId")?,
                endpoints.region,
                endpoints.domain
            ),
            "region" => endpoints.region.clone(),
            "account" => endpoints.account.clone(),
            "domain" => endpoints.domain.clone(),
            "public" => self.suite.public.to_string(),
            "backend-port" => self.suite.backend.port().to_string(),
            "backend-address" => self.suite.backend.to_string(),
            "user" => self.user.clone(),
            "password" => PASSWORD.to_owned(),
            "repeat" => {
                let (text, count) = rest.rsplit_once(' ').context("repeat TEXT COUNT")?;
                text.repeat(count.parse()?)
            }
            "id_token" | "access_token" | "refresh_token" => self.sign_in("PoolId", "ClientId", kind)?,
            "foreign_id_token" => self.sign_in("ForeignPoolId", "ForeignClientId", kind)?,
            "client_token" => self.client_token(rest)?,
            "basic" => format!("Basic {}", STANDARD.encode(self.fill_names(rest)?)),
            "client_secret" => self.client_secret()?,
            "forged" => {
                let token = self.value("id_token")?;
                forgery::forge(rest, &token, &self.jwks()?)?
            }
            _ => self.output(name)?,
        })
    }

    /// `MachineClientId:client_secret` with each name replaced by its value.
    fn fill_names(&mut self, names: &str) -> Result<String> {
        let values: Result<Vec<String>> = names.split(':').map(|name| self.value(name)).collect();
        Ok(values?.join(":"))
    }

    fn sign_in(&mut self, pool: &str, client: &str, wanted: &str) -> Result<String> {
        let (pool, client) = (self.output(pool)?, self.output(client)?);
        let (admin, user) = (&self.suite.admin, self.user.as_str());
        let email = format!("{user}@example.com");
        let attributes =
            json!([{ "Name": "email", "Value": email }, { "Name": "email_verified", "Value": "true" }]);
        let create = json!({
            "UserPoolId": pool, "Username": user, "UserAttributes": attributes, "MessageAction": "SUPPRESS",
        });
        admin.cognito_done("AdminCreateUser", &create)?;
        let password =
            json!({ "UserPoolId": pool, "Username": user, "Password": PASSWORD, "Permanent": true });
        admin.cognito_done("AdminSetUserPassword", &password)?;
        let parameters = json!({ "USERNAME": user, "PASSWORD": PASSWORD });
        let input =
            json!({ "ClientId": client, "AuthFlow": "USER_PASSWORD_AUTH", "AuthParameters": parameters });
        let answer = admin.cognito_done("InitiateAuth", &input)?;
        let tokens = [
            ("id_token", "IdToken"),
            ("access_token", "AccessToken"),
            ("refresh_token", "RefreshToken"),
        ];
        let own = pool == self.output("PoolId")?;
        let mut found = None;
        for (name, member) in tokens {
            let token = answer
                .pointer(&format!("/AuthenticationResult/{member}"))
                .and_then(Value::as_str);
            let token = token
                .with_context(|| format!("no {member}: {answer}"))?
                .to_owned();
            if wanted.ends_with(name) {
                found = Some(token.clone());
            }
            if own {
                self.values.insert(name.to_owned(), token);
            }
        }
        found.context("no such token")
    }

    fn client_secret(&self) -> Result<String> {
        let input =
            json!({ "UserPoolId": self.output("PoolId")?, "ClientId": self.output("MachineClientId")? });
        let answer = self.suite.admin.cognito_done("DescribeUserPoolClient", &input)?;
        let secret = answer
            .pointer("/UserPoolClient/ClientSecret")
            .and_then(Value::as_str);
        Ok(secret.context("the client has no secret")?.to_owned())
    }

    fn client_token(&mut self, scopes: &str) -> Result<String> {
        let basic = self.value("basic MachineClientId:client_secret")?;
        let target = format!("/_aws/auth/{}/oauth2/token", self.output("AuthDomain")?);
        let headers = [
            ("Authorization".to_owned(), basic),
            (
                "Content-Type".to_owned(),
                "application/x-www-form-urlencoded".to_owned(),
            ),
        ];
        let body = format!("grant_type=client_credentials&scope={}", percent_encoded(scopes));
        let answer = self
            .suite
            .send(Ipv4Addr::LOCALHOST, "POST", &target, &headers, body.as_bytes())?;
        ensure!(
            answer.status == 200,
            "/oauth2/token: {} {}",
            answer.status,
            answer.text()
        );
        let answer: Value = serde_json::from_slice(&answer.body)?;
        Ok(answer
            .get("access_token")
            .and_then(Value::as_str)
            .context("no access_token")?
            .to_owned())
    }

    fn jwks(&self) -> Result<Value> {
        let target = format!("/{}/.well-known/jwks.json", self.output("PoolId")?);
        let answer = self.suite.send(Ipv4Addr::LOCALHOST, "GET", &target, &[], b"")?;
        if answer.status != 200 {
            bail!("{target}: {} {}", answer.status, answer.text());
        }
        Ok(serde_json::from_slice(&answer.body)?)
    }
}
