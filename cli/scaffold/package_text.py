"""Write what a package of its own has beside its first handler; pure."""

_PYPROJECT = """\
# A package of handlers: `pip install -e .`, beside Forgewire.
[build-system]
requires = ["hatchling"]
build-backend = "hatchling.build"

[project]
name = "{package}"
version = "0.1.0"
description = "Handlers for Forgewire."
requires-python = ">=3.11"
dependencies = ["forgewire"]

[project.optional-dependencies]
test = ["hypothesis", "pytest"]

# The name on the left is what FORGEWIRE_HANDLER_PACKAGES knows it by.
[project.entry-points."forgewire.handlers"]
{package} = "{package}.handlers"

[tool.hatch.build.targets.wheel]
packages = ["{package}"]
dev-mode-dirs = ["."]

[tool.pytest.ini_options]
testpaths = ["tests"]
addopts = ["--import-mode=importlib", "-p", "cli.handler_state"]
"""

_CONTRACT = '''\
"""Hold every handler of this package to what it promises, on a real MongoDB."""

from pathlib import Path

from handlers.testing import contract

SAMPLES = Path(__file__).parent / "samples"

test_contract = contract("{package}.handlers", samples=SAMPLES)
'''


def package_files(package: str) -> dict[str, str]:
    """Return the texts of a new package, by path."""
    return {
        "pyproject.toml": _PYPROJECT.format(package=package),
        f"{package}/__init__.py": '"""Handlers for Forgewire, and their events."""\n',
        f"{package}/handlers/__init__.py": '"""The decisions."""\n',
        f"{package}/schemas/__init__.py": '"""The vocabulary."""\n',
        "tests/test_contract.py": _CONTRACT.format(package=package),
    }
