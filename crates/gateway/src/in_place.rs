//! Large values are made where they stay.

/// Returns what `make` makes, on the heap.
///
/// The room is taken first, so that it is made there. What `Box::new` is given was made on the stack and is copied, a kilobyte for the state
/// of a request: taking room could fail in between, and it would have to be dropped.
#[inline]
pub(crate) fn boxed<T>(make: impl FnOnce() -> T) -> Box<T> {
    let room = Box::new_uninit();
    Box::write(room, make())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_made_is_what_lies_there() {
        assert_eq!(*boxed(|| "made".to_owned()), "made");
    }
}
