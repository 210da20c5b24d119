//! Upstreams: servers of the operator's that VPC links lead to, by the ARN that stands for them. They are called in turn, only
//! while they are healthy, and from nowhere else: ordinary integrations keep their own address policy.
//!
//! <https://docs.aws.amazon.com/apigateway/latest/developerguide/private-integration.html>

use std::{
    fmt::Write as _,
    future::Future,
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU32, AtomicUsize, Ordering},
    },
    time::Duration,
};

use foldhash::{HashMap, HashMapExt as _};
use portcullis_egress::{Client, Target, Timeouts};
use portcullis_model::{HeaderList, arn::Arn};

/// Upstreams, at most.
const UPSTREAMS_MAX: usize = 100;
/// Servers of one upstream, at most.
const SERVERS_MAX: usize = 64;
/// The time between two health checks of a server.
pub const HEALTH_INTERVAL: Duration = Duration::from_secs(5);
/// How long a health check may take.
const HEALTH_TIMEOUT: Duration = Duration::from_secs(2);
/// Checks in a row that make a healthy server unhealthy, or an unhealthy one healthy; the first ever decides alone.
const HEALTH_THRESHOLD: u32 = 2;

/// What an operator says of one upstream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UpstreamSettings {
    /// A load balancer's, a listener's or a Cloud Map service's.
    pub arn: String,
    pub servers: Vec<SocketAddr>,
    /// Asked in clear text and answered with 2xx or 3xx by a healthy server; none: it takes connections.
    pub health_path: Option<String>,
}

/// All upstreams.
#[derive(Clone, Debug, Default)]
pub struct Upstreams(Arc<HashMap<Box<str>, Upstream>>);

/// The servers that an ARN stands for.
#[derive(Debug)]
pub(crate) struct Upstream {
    servers: Vec<Server>,
    /// Whose turn it is.
    next: AtomicUsize,
    health_path: Option<Box<str>>,
}

#[derive(Debug)]
struct Server {
    address: SocketAddr,
    healthy: AtomicBool,
    /// Checks in a row that said otherwise.
    contradictions: AtomicU32,
    checks: AtomicU32,
}

impl Upstreams {
    /// Takes them in; the error says what is wrong with which.
    pub fn new(all: Vec<UpstreamSettings>) -> Result<Self, String> {
        if all.len() > UPSTREAMS_MAX {
            return Err(format!("there are more than {UPSTREAMS_MAX}"));
        }
        let mut upstreams = HashMap::with_capacity(all.len());
        for UpstreamSettings {
            arn,
            servers,
            health_path,
        } in all
        {
            let service = arn.parse::<Arn>().map(|parsed| parsed.service);
            if !service
                .is_ok_and(|service| matches!(service.as_str(), "elasticloadbalancing" | "servicediscovery"))
            {
                return Err(format!(
                    "`{arn}`: expected the ARN of a load balancer, a listener or a Cloud Map service"
                ));
            }
            if servers.is_empty() || servers.len() > SERVERS_MAX {
                return Err(format!("`{arn}`: expected from 1 to {SERVERS_MAX} addresses"));
            }
            let plain =
                |path: &str| path.starts_with('/') && path.bytes().all(|byte| byte.is_ascii_graphic());
            if health_path.as_deref().is_some_and(|path| !plain(path)) {
                return Err(format!("`{arn}`: expected a health path such as `/health`"));
            }
            let upstream = Upstream {
                servers: servers.into_iter().map(Server::new).collect(),
                next: AtomicUsize::new(0),
                health_path: health_path.map(Into::into),
            };
            if upstreams.insert(arn.as_str().into(), upstream).is_some() {
                return Err(format!("`{arn}` is given twice"));
            }
        }
        Ok(Self(Arc::new(upstreams)))
    }

    /// Tells whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Tells whether something stands behind `arn`.
    pub fn has(&self, arn: &str) -> bool {
        self.0.contains_key(arn)
    }

    pub(crate) fn of(&self, arn: &str) -> Option<&Upstream> {
        self.0.get(arn)
    }

    /// Returns the address of every server: all that a VPC link may lead to.
    pub fn addresses(&self) -> Arc<[SocketAddr]> {
        let servers = self.0.values().flat_map(|upstream| &upstream.servers);
        servers.map(|server| server.address).collect()
    }

    /// Checks the health of every server once, all at the same time.
    pub async fn check(&self, client: &Client) {
        let all = self.0.iter().flat_map(|(arn, upstream)| {
            let path = upstream.health_path.as_deref();
            upstream.servers.iter().map(move |server| async move {
                let answered = is_answering(client, server.address, path).await;
                if server.saw(answered) {
                    let state = if answered { "healthy" } else { "unhealthy" };
                    tracing::warn!(upstream = %arn, server = %server.address, "the server is {state} now");
                }
            })
        });
        all_of(all.map(Box::pin).collect()).await;
    }

    /// Writes which servers are healthy, for Prometheus.
    pub fn metrics(&self, text: &mut String) {
        if self.0.is_empty() {
            return;
        }
        text.push_str(
            "# HELP portcullis_upstream_healthy Whether a server behind a VPC link is healthy.\n\
             # TYPE portcullis_upstream_healthy gauge\n",
        );
        for (arn, upstream) in self.0.iter() {
            for server in &upstream.servers {
                let healthy = u8::from(server.is_healthy());
                let address = server.address;
                let _infallible = writeln!(
                    text,
                    "portcullis_upstream_healthy{{upstream=\"{arn}\",server=\"{address}\"}} {healthy}"
                );
            }
        }
    }
}

