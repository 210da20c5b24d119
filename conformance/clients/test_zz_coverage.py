"""Every operation that is implemented was called by this run. Runs last, and only when everything runs."""

import re

import pytest

from portcullis import CALLED, REPOSITORY

SERVICES = REPOSITORY / "crates" / "control" / "src" / "services"
NAMES = {"cognito_idp": "cognito-idp"}
# Not an operation of AWS: how `explain` asks.
OURS = {"portcullis"}


def implemented():
    for file in SERVICES.glob("*/*.rs"):
        service = file.parent.name
        if service not in OURS:
            for name in re.findall(r'^    name: "([A-Z]\w+)",$', file.read_text(), re.MULTILINE):
                yield NAMES.get(service, service), name


def test_every_operation_was_called(request):
    ran = {item.path.name for item in request.session.items}
    every = {file.name for file in request.path.parent.glob("test_*.py")}
    if ran != every:
        pytest.skip("only some of the tests ran")
    missing = sorted(set(implemented()) - CALLED)
    assert not missing, missing
