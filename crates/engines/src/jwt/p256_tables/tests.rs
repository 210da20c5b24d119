//! What the tables accept, `aws-lc` accepts, and the other way round.

use aws_lc_rs::{
    rand::SystemRandom,
    signature::{
        ECDSA_P256_SHA256_FIXED, ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair, ParsedPublicKey,
    },
};
use p256::elliptic_curve::sec1::ToSec1Point;

use super::*;

const ORDER: [u8; 32] = [
    0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xbc, 0xe6, 0xfa,
    0xad, 0xa7, 0x17, 0x9e, 0x84, 0xf3, 0xb9, 0xca, 0xc2, 0xfc, 0x63, 0x25, 0x51,
];
const PRIME: [u8; 32] = [
    0xff, 0xff, 0xff, 0xff, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0xff,
    0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
];

/// Both ways of one key.
struct Both {
    tabled: TabledKey,
    other: ParsedPublicKey,
}

impl Both {
    fn new(point: &[u8]) -> Self {
        Self {
            tabled: TabledKey::new(point).unwrap(),
            other: ParsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point).unwrap(),
        }
    }

    /// Returns the verdict, on which both agree.
    fn verdict(&self, message: &[u8], signature: &[u8]) -> bool {
        let verdict = self.tabled.has_signed(message, signature);
        let other = self.other.verify_sig(message, signature).is_ok();
        assert_eq!(verdict, other, "{message:02x?} {signature:02x?}");
        verdict
    }
}

/// Numbers that are the same each time.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        self.0 >> 24
    }

    fn bytes(&mut self) -> [u8; 32] {
        std::array::from_fn(|_| self.next() as u8)
    }

    fn scalar(&mut self) -> Scalar {
        reduced(&self.bytes().into())
    }
}

fn point(point: ProjectivePoint) -> Vec<u8> {
    point.to_affine().to_sec1_point(false).as_bytes().to_vec()
}

fn pair(r: &[u8], s: &[u8]) -> Vec<u8> {
    [r, s].concat()
}

fn hash(message: &[u8]) -> Scalar {
    let hash: [u8; 32] = digest(&SHA256, message).as_ref().try_into().unwrap();
    reduced(&hash.into())
}

/// Signs with chosen numbers, as FIPS 186-5 section 6.4.1 has it.
fn sign(key: &Scalar, nonce: &Scalar, message: &[u8]) -> (Scalar, Scalar) {
    let r = reduced(&(ProjectivePoint::GENERATOR * nonce).to_affine().x());
    (r, nonce.invert().unwrap() * (hash(message) + r * key))
}

#[test]
fn table_has_the_multiples_of_its_point() {
    let mut random = Random(1);
    let base = ProjectivePoint::GENERATOR * random.scalar();
    let table = Table::new(base);
    let mut first = Scalar::ONE;
    for row in &table.0 {
        for number in [1, 2, 3, 64, 127, 128_u64] {
            let expected = (base * (first * Scalar::from(number))).to_affine();
            assert_eq!(row[number as usize - 1], expected);
        }
        first *= Scalar::from(256_u64);
    }
    assert_eq!(table.0.len(), ROWS);
    assert_eq!(size_of_val(table.0.as_slice()), 304_128);
}

#[test]
fn multiples_from_the_table_are_those_of_the_library() {
    let mut random = Random(2);
    let base = ProjectivePoint::GENERATOR * random.scalar();
    let table = Table::new(base);
    let of_byte = |byte: u8| reduced(&[byte; 32].into());
    let mut factors = vec![Scalar::ZERO, Scalar::ONE, -Scalar::ONE, Scalar::ONE + Scalar::ONE];
    factors.extend([0x7f, 0x80, 0x81, 0xfe, 0xff, 0x01].map(of_byte));
    factors.extend(std::iter::successors(Some(Scalar::ONE), |power| Some(power + power)).take(256));
    factors.extend((0..100).map(|_| random.scalar()));
    for factor in factors {
        let mut sum = base;
        table.add_multiple(&mut sum, &factor).unwrap();
        assert_eq!(sum, base * factor + base);
    }
}

#[test]
fn good_signatures_pass_and_changed_ones_do_not() {
    let system = SystemRandom::new();
    let mut random = Random(3);
    for _ in 0..8 {
        let key = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap();
        let both = Both::new(key.public_key().as_ref());
        for length in 0..24 {
            let message = random.bytes().repeat(8)[..length * 10].to_vec();
            let good = key.sign(&system, &message).unwrap().as_ref().to_vec();
            assert!(both.verdict(&message, &good));
            // The other s of the pair (r, s), (r, -s) is as good: nobody asks for the low one.
            let s = scalar(&good[32..]).unwrap();
            assert!(both.verdict(&message, &pair(&good[..32], &(-s).to_repr())));
            for _ in 0..8 {
                let mut bad = good.clone();
                bad[random.next() as usize % 64] ^= 1 << (random.next() % 8);
                assert!(!both.verdict(&message, &bad));
            }
            let mut other = message.clone();
            other.push(0);
            assert!(!both.verdict(&other, &good));
            assert!(!both.verdict(&message, &pair(&good[32..], &good[..32])));
            for shorter in [0, 1, 31, 32, 33, 63] {
                assert!(!both.verdict(&message, &good[..shorter]));
            }
            assert!(!both.verdict(&message, &pair(&good, &[0])));
            assert!(!both.verdict(&message, &pair(&[0], &good)));
        }
    }
}

