//! The operations over the wire: what goes in as AWS's clients write it comes out as they read it.

use serde_json::{Value, json};

use crate::test_wire::Wire;

async fn pool(wire: &Wire) -> String {
    let input = json!({
        "PoolName": "people",
        "Policies": {"PasswordPolicy": {"MinimumLength": 10, "RequireNumbers": true}},
        "AutoVerifiedAttributes": ["email"],
        "Schema": [{"Name": "tier", "AttributeDataType": "String", "Mutable": true}],
        "UserPoolTags": {"team": "a"},
    });
    let made = wire.cognito("CreateUserPool", input).await.unwrap();
    made["UserPool"]["Id"].as_str().unwrap().to_owned()
}

async fn client(wire: &Wire, pool: &str) -> String {
    let input = json!({
        "UserPoolId": pool,
        "ClientName": "web",
        "ExplicitAuthFlows": [
            "ALLOW_USER_PASSWORD_AUTH", "ALLOW_REFRESH_TOKEN_AUTH", "ALLOW_ADMIN_USER_PASSWORD_AUTH"
        ],
        "TokenValidityUnits": {"AccessToken": "minutes"},
        "AccessTokenValidity": 5,
    });
    let made = wire.cognito("CreateUserPoolClient", input).await.unwrap();
    made["UserPoolClient"]["ClientId"].as_str().unwrap().to_owned()
}

/// Calls with the pool's id among the members.
async fn on(
    wire: &Wire,
    pool: &str,
    operation: &str,
    mut input: Value,
) -> Result<Value, (u16, String, String)> {
    input["UserPoolId"] = pool.into();
    wire.cognito(operation, input).await
}

#[tokio::test]
async fn a_pool_is_made_described_changed_listed_and_deleted() {
    let wire = Wire::new().await;
    let id = pool(&wire).await;
    let described = on(&wire, &id, "DescribeUserPool", json!({})).await.unwrap();
    let shown = &described["UserPool"];
    assert_eq!(shown["Name"], "people");
    assert_eq!(
        shown["Arn"],
        format!("arn:aws:cognito-idp:us-east-1:000000000000:userpool/{id}")
    );
    assert_eq!(shown["Policies"]["PasswordPolicy"]["MinimumLength"], 10);
    assert_eq!(shown["CreationDate"], json!(1_800_000_000.0));
    assert_eq!(shown["UserPoolTags"], json!({"team": "a"}));
    assert_eq!(
        shown["VerificationMessageTemplate"]["DefaultEmailOption"],
        "CONFIRM_WITH_CODE"
    );
    let attributes = shown["SchemaAttributes"].as_array().unwrap();
    assert!(
        attributes
            .iter()
            .any(|attribute| attribute["Name"] == "custom:tier")
    );
    let changes = json!({"AdminCreateUserConfig": {"AllowAdminCreateUserOnly": true}});
    on(&wire, &id, "UpdateUserPool", changes).await.unwrap();
    let described = on(&wire, &id, "DescribeUserPool", json!({})).await.unwrap();
    assert_eq!(
        described["UserPool"]["AdminCreateUserConfig"]["AllowAdminCreateUserOnly"],
        true
    );
    let second = pool(&wire).await;
    let first_page = wire
        .cognito("ListUserPools", json!({"MaxResults": 1}))
        .await
        .unwrap();
    assert_eq!(first_page["UserPools"].as_array().unwrap().len(), 1);
    let next = json!({"MaxResults": 1, "NextToken": first_page["NextToken"]});
    let second_page = wire.cognito("ListUserPools", next).await.unwrap();
    assert_ne!(first_page["UserPools"], second_page["UserPools"]);
    assert!(second_page.get("NextToken").is_none());
    for id in [id, second] {
        on(&wire, &id, "DeleteUserPool", json!({})).await.unwrap();
        let gone = on(&wire, &id, "DescribeUserPool", json!({})).await.unwrap_err();
        assert_eq!(gone.1, "ResourceNotFoundException");
    }
}

#[tokio::test]
async fn a_client_keeps_its_secret_and_is_shown_with_it() {
    let wire = Wire::new().await;
    let pool = pool(&wire).await;
    let input = json!({"ClientName": "server", "GenerateSecret": true});
    let made = on(&wire, &pool, "CreateUserPoolClient", input).await.unwrap();
    let client = &made["UserPoolClient"];
    assert!(client["ClientSecret"].as_str().unwrap().len() >= 24);
    let id = &client["ClientId"];
    let described = on(&wire, &pool, "DescribeUserPoolClient", json!({"ClientId": id}))
        .await
        .unwrap();
    assert_eq!(&described["UserPoolClient"], client);
    let changes = json!({"ClientId": id, "ClientName": "renamed"});
    let changed = on(&wire, &pool, "UpdateUserPoolClient", changes).await.unwrap();
    assert_eq!(changed["UserPoolClient"]["ClientName"], "renamed");
    assert_eq!(changed["UserPoolClient"]["ClientSecret"], client["ClientSecret"]);
    let listed = on(&wire, &pool, "ListUserPoolClients", json!({})).await.unwrap();
    assert_eq!(listed["UserPoolClients"][0]["ClientName"], "renamed");
    assert!(listed["UserPoolClients"][0].get("ClientSecret").is_none());
    on(&wire, &pool, "DeleteUserPoolClient", json!({"ClientId": id}))
        .await
        .unwrap();
    let gone = on(&wire, &pool, "DescribeUserPoolClient", json!({"ClientId": id}))
        .await
        .unwrap_err();
    assert_eq!(gone.1, "ResourceNotFoundException");
}

