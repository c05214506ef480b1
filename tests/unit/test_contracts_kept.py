"""The contracts in docs/ are those of the code, and a break is written by nobody."""

import json
from copy import deepcopy
from pathlib import Path

import pytest

from handlers.registry import load
from operations.contracts.asyncapi import PATH, document
from operations.contracts.breaking import breaks
from operations.contracts.events import event_schemas
from operations.contracts.folder import differing, read
from operations.contracts.version import VERSION
from tests.commands import run, run_json

KEPT = Path(__file__).parents[2] / "docs" / "contracts"
#: Our own handlers, whatever else is installed.
HANDLERS = load(())
SCHEMAS = event_schemas(HANDLERS)
USER = "schemas/user_create.json"


@pytest.fixture
def folder(tmp_path):
    """A folder with all contracts as they are."""
    for kind in ("schemas", "asyncapi"):
        assert export(kind, tmp_path).exit_code == 0
    return tmp_path


def export(kind, folder, *more):
    return run("export", kind, "--folder", folder, *more, HANDLER_PACKAGES="")


def change(path, change):
    """Change a kept contract, as if the code had been otherwise when it was written."""
    contract = json.loads(path.read_text("utf-8"))
    change(contract)
    path.write_text(json.dumps(contract), "utf-8")


def told(name):
    """Say that an older user_create told another field too."""

    def add(contract):
        contract["properties"][name] = {"type": "string"}

    return add


@pytest.mark.parametrize(
    ("pattern", "made"),
    [
        ("schemas/*.json", SCHEMAS),
        (PATH, {PATH: document(HANDLERS)}),
    ],
    ids=["schemas", "asyncapi"],
)
def test_docs_have_the_contracts_of_the_code(pattern, made):
    assert breaks(read(KEPT, pattern), made) == []
    assert differing(KEPT, pattern, made) == [], "run: forgewire export"


@pytest.mark.parametrize("kind", ["schemas", "asyncapi"])
def test_what_was_written_is_what_would_be_written(folder, kind):
    result = export(kind, folder, "--check")

    assert result.exit_code == 0
    assert "nothing breaks" in result.stdout


@pytest.mark.parametrize("kind", ["schemas", "asyncapi"])
def test_what_is_not_there_is_a_difference_to_be_written(tmp_path, kind):
    result = export(kind, tmp_path, "--check")

    assert result.exit_code == 1
    assert "differs  " in result.stdout
    assert list(tmp_path.iterdir()) == []


def test_a_new_field_is_a_difference_that_breaks_nobody(folder):
    change(folder / USER, lambda it: it["properties"].pop("name"))

    checked = export("schemas", folder, "--check")
    written = export("schemas", folder)

    assert checked.exit_code == 1
    assert checked.stdout.splitlines()[0] == f"differs  {USER}"
    assert (written.exit_code, written.stdout.splitlines()[0]) == (
        0,
        f"written  {USER}",
    )
    assert read(folder, USER)[USER] == SCHEMAS[USER]


@pytest.mark.parametrize("option", [(), ("--check",)], ids=["write", "check"])
def test_a_field_that_is_told_no_more_is_named_and_not_written(folder, option):
    change(folder / USER, told("nick"))

    result = export("schemas", folder, *option)

    assert result.exit_code == 1
    assert "breaks  user_create.nick: is told no more\n" in result.stdout
    assert "raise VERSION" in result.stdout
    assert "nick" in read(folder, USER)[USER]["properties"]


def test_an_event_that_is_gone_breaks_who_reads_it(folder):
    (folder / USER).rename(folder / "schemas" / "user_gone.json")
    change(
        folder / "schemas" / "user_gone.json", lambda it: it.update(title="user_gone")
    )

    told = run_json(
        "export", "schemas", "--check", "--folder", folder, HANDLER_PACKAGES=""
    )

    assert told["breaks"] == ["user_gone: is gone"]
    assert told["differs"] == [USER, "schemas/user_gone.json"]


