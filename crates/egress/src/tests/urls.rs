//! URLs and authorities.

use super::*;
use crate::Url;

#[test]
fn urls_are_taken_apart() {
    for (text, https, host, port, path) in [
        ("https://example.com", true, "example.com", 443, "/"),
        ("HTTP://Example.COM/", false, "example.com", 80, "/"),
        (
            "http://a_b.test:8080/x/y?z=1",
            false,
            "a_b.test",
            8080,
            "/x/y?z=1",
        ),
        ("https://example.com?z=1", true, "example.com", 443, "/?z=1"),
        ("http://[::1]:9/", false, "::1", 9, "/"),
        ("https://[2001:DB8::1]", true, "2001:db8::1", 443, "/"),
        ("http://10.0.0.1/a%20b", false, "10.0.0.1", 80, "/a%20b"),
    ] {
        let url = Url::parse(text).unwrap();
        let expected = Target {
            https,
            host: host.to_owned(),
            port,
            address: None,
        };
        assert_eq!(
            (url.target, url.path_and_query.as_str()),
            (expected, path),
            "{text}"
        );
    }
}

#[test]
fn what_is_no_plain_url_is_refused() {
    for text in [
        "",
        "example.com",
        "//example.com",
        "ftp://example.com",
        "https:/example.com",
        "https://",
        "https:///a",
        "https://user@example.com",
        "https://user:pass@example.com",
        "https://example.com#a",
        "https://example.com/a#b",
        "https://example.com:",
        "https://example.com:0",
        "https://example.com:65536",
        "https://example.com:+80",
        "https://example.com:8o",
        "https://exam ple.com",
        "https://example.com\\@evil.test",
        "https://[::1",
        "https://[x]",
        "https://[::1]x",
        "https://b\u{fc}cher.example",
        "https://a%62c.example",
        "https://example.com:80:80",
    ] {
        assert!(Url::parse(text).is_err(), "{text}");
    }
}

#[test]
fn authority_leaves_out_what_is_usual() {
    for (https, host, port, authority) in [
        (true, "a.test", 443, "a.test"),
        (false, "a.test", 80, "a.test"),
        (true, "a.test", 80, "a.test:80"),
        (false, "::1", 80, "[::1]"),
        (false, "::1", 8080, "[::1]:8080"),
    ] {
        let target = Target {
            https,
            host: host.to_owned(),
            port,
            address: None,
        };
        assert_eq!(target.to_string(), authority);
    }
}
