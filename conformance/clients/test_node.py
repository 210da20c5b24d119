"""amazon-cognito-identity-js and aws-jwt-verify on Node, with our admin listener as their endpoint."""

import json
import subprocess

from portcullis import node_folder
from world import PASSWORD


def sign_in(server, guarded, password):
    given = {
        "endpoint": server.endpoints["admin"] + "/",
        "pool": guarded.pool,
        "client": guarded.client,
        "username": "ada",
        "password": password,
    }
    command = ["node", "sign_in.mjs", json.dumps(given)]
    done = subprocess.run(command, cwd=node_folder(), capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_identity_js_signs_in_refreshes_and_signs_out_and_jwt_verify_agrees(server, guarded):
    out = sign_in(server, guarded, PASSWORD)
    assert "error" not in out, out
    assert (out["idUse"], out["accessUse"]) == ("id", "access")
    assert out["wrongUse"] and out["tampered"], out
    assert out["refreshed"] and "email" in out["attributes"]
    assert out["afterSignOut"] == "NotAuthorizedException"


def test_identity_js_is_refused_with_a_wrong_password(server, guarded):
    assert sign_in(server, guarded, "Wrong-password-1")["error"] == "NotAuthorizedException"
