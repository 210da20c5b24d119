//! Pools, clients, resource servers, groups, domains and users, and the walls between tenants.

use super::*;
use crate::directory::{
    GroupInput, ListUsers, PageRequest, ResourceServerInput, TokenValidityUnits, UpdateUserPool,
};

fn by_filter(world: &World, filter: &str) -> ListUsers {
    ListUsers {
        user_pool_id: world.pool.id.to_string(),
        filter: Some(filter.into()),
        ..ListUsers::default()
    }
}

#[tokio::test]
async fn pool_has_awss_form_two_keys_and_the_whole_schema() {
    let world = World::new().await;
    let (region, name) = world.pool.id.as_str().split_once('_').unwrap();
    assert_eq!((region, name.len()), ("us-east-1", 9));
    assert_eq!(world.pool.signing_keys.len(), 2);
    assert_eq!(world.pool.schema_attributes.len(), 20);
    assert_eq!(world.pool.password_policy.minimum_length, 8);
    assert_eq!(world.client.client_id.as_str().len(), 26);
    assert_eq!(world.client.prevent_user_existence_errors, "ENABLED");
    assert!(world.client.enable_token_revocation);
}

#[tokio::test]
async fn what_we_cannot_do_is_refused_by_name_at_creation() {
    let world = World::new().await;
    let refuse = async |change: &dyn Fn(&mut CreateUserPool)| {
        let mut input = pool_with_mail();
        change(&mut input);
        refused(world.identity.create_user_pool(&world.scope, input).await)
    };
    for (change, said) in [
        (
            &(|input: &mut CreateUserPool| input.options.mfa_configuration = Some("ON".into()))
                as &dyn Fn(&mut CreateUserPool),
            "MfaConfiguration other than `OFF` is not supported yet",
        ),
        (
            &|input| input.options.mfa_configuration = Some("MAYBE".into()),
            "1 validation error detected: Value 'MAYBE'",
        ),
        (
            &|input| input.options.default_email_option = Some("CONFIRM_BY_PIGEON".into()),
            "1 validation error detected: Value 'CONFIRM_BY_PIGEON'",
        ),
        (
            &|input| input.options.auto_verified_attributes = vec!["phone_number".into()],
            "AutoVerifiedAttributes",
        ),
        (
            &|input| {
                drop(
                    input
                        .options
                        .settings
                        .insert("LambdaConfig".into(), serde_json::json!({})),
                )
            },
            "`LambdaConfig` is not supported yet",
        ),
        (
            &|input| {
                input.alias_attributes = vec!["email".into()];
                input.username_attributes = vec!["email".into()];
            },
            "Only one of the aliasAttributes or usernameAttributes can be set in a user pool.",
        ),
        (
            &|input| input.pool_name = "a/b".into(),
            "1 validation error detected: Value 'a/b' at 'name'",
        ),
    ] {
        let refusal = refuse(change).await;
        assert!(
            refusal.starts_with(&format!("InvalidParameterException: {said}")),
            "{refusal}"
        );
    }
}

#[tokio::test]
async fn protected_pool_stays_and_deleted_pool_takes_everything_along() {
    let world = World::new().await;
    world.user("ann").await;
    let tokens = world.tokens("ann").await;
    let id = world.pool.id.as_str();
    let mut update = UpdateUserPool {
        pool_name: Some("renamed".into()),
        options: pool_with_mail().options,
    };
    update.options.deletion_protection = Some("ACTIVE".into());
    let updated = world
        .identity
        .update_user_pool(&world.scope, id, update.clone())
        .await
        .unwrap();
    assert_eq!((updated.name.as_str(), updated.id.as_str()), ("renamed", id));
    assert!(
        refused(world.identity.delete_user_pool(&world.scope, id).await)
            .contains("deletion protection is activated")
    );
    update.options.deletion_protection = None;
    world
        .identity
        .update_user_pool(&world.scope, id, update)
        .await
        .unwrap();
    world
        .identity
        .create_user_pool_domain(&world.scope, id, "tenants")
        .await
        .unwrap();
    assert!(refused(world.identity.delete_user_pool(&world.scope, id).await).contains("domain configured"));
    world
        .identity
        .delete_user_pool_domain(&world.scope, id, "tenants")
        .await
        .unwrap();
    world.identity.delete_user_pool(&world.scope, id).await.unwrap();
    assert!(world.identity.describe_user_pool(&world.scope, id).await.is_err());
    assert!(world.identity.get_user(&tokens.access_token).await.is_err());
    assert!(world.sign_in("ann", PASSWORD).await.is_err());
    for kind in portcullis_store::kinds::ALL {
        let left = portcullis_store::Store::list_everywhere(world.store.as_ref(), *kind)
            .await
            .unwrap();
        assert!(left.is_empty(), "{}", kind.name);
    }
}

