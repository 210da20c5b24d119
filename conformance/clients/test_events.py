"""Events from a producer's key to a consumer's check: signed, judged, kept, sent, signed again."""

import contextlib
import http.server
import json
import subprocess
import sys
import threading
import time

import pytest
from botocore.exceptions import ClientError
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from portcullis import BINARY, REPOSITORY, TEMPLATES, until

sys.path.insert(0, str(REPOSITORY / "examples" / "events"))
import consumer  # noqa: E402
import producer  # noqa: E402

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))


class Consumer:
    """An HTTP server that keeps what it gets, and answers what it is told to."""

    def __init__(self, port=0):
        self.got, self.answers = [], []
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                outer.got.append((self.path, dict(self.headers), body))
                status = outer.answers.pop(0) if outer.answers else 200
                self.send_response(status)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", port), Handler)
        self.port = self.server.server_port
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def stop(self):
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture
def receiver():
    started = Consumer()
    yield started
    started.stop()


def sender(server, *statements):
    """A role that EventBridge may take on, for deliveries; returns its ARN."""
    iam, name = server.client("iam"), f"sender-{len(server.client('iam').list_roles()['Roles'])}"
    trust = {"Effect": "Allow", "Principal": {"Service": "events.amazonaws.com"}, "Action": "sts:AssumeRole"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
    role = iam.create_role(RoleName=name, AssumeRolePolicyDocument=document)["Role"]["Arn"]
    if statements:
        policy = json.dumps({"Version": "2012-10-17", "Statement": list(statements)})
        iam.put_role_policy(RoleName=name, PolicyName="send", PolicyDocument=policy)
    return role


INVOKE = {"Effect": "Allow", "Action": "events:InvokeApiDestination", "Resource": "*"}


def bus(server, name, port, signed=True, retry=None, pattern=None, **target):
    """Makes a bus with one rule and one destination; returns its ARN and its webhook secret."""
    events = server.client("events")
    tags = [{"Key": "portcullis:producer/shop-1", "Value": producer.public_key(KEY)}] if signed else []
    arn = events.create_event_bus(Name=name, Tags=tags)["EventBusArn"]
    parameters = {"ApiKeyAuthParameters": {"ApiKeyName": "x-api-key", "ApiKeyValue": "k3y"}}
    connection = events.create_connection(Name=name, AuthorizationType="API_KEY", AuthParameters=parameters)
    destination = events.create_api_destination(
        Name=name,
        ConnectionArn=connection["ConnectionArn"],
        InvocationEndpoint=f"http://127.0.0.1:{port}/events?tenant=a",
        HttpMethod="POST",
    )
    pattern = pattern or {"source": ["shop"]}
    events.put_rule(Name="orders", EventBusName=name, EventPattern=json.dumps(pattern))
    target = {"Id": "consumer", "Arn": destination["ApiDestinationArn"], **target}
    target.setdefault("RoleArn", sender(server, INVOKE))
    if retry:
        target["RetryPolicy"] = retry
    events.put_targets(Rule="orders", EventBusName=name, Targets=[target])
    secret = events.describe_connection(Name=name)["SecretArn"]
    secret = server.client("secretsmanager").get_secret_value(SecretId=secret)["SecretString"]
    return arn, json.loads(secret)["webhook_secret"]


def order(arn, number=7, **more):
    detail = {"id": number, "item": "lantern „ä“", "lines": [{"n": 1}, {"n": 2}]}
    return producer.entry(KEY, "shop-1", arn, "shop", "order", detail, ["arn:of:something"], **more)


def put(server, *entries):
    return server.client("events").put_events(Entries=list(entries))


def refused(server, entry, reason):
    """Puts an event that must be refused, and returns what is told; the trail must name the reason."""
    answer = put(server, entry)
    told = answer["Entries"][0]
    assert answer["FailedEntryCount"] == 1 and told["ErrorCode"] == "AccessDeniedException", answer
    trail = server.explain(answer["ResponseMetadata"]["RequestId"])
    assert "events" in trail and reason in trail, trail
    return told


def nothing_more(receiver, count):
    """What was put after a refused event has arrived: had the refused one been kept, it had come first."""
    assert len(receiver.got) == count, receiver.got


def test_signed_event_reaches_the_consumer_who_checks_both_signatures(server, receiver):
    arn, secret = bus(server, "good", receiver.port)
    answer = put(server, order(arn))
    assert answer["FailedEntryCount"] == 0, answer
    until("the delivery", lambda: receiver.got)
    path, headers, body = receiver.got[0]
    assert path == "/events?tenant=a" and headers["x-api-key"] == "k3y"
    consumer.check_delivery(headers, body, secret)
    event = json.loads(body)
    assert event["id"] == answer["Entries"][0]["EventId"] and event["detail"]["item"] == "lantern „ä“"
    assert (event["source"], event["detail-type"], event["account"]) == ("shop", "order", "000000000000")
    header = consumer.check_producer(event, {"shop-1": producer.public_key(KEY)}, arn)
    assert header["kid"] == "shop-1"
    with pytest.raises(ValueError):
        consumer.check_delivery(headers, body + b" ", secret)
    event["detail"]["id"] = 8
    with pytest.raises(ValueError):
        consumer.check_producer(event, {"shop-1": producer.public_key(KEY)}, arn)


def test_what_nobody_signed_so_is_refused_by_name_and_never_delivered(server, receiver):
    arn, _ = bus(server, "guard", receiver.port)
    other, _ = bus(server, "guard-other", receiver.port)
    signed = order(arn)
    altered = {**signed, "Detail": signed["Detail"].replace("lantern", "diamond")}
    assert "not valid" in refused(server, altered, "forged or altered")["ErrorMessage"]
    stranger = producer.entry(Ed25519PrivateKey.generate(), "shop-1", arn, "shop", "order", {"id": 1})
    refused(server, stranger, "forged or altered")
    stranger = producer.entry(Ed25519PrivateKey.generate(), "shop-2", arn, "shop", "order", {"id": 1})
    refused(server, stranger, "unknown key")
    unsigned = {**signed, "Detail": json.dumps({"id": 7})}
    assert "signed events only" in refused(server, unsigned, "unsigned")["ErrorMessage"]
    refused(server, {**signed, "EventBusName": other}, "another bus")
    assert "not close enough" in refused(server, order(arn, at=time.time() - 3600), "stale")["ErrorMessage"]
    refused(server, order(arn, at=time.time() + 3600), "from the future")
    doubled = {**signed, "Detail": signed["Detail"].replace("{", '{"id":8,', 1)}
    assert put(server, doubled)["Entries"][0]["ErrorCode"] == "MalformedDetail"
    assert put(server, signed)["FailedEntryCount"] == 0
    assert "received before" in refused(server, signed, "replayed")["ErrorMessage"]
    until("the delivery", lambda: receiver.got)
    put(server, order(arn, 8))
    until("the next delivery", lambda: len(receiver.got) > 1)
    nothing_more(receiver, 2)


def test_producer_in_a_shell_signs_as_the_one_in_python(server, receiver, tmp_path):
    sign, key = REPOSITORY / "examples" / "events" / "sign.sh", tmp_path / "shop.pem"
    made = subprocess.run([sign, "key", key], check=True, capture_output=True, text=True).stdout.strip()
    arn, _ = bus(server, "shell", receiver.port)
    events = server.client("events")
    events.tag_resource(ResourceARN=arn, Tags=[{"Key": "portcullis:producer/shell-1", "Value": made}])
    detail = {"id": 7, "item": "lantern „ä“ \\ \"q\"", "lines": [{"n": 1}]}
    arguments = [sign, "event", key, "shell-1", arn, "shop", "order"]
    signed = subprocess.run(arguments, check=True, capture_output=True, text=True, input=json.dumps(detail)).stdout
    entry = {"EventBusName": arn, "Source": "shop", "DetailType": "order", "Detail": signed}
    assert put(server, entry)["FailedEntryCount"] == 0
    until("the delivery", lambda: receiver.got)
    assert consumer.check_producer(json.loads(receiver.got[0][2]), {"shell-1": made}, arn)["kid"] == "shell-1"


def test_a_call_of_several_is_answered_entry_by_entry(server, receiver):
    arn, _ = bus(server, "several", receiver.port)
    signed = order(arn, 1)
    answer = put(server, signed, {**signed, "Detail": "{}"}, signed, order(arn, 2))
    assert answer["FailedEntryCount"] == 2
    assert ["EventId" in entry for entry in answer["Entries"]] == [True, False, False, True]


def test_event_that_no_rule_matches_is_delivered_to_nobody(server, receiver):
    pattern = {"source": ["shop"], "detail": {"id": [{"numeric": [">", 10]}]}}
    arn, _ = bus(server, "pattern", receiver.port, pattern=pattern)
    assert put(server, order(arn, 7), order(arn, 11))["FailedEntryCount"] == 0
    until("the delivery", lambda: receiver.got)
    put(server, order(arn, 12))
    until("the next delivery", lambda: len(receiver.got) > 1)
    assert [json.loads(body)["detail"]["id"] for _, _, body in receiver.got] == [11, 12]


def test_failed_delivery_comes_again_under_the_same_id(server, receiver):
    receiver.answers = [500, 429]
    arn, secret = bus(server, "again", receiver.port)
    put(server, order(arn))
    until("three attempts", lambda: len(receiver.got) == 3, 20)
    assert len({headers["webhook-id"] for _, headers, _ in receiver.got}) == 1
    assert len({body for _, _, body in receiver.got}) == 1
    for _, headers, body in receiver.got:
        consumer.check_delivery(headers, body, secret)


def test_delivery_ends_with_its_retry_policy_or_a_final_answer(server, receiver):
    receiver.answers = [500, 500, 400]
    arn, _ = bus(server, "enough", receiver.port, retry={"MaximumRetryAttempts": 1})
    put(server, order(arn, 1))
    until("two attempts", lambda: len(receiver.got) == 2, 20)
    put(server, order(arn, 2))
    until("the next event", lambda: len(receiver.got) == 3)
    put(server, order(arn, 3))
    until("the last event", lambda: len(receiver.got) == 4)
    assert [json.loads(body)["detail"]["id"] for _, _, body in receiver.got] == [1, 1, 2, 3]


def test_accepted_event_survives_kill_9_and_a_consumer_that_is_down(own_server):
    server, receiver = own_server(), Consumer()
    receiver.stop()
    arn, secret = bus(server, "durable", receiver.port)
    signed = order(arn)
    assert put(server, signed)["FailedEntryCount"] == 0
    server.kill()
    store = (server.data / "store.sqlite").read_bytes() + (server.data / "store.sqlite-wal").read_bytes()
    assert b"lantern" not in store and secret.encode() not in store
    server.start()
    refused(server, signed, "replayed")
    receiver = Consumer(receiver.port)
    try:
        until("the delivery", lambda: receiver.got, 30)
        _, headers, body = receiver.got[0]
        consumer.check_delivery(headers, body, secret)
        assert json.loads(body)["detail"]["id"] == 7
    finally:
        receiver.stop()


def test_rate_of_a_destination_is_kept(server, receiver):
    arn, _ = bus(server, "rate", receiver.port)
    server.client("events").update_api_destination(Name="rate", InvocationRateLimitPerSecond=5)
    started = time.monotonic()
    put(server, *[order(arn, number) for number in range(8)])
    until("all deliveries", lambda: len(receiver.got) == 8, 20)
    assert time.monotonic() - started > 7 / 5


def test_part_of_an_event_or_a_fixed_input_is_sent(server, receiver):
    arn, _ = bus(server, "part", receiver.port, InputPath="$.detail.lines[1]")
    put(server, order(arn))
    until("the delivery", lambda: receiver.got)
    assert json.loads(receiver.got[0][2]) == {"n": 2}
    arn, _ = bus(server, "fixed", receiver.port, Input='{"fixed":true}')
    put(server, order(arn))
    until("the delivery", lambda: len(receiver.got) == 2)
    assert json.loads(receiver.got[1][2]) == {"fixed": True}


def test_secret_of_a_connection_is_exchanged_without_a_gap(server, receiver):
    arn, old = bus(server, "exchange", receiver.port)
    secrets = server.client("secretsmanager")
    secret = server.client("events").describe_connection(Name="exchange")["SecretArn"]
    value = json.loads(secrets.get_secret_value(SecretId=secret)["SecretString"])
    value["webhook_secret"] = new = "whsec_" + "Ab" * 22
    secrets.put_secret_value(SecretId=secret, SecretString=json.dumps(value))
    put(server, order(arn))
    until("the delivery", lambda: receiver.got)
    for one in old, new:
        consumer.check_delivery(receiver.got[0][1], receiver.got[0][2], one)


@contextlib.contextmanager
def user(server, name, *statements):
    """A user with a policy, and his client."""
    iam = server.client("iam")
    iam.create_user(UserName=name)
    policy = {"Version": "2012-10-17", "Statement": list(statements)}
    iam.put_user_policy(UserName=name, PolicyName="p", PolicyDocument=json.dumps(policy))
    key = iam.create_access_key(UserName=name)["AccessKey"]
    yield server.client("events", key=key["AccessKeyId"], secret=key["SecretAccessKey"])


def test_sender_needs_the_permission_on_the_bus_for_each_source(server, receiver):
    arn, _ = bus(server, "permitted", receiver.port, signed=False)
    event = {"EventBusName": "permitted", "Source": "shop", "DetailType": "order", "Detail": "{}"}
    elsewhere = {"Effect": "Allow", "Action": "events:*", "Resource": arn + "-not"}
    with user(server, "events-nobody", elsewhere) as events:
        with pytest.raises(ClientError) as denied:
            events.put_events(Entries=[event])
        assert denied.value.response["Error"]["Code"] == "AccessDeniedException"
    own = {
        "Effect": "Allow",
        "Action": "events:PutEvents",
        "Resource": arn,
        "Condition": {"StringEquals": {"events:source": "shop"}},
    }
    with user(server, "events-shop", own) as events:
        assert events.put_events(Entries=[event])["FailedEntryCount"] == 0
        # One entry that is not allowed, and none is taken.
        with pytest.raises(ClientError):
            events.put_events(Entries=[event, {**event, "Source": "bank"}])
    until("the delivery", lambda: receiver.got)
    assert len(receiver.got) == 1


def test_delivery_is_made_in_the_name_of_a_role_that_may(server, receiver):
    elsewhere = {**INVOKE, "Resource": "arn:aws:events:us-east-1:000000000000:api-destination/another/*"}
    for number, role in enumerate((sender(server), sender(server, elsewhere), "arn:aws:iam::000000000000:role/none")):
        arn, _ = bus(server, f"role-{number}", receiver.port, RoleArn=role)
        put(server, order(arn, number))
        until("the log", lambda: f"bus `role-{number}`" in server.log.read_text())
        assert "is given up: the role may not" in server.log.read_text()
    arn, _ = bus(server, "role-good", receiver.port)
    put(server, order(arn, 9))
    until("the delivery", lambda: receiver.got)
    assert [json.loads(body)["detail"]["id"] for _, _, body in receiver.got] == [9]


def test_role_of_a_target_is_only_given_by_whoever_may_pass_it(server, receiver):
    bus(server, "passed", receiver.port)
    everything = {"Effect": "Allow", "Action": "events:*", "Resource": "*"}
    [target] = server.client("events").list_targets_by_rule(Rule="orders", EventBusName="passed")["Targets"]
    with user(server, "events-target-maker", everything) as events, pytest.raises(ClientError, match="iam:PassRole"):
        events.put_targets(Rule="orders", EventBusName="passed", Targets=[target])


def test_every_operation_has_the_shape_that_boto3_reads(server):
    events = server.client("events")
    assert {"default"} <= {one["Name"] for one in events.list_event_buses()["EventBuses"]}
    arn = events.create_event_bus(Name="shapes", Description="d", Tags=[{"Key": "a", "Value": "b"}])["EventBusArn"]
    with pytest.raises(events.exceptions.ResourceAlreadyExistsException):
        events.create_event_bus(Name="shapes")
    described = events.describe_event_bus(Name=arn)
    assert (described["Name"], described["Description"]) == ("shapes", "d") and described["CreationTime"]
    events.tag_resource(ResourceARN=arn, Tags=[{"Key": "c", "Value": "d"}])
    events.untag_resource(ResourceARN=arn, TagKeys=["a"])
    assert events.list_tags_for_resource(ResourceARN=arn)["Tags"] == [{"Key": "c", "Value": "d"}]

    basic = {"BasicAuthParameters": {"Username": "u", "Password": "p"}}
    made = events.create_connection(Name="shapes", AuthorizationType="BASIC", AuthParameters=basic)
    assert made["ConnectionState"] == "AUTHORIZED"
    described = events.describe_connection(Name="shapes")
    assert described["AuthParameters"] == {"BasicAuthParameters": {"Username": "u"}}
    assert "shapes" in [one["Name"] for one in events.list_connections()["Connections"]]
    destination = events.create_api_destination(
        Name="shapes",
        ConnectionArn=made["ConnectionArn"],
        InvocationEndpoint="https://consumer.example/",
        HttpMethod="PUT",
        InvocationRateLimitPerSecond=10,
    )["ApiDestinationArn"]
    described = events.describe_api_destination(Name="shapes")
    assert (described["HttpMethod"], described["InvocationRateLimitPerSecond"]) == ("PUT", 10)
    events.update_api_destination(Name="shapes", HttpMethod="POST")
    listed = events.list_api_destinations(ConnectionArn=made["ConnectionArn"])["ApiDestinations"]
    assert [one["HttpMethod"] for one in listed] == ["POST"]

    pattern = json.dumps({"source": ["x"]})
    rule = {"Name": "r", "EventBusName": "shapes"}
    made = events.put_rule(**rule, EventPattern=pattern, Description="r", State="DISABLED")["RuleArn"]
    assert made.endswith(":rule/shapes/r")
    events.enable_rule(**rule)
    assert events.describe_rule(**rule)["State"] == "ENABLED"
    events.disable_rule(**rule)
    assert [one["State"] for one in events.list_rules(EventBusName="shapes")["Rules"]] == ["DISABLED"]
    of_rule = {"Rule": "r", "EventBusName": "shapes"}
    with pytest.raises(ClientError, match="RoleArn"):
        events.put_targets(**of_rule, Targets=[{"Id": "t", "Arn": destination}])
    target = {"Id": "t", "Arn": destination, "RoleArn": sender(server)}
    assert events.put_targets(**of_rule, Targets=[target])["FailedEntryCount"] == 0
    assert [one["Id"] for one in events.list_targets_by_rule(**of_rule)["Targets"]] == ["t"]
    with pytest.raises(ClientError, match="targets"):
        events.delete_rule(**rule)
    with pytest.raises(ClientError, match="rules"):
        events.delete_event_bus(Name="shapes")
    with pytest.raises(ClientError, match="used by"):
        events.delete_connection(Name="shapes")
    missing = events.remove_targets(**of_rule, Ids=["t", "u"])
    assert [one["TargetId"] for one in missing["FailedEntries"]] == ["u"]
    events.delete_rule(**rule)
    with pytest.raises(events.exceptions.ResourceNotFoundException):
        events.describe_rule(**rule)
    secret = events.describe_connection(Name="shapes")["SecretArn"]
    events.delete_api_destination(Name="shapes")
    events.delete_connection(Name="shapes")
    with pytest.raises(ClientError, match="can't find"):
        server.client("secretsmanager").get_secret_value(SecretId=secret)
    events.delete_event_bus(Name="shapes")


def test_pattern_is_tested_as_rules_match(server):
    events = server.client("events")
    event = {"id": "1", "account": "0", "source": "x", "time": "t", "region": "r", "resources": [], "detail-type": "d"}
    for pattern, matches in (({"source": ["x"]}, True), ({"source": [{"prefix": "y"}]}, False)):
        answer = events.test_event_pattern(EventPattern=json.dumps(pattern), Event=json.dumps(event))
        assert answer["Result"] is matches
    with pytest.raises(events.exceptions.InvalidEventPatternException, match="Unrecognized match type regex"):
        events.test_event_pattern(EventPattern='{"a":[{"regex":"x"}]}', Event=json.dumps(event))
    with pytest.raises(events.exceptions.InvalidEventPatternException):
        events.put_rule(Name="bad", EventPattern='{"a":"x"}')


@pytest.mark.parametrize(
    ("operation", "arguments", "named"),
    [
        ("put_rule", {"Name": "r", "ScheduleExpression": "rate(1 minute)"}, "ScheduleExpression"),
        ("put_rule", {"Name": "r", "EventPattern": "{}", "RoleArn": "arn:aws:iam::0:role/x"}, "RoleArn"),
        (
            "create_connection",
            {
                "Name": "oauth",
                "AuthorizationType": "OAUTH_CLIENT_CREDENTIALS",
                "AuthParameters": {
                    "OAuthParameters": {
                        "ClientParameters": {"ClientID": "c", "ClientSecret": "s"},
                        "AuthorizationEndpoint": "https://a.example/",
                        "HttpMethod": "POST",
                    }
                },
            },
            "OAUTH_CLIENT_CREDENTIALS",
        ),
        ("create_event_bus", {"Name": "b", "KmsKeyIdentifier": "alias/k"}, "KmsKeyIdentifier"),
        (
            "put_targets",
            {"Rule": "r", "Targets": [{"Id": "t", "Arn": "arn:aws:lambda:us-east-1:000000000000:function:f"}]},
            "API destination",
        ),
        (
            "put_targets",
            {"Rule": "r", "Targets": [{"Id": "t", "Arn": "a", "InputTransformer": {"InputTemplate": "x"}}]},
            "inputTransformer",
        ),
        (
            "put_targets",
            {"Rule": "r", "Targets": [{"Id": "t", "Arn": "a", "DeadLetterConfig": {"Arn": "x"}}]},
            "deadLetterConfig",
        ),
    ],
)
def test_what_is_not_there_is_refused_by_name(server, operation, arguments, named):
    with pytest.raises(ClientError, match=named):
        getattr(server.client("events"), operation)(**arguments)


def deployed(server, stack, port):
    """Deploys the conformance suite's template, and lets its guarded bus send to a consumer; returns the outputs."""
    text = (TEMPLATES / "events.yaml").read_text().replace("{{backend}}", f"http://127.0.0.1:{port}")
    text = text.replace("11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo", producer.public_key(KEY))
    cloudformation = server.client("cloudformation")
    cloudformation.create_stack(StackName=stack, TemplateBody=text, Capabilities=["CAPABILITY_IAM"])
    cloudformation.get_waiter("stack_create_complete").wait(StackName=stack, WaiterConfig={"Delay": 0.2})
    described = cloudformation.describe_stacks(StackName=stack)["Stacks"][0]
    return {one["OutputKey"]: one["OutputValue"] for one in described["Outputs"]}


def test_api_puts_a_producers_event_on_the_bus_after_validation(server, web, receiver):
    outputs = deployed(server, "through", receiver.port)
    events, guarded = server.client("events"), outputs["GuardedArn"]
    [target] = events.list_targets_by_rule(EventBusName=outputs["OpenArn"], Rule=rule_of(events, outputs))["Targets"]
    events.put_rule(Name="all", EventBusName=guarded, EventPattern='{"source":["shop"]}')
    events.put_targets(Rule="all", EventBusName=guarded, Targets=[target])
    url = server.api(outputs["ApiId"], outputs["Stage"], "/signed")
    detail = {"id": 7, "note": "it's „quoted“ \\ \"twice\""}
    signed = producer.signature(KEY, "shop-1", guarded, "shop", "order", detail)
    answer = web.post(url, json={**detail, "_signature": signed})
    assert answer.status_code == 200 and answer.json()["FailedEntryCount"] == 0, answer.text
    until("the delivery", lambda: receiver.got)
    event = json.loads(receiver.got[0][2])
    assert event["detail"]["note"] == detail["note"]
    consumer.check_producer(event, {"shop-1": producer.public_key(KEY)}, guarded)
    assert web.post(url, json={"note": "no id", "_signature": signed}).status_code == 400
    for forged in ({**detail, "id": 8, "_signature": signed}, {**detail, "_signature": signed}, detail):
        answer = web.post(url, json=forged).json()
        assert answer["FailedEntryCount"] == 1, answer
    reasons = ["forged or altered", "replayed", "unsigned"]
    assert reasons[-1] in server.explain()
    assert len(receiver.got) == 1


def rule_of(events, outputs):
    """The one rule of the template's open bus."""
    [rule] = events.list_rules(EventBusName=outputs["OpenArn"])["Rules"]
    return rule["Name"]


def test_stack_of_buses_is_changed_and_deleted(server, receiver):
    outputs = deployed(server, "change", receiver.port)
    cloudformation, events = server.client("cloudformation"), server.client("events")
    assert events.list_tags_for_resource(ResourceARN=outputs["GuardedArn"])["Tags"]
    text = cloudformation.get_template(StackName="change")["TemplateBody"]
    changed = text.replace("{source: [shop], detail: {id: [{numeric: ['>', 0]}]}}", "{source: [other]}")
    assert changed != text
    cloudformation.update_stack(StackName="change", TemplateBody=changed, Capabilities=["CAPABILITY_IAM"])
    cloudformation.get_waiter("stack_update_complete").wait(StackName="change", WaiterConfig={"Delay": 0.2})
    rule = events.describe_rule(EventBusName=outputs["OpenArn"], Name=rule_of(events, outputs))
    assert json.loads(rule["EventPattern"]) == {"source": ["other"]}
    cloudformation.delete_stack(StackName="change")
    cloudformation.get_waiter("stack_delete_complete").wait(StackName="change", WaiterConfig={"Delay": 0.2})
    with pytest.raises(events.exceptions.ResourceNotFoundException):
        events.describe_event_bus(Name=outputs["OpenArn"])


def test_role_is_only_handed_on_by_whoever_may_pass_it(server, receiver):
    outputs = deployed(server, "pass", receiver.port)
    [role] = [one for one in server.client("iam").list_roles()["Roles"] if one["RoleName"].startswith("pass-Role-")]
    gateway = {"Effect": "Allow", "Action": "apigateway:*", "Resource": "*"}
    with user(server, "events-lender", gateway) as _:
        key = server.client("iam").create_access_key(UserName="events-lender")["AccessKey"]
        lender = server.client("apigateway", key=key["AccessKeyId"], secret=key["SecretAccessKey"])
        resources = {one["path"]: one["id"] for one in lender.get_resources(restApiId=outputs["ApiId"])["items"]}
        with pytest.raises(ClientError, match="iam:PassRole"):
            lender.put_integration(
                restApiId=outputs["ApiId"],
                resourceId=resources["/powerless"],
                httpMethod="POST",
                type="AWS",
                integrationHttpMethod="POST",
                uri="arn:aws:apigateway:us-east-1:events:action/PutEvents",
                credentials=role["Arn"],
            )


def test_action_that_no_service_has_is_not_deployed(server, receiver):
    outputs = deployed(server, "unknown", receiver.port)
    gateway = server.client("apigateway")
    resources = {one["path"]: one["id"] for one in gateway.get_resources(restApiId=outputs["ApiId"])["items"]}
    place = {"restApiId": outputs["ApiId"], "resourceId": resources["/powerless"], "httpMethod": "POST"}
    integration = gateway.get_integration(**place)
    for uri, parameters in (
        ("events:action/PutPermission", {}),
        ("sqs:action/SendMessage", {}),
        ("events:path//", {}),
        ("events:action/PutEvents", {"integration.request.header.X-Amz-Target": "'AWSEvents.DeleteRule'"}),
        ("events:action/PutEvents", {"integration.request.header.X-Other": "'x'"}),
    ):
        gateway.put_integration(
            **place,
            type="AWS",
            integrationHttpMethod="POST",
            uri=f"arn:aws:apigateway:us-east-1:{uri}",
            credentials=integration["credentials"],
            requestParameters=parameters,
        )
        gateway.put_integration_response(**place, statusCode="200")
        with pytest.raises(ClientError, match="uri|requestParameters"):
            gateway.create_deployment(restApiId=outputs["ApiId"], stageName="other")


def test_check_finds_a_bad_pattern_a_bad_key_and_a_missing_role_without_a_server(tmp_path):
    text = (TEMPLATES / "events.yaml").read_text().replace("{{backend}}", "https://consumer.example")
    text = text.replace("[{numeric: ['>', 0]}]", "[{numeric: ['>']}]").replace("11qYAYKxCrfVS", "no-key")
    text = text.replace("          RoleArn: !GetAtt SenderRole.Arn\n", "")
    file = tmp_path / "template.yaml"
    file.write_text(text)
    done = subprocess.run([BINARY, "check", file], capture_output=True, text=True, timeout=60, check=False)
    told = done.stdout + done.stderr
    assert done.returncode == 1, told
    for named in ("`detail.id`: numeric", "portcullis:producer/shop-1", "`RoleArn` is required"):
        assert named in told, told
