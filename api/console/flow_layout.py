"""Where the picture of the way has its boxes and arrows, on any screen."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Box:
    """Where a part stands, in units of the picture."""

    x: int
    y: int
    width: int
    height: int

    @property
    def middle(self) -> int:
        return self.x + self.width // 2


@dataclass(frozen=True, slots=True)
class Arrow:
    """From where to where one goes, and where the rate stands beside it."""

    path: str
    x: int
    y: int
    anchor: str = "middle"


@dataclass(frozen=True, slots=True)
class Layout:
    """A picture of one shape."""

    name: str
    width: int
    height: int
    boxes: Mapping[str, Box]
    arrows: Mapping[str, Arrow]


WIDE = Layout(
    "wide",
    1072,
    264,
    {
        "host": Box(4, 8, 152, 104),
        "receivers": Box(232, 8, 152, 104),
        "rabbitmq": Box(460, 8, 152, 104),
        "workers": Box(688, 8, 152, 104),
        "mongodb": Box(916, 8, 152, 104),
        "spool": Box(232, 164, 152, 92),
        "dead-letters": Box(688, 164, 152, 92),
    },
    {
        "sent": Arrow("M158 60H226", 192, 50),
        "received": Arrow("M386 60H454", 420, 50),
        "worked": Arrow("M614 60H682", 648, 50),
        "written": Arrow("M842 60H910", 876, 50),
        "spooled": Arrow("M290 114V158", 282, 140, "end"),
        "drained": Arrow("M386 210H536V118", 461, 202),
        "died": Arrow("M764 114V158", 774, 140, "start"),
    },
)
TALL = Layout(
    "tall",
    328,
    620,
    {
        "host": Box(4, 4, 152, 84),
        "receivers": Box(4, 136, 152, 84),
        "rabbitmq": Box(4, 268, 152, 84),
        "workers": Box(4, 400, 152, 84),
        "mongodb": Box(4, 532, 152, 84),
        "spool": Box(190, 136, 134, 84),
        "dead-letters": Box(190, 400, 134, 84),
    },
    {
        "sent": Arrow("M80 90V130", 90, 115, "start"),
        "received": Arrow("M80 222V262", 90, 247, "start"),
        "worked": Arrow("M80 354V394", 90, 379, "start"),
        "written": Arrow("M80 486V526", 90, 511, "start"),
        "spooled": Arrow("M158 178H184", 171, 130),
        "drained": Arrow("M257 222V310H162", 210, 302),
        "died": Arrow("M158 442H184", 171, 390),
    },
)
LAYOUTS = (WIDE, TALL)
