"""Show that the API's page works without inline script and without any other site."""

import re
from urllib.parse import urljoin

import pytest


@pytest.fixture(scope="module", params=["/apidocs", "/apidocs/"])
def page(api, request):
    return api.call("GET", request.param)


def test_the_page_is_there_without_a_token(page):
    assert page.status_code == 200
    assert page.headers["Content-Type"].startswith("text/html")


def test_no_script_and_no_style_is_in_the_page_itself(page):
    assert re.findall(r"<script[^>]*>(.*?)</script>", page.text, re.DOTALL) == ["", ""]
    assert "<style" not in page.text
    assert not re.search(r"\son\w+=", page.text)
    assert "javascript:" not in page.text


def test_the_page_lets_no_script_run_but_our_files(page):
    policy = page.headers["Content-Security-Policy"]
    directives = dict(
        it.strip().split(" ", 1) for it in policy.split(";") if it.strip()
    )

    assert directives["default-src"] == "'none'"
    assert directives["script-src"] == "'self'"
    assert directives["connect-src"] == "'self'"
    assert "unsafe-inline" not in directives["script-src"]
    assert "unsafe-eval" not in policy


def test_all_that_the_page_loads_is_ours_and_there(api, page):
    asked = re.findall(r'(?:src|href)="([^"]+)"', page.text)

    assert len(asked) == 4
    for path in asked:
        answer = api.call("GET", path)
        assert urljoin(api.url, path).startswith(api.url)
        assert answer.status_code == 200, path
        assert answer.content
    script = api.call("GET", "/apidocs/start.js")
    assert script.headers["Content-Type"].startswith("text/javascript")
    assert '"/apidocs.json"' in script.text
