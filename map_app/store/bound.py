"""Many values for one `IN (...)`: SQLite takes only so many at once."""

from collections.abc import Iterator, Sequence
from typing import TypeVar

T = TypeVar("T")

#: Of the values that SQLite takes, which is 999 in old versions.
AT_ONCE = 500


def bound(values: Sequence[T]) -> Iterator[tuple[Sequence[T], str]]:
    """The values a part at a time, each with as many question marks."""
    for start in range(0, len(values), AT_ONCE):
        some = values[start : start + AT_ONCE]
        yield some, ", ".join("?" for _ in some)
