"""Follow the logs of a stack."""

from pathlib import Path


class Tail:
    """The lines that are added to a file from now on."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._read = path.stat().st_size

    def lines(self) -> list[str]:
        """Return the whole lines that are new since the last call."""
        with self._path.open("rb") as file:
            file.seek(self._read)
            whole = file.read().rpartition(b"\n")
        self._read += len(whole[0]) + len(whole[1])
        return whole[0].decode("utf-8", "replace").splitlines()
