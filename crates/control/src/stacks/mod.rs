//! Stacks: what a template made, and how it changes: <https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/>

pub mod staged;
