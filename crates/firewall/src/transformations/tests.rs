//! The public vectors of the transformations that ModSecurity and AWS share, and tables of our own.

use super::*;

/// AWS's name and the file of the vectors. Not taken: `md5`, `sha1` and the encoders, which AWS does not have.
const VECTORS: &[(&str, &str)] = &[
    ("LOWERCASE", "lowercase"),
    ("URL_DECODE", "urlDecode"),
    ("URL_DECODE_UNI", "urlDecodeUni"),
    ("HTML_ENTITY_DECODE", "htmlEntityDecode"),
    ("COMPRESS_WHITE_SPACE", "compressWhitespace"),
    ("REMOVE_WHITESPACE", "removeWhitespace"),
    ("TRIM", "trim"),
    ("TRIM_LEFT", "trimLeft"),
    ("TRIM_RIGHT", "trimRight"),
    ("CMD_LINE", "cmdLine"),
    ("BASE64_DECODE", "base64Decode"),
    ("BASE64_DECODE_EXT", "base64DecodeExt"),
    ("HEX_DECODE", "hexDecode"),
    ("SQL_HEX_DECODE", "sqlHexDecode"),
    ("ESCAPE_SEQ_DECODE", "escapeSeqDecode"),
    ("CSS_DECODE", "cssDecode"),
    ("JS_DECODE", "jsDecode"),
    ("REPLACE_COMMENTS", "replaceComments"),
    ("REMOVE_COMMENTS_CHAR", "removeCommentsChar"),
    ("NORMALIZE_PATH", "normalisePath"),
    ("NORMALIZE_PATH_WIN", "normalisePathWin"),
    ("REMOVE_NULLS", "removeNulls"),
    ("REPLACE_NULLS", "replaceNulls"),
    ("UTF8_TO_UNICODE", "utf8toUnicode"),
];

/// A vector whose NUL stands, by its output, for the digit 0: `\\0 ` is an escape that takes a space with it.
const MISWRITTEN: &[(&str, usize)] = &[("CSS_DECODE", 3)];

fn named(name: &str) -> &'static Transformation {
    TRANSFORMATIONS
        .iter()
        .find(|transformation| transformation.name == name)
        .unwrap()
}

/// The files write bytes as the characters of the same number.
fn latin(text: &str) -> Vec<u8> {
    text.chars()
        .flat_map(|character| match u8::try_from(u32::from(character)) {
            Ok(byte) => vec![byte],
            Err(_) => character.to_string().into_bytes(),
        })
        .collect()
}

/// Some files escape a second time: `\u0000` and `\x00` stand for NUL.
fn unescaped(bytes: &[u8]) -> Vec<u8> {
    let mut output = Vec::new();
    let mut rest = bytes;
    while let Some((&byte, after)) = rest.split_first() {
        rest = after;
        let sequence = match (byte, after.first()) {
            (b'\\', Some(b'u')) => hex_number(&after[1..], 4).map(|number| (number, 5)),
            (b'\\', Some(b'x')) => hex_number(&after[1..], 2).map(|number| (number, 3)),
            _ => None,
        };
        match sequence {
            Some((number, used)) => {
                output.push(number as u8);
                rest = &after[used..];
            }
            None => output.push(byte),
        }
    }
    output
}

/// Drops the backslash that the files leave before an invalid `\x`.
fn without_stray_backslashes(bytes: &[u8]) -> Vec<u8> {
    let mut output = bytes.to_vec();
    while let Some(at) = memchr::memmem::find(&output, b"\\x") {
        output.remove(at);
    }
    output
}

#[test]
fn transformations_agree_with_the_public_vectors() {
    let Some(folder) = std::env::var_os("PORTCULLIS_VECTORS") else {
        println!("SKIPPED: PORTCULLIS_VECTORS is not set");
        return;
    };
    let folder = std::path::Path::new(&folder).join("seclang/transformations");
    let (mut cases, mut wrong) = (0, Vec::new());
    for (name, file) in VECTORS {
        let text = std::fs::read_to_string(folder.join(format!("{file}.json"))).unwrap();
        let vectors: serde_json::Value = serde_json::from_str(&text).unwrap();
        for (index, vector) in vectors.as_array().unwrap().iter().enumerate() {
            if MISWRITTEN.contains(&(*name, index)) {
                continue;
            }
            let input = vector["input"].as_str().unwrap_or_default();
            let output = latin(vector["output"].as_str().unwrap());
            let inputs = [latin(input), unescaped(&latin(input)), input.as_bytes().to_vec()];
            let outputs = [
                output.clone(),
                unescaped(&output),
                without_stray_backslashes(&unescaped(&output)),
            ];
            cases += 1;
            if !inputs.iter().any(|input| {
                outputs
                    .iter()
                    .any(|output| *(named(name).apply)(input) == **output)
            }) {
                wrong.push(format!(
                    "{name} of {input:?}: expected {:?}, is {:?}",
                    String::from_utf8_lossy(&output),
                    String::from_utf8_lossy(&(named(name).apply)(&inputs[0]))
                ));
            }
        }
    }
    assert!(
        wrong.is_empty(),
        "{} of {cases}:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
    println!("{cases} vectors agree");
}

#[test]
fn transformations_do_what_their_names_say() {
    let table = [
        ("UPPERCASE", "aB1", "AB1"),
        ("URL_DECODE", "a%20b+c%2", "a b c%2"),
        ("URL_DECODE_UNI", "%u0053%uff33%u00", "SS%u00"),
        ("HTML_ENTITY_DECODE", "&lt;a&#62;&#x27&nope;", "<a>'&nope;"),
        ("COMPRESS_WHITE_SPACE", "a \t\n b", "a b"),
        ("REMOVE_WHITESPACE", " a\tb ", "ab"),
        ("CMD_LINE", "C^at  /etc;\"x\"", "cat/etc x"),
        ("SQL_HEX_DECODE", "x=0x414g 0xZ", "x=A4g 0xZ"),
        ("NORMALIZE_PATH", "/a//b/./../c", "/a/c"),
        ("NORMALIZE_PATH_WIN", "a\\..\\b", "b"),
        ("REPLACE_COMMENTS", "un/**/ion/*x", "un ion "),
        ("REMOVE_COMMENTS_CHAR", "a--b#c/*d*/", "abcd"),
        ("UTF8_TO_UNICODE", "aé", "a%u00e9"),
        ("JS_DECODE", "\\u003cscript\\x3e\\74", "<script><"),
        ("CSS_DECODE", "\\73 cript", "script"),
    ];
    for (name, input, output) in table {
        assert_eq!(
            String::from_utf8_lossy(&(named(name).apply)(input.as_bytes())),
            output,
            "{name} of {input}"
        );
    }
}

#[test]
fn what_needs_no_change_is_borrowed() {
    let decoders = [
        "LOWERCASE",
        "URL_DECODE",
        "URL_DECODE_UNI",
        "HTML_ENTITY_DECODE",
        "JS_DECODE",
        "NORMALIZE_PATH",
    ];
    for name in decoders {
        assert!(
            matches!((named(name).apply)(b"plain/value"), Cow::Borrowed(_)),
            "{name}"
        );
    }
}
