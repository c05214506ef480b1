"""Check which packages of handlers are on, and what is said of those that fail."""

from importlib.metadata import EntryPoint

import pytest

from handlers.packages import CannotLoad, NotInstalled, chosen, loaded, offered
from handlers.registry import load


def point(name, value="handlers.keys"):
    return EntryPoint(name, value, "forgewire.handlers")


BADGES, MEDALS = point("badges"), point("medals")


def test_all_that_are_installed_are_on_unless_told_otherwise():
    assert chosen([MEDALS, BADGES], None) == [BADGES, MEDALS]


def test_those_that_are_named_are_on():
    assert chosen([MEDALS, BADGES], ["medals"]) == [MEDALS]
    assert chosen([MEDALS, BADGES], []) == []


def test_two_packages_of_one_name_are_both_on():
    assert len(chosen([BADGES, point("badges", "handlers.users")], ["badges"])) == 2


def test_a_name_that_nobody_offers_is_told_with_those_that_are():
    with pytest.raises(NotInstalled) as raised:
        chosen([MEDALS, BADGES], ["badges", "budges"])

    assert str(raised.value) == (
        "FORGEWIRE_HANDLER_PACKAGES names budges, which no installed package offers "
        "(offered: badges, medals): install it beside Forgewire, or take it out"
    )


def test_the_loader_refuses_a_name_that_nobody_offers():
    with pytest.raises(NotInstalled, match="names nobody"):
        load(["nobody"])


def test_without_any_package_our_own_handlers_are_there():
    assert load([])["user_create"].name == "handlers.users.save"


def test_an_entry_point_leads_to_its_module():
    assert loaded(BADGES).__name__ == "handlers.keys"


def test_of_a_package_all_modules_count():
    names = [module.__name__ for module in offered(point("kit", "handlers.kit"))]

    assert names[0] == "handlers.kit"
    assert {"handlers.kit.faults", "handlers.kit.orders"} <= set(names[1:])


def test_a_package_that_can_be_run_is_not(tmp_path, monkeypatch):
    (tmp_path / "runnable").mkdir()
    (tmp_path / "runnable" / "__init__.py").touch()
    (tmp_path / "runnable" / "__main__.py").write_text("1 / 0")
    monkeypatch.syspath_prepend(tmp_path)

    (only,) = offered(point("runnable", "runnable"))

    assert only.__name__ == "runnable"


def test_a_module_of_a_package_that_does_not_load_is_told(tmp_path, monkeypatch):
    (tmp_path / "halves").mkdir()
    (tmp_path / "halves" / "__init__.py").touch()
    (tmp_path / "halves" / "broken.py").write_text("1 / 0")
    monkeypatch.syspath_prepend(tmp_path)

    with pytest.raises(CannotLoad, match=r"from halves\.broken: ZeroDivisionError at "):
        offered(point("halves", "halves"))


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("no_such_module", "No module named 'no_such_module'"),
        ("handlers.keys:nothing", "AttributeError at "),
        ("handlers.keys:save", "it is no module"),
    ],
)
def test_a_package_that_does_not_load_is_named_with_the_reason(value, said):
    with pytest.raises(CannotLoad) as raised:
        loaded(point("badges", value))

    told = str(raised.value)
    assert told.startswith(f"the handler package badges does not load from {value}: ")
    assert said in told
    assert "FORGEWIRE_HANDLER_PACKAGES" in told


def test_what_a_package_says_when_it_fails_is_not_repeated(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / "hasty.py").write_text('raise ValueError("rosebud")\n', "utf-8")

    with pytest.raises(CannotLoad) as raised:
        loaded(point("hasty", "hasty"))

    assert f"ValueError at {tmp_path}/hasty.py:1" in str(raised.value)
    assert "rosebud" not in str(raised.value)


def test_what_is_no_python_is_told_with_its_place(tmp_path, monkeypatch):
    (tmp_path / "torn.py").write_text("def save(\n")
    monkeypatch.syspath_prepend(tmp_path)

    with pytest.raises(CannotLoad, match=rf"SyntaxError at {tmp_path}/torn\.py:1\."):
        offered(point("torn", "torn"))
