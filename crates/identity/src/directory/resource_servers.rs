use portcullis_model::resources::cognito::ResourceServerScope;

/// What `CreateResourceServer` and `UpdateResourceServer` take.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ResourceServerInput {
    pub user_pool_id: String,
    pub identifier: String,
    pub name: String,
    pub scopes: Vec<ResourceServerScope>,
}