#[tokio::test]
async fn tenants_never_meet() {
    let world = World::new().await;
    world.user("ann").await;
    let (identity, id) = (&world.identity, world.pool.id.as_str());
    let stranger = Scope::new("111111111111", "us-east-1");
    let missing = format!("ResourceNotFoundException: User pool {id} does not exist.");
    assert_eq!(refused(identity.describe_user_pool(&stranger, id).await), missing);
    assert_eq!(
        refused(identity.admin_get_user(&stranger, id, "ann").await),
        missing
    );
    assert_eq!(
        refused(identity.list_users(&stranger, by_filter(&world, "")).await),
        missing
    );
    assert_eq!(
        refused(identity.admin_delete_user(&stranger, id, "ann").await),
        missing
    );
    assert_eq!(refused(identity.delete_user_pool(&stranger, id).await), missing);
    assert_eq!(
        refused(
            identity
                .describe_user_pool_client(&stranger, id, world.client.client_id.as_str())
                .await
        ),
        missing
    );
    assert!(
        identity
            .list_user_pools(&stranger, &PageRequest::default())
            .await
            .unwrap()
            .items
            .is_empty()
    );
    // Within one account, the users of one pool are nobody in another.
    let other = identity
        .create_user_pool(&world.scope, pool_with_mail())
        .await
        .unwrap();
    assert!(
        identity
            .admin_get_user(&world.scope, other.id.as_str(), "ann")
            .await
            .is_err()
    );
}

#[tokio::test]
#[allow(clippy::too_many_lines, reason = "a table of cases")]
async fn clients_are_checked_as_aws_checks_them() {
    let world = World::new().await;
    let refuse = async |confidential: bool, change: &dyn Fn(&mut ClientOptions)| {
        let mut options = every_flow();
        change(&mut options);
        let input = CreateUserPoolClient {
            user_pool_id: world.pool.id.to_string(),
            generate_secret: confidential,
            client_secret: None,
            options,
        };
        refused(world.identity.create_user_pool_client(&world.scope, input).await)
    };
    let minutes = || TokenValidityUnits {
        access_token: Some("minutes".into()),
        ..TokenValidityUnits::default()
    };
    for (change, said) in [
        (
            &(|options: &mut ClientOptions| {
                options.access_token_validity = Some(4);
                options.token_validity_units = minutes();
            }) as &dyn Fn(&mut ClientOptions),
            "InvalidParameterException: Invalid range for token validity.",
        ),
        (
            &|options| options.access_token_validity = Some(25),
            "InvalidParameterException: Invalid range for token validity.",
        ),
        (
            &|options| options.refresh_token_validity = Some(3651),
            "InvalidParameterException: Invalid range for token validity.",
        ),
        (
            &|options| options.explicit_auth_flows = Some(vec!["X".into()]),
            "InvalidParameterException: 1 validation error",
        ),
        (
            &|options| {
                options.explicit_auth_flows =
                    Some(vec!["ALLOW_USER_SRP_AUTH".into(), "ADMIN_NO_SRP_AUTH".into()])
            },
            "InvalidParameterException: Cannot use both",
        ),
        (
            &|options| options.allowed_oauth_scopes = vec!["api/read".into()],
            "ScopeDoesNotExistException",
        ),
        (
            &|options| options.allowed_oauth_flows = vec!["client_credentials".into()],
            "InvalidOAuthFlowException: client_credentials flow can not be selected if client does not have a client secret.",
        ),
        (
            &|options| options.allowed_oauth_flows = vec!["client_credentials".into(), "code".into()],
            "InvalidOAuthFlowException: client_credentials flow can not be selected along with",
        ),
        (
            &|options| options.callback_urls = vec!["http://example.com/".into()],
            "InvalidParameterException: `http://example.com/`",
        ),
        (
            &|options| options.supported_identity_providers = vec!["Google".into()],
            "InvalidParameterException: The provider Google",
        ),
        (
            &|options| options.auth_session_validity = Some(16),
            "InvalidParameterException: 1 validation error",
        ),
        (
            &|options| options.client_name = None,
            "InvalidParameterException: 1 validation error",
        ),
    ] {
        let refusal = refuse(false, change).await;
        assert!(refusal.starts_with(said), "{refusal}");
    }
    assert_eq!(
        refuse(true, &|options| options.callback_urls =
            vec!["http://localhost:3000/".into()])
        .await,
        "admitted"
    );
}

