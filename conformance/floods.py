"""What floods and idle connections cost, against the real binary; no part of the test run.

    PORTCULLIS_BIN=target/release/portcullis target/clients/venv/bin/python conformance/floods.py [idle] [slow] [resets]

`idle`: memory (PSS) of 8,000 connections after one request each, in clear text and with TLS.
`slow`: 5,000 connections that send a byte a second; `resets`: 2,000 HTTP/2 connections that open streams and reset them as fast as
they can, and come again when they are turned away. Beside each, 50 clients that ask for a small answer 20 times a second, and their
p50 and p99 without and with the flood.
"""

import asyncio
import os
import pathlib
import resource
import select
import socket
import ssl
import statistics
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent / "clients"))
from portcullis import Portcullis  # noqa: E402

IDLE, SLOW, RESETS, CLIENTS = (
    int(os.environ.get(f"FLOOD_{name}", default)) for name, default in (("IDLE", 8000), ("SLOW", 5000), ("RESETS", 2000), ("CLIENTS", 50))
)
SECONDS = int(os.environ.get("FLOOD_SECONDS", "15"))


def allow_files():
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def pss(process):
    """Returns the proportional resident bytes of a process."""
    rollup = pathlib.Path(f"/proc/{process.pid}/smaps_rollup").read_text()
    return int(rollup.split("\nPss:")[1].split()[0]) * 1024


def cpu(process):
    """Returns the seconds of processor that a process has used."""
    fields = pathlib.Path(f"/proc/{process.pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


class World:
    """A server with one mock behind it."""

    def __init__(self):
        self.server = Portcullis(pathlib.Path(tempfile.mkdtemp()) / "data")
        gateway = self.server.client("apigateway")
        api = gateway.create_rest_api(name="flooded")["id"]
        root = gateway.get_resources(restApiId=api)["items"][0]["id"]
        method = {"restApiId": api, "resourceId": root, "httpMethod": "GET"}
        gateway.put_method(**method, authorizationType="NONE")
        gateway.put_integration(**method, type="MOCK", requestTemplates={"application/json": '{"statusCode": 200}'})
        gateway.put_method_response(**method, statusCode="200")
        gateway.put_integration_response(**method, statusCode="200", responseTemplates={"application/json": '{"a":1}'})
        gateway.create_deployment(restApiId=api, stageName="prod")
        self.host = f"{api}.execute-api.us-east-1.portcullis.localhost"
        self.request = f"GET /prod/ HTTP/1.1\r\nHost: {self.host}\r\n\r\n".encode()
        self.clear, self.tls = (
            int(self.server.endpoints["public"][name].rsplit(":", 1)[1]) for name in ("http", "https")
        )

    def context(self, protocol):
        context = ssl.create_default_context(cafile=self.server.endpoints["ca"])
        context.set_alpn_protocols([protocol])
        return context

    def dial(self, number, port):
        """Connects from one of many loopback addresses: a single one may not have so many connections."""
        stream = socket.socket()
        stream.bind((f"127.0.{1 + number // 1000}.1", 0))
        stream.connect(("127.0.0.1", port))
        return stream


def fill_trails(world):
    """Makes the server remember as many requests as it will: these are not the connections' memory."""
    stream = world.dial(0, world.clear)
    for _ in range(300):
        stream.sendall(world.request * 100)
        answers = b""
        while answers.count(b"HTTP/1.1 ") < 100 or not answers.endswith(b"}"):
            answers += stream.recv(65_536)
    stream.close()


def idle(world):
    fill_trails(world)
    for name in ("clear", "tls"):
        context = world.context("http/1.1")
        kept = []
        # What the first connections make the server keep once is not counted.
        for number in range(200 + IDLE):
            stream = world.dial(number, getattr(world, name))
            if name == "tls":
                stream = context.wrap_socket(stream, server_hostname=world.host)
            stream.sendall(world.request)
            while not stream.recv(4096).endswith(b'{"a":1}'):
                pass
            kept.append(stream)
            if number == 199:
                time.sleep(1)
                before = pss(world.server.process)
        time.sleep(1)
        each = (pss(world.server.process) - before) / IDLE
        print(f"idle, {name}: {IDLE} connections, {each:.0f} bytes each", flush=True)
        for stream in kept:
            stream.close()
        time.sleep(2)


async def ask(world, seconds):
    """Fifty clients, each on a connection of its own, 20 requests a second; returns their times in ms."""
    times = []

    async def client(number):
        await asyncio.sleep(number / 1000)
        reader, writer = await asyncio.open_connection("127.0.0.1", world.clear)
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            began = time.perf_counter()
            writer.write(world.request)
            head = await reader.readuntil(b"\r\n\r\n")
            await reader.readexactly(int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0]))
            times.append(((time.perf_counter() - began) * 1000, head[9:12]))
            await asyncio.sleep(max(0, 0.05 - (time.perf_counter() - began)))
        writer.close()

    await asyncio.gather(*(client(number) for number in range(CLIENTS)))
    return times