#[tokio::test]
async fn domains_resource_servers_and_groups_come_and_go() {
    let wire = Wire::new().await;
    let pool = pool(&wire).await;
    on(&wire, &pool, "CreateUserPoolDomain", json!({"Domain": "people"}))
        .await
        .unwrap();
    let described = wire
        .cognito("DescribeUserPoolDomain", json!({"Domain": "people"}))
        .await
        .unwrap();
    assert_eq!(described["DomainDescription"]["UserPoolId"], pool.as_str());
    on(&wire, &pool, "DeleteUserPoolDomain", json!({"Domain": "people"}))
        .await
        .unwrap();
    let described = wire
        .cognito("DescribeUserPoolDomain", json!({"Domain": "people"}))
        .await
        .unwrap();
    assert_eq!(described["DomainDescription"], json!({}));

    let server = json!({"Identifier": "https://api", "Name": "api",
        "Scopes": [{"ScopeName": "read", "ScopeDescription": "reads"}]});
    let made = on(&wire, &pool, "CreateResourceServer", server).await.unwrap();
    assert_eq!(made["ResourceServer"]["Scopes"][0]["ScopeName"], "read");
    let renamed = json!({"Identifier": "https://api", "Name": "renamed"});
    let changed = on(&wire, &pool, "UpdateResourceServer", renamed).await.unwrap();
    assert_eq!(changed["ResourceServer"]["Name"], "renamed");
    let listed = on(&wire, &pool, "ListResourceServers", json!({"MaxResults": 50}))
        .await
        .unwrap();
    assert_eq!(listed["ResourceServers"].as_array().unwrap().len(), 1);
    on(
        &wire,
        &pool,
        "DeleteResourceServer",
        json!({"Identifier": "https://api"}),
    )
    .await
    .unwrap();

    let group = json!({"GroupName": "admins", "Precedence": 1});
    let made = on(&wire, &pool, "CreateGroup", group.clone()).await.unwrap();
    assert_eq!(made["Group"]["Precedence"], 1);
    let again = on(&wire, &pool, "CreateGroup", group).await.unwrap_err();
    assert_eq!(again.1, "GroupExistsException");
    on(
        &wire,
        &pool,
        "AdminCreateUser",
        json!({"Username": "ann", "MessageAction": "SUPPRESS"}),
    )
    .await
    .unwrap();
    let member = json!({"Username": "ann", "GroupName": "admins"});
    on(&wire, &pool, "AdminAddUserToGroup", member.clone())
        .await
        .unwrap();
    let groups = on(&wire, &pool, "AdminListGroupsForUser", json!({"Username": "ann"}))
        .await
        .unwrap();
    assert_eq!(groups["Groups"][0]["GroupName"], "admins");
    let users = on(&wire, &pool, "ListUsersInGroup", json!({"GroupName": "admins"}))
        .await
        .unwrap();
    assert_eq!(users["Users"][0]["Username"], "ann");
    on(&wire, &pool, "AdminRemoveUserFromGroup", member)
        .await
        .unwrap();
    on(&wire, &pool, "DeleteGroup", json!({"GroupName": "admins"}))
        .await
        .unwrap();
    let listed = on(&wire, &pool, "ListGroups", json!({})).await.unwrap();
    assert_eq!(listed["Groups"], json!([]));
}