#[tokio::test]
async fn secret_stays_through_updates_and_comes_back_on_describe() {
    let world = World::confidential().await;
    let (pool, client) = (world.pool.id.as_str(), world.client.client_id.as_str());
    let secret = world.secret.as_ref().unwrap();
    assert_eq!(secret.expose().len(), 52);
    let updated = world
        .identity
        .update_user_pool_client(&world.scope, pool, client, ClientOptions::default())
        .await
        .unwrap();
    assert_eq!(updated.client.client_name, "app");
    assert_eq!(updated.client.explicit_auth_flows.len(), 3);
    let described = world
        .identity
        .describe_user_pool_client(&world.scope, pool, client)
        .await
        .unwrap();
    assert!(described.client_secret.unwrap() == *secret);
}

#[tokio::test]
#[allow(clippy::too_many_lines, reason = "a table of cases")]
async fn users_are_listed_in_pages_and_found_by_filters() {
    let world = World::new().await;
    for number in 0..7 {
        world.invite(&format!("user{number}"), "Temporary-1").await;
    }
    let id = world.pool.id.as_str();
    let named = pairs(&[("name", "Zoe"), ("phone_number", "+4912345")]);
    world
        .identity
        .admin_update_user_attributes(&world.scope, id, "user3", named)
        .await
        .unwrap();
    world
        .identity
        .admin_disable_user(&world.scope, id, "user4")
        .await
        .unwrap();
    let mut seen = Vec::new();
    let mut page = PageRequest {
        limit: Some(3),
        token: None,
    };
    loop {
        let input = ListUsers {
            user_pool_id: id.into(),
            page: page.clone(),
            ..ListUsers::default()
        };
        let listing = world.identity.list_users(&world.scope, input).await.unwrap();
        seen.extend(listing.items.into_iter().map(|user| user.username));
        match listing.next {
            Some(token) => page.token = Some(token),
            None => break,
        }
    }
    assert_eq!(
        seen,
        (0..7).map(|number| format!("user{number}")).collect::<Vec<_>>()
    );
    for (filter, count) in [
        ("email = \"USER2@example.com\"", 1),
        ("email ^= \"user\"", 7),
        ("username = \"user5\"", 1),
        ("name = \"Zoe\"", 1),
        ("phone_number ^= \"+49\"", 1),
        ("status = \"Disabled\"", 1),
        ("cognito:user_status = \"force_change_password\"", 7),
        ("given_name = \"x\"", 0),
    ] {
        let found = world
            .identity
            .list_users(&world.scope, by_filter(&world, filter))
            .await
            .unwrap();
        assert_eq!(found.items.len(), count, "{filter}");
        assert_eq!(found.next, None);
    }
    let mut input = by_filter(&world, "email ^= \"user\"");
    input.page.limit = Some(5);
    let first = world
        .identity
        .list_users(&world.scope, input.clone())
        .await
        .unwrap();
    input.page.token = first.next;
    let second = world
        .identity
        .list_users(&world.scope, input.clone())
        .await
        .unwrap();
    assert_eq!(
        (first.items.len(), second.items.len(), second.next.clone()),
        (5, 2, None)
    );
    // A token is good for its own listing.
    input.filter = None;
    assert_eq!(
        refused(world.identity.list_users(&world.scope, input).await),
        "InvalidParameterException: Invalid pagination token"
    );
}

#[tokio::test]
async fn only_the_attributes_asked_for_are_listed() {
    let world = World::new().await;
    world.user("ann").await;
    let mut input = by_filter(&world, "");
    input.attributes_to_get = Some(vec!["email".into()]);
    let found = world
        .identity
        .list_users(&world.scope, input.clone())
        .await
        .unwrap();
    assert_eq!(found.items[0].attributes, pairs(&[("email", "ann@example.com")]));
    input.attributes_to_get = Some(vec!["custom:nothing".into()]);
    assert!(
        refused(world.identity.list_users(&world.scope, input).await)
            .starts_with("InvalidParameterException")
    );
}

