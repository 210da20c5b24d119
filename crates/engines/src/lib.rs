

pub mod cloudformation;
pub mod jwt;
