"""HTTP/2 frame by frame (RFC 9113, RFC 7541): what a server must refuse, what it must let pass, and floods, which end alone."""

import socket
import ssl
import struct
import time

import hpack
import pytest
from hyperframe.frame import (
    ContinuationFrame,
    DataFrame,
    Frame,
    GoAwayFrame,
    HeadersFrame,
    PingFrame,
    RstStreamFrame,
    SettingsFrame,
    WindowUpdateFrame,
)

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
PROTOCOL, REFUSED, CANCEL = 1, 7, 8


def raw(kind, flags, stream, payload=b"", length=None):
    """A frame as no library would write it."""
    length = len(payload) if length is None else length
    return struct.pack(">I", length)[1:] + bytes([kind, flags]) + struct.pack(">I", stream) + payload


OPEN = []


@pytest.fixture(autouse=True)
def closed_at_the_end():
    yield
    while OPEN:
        OPEN.pop().close()


class Connection:
    """A client that sends what it likes."""

    def __init__(self, server, greet=True, source="127.0.0.1", seconds=10):
        trust = ssl.create_default_context(cafile=server.endpoints["ca"])
        trust.set_alpn_protocols(["h2"])
        address = ("127.0.0.1", int(server.endpoints["public"]["https"].rsplit(":", 1)[1]))
        self.socket = trust.wrap_socket(socket.create_connection(address, seconds, (source, 0)), server_hostname="localhost")
        OPEN.append(self.socket)
        assert self.socket.selected_alpn_protocol() == "h2"
        self.encoder, self.decoder, self.buffer = hpack.Encoder(), hpack.Decoder(), b""
        if greet:
            self.send(PREFACE, SettingsFrame(0).serialize())

    def send(self, *frames):
        self.socket.sendall(b"".join(frames))

    def head(self, *more, leave=(), method="GET", path="/", pairs=None):
        pairs = pairs or [(":method", method), (":scheme", "https"), (":authority", "localhost"), (":path", path)]
        return self.encoder.encode([pair for pair in pairs if pair[0] not in leave] + list(more))

    def request(self, stream, *more, end=True, **settings):
        flags = 0x4 | (0x1 if end else 0)
        return raw(1, flags, stream, self.head(*more, **settings))

    def frames(self, seconds=5):
        """Yields the server's frames until it closes, or nothing comes for so long."""
        self.socket.settimeout(seconds)
        while True:
            while len(self.buffer) < 9 or len(self.buffer) < 9 + int.from_bytes(self.buffer[:3], "big"):
                try:
                    piece = self.socket.recv(65_536)
                except (TimeoutError, ConnectionError, ssl.SSLError):
                    return
                if not piece:
                    return
                self.buffer += piece
            frame, length = Frame.parse_frame_header(memoryview(self.buffer[:9]))
            frame.parse_body(memoryview(self.buffer[9 : 9 + length]))
            self.buffer = self.buffer[9 + length :]
            yield frame

    def outcome(self, stream=1):
        """Returns how it ended: `goaway CODE`, `reset CODE`, a status, or `closed`."""
        for frame in self.frames():
            if isinstance(frame, GoAwayFrame):
                return f"goaway {frame.error_code}"
            if isinstance(frame, RstStreamFrame) and frame.stream_id == stream:
                return f"reset {frame.error_code}"
            if isinstance(frame, HeadersFrame):
                status = dict(self.decoder.decode(frame.data))[":status"]
                if frame.stream_id == stream:
                    return status
        return "closed"


def answers(server):
    """A connection of somebody else still gets its answers."""
    connection = Connection(server)
    connection.send(connection.request(1))
    return connection.outcome() in {"403", "404"}


