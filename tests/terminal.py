"""Run `forgewire` in a process of its own, and at a terminal."""

import os
import pty
import subprocess
import sys


def start(*words, stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL, **settings):
    """Start a command in a process of its own."""
    environ = {f"FORGEWIRE_{name}": str(it) for name, it in settings.items()}
    others = {k: v for k, v in os.environ.items() if not k.startswith("FORGEWIRE_")}
    return subprocess.Popen(
        [sys.executable, "-c", "from cli.main import main; main()", *words],
        env=others | environ | {"TERM": "xterm", "FORGEWIRE_DATA_DIR": "/nonexistent"},
        stdin=stdin,
        stdout=subprocess.PIPE,
        stderr=stderr,
    )


def at_terminal(*words, answer=None, **settings):
    """Run a command at a terminal; return what it showed there, and its output."""
    controller, terminal = pty.openpty()
    process = start(*words, stdin=terminal, stderr=terminal, **settings)
    os.close(terminal)
    try:
        if answer:
            os.write(controller, f"{answer}\n".encode())
        output, _ = process.communicate(timeout=30)
        shown = _read_all(controller)
    finally:
        os.close(controller)
    return shown, output.decode()


def _read_all(controller):
    shown = b""
    try:
        while chunk := os.read(controller, 65_536):
            shown += chunk
    except OSError:
        pass  # a terminal that nobody holds any more
    return shown.decode()
