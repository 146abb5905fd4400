"""How whatever takes long says how far it is."""

from collections.abc import Callable

#: How much has been done, 0 to 1, and at what.
Progress = Callable[[float, str], None]


def silent(_done: float, _what: str) -> None:
    """For whoever does not ask."""