#[test]
fn numbers_out_of_range_are_refused() {
    let mut random = Random(4);
    let key = random.scalar();
    let both = Both::new(&point(ProjectivePoint::GENERATOR * key));
    let mut above = ORDER;
    above[31] += 1;
    let mut below = ORDER;
    below[31] -= 1;
    let mut one = [0; 32];
    one[31] = 1;
    let edges = [[0; 32], one, below, ORDER, above, PRIME, [0xff; 32]];
    for message in [&b""[..], b"a", b"message"] {
        let (r, s) = sign(&key, &random.scalar(), message);
        let (r, s) = (r.to_repr(), s.to_repr());
        assert!(both.verdict(message, &pair(&r, &s)));
        for edge in edges {
            assert!(!both.verdict(message, &pair(&r, &edge)));
            assert!(!both.verdict(message, &pair(&edge, &s)));
            for other in edges {
                assert!(!both.verdict(message, &pair(&edge, &other)));
            }
        }
    }
}

#[test]
fn sum_of_equal_and_of_opposite_points_is_right() {
    let mut random = Random(5);
    for round in 0_u64..40 {
        let message = round.to_be_bytes();
        let e = hash(&message);
        let r = random.scalar();
        // u1·G + u2·Q is (e + r·key)/s · G. Opposite: the sum is infinite, whatever s.
        let key = -e * r.invert().unwrap();
        let both = Both::new(&point(ProjectivePoint::GENERATOR * key));
        assert!(!both.verdict(&message, &pair(&r.to_repr(), &random.scalar().to_repr())));
        // Equal: u1·G is u2·Q. A signature like that comes from a nonce k with k·s = 2e.
        let nonce = random.scalar();
        let r = reduced(&(ProjectivePoint::GENERATOR * nonce).to_affine().x());
        let key = e * r.invert().unwrap();
        let s = nonce.invert().unwrap() * (e + e);
        let both = Both::new(&point(ProjectivePoint::GENERATOR * key));
        assert!(both.verdict(&message, &pair(&r.to_repr(), &s.to_repr())));
    }
    // Keys that are small multiples of the generator meet it in the tables.
    for small in (1..=20).chain([127, 128, 129, 255, 256, 257_u64]) {
        for key in [Scalar::from(small), -Scalar::from(small)] {
            let both = Both::new(&point(ProjectivePoint::GENERATOR * key));
            for nonce in [1, 2, 3, 255, 256_u64] {
                for nonce in [Scalar::from(nonce), -Scalar::from(nonce)] {
                    let (r, s) = sign(&key, &nonce, b"small");
                    assert!(both.verdict(b"small", &pair(&r.to_repr(), &s.to_repr())));
                    assert!(!both.verdict(b"smalL", &pair(&r.to_repr(), &s.to_repr())));
                }
            }
        }
    }
}

#[test]
fn what_is_no_point_has_no_table() {
    let good = point(ProjectivePoint::GENERATOR);
    assert!(TabledKey::new(&good).is_some());
    let changed = |at: usize, byte: u8| {
        let mut bytes = good.clone();
        bytes[at] = byte;
        bytes
    };
    let compressed = ProjectivePoint::GENERATOR.to_affine().to_sec1_point(true);
    let zeros = [&[4][..], &[0; 64]].concat();
    // x beyond the prime.
    let beyond = [&[4][..], &PRIME, &good[33..]].concat();
    for bad in [
        &[][..],
        &[0],
        &good[..64],
        &pair(&good, &[0]),
        &changed(64, good[64] ^ 1),
        &changed(1, good[1] ^ 1),
        &changed(0, 0),
        &changed(0, 2),
        &changed(0, 6),
        compressed.as_bytes(),
        &zeros,
        &beyond,
    ] {
        assert!(TabledKey::new(bad).is_none(), "{bad:02x?}");
    }
}

#[test]
fn there_is_room_for_so_many_tables_and_what_is_given_back_is_free() {
    static TAKEN: AtomicUsize = AtomicUsize::new(0);
    let mut taken: Vec<_> = (0..TABLES_MAX).map(|_| Room::take(&TAKEN).unwrap()).collect();
    assert!(Room::take(&TAKEN).is_none());
    taken.pop();
    taken.push(Room::take(&TAKEN).unwrap());
    assert!(Room::take(&TAKEN).is_none());
    drop(taken);
    assert_eq!(TAKEN.load(Ordering::Acquire), 0);
}
