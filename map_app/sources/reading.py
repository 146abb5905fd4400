"""What all readers of files share: what they yield, and what they are told."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from map_app.errors import TooLargeError, UnreadableError
from map_app.model import Article
from map_app.sources.fields import Draft, article_of, make_article


@dataclass(frozen=True, slots=True)
class Failure:
    """Something that did not become an article."""

    #: As a person would point at it: "export.csv, row 7".
    where: str
    why: str


@dataclass(frozen=True, slots=True)
class Note:
    """Something that did become one, though not just as it was; or was passed over on purpose."""

    where: str
    what: str


#: What reading yields, in the order of the input.
Item = Article | Failure | Note

#: One article is never so large; a file that holds one, or can only be read as a whole, takes ten times this in memory.
MAX_WHOLE_BYTES = 64_000_000

#: Columns that a preview lists at most.
MAX_COLUMNS = 500


def check_whole(size: int) -> None:
    """Raise TooLargeError for what is too large, in bytes, to be read as one article or object."""
    if size > MAX_WHOLE_BYTES:
        raise TooLargeError(
            f"it has {size:,} bytes, and as one article or object no more than {MAX_WHOLE_BYTES:,} are read: make it a "
            "list, or a line or row an article"
        )


def whole(reading: "Reading") -> bytes:
    """All of a file that holds one article or object; raises TooLargeError where it is too large for that."""
    check_whole(reading.path.stat().st_size)
    return reading.path.read_bytes()


@dataclass(slots=True)
class Budget:
    """What may still be unpacked from one archive, those within it included."""

    bytes: int
    files: int


@dataclass(frozen=True, slots=True)
class Reading:
    """One file being read: where it is, what it may hold, what time it is."""

    path: Path
    #: As people point at it; its ending says what kind of file it is.
    name: str
    max_bytes: int
    max_chars: int
    now: datetime
    #: Which column holds which field, where somebody has said so; see `fields.field_names`.
    mapping: Mapping[str, str] = field(default_factory=dict)
    #: Every column or key that has been met, in order.
    columns: dict[str, None] = field(default_factory=dict)
    #: In how many archives it lies, and what these may still unpack to.
    depth: int = 0
    budget: Budget | None = None

    @property
    def ending(self) -> str:
        """Of its name, in lower case, as ".csv"."""
        return Path(self.name).suffix.lower()

    def row(self, row: object, where: str) -> Iterator[Item]:
        """The article that a row of a table or a JSON object describes, or why there is none."""
        if not isinstance(row, dict):
            yield Failure(where, "it is not an object with named fields")
            return
        named = {str(key): value for key, value in row.items()}
        self.met(named)
        try:
            article, notes = article_of(
                named, source=self.name, now=self.now, max_chars=self.max_chars, mapping=self.mapping
            )
        except UnreadableError as e:
            yield Failure(where, str(e))
            return
        yield article
        yield from (Note(where, note) for note in notes)

    def met(self, columns: Mapping[str, object]) -> None:
        """Remember the columns for whoever asks which there are."""
        if len(self.columns) < MAX_COLUMNS:
            self.columns.update(dict.fromkeys(columns))

    def one(self, draft: Draft, where: str = "") -> Iterator[Item]:
        """The article of a draft, and what had to be put right; raises UnreadableError for nothing at all."""
        article, notes = make_article(draft, source=self.name, max_chars=self.max_chars)
        yield article
        yield from (Note(where or self.name, note) for note in notes)
