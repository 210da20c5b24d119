"""Runs a handler: takes events from the Lambda Runtime API and gives answers back.

https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html

Limits are set before any code of the function is loaded. Descriptor 0 is a pipe that the server holds open: when it
closes, the server has gone or wants this worker gone, and everything in the worker's process group ends.
"""

import os
import resource
import signal
import sys
import threading


def limit():
    """Sets what this process and its children may use."""
    memory = int(os.environ["AWS_LAMBDA_FUNCTION_MEMORY_SIZE"]) << 20
    for kind, value in (
        (resource.RLIMIT_DATA, memory),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_NOFILE, 1024),
        (resource.RLIMIT_FSIZE, 512 << 20),
    ):
        try:
            hard = resource.getrlimit(kind)[1]
            if hard != resource.RLIM_INFINITY:
                value = min(value, hard)
            resource.setrlimit(kind, (value, value))
        except (ValueError, OSError) as cause:
            print(f"a limit cannot be set: {cause}", file=sys.stderr)
            os._exit(1)


def end_with_server():
    """Ends the process group when the server's end of the pipe closes."""
    lifeline = os.dup(0)
    os.set_inheritable(lifeline, False)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)

    def wait():
        while os.read(lifeline, 64):
            pass
        os.killpg(0, signal.SIGKILL)

    threading.stack_size(256 << 10)
    threading.Thread(target=wait, daemon=True).start()
    threading.stack_size(0)


def run_wrapper(wrapper):
    """Runs the function's own start script, which is given the command of the runtime, as AWS does."""
    import subprocess

    os.environ["PORTCULLIS_WRAPPED"] = "1"
    command = [wrapper, sys.executable, "-u", "-B", os.path.abspath(__file__)]
    sys.exit(subprocess.call(command, close_fds=True))


class Api:
    """The Runtime API, over one connection."""

    def __init__(self):
        import http.client

        self.connection = http.client.HTTPConnection(os.environ["AWS_LAMBDA_RUNTIME_API"])

    def call(self, method, path, body=None, headers=None):
        self.connection.request(method, "/2018-06-01/runtime" + path, body=body, headers=headers or {})
        answer = self.connection.getresponse()
        return answer.headers, answer.read()

    def next(self):
        return self.call("GET", "/invocation/next")

    def respond(self, request_id, body):
        self.call("POST", f"/invocation/{request_id}/response", body)

    def fail(self, path, error):
        import json

        headers = {"Lambda-Runtime-Function-Error-Type": error["errorType"], "Content-Type": "application/json"}
        self.call("POST", path, json.dumps(error).encode(), headers)


class Identity:
    cognito_identity_id = None
    cognito_identity_pool_id = None


class Context:
    """What a handler learns beside its event."""

    def __init__(self, headers):
        environment = os.environ
        self.aws_request_id = headers["Lambda-Runtime-Aws-Request-Id"]
        self.invoked_function_arn = headers["Lambda-Runtime-Invoked-Function-Arn"]
        self.function_name = environment["AWS_LAMBDA_FUNCTION_NAME"]
        self.function_version = environment["AWS_LAMBDA_FUNCTION_VERSION"]
        self.memory_limit_in_mb = environment["AWS_LAMBDA_FUNCTION_MEMORY_SIZE"]
        self.log_group_name = environment["AWS_LAMBDA_LOG_GROUP_NAME"]
        self.log_stream_name = environment["AWS_LAMBDA_LOG_STREAM_NAME"]
        self.identity = Identity()
        self.client_context = None
        self._deadline_ms = int(headers["Lambda-Runtime-Deadline-Ms"])

    def get_remaining_time_in_millis(self):
        import time

        return max(self._deadline_ms - int(time.time() * 1000), 0)

    def log(self, message):
        sys.stdout.write(str(message))


class InitError(Exception):
    def __init__(self, kind, message, trace=()):
        super().__init__(message)
        self.error = {"errorMessage": message, "errorType": kind, "requestId": "", "stackTrace": list(trace)}


def traced(error):
    """The stack below this file, as AWS writes it."""
    import traceback

    own = os.path.abspath(__file__)
    frames = [f for f in traceback.extract_tb(error.__traceback__) if f.filename != own and "importlib" not in f.filename]
    return traceback.format_list(frames)


