"""The folder of the spool is tried as a receiver would, and left as it was."""

import pytest

from cli.spool_check import SpoolUnusable, try_spool
from tests.spooling import disk_limit


@pytest.mark.parametrize("made", ["", "var", "var/spool"])
def test_a_folder_that_takes_something_is_good_and_stays_as_it_was(tmp_path, made):
    (tmp_path / made).mkdir(exist_ok=True, parents=True)
    before = [*tmp_path.rglob("*")]

    told = try_spool(tmp_path / "var" / "spool")

    assert told == str(tmp_path / "var" / "spool")
    assert [*tmp_path.rglob("*")] == before


def test_a_folder_that_cannot_be_made_is_told_with_what_to_do(tmp_path):
    (tmp_path / "var").touch()

    with pytest.raises(SpoolUnusable, match=r"var/spool: .*FORGEWIRE_SPOOL_DIR"):
        try_spool(tmp_path / "var" / "spool")


def test_a_disk_that_takes_nothing_is_told(tmp_path):
    folder = tmp_path / "spool"

    with disk_limit(100), pytest.raises(SpoolUnusable, match="spool: File too large"):
        try_spool(folder)

    assert [*tmp_path.iterdir()] == []


def test_a_folder_on_a_network_is_warned_of(tmp_path):
    mounts = tmp_path / "mounts"
    mounts.write_text("server:/export / nfs4 rw 0 0\n")

    told = try_spool(tmp_path / "spool", mounts)

    assert "WARNING: it is on a network" in told
    assert "FORGEWIRE_SPOOL_DIR" in told