#[tokio::test]
async fn users_are_found_by_username_and_sub_and_described_with_sub_first() {
    let world = World::new().await;
    world.user("Ann").await;
    let id = world.pool.id.as_str();
    let ann = world
        .identity
        .admin_get_user(&world.scope, id, "ann")
        .await
        .unwrap();
    assert_eq!(
        (ann.username.as_str(), ann.attributes[0].0.as_str()),
        ("Ann", "sub")
    );
    let by_sub = world
        .identity
        .admin_get_user(&world.scope, id, &ann.attributes[0].1)
        .await
        .unwrap();
    assert_eq!(by_sub, ann);
    assert_eq!(
        refused(world.identity.admin_get_user(&world.scope, id, "bob").await),
        "UserNotFoundException: User does not exist."
    );
}

#[tokio::test]
async fn immutable_attribute_is_set_once() {
    let mut pool = pool_with_mail();
    pool.schema = serde_json::from_value(serde_json::json!([
        { "Name": "tenant", "AttributeDataType": "String", "Mutable": false },
        { "Name": "level", "AttributeDataType": "Number", "NumberAttributeConstraints": { "MinValue": "1", "MaxValue": "9" } }
    ]))
    .unwrap();
    let world = World::with(pool, every_flow(), false).await;
    world.user("ann").await;
    let id = world.pool.id.as_str();
    let set = async |name: &str, value: &str| {
        refused(
            world
                .identity
                .admin_update_user_attributes(&world.scope, id, "ann", pairs(&[(name, value)]))
                .await,
        )
    };
    assert_eq!(set("custom:tenant", "a").await, "admitted");
    assert_eq!(
        set("custom:tenant", "b").await,
        "InvalidParameterException: user.custom:tenant: Attribute cannot be updated.\n"
    );
    assert_eq!(set("custom:level", "9").await, "admitted");
    assert!(
        set("custom:level", "10")
            .await
            .starts_with("InvalidParameterException")
    );
    assert!(
        set("custom:level", "x")
            .await
            .starts_with("InvalidParameterException")
    );
    assert_eq!(claims(&world.tokens("ann").await.id_token)["custom:tenant"], "a");
}

#[tokio::test]
async fn changed_address_is_not_verified_any_more() {
    let world = World::new().await;
    world.user("ann").await;
    let id = world.pool.id.as_str();
    let update = async |attributes: &[(&str, &str)]| {
        world
            .identity
            .admin_update_user_attributes(&world.scope, id, "ann", pairs(attributes))
            .await
            .unwrap();
        let user = world
            .identity
            .admin_get_user(&world.scope, id, "ann")
            .await
            .unwrap();
        user.attributes
            .iter()
            .any(|(name, value)| name == "email_verified" && value == "true")
    };
    assert!(update(&[("email_verified", "true"), ("email", "new@example.com")]).await);
    assert!(!update(&[("email", "newer@example.com")]).await);
}

#[tokio::test]
async fn groups_hold_users_until_either_goes() {
    let world = World::new().await;
    world.user("ann").await;
    let (identity, scope, id) = (&world.identity, &world.scope, world.pool.id.as_str());
    let input = |name: &str| GroupInput {
        user_pool_id: id.into(),
        group_name: name.into(),
        ..GroupInput::default()
    };
    identity.create_group(scope, input("staff")).await.unwrap();
    assert_eq!(
        refused(identity.create_group(scope, input("staff")).await),
        "GroupExistsException: A group with the name already exists."
    );
    assert_eq!(
        refused(identity.admin_add_user_to_group(scope, id, "ann", "nobody").await),
        "ResourceNotFoundException: Group not found."
    );
    identity
        .admin_add_user_to_group(scope, id, "ann", "staff")
        .await
        .unwrap();
    identity
        .admin_add_user_to_group(scope, id, "ann", "staff")
        .await
        .unwrap();
    let page = PageRequest::default();
    assert_eq!(
        identity
            .list_users_in_group(scope, id, "staff", &page)
            .await
            .unwrap()
            .items
            .len(),
        1
    );
    assert_eq!(
        identity
            .admin_list_groups_for_user(scope, id, "ann", &page)
            .await
            .unwrap()
            .items
            .len(),
        1
    );
    identity.delete_group(scope, id, "staff").await.unwrap();
    assert!(
        claims(&world.tokens("ann").await.id_token)
            .get("cognito:groups")
            .is_none()
    );
    identity.create_group(scope, input("staff")).await.unwrap();
    assert!(
        identity
            .list_users_in_group(scope, id, "staff", &page)
            .await
            .unwrap()
            .items
            .is_empty()
    );
}

