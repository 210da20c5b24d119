//! Asks an origin: an API of ours in this process, through every layer of its stage; anything else over the network.

use std::{
    net::{IpAddr, Ipv4Addr, SocketAddr},
    rc::Rc,
    sync::Arc,
};

use bytes::Bytes;
use portcullis_egress::{EgressError, OutgoingBody as _, Target, Upgraded};
use portcullis_model::{
    HeaderList,
    resources::cloudfront::{CookiePreference, OriginProtocolPolicy},
    trail::Outcome,
};

use super::{
    Visit,
    pages::Page,
    snapshot::{Behavior, OriginSnapshot},
};
use crate::{
    decision::{LayerName, Reason},
    gateway::Worker,
    hosts::Destination,
    http::{
        Body, BodyError, Peer, Request, Response, TlsFacts, Version,
        websocket::{TUNNELS, Tunnel},
    },
    integrations::http_proxy::{Outgoing, incoming},
    pipeline::{self, Journal},
};

/// The source address that an API behind a distribution sees. As on AWS it is the distribution's, not the viewer's: an answer
/// that depended on the viewer's address would be kept for viewers of other addresses. Nobody can come from this one, the
/// dummy address of RFC 7600, so a policy that names it means distributions alone.
pub(crate) const OWN_ADDRESS: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 0, 0, 8));

/// Asks the origin of `behavior`; the error is the page that the viewer gets.
pub(super) async fn ask(
    visit: &mut Visit,
    behavior: &Behavior,
    path_and_query: &[u8],
    mut headers: HeaderList,
    worker: &Worker,
    journal: &mut Journal,
) -> Result<Response, Page> {
    let origin = Arc::clone(&behavior.origin);
    let target = Bytes::from([origin.path.as_bytes(), path_and_query].concat());
    if visit.request.is_handshake() {
        headers.push("connection", "Upgrade");
        headers.push("upgrade", "websocket");
    }
    let destination = visit.snapshot.hosts().find(&origin.domain, b"/", false);
    let mut response = match destination {
        Destination::Api { api_id, endpoint, .. } => {
            let reason = format!("API `{api_id}`, in this process");
            journal.note(LayerName::Origin, Outcome::Continue, reason.into());
            let request = own_request(visit, &origin, target, headers);
            let snapshot = Rc::clone(&visit.snapshot);
            let exchange = visit.arrival.exchange(request, snapshot, api_id, 0);
            pipeline::answer(&mut exchange.through(endpoint), worker, journal).await
        }
        Destination::Domain(domain) => {
            let request = own_request(visit, &origin, target, headers);
            if let Err(reason) = domain.check_connection(&request.peer) {
                journal.note(LayerName::Origin, Outcome::Refuse, reason.into());
                return Err(Page::OriginFailed);
            }
            let reason = format!("custom domain `{}`, in this process", origin.domain);
            journal.note(LayerName::Origin, Outcome::Continue, reason.into());
            let snapshot = Rc::clone(&visit.snapshot);
            let exchange = visit.arrival.exchange(request, snapshot, Rc::default(), 0);
            pipeline::answer(&mut exchange.on_domain(domain), worker, journal).await
        }
        Destination::Foreign | Destination::Nothing => {
            ask_server(visit, &origin, &target, &headers, worker, journal).await?
        }
        Destination::Site { .. } | Destination::Distribution { .. } | Destination::VpcEndpoint(_) => {
            let reason = format!("`{}` is a host of ours that is no public API", origin.domain);
            journal.note(LayerName::Origin, Outcome::Refuse, reason.into());
            return Err(Page::OriginFailed);
        }
    };
    if behavior.cookies == CookiePreference::None {
        response.headers.remove(b"set-cookie");
    }
    response.headers.retain(|name, _| !is_ours_to_say(name));
    Ok(response)
}

/// The request that an API of ours gets: its layers decide as if it had come from outside.
fn own_request(
    visit: &mut Visit,
    origin: &OriginSnapshot,
    target: Bytes,
    headers: HeaderList,
) -> Box<Request> {
    Box::new(Request {
        method: visit.request.method.clone(),
        target: target.into(),
        authority: origin.domain.as_ref().into(),
        version: Version::Http11,
        headers,
        body: std::mem::take(&mut visit.request.body),
        proxy: None,
        peer: Peer {
            address: SocketAddr::new(OWN_ADDRESS, 0),
            listener: visit.request.peer.listener,
            // The hop is in memory, as good as any TLS; no certificate of the viewer goes with it.
            tls: Some(Arc::new(TlsFacts {
                server_name: Some(origin.domain.to_string()),
                version: Some("TLSv1.3"),
                ..TlsFacts::default()
            })),
        },
    })
}

