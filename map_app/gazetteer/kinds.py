"""How a name belongs to a place."""

from enum import IntEnum


class NameKind(IntEnum):
    """Strongest first."""

    PRIMARY = 0
    ALTERNATE = 1
    ABBREVIATION = 2
