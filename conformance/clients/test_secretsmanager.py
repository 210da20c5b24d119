"""Every operation of secretsmanager once, with the shapes that boto3 reads."""

import pytest


@pytest.fixture(scope="module")
def secrets(server):
    return server.client("secretsmanager")


def test_secret_and_its_versions(secrets):
    made = secrets.create_secret(Name="database", Description="first", SecretString="one")
    secret = {"SecretId": "database"}
    assert made["ARN"].split(":secret:")[1].startswith("database-")
    assert secrets.get_secret_value(**secret)["SecretString"] == "one"
    with pytest.raises(secrets.exceptions.ResourceExistsException):
        secrets.create_secret(Name="database", SecretString="again")
    second = secrets.put_secret_value(**secret, SecretString="two")
    assert second["VersionStages"] == ["AWSCURRENT"]
    assert secrets.get_secret_value(**secret, VersionStage="AWSPREVIOUS")["SecretString"] == "one"
    secrets.update_secret_version_stage(
        **secret, VersionStage="AWSCURRENT", MoveToVersionId=made["VersionId"], RemoveFromVersionId=second["VersionId"]
    )
    assert secrets.get_secret_value(**secret)["SecretString"] == "one"
    listed = secrets.list_secret_version_ids(**secret, IncludeDeprecated=True)["Versions"]
    assert {one["VersionId"] for one in listed} == {made["VersionId"], second["VersionId"]}
    secrets.update_secret(**secret, Description="second")
    secrets.tag_resource(**secret, Tags=[{"Key": "team", "Value": "core"}, {"Key": "gone", "Value": "soon"}])
    secrets.untag_resource(**secret, TagKeys=["gone"])
    described = secrets.describe_secret(**secret)
    assert (described["Description"], described["Tags"]) == ("second", [{"Key": "team", "Value": "core"}])
    batch = secrets.batch_get_secret_value(SecretIdList=["database", "nosuch"])
    assert [one["SecretString"] for one in batch["SecretValues"]] == ["one"] and len(batch["Errors"]) == 1
    assert "ResourcePolicy" not in secrets.get_resource_policy(**secret)


def test_deleted_secret_can_be_restored_within_its_window(secrets):
    secrets.create_secret(Name="window", SecretString="kept")
    secrets.delete_secret(SecretId="window", RecoveryWindowInDays=7)
    with pytest.raises(secrets.exceptions.InvalidRequestException):
        secrets.get_secret_value(SecretId="window")
    secrets.restore_secret(SecretId="window")
    assert secrets.get_secret_value(SecretId="window")["SecretString"] == "kept"
    secrets.delete_secret(SecretId="window", ForceDeleteWithoutRecovery=True)
    with pytest.raises(secrets.exceptions.ResourceNotFoundException):
        secrets.get_secret_value(SecretId="window")


def test_secrets_are_listed_in_pages(secrets):
    names = {secrets.create_secret(Name=f"page-{number}", SecretString="s")["Name"] for number in range(5)}
    pages = list(secrets.get_paginator("list_secrets").paginate(PaginationConfig={"PageSize": 2}))
    assert all(len(page["SecretList"]) <= 2 for page in pages)
    assert names <= {one["Name"] for page in pages for one in page["SecretList"]}


def test_random_password_has_the_length_asked_for(secrets):
    assert len(secrets.get_random_password(PasswordLength=40)["RandomPassword"]) == 40


@pytest.mark.parametrize("operation", ["rotate_secret", "cancel_rotate_secret"])
def test_rotation_is_refused_in_words(secrets, operation):
    secrets.create_secret(Name=operation, SecretString="s")
    with pytest.raises(secrets.exceptions.InvalidRequestException, match="not supported"):
        getattr(secrets, operation)(SecretId=operation)
