"""Show how the kernel's list of processes is read."""

import os
import signal

from cli.local import family
from cli.local.family import Entry


def test_a_command_may_hold_blanks_and_parentheses():
    stat = "42 (a) (b c) S 7 42 40 0 -1 4194560 " + "0 " * 12 + "9001 0 0\n"

    assert family.read(stat) == Entry(pid=42, parent=7, session=40, started=9001)


def test_we_are_on_the_list_ourselves():
    ours = next(each for each in family.listing() if each.pid == os.getpid())

    assert ours.parent == os.getppid()
    assert ours.session == os.getsid(0)


def test_a_reused_pid_is_somebody_else():
    ours = next(each for each in family.listing() if each.pid == os.getpid())
    former = Entry(ours.pid, ours.parent, ours.session, started=ours.started - 1)
    signals = []

    family.kill(frozenset({former}), send=lambda *sent: signals.append(sent))
    family.kill(frozenset({ours}), send=lambda *sent: signals.append(sent))

    assert signals == [(os.getpid(), signal.SIGKILL)]
