//! A server that does what it is told, connection by connection, and remembers what it was sent.

use std::time::Duration;

use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    net::TcpListener,
    task::JoinHandle,
};

#[derive(Clone)]
pub(super) enum Step {
    /// Reads to the end of a request's head.
    ReadHead,
    /// Reads until what was sent on this connection ends so.
    ReadUntil(&'static str),
    Send(Vec<u8>),
    /// Sends byte by byte.
    Trickle(&'static str),
    /// Lets what follows arrive by itself.
    Pause,
    /// Waits until the client closes.
    AwaitClose,
}

impl Step {
    pub(super) fn send(text: &str) -> Self {
        Self::Send(text.as_bytes().to_vec())
    }
}

pub(super) struct Server {
    pub(super) port: u16,
    task: JoinHandle<Vec<String>>,
}

impl Server {
    /// Starts a server that follows one script per connection, closes each at the script's end, then stops listening.
    pub(super) async fn start(scripts: Vec<Vec<Step>>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let task = tokio::spawn(async move {
            let mut connections = Vec::new();
            for script in scripts {
                let (socket, _) = listener.accept().await.unwrap();
                connections.push(tokio::spawn(follow(socket, script)));
            }
            drop(listener);
            let mut received = Vec::new();
            for connection in connections {
                received.push(connection.await.unwrap());
            }
            received
        });
        Self { port, task }
    }

    /// Returns what each connection was sent, after all have ended.
    pub(super) async fn received(self) -> Vec<String> {
        tokio::time::timeout(Duration::from_secs(10), self.task)
            .await
            .expect("the scripts come to their ends")
            .unwrap()
    }
}

/// Follows `script` and returns what came.
pub(super) async fn follow(mut socket: impl AsyncRead + AsyncWrite + Unpin, script: Vec<Step>) -> String {
    let mut all = Vec::new();
    let mut since_read = 0;
    for step in script {
        match step {
            Step::ReadHead => read_until(&mut socket, &mut all, &mut since_read, "\r\n\r\n").await,
            Step::ReadUntil(end) => read_until(&mut socket, &mut all, &mut since_read, end).await,
            Step::Send(bytes) => {
                // A client that refuses what it reads may be gone.
                let _gone = socket.write_all(&bytes).await;
                let _gone = socket.flush().await;
            }
            Step::Trickle(text) => {
                for byte in text.bytes() {
                    let _gone = socket.write_all(&[byte]).await;
                    tokio::task::yield_now().await;
                }
            }
            Step::Pause => tokio::time::sleep(Duration::from_millis(20)).await,
            Step::AwaitClose => while matches!(socket.read_buf(&mut all).await, Ok(read) if read > 0) {},
        }
    }
    String::from_utf8_lossy(&all).into_owned()
}

async fn read_until(socket: &mut (impl AsyncRead + Unpin), all: &mut Vec<u8>, since: &mut usize, end: &str) {
    loop {
        let found = all[*since..]
            .windows(end.len())
            .position(|window| window == end.as_bytes());
        if let Some(at) = found {
            *since += at + end.len();
            return;
        }
        if !matches!(socket.read_buf(all).await, Ok(read) if read > 0) {
            return;
        }
    }
}
