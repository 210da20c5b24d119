//! Operations through the whole of control.
