//! What every store must do, as functions over `&dyn Store`; each backend runs them all.
