use portcullis_model::Timestamp;
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DistinguishedName, DnType, IsCa, KeyPair,
    KeyUsagePurpose,
};

use super::{truststore::TruststoreError, *};

/// Made by `openssl req -x509`; what `openssl x509 -nameopt RFC2253` says of it stands in the test.
const BY_OPENSSL: &str = "\
-----BEGIN CERTIFICATE-----
MIICGDCCAb6gAwIBAgIFAKEPAP8wCgYIKoZIzj0EAwIwaDELMAkGA1UEBhMCR0Ix
FjAUBgNVBAoMDUV4YW1wbGUsIEx0ZC4xDDAKBgNVBAsMA2ErYjEVMBMGA1UEAwwM
YWRhIGxvdmVsYWNlMRwwGgYJKoZIhvcNAQkBFg1hQGV4YW1wbGUuY29tMCAXDTI2
MTEyODA3MTkzMFoYDzIxMjYxMTA0MDcxOTMwWjBoMQswCQYDVQQGEwJHQjEWMBQG
A1UECgwNRXhhbXBsZSwgTHRkLjEMMAoGA1UECwwDYStiMRUwEwYDVQQDDAxhZGEg
bG92ZWxhY2UxHDAaBgkqhkiG9w0BCQEWDWFAZXhhbXBsZS5jb20wWTATBgcqhkjO
PQIBBggqhkjOPQMBBwNCAARd9t6qYw/H4HMq9Ab8yviy70VyoSw/jMkAc3u38fPK
axfKjg8/YCFLRqMSrdv3/niu7aKywTKixwo9xgfsRQUzo1MwUTAdBgNVHQ4EFgQU
pETX8HyTIwvAYrQaO1K6qHC5HhMwHwYDVR0jBBgwFoAUpETX8HyTIwvAYrQaO1K6
qHC5HhMwDwYDVR0TAQH/BAUwAwEB/zAKBggqhkjOPQQDAgNIADBFAiEA8x1LVgdV
lXeFJlgPwR0YsKTJwg8yc8nTDgTHhAw14XsCIFTU/T1LqI2Yjbt+VlrVgIcfjhnF
v9CpW/6Y04/AZEYm
-----END CERTIFICATE-----
";

const NOW: Timestamp = Timestamp::from_seconds(1_800_000_000);
const DAY: i64 = 86_400;

struct Authority {
    pem: String,
    issuer: CertifiedIssuer<'static, KeyPair>,
}

fn params(name: &str, from_days: i64, to_days: i64, is_ca: bool) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, name);
    params.not_before = NOW.plus_seconds(from_days * DAY).utc();
    params.not_after = NOW.plus_seconds(to_days * DAY).utc();
    if is_ca {
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(2));
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
    }
    params
}

fn root(name: &str, from_days: i64, to_days: i64) -> Authority {
    let key = KeyPair::generate().unwrap();
    let issuer = CertifiedIssuer::self_signed(params(name, from_days, to_days, true), key).unwrap();
    Authority {
        pem: issuer.pem(),
        issuer,
    }
}

fn under(authority: &Authority, name: &str, is_ca: bool) -> String {
    let key = KeyPair::generate().unwrap();
    let made = params(name, -1, 1, is_ca).signed_by(&key, &authority.issuer);
    made.unwrap().pem()
}

fn read(parts: &[&str]) -> Result<Truststore, TruststoreError> {
    Truststore::parse(parts.concat().as_bytes(), NOW)
}

fn der(pem: &str) -> Vec<u8> {
    super::pem::certificates(pem).unwrap().remove(0)
}

#[test]
fn certificate_says_what_openssl_reads_in_it() {
    let bytes = der(BY_OPENSSL);
    let certificate = Certificate::parse(&bytes).unwrap();
    assert_eq!(
        certificate.subject.as_str(),
        "1.2.840.113549.1.9.1=#160d61406578616d706c652e636f6d,CN=ada lovelace,OU=a\\+b,O=Example\\, Ltd.,C=GB"
    );
    assert!(certificate.is_self_issued() && certificate.is_authority);
    assert_eq!(certificate.serial_text(), "a1:0f:00:ff");
    assert_eq!(date_text(certificate.not_before), "Nov 28 07:19:30 2026 GMT");
    assert_eq!(date_text(certificate.not_after), "Nov  4 07:19:30 2126 GMT");
    assert_eq!(to_pem(&bytes), BY_OPENSSL);
    assert_eq!(certificate.key_algorithm.as_deref(), Some("EC_prime256v1"));
    assert_eq!(certificate.signature_algorithm, Some("SHA256WITHECDSA"));
}