def load(handler):
    """Finds `folder/module.function`."""
    module_name, _, function_name = handler.rpartition(".")
    if not module_name or not function_name:
        raise InitError("Runtime.MalformedHandlerName", f"Bad handler '{handler}': not enough values to unpack")
    import importlib

    try:
        module = importlib.import_module(module_name.replace("/", "."))
    except SyntaxError as error:
        trace = [f'  File "{error.filename}" Line {error.lineno}\n    {error.text}\n']
        message = f"Syntax error in module '{module_name}': {error}"
        raise InitError("Runtime.UserCodeSyntaxError", message, trace) from None
    except ImportError as error:
        message = f"Unable to import module '{module_name}': {error}"
        raise InitError("Runtime.ImportModuleError", message) from None
    except Exception as error:
        raise InitError(type(error).__name__, str(error), traced(error)) from None
    if not hasattr(module, function_name):
        message = f"Handler '{function_name}' missing on module '{module_name}'"
        raise InitError("Runtime.HandlerNotFound", message)
    return getattr(module, function_name)


def log_as_aws_does():
    import logging

    class WithRequest(logging.Filter):
        request_id = ""

        def filter(self, record):
            record.aws_request_id = WithRequest.request_id
            return True

    sink = logging.StreamHandler(sys.stdout)
    form = "[%(levelname)s]\t%(asctime)s.%(msecs)03dZ\t%(aws_request_id)s\t%(message)s"
    import time

    formatter = logging.Formatter(form, "%Y-%m-%dT%H:%M:%S")
    formatter.converter = time.gmtime
    sink.setFormatter(formatter)
    sink.addFilter(WithRequest())
    logging.getLogger().addHandler(sink)
    return WithRequest


def invoke(handler, headers, body):
    """Returns the answer's bytes, or an error."""
    import json

    request_id = headers["Lambda-Runtime-Aws-Request-Id"]
    try:
        event = json.loads(body)
    except ValueError as error:
        return None, {"errorMessage": f"Unable to unmarshal input: {error}", "errorType": "Runtime.UnmarshalError",
                      "requestId": request_id, "stackTrace": []}
    try:
        answer = handler(event, Context(headers))
    except Exception as error:
        return None, {"errorMessage": str(error), "errorType": type(error).__name__, "requestId": request_id,
                      "stackTrace": traced(error)}
    try:
        return json.dumps(answer, ensure_ascii=False).encode(), None
    except Exception as error:
        return None, {"errorMessage": f"Unable to marshal response: {error}", "errorType": "Runtime.MarshalError",
                      "requestId": request_id, "stackTrace": []}


def main():
    wrapped = os.environ.pop("PORTCULLIS_WRAPPED", None)
    if not wrapped:
        limit()
        end_with_server()
        wrapper = os.environ.get("AWS_LAMBDA_EXEC_WRAPPER")
        if wrapper:
            run_wrapper(wrapper)
    sys.path[0] = os.environ["LAMBDA_TASK_ROOT"]
    sys.stdout.reconfigure(line_buffering=True)
    current = log_as_aws_does()
    api = Api()
    try:
        handler = load(os.environ["_HANDLER"])
    except InitError as error:
        print(f"[ERROR] {error.error['errorType']}: {error.error['errorMessage']}", "".join(error.error["stackTrace"]))
        api.fail("/init/error", error.error)
        sys.exit(1)
    while True:
        headers, body = api.next()
        request_id = current.request_id = headers["Lambda-Runtime-Aws-Request-Id"]
        answer, error = invoke(handler, headers, body)
        sys.stdout.flush()
        sys.stderr.flush()
        if error is None:
            api.respond(request_id, answer)
        else:
            print(f"[ERROR] {error['errorType']}: {error['errorMessage']}", "".join(error["stackTrace"]), sep="\n")
            api.fail(f"/invocation/{request_id}/error", error)


if __name__ == "__main__":
    try:
        main()
    except Exception:
        # The server has gone, and with it whoever reads what is printed: what the function has started goes as well.
        os.killpg(0, signal.SIGKILL)
