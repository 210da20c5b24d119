//! What the suite needs to hold the real binary to its cases: start it, talk to it, sign for it, forge against it.
//! `conformance/README.md` has the format of a case; nothing here is part of the product.

pub mod admin;
pub mod backend;
pub mod case;
pub mod expectation;
pub mod forgery;
pub mod http;
pub mod server;
pub mod wait;
pub mod world;
