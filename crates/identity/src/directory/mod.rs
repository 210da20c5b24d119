//! What a user pool holds: the pool itself, app clients, resource servers, groups, domains, users.
//!
//! Operations that administer take the caller's [`Scope`](portcullis_model::Scope) and see nothing outside it.

pub mod clients;
pub mod domains;
pub mod groups;
pub mod paging;
pub mod pools;
pub mod resource_servers;
pub mod users;

pub use clients::{ClientDescription, ClientOptions, CreateUserPoolClient, TokenValidityUnits};
pub use groups::GroupInput;
pub use paging::{Listing, PageRequest};
pub use pools::{CreateUserPool, PoolOptions, UpdateUserPool};
pub use resource_servers::ResourceServerInput;
pub use users::{ListUsers, UserDescription};
