"""Who may do what, with the users that hooks feed: on a real MongoDB."""

from datetime import UTC, datetime, timedelta

import pytest

from config.access import ROLES
from state.accounts import BY_CLAIMS, Accounts
from state.issued import Issued, IssuedTokens, index_tokens
from state.migrations import migrate
from state.roster import Roster

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
ADA = "gitlab:41"


@pytest.fixture
def database(shared_database):
    for name in ("users", "accounts", "tokens"):
        shared_database[name].delete_many({})
    return shared_database


@pytest.fixture
def accounts(database):
    return Accounts(database, "gitlab", "viewer")


@pytest.fixture
def roster(database):
    return Roster(database, "gitlab", "viewer")


@pytest.fixture
def issued(database):
    return IssuedTokens(database)


def know(database, subject=ADA, **more):
    user = {"_id": subject, "state": "active", "teams": ["gitlab"], "username": "ada"}
    database["users"].replace_one({"_id": subject}, user | more, upsert=True)


def give(accounts, role, subject=ADA):
    accounts.set_role(subject, role, by="cli:root", at=NOW)


def token(jti, subject=ADA, role="viewer", lives=timedelta(hours=1)):
    return Issued(jti, subject, (role,), "mint", NOW, NOW + lives)


def live(issued, now=NOW):
    return {it.jti for it in issued.live(now)}


def test_who_is_in_the_team_has_the_role_that_all_have(database, accounts):
    know(database)

    standing = accounts.standing(ADA)

    assert (standing.role, standing.username) == ("viewer", "ada")
    assert standing.why_not is None


def test_without_such_a_role_they_have_none(database):
    know(database)

    standing = Accounts(database, "gitlab", None).standing(ADA)

    assert (standing.role, standing.why_not) == (None, "no role")
    assert standing.can_be_given_role


@pytest.mark.parametrize(
    ("told", "why_not"),
    [
        ({"state": "deleted"}, "deleted"),
        ({"state": None}, "deleted"),
        ({"teams": []}, "not in the team"),
        ({"teams": ["another"]}, "not in the team"),
    ],
)
def test_who_is_not_on_the_list_has_no_role_whatever_was_given(
    database, accounts, told, why_not
):
    know(database, **told)
    give(accounts, "admin")

    standing = accounts.standing(ADA)

    assert (standing.role, standing.why_not) == (None, why_not)
    assert not standing.can_be_given_role


@pytest.mark.parametrize("subject", [ADA, "service:reports", "", "service:", "x" * 99])
def test_who_is_unknown_has_no_role(accounts, subject):
    assert accounts.standing(subject).why_not == "unknown"


def test_an_unknown_user_with_a_role_has_none(accounts):
    give(accounts, "admin")

    assert accounts.standing(ADA).role is None


def test_a_program_has_the_role_it_was_given_and_no_other(accounts):
    give(accounts, "operator", "service:reports")

    assert accounts.standing("service:reports").role == "operator"


def test_nobody_is_a_program_by_being_called_so(database, accounts):
    know(database, "service:41")

    assert accounts.standing("service:41").role is None


def test_only_a_role_of_ours_can_be_given(accounts):
    with pytest.raises(ValueError, match="not a role"):
        give(accounts, "root")


def test_a_role_that_is_none_of_ours_counts_for_nothing(database, accounts):
    know(database)
    database["accounts"].insert_one({"_id": ADA, "role": "root", "is_active": True})

    assert accounts.standing(ADA).role is None


@pytest.mark.parametrize("subject", [ADA, "service:reports"])
def test_an_account_is_off_until_a_role_is_given_again(database, accounts, subject):
    know(database)
    give(accounts, "admin", subject)
    accounts.deactivate(subject, by="cli:root", at=NOW)

    assert accounts.standing(subject).why_not == "deactivated"
    give(accounts, "operator", subject)
    assert accounts.standing(subject).role == "operator"


def test_what_was_decided_can_be_taken_back(database, accounts):
    know(database)
    give(accounts, "admin")
    accounts.clear(ADA, at=NOW)

    assert accounts.standing(ADA).role == "viewer"


def test_claims_give_a_role_and_take_it_back(database, accounts):
    know(database)

    assert accounts.follow_claim(ADA, "operator", at=NOW)
    assert accounts.standing(ADA).role == "operator"
    assert not accounts.follow_claim(ADA, "operator", at=NOW)
    assert accounts.follow_claim(ADA, "admin", at=NOW)
    assert accounts.standing(ADA).role == "admin"
    assert accounts.follow_claim(ADA, None, at=NOW)
    assert accounts.standing(ADA).role == "viewer"
    assert not accounts.follow_claim(ADA, None, at=NOW)


@pytest.mark.parametrize("claimed", ["admin", "viewer", None])
def test_claims_change_nothing_of_what_an_operator_decided(database, accounts, claimed):
    know(database)
    give(accounts, "operator")

    assert not accounts.follow_claim(ADA, claimed, at=NOW)
    assert accounts.standing(ADA).role == "operator"