#[test]
fn certificate_is_for_the_hosts_that_it_names_and_no_other() {
    let authority = root("root", -1, 1);
    let key = KeyPair::generate_for(&rcgen::PKCS_RSA_SHA256).unwrap();
    let mut named = params("subject.example", -1, 1, false);
    named.subject_alt_names = ["api.example.com", "*.Shop.example"]
        .map(|name| rcgen::SanType::DnsName(name.try_into().unwrap()))
        .to_vec();
    let made = named.signed_by(&key, &authority.issuer).unwrap();
    let certificate = Certificate::parse(made.der()).unwrap();
    assert_eq!(certificate.key_algorithm.as_deref(), Some("RSA_2048"));
    for host in ["api.example.com", "a.shop.example"] {
        assert!(certificate.is_for(host), "{host}");
    }
    for host in [
        "subject.example",
        "b.example.com",
        "a.b.shop.example",
        "shop.example",
        ".shop.example",
        "evilshop.example",
    ] {
        assert!(!certificate.is_for(host), "{host}");
    }
}

#[test]
fn days_below_ten_are_padded_with_a_space() {
    assert_eq!(
        date_text(Timestamp::from_seconds(1_628_156_164)),
        "Aug  5 09:36:04 2021 GMT"
    );
}

#[test]
fn roots_intermediates_and_leaves_are_told_apart() {
    let first = root("root", -1, 1);
    let issuing = under(&first, "issuing", true);
    let leaf = under(&first, "leaf", false);
    let store = read(&["a remark\n", &first.pem, &issuing, &leaf, &first.pem]).unwrap();
    assert_eq!((store.roots.len(), store.intermediates.len()), (1, 1));
    assert_eq!(store.roots[0].certificate.path_length_max, Some(2));
    assert_eq!(store.warnings.len(), 1, "{:?}", store.warnings);
    assert!(store.warnings[0].contains("`CN=leaf` is not a CA's"));
}

#[test]
fn what_is_wrong_with_one_certificate_is_a_warning() {
    let (good, other) = (root("root", -1, 1), root("other", -1, 1));
    let (old, young) = (root("old", -3, -2), root("young", 2, 3));
    let orphan = under(&other, "orphan", true);
    let broken = to_pem(b"no certificate");
    let store = read(&[&good.pem, &old.pem, &young.pem, &orphan, &broken]).unwrap();
    for (warning, part) in store.warnings.iter().zip([
        "`CN=old` expired at",
        "`CN=young` is not valid before",
        "certificate 5: not a certificate",
        "its issuer `CN=other` is not in the truststore",
    ]) {
        assert!(warning.contains(part), "{warning}");
    }
    assert_eq!(store.warnings.len(), 4);
}

#[test]
fn one_subject_from_two_issuers_conflicts() {
    let (one, other) = (root("one", -1, 1), root("other", -1, 1));
    let (first, second) = (under(&one, "same", true), under(&other, "same", true));
    let conflict = read(&[&one.pem, &other.pem, &first, &second]).unwrap_err();
    assert_eq!(
        conflict.to_string(),
        "The certificate subject CN=same conflicts with an existing certificate from a different issuer."
    );
    let again = under(&one, "same", true);
    assert!(
        read(&[&one.pem, &first, &again]).is_ok(),
        "renewed by the same issuer"
    );
}

#[test]
fn what_is_no_truststore_is_an_error() {
    let good = root("root", -1, 1);
    let leaf = under(&good, "leaf", false);
    let issuing = under(&good, "issuing", true);
    let cut = good.pem.replace("-----END CERTIFICATE-----", "");
    let key = KeyPair::generate().unwrap().serialize_pem();
    for (parts, expected) in [
        (vec![""], TruststoreError::NoRoot),
        (vec![leaf.as_str()], TruststoreError::NoRoot),
        (vec![issuing.as_str()], TruststoreError::NoRoot),
        (vec![&cut], TruststoreError::Unfinished(1)),
        (
            vec![&good.pem, &key],
            TruststoreError::NoCertificate("PRIVATE KEY".into()),
        ),
        (
            vec!["-----BEGIN CERTIFICATE-----\n!\n-----END CERTIFICATE-----\n"],
            TruststoreError::NotBase64(1),
        ),
    ] {
        assert_eq!(read(&parts).unwrap_err(), expected);
    }
    let many = good.pem.repeat(truststore::CERTIFICATES_MAX + 1);
    assert_eq!(read(&[&many]).unwrap_err(), TruststoreError::TooMany);
    let long = vec![b'a'; truststore::TRUSTSTORE_BYTES_MAX + 1];
    assert_eq!(Truststore::parse(&long, NOW), Err(TruststoreError::TooLong));
    assert_eq!(Truststore::parse(b"\xff", NOW), Err(TruststoreError::NotText));
}

#[test]
fn no_change_of_a_byte_and_no_cut_makes_the_parser_fall() {
    let bytes = der(BY_OPENSSL);
    for end in 0..bytes.len() {
        assert!(Certificate::parse(&bytes[..end]).is_err());
    }
    for at in 0..bytes.len() {
        for value in [0, 1, 0x30, 0x7f, 0x80, 0x84, 0xff] {
            let mut changed = bytes.clone();
            changed[at] = value;
            drop(Certificate::parse(&changed));
        }
    }
    let mut longer = bytes;
    longer.push(0);
    assert!(Certificate::parse(&longer).is_err());
}
