//! The ACME library's requests, through the one client that calls out. They are few: each makes its own connection.

use std::{future::Future, pin::Pin, time::Duration};

use bytes::Bytes;
use http_body_util::BodyExt;
use instant_acme::{BodyWrapper, BytesResponse, Error, HttpClient};
use portcullis_egress::{Client, ClientConfig, Timeouts, Url};
use portcullis_model::HeaderList;

/// How long the CA has to answer.
const ANSWER_TIME: Duration = Duration::from_secs(30);
/// Bytes of an answer.
const ANSWER_BYTES_MAX: usize = 256 * 1024;

/// Calls through `portcullis_egress`.
pub(super) struct EgressHttp {
    config: ClientConfig,
}

type Answering = Pin<Box<dyn Future<Output = Result<BytesResponse, Error>> + Send>>;

impl EgressHttp {
    pub(super) const fn new(config: ClientConfig) -> Self {
        Self { config }
    }
}

impl HttpClient for EgressHttp {
    fn request(&self, request: http::Request<BodyWrapper<Bytes>>) -> Answering {
        let config = self.config.clone();
        Box::pin(async move {
            let (parts, body) = request.into_parts();
            let body = match body.collect().await {
                Ok(body) => body.to_bytes(),
                Err(never) => match never {},
            };
            // The client belongs to a thread.
            tokio::task::spawn_blocking(move || call(config, &parts, body))
                .await
                .map_err(|cause| Error::Other(Box::new(cause)))?
        })
    }
}

fn call(config: ClientConfig, parts: &http::request::Parts, body: Bytes) -> Result<BytesResponse, Error> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|cause| Error::Other(Box::new(cause)))?;
    let answer = runtime.block_on(send(config, parts, body))?;
    Ok(BytesResponse::from(answer))
}

async fn send(
    config: ClientConfig,
    parts: &http::request::Parts,
    mut body: Bytes,
) -> Result<http::Response<http_body_util::Full<Bytes>>, Error> {
    let other = |cause: portcullis_egress::EgressError| Error::Other(Box::new(cause));
    let url = Url::parse(&parts.uri.to_string()).map_err(other)?;
    let mut headers = HeaderList::with_capacity(parts.headers.len());
    for (name, value) in &parts.headers {
        headers.push(
            Bytes::copy_from_slice(name.as_str().as_bytes()),
            Bytes::copy_from_slice(value.as_bytes()),
        );
    }
    let mut answer = Client::new(config)
        .send(
            &url.target,
            parts.method.as_str().as_bytes(),
            url.path_and_query.as_bytes(),
            &headers,
            &mut body,
            &Timeouts::within(ANSWER_TIME),
        )
        .await
        .map_err(other)?;
    let content = answer.body.read_whole(ANSWER_BYTES_MAX).await.map_err(other)?;
    let mut response = http::Response::builder().status(answer.status);
    for (name, value) in answer.headers.iter() {
        response = response.header(name, value);
    }
    response
        .body(http_body_util::Full::new(content))
        .map_err(|cause| Error::Other(Box::new(cause)))
}
