#!/usr/bin/env python3
"""The parcel service that the layers guard. It trusts everybody and builds its SQL by hand: both on purpose.

    backend.py PORT DIR    serves on 127.0.0.1:PORT (0: a free port) and writes the port into DIR/backend.port when it is
                           ready; the secret of the webhook is in DIR/webhook.secret

GET  /parcels?id=1     the parcel's content, from a database, without the least defence against SQL injection
GET  /whoami           the headers that arrived here
POST /reports          a consumer of events: checks the Standard Webhooks signature, keeps what it got
GET  /reports          what was kept
"""

import base64
import hashlib
import hmac
import http.server
import json
import pathlib
import sqlite3
import sys
import urllib.parse

FOLDER = pathlib.Path(sys.argv[2] if len(sys.argv) > 2 else ".")
REPORTS = []


def database():
    """Returns three parcels."""
    connection = sqlite3.connect(":memory:", check_same_thread=False)
    connection.execute("create table parcels (id integer primary key, content text not null)")
    rows = [(1, "a telescope for Ada"), (2, "a compiler for Grace"), (3, "a proof for Emmy")]
    connection.executemany("insert into parcels values (?, ?)", rows)
    return connection


DATABASE = database()


def is_signed(headers, body):
    """Checks `webhook-signature` over `{id}.{timestamp}.{body}` (https://www.standardwebhooks.com)."""
    secret = base64.b64decode((FOLDER / "webhook.secret").read_text().strip().removeprefix("whsec_"))
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    wanted = "v1," + base64.b64encode(hmac.new(secret, signed, hashlib.sha256).digest()).decode()
    given = (headers["webhook-signature"] or "").split(" ")
    return any(hmac.compare_digest(wanted, one) for one in given)


class Backend(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        url = urllib.parse.urlsplit(self.path)
        query = urllib.parse.parse_qs(url.query)
        if url.path == "/parcels":
            # The hole: whatever the caller says becomes part of the statement.
            statement = "select content from parcels where id=" + query.get("id", [""])[0]
            try:
                self.answer(200, [row[0] for row in DATABASE.execute(statement)])
            except sqlite3.Error as error:
                self.answer(500, {"error": str(error)})
        elif url.path == "/whoami":
            self.answer(200, {name.lower(): value for name, value in self.headers.items()})
        elif url.path == "/reports":
            self.answer(200, REPORTS)
        else:
            self.answer(404, {"error": "not found"})

    def do_POST(self):
        body = self.rfile.read(int(self.headers["content-length"] or 0))
        if self.path != "/reports":
            return self.answer(404, {"error": "not found"})
        if not is_signed(self.headers, body):
            return self.answer(401, {"error": "this is not from our gateway"})
        REPORTS.append(json.loads(body))
        return self.answer(200, {"kept": len(REPORTS)})

    def answer(self, status, value):
        body = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        """Says nothing: the story is told elsewhere."""


def main():
    server = http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Backend)
    server.daemon_threads = True
    ready = FOLDER / "backend.port.new"
    ready.write_text(str(server.server_address[1]))
    ready.rename(FOLDER / "backend.port")
    server.serve_forever()


if __name__ == "__main__":
    main()
