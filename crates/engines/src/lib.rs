
pub mod cloudformation;
