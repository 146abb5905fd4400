"""Which articles carry the same text, such as an agency's: found by MinHash, grouped, never merged.

MinHash and its bands: A. Broder, "On the resemblance and containment of documents" (1997); J. Leskovec,
A. Rajaraman, J. Ullman, "Mining of Massive Datasets", chapter 3.
"""

import hashlib
import re
import sqlite3
import zlib

import numpy as np
import numpy.typing as npt

#: Runs of this many words are what two texts have in common or not; unrelated news shares hardly any.
SHINGLE_WORDS = 3

#: Share of all their runs of words that two texts have in common to be one story. Of 589 news articles no two that are
#: not copies share over half but for one pair, two reports of one visit, which share 0.53. What this and the following
#: find, and that they join no two stories, is measured by benchmarks/copies.py; the table is in docs/ingest.md.
SAME_STORY = 0.6

#: Or else: share of the shorter's runs that the longer has too, where one is the other cut, ...
CUT_COPY = 0.85
#: ... or this, where they begin with the same words as well: agencies' stories are cut from the end.
CUT_FROM_THE_END = 0.65
#: Share of the runs of their beginnings that must be the same then.
SAME_START = 0.6
#: What a cut copy shares of all runs at least: a brief is not one story with the round-up that holds it.
FEWEST_IN_COMMON = 0.25

#: The beginning of a text, of which there is a signature of its own.
START_WORDS = 100

#: Of fewer words than the first only the very same, title included, are the same story; of fewer than the second, none.
SHORT_WORDS = 30
FEWEST_WORDS = 8

#: Two texts that share 0.6 meet in one of the bands in 89 of 100 cases, 0.8 in 99.98, 0.2 in 3. Of beginnings, 0.8 in
#: 88, 0.9 in 99.
BANDS, ROWS = 16, 4
START_BANDS = 4

#: What of a text is looked at, so that no article costs more than a millisecond or two.
MAX_CHARS = 20_000

#: Groups whose bands are looked up and whose signatures are compared for one article.
MAX_MET = 500
MAX_COMPARED = 20

#: Scripts without spaces between words (Thai, Lao, Burmese, Khmer, kana, Han): there each letter counts as a word.
_UNSPACED = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff"
_WORDS = re.compile(f"[{_UNSPACED}]|[^\\W_{_UNSPACED}]+")


def _constants(name: str, count: int) -> npt.NDArray[np.uint64]:
    """Fixed odd numbers, the same on every machine and version."""
    digests = (hashlib.blake2b(f"{name} {i}".encode(), digest_size=8).digest() for i in range(count))
    return np.array([int.from_bytes(digest, "little") | 1 for digest in digests], dtype=np.uint64)


_SHINGLE = _constants("shingle", SHINGLE_WORDS)
_MULTIPLIERS = _constants("multiplier", BANDS * ROWS)
_ADDENDS = _constants("addend", BANDS * ROWS)


#: Parts of a signature, in bytes: the numbers of the whole text, those of its beginning, and how many runs it has.
_WHOLE, _START, _COUNT = 4 * BANDS * ROWS, 4 * START_BANDS * ROWS, 4


def signature_of(title: str, text: str) -> tuple[bytes, bool] | None:
    """What the words of an article look like, and whether only the very same is its copy.

    None for articles with too few words to be told apart. Case, punctuation and spacing do not count; the title only
    where the text is short, since outlets write their own.
    """
    words = _WORDS.findall(text[:MAX_CHARS].casefold())
    is_short = len(words) < SHORT_WORDS
    if is_short:
        words = [*_WORDS.findall(title.casefold()), *words]
        if len(words) < FEWEST_WORDS:
            return None
    codes = np.fromiter((zlib.crc32(word.encode("utf-8", "replace")) for word in words), np.uint64, len(words))
    whole = _shingles(codes)
    start = whole if len(codes) <= START_WORDS else _shingles(codes[:START_WORDS])
    made = _least(whole, BANDS * ROWS) + _least(start, START_BANDS * ROWS)
    return made + len(whole).to_bytes(_COUNT, "little"), is_short