#[tokio::test]
async fn listings_of_servers_clients_groups_and_pools_come_in_pages() {
    let world = World::new().await;
    let (identity, scope, id) = (&world.identity, &world.scope, world.pool.id.as_str());
    for number in 0..3 {
        let server = ResourceServerInput {
            user_pool_id: id.into(),
            identifier: format!("https://api{number}.example.com"),
            name: "api".into(),
            scopes: Vec::new(),
        };
        identity
            .create_resource_server(scope, server.clone())
            .await
            .unwrap();
        assert!(
            refused(identity.create_resource_server(scope, server).await)
                .starts_with("InvalidParameterException")
        );
    }
    let mut page = PageRequest {
        limit: Some(2),
        token: None,
    };
    let first = identity.list_resource_servers(scope, id, &page).await.unwrap();
    page.token = first.next;
    let second = identity.list_resource_servers(scope, id, &page).await.unwrap();
    assert_eq!((first.items.len(), second.items.len(), second.next), (2, 1, None));
    let all = PageRequest::default();
    assert_eq!(
        identity
            .list_user_pool_clients(scope, id, &all)
            .await
            .unwrap()
            .items
            .len(),
        1
    );
    assert_eq!(
        identity.list_user_pools(scope, &all).await.unwrap().items.len(),
        1
    );
    assert!(
        identity
            .list_groups(scope, id, &all)
            .await
            .unwrap()
            .items
            .is_empty()
    );
    let too_many = PageRequest {
        limit: Some(61),
        token: None,
    };
    assert!(
        refused(identity.list_groups(scope, id, &too_many).await).starts_with("InvalidParameterException")
    );
}

#[tokio::test]
async fn domain_is_taken_once_in_its_region() {
    let world = World::new().await;
    let (identity, scope, id) = (&world.identity, &world.scope, world.pool.id.as_str());
    let stranger = Scope::new("111111111111", "us-east-1");
    let theirs = identity
        .create_user_pool(&stranger, pool_with_mail())
        .await
        .unwrap();
    identity
        .create_user_pool_domain(scope, id, "tenants")
        .await
        .unwrap();
    assert_eq!(
        refused(
            identity
                .create_user_pool_domain(&stranger, theirs.id.as_str(), "tenants")
                .await
        ),
        "InvalidParameterException: Domain already associated with another user pool."
    );
    assert_eq!(
        refused(identity.create_user_pool_domain(scope, id, "more").await),
        "InvalidParameterException: User pool already has a domain configured."
    );
    for bad in ["my-cognito", "-x", "X", ""] {
        let outcome = identity
            .create_user_pool_domain(&stranger, theirs.id.as_str(), bad)
            .await;
        assert!(refused(outcome).starts_with("InvalidParameterException"), "{bad}");
    }
    assert!(
        identity
            .describe_user_pool_domain(&stranger, "tenants")
            .await
            .unwrap()
            .is_none()
    );
    assert_eq!(
        identity
            .describe_user_pool(scope, id)
            .await
            .unwrap()
            .domain
            .as_deref(),
        Some("tenants")
    );
}

#[tokio::test]
async fn alias_that_is_anothers_sub_names_the_other() {
    let mut pool = pool_with_mail();
    pool.alias_attributes = vec!["preferred_username".into()];
    let world = World::with(pool, every_flow(), false).await;
    world.user("ann").await;
    world.user("eve").await;
    let id = world.pool.id.as_str();
    let ann = world
        .identity
        .admin_get_user(&world.scope, id, "ann")
        .await
        .unwrap();
    let sub = ann.attributes[0].1.as_str();
    let alias = pairs(&[("preferred_username", sub)]);
    world
        .identity
        .admin_update_user_attributes(&world.scope, id, "eve", alias)
        .await
        .unwrap();
    assert_eq!(
        world
            .identity
            .admin_get_user(&world.scope, id, sub)
            .await
            .unwrap()
            .username,
        "ann"
    );
    let input = AdminCreateUser {
        user_pool_id: id.into(),
        username: sub.into(),
        ..AdminCreateUser::default()
    };
    assert!(
        refused(world.identity.admin_create_user(&world.scope, input).await)
            .starts_with("UsernameExistsException")
    );
}
