"""Tell people what a receiver answered to what `forgewire send` delivered."""

from collections import Counter
from collections.abc import Iterable, Sequence

import click

from cli.deliver import Answer
from cli.output import print_table, visible

UNAUTHENTICATED = 401


def show(answers: Sequence[Answer]) -> None:
    """Print a line for each answer, a sum, and what to do about refusals."""
    print_table(
        ("", "result", "delivery id", "file"),
        [(it.status, it.result, it.delivery_id, it.name) for it in answers],
        whole=("", "result", "delivery id"),
    )
    refused = [answer for answer in answers if not answer.is_accepted]
    click.echo(
        f"\ndelivered {len(answers)}  accepted {len(answers) - len(refused)}  "
        f"refused {len(refused)}"
    )
    for line in _advice(refused):
        click.echo(visible(line))


def _advice(refused: Iterable[Answer]) -> list[str]:
    kinds = Counter((it.status, it.result, it.advice) for it in refused)
    lines = [
        f"{number} x {status} {result}: {advice}"
        for (status, result, advice), number in kinds.items()
    ]
    if any(status == UNAUTHENTICATED for status, _, _ in kinds):
        lines.append("The token is not one of that receiver: see --token-file.")
    return lines
