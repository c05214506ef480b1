"""What senders of all kinds send: pre-made bodies, and the headers of a real host."""

from dataclasses import dataclass
from pathlib import Path

from bench.lab import TOKEN
from bench.mix import Mix

#: How many bodies are made; senders begin again with the first one.
NUMBER = 5_000
#: As GitLab sends them; each sender adds Content-Length and Idempotency-Key.
HEADERS = {
    "Content-Type": "application/json",
    "User-Agent": "GitLab/18.5.1",
    "X-Gitlab-Event": "System Hook",
    "X-Gitlab-Instance": "https://gitlab.example",
    "X-Gitlab-Webhook-UUID": "5ad5d6cb-c2c3-4b0e-a4a3-0c3b0b5a4a3f",
    "X-Gitlab-Event-UUID": "a0dcb7a4-3f0d-4a7b-8d5b-8f2cf0e6e8b1",
    "X-Gitlab-Token": TOKEN,
}


@dataclass(frozen=True, slots=True)
class Files:
    """Where senders read them, one in each line."""

    headers: Path
    bodies: Path


def write(folder: Path) -> Files:
    """Write the files into a folder."""
    files = Files(folder / "headers", folder / "bodies")
    lines = "".join(f"{name}: {value}\n" for name, value in HEADERS.items())
    files.headers.write_text(lines, "ascii")
    with files.bodies.open("wb") as file:
        file.writelines(hook.body + b"\n" for hook in Mix().hooks(NUMBER))
    return files
