"""Put numbers and times into words, the same on every page; pure."""

from datetime import UTC, datetime, timedelta

#: What stands for a value that nobody told.
NOTHING = "\u2013"
#: A narrow space that does not break: between thousands, and before units.
THIN = "\u202f"
#: Seconds of each unit, the largest first.
_UNITS = (("d", 86_400), ("h", 3_600), ("min", 60), ("s", 1))
_SIZES = ("B", "kB", "MB", "GB", "TB")
_STEP = 1_000
#: From so many of a unit on, its fraction says nothing any more.
_ENOUGH = 10
_JUST_NOW = 1.0
#: Further away a date says more than a number of days: 60 of them, in seconds.
_LONG_AGO = 5_184_000


def number(value: float | None) -> str:
    """Return a number with thin spaces between thousands; a dash if there is none."""
    if value is None:
        return NOTHING
    digits = f"{value:,.1f}" if isinstance(value, float) else f"{value:,}"
    return digits.removesuffix(".0").replace(",", THIN)


def seconds(value: float | None) -> str:
    """Return a time span in its two largest units: 850 ms, 1.2 s, 3 min 20 s."""
    if value is None:
        return NOTHING
    if value < 0:
        return f"-{seconds(-value)}"
    if value < 1:
        return f"{value * 1_000:.{1 if 0 < value < 0.01 else 0}f}{THIN}ms"  # noqa: PLR2004
    if value < _ENOUGH:
        return f"{value:.1f}".removesuffix(".0") + f"{THIN}s"
    return _two_units(round(value))


def size(value: float | None) -> str:
    """Return bytes in the unit that suits: 25 MB."""
    if value is None:
        return NOTHING
    unit = 0
    while abs(value) >= _STEP and unit < len(_SIZES) - 1:
        value, unit = value / _STEP, unit + 1
    digits = 1 if unit and abs(value) < _ENOUGH else 0
    return f"{value:.{digits}f}{THIN}{_SIZES[unit]}"


def moment(value: datetime | None) -> str:
    """Return a time in UTC, to the second: 2026-11-22 14:03:22 UTC."""
    if value is None:
        return NOTHING
    return f"{value.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"


def iso(value: datetime) -> str:
    """Return a time as programs read it: for the attribute of `<time>`."""
    return value.astimezone(UTC).isoformat(timespec="milliseconds")


def ago(value: datetime | None, now: datetime) -> str:
    """Return how long ago a time was, or in what time it will be; far off, its date."""
    if value is None:
        return "never"
    span = (now - value) / timedelta(seconds=1)
    if abs(span) < _JUST_NOW:
        return "just now"
    if abs(span) > _LONG_AGO:
        return f"{value.astimezone(UTC):%Y-%m-%d}"
    told = _one_unit(abs(span))
    return f"{told} ago" if span > 0 else f"in {told}"


def _one_unit(value: float) -> str:
    name, length = next(it for it in _UNITS if value >= it[1])
    return f"{int(value // length)}{THIN}{name}"


def _two_units(value: int) -> str:
    told = []
    for name, length in _UNITS:
        many, value = divmod(value, length)
        if many:
            told.append(f"{many}{THIN}{name}")
        elif told:
            # 1 h 5 s is 1 h.
            break
    return " ".join(told[:2])