# Name, what is sent after preface and settings, and what may become of it.
CASES = [
    ("request", lambda c: [c.request(1)], {"404"}),
    ("settings that nobody knows are ignored", lambda c: [raw(4, 0, 0, struct.pack(">HI", 0x99, 7)), c.request(1)], {"404"}),
    ("frames that nobody knows are ignored", lambda c: [raw(0xEE, 0xFF, 0, b"x"), c.request(1)], {"404"}),
    ("priority is ignored", lambda c: [raw(2, 0, 1, b"\0\0\0\0\x10"), c.request(1)], {"404"}),
    ("padded head", lambda c: [raw(1, 0xD, 1, bytes([2]) + c.head() + b"\0\0")], {"404"}),
    ("head in two pieces", lambda c: [(lambda h: raw(1, 1, 1, h[:4]) + raw(9, 4, 1, h[4:]))(c.head())], {"404"}),
    ("te that says trailers", lambda c: [c.request(1, ("te", "trailers"))], {"404"}),
    ("markup in the target", lambda c: [c.request(1, path="/<script>")], {"404"}),
    ("cookies in two fields", lambda c: [c.request(1, ("cookie", "a=1"), ("cookie", "b=2"))], {"404"}),
    ("value that is said again by its number", lambda c: [c.request(1, ("x-long", "v" * 500)), c.request(3, ("x-long", "v" * 500))], {"404"}),
    ("host like the authority", lambda c: [c.request(1, ("host", "localhost"))], {"404"}),
    # Section 4: frames.
    ("frame over the agreed size", lambda c: [raw(0, 0, 1, b"x" * 20_000)], {"goaway 6"}),
    ("headers over the agreed size", lambda c: [raw(1, 4, 1, b"\0" * 20_000)], {"goaway 6"}),
    ("head that cannot be decoded", lambda c: [raw(1, 5, 1, b"\xff\xff\xff\xff\xff\xff")], {"goaway 9"}),
    ("index beyond the table", lambda c: [raw(1, 5, 1, b"\xfe")], {"goaway 9"}),
    ("table larger than allowed", lambda c: [raw(1, 5, 1, b"\x3f\xe1\xff\xff\x7f" + c.head())], {"goaway 9"}),
    # Section 5: streams.
    ("head on stream 0", lambda c: [raw(1, 5, 0, c.head())], {"goaway 1"}),
    ("even stream", lambda c: [c.request(2)], {"goaway 1"}),
    ("stream that goes back", lambda c: [c.request(5), c.request(3)], {"goaway 5"}),
    ("data on stream 0", lambda c: [raw(0, 1, 0, b"x")], {"goaway 1"}),
    ("data on an idle stream", lambda c: [raw(0, 1, 1, b"x")], {"goaway 1"}),
    ("data behind the end", lambda c: [c.request(1), raw(0, 1, 1, b"x")], {"goaway 5", "reset 5", "goaway 1", "404"}),
    ("head behind the end", lambda c: [c.request(1), c.request(1)], {"goaway 5", "reset 5", "goaway 1"}),
    ("window of an idle stream", lambda c: [raw(8, 0, 1, struct.pack(">I", 1))], {"goaway 1"}),
    ("reset of an idle stream", lambda c: [raw(3, 0, 1, struct.pack(">I", 8))], {"goaway 1"}),
    # Section 6: each kind of frame.
    ("padding longer than the data", lambda c: [c.request(1, end=False), raw(0, 9, 1, b"\x09x")], {"goaway 1"}),
    ("padding longer than the head", lambda c: [raw(1, 0xD, 1, b"\xff" + c.head())], {"goaway 1"}),
    ("priority of a wrong length", lambda c: [raw(2, 0, 1, b"\0\0\0\0")], {"reset 6"}),
    ("priority on stream 0", lambda c: [raw(2, 0, 0, b"\0\0\0\0\0")], {"goaway 1"}),
    ("reset of a wrong length", lambda c: [c.request(1, end=False), raw(3, 0, 1, b"\0\0\0")], {"goaway 6"}),
    ("reset of stream 0", lambda c: [raw(3, 0, 0, struct.pack(">I", 8))], {"goaway 1"}),
    ("settings of a stream", lambda c: [raw(4, 0, 1)], {"goaway 1"}),
    ("settings of a wrong length", lambda c: [raw(4, 0, 0, b"\0\0\0")], {"goaway 6"}),
    ("acknowledgement with settings", lambda c: [raw(4, 1, 0, b"\0\1\0\0\0\0")], {"goaway 6"}),
    ("push that is neither on nor off", lambda c: [raw(4, 0, 0, struct.pack(">HI", 2, 2))], {"goaway 1"}),
    ("window beyond 31 bits", lambda c: [raw(4, 0, 0, struct.pack(">HI", 4, 1 << 31))], {"goaway 3"}),
    ("frame size too small", lambda c: [raw(4, 0, 0, struct.pack(">HI", 5, 16_383))], {"goaway 1"}),
    ("frame size too large", lambda c: [raw(4, 0, 0, struct.pack(">HI", 5, 1 << 24))], {"goaway 1"}),
    ("push from a client", lambda c: [raw(5, 4, 1, b"\0\0\0\2" + c.head())], {"goaway 1"}),
    ("ping of a stream", lambda c: [raw(6, 0, 1, b"\0" * 8)], {"goaway 1"}),
    ("ping of a wrong length", lambda c: [raw(6, 0, 0, b"\0" * 7)], {"goaway 6"}),
    ("goaway of a stream", lambda c: [raw(7, 0, 1, b"\0" * 8)], {"goaway 1"}),
    ("window update of nothing", lambda c: [raw(8, 0, 0, b"\0" * 4)], {"goaway 1"}),
    ("window update of nothing on a stream", lambda c: [c.request(1, end=False), raw(8, 0, 1, b"\0" * 4)], {"reset 1"}),
    ("window update of a wrong length", lambda c: [raw(8, 0, 0, b"\0" * 3)], {"goaway 6"}),
    ("window over its bound", lambda c: [raw(8, 0, 0, struct.pack(">I", (1 << 31) - 1))], {"goaway 3"}),
    ("window of a stream over its bound", lambda c: [c.request(1, end=False), raw(8, 0, 1, struct.pack(">I", (1 << 31) - 1))], {"reset 3"}),
    ("continuation of nothing", lambda c: [raw(9, 4, 1, c.head())], {"goaway 1"}),
    ("continuation of another stream", lambda c: [raw(1, 1, 1, c.head()), raw(9, 4, 3, b"")], {"goaway 1"}),
    ("ping amid a head", lambda c: [raw(1, 1, 1, c.head()), raw(6, 0, 0, b"\0" * 8)], {"goaway 1"}),
    ("data amid a head", lambda c: [raw(1, 0, 1, c.head()), raw(0, 1, 1, b"x")], {"goaway 1"}),
    # Section 8: messages.
    ("name in capitals", lambda c: [raw(1, 5, 1, c.head() + b"\0\x01X\x01a")], {"reset 1"}),
    ("connection", lambda c: [c.request(1, ("connection", "close"))], {"reset 1"}),
    ("keep-alive", lambda c: [c.request(1, ("keep-alive", "5"))], {"reset 1"}),
    ("transfer-encoding", lambda c: [c.request(1, ("transfer-encoding", "chunked"))], {"reset 1"}),
    ("upgrade", lambda c: [c.request(1, ("upgrade", "h2c"))], {"reset 1"}),
    ("proxy-connection", lambda c: [c.request(1, ("proxy-connection", "close"))], {"reset 1"}),
    ("te that says more", lambda c: [c.request(1, ("te", "gzip"))], {"reset 1"}),
    ("no method", lambda c: [c.request(1, leave=[":method"])], {"reset 1"}),
    ("no scheme", lambda c: [c.request(1, leave=[":scheme"])], {"reset 1"}),
    ("no path", lambda c: [c.request(1, leave=[":path"])], {"reset 1"}),
    ("empty path", lambda c: [c.request(1, path="")], {"reset 1"}),
    ("two methods", lambda c: [c.request(1, (":method", "POST"))], {"reset 1"}),
    ("two paths", lambda c: [c.request(1, (":path", "/x"))], {"reset 1"}),
    ("pseudo-field that nobody knows", lambda c: [raw(1, 5, 1, c.head((":x", "y")))], {"reset 1"}),
    ("pseudo-field of an answer", lambda c: [raw(1, 5, 1, c.head((":status", "200")))], {"reset 1"}),
    ("pseudo-field behind a field", lambda c: [raw(1, 5, 1, c.head(pairs=[(":method", "GET"), (":scheme", "https"), ("x", "y"), (":authority", "localhost"), (":path", "/")]))], {"reset 1"}),
    ("host unlike the authority", lambda c: [c.request(1, ("host", "other"))], {"400"}),
    ("authority with a user", lambda c: [c.request(1, pairs=[(":method", "GET"), (":scheme", "https"), (":authority", "u@localhost"), (":path", "/")])], {"400"}),
    ("no authority and no host", lambda c: [c.request(1, leave=[":authority"])], {"400"}),
    ("tunnel", lambda c: [c.request(1, pairs=[(":method", "CONNECT"), (":authority", "localhost:443")])], {"501"}),
    ("line feed in a value", lambda c: [raw(1, 5, 1, c.head() + b"\0\x01x\x03a\nb")], {"reset 1"}),
    ("carriage return in a value", lambda c: [raw(1, 5, 1, c.head() + b"\0\x01x\x03a\rb")], {"reset 1"}),
    ("zero byte in a value", lambda c: [raw(1, 5, 1, c.head() + b"\0\x01x\x03a\0b")], {"reset 1"}),
    ("line feed in a name", lambda c: [raw(1, 5, 1, c.head() + b"\0\x03a\nb\x01c")], {"reset 1"}),
    ("space before a value", lambda c: [raw(1, 5, 1, c.head() + b"\0\x01x\x02 a")], {"reset 1"}),
    ("space behind a value", lambda c: [raw(1, 5, 1, c.head() + b"\0\x01x\x02a\t")], {"reset 1"}),
    ("two lengths", lambda c: [c.request(1, ("content-length", "0"), ("content-length", "0"))], {"400"}),
    ("length with a sign", lambda c: [c.request(1, ("content-length", "+0"))], {"400"}),
    ("more fields than a hundred", lambda c: [c.request(1, *[("x", str(n)) for n in range(101)])], {"431"}),
    ("head over 32 KiB", lambda c: [raw(1, 1, 1, (h := c.head(*[("x", "y" * 400)] * 90))[:16_000]) + raw(9, 4, 1, h[16_000:])], {"431"}),
    ("control character in the target", lambda c: [c.request(1, path="/\x01")], {"400"}),
    ("target without a slash", lambda c: [c.request(1, path="x")], {"400"}),
    ("scheme of another protocol", lambda c: [c.request(1, pairs=[(":method", "GET"), (":scheme", "ftp"), (":authority", "localhost"), (":path", "/")])], {"400"}),
    ("more data than its length", lambda c: [c.request(1, ("content-length", "1"), end=False, method="POST"), raw(0, 1, 1, b"xy")], {"reset 1"}),
    ("less data than its length", lambda c: [c.request(1, ("content-length", "3"), end=False, method="POST"), raw(0, 1, 1, b"x")], {"reset 1"}),
    ("length and no data", lambda c: [c.request(1, ("content-length", "3"), method="POST")], {"reset 1"}),
    # Answered before they come, or not at all.
    ("trailers with a pseudo-field", lambda c: [c.request(1, end=False, method="POST"), raw(1, 5, 1, c.encoder.encode([(":path", "/")]))], {"reset 1", "goaway 1", "400", "404"}),
    ("trailers that do not end the stream", lambda c: [c.request(1, end=False, method="POST"), raw(1, 4, 1, c.encoder.encode([("x", "y")]))], {"reset 1", "goaway 1", "404"}),
]