def _shingles(codes: npt.NDArray[np.uint64]) -> npt.NDArray[np.uint64]:
    """A number for each run of SHINGLE_WORDS words, each once."""
    runs = len(codes) - SHINGLE_WORDS + 1
    shingles = np.zeros(runs, np.uint64)
    for offset, factor in enumerate(_SHINGLE):
        shingles += codes[offset : offset + runs] * factor
    return np.unique(shingles ^ (shingles >> np.uint64(29)))


def _least(shingles: npt.NDArray[np.uint64], count: int) -> bytes:
    """The least of each of `count` ways to number the shingles anew, as 32-bit numbers."""
    hashed = shingles[None, :] * _MULTIPLIERS[:count, None] + _ADDENDS[:count, None]  # modulo 2**64 by itself
    least: bytes = (hashed >> np.uint64(32)).min(axis=1).astype("<u4").tobytes()
    return least


def similarity(one: bytes, other: bytes) -> float:
    """The estimated share of runs of words that two texts have in common, 0 to 1."""
    return _agreement(one[:_WHOLE], other[:_WHOLE])


def containment(one: bytes, other: bytes) -> float:
    """The estimated share of the shorter text's runs of words that the longer has too, 0 to 1."""
    counts = [int.from_bytes(signature[-_COUNT:], "little") for signature in (one, other)]
    alike = similarity(one, other)
    return min(1.0, alike * sum(counts) / ((1 + alike) * min(counts)))


def likeness(one: bytes, other: bytes) -> float:
    """How alike two texts are, 0 to 1; 0 where they are two stories."""
    alike = similarity(one, other)
    if alike >= SAME_STORY:
        return alike
    if alike < FEWEST_IN_COMMON:
        return 0.0
    starts = _agreement(one[_WHOLE : _WHOLE + _START], other[_WHOLE : _WHOLE + _START])
    wanted = CUT_FROM_THE_END if starts >= SAME_START else CUT_COPY
    return alike if containment(one, other) >= wanted else 0.0


def _agreement(one: bytes, other: bytes) -> float:
    return float(np.mean(np.frombuffer(one, "<u4") == np.frombuffer(other, "<u4")))


def bands_of(signature: bytes) -> list[int]:
    """Numbers of which alike texts share at least one: the keys under which a group is found."""
    width = 4 * ROWS
    parts = (bytes([n]) + signature[n * width : (n + 1) * width] for n in range(BANDS + START_BANDS))
    return [int.from_bytes(hashlib.blake2b(part, digest_size=7).digest(), "little") for part in parts]


def group_of(connection: sqlite3.Connection, title: str, text: str) -> int | None:
    """The group of articles that carry this text, a new one where there is none yet; None for too few words.

    An article is compared with the one that a group began with, so that no chain of small changes joins two stories,
    and the cost of an article does not grow with how many copies there are.
    """
    made = signature_of(title, text)
    if made is None:
        return None
    signature, is_short = made
    bands = bands_of(signature)
    met = connection.execute(
        f"""
        SELECT number, signature FROM story_group JOIN (
            SELECT story_group, count(*) AS bands FROM (
                SELECT story_group FROM story_band WHERE band IN ({", ".join("?" * len(bands))}) LIMIT {MAX_MET}
            ) GROUP BY story_group ORDER BY bands DESC, story_group LIMIT {MAX_COMPARED}
        ) ON number = story_group
        """,
        bands,
    ).fetchall()
    alike = [(likeness(signature, row[1]), -row[0]) for row in met]
    if alike and max(alike)[0] >= (1.0 if is_short else FEWEST_IN_COMMON):
        best: int = -max(alike)[1]
        return best
    number: int = connection.execute(
        "INSERT INTO story_group (signature) VALUES (?) RETURNING number", (signature,)
    ).fetchone()[0]
    connection.executemany("INSERT OR IGNORE INTO story_band VALUES (?, ?)", [(band, number) for band in bands])
    return number


def forget_if_empty(connection: sqlite3.Connection, group: int) -> None:
    """Remove a group that the last of its articles has left."""
    if connection.execute("SELECT 1 FROM article WHERE story_group = ? LIMIT 1", (group,)).fetchone():
        return
    row = connection.execute("SELECT signature FROM story_group WHERE number = ?", (group,)).fetchone()
    if row is not None:
        bands = [(band, group) for band in bands_of(row[0])]
        connection.executemany("DELETE FROM story_band WHERE band = ? AND story_group = ?", bands)
        connection.execute("DELETE FROM story_group WHERE number = ?", (group,))
