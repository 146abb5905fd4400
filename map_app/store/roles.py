"""The roles of a place in an article as one number, so that an index holds them: 1 focus + 2 mention + 4 dateline."""

from collections.abc import Iterable

from map_app.model import Role

_BITS = {Role.FOCUS: 1, Role.MENTION: 2, Role.DATELINE: 4}


def packed(roles: Iterable[Role]) -> int:
    """The number of these roles."""
    return sum(_BITS[role] for role in set(roles))


def unpacked(number: int) -> tuple[Role, ...]:
    """The roles of a number, strongest first; raises ValueError where it is of none."""
    roles = tuple(role for role, bit in _BITS.items() if number & bit)
    if not roles or number > sum(_BITS.values()):
        raise ValueError(f"{number} is no sum of roles")
    return roles


def strongest(column: str) -> str:
    """SQL for the strongest role alone of such a number, smallest for the focus."""
    return f"({column} & -{column})"
