"""Tell from the name of an event what it is about, and what that is called; pure."""

import re
from keyword import iskeyword

#: Of longer names the first words are left out, in letters.
MAX_SUBJECT = 18
#: Names that the texts have for something else: EventSchema, DatedSchema, `told`.
_TAKEN = frozenset({"dated", "event", "told"})
#: Last words of events that say that something is there no more.
_GONE = frozenset(
    {"destroy", "destroyed", "delete", "deleted", "remove", "removed", "revoked"}
)
#: Last words of other events that say what happened, not to what.
_HAPPENED = frozenset(
    {
        *("add", "added", "change", "changed", "close", "closed", "create", "created"),
        *("new", "open", "opened", "rename", "renamed", "transfer", "transferred"),
        *("update", "updated"),
    }
)


def removes(event: str) -> bool:
    """Return whether an event tells that something is gone."""
    return _words(event)[-1] in _GONE


def subject(event: str) -> str:
    """Return what an event is about, as a name in Python: "badge"."""
    words = _words(event)
    if len(words) > 1 and words[-1] in _GONE | _HAPPENED:
        words = words[:-1]
    while len(words) > 1 and len("_".join(words)) > MAX_SUBJECT:
        words = words[1:]
    return free("_".join(words))


def free(text: str) -> str:
    """Return `text` as a name that means nothing else where it will stand."""
    name = identifier(text)
    return f"host_{name}" if iskeyword(name) or name in _TAKEN else name


def identifier(text: str) -> str:
    """Return `text` as a name in Python, in small letters."""
    name = re.sub(r"\W+", "_", text.lower(), flags=re.ASCII).strip("_")
    return name if name[:1].isalpha() else f"event_{name}".rstrip("_")


def plural(word: str) -> str:
    """Return the plural of an English word: "badges"."""
    if re.search(r"(s|x|z|ch|sh)$", word):
        return f"{word}es"
    if re.search(r"[^aeiou]y$", word):
        return f"{word[:-1]}ies"
    return f"{word}s"


def camel(word: str) -> str:
    """Return a name as classes have it: "FeatureFlag"."""
    return "".join(part.capitalize() for part in word.split("_"))


def phrase(word: str) -> str:
    """Return a name with its article, as prose has it: "an access key"."""
    article = "an" if word[0] in "aeiou" else "a"
    return f"{article} {word.replace('_', ' ')}"


def _words(event: str) -> list[str]:
    return re.sub(r"\W+", "_", event.lower(), flags=re.ASCII).strip("_").split("_")
