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
    let asked = Asked {
        method,
        switch: false,
    };
    let limits = Limits::default();
    let take = |input: &mut BytesMut, scan: &mut HeadScan| head::take(input, scan, asked, &limits);
    let mut input = BytesMut::from(bytes);
    let read = take(&mut input, &mut HeadScan::default());
    let mut scan = HeadScan::default();
    if let Ok(None) = take(&mut BytesMut::from(bytes.get(..1)?), &mut scan) {
        let in_pieces = take(&mut BytesMut::from(bytes), &mut scan);
        assert_eq!(
            format!("{read:?}"),
            format!("{in_pieces:?}"),
            "in one piece and in two"
        );
    }
    let head = read.ok()??;
    let understood = AnswerHead {
        status: head.status,
        headers: head.headers,
        is_chunked: head.framing == AnswerFraming::Chunked,
    };
    Some((understood, bytes.len() - input.len()))
}
