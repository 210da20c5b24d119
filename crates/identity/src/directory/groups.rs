/// What `CreateGroup` and `UpdateGroup` take.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GroupInput {
    pub user_pool_id: String,
    pub group_name: String,
    pub description: Option<String>,
    pub role_arn: Option<String>,
    pub precedence: Option<u32>,
}
