"""Show when handlers count as changed, and what is told of those that do not load."""

import os

import pytest

from cli.local import reload
from cli.local.process import CannotRun
from cli.local.reload import LOOK_SECONDS, Watch
from tests.packages import write
from tests.processes import ROOT

HANDLER = "from handlers import handles\n"


class Disk:
    """Files that a test changes, and a clock that it moves."""

    def __init__(self):
        self.files = {"a.py": 1, "b.py": 1}
        self.now = 0.0

    def look(self):
        return dict(self.files)

    def clock(self):
        return self.now


@pytest.fixture
def disk():
    return Disk()


@pytest.fixture
def watch(disk):
    return Watch(disk.look, clock=disk.clock)


@pytest.fixture
def next_look(disk, watch):
    """What is told at the next look, after `files` were changed."""

    def look(**files):
        disk.files |= {f"{name}.py": it for name, it in files.items()}
        disk.now += LOOK_SECONDS
        return watch.changed()

    return look


def test_nothing_is_told_while_nothing_changes(next_look):
    assert [next_look() for _ in range(3)] == [[], [], []]


def test_a_change_is_told_once_it_rests(next_look):
    assert next_look(a=2) == []
    assert next_look(a=3, b=2) == []
    assert next_look() == ["a.py", "b.py"]
    assert next_look() == []


def test_a_new_file_and_one_that_is_gone_are_changes(disk, next_look):
    next_look(c=1)
    assert next_look() == ["c.py"]
    del disk.files["c.py"]
    next_look()
    assert next_look() == ["c.py"]


def test_what_is_put_back_meanwhile_is_no_change(next_look):
    assert next_look(a=2) == []
    assert next_look(a=1) == []
    assert next_look() == []


def test_it_is_looked_at_no_more_often_than_needed(disk, watch):
    disk.files["a.py"] = 2
    disk.now += LOOK_SECONDS / 2
    early = [watch.changed() for _ in range(3)]

    assert early == [[], [], []]


def test_our_handlers_and_schemas_are_watched():
    found = reload.sources()

    for name in ("handlers/users.py", "schemas/users.py"):
        assert found[str(ROOT / name)] == (ROOT / name).stat().st_mtime_ns


def test_a_package_that_is_installed_meanwhile_is_watched(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(tmp_path)
    before = reload.sources()

    write(tmp_path, "badges_of_a_test", HANDLER)
    found = reload.sources()

    assert found.keys() - before.keys() == {
        "badges_of_a_test = badges_of_a_test",
        str(tmp_path / "badges_of_a_test.py"),
    }


@pytest.mark.parametrize("place", ["medals_of_a_test", "src/medals_of_a_test"])
def test_so_is_one_that_is_installed_as_editable(tmp_path, monkeypatch, place):
    monkeypatch.syspath_prepend(tmp_path / "site")
    write(tmp_path / "site", "medals_of_a_test", HANDLER)
    (tmp_path / "site" / "medals_of_a_test.py").unlink()
    file = tmp_path / "my project" / place / "handlers.py"
    file.parent.mkdir(parents=True)
    file.write_text(HANDLER)
    (tmp_path / "site" / "medals_of_a_test-1.dist-info" / "direct_url.json").write_text(
        f'{{"url": "{(tmp_path / "my project").as_uri()}"}}'
    )

    assert str(file) in reload.sources()


@pytest.mark.parametrize("url", [None, "https://example.com/medals.whl"])
def test_a_package_that_is_nowhere_is_left_out(tmp_path, monkeypatch, url):
    monkeypatch.syspath_prepend(tmp_path)
    write(tmp_path, "nowhere_of_a_test", HANDLER)
    (tmp_path / "nowhere_of_a_test.py").unlink()
    if url:
        direct = tmp_path / "nowhere_of_a_test-1.dist-info" / "direct_url.json"
        direct.write_text(f'{{"url": "{url}"}}')

    found = [it for it in reload.sources() if "nowhere_of_a_test" in it]

    assert found == ["nowhere_of_a_test = nowhere_of_a_test"]


def test_handlers_that_load_are_fine():
    reload.check(os.environ)


def test_handlers_that_do_not_load_are_told_with_the_place(tmp_path):
    write(tmp_path, "broken_of_a_test", "def save(:\n")

    with pytest.raises(CannotRun) as failure:
        reload.check(os.environ | {"PYTHONPATH": str(tmp_path)})

    assert "they do not load" in str(failure.value)
    assert "broken_of_a_test" in str(failure.value)
