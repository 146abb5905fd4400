"""Bytes to text: byte order marks, declared and undeclared encodings."""

import codecs
from collections.abc import Iterator
from pathlib import Path

from charset_normalizer import from_bytes

#: How much of a file that is not UTF-8 is looked at to find out what else it is: detection is slow.
SAMPLE_BYTES = 200_000

#: Share of odd characters more that Western European may show and still be taken: one in a hundred.
NEARLY_AS_WELL = 0.01

#: Fewer bytes than this look like any encoding; what most often stands in so few that are not UTF-8 is taken.
FEWEST_BYTES = 32

CHUNK_BYTES = 1 << 20

_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


def decode(data: bytes) -> str:
    """Text of bytes in whatever encoding they are; what cannot be read becomes U+FFFD."""
    return data.decode(_encoding_of(data[:4], iter([data]), data[:SAMPLE_BYTES]), errors="replace")


def encoding_of_file(path: Path) -> str:
    """The name of the encoding that a file is in, without holding the file in memory."""
    with path.open("rb") as file:
        sample = file.read(SAMPLE_BYTES)

    def chunks() -> Iterator[bytes]:
        with path.open("rb") as whole:
            while chunk := whole.read(CHUNK_BYTES):
                yield chunk

    return _encoding_of(sample[:4], chunks(), sample)


def clean(text: str) -> str:
    """The same text without what no page or database takes: NUL, lone surrogates, carriage returns."""
    text = text.replace("\0", "").replace("\r\n", "\n").replace("\r", "\n").removeprefix("\ufeff")
    return text.encode("utf-8", errors="replace").decode("utf-8") if _has_surrogates(text) else text


def _has_surrogates(text: str) -> bool:
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return True
    return False


def _encoding_of(start: bytes, chunks: Iterator[bytes], sample: bytes) -> str:
    for mark, name in _MARKS:
        if start.startswith(mark):
            return name
    if _is_utf8(chunks):
        return "utf-8"
    if len(sample) < FEWEST_BYTES:
        return "cp1252"
    matches = from_bytes(sample)
    best = matches.best()
    if best is None:
        return "cp1252"
    western = [match for match in matches if match.encoding in ("cp1252", "latin_1")]
    # Where Western European reads as well as the Central European that is its twin, it is what is meant.
    return "cp1252" if western and western[0].chaos <= best.chaos + NEARLY_AS_WELL else best.encoding


def _is_utf8(chunks: Iterator[bytes]) -> bool:
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        for chunk in chunks:
            decoder.decode(chunk)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True
