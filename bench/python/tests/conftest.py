"""Finds the package: the installed one, or the sources with a server built for them."""

import os
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
PACKAGE = os.path.dirname(HERE)
MODULE = os.path.dirname(os.path.dirname(PACKAGE))

try:
    import costate  # noqa: F401
except ImportError:
    source = os.path.join(PACKAGE, "src")
    sys.path.insert(0, source)
    os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, [source, os.environ.get("PYTHONPATH")]))
    if not os.environ.get("COSTATE_PROGRAM"):
        folder = tempfile.TemporaryDirectory(prefix="costate-test-")
        program = os.path.join(folder.name, "costate")
        subprocess.run(["go", "build", "-buildvcs=false", "-o", program, "./bench"], cwd=MODULE, check=True, env=dict(os.environ, CGO_ENABLED="0"))
        os.environ["COSTATE_PROGRAM"] = program
