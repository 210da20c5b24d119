//! The client against a server that follows a script, on loopback.

mod addresses;
mod answers;
mod connections;
mod encrypted;
mod refusals;
mod requests;
mod script;
mod time_limits;
mod urls;
mod websockets;

use std::{
    collections::VecDeque,
    task::{Context, Poll},
    time::Duration,
};

use bytes::Bytes;
use portcullis_model::HeaderList;
use tokio::net::{TcpListener, TcpStream};

use crate::{
    AddressPolicy, Answer, Client, ClientConfig, EgressError, Limits, OutgoingBody, Target, Timeouts, tls,
};
use script::{Server, Step};

/// Two ends of a connection.
pub(crate) async fn pair() -> (TcpStream, TcpStream) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (one, other) = tokio::join!(TcpStream::connect(address), listener.accept());
    (one.unwrap(), other.unwrap().0)
}

const TIMEOUTS: Timeouts = Timeouts {
    connect: Duration::from_secs(5),
    answer: Duration::from_secs(5),
    total: None,
    idle: Duration::from_secs(5),
};

fn client() -> Client {
    client_with(Limits::default())
}

fn client_with(limits: Limits) -> Client {
    Client::new(ClientConfig {
        tls: tls::trusting_only([]).unwrap(),
        limits,
        policy: AddressPolicy::Any,
    })
}

fn target(port: u16) -> Target {
    Target {
        https: false,
        host: "127.0.0.1".to_owned(),
        port,
        address: None,
    }
}

async fn send(client: &Client, server: &Server, method: &str) -> Result<Answer, EgressError> {
    let headers = HeaderList::new();
    client
        .send(
            &target(server.port),
            method.as_bytes(),
            b"/",
            &headers,
            &mut (),
            &TIMEOUTS,
        )
        .await
}

async fn get(client: &Client, server: &Server) -> Result<Answer, EgressError> {
    send(client, server, "GET").await
}

async fn text(mut answer: Answer) -> String {
    String::from_utf8(answer.body.read_whole(10_000_000).await.unwrap().to_vec()).unwrap()
}

/// One GET, answered with `response` as it stands.
async fn answered(response: &str) -> Result<Answer, EgressError> {
    let server = Server::start(vec![vec![Step::ReadHead, Step::send(response)]]).await;
    get(&client(), &server).await
}

/// A body that comes in pieces, of which each is late by one poll.
struct Pieces {
    length: Option<u64>,
    pieces: VecDeque<Result<Bytes, String>>,
    late: bool,
}

impl Pieces {
    fn new(length: Option<u64>, pieces: &[&'static str]) -> Self {
        let pieces = pieces
            .iter()
            .map(|piece| Ok(Bytes::from_static(piece.as_bytes())));
        Self {
            length,
            pieces: pieces.collect(),
            late: true,
        }
    }
}

impl OutgoingBody for Pieces {
    fn length(&self) -> Option<u64> {
        self.length
    }

    fn poll_next(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<Bytes, String>>> {
        if std::mem::replace(&mut self.late, false) {
            context.waker().wake_by_ref();
            return Poll::Pending;
        }
        self.late = true;
        Poll::Ready(self.pieces.pop_front())
    }
}
