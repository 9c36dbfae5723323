"""Builds the server, a Go program, into the wheel."""

import os
import subprocess
import sys

from setuptools import Distribution, setup
from setuptools.command.build_py import build_py
from wheel.bdist_wheel import bdist_wheel

HERE = os.path.dirname(os.path.abspath(__file__))
MODULE = os.path.dirname(os.path.dirname(HERE))  # where go.mod is


class BuildServer(build_py):
    """Runs go build for the package's program, without C."""

    def run(self):
        super().run()
        if self.editable_mode:
            folder = os.path.join(HERE, "src", "costate", "_bin")
        else:
            folder = os.path.join(self.build_lib, "costate", "_bin")
        name = "costate.exe" if sys.platform == "win32" else "costate"
        env = dict(os.environ, CGO_ENABLED="0")
        command = ["go", "build", "-buildvcs=false", "-ldflags=-s -w", "-o", os.path.join(os.path.abspath(folder), name), "./bench"]
        if not os.path.exists(os.path.join(MODULE, "go.mod")):
            raise SystemExit(f"costate is built inside of its Go module, whose go.mod is not in {MODULE}")
        try:
            subprocess.run(command, cwd=MODULE, env=env, check=True)
        except FileNotFoundError:
            raise SystemExit("costate is built by Go 1.26 or later, and there is no go command") from None


class PlatformWheel(bdist_wheel):
    """A wheel for any Python 3 on this platform: the program is no extension module."""

    def finalize_options(self):
        super().finalize_options()
        self.root_is_pure = False

    def get_tag(self):
        _, _, platform = super().get_tag()
        return "py3", "none", platform


class WithProgram(Distribution):
    def has_ext_modules(self):
        return True


setup(distclass=WithProgram, cmdclass={"build_py": BuildServer, "bdist_wheel": PlatformWheel})
