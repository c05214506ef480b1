"""`forgewire keys`: make and change the keys that sign tokens."""

import time
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from api import keyring
from api.keys import ALGORITHMS, Key, Ring
from cli import connect
from cli.options import examples, json_option
from cli.output import print_json, print_table

_algorithm = click.Choice(ALGORITHMS)
_path_option = click.option(
    "--path",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="The file; default: FORGEWIRE_JWT_KEYS_PATH.",
)


@click.group("keys")
def group() -> None:
    """Look after the keys that sign our tokens: one file, the same for all APIs.

    The file is secret: who has it can be anybody. It is read again when it changes.
    """


@group.command(
    "generate",
    epilog=examples(
        "forgewire keys generate",
        "forgewire keys generate --algorithm RS256 --path /etc/forgewire/keys.json",
    ),
)
@click.option(
    "--algorithm",
    type=_algorithm,
    default="ES256",
    show_default=True,
    help="RS256 (3072 bits) for those who verify our tokens and know no other.",
)
@_path_option
@json_option
def generate(*, algorithm: str, path: Path | None, as_json: bool) -> None:
    """Make the file, with one key that signs at once; it needs no server.

    Only its owner can read it: run this as the user that runs the API. A file that is
    there is left alone, and that exits 2.
    """
    path = _path(path)
    key = keyring.generate(path, algorithm, time.time())
    if as_json:
        print_json(_about(key, path))
    else:
        click.echo(f"{path}: key {key.kid} ({key.algorithm}) signs from now on")


@group.command(
    "rotate",
    epilog=examples(
        "forgewire keys rotate",
        "forgewire keys rotate --algorithm RS256",
        "forgewire keys rotate --drop-old",
    ),
)
@click.option("--algorithm", type=_algorithm, help="Default: that of the newest key.")
@click.option(
    "--drop-old",
    is_flag=True,
    help="The old keys became known: sign with the new one at once, and end all "
    "tokens and sessions.",
)
@_path_option
@json_option
def rotate(
    *, algorithm: str | None, drop_old: bool, path: Path | None, as_json: bool
) -> None:
    """Add a key, and drop those that nothing needs any more.

    The new key is published at once and signs 10 minutes later, so that whoever keeps a
    copy of our public keys has it by then, and so that you can copy the file to other
    machines. The old ones verify for 65 minutes more, longer than any token lives.
    """
    path, now = _path(path), time.time()
    after = 0 if drop_old else keyring.PUBLISH_SECONDS
    key = keyring.rotate(path, algorithm, now, after, keeps_old=not drop_old)
    ring = keyring.load(path)
    if as_json:
        print_json({**_about(key, path), "keys": list(_rows(ring, now))})
        return
    click.echo(f"{path}: key {key.kid} ({key.algorithm}) signs from {_when(key)}")
    for old in ring.live(now):
        if old.kid != key.kid:
            until = _until(ring, old)
            click.echo(f"  {old.kid} ({old.algorithm}) verifies until {_text(until)}")
    if drop_old:
        click.echo("  all that was signed before is no good any more")


@group.command(
    "show", epilog=examples("forgewire keys show", "forgewire keys show --json")
)
@_path_option
@json_option
def show(*, path: Path | None, as_json: bool) -> None:
    """Show which key signs and which verify; nothing secret.

    With --json the public halves too, as they stand at /oauth/discovery/keys.
    """
    now = time.time()
    ring = keyring.load(_path(path))
    if as_json:
        print_json(list(_rows(ring, now)))
        return
    columns = ("kid", "algorithm", "state", "signs_from", "verifies_until")
    rows = [[row[it] for it in columns] for row in _rows(ring, now)]
    print_table([it.replace("_", " ") for it in columns], rows, whole=("kid",))


def _path(given: Path | None) -> Path:
    return given or connect.settings().access.jwt_keys_path


def _about(key: Key, path: Path) -> Mapping[str, Any]:
    return {
        "path": path,
        "kid": key.kid,
        "algorithm": key.algorithm,
        "signs_from": key.begins,
    }


def _rows(ring: Ring, now: float) -> Iterator[Mapping[str, Any]]:
    signing = ring.signing(now)
    for key in ring.live(now):
        waits = key.signs_from > now
        yield {
            "kid": key.kid,
            "algorithm": key.algorithm,
            "state": "signs" if key is signing else "waits" if waits else "verifies",
            "signs_from": key.begins,
            "verifies_until": _until(ring, key),
            "public": key.public(),
        }


def _until(ring: Ring, key: Key) -> datetime | None:
    end = ring.end_of(key)
    return None if end is None else datetime.fromtimestamp(end, UTC)


def _when(key: Key) -> str:
    return "now on" if key.signs_from <= time.time() else _text(key.begins)


def _text(moment: datetime | None) -> str:
    return "-" if moment is None else f"{moment:%Y-%m-%d %H:%M:%S} UTC"
