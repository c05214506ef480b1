"""What docs/api.md shows works: its lines run in a shell, against real processes."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from state.store import Store
from tests.githost import SETUP
from tests.gitlab import GitLab
from tests.operating import Operated, a_row
from tests.signing import Browser, githost
from tests.world import apply

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "api.md").read_text()
SAMPLE = ROOT / "tests" / "samples" / "user_create.json"
FRONT_END = "https://ui.example.com/callback"
PERSONAL = "glpat-made-up"
#: What the host says of a personal access token that is good.
GOOD = {"active": True, "revoked": False, "scopes": ["read_user"], "expires_at": None}
#: What a shell would do with these is shown by other tests.
NOT_HERE = ("make run", "export PATH=", "API=", "forgewire send")
SIGNING_IN = "Signing in"
CURL = "curl -s -b jar -c jar"


def sections():
    """The lines to type, one list for each block, by the heading they are under."""
    found = {}
    for part in re.split(r"^## ", PAGE, flags=re.MULTILINE)[1:]:
        blocks = re.findall(r"```console\n(.*?)```", part, re.DOTALL)
        if blocks:
            found[part.partition("\n")[0]] = [typed(block) for block in blocks]
    return found


def typed(block):
    lines = [it.removeprefix("$ ") for it in block.splitlines() if it.startswith("$ ")]
    return [line for line in lines if not line.startswith(NOT_HERE)]


SECTIONS = sections()


@pytest.fixture(scope="module")
def host(tmp_path_factory):
    site = githost(tmp_path_factory.mktemp("githost"))
    yield site
    site.stop()


@pytest.fixture(scope="module")
def api(rabbitmq, mongodb, host, tmp_path_factory):
    """An API with all that the page speaks of."""
    running = Operated(
        tmp_path_factory.mktemp("api"),
        mongodb.url,
        rabbitmq.url,
        GITLAB_URL=host.url,
        GITLAB_CLIENT_ID=SETUP["client_id"],
        GITLAB_CLIENT_SECRET=SETUP["client_secret"],
        ALLOW_PRIVATE_ENDPOINTS="true",
        FRONTEND_URLS=FRONT_END,
        TOKENS_ENABLED="true",
    )
    running.wait()
    fill(running)
    host.setup(
        redirect_uris=[f"{running.url}/-/oauth/gitlab/callback", FRONT_END],
        people={"2": {"id": 2, "state": "active"}},
        tokens={PERSONAL: GOOD | {"user_id": 2}},
    )
    yield running
    running.close()


def fill(api):
    people = GitLab()
    for number in range(4):
        people.create_user(number, 0)
    # The second is whom the page speaks of.
    people.users[2].username = "ada"
    people.fail_login(1, 0)
    for number in range(4):
        people.create_group(number, number)
        people.create_project(number, number)
        people.add_member(number, number)
    apply(Store(api.db, "gitlab"), people.hooks)
    api.bury("d-1")
    api.bury("d-2", "push")
    api.keep(a_row(7))


@pytest.fixture(scope="module")
def shell(api, tmp_path_factory):
    """Type lines into a shell in a folder of its own; return what it says."""
    folder = tmp_path_factory.mktemp("shell")
    (folder / "payload.json").write_bytes(SAMPLE.read_bytes())
    ours = {f"FORGEWIRE_{name}": str(it) for name, it in api.variables.items()}
    clean = {k: v for k, v in os.environ.items() if not k.startswith("FORGEWIRE_")}
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"

    def type_in(lines, **more):
        known = {"API": api.url, "PERSONAL": PERSONAL, "FRONT_END": FRONT_END}
        known |= {"TOKEN": api.token("operator"), "ADMIN": api.token("admin")}
        done = subprocess.run(
            ["/bin/bash", "-euo", "pipefail", "-c", "\n".join(lines)],
            cwd=folder,
            env=clean | ours | {"PATH": path} | known | more,
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        assert done.returncode == 0, (lines, done.stdout, done.stderr)
        return done.stdout

    return type_in


@pytest.mark.parametrize("heading", [it for it in SECTIONS if it != SIGNING_IN])
def test_what_a_section_shows_works(shell, heading):
    said = shell([line for block in SECTIONS[heading] for line in block])

    assert said
    assert "urn:forgewire:problem" not in said


def test_a_browser_signs_out_as_shown(shell):
    sign_in = [
        "rm -f jar",
        f"HOST=$({CURL} -o /dev/null -w '%{{redirect_url}}' $API/-/oauth/gitlab)",
        'BACK=$(curl -s -o /dev/null -w "%{redirect_url}" "$HOST&as=2")',
        f'{CURL} "$BACK"',
    ]

    said = shell([*sign_in, *SECTIONS[SIGNING_IN][0]])

    assert '"end_session_url"' in said


def test_a_front_end_gets_its_token_as_shown(api, shell):
    _, begin, end = SECTIONS[SIGNING_IN]
    url = shell(["rm -f jar", *begin, 'echo "$URL"']).strip()
    with Browser(api.url) as browser:
        back = browser.agreed(url, "2")

    said = json.loads(shell(end, BACK=back))

    assert said["user_id"] == "gitlab:2"
    assert api.call("GET", "/api/v1/me", token=said["jwt"]).status_code == 200


def faults():
    rows = re.findall(r"^\| (\d+)\. .* \|(.*)\|$", PAGE, re.MULTILINE)
    return {
        int(number): re.findall(r"`(\w+\.py)::(\w+)`", told) for number, told in rows
    }


def test_every_fault_of_older_systems_has_a_test_that_exists():
    files = {path.name: path.read_text() for path in ROOT.glob("tests/*/test_*.py")}

    assert list(faults()) == list(range(1, 19))
    for number, named in faults().items():
        assert named, number
        for file, test in named:
            assert f"def {test}(" in files[file], (number, test)
