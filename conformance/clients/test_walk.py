"""`examples/layers/walk.sh`: every layer on one path, each refusing what only it refuses. The script holds every step itself."""

import os
import shutil
import subprocess

import pytest

from portcullis import BINARY, REPOSITORY


def test_every_layer_holds_in_the_walk(tmp_path):
    missing = [program for program in ("bash", "curl", "openssl", "python3") if shutil.which(program) is None]
    if missing:
        pytest.skip(f"SKIPPED: the walk needs {', '.join(missing)}")
    done = subprocess.run(
        [REPOSITORY / "examples" / "layers" / "walk.sh"],
        cwd=tmp_path,
        env=os.environ | {"PORTCULLIS": BINARY, "TMPDIR": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Every layer held." in done.stdout
    assert not any(tmp_path.iterdir()), "the walk left something behind"
