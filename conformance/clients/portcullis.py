"""The real binary, as a person runs it: `up` on free ports, the other commands beside it, Ctrl-C at the end."""

import json
import os
import pathlib
import shutil
import signal
import subprocess
import time

import boto3
import botocore.config

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]
TARGET = pathlib.Path(os.environ.get("CARGO_TARGET_DIR", REPOSITORY / "target"))
BINARY = os.environ.get("PORTCULLIS_BIN", str(TARGET / "debug" / "portcullis"))
NODE = TARGET / "clients" / "node"
TEMPLATES = REPOSITORY / "conformance" / "templates"
QUICKSTART = REPOSITORY / "examples" / "quickstart" / "template.yaml"
LISTENERS = ("--public", "--public-http", "--admin", "--proxy")
START_SECONDS = 60

# What botocore sent, over the whole run: the last test compares it with what is implemented.
CALLED = set()


def until(what, ask, seconds=30):
    """Polls until there is an answer, at most for so long."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        answer = ask()
        if answer:
            return answer
        time.sleep(0.02)
    raise AssertionError(f"{what}: not within {seconds} s")


class Portcullis:
    """A running `up` on a data directory."""

    def __init__(self, data, *arguments):
        self.data = pathlib.Path(data)
        self.arguments = arguments
        self.start()

    def start(self):
        """Starts it and waits until it is ready."""
        command = [BINARY, "up", *map(str, self.arguments), "--data", str(self.data)]
        for listener in LISTENERS:
            command += [listener, "127.0.0.1:0"]
        self.log = self.data.with_suffix(".log")
        file = self.data / "endpoints.json"
        file.unlink(missing_ok=True)
        with self.log.open("w") as log:
            self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        until("endpoints.json", lambda: file.exists() or self.process.poll() is not None, START_SECONDS)
        assert self.process.poll() is None, self.log.read_text()
        self.endpoints = json.loads(file.read_text())
        self.credentials = json.loads(pathlib.Path(self.endpoints["credentials"]).read_text())

    def stop(self):
        """Stops it as Ctrl-C does; it must end well."""
        self.process.send_signal(signal.SIGINT)
        assert self.process.wait(20) == 0, self.log.read_text()

    def kill(self):
        """Kills it as a power cut does."""
        self.process.kill()
        self.process.wait(20)

    def client(self, service, **more):
        """Returns a boto3 client with the account's own key, or with another one."""
        key = more.pop("key", self.credentials["access_key_id"])
        secret = more.pop("secret", self.credentials["secret_access_key"])
        settings = {"retries": {"total_max_attempts": 1}, "proxies": {}, **more.pop("config", {})}
        client = boto3.session.Session().client(
            service,
            endpoint_url=self.endpoints["admin"],
            region_name=self.endpoints["region"],
            aws_access_key_id=key,
            aws_secret_access_key=secret,
            config=botocore.config.Config(**settings),
            **more,
        )
        client.meta.events.register("before-call", remember)
        return client

    def run(self, name, *arguments, **more):
        """Runs another command of the program on the same directory."""
        command = [BINARY, name, "--data", str(self.data), *map(str, arguments)]
        return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False, **more)

    def exec(self, *command, **more):
        """Runs a command under `portcullis exec`."""
        return self.run("exec", "--", *command, **more)

    def explain(self, which="--last"):
        """Returns what `explain` prints."""
        done = self.run("explain", which)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def api(self, api, stage, path):
        """Returns the URL of an API in clear text, in its path form."""
        return f"{self.endpoints['public']['http']}/_aws/execute-api/{api}/{stage}{path}"


def remember(model, **_):
    """Notes the operation that is about to be called."""
    CALLED.add((model.service_model.service_name, model.name))


def node_folder():
    """Copies the scripts to where `npm ci` has put their dependencies."""
    for script in (pathlib.Path(__file__).parent / "node").glob("*.mjs"):
        shutil.copy(script, NODE)
    return NODE
