//! What a user pool holds: the pool itself, app clients, resource servers, groups, domains, users.
//!
//! Operations that administer take the caller's [`Scope`](portcullis_model::Scope) and see nothing outside it.

pub mod paging;
pub mod pools;
pub mod pool_options;
pub(crate) mod schema;
pub mod clients;
pub(crate) mod client_options;
pub mod resource_servers;
pub mod groups;
pub mod domains;
pub mod users;
pub mod list_users;
pub(crate) mod attributes;

pub use clients::{ClientDescription, ClientOptions, CreateUserPoolClient, TokenValidityUnits};
pub use groups::GroupInput;
pub use list_users::ListUsers;
pub use paging::{Listing, PageRequest};
pub use pools::{CreateUserPool, PoolOptions, UpdateUserPool};
pub use resource_servers::ResourceServerInput;
pub use users::UserDescription;