def said(times):
    milliseconds = sorted(took for took, _ in times)
    good = sum(status == b"200" for _, status in times)
    at = lambda share: milliseconds[int(len(milliseconds) * share)]
    return f"p50 {statistics.median(milliseconds):.2f} ms, p99 {at(0.99):.2f} ms, {good} of {len(times)} answered 200"


def flood(world, name, run):
    """Asks without the flood, with it, and without it again."""
    calm = asyncio.run(ask(world, SECONDS))
    memory, used = pss(world.server.process), cpu(world.server.process)
    stop, child = os.pipe()[1], os.fork()
    if child == 0:
        os.nice(10)
        run(world)
        os._exit(0)
    time.sleep(12 if name == "resets" else 6)
    began = time.monotonic()
    used = cpu(world.server.process)
    flooded = asyncio.run(ask(world, SECONDS))
    busy = (cpu(world.server.process) - used) / (time.monotonic() - began)
    grown = (pss(world.server.process) - memory) / (1 << 20)
    os.kill(child, 9)
    os.waitpid(child, 0)
    os.close(stop)
    time.sleep(3)
    after = asyncio.run(ask(world, SECONDS))
    print(f"{name}: without  {said(calm)}")
    print(f"{name}: with     {said(flooded)}; {grown:.1f} MiB more memory, {busy:.2f} processors busy")
    print(f"{name}: after    {said(after)}", flush=True)


def slow(world):
    """A byte a second of a head that never ends; who is cut off comes again."""
    allow_files()
    text = world.request[:-4] + b"\r\nX: " + b"a" * 1000
    streams = {}
    while True:
        began = time.monotonic()
        for number in range(SLOW):
            try:
                if number not in streams:
                    streams[number] = [world.dial(number, world.clear), 0]
                stream, sent = streams[number]
                stream.send(text[sent : sent + 1])
                streams[number][1] += 1
            except OSError:
                streams.pop(number, None)
        time.sleep(max(0, 1 - (time.monotonic() - began)))


def frames(host):
    """Opens a thousand streams and resets each: HEADERS without a table, RST_STREAM with CANCEL."""

    def literal(name_index, text):
        return bytes([name_index, len(text)]) + text

    block = b"\x82\x87" + literal(0x04, b"/prod/") + literal(0x01, host.encode())
    out = bytearray()
    for stream in range(1, 2001, 2):
        number = stream.to_bytes(4, "big")
        out += len(block).to_bytes(3, "big") + b"\x01\x05" + number + block
        out += b"\x00\x00\x04\x03\x00" + number + b"\x00\x00\x00\x08"
    return bytes(out)


def resets(world):
    allow_files()
    context = world.context("h2")
    once = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + b"\x00\x00\x00\x04\x00\x00\x00\x00\x00" + frames(world.host)
    poll = select.epoll()
    streams, turned_away, opened = {}, 0, 0
    told = time.monotonic()
    while True:
        for _ in range(20):
            if len(streams) >= RESETS:
                break
            try:
                raw = world.dial(opened % 5000, world.tls)
                opened += 1
                raw.settimeout(2)
                stream = context.wrap_socket(raw, server_hostname=world.host)
                stream.setblocking(False)
                streams[stream.fileno()] = [stream, memoryview(once)]
                poll.register(stream.fileno(), select.EPOLLOUT | select.EPOLLIN)
            except (OSError, ssl.SSLError):
                turned_away += 1
        for number, _ in poll.poll(0.01):
            stream, rest = streams[number]
            try:
                while rest:
                    rest = rest[stream.send(rest[:16_384]) :]
                streams[number][1] = rest
                if stream.recv(4096) == b"":
                    raise OSError
            except (ssl.SSLWantReadError, ssl.SSLWantWriteError):
                streams[number][1] = rest
            except (OSError, ssl.SSLError):
                turned_away += 1
                poll.unregister(number)
                del streams[number]
                stream.close()
        if time.monotonic() - told > 5:
            told = time.monotonic()
            print(f"resets: {len(streams)} connections, {opened} opened, {turned_away} ended", flush=True)


def main():
    allow_files()
    wanted = sys.argv[1:] or ["idle", "slow", "resets"]
    world = World()
    try:
        if "idle" in wanted:
            idle(world)
        if "slow" in wanted:
            flood(world, "slow", slow)
        if "resets" in wanted:
            flood(world, "resets", resets)
    finally:
        world.server.stop()


if __name__ == "__main__":
    main()