def test_a_break_under_a_raised_version_is_written(folder):
    change(folder / USER, told("nick"))
    change(folder / USER, lambda it: it.update({"$id": "urn:forgewire:v0:user_create"}))

    assert export("schemas", folder).exit_code == 0
    assert read(folder, USER)[USER] == SCHEMAS[USER]


def test_against_another_folder_only_breaks_count(folder, tmp_path_factory):
    change(folder / USER, lambda it: it["properties"].pop("name"))
    now = tmp_path_factory.mktemp("now")

    new = export("schemas", now, "--against", folder)
    change(folder / USER, told("nick"))
    broken = export("schemas", now, "--against", folder)

    assert (new.exit_code, broken.exit_code) == (0, 1)
    assert list(now.iterdir()) == []


@pytest.mark.parametrize(
    ("where", "value", "line"),
    [
        (
            ("channels", "events", "bindings", "amqp", "exchange", "type"),
            "direct",
            "channels.events.bindings.amqp.exchange.type: was direct, is topic now",
        ),
        (("channels", "other"), {}, "channels.other: is gone"),
        (("operations", "other"), {}, "operations.other: is gone"),
        (("components", "messages", "other"), {}, "message.other: is gone"),
        (
            ("components", "schemas", "event-headers", "properties", "fw-more"),
            {"type": "string"},
            "event-headers.fw-more: is told no more",
        ),
    ],
)
def test_a_queue_or_message_that_is_another_now_breaks_who_uses_it(
    folder, where, value, line
):
    def put(contract):
        for word in where[:-1]:
            contract = contract[word]
        contract[where[-1]] = value

    change(folder / PATH, put)

    assert f"breaks  {line}\n" in export("asyncapi", folder).stdout


def test_other_words_break_nobody():
    kept = {PATH: deepcopy(document(HANDLERS))}
    kept[PATH]["operations"]["apply"]["summary"] = "It was said otherwise."

    assert breaks(kept, {PATH: document(HANDLERS)}) == []


def test_the_version_is_told_in_every_contract():
    assert document(HANDLERS)["info"]["version"] == f"{VERSION}.0.0"
    assert all(f":v{VERSION}:" in it["$id"] for it in SCHEMAS.values())


@pytest.mark.parametrize("content", ["{", "[]", "\udcff"], ids=["cut", "list", "bytes"])
def test_what_is_no_contract_is_named(folder, content):
    (folder / USER).write_bytes(content.encode("utf-8", "surrogateescape"))

    result = export("schemas", folder)

    assert result.exit_code == 2
    assert "user_create.json" in result.stderr


def test_what_cannot_be_written_is_named(tmp_path):
    (tmp_path / "schemas").write_text("a file")

    result = export("schemas", tmp_path)

    assert result.exit_code == 2
    assert str(tmp_path) in result.stderr


@pytest.mark.parametrize("kind", ["schemas", "asyncapi"])
def test_help_ends_with_examples(kind):
    examples = run("export", kind, "--help").stdout.partition("Examples:")[2]

    assert f"forgewire export {kind} " in examples


@pytest.mark.parametrize(
    ("field", "kind", "word", "value"),
    [
        ("email", "string", "type", ["string", "null"]),
        ("user_id", "integer", "type", ["integer", "string"]),
        ("name", "string", "maxLength", 8192),
        ("email", "string", None, None),
    ],
)
def test_the_page_names_breaks_as_the_command_does(field, kind, word, value):
    was, now = deepcopy(SCHEMAS[USER]), deepcopy(SCHEMAS[USER])
    if word is None:
        now["properties"].pop(field)
    else:
        # As if null had never been told.
        was["properties"][field] |= {"type": kind}
        now["properties"][field] |= {"type": kind, word: value}

    (line,) = breaks({USER: was}, {USER: now})

    assert f"`{line}`" in (KEPT / "README.md").read_text("utf-8")