async fn ask_server(
    visit: &mut Visit,
    origin: &OriginSnapshot,
    path_and_query: &[u8],
    headers: &HeaderList,
    worker: &Worker,
    journal: &mut Journal,
) -> Result<Response, Page> {
    let https = match origin.protocol {
        OriginProtocolPolicy::HttpsOnly => true,
        OriginProtocolPolicy::HttpOnly => false,
        OriginProtocolPolicy::MatchViewer => visit.request.peer.tls.is_some(),
    };
    let target = Target {
        https,
        host: origin.domain.to_string(),
        port: if https {
            origin.https_port
        } else {
            origin.http_port
        },
        address: None,
    };
    if visit.request.is_handshake() {
        return open(&target, origin, path_and_query, headers, worker, journal).await;
    }
    let mut body = Outgoing::new(
        std::mem::take(&mut visit.request.body),
        worker.streamed_body_bytes_max(),
    );
    let has_body = !matches!(body.length(), Some(0));
    let method = visit.request.method.clone();
    let mut attempt = 1;
    let cause = loop {
        let sent = worker
            .client()
            .send(
                &target,
                &method,
                path_and_query,
                headers,
                &mut body,
                &origin.timeouts,
            )
            .await;
        match sent {
            Ok(answer) => {
                let reason = format!("answered by `{target}`");
                journal.note(LayerName::Origin, Outcome::Continue, reason.into());
                return Ok(answered(answer));
            }
            // Nothing was sent yet.
            Err(EgressError::Unconnected { .. }) if attempt < origin.attempts && !has_body => attempt += 1,
            Err(cause) => break cause,
        }
    };
    let page = match (body.failure(), &cause) {
        (Some(BodyError::TooLarge { .. }), _) => Page::BodyTooLarge,
        (Some(BodyError::NoRoom), _) => Page::Failed,
        (Some(_), _) => Page::BadRequest,
        (None, EgressError::TimedOut(_)) => Page::OriginTimedOut,
        (None, _) => Page::OriginFailed,
    };
    let reason = Reason::from(format!("`{target}`: {cause}"));
    journal.note(LayerName::Origin, Outcome::Refuse, reason);
    Err(page)
}

/// Asks an origin for a WebSocket.
async fn open(
    target: &Target,
    origin: &OriginSnapshot,
    path_and_query: &[u8],
    headers: &HeaderList,
    worker: &Worker,
    journal: &mut Journal,
) -> Result<Response, Page> {
    let mut refuse = |page: Page, reason: Reason| {
        journal.note(LayerName::Origin, Outcome::Refuse, reason);
        page
    };
    let place = TUNNELS.place().ok_or_else(|| {
        let reason = "there are as many WebSockets as there may be";
        refuse(Page::OriginFailed, reason.into())
    })?;
    let client = worker.client();
    let asked = client.upgrade(target, path_and_query, headers, &origin.timeouts);
    let (response, reason) = match asked.await {
        Ok(Upgraded::Answered(answer)) => (answered(answer), format!("answered by `{target}`")),
        Ok(Upgraded::Tunnel(headers, backend)) => (
            Response {
                status: 101,
                headers,
                body: Body::Tunnel(Box::new(Tunnel { backend, place })),
            },
            format!("a WebSocket to `{target}`"),
        ),
        Err(cause) => {
            let page = match cause {
                EgressError::TimedOut(_) => Page::OriginTimedOut,
                _ => Page::OriginFailed,
            };
            return Err(refuse(page, format!("`{target}`: {cause}").into()));
        }
    };
    journal.note(LayerName::Origin, Outcome::Continue, reason.into());
    Ok(response)
}

fn answered(answer: portcullis_egress::Answer) -> Response {
    Response {
        status: answer.status,
        headers: answer.headers,
        body: incoming(answer.body),
    }
}

/// Fields that a distribution says itself; an origin's could be taken for them.
fn is_ours_to_say(name: &[u8]) -> bool {
    let ours: &[&[u8]] = &[
        b"x-cache",
        b"x-amz-cf-id",
        b"x-amz-cf-pop",
        b"x-amzn-requestid",
        b"via",
        b"connection",
        b"keep-alive",
        b"proxy-connection",
        b"te",
        b"trailer",
        b"transfer-encoding",
        b"upgrade",
    ];
    ours.iter().any(|known| known.eq_ignore_ascii_case(name))
}

/// Tells whether a request has a body.
pub(super) fn has_body(body: &Body) -> bool {
    body.length() != Some(0)
}
