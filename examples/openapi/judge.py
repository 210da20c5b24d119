"""The function that lets the staff in, and webhooks with a signature."""


def handler(event, context):
    if event["type"] == "TOKEN":
        good = event["authorizationToken"] == "staff-open"
    else:
        good = event["headers"].get("X-Signature") == "right"
    statement = {"Action": "execute-api:Invoke", "Effect": "Allow" if good else "Deny", "Resource": "*"}
    return {"principalId": "somebody", "policyDocument": {"Version": "2012-10-17", "Statement": [statement]}}
