//! Blocks of the RFC's examples, and what the encoder writes, read by the decoder.

use super::{Decoder, Encoder, Kind, TABLE_BYTES_MAX, Undecodable, huffman::tests::coded};

type Fields = Vec<(Vec<u8>, Vec<u8>)>;

fn decoded(decoder: &mut Decoder, block: &[u8]) -> Result<Fields, Undecodable> {
    let mut fields = Vec::new();
    decoder.decode(block, |field| {
        assert!(field.line.ends_with(b"\r\n"));
        fields.push((field.name().to_vec(), field.value().to_vec()));
    })?;
    Ok(fields)
}

fn fields(text: &[(&str, &str)]) -> Fields {
    text.iter()
        .map(|(name, value)| (name.as_bytes().to_vec(), value.as_bytes().to_vec()))
        .collect()
}

#[test]
fn requests_of_the_rfc_are_read_one_after_another() {
    // Appendix C.3, plain, and C.4, coded.
    let plain: [&[u8]; 3] = [
        b"\x82\x86\x84\x41\x0fwww.example.com",
        b"\x82\x86\x84\xbe\x58\x08no-cache",
        b"\x82\x87\x85\xbf\x40\x0acustom-key\x0ccustom-value",
    ];
    let huffman: [&[u8]; 3] = [
        b"\x82\x86\x84\x41\x8c\xf1\xe3\xc2\xe5\xf2\x3a\x6b\xa0\xab\x90\xf4\xff",
        b"\x82\x86\x84\xbe\x58\x86\xa8\xeb\x10\x64\x9c\xbf",
        b"\x82\x87\x85\xbf\x40\x88\x25\xa8\x49\xe9\x5b\xa9\x7d\x7f\x89\x25\xa8\x49\xe9\x5b\xb8\xe8\xb4\xbf",
    ];
    let first = [
        (":method", "GET"),
        (":scheme", "http"),
        (":path", "/"),
        (":authority", "www.example.com"),
    ];
    let mut second = first.to_vec();
    second.push(("cache-control", "no-cache"));
    let third = [
        (":method", "GET"),
        (":scheme", "https"),
        (":path", "/index.html"),
        (":authority", "www.example.com"),
        ("custom-key", "custom-value"),
    ];
    for blocks in [plain, huffman] {
        let mut decoder = Decoder::default();
        for (block, expected) in blocks.into_iter().zip([&first[..], &second, &third]) {
            assert_eq!(decoded(&mut decoder, block).unwrap(), fields(expected));
        }
    }
}

#[test]
fn table_forgets_what_it_has_no_room_for() {
    // Appendix C.5, of answers, with a table of 256 bytes.
    let mut decoder = Decoder::default();
    let first = b"\x3f\xe1\x01\x48\x03302\x58\x07private\x61\x1dMon, 21 Oct 2013 20:13:21 GMT\x6e\x17https://www.example.com";
    assert_eq!(decoded(&mut decoder, first).unwrap().len(), 4);
    let second = decoded(&mut decoder, b"\x48\x03307\xc1\xc0\xbf").unwrap();
    let expected = [
        (":status", "307"),
        ("cache-control", "private"),
        ("date", "Mon, 21 Oct 2013 20:13:21 GMT"),
        ("location", "https://www.example.com"),
    ];
    assert_eq!(second, fields(&expected));
    assert_eq!(decoded(&mut decoder, b"\xc2"), Err(Undecodable), "evicted");
}

#[test]
fn what_is_no_block_is_refused() {
    for broken in [
        &b"\x80"[..],
        b"\xff\xff\xff\xff\xff\x0f",
        b"\xbe",
        b"\x40\x0acustom",
        b"\x40",
        b"\x00\x01",
        b"\x82\x20",
        b"\x3f\xe2\x1f",
        b"\x40\x01a\x82\xff\xff",
    ] {
        let found = decoded(&mut Decoder::default(), broken);
        assert_eq!(found, Err(Undecodable), "{}", broken.escape_ascii());
    }
}

