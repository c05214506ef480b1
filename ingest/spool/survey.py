"""Read what is in a spool folder, without a lock, for whoever counts events."""

from collections.abc import Iterator
from pathlib import Path

from broker.message import Message
from ingest.spool import records
from ingest.spool.errors import NotASpoolFile
from ingest.spool.segment import SET_ASIDE_SUFFIX, SUFFIX


def messages(folder: Path, *, set_aside: bool = False) -> Iterator[Message]:
    """Yield what the files hold, oldest file first; what cannot be read is left out.

    Some of it may be in the queue already: a file goes when all in it is confirmed.
    With `set_aside`, read the files that were set aside instead. Raise OSError.
    """
    suffix = SET_ASIDE_SUFFIX if set_aside else SUFFIX
    for path in sorted(it for it in folder.glob(f"*{suffix}") if it.is_file()):
        try:
            content = path.read_bytes()
            salt = records.salt_of(content)
        except (FileNotFoundError, NotASpoolFile):
            continue
        yield from records.scan(content[records.HEADER_BYTES :], salt).messages