def test_claims_do_not_switch_on_who_was_switched_off(database, accounts):
    know(database)
    accounts.follow_claim(ADA, "admin", at=NOW)
    accounts.deactivate(ADA, by="cli:root", at=NOW)

    assert not accounts.follow_claim(ADA, "admin", at=NOW)
    assert accounts.standing(ADA).why_not == "deactivated"
    assert not accounts.standing(ADA).can_be_given_role


@pytest.mark.parametrize(
    ("left", "kept"),
    [
        ("admin", {"viewer", "operator", "admin"}),
        ("operator", {"viewer", "operator"}),
        ("viewer", {"viewer"}),
    ],
)
def test_who_loses_a_role_loses_the_tokens_that_bear_it(
    database, accounts, issued, left, kept
):
    know(database)
    for role in ROLES:
        issued.add(token(role, role=role))
    issued.add(token("other", "gitlab:42", "admin"))

    give(accounts, left)
    give(accounts, "admin")

    assert live(issued) == kept | {"other"}


@pytest.mark.parametrize(
    "lose",
    [
        lambda it: it.clear(ADA, at=NOW),
        lambda it: it.follow_claim(ADA, None, at=NOW),
        lambda it: it.follow_claim(ADA, "viewer", at=NOW),
    ],
    ids=["cleared", "not claimed", "claimed less"],
)
def test_however_it_is_lost(database, accounts, issued, lose):
    know(database)
    accounts.follow_claim(ADA, "admin", at=NOW)
    for role in ROLES:
        issued.add(token(role, role=role))

    lose(accounts)

    assert live(issued) == {"viewer"}


def test_who_is_switched_off_has_no_token_left(database, accounts, issued):
    know(database)
    issued.add(token("one"))
    accounts.deactivate(ADA, by="cli:root", at=NOW)
    give(accounts, "admin")

    assert live(issued) == set()
    assert issued.get("one").revoked_at == NOW


def names(listed):
    return [
        (it.standing.subject, it.standing.role, it.standing.username) for it in listed
    ]


def test_of_whom_something_was_decided_is_listed(database, accounts, roster):
    know(database)
    know(database, "gitlab:42", username="bob")
    give(accounts, "admin")
    give(accounts, "operator", "service:reports")
    give(accounts, "viewer", "gitlab:99")

    listed = list(roster.decided())

    assert names(listed) == [
        (ADA, "admin", "ada"),
        ("gitlab:99", None, None),
        ("service:reports", "operator", None),
    ]
    assert (listed[0].by, listed[0].at) == ("cli:root", NOW)


def test_everyone_is_listed_once(database, accounts, roster):
    know(database)
    know(database, "gitlab:42", username="bob")
    know(database, "gitlab:43", state="deleted")
    accounts.follow_claim(ADA, "admin", at=NOW)
    give(accounts, "operator", "service:reports")
    give(accounts, "viewer", "gitlab:99")

    listed = list(roster.everyone())

    assert names(listed) == [
        (ADA, "admin", "ada"),
        ("gitlab:42", "viewer", "bob"),
        ("gitlab:99", None, None),
        ("service:reports", "operator", None),
    ]
    assert [it.by for it in listed] == [BY_CLAIMS, None, "cli:root", "cli:root"]


def test_a_token_is_noted_and_read_back(issued):
    issued.add(token("one"))

    assert issued.get("one") == token("one")
    assert issued.get("two") is None


def test_a_row_of_a_later_version_is_read(database, issued):
    issued.add(token("one"))
    database["tokens"].update_one({}, {"$set": {"address": "x"}})

    assert issued.get("one") == token("one")


def test_one_token_is_revoked_once(issued):
    issued.add(token("one"))
    issued.add(token("two"))

    assert issued.revoke(at=NOW, jti="one") == 1
    assert issued.revoke(at=NOW + timedelta(seconds=1), jti="one") == 0
    assert issued.get("one").revoked_at == NOW
    assert live(issued) == {"two"}


def test_all_tokens_of_a_subject_are_revoked_but_those_that_expired(issued):
    for jti in ("one", "two"):
        issued.add(token(jti))
    issued.add(token("old", lives=timedelta(seconds=-1)))
    issued.add(token("other", "gitlab:42"))

    assert issued.revoke(at=NOW, subject=ADA) == 2
    assert live(issued) == {"other"}


@pytest.mark.parametrize("whose", [{}, {"jti": ""}, {"subject": ""}])
def test_nobody_s_tokens_are_nobody_s(issued, whose):
    issued.add(token("one"))

    assert issued.revoke(at=NOW, **whose) == 0
    assert live(issued) == {"one"}


def test_live_tokens_come_youngest_first(issued):
    for minutes in (1, 3, 2):
        at = NOW + timedelta(minutes=minutes)
        issued.add(Issued(str(minutes), ADA, ("viewer",), "mint", at, at))
    issued.add(token("other", "gitlab:42"))

    assert [it.jti for it in issued.live(NOW, ADA)] == ["3", "2", "1"]


def test_rows_go_a_day_after_their_token(database):
    migrate(database)
    index_tokens(database)

    expiry = database["tokens"].index_information()["expiry"]
    assert (expiry["key"], expiry["expireAfterSeconds"]) == ([("expires_at", 1)], 86400)
