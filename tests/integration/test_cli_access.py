"""Who may do what, and with which token: by commands, on a real MongoDB."""

import json
import os
import pty
import re
import subprocess
from datetime import UTC, datetime

import pytest

from api import keyring
from config.access import ROLES
from state.accounts import Accounts
from tests.commands import row, run, run_json
from tests.terminal import start
from tests.working import at_database

ADA = "gitlab:41"


@pytest.fixture
def database(shared_database):
    for name in ("users", "accounts", "tokens"):
        shared_database[name].delete_many({})
    return shared_database


@pytest.fixture
def settings(mongodb_url, database, tmp_path):
    keyring.generate(tmp_path / "keys.json", "ES256", 1_000)
    for number, name in ((41, "ada"), (42, "bob")):
        know(database, f"gitlab:{number}", username=name)
    return {
        "MONGODB_URL": at_database(mongodb_url, database.name),
        "JWT_KEYS_PATH": tmp_path / "keys.json",
    }


def know(database, subject, **more):
    user = {"_id": subject, "state": "active", "teams": ["gitlab"]}
    database["users"].insert_one(user | more)


@pytest.fixture
def accounts(database):
    return Accounts(database, "gitlab", "viewer")


@pytest.fixture
def forgewire(settings):
    return lambda *words: run(*words, **settings)


@pytest.fixture
def told(settings):
    return lambda *words: run_json(*words, **settings)


@pytest.fixture
def verify(settings, tmp_path):
    """The exit code of `forgewire token verify` for a token, and what it says."""

    def said(token, *words, **more):
        (tmp_path / "token").write_text(token)
        result = run("token", "verify", tmp_path / "token", *words, **settings | more)
        return result.exit_code, result.stdout

    return said


@pytest.mark.parametrize("who", [ADA, "41", "ada", "ADA"])
def test_a_role_is_given_to_whoever_is_named(forgewire, accounts, who):
    result = forgewire("user", "set-role", who, "operator")

    assert result.exit_code == 0
    assert result.stdout == "gitlab:41 (ada) is operator; tokens revoked: 0\n"
    assert accounts.standing(ADA).role == "operator"


def test_another_host_has_other_users(forgewire, accounts, database):
    know(database, "gitlab-eu:41", username="eve")

    forgewire("user", "set-role", "41", "admin", "--source", "gitlab-eu")

    assert accounts.standing("gitlab-eu:41").role == "admin"
    assert accounts.standing(ADA).role == "viewer"


def test_a_name_that_several_have_is_not_guessed(forgewire, database):
    know(database, "gitlab-eu:7", username="Ada")

    result = forgewire("user", "set-role", "ada", "admin")

    assert result.exit_code == 1
    assert "gitlab:41" in result.stderr
    assert "gitlab-eu:7" in result.stderr


@pytest.mark.parametrize(
    ("who", "said"),
    [
        ("nobody", "no active user is called nobody"),
        ("99", "no event told of a user gitlab:99"),
        ("other:41", "no event told of a user other:41"),
    ],
)
@pytest.mark.parametrize(
    "words", [("show",), ("set-role", "admin"), ("deactivate",)], ids=" ".join
)
def test_who_is_unknown_is_exit_code_1(forgewire, database, who, said, words):
    command, *more = words

    result = forgewire("user", command, who, *more)

    assert result.exit_code == 1
    assert said in result.stderr
    assert result.stdout == ""
    assert database["accounts"].count_documents({}) == 0


@pytest.mark.parametrize("command", ["show", "deactivate"])
def test_a_program_that_nobody_made_is_exit_code_1(forgewire, command):
    result = forgewire("user", command, "service:reports")

    assert result.exit_code == 1
    assert "forgewire user set-role service:reports ROLE" in result.stderr


@pytest.mark.parametrize(
    ("more", "said"),
    [({"state": "deleted"}, "is deleted"), ({"teams": []}, "is not in the team")],
)
def test_no_role_is_given_where_none_would_count(forgewire, database, more, said):
    database["users"].update_one({"_id": ADA}, {"$set": more})

    result = forgewire("user", "set-role", ADA, "admin")

    assert result.exit_code == 1
    assert said in result.stderr
    assert database["accounts"].count_documents({}) == 0


def test_a_program_is_made_by_its_first_role(forgewire, accounts):
    result = forgewire("user", "set-role", "service:reports", "operator")

    assert result.stdout == "service:reports is operator; tokens revoked: 0\n"
    assert accounts.standing("service:reports").role == "operator"


def test_no_role_is_the_default_of_programs(forgewire):
    forgewire("user", "set-role", "service:reports", "operator")

    assert forgewire("user", "set-role", "service:reports", "default").exit_code == 2


