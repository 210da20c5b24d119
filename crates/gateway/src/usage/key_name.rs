//! The id of an API key, in place: whoever finds one among a million does not fetch yet another piece of memory, and a trail
//! that outlives the request holds nothing of the key.

use std::{
    borrow::Borrow,
    fmt,
    hash::{Hash, Hasher},
    ops::Deref,
};

/// Ids have ten characters.
const SHORT_BYTES_MAX: usize = 14;

/// The id of a key, in place.
#[derive(Clone)]
pub(crate) enum KeyName {
    Short(u8, [u8; SHORT_BYTES_MAX]),
    Long(Box<Long>),
}

/// One step further away, so that every name takes no more room than a short one.
#[derive(Clone)]
pub(crate) struct Long(Box<str>);

impl KeyName {
    pub(crate) fn of(id: &str) -> Self {
        let mut bytes = [0; SHORT_BYTES_MAX];
        match (bytes.get_mut(..id.len()), u8::try_from(id.len())) {
            (Some(room), Ok(length)) => {
                room.copy_from_slice(id.as_bytes());
                Self::Short(length, bytes)
            }
            _ => Self::Long(Box::new(Long(id.into()))),
        }
    }

    fn as_str(&self) -> &str {
        match self {
            Self::Short(length, bytes) => {
                let id = bytes.get(..usize::from(*length)).unwrap_or_default();
                std::str::from_utf8(id).unwrap_or_default()
            }
            Self::Long(long) => &long.0,
        }
    }
}

impl Deref for KeyName {
    type Target = str;

    fn deref(&self) -> &str {
        self.as_str()
    }
}

impl PartialEq for KeyName {
    fn eq(&self, other: &Self) -> bool {
        self.as_str() == other.as_str()
    }
}

impl Eq for KeyName {}

impl Hash for KeyName {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.as_str().hash(state);
    }
}

/// Where names are kept, they are found by their text.
impl Borrow<str> for KeyName {
    fn borrow(&self) -> &str {
        self.as_str()
    }
}

impl fmt::Display for KeyName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_every_length_are_kept() {
        for id in ["", "a1b2c3d4e5", "fourteen-bytes", "more-than-fourteen"] {
            assert_eq!(&*KeyName::of(id), id);
        }
        assert!(matches!(KeyName::of("fourteen-bytes"), KeyName::Short(..)));
        assert_eq!(size_of::<KeyName>(), 16);
    }
}
