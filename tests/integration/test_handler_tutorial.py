"""Follow docs/handlers.md from an empty folder to an applied event, line by line."""

import os
import re
import shlex
import subprocess
import sys
import sysconfig
import time
import types
import venv
from pathlib import Path

import pytest

from handlers import Reaction, Transition
from handlers.reacting import reactions_in
from tests.processes import ROOT
from tests.receiver import until

PAGE = (ROOT / "docs" / "handlers.md").read_text("utf-8")
#: From the empty folder to the applied event, in seconds.
PROMISED = 60
#: What pip is told where it may ask no index: all that it takes is here.
PIP = {
    "PIP_NO_INDEX": "1",
    # The name misleads: to pip, false means that there is no isolation.
    "PIP_NO_BUILD_ISOLATION": "false",
    "PIP_DISABLE_PIP_VERSION_CHECK": "1",
    "PIP_ROOT_USER_ACTION": "ignore",
}
#: Where the processes of `forgewire up` listen.
FREE_PORTS = {
    f"FORGEWIRE_{it}_BIND": "127.0.0.1:0" for it in ("INGEST", "API", "WORKER")
}


def section(title):
    """The text of a section of the page, without those that follow."""
    return PAGE.partition(f"\n## {title}\n")[2].partition("\n## ")[0]


def blocks(title, language):
    return re.findall(rf"```{language}\n(.*?)```", section(title), re.DOTALL)


def commands():
    shown = "".join(blocks("Five minutes", "console"))
    return re.findall(r"^\$ (.*)$", shown, re.MULTILINE)


@pytest.fixture
def installed(tmp_path):
    """The programs of an environment of its own, in which Forgewire is installed."""
    venv.create(tmp_path / "venv")
    packages = sysconfig.get_path("purelib", vars={"base": str(tmp_path / "venv")})
    others = [path for path in sys.path if path.endswith("site-packages")]
    lines = ["import site", *(f"site.addsitedir({path!r})" for path in others)]
    Path(packages, "forgewire.pth").write_text("; ".join(lines) + "\n")
    programs = tmp_path / "venv" / "bin"
    for name, module, function in (
        ("forgewire", "cli.main", "main"),
        ("pip", "pip._internal.cli.main", "main"),
    ):
        program = programs / name
        program.write_text(
            f"#!{programs}/python\nimport sys\nfrom {module} import {function}\n"
            f"sys.exit({function}())\n"
        )
        program.chmod(0o755)
    return programs


class Terminals:
    """What a reader has: a folder, and the environment that commands run in."""

    def __init__(self, home, environ):
        self.home = self.folder = home
        self.environ = environ
        self.left = []

    def run(self, line):
        """Run a line as a shell would; what it does to the folder lasts."""
        where = shlex.quote(str(self.home / "folder"))
        done = subprocess.run(
            ["/bin/bash", "-ec", f"{line}\npwd > {where}"],
            cwd=self.folder,
            env=self.environ,
            capture_output=True,
            text=True,
            check=False,
            timeout=PROMISED,
        )
        if done.returncode == 0:
            self.folder = Path(self.home, "folder").read_text().strip()
        return done

    def leave_running(self, line, until_it_says):
        """Run a line in a terminal of its own, until all is over."""
        output = self.home / "output"
        with output.open("wb") as file:
            process = subprocess.Popen(
                shlex.split(line),
                cwd=self.folder,
                env=self.environ | FREE_PORTS,
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=subprocess.STDOUT,
            )
        self.left.append(process)
        until(
            lambda: until_it_says in output.read_text(),
            f"{line} says {until_it_says}",
            PROMISED,
        )

    def close(self):
        for process in self.left:
            process.terminate()
            process.wait(30)


@pytest.fixture
def terminals(tmp_path, installed, servers):
    """Terminals of a reader whose servers are those of this test."""
    clean = {k: v for k, v in os.environ.items() if not k.startswith("FORGEWIRE_")}
    home = tmp_path / "home"
    home.mkdir()
    environ = {
        **clean,
        **PIP,
        **{f"FORGEWIRE_{name}": value for name, value in servers.items()},
        "HOME": str(home),
        "PATH": f"{installed}:{os.environ['PATH']}",
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    terminals = Terminals(home, environ)
    yield terminals
    terminals.close()


def test_the_tutorial_leads_to_an_applied_event_in_a_minute(terminals):
    begun = time.monotonic()

    for line in commands():
        if line == "forgewire up":
            terminals.leave_running(line, "curl ")
        elif "state show" in line:
            until(lambda line=line: terminals.run(line).returncode == 0, line)
        else:
            done = terminals.run(line)
            assert done.returncode == 0, f"{line}\n{done.stdout}{done.stderr}"

    seconds = time.monotonic() - begun
    shown = terminals.run("forgewire state show badges 7").stdout
    assert "Gold" in shown
    assert "applied" in terminals.run("forgewire audit").stdout
    assert seconds < PROMISED


def test_the_page_shows_the_handler_that_is_written(terminals):
    (shown,) = blocks("What was written", "python")

    for line in commands()[:3]:
        assert terminals.run(line).returncode == 0

    written = terminals.run("cat badges/handlers/badges.py").stdout
    listed = terminals.run("find . -name '*.py' -o -name '*.toml' -o -name '*.json'")
    assert shown == written
    for name in re.findall(
        r"^\| `([\w/.]+)`", section("What was written"), re.MULTILINE
    ):
        assert f"./{name}\n" in listed.stdout


def test_the_reaction_that_the_page_shows_works(capsys):
    (shown,) = blocks("Reactions", "python")
    module = types.ModuleType("shown")
    exec(compile(shown, "handlers.md", "exec"), vars(module))

    (reaction,) = reactions_in([module]).values()
    assert isinstance(reaction, Reaction)
    reaction(
        Transition(
            collection="badges",
            id=7,
            kind="created",
            source="gitlab",
            before={},
            after={"label": "Gold"},
            changed_fields=("label",),
            key="badges/gitlab:7@1#shown.announce",
        )
    )
    assert capsys.readouterr().out == "created 7 Gold\n"
