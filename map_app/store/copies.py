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

#: Share of all their runs of words that two texts have in common to be one story. Of 491 news articles no two that are
#: not copies share over half. Of copies with another dateline and a last line of their own, and a tenth of their
#: sentences cut, 97 of 100 share more than this; with a fifth cut, 85.
SAME_STORY = 0.6

#: Of fewer words than the first only the very same, title included, are the same story; of fewer than the second, none.
SHORT_WORDS = 30
FEWEST_WORDS = 8

#: Two texts that share 0.6 meet in one of the bands in 89 of 100 cases, 0.8 in 99.98, 0.2 in 3.
BANDS, ROWS = 16, 4

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


def signature_of(title: str, text: str) -> tuple[bytes, float] | None:
    """What the words of an article look like, as `BANDS * ROWS` 32-bit numbers, and how alike its copies must be.

    None for articles with too few words to be told apart. Case, punctuation and spacing do not count; the title only
    where the text is short, since outlets write their own.
    """
    words = _WORDS.findall(text[:MAX_CHARS].casefold())
    threshold = SAME_STORY
    if len(words) < SHORT_WORDS:
        words = [*_WORDS.findall(title.casefold()), *words]
        threshold = 1.0
        if len(words) < FEWEST_WORDS:
            return None
    codes = np.fromiter((zlib.crc32(word.encode("utf-8", "replace")) for word in words), np.uint64, len(words))
    runs = len(words) - SHINGLE_WORDS + 1
    shingles = np.zeros(runs, np.uint64)
    for offset, factor in enumerate(_SHINGLE):
        shingles += codes[offset : offset + runs] * factor
    shingles = np.unique(shingles ^ (shingles >> np.uint64(29)))
    hashed = shingles[None, :] * _MULTIPLIERS[:, None] + _ADDENDS[:, None]  # modulo 2**64 by itself
    return (hashed >> np.uint64(32)).min(axis=1).astype("<u4").tobytes(), threshold


def similarity(one: bytes, other: bytes) -> float:
    """The estimated share of runs of words that two texts have in common, 0 to 1."""
    return float(np.mean(np.frombuffer(one, "<u4") == np.frombuffer(other, "<u4")))


def bands_of(signature: bytes) -> list[int]:
    """Numbers of which alike texts share at least one: the keys under which a group is found."""
    width = 4 * ROWS
    parts = (bytes([band]) + signature[band * width : (band + 1) * width] for band in range(BANDS))
    return [int.from_bytes(hashlib.blake2b(part, digest_size=7).digest(), "little") for part in parts]


def group_of(connection: sqlite3.Connection, title: str, text: str) -> int | None:
    """The group of articles that carry this text, a new one where there is none yet; None for too few words.

    An article is compared with the one that a group began with, so that no chain of small changes joins two stories,
    and the cost of an article does not grow with how many copies there are.
    """
    made = signature_of(title, text)
    if made is None:
        return None
    signature, threshold = made
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
    alike = [(similarity(signature, row[1]), -row[0]) for row in met]
    if alike and max(alike)[0] >= threshold:
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
