"""Read variables from a mapping or the files it names; report all problems at once."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from environs import EnvValidationError, FileAwareEnv


class SettingsError(Exception):
    """Raised when settings are wrong; lists all of them, and no secret's value."""

    def __init__(self, problems: tuple[str, ...]) -> None:
        #: One line each: the variable, what is wrong, an example.
        self.problems = problems
        super().__init__("\n  ".join(["The settings are wrong:", *problems]))


class Reader(FileAwareEnv):
    """Parse variables of the mapping it is given, where environs knows os.environ."""

    def __init__(self, environ: Mapping[str, str], *, prefix: str) -> None:
        super().__init__(eager=False, prefix=prefix, strip_whitespace=True)
        self._given = environ

    def _get_value(self, env_key: str, default: Any) -> Any:
        # The one place in environs that touches os.environ. Empty means not set, as
        # it does for the `${NAME:-}` of Compose.
        path = self._given.get(env_key + self.file_suffix)
        value = self._given.get(env_key, "").strip()
        if path and value:
            self._errors[env_key].append(f"Set it or {env_key}_FILE, not both.")
        elif path:
            value = self._read(env_key, Path(path))
        return value or default

    def _read(self, env_key: str, path: Path) -> str:
        try:
            return path.read_bytes().decode("utf-8", "surrogateescape").strip()
        except (OSError, ValueError):
            self._errors[env_key].append(
                f"The file that {env_key}_FILE names cannot be read."
            )
            return ""

    def finish(self, examples: Mapping[str, str]) -> None:
        """Raise SettingsError if any variable read so far was wrong."""
        try:
            self.seal()
        except EnvValidationError as exc:
            raise SettingsError(_lines(exc.error_messages, examples)) from exc


def _lines(messages: Any, examples: Mapping[str, str]) -> tuple[str, ...]:
    return tuple(
        f"{name}: {text} For example: {examples[name]}"
        for name, texts in messages.items()
        for text in texts
    )
