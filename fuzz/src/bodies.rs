//! Bodies in chunks, what a proxy says first, and deployment packages.

use bytes::{Bytes, BytesMut};
use portcullis_egress::{Chunked, Step};
use portcullis_functions::package::Package;

/// The data of a whole body, and how many bytes it took; none while more must come.
type Decoded = Result<Option<(Vec<u8>, usize)>, ()>;

/// In one piece or in many it is the same body, and `httparse` reads the same sizes.
pub(crate) fn chunks(bytes: &[u8]) {
    let whole = decode(bytes, usize::MAX);
    for piece in [1, 2, 7] {
        match (&whole, decode(bytes, piece)) {
            (Ok(ours), Ok(other)) => assert_eq!(*ours, other, "in pieces of {piece}"),
            (Err(()), Err(())) => {}
            (ours, other) => panic!("in pieces of {piece}: {ours:?} and {other:?}"),
        }
    }
    let Ok(Some((data, used))) = whole else {
        return;
    };
    let (mut at, mut seen) = (0, Vec::new());
    loop {
        let size = httparse::parse_chunk_size(&bytes[at..used]).expect("what we take, others take");
        let httparse::Status::Complete((line, size)) = size else {
            panic!("a size line that is not whole for others");
        };
        at += line;
        if size == 0 {
            break;
        }
        let size = usize::try_from(size).expect("it is in memory");
        seen.extend_from_slice(&bytes[at..at + size]);
        assert_eq!(&bytes[at + size..at + size + 2], b"\r\n");
        at += size + 2;
    }
    assert!(seen == data, "another body");
    assert!(bytes[at..used].ends_with(b"\r\n"));
}

fn decode(bytes: &[u8], piece: usize) -> Decoded {
    let mut chunked = Chunked::new(256, 8 * 1024);
    let mut input = BytesMut::new();
    let mut data = Vec::new();
    let mut rest = bytes;
    loop {
        match chunked.decode(&mut input).map_err(|_| ())? {
            Step::Data(next) => data.extend_from_slice(&next),
            Step::End => return Ok(Some((data, bytes.len() - rest.len() - input.len()))),
            Step::More(_) if rest.is_empty() => return Ok(None),
            Step::More(_) => {
                let (next, after) = rest.split_at(piece.min(rest.len()));
                input.extend_from_slice(next);
                rest = after;
            }
        }
    }
}

/// Whatever a proxy says ends where it says, and is one address or none.
pub(crate) fn proxy_protocol(bytes: &[u8]) {
    if let Some(used) = portcullis_gateway::fuzzing::proxy_header(bytes) {
        assert!(used <= bytes.len() && used <= 16 + 16 * 1024);
        let again = portcullis_gateway::fuzzing::proxy_header(&bytes[..used]);
        assert_eq!(again, Some(used), "what follows is the client's");
    }
}

/// Any bytes as a deployment package: its directory, its names, its contents.
pub(crate) fn package(bytes: &[u8]) {
    let _owned = Bytes::copy_from_slice(bytes);
    if let Ok(package) = Package::parse(bytes) {
        drop(package.verify());
    }
}