impl Upstream {
    /// Returns the healthy servers, beginning with the one whose turn it is.
    pub(crate) fn turn(&self) -> impl Iterator<Item = SocketAddr> {
        let healthy = || self.servers.iter().filter(|server| server.is_healthy());
        let count = healthy().count();
        let turn = self.next.fetch_add(1, Ordering::Relaxed);
        let first = turn.checked_rem(count).unwrap_or_default();
        let in_turn = healthy().cycle().skip(first).take(count);
        in_turn
            .map(|server| server.address)
            .collect::<Vec<_>>()
            .into_iter()
    }
}

impl Server {
    const fn new(address: SocketAddr) -> Self {
        Self {
            address,
            healthy: AtomicBool::new(true),
            contradictions: AtomicU32::new(0),
            checks: AtomicU32::new(0),
        }
    }

    fn is_healthy(&self) -> bool {
        self.healthy.load(Ordering::Relaxed)
    }

    /// Takes in a check; tells whether it changed the server's state. One thread checks.
    fn saw(&self, answered: bool) -> bool {
        let is_first = self.checks.fetch_add(1, Ordering::Relaxed) == 0;
        if answered == self.is_healthy() {
            self.contradictions.store(0, Ordering::Relaxed);
            return false;
        }
        let contradictions = self.contradictions.fetch_add(1, Ordering::Relaxed) + 1;
        if !is_first && contradictions < HEALTH_THRESHOLD {
            return false;
        }
        self.contradictions.store(0, Ordering::Relaxed);
        self.healthy.store(answered, Ordering::Relaxed);
        true
    }
}

async fn is_answering(client: &Client, address: SocketAddr, path: Option<&str>) -> bool {
    let Some(path) = path else {
        return client.can_connect(address, HEALTH_TIMEOUT).await;
    };
    let target = Target {
        https: false,
        host: address.ip().to_string(),
        port: address.port(),
        address: Some(address),
    };
    let mut headers = HeaderList::new();
    headers.push("User-Agent", "Portcullis-HealthCheck");
    let timeouts = Timeouts::within(HEALTH_TIMEOUT);
    let sent = client
        .send(&target, b"GET", path.as_bytes(), &headers, &mut (), &timeouts)
        .await;
    sent.is_ok_and(|answer| (200..400).contains(&answer.status))
}

/// Waits for all of `futures`, which run at the same time.
async fn all_of<F: Future<Output = ()> + Unpin>(mut futures: Vec<F>) {
    std::future::poll_fn(|context| {
        futures.retain_mut(|future| std::pin::Pin::new(future).poll(context).is_pending());
        if futures.is_empty() {
            std::task::Poll::Ready(())
        } else {
            std::task::Poll::Pending
        }
    })
    .await;
}

#[cfg(test)]
mod tests {
    use super::*;

    const ARN: &str = "arn:aws:elasticloadbalancing:us-east-1:000000000000:loadbalancer/net/a/1";

    fn upstream(servers: &[&str]) -> Upstreams {
        Upstreams::new(vec![UpstreamSettings {
            arn: ARN.into(),
            servers: servers.iter().map(|text| text.parse().unwrap()).collect(),
            health_path: None,
        }])
        .unwrap()
    }

    fn first(upstreams: &Upstreams) -> Option<u16> {
        let mut turn = upstreams.of(ARN).unwrap().turn();
        turn.next().map(|address| address.port())
    }

    #[test]
    fn healthy_servers_take_turns() {
        let upstreams = upstream(&["10.0.0.1:1", "10.0.0.1:2", "10.0.0.1:3"]);
        let seen: Vec<_> = (0..6).filter_map(|_| first(&upstreams)).collect();
        assert_eq!(seen, [1, 2, 3, 1, 2, 3]);
        let servers = &upstreams.of(ARN).unwrap().servers;
        assert!(servers[1].saw(false), "the first check decides alone");
        let seen: Vec<_> = (0..4).filter_map(|_| first(&upstreams)).collect();
        assert!(seen.iter().all(|port| *port != 2), "{seen:?}");
        assert_eq!(upstreams.of(ARN).unwrap().turn().count(), 2);
        for server in servers {
            server.saw(false);
            server.saw(false);
        }
        assert_eq!(first(&upstreams), None);
    }

    #[test]
    fn one_odd_check_changes_nothing() {
        let server = Server::new("10.0.0.1:1".parse().unwrap());
        assert!(!server.saw(true));
        assert!(!server.saw(false));
        assert!(!server.saw(true));
        assert!(!server.saw(false) && server.is_healthy());
        assert!(server.saw(false) && !server.is_healthy());
        assert!(!server.saw(true) && !server.is_healthy());
        assert!(server.saw(true) && server.is_healthy());
    }

    #[test]
    fn what_names_no_upstream_is_refused() {
        let settings = |arn: &str, servers: usize, path: Option<&str>| UpstreamSettings {
            arn: arn.into(),
            servers: vec!["10.0.0.1:80".parse().unwrap(); servers],
            health_path: path.map(Into::into),
        };
        for (all, said) in [
            (vec![settings("backend", 1, None)], "expected the ARN"),
            (vec![settings("arn:aws:s3:::bucket", 1, None)], "expected the ARN"),
            (vec![settings(ARN, 0, None)], "expected from 1"),
            (vec![settings(ARN, 65, None)], "expected from 1"),
            (vec![settings(ARN, 1, Some("health"))], "health path"),
            (vec![settings(ARN, 1, None), settings(ARN, 1, None)], "twice"),
        ] {
            let error = Upstreams::new(all).err().unwrap();
            assert!(error.contains(said), "{error}");
        }
    }
}