def test_a_role_is_taken_back(forgewire, accounts):
    forgewire("user", "set-role", "ada", "admin")
    forgewire("token", "mint", "--user", "ada")

    result = forgewire("user", "set-role", "ada", "default")

    assert result.stdout == "gitlab:41 (ada) is viewer; tokens revoked: 1\n"
    assert accounts.standing(ADA).role == "viewer"


def test_an_account_is_switched_off_with_its_tokens(forgewire, told, accounts):
    forgewire("token", "mint", "--user", "ada")

    result = forgewire("user", "deactivate", "ada")

    assert result.stdout == (
        "gitlab:41 (ada) is without a role: deactivated; tokens revoked: 1\n"
    )
    assert accounts.standing(ADA).why_not == "deactivated"
    assert told("token", "list") == []


def test_a_user_is_shown_with_who_decided(forgewire, told):
    forgewire("user", "set-role", "ada", "operator")
    forgewire("token", "mint", "--user", "ada")

    shown = forgewire("user", "show", "ada").stdout
    found = told("user", "show", ADA)

    assert shown.startswith("gitlab:41\n")
    assert row(shown, "role") == ["role", "operator"]
    assert row(shown, "good tokens") == ["good", "tokens", "1"]
    assert found["by"].startswith("cli:")
    assert found["standing"] == "active"
    assert [it["kind"] for it in found["tokens"]] == ["mint"]


def test_who_has_what_all_have_is_shown_too(told):
    found = told("user", "show", "ada")

    assert (found["role"], found["by"], found["tokens"]) == ("viewer", None, [])


def test_users_are_listed(forgewire, told, database):
    forgewire("user", "set-role", "ada", "admin")
    forgewire("user", "set-role", "service:reports", "operator")
    forgewire("user", "deactivate", "bob")
    database["users"].update_one({"_id": ADA}, {"$set": {"state": "deleted"}})
    know(database, "gitlab:43", username="eve")

    shown = forgewire("user", "list").stdout

    assert row(shown, ADA)[2:4] == ["-", "deleted"]
    assert row(shown, "gitlab:42")[:4] == ["gitlab:42", "bob", "-", "deactivated"]
    assert row(shown, "service:reports")[1:4] == ["-", "operator", "active"]
    assert [it["subject"] for it in told("user", "list", "--all")] == [
        "gitlab:42",
        "gitlab:43",
        ADA,
        "service:reports",
    ]
    assert [it["subject"] for it in told("user", "list", "--role", "operator")] == [
        "service:reports"
    ]


def test_a_long_list_says_that_it_is_cut(forgewire):
    result = forgewire("user", "list", "--all", "--limit", "1")

    assert len(result.stdout.splitlines()) == 2
    assert "--limit" in result.stderr


def test_that_there_is_nobody_is_said(forgewire):
    assert forgewire("user", "list").stdout == "there are none\n"
    assert forgewire("token", "list").stdout == "there are none\n"


def test_a_minted_token_is_all_that_is_printed_and_is_good(forgewire, verify):
    result = forgewire("token", "mint", "--user", "ada")

    assert re.fullmatch(r"[\w-]+\.[\w-]+\.[\w-]+\n", result.stdout, re.ASCII)
    assert result.stderr == ""
    code, said = verify(result.stdout)
    assert code == 0
    assert said.startswith("good\n")
    assert row(said, "role now") == ["role", "now", "viewer"]
    assert row(said, "sub") == ["sub", ADA]


def test_a_token_is_minted_for_programs(told):
    found = told("token", "mint", "--user", "ada", "--seconds", "60")

    assert found["expires_in"] == 60
    assert found["access_token"].count(".") == 2
    assert (found["subject"], found["role"], found["kind"]) == (ADA, "viewer", "mint")
    assert abs(found["created_at"] - datetime.now(UTC).timestamp()) < 60


def test_the_first_token_of_a_program_makes_it(told, accounts):
    found = told("token", "mint", "--service", "reports", "--role", "operator")

    assert (found["subject"], found["role"]) == ("service:reports", "operator")
    assert accounts.standing("service:reports").role == "operator"
    assert told("token", "mint", "--service", "reports")["role"] == "operator"


