#!/usr/bin/env python3
"""A producer of signed events, as ../events/producer.py, whose key openssl uses: nothing beside the standard library is needed.

    sign_event.py public-key KEY.pem            prints the public key as the event bus's tag holds it
    sign_event.py entry KEY.pem BUS-ARN DETAIL  prints the input of PutEvents with one signed event
"""

import json
import pathlib
import subprocess
import sys
import tempfile

# Nothing is left beside the examples.
sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "events"))
import producer  # noqa: E402

KEY_ID, SOURCE, DETAIL_TYPE = "carrier", "parcels.carrier", "report"


class OpensslKey:
    """An Ed25519 key in a file."""

    def __init__(self, file):
        self.file = file

    def public_key(self):
        return self

    def public_bytes_raw(self):
        """The last 32 bytes of a SubjectPublicKeyInfo (RFC 8410)."""
        return self._openssl("pkey", "-in", self.file, "-pubout", "-outform", "DER")[-32:]

    def sign(self, message):
        with tempfile.NamedTemporaryFile() as file:
            pathlib.Path(file.name).write_bytes(message)
            return self._openssl("pkeyutl", "-sign", "-rawin", "-inkey", self.file, "-in", file.name)

    @staticmethod
    def _openssl(*arguments):
        return subprocess.run(["openssl", *arguments], check=True, capture_output=True).stdout


def main():
    if sys.argv[1:2] == ["public-key"] and len(sys.argv) == 3:
        print(producer.public_key(OpensslKey(sys.argv[2])))
    elif sys.argv[1:2] == ["entry"] and len(sys.argv) == 5:
        key, bus, detail = OpensslKey(sys.argv[2]), sys.argv[3], json.loads(sys.argv[4])
        print(json.dumps({"Entries": [producer.entry(key, KEY_ID, bus, SOURCE, DETAIL_TYPE, detail)]}))
    else:
        sys.exit(__doc__)


if __name__ == "__main__":
    main()
