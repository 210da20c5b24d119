//! `AWS_IAM`: the signature of the account's own key.

use anyhow::Context;
use portcullis_engines::sigv4::{Options, SignableRequest, sign};
use portcullis_model::{Clock, HeaderList, SystemClock};
use serde_json::json;

use super::{BODY, PATH, Piece};

/// A signature is good for five minutes around its date. A date ahead of ours lasts through a long contest.
const AHEAD_SECONDS: i64 = 270;

pub(super) const PIECE: Piece = Piece {
    apply: |api| api.set("Method", json!({"AuthorizationType": "AWS_IAM"})),
    ask: |ask, known| {
        let mut headers = HeaderList::new();
        headers.push("host", ask.host.clone());
        let request = SignableRequest {
            method: "POST",
            path: PATH,
            query: "",
            headers: &headers,
        };
        let added = sign(
            &request,
            &known.credentials,
            &known.region,
            "execute-api",
            SystemClock.now().plus_seconds(AHEAD_SECONDS),
            BODY.as_bytes(),
            &Options::default(),
        );
        for (name, value) in added.context("the request cannot be signed")? {
            ask.header(name, value);
        }
        Ok(())
    },
};
