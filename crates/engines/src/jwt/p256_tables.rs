//! ES256 with a key that is used again and again: FIPS 186-5 section 6.4.2, by tables of multiples of the key and of the curve's
//! generator. u1·G + u2·Q is then 66 additions without a doubling, half of what `aws-lc` takes for a key that it sees for the first time.
//!
//! All of it is public: key, message, signature. So nothing here needs constant time. The arithmetic is `p256`'s, whose formulas for
//! additions are complete: they hold for equal, opposite and infinite points too. Whatever is not as expected is a refusal.

use std::{
    fmt,
    sync::{
        LazyLock,
        atomic::{AtomicUsize, Ordering},
    },
};

use aws_lc_rs::digest::{SHA256, digest};
use p256::{
    AffinePoint, FieldBytes, ProjectivePoint, Scalar, Sec1Point,
    elliptic_curve::{
        BatchNormalize, Field, PrimeField, ops::Reduce, point::AffineCoordinates, sec1::FromSec1Point,
    },
};

/// The most keys that have a table at one time, in the whole process; 304,128 bytes each. Others are verified without.
pub const TABLES_MAX: usize = 64;
/// Rows of a table, one for each byte of a scalar and one for the carry.
const ROWS: usize = 33;
/// Multiples in a row: digits from -128 to 128, of which the negative are the positive's mirror images.
const MULTIPLES: usize = 128;
const SCALAR_BYTES: usize = 32;
/// SEC 1 section 2.3.3: 4, x, y.
const POINT_BYTES: usize = 1 + 2 * SCALAR_BYTES;

static GENERATOR: LazyLock<Table> = LazyLock::new(|| Table::new(ProjectivePoint::GENERATOR));
static TABLES: AtomicUsize = AtomicUsize::new(0);

/// A key with its table.
pub(super) struct TabledKey {
    table: Table,
    _room: Room,
}

impl TabledKey {
    /// Makes the table of an uncompressed point; none when it is no point of the curve or when there are tables enough. Takes
    /// milliseconds.
    pub(super) fn new(point: &[u8]) -> Option<Self> {
        let point = (point.len() == POINT_BYTES).then_some(point)?;
        let point = Sec1Point::from_bytes(point).ok()?;
        let point: Option<AffinePoint> = AffinePoint::from_sec1_point(&point).into();
        let point = point.filter(|point| !bool::from(point.is_identity()))?;
        let room = Room::take(&TABLES)?;
        LazyLock::force(&GENERATOR);
        Some(Self {
            table: Table::new(point.into()),
            _room: room,
        })
    }

    /// Tells whether `signature`, r and s of 32 bytes each, is this key's over `message`.
    pub(super) fn has_signed(&self, message: &[u8], signature: &[u8]) -> bool {
        self.check(message, signature).unwrap_or(false)
    }

    /// None is as good as false.
    fn check(&self, message: &[u8], signature: &[u8]) -> Option<bool> {
        let (r, s) = signature.split_at_checked(SCALAR_BYTES)?;
        let (r, s) = (scalar(r)?, scalar(s)?);
        let inverse: Option<Scalar> = s.invert_vartime().into();
        let inverse = inverse?;
        let hash: [u8; SCALAR_BYTES] = digest(&SHA256, message).as_ref().try_into().ok()?;
        let hash = reduced(&hash.into());
        let mut sum = ProjectivePoint::IDENTITY;
        GENERATOR.add_multiple(&mut sum, &(hash * inverse))?;
        self.table.add_multiple(&mut sum, &(r * inverse))?;
        let sum = sum.to_affine();
        Some(!bool::from(sum.is_identity()) && reduced(&sum.x()) == r)
    }
}

impl fmt::Debug for TabledKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("TabledKey")
    }
}

/// Returns the number in `bytes`, 32 of them, from one to the curve's order less one.
fn scalar(bytes: &[u8]) -> Option<Scalar> {
    let bytes: [u8; SCALAR_BYTES] = bytes.try_into().ok()?;
    let number: Option<Scalar> = Scalar::from_repr(bytes.into()).into();
    number.filter(|number| !bool::from(number.is_zero()))
}

/// Returns the number in `bytes` modulo the curve's order.
fn reduced(bytes: &FieldBytes) -> Scalar {
    <Scalar as Reduce<FieldBytes>>::reduce(bytes)
}

/// The multiples of a point: row i has 1, 2, … 128 times the 256^i-fold of it.
struct Table(Vec<[AffinePoint; MULTIPLES]>);

impl Table {
    fn new(point: ProjectivePoint) -> Self {
        let mut first = point;
        let rows = (0..ROWS).map(|_| {
            let mut row = [first; MULTIPLES];
            let mut last = first;
            for multiple in row.iter_mut().skip(1) {
                last += first;
                *multiple = last;
            }
            first = last + last;
            <ProjectivePoint as BatchNormalize<[ProjectivePoint; MULTIPLES]>>::batch_normalize(&row)
        });
        Self(rows.collect())
    }

    /// Adds the `factor`-fold of the point to `sum`; none if the table were too small.
    fn add_multiple(&self, sum: &mut ProjectivePoint, factor: &Scalar) -> Option<()> {
        let bytes = factor.to_repr();
        let mut bytes = bytes.iter().rev();
        let mut carry = 0;
        for row in &self.0 {
            let mut digit = i16::from(bytes.next().copied().unwrap_or_default()) + carry;
            carry = 0;
            if digit > 128 {
                digit -= 256;
                carry = 1;
            }
            let Some(index) = usize::from(digit.unsigned_abs()).checked_sub(1) else {
                continue;
            };
            let multiple = row.get(index)?;
            if digit > 0 {
                *sum += multiple;
            } else {
                *sum -= multiple;
            }
        }
        (carry == 0).then_some(())
    }
}

/// Room for one table, given back when it is dropped.
struct Room(&'static AtomicUsize);

impl Room {
    fn take(taken: &'static AtomicUsize) -> Option<Self> {
        let more = |count: usize| (count < TABLES_MAX).then_some(count + 1);
        taken
            .fetch_update(Ordering::AcqRel, Ordering::Acquire, more)
            .ok()
            .map(|_| Self(taken))
    }
}

impl Drop for Room {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::AcqRel);
    }
}

#[cfg(test)]
mod tests;