def test_a_token_may_bear_less_and_that_takes_no_role_away(told, accounts):
    told("token", "mint", "--service", "reports", "--role", "operator")

    found = told("token", "mint", "--service", "reports", "--role", "viewer")

    assert found["role"] == "viewer"
    assert accounts.standing("service:reports").role == "operator"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--service", "reports"), "give it a --role"),
        (("--user", "service:reports"), "gets no token: unknown"),
        (("--user", "nobody"), "no active user is called nobody"),
        (("--user", "99"), "gets no token: unknown"),
        (("--user", "bob"), "gets no token: deactivated"),
        (("--user", "ada", "--role", "admin"), "user set-role gitlab:41 admin"),
    ],
)
def test_who_may_not_gets_no_token(forgewire, words, said):
    forgewire("user", "deactivate", "bob")

    result = forgewire("token", "mint", *words)

    assert result.exit_code == 1
    assert said in result.stderr
    assert result.stdout == ""


def test_without_keys_no_token_is_minted(settings, tmp_path):
    settings |= {"JWT_KEYS_PATH": tmp_path / "none"}

    result = run("token", "mint", "--user", "ada", **settings)

    assert result.exit_code == 2
    assert "forgewire keys generate" in result.stderr


def test_a_token_that_is_not_good_is_told_why(forgewire, told, verify):
    token = told("token", "mint", "--user", "ada")
    forgewire("token", "revoke", token["jti"])

    code, said = verify(token["access_token"])
    of_another, unlike = verify(token["access_token"], PUBLIC_URL="http://other")

    assert (code, of_another) == (1, 1)
    assert row(said, "why not")[2:] == ["it", "was", "revoked"]
    assert row(said, "sub") == ["sub", ADA]
    assert "its claim iss is not good here" in unlike
    assert "sub" not in unlike


@pytest.mark.parametrize("text", ["", "garbage", "a.b.c", "\x1b[31m.b.c", "x" * 50_000])
def test_what_is_no_token_is_told_without_quoting_it(verify, text):
    code, said = verify(text, "--json")

    assert code == 1
    assert json.loads(said)["claims"] == {}
    assert text not in said or not text


def test_a_token_is_read_from_standard_input(settings, told):
    token = told("token", "mint", "--user", "ada")["access_token"]

    process = start("token", "verify", "--json", stdin=subprocess.PIPE, **settings)
    out, _ = process.communicate(f"Bearer {token}\n".encode(), timeout=30)

    found = json.loads(out)
    assert (found["good"], found["role_now"]) == (True, "viewer")
    assert found["claims"]["sub"] == ADA


def test_a_token_that_is_typed_is_not_shown(settings, told):
    token = told("token", "mint", "--user", "ada")["access_token"]
    controller, terminal = pty.openpty()

    process = start("token", "verify", stdin=terminal, stderr=terminal, **settings)
    asked = os.read(controller, 100)
    os.write(controller, f"{token}\n".encode())
    out, _ = process.communicate(timeout=30)
    shown = os.read(controller, 10_000)
    os.close(terminal)
    os.close(controller)

    assert asked == b"Token: "
    assert shown.strip() == b""
    assert out.startswith(b"good\n")


def test_a_token_is_revoked_once(forgewire, told):
    token = told("token", "mint", "--user", "ada")
    kept = told("token", "mint", "--user", "ada")

    first = forgewire("token", "revoke", token["jti"])
    again = forgewire("token", "revoke", token["jti"])

    assert (first.exit_code, first.stdout) == (0, "tokens revoked: 1\n")
    assert (again.exit_code, again.stdout) == (1, "tokens revoked: 0\n")
    assert [it["jti"] for it in told("token", "list")] == [kept["jti"]]


def test_all_tokens_of_one_subject_are_revoked(told):
    for who in ("ada", "ada", "bob"):
        told("token", "mint", "--user", who)

    assert told("token", "revoke", "--user", "ada") == {"revoked": 2}
    assert [it["subject"] for it in told("token", "list")] == ["gitlab:42"]


def test_tokens_are_listed_without_the_tokens(forgewire, told):
    token = told("token", "mint", "--user", "ada")
    told("token", "mint", "--user", "bob")

    shown = forgewire("token", "list", "--user", "41").stdout

    assert row(shown, token["jti"])[:4] == [token["jti"], ADA, "viewer", "mint"]
    assert len(shown.splitlines()) == 2
    assert token["access_token"].split(".")[2] not in shown


def test_tokens_of_who_is_gone_are_not_listed_as_good(told, database):
    for who in ("ada", "bob", "ada"):
        told("token", "mint", "--user", who)

    database["users"].update_one({"_id": ADA}, {"$set": {"state": "deleted"}})

    assert [it["subject"] for it in told("token", "list")] == ["gitlab:42"]
    assert told("user", "show", ADA)["tokens"] == []


@pytest.mark.parametrize("role", ROLES)
def test_every_role_can_be_given(told, role):
    assert told("user", "set-role", "ada", role)["role"] == role
