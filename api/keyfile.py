"""Replace a secret file at once or not at all, by one process at a time."""

import fcntl
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def alone(path: Path) -> Iterator[None]:
    """Let no two processes change the file at once; raise OSError.

    The folder is made if need be, and what was written there is on disk at the end.
    """
    folder = _target(path).parent
    folder.mkdir(parents=True, exist_ok=True)
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
        os.fsync(handle)
    finally:
        os.close(handle)


def write(path: Path, text: str) -> None:
    """Replace the file; raise OSError, and then it is what it was.

    A new one can be read by its owner only; else by those who could read it before.
    """
    target = _target(path)
    handle, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}-")
    try:
        with os.fdopen(handle, "w") as file:
            if target.exists():
                _give_as(file.fileno(), target.stat())
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        Path(name).replace(target)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def _give_as(handle: int, former: os.stat_result) -> None:
    # Root may rotate the keys of a process that is not root.
    os.fchown(handle, former.st_uid, former.st_gid)
    os.fchmod(handle, former.st_mode & 0o777)


def _target(path: Path) -> Path:
    # A link, such as Kubernetes makes to a mounted secret, stays one.
    return path.resolve()
