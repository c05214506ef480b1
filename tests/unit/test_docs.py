"""What the documents show is so."""

import re
import shlex
import types
from pathlib import Path

import click
import pytest

from cli.main import main
from config.settings import EXAMPLES, load
from handlers import Delete, Put
from handlers.registry import by_event, handlers_in

ROOT = Path(__file__).parents[2]
PAGES = sorted(
    path
    for it in ("*.md", "docs/**/*.md", "examples/**/*.md")
    for path in ROOT.glob(it)
)
README = (ROOT / "README.md").read_text()
BLOCK = re.compile(r"```(\w+)\n(.*?)```", re.DOTALL)


def blocks(text, language):
    return [code for kind, code in BLOCK.findall(text) if kind == language]


def commands(text):
    """The commands in a page: in its console blocks, and between backquotes."""
    lines = [
        line.removeprefix("$ ").partition("#")[0]
        for block in blocks(text, "console")
        for line in block.splitlines()
        if line.startswith("$ ")
    ]
    return [*lines, *re.findall(r"`(forgewire [^`]+|make [a-z-]+)`", text)]


ALL_COMMANDS = sorted(
    {it.strip() for page in PAGES for it in commands(page.read_text())}
)


def settings_table():
    row = re.compile(r"^\| `(FORGEWIRE_\w+)` \| (?:`(.*?)`)? ?\|", re.MULTILINE)
    return dict(row.findall(README))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page):
    links = re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text())

    assert [link for link in links if not (page.parent / link).exists()] == []


@pytest.mark.parametrize("line", [it for it in ALL_COMMANDS if "forgewire" in it])
def test_a_command_that_a_page_shows_exists_with_its_options(line):
    words = shlex.split(line.partition("forgewire ")[2])
    command, context = main, click.Context(main)
    while isinstance(command, click.Group) and words and words[0] != "--help":
        command = command.get_command(context, words.pop(0))
        assert command is not None, line

    options = {name for option in command.params for name in option.opts}
    shown = {word for word in words if word.startswith("--")}
    assert shown <= options | {"--help"}


@pytest.mark.parametrize("line", [it for it in ALL_COMMANDS if it.startswith("make ")])
def test_a_target_that_a_page_shows_exists(line):
    makefile = (ROOT / "Makefile").read_text()

    assert re.search(rf"^{line.split()[1]}:", makefile, re.MULTILINE)


def test_the_readme_lists_every_setting_with_its_default():
    example = (ROOT / ".env.example").read_text()
    defaults = dict(re.findall(r"^(FORGEWIRE_\w+)=(.*)$", example, re.MULTILINE))

    assert settings_table().keys() == EXAMPLES.keys()
    assert settings_table() == {name: defaults[name] for name in EXAMPLES}


def test_the_sources_that_the_readme_shows_are_read(tmp_path):
    (shown,) = blocks(README, "toml")
    for name, content in (("a", "token"), ("b", "whsec_" + "QUJD" * 8)):
        (tmp_path / name).write_text(content)
    paths = re.sub(r"/run/secrets/gitlab_eu\w+", str(tmp_path / "b"), shown)
    paths = paths.replace("/run/secrets/gitlab_tokens", str(tmp_path / "a"))
    (tmp_path / "sources.toml").write_text(paths)

    settings = load({"FORGEWIRE_CONFIG": str(tmp_path / "sources.toml")})

    assert settings.sources.keys() == {"gitlab", "gitlab-eu"}


def test_the_handler_that_the_readme_shows_works():
    (shown,) = blocks(README, "python")
    module = types.ModuleType("badges")
    exec(compile(shown, "README.md", "exec"), vars(module))
    handlers = by_event(handlers_in([module]))
    payload = {"id": 7, "label": "Gold", "updated_at": "2026-01-05T08:00:00Z"}

    decided = {
        event: handler(handler.schema.load(payload | {"more": "ignored"}))
        for event, handler in handlers.items()
    }

    assert decided["badge_create"] == [Put("badges", 7, {"label": "Gold"})]
    assert decided["badge_destroy"] == [Delete("badges", 7)]


def test_the_handler_that_the_readme_shows_is_that_of_the_example():
    (shown,) = blocks(README, "python")

    assert shown == (ROOT / "examples/badges/badges/handlers.py").read_text()