@pytest.mark.parametrize(("name", "send", "expected"), CASES, ids=[case[0] for case in CASES])
def test_frames_are_taken_as_the_rfc_says(server, name, send, expected):
    connection = Connection(server)
    connection.send(*send(connection))
    assert connection.outcome() in expected, name


def test_answer_to_a_head_has_no_body(server):
    connection = Connection(server)
    connection.send(connection.request(1, method="HEAD"), connection.request(3, method="GET"))
    bodies, ended = {1: b"", 3: b""}, set()
    for frame in connection.frames():
        if isinstance(frame, DataFrame):
            bodies[frame.stream_id] += frame.data
        if "END_STREAM" in frame.flags:
            ended.add(frame.stream_id)
        if ended == {1, 3}:
            break
    assert ended == {1, 3}
    assert bodies[1] == b"" and bodies[3] != b""


def test_preface_of_another_protocol_is_no_connection(server):
    connection = Connection(server, greet=False)
    connection.send(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
    assert connection.outcome() in {"goaway 1", "closed"}


def test_ping_is_answered_with_what_it_said(server):
    connection = Connection(server)
    connection.send(raw(6, 0, 0, b"12345678"))
    pings = (frame for frame in connection.frames() if isinstance(frame, PingFrame))
    pong = next(pings)
    assert "ACK" in pong.flags and pong.opaque_data == b"12345678"


def test_settings_are_acknowledged(server):
    connection = Connection(server)
    assert any(isinstance(frame, SettingsFrame) and "ACK" in frame.flags for frame in connection.frames())


def test_more_streams_than_allowed_are_refused_and_the_connection_goes_on(server):
    connection = Connection(server)
    settings = next(frame for frame in connection.frames() if isinstance(frame, SettingsFrame) and frame.settings)
    most = settings.settings[SettingsFrame.MAX_CONCURRENT_STREAMS]
    assert most <= 128
    requests = [connection.request(2 * number + 1, end=False, method="POST") for number in range(most + 1)]
    connection.send(*requests)
    assert connection.outcome(2 * most + 1) in {f"reset {REFUSED}", f"goaway {PROTOCOL}"}


def flood(server, frames, source, seconds=20):
    """Sends on until the server ends the connection; the others are served meanwhile. From an address of its own, which may be barred."""
    connection = Connection(server, source=source)
    end = time.monotonic() + seconds
    connection.socket.settimeout(seconds)
    try:
        for number in range(1_000_000):
            connection.send(*frames(connection, number))
            if number % 50 == 0:
                assert time.monotonic() < end, "the flood was let in"
    except (ConnectionError, ssl.SSLError, TimeoutError):
        return
    finally:
        assert answers(server)


def test_streams_reset_as_soon_as_made_end_the_connection(server):
    flood(server, lambda c, n: [c.request(2 * n + 1), raw(3, 0, 2 * n + 1, struct.pack(">I", CANCEL))], "127.0.9.1")


def sly_flood(server, source, streams=1000):
    """Resets ten streams at a time, each ten when the server has seen those before; returns how many it took."""
    connection = Connection(server, source=source)
    for first in range(1, 2 * streams, 20):
        numbers = range(first, first + 20, 2)
        resets = [c for n in numbers for c in (connection.request(n), raw(3, 0, n, struct.pack(">I", CANCEL)))]
        try:
            connection.send(*resets, raw(6, 0, 0, b"12345678"))
        except (ConnectionError, ssl.SSLError):
            return first // 2
        if not any(isinstance(frame, PingFrame) and "ACK" in frame.flags for frame in connection.frames(5)):
            return first // 2
    return streams


def test_streams_reset_one_after_another_end_the_connection_too_and_at_last_the_address(server):
    """Also a client that never has many reset streams waiting may open no more to reset them than a budget."""
    for _ in range(3):
        assert 100 <= sly_flood(server, "127.0.9.2") < 200
    with pytest.raises((ConnectionError, ssl.SSLError, TimeoutError)):
        Connection(server, source="127.0.9.2", seconds=2)
    assert answers(server), "other addresses are let in"
    time.sleep(0.5)
    with pytest.raises(TimeoutError):  # not even refused: the system drops what begins a connection
        Connection(server, source="127.0.9.2", seconds=2)
    assert answers(server), "other addresses are let in still"


def test_head_without_an_end_ends_the_connection(server):
    def frames(connection, number):
        if number == 0:
            return [raw(1, 1, 1, connection.head())]
        return [ContinuationFrame(1, b"\0\x01x\x40" + b"y" * 64).serialize()] * 50

    flood(server, frames, "127.0.9.4")


def test_streams_that_nobody_ends_do_not_hold_others(server):
    connection = Connection(server)
    connection.send(raw(4, 0, 0, struct.pack(">HI", 4, 0)))
    for number in range(100):
        connection.send(connection.request(2 * number + 1))
    assert answers(server)


@pytest.mark.parametrize("kind", ["settings", "ping", "data"])
def test_floods_of_small_frames_hold_nobody_up(server, kind):
    """The server may end the connection or bear with it; what it must not do is keep what it owes, or let others wait."""
    connection = Connection(server, source="127.0.9.5")
    frame = {"settings": raw(4, 0, 0), "ping": raw(6, 0, 0, b"\0" * 8), "data": raw(0, 0, 1, b"")}[kind]
    if kind == "data":
        connection.send(connection.request(1, end=False, method="POST"))
    connection.socket.settimeout(2)
    before = memory(server)
    try:
        for _ in range(400):
            # Nothing is read: what the server owes us piles up on its side, or not.
            connection.send(frame * 500)
    except (ConnectionError, ssl.SSLError, TimeoutError):
        pass
    assert answers(server)
    assert memory(server) - before < 64 << 20


def memory(server):
    with open(f"/proc/{server.process.pid}/statm") as file:
        return int(file.read().split()[1]) * 4_096


def test_windows_are_kept(server):
    """What is longer than a window waits until the client makes room."""
    connection = Connection(server)
    connection.send(raw(4, 0, 0, struct.pack(">HI", 4, 5)), connection.request(1))
    got = 0
    for frame in connection.frames(1):
        if isinstance(frame, DataFrame):
            got += len(frame.data)
    assert got <= 5
    connection.send(WindowUpdateFrame(1, window_increment=100_000).serialize())
    assert any(isinstance(frame, DataFrame) and "END_STREAM" in frame.flags for frame in connection.frames(5))
