//! What fuzz targets may see of the client's insides. No interface: nothing else may use it.

use bytes::BytesMut;
use portcullis_model::HeaderList;

use crate::{
    Limits,
    head::{self, AnswerFraming, Asked},
    lines::HeadScan,
};

/// The head of an answer, as it was understood.
#[derive(Debug)]
pub struct AnswerHead {
    pub status: u16,
    pub headers: HeaderList,
    pub is_chunked: bool,
}

/// Reads the head at the front of `bytes`, and says how long it is; none where it is refused or not whole.
pub fn answer_head(bytes: &[u8], method: &[u8]) -> Option<(AnswerHead, usize)> {
    let mut input = BytesMut::from(bytes);
    let asked = Asked {
        method,
        switch: false,
    };
    let head = head::take(&mut input, &mut HeadScan::default(), asked, &Limits::default()).ok()??;
    let understood = AnswerHead {
        status: head.status,
        headers: head.headers,
        is_chunked: head.framing == AnswerFraming::Chunked,
    };
    Some((understood, bytes.len() - input.len()))
}
