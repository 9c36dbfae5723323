"""The example of the module's README runs as it stands."""

import os
import re
import subprocess
import sys

import pytest

pytest.importorskip("torch")
pytest.importorskip("scipy")

README = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "..", "README.md")


def test_example():
    with open(README, encoding="utf-8") as f:
        blocks = re.findall(r"```python\n(import costate.*?)```", f.read(), re.DOTALL)
    assert len(blocks) == 1 and blocks[0].count("\n") <= 24
    p = subprocess.run([sys.executable, "-c", blocks[0]], capture_output=True, text=True, timeout=120)
    assert p.returncode == 0, p.stderr
    lines = p.stdout.splitlines()
    assert len(lines) == 4
    assert float(lines[0].split()[-1]) <= 1e-14
    before, after = map(float, lines[2].split())
    assert after < before
    assert lines[3].startswith("Inertia(negative=50, zero=0, positive=50, certain=True)")
