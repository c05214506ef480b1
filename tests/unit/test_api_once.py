"""Show that a link signs in once, soon, and only with what was made here."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from api import once

NOW = 1_790_000_000


def test_a_code_is_good_once(tmp_path):
    code = once.make(tmp_path, NOW)

    assert once.use(tmp_path, code, NOW + 1)
    assert not once.use(tmp_path, code, NOW + 1)


def test_a_code_is_good_for_ten_minutes(tmp_path):
    first, second = once.make(tmp_path, NOW), once.make(tmp_path, NOW)

    assert once.use(tmp_path, first, NOW + 599)
    assert not once.use(tmp_path, second, NOW + 600)
    assert not once.use(tmp_path, second, NOW)


@pytest.mark.parametrize(
    "code", ["", "x", "a" * 43, "../" + "a" * 40, "a" * 42 + "\n", "ä" * 43]
)
def test_what_was_not_made_here_is_not_good(tmp_path, code):
    once.make(tmp_path, NOW)

    assert not once.use(tmp_path, code, NOW)


def test_nobody_has_links_where_none_was_made(tmp_path):
    assert not once.use(tmp_path, "a" * 43, NOW)


def test_of_many_who_try_at_once_one_gets_in(tmp_path):
    code = once.make(tmp_path, NOW)

    with ThreadPoolExecutor(8) as pool:
        got_in = list(pool.map(lambda _: once.use(tmp_path, code, NOW), range(64)))

    assert got_in.count(True) == 1


def test_the_folder_tells_no_code_and_is_its_owners_alone(tmp_path):
    code = once.make(tmp_path, NOW)
    folder = tmp_path / once.FOLDER
    (file,) = folder.iterdir()

    assert code not in file.name
    assert code not in file.read_text()
    assert [oct(it.stat().st_mode)[-3:] for it in (folder, file)] == ["700", "600"]


def test_links_that_are_too_old_are_swept_away(tmp_path):
    once.make(tmp_path, NOW)
    (old,) = (tmp_path / once.FOLDER).iterdir()

    once.make(tmp_path, old.stat().st_mtime + once.GOOD_SECONDS + 1)

    assert not old.exists()