#[tokio::test]
async fn a_user_signs_in_is_known_refreshes_and_signs_out() {
    let wire = Wire::new().await;
    let pool = pool(&wire).await;
    let client = client(&wire, &pool).await;
    let user = json!({"Username": "ann", "MessageAction": "SUPPRESS", "TemporaryPassword": "temporary-1",
        "UserAttributes": [{"Name": "email", "Value": "ann@example.com"}]});
    let made = on(&wire, &pool, "AdminCreateUser", user).await.unwrap();
    assert_eq!(made["User"]["UserStatus"], "FORCE_CHANGE_PASSWORD");
    let first = json!({"ClientId": client, "AuthFlow": "USER_PASSWORD_AUTH", "ClientMetadata": {"a": "b"},
        "AuthParameters": {"USERNAME": "ann", "PASSWORD": "temporary-1"}});
    let challenge = wire.unsigned("InitiateAuth", first).await.unwrap();
    assert_eq!(challenge["ChallengeName"], "NEW_PASSWORD_REQUIRED");
    let answer = json!({"ClientId": client, "ChallengeName": "NEW_PASSWORD_REQUIRED", "Session": challenge["Session"],
        "ChallengeResponses": {"USERNAME": "ann", "NEW_PASSWORD": "permanent-1"}});
    let signed_in = wire.unsigned("RespondToAuthChallenge", answer).await.unwrap();
    let tokens = &signed_in["AuthenticationResult"];
    assert_eq!(
        (&tokens["TokenType"], &tokens["ExpiresIn"]),
        (&json!("Bearer"), &json!(300))
    );
    let access = json!({"AccessToken": tokens["AccessToken"]});
    let known = wire.unsigned("GetUser", access.clone()).await.unwrap();
    assert_eq!(known["Username"], "ann");
    let refresh = json!({"ClientId": client, "AuthFlow": "REFRESH_TOKEN_AUTH",
        "AuthParameters": {"REFRESH_TOKEN": tokens["RefreshToken"]}});
    let refreshed = wire.unsigned("InitiateAuth", refresh.clone()).await.unwrap();
    assert!(refreshed["AuthenticationResult"].get("RefreshToken").is_none());
    wire.unsigned("GlobalSignOut", access.clone()).await.unwrap();
    assert_eq!(
        wire.unsigned("GetUser", access).await.unwrap_err().1,
        "NotAuthorizedException"
    );
    assert_eq!(
        wire.unsigned("InitiateAuth", refresh).await.unwrap_err().1,
        "NotAuthorizedException"
    );
}

#[tokio::test]
async fn administrators_see_find_change_and_lock_users() {
    let wire = Wire::new().await;
    let pool = pool(&wire).await;
    let client = client(&wire, &pool).await;
    for name in ["ann", "bob"] {
        let user = json!({"Username": name, "MessageAction": "SUPPRESS",
            "UserAttributes": [{"Name": "email", "Value": format!("{name}@example.com")}]});
        on(&wire, &pool, "AdminCreateUser", user).await.unwrap();
    }
    let password = json!({"Username": "ann", "Password": "permanent-1", "Permanent": true});
    on(&wire, &pool, "AdminSetUserPassword", password).await.unwrap();
    let changes = json!({"Username": "ann", "UserAttributes": [{"Name": "custom:tier", "Value": "gold"}]});
    on(&wire, &pool, "AdminUpdateUserAttributes", changes)
        .await
        .unwrap();
    let ann = on(&wire, &pool, "AdminGetUser", json!({"Username": "ann"}))
        .await
        .unwrap();
    assert_eq!(ann["UserStatus"], "CONFIRMED");
    let attributes = ann["UserAttributes"].as_array().unwrap();
    assert!(attributes.contains(&json!({"Name": "custom:tier", "Value": "gold"})));
    let found = on(
        &wire,
        &pool,
        "ListUsers",
        json!({"Filter": "email = \"bob@example.com\""}),
    )
    .await
    .unwrap();
    assert_eq!(found["Users"].as_array().unwrap().len(), 1);
    let page = on(&wire, &pool, "ListUsers", json!({"Limit": 1})).await.unwrap();
    assert!(page["PaginationToken"].is_string());
    let sign_in = json!({"ClientId": client, "AuthFlow": "ADMIN_USER_PASSWORD_AUTH",
        "AuthParameters": {"USERNAME": "ann", "PASSWORD": "permanent-1"}});
    on(&wire, &pool, "AdminInitiateAuth", sign_in.clone())
        .await
        .unwrap();
    on(&wire, &pool, "AdminDisableUser", json!({"Username": "ann"}))
        .await
        .unwrap();
    let locked = on(&wire, &pool, "AdminInitiateAuth", sign_in.clone())
        .await
        .unwrap_err();
    assert_eq!(locked.1, "NotAuthorizedException");
    on(&wire, &pool, "AdminEnableUser", json!({"Username": "ann"}))
        .await
        .unwrap();
    on(&wire, &pool, "AdminInitiateAuth", sign_in).await.unwrap();
    on(&wire, &pool, "AdminDeleteUser", json!({"Username": "ann"}))
        .await
        .unwrap();
    let gone = on(&wire, &pool, "AdminGetUser", json!({"Username": "ann"}))
        .await
        .unwrap_err();
    assert_eq!(gone.1, "UserNotFoundException");
}

#[tokio::test]
async fn every_constraint_is_told_in_the_words_of_aws() {
    let wire = Wire::new().await;
    let told = wire
        .cognito("CreateUserPoolClient", json!({"UserPoolId": "no pool"}))
        .await
        .unwrap_err();
    assert_eq!(told.1, "InvalidParameterException");
    assert_eq!(
        told.2,
        "2 validation errors detected: Value 'no pool' at 'userPoolId' failed to satisfy constraint: Member must \
         satisfy regular expression pattern: [\\w-]+_[0-9a-zA-Z]+; Value null at 'clientName' failed to satisfy \
         constraint: Member must not be null"
    );
    let told = wire.unsigned("SignUp", json!({"ClientId": 7})).await.unwrap_err();
    assert_eq!(told.1, "SerializationException");
}