#[test]
fn fields_are_known_however_they_are_said() {
    let kind = |block: &[u8]| {
        let mut kinds = Vec::new();
        let mut decoder = Decoder::default();
        decoder.decode(block, |field| kinds.push(field.kind)).unwrap();
        // Once more, by the number of what was said first.
        decoder.decode(b"\xbe", |field| kinds.push(field.kind)).unwrap();
        assert_eq!(kinds[0], kinds[1]);
        kinds[0]
    };
    let literal = |name: &str, value: &str| {
        let mut block = vec![0x40];
        for text in [name, value] {
            let coded = coded(text.as_bytes());
            block.push(0x80 | coded.len() as u8);
            block.extend(coded);
        }
        block
    };
    for (name, value, expected) in [
        (":authority", "a", Kind::Authority),
        (":protocol", "websocket", Kind::Malformed),
        (":status", "200", Kind::Malformed),
        ("", "a", Kind::Malformed),
        ("X", "a", Kind::Malformed),
        ("a b", "a", Kind::Malformed),
        ("x", " a", Kind::Malformed),
        ("x", "a\t", Kind::Malformed),
        ("x", "a\r\nb", Kind::Malformed),
        ("x", "", Kind::Other),
        ("te", "trailers", Kind::Other),
        ("te", "gzip", Kind::Malformed),
        ("connection", "close", Kind::Malformed),
        ("transfer-encoding", "chunked", Kind::Malformed),
        ("host", "a", Kind::Host),
        ("cookie", "a=b", Kind::Cookie),
        ("content-length", "1", Kind::Length),
    ] {
        assert_eq!(kind(&literal(name, value)), expected, "{name}: {value}");
    }
    // A name of the static table, and then of ours, with another value.
    assert_eq!(kind(b"\x79\x05close"), Kind::Malformed, "transfer-encoding");
    assert_eq!(kind(b"\x66\x01a"), Kind::Host);
}

#[test]
fn name_of_a_bad_field_is_fine_with_another_value() {
    let mut kinds = Vec::new();
    let block = b"\x40\x02te\x04gzip\x7e\x08trailers\x7e\x02no";
    Decoder::default()
        .decode(block, |field| kinds.push(field.kind))
        .unwrap();
    assert_eq!(kinds, [Kind::Malformed, Kind::Other, Kind::Malformed]);
}

#[test]
fn what_is_written_is_read_again_and_what_comes_again_is_short() {
    let (mut encoder, mut decoder) = (Encoder::default(), Decoder::default());
    let mut lengths = Vec::new();
    for round in 0..200 {
        if round == 100 {
            encoder.resize(64);
            encoder.resize(1 << 20);
        }
        let unique = format!("{round:0>36}");
        let long = "v".repeat(TABLE_BYTES_MAX);
        let said = [
            ("Content-Type", "application/json"),
            ("x-amzn-RequestId", &unique),
            ("Set-Cookie", "a=b"),
            ("X-Kept", if round % 50 < 25 { "one" } else { "other" }),
            (
                "x-long-name-of-more-than-sixty-four-bytes-which-is-a-letter-when-it-is-a-byte-ABC",
                "1",
            ),
            ("x-empty", ""),
        ];
        let mut block = Vec::new();
        encoder.begin(&mut block, if round % 3 == 0 { 200 } else { 418 });
        for (name, value) in said {
            encoder.field(&mut block, name.as_bytes(), value.as_bytes());
        }
        lengths.push(block.len());
        if round == 150 {
            encoder.field(&mut block, b"x-long", long.as_bytes());
        }
        let read = decoded(&mut decoder, &block).unwrap();
        let status = if round % 3 == 0 { "200" } else { "418" };
        assert_eq!(read[0], (b":status".to_vec(), status.into()), "{round}");
        for ((name, value), (read_name, read_value)) in said.iter().zip(&read[1..]) {
            assert_eq!(name.to_ascii_lowercase().as_bytes(), read_name);
            assert_eq!(value.as_bytes(), read_value, "{name}");
        }
    }
    assert!(lengths[3] < lengths[0] / 3, "{lengths:?}");
}

#[test]
fn secrets_enter_no_table() {
    let mut encoder = Encoder::default();
    let mut block = Vec::new();
    for _ in 0..3 {
        encoder.field(&mut block, b"Set-Cookie", b"secret");
    }
    assert_eq!(
        block,
        b"\x1f\x28\x06secret".repeat(3),
        "never indexed (section 6.2.3)"
    );
}
