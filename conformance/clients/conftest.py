"""One server for the tests that need no more, and what most of them build first."""

import pytest
import requests

import world
from portcullis import Portcullis


@pytest.fixture(scope="session")
def server(tmp_path_factory):
    running = Portcullis(tmp_path_factory.mktemp("server") / "data")
    yield running
    running.stop()


@pytest.fixture
def own_server(tmp_path):
    """Starts servers of a test's own; whatever still runs at the end is stopped."""
    started = []

    def start(*arguments):
        started.append(Portcullis(tmp_path / "data", *arguments))
        return started[-1]

    yield start
    for running in started:
        if running.process.poll() is None:
            running.stop()


@pytest.fixture(scope="session")
def web():
    session = requests.Session()
    session.trust_env = False
    return session


@pytest.fixture(scope="session")
def guarded(server):
    """A pool with a user, and an API behind it, built by hand."""
    return world.build(server)
