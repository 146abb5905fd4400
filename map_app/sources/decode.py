"""Bytes to text: byte order marks, declared and undeclared encodings."""

import codecs
import re
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

#: XML and HTML in two or four bytes a character, without a mark: "<" between zeros.
_WIDE = (
    (re.compile(rb"\0\0\0<"), "utf-32-be"),
    (re.compile(rb"<\0\0\0"), "utf-32-le"),
    (re.compile(rb"\0<\0[^\0]"), "utf-16-be"),
    (re.compile(rb"<\0[^\0]\0"), "utf-16-le"),
    (re.compile(rb"\x4c\x6f\xa7\x94"), "cp037"),  # "<?xm" in EBCDIC
)

#: What a declaration means, where Python takes it more narrowly than those who write it.
_MEANT = {
    "ascii": "cp1252", "us-ascii": "cp1252", "iso-8859-1": "cp1252", "iso8859-1": "cp1252", "latin1": "cp1252",
    "latin-1": "cp1252", "iso_8859-1": "cp1252", "windows-1252": "cp1252", "iso-8859-9": "cp1254",
    "gb2312": "gb18030", "gbk": "gb18030", "gb_2312-80": "gb18030", "x-gbk": "gb18030", "shift_jis": "cp932",
    "shift-jis": "cp932", "sjis": "cp932", "x-sjis": "cp932", "windows-31j": "cp932", "euc-kr": "cp949",
    "ks_c_5601-1987": "cp949", "big5": "big5hkscs", "tis-620": "cp874", "iso-8859-11": "cp874",
    "windows-874": "cp874", "macintosh": "mac_roman", "x-mac-cyrillic": "mac_cyrillic",
}  # fmt: skip

#: Encodings of Python's that are no feed's or page's, or that are told otherwise.
_NO_TEXT = ("utf-16", "utf16", "utf_16", "utf-32", "utf32", "utf_32", "idna", "punycode", "unicode_escape",
            "raw_unicode_escape", "undefined", "unicode-escape", "raw-unicode-escape")  # fmt: skip

#: Encodings that write other scripts in ASCII's bytes, as Python names them.
_SEVEN_BIT = frozenset(("iso2022_jp", "iso2022_jp_1", "iso2022_jp_2", "iso2022_jp_3", "iso2022_jp_ext",
                        "iso2022_kr", "hz", "utf-7"))  # fmt: skip

#: Share of the characters beyond ASCII that may not fit what is declared: fewer are damage, more another encoding.
MAX_BROKEN = 0.1


def decode(data: bytes) -> str:
    """Text of bytes in whatever encoding they are; what cannot be read becomes U+FFFD."""
    return data.decode(_encoding_of(data[:4], iter([data]), data[:SAMPLE_BYTES]), errors="replace")


def decode_declared(data: bytes, *declared: str) -> str:
    """Text of bytes whose source says what they are, the most trusted word first, and may be wrong.

    A byte order mark goes before any declaration; so does UTF-8 that is sound and more than ASCII, since nothing else
    looks like it by chance. Declarations that do not fit are passed over; where none fits, see `decode`.
    """
    if any(data.startswith(mark) for mark, _ in _MARKS):
        return data.decode(_encoding_of(data[:4], iter([data]), b""), errors="replace")
    for pattern, name in _WIDE:
        if pattern.match(data):
            return data.decode(name, errors="replace")
    codecs_declared = [codec for name in declared if (codec := _codec(name))]
    if data.isascii():
        escaped = next((codec for codec in codecs_declared if codec in _SEVEN_BIT), "ascii")
        return data.decode(escaped, errors="replace")
    if _is_utf8(iter([data])):
        return data.decode("utf-8")
    for codec in codecs_declared or ["utf-8"]:
        text = data.decode(codec, errors="replace")
        beyond_ascii = len(text) - len(text.encode("ascii", errors="ignore"))
        if text.count("\ufffd") <= beyond_ascii * MAX_BROKEN:
            return text
    return decode(data)


def encoding_of_file(path: Path) -> str:
    """The name of the encoding that a file is in, without holding the file in memory."""
    with path.open("rb") as file:
        sample = file.read(SAMPLE_BYTES)

    def chunks() -> Iterator[bytes]:
        with path.open("rb") as whole:
            while chunk := whole.read(CHUNK_BYTES):
                yield chunk

    return _encoding_of(sample[:4], chunks(), sample)


def _codec(name: str) -> str:
    """What Python calls the encoding that a declaration means, or nothing."""
    name = name.strip().lower()
    name = _MEANT.get(name, name)
    try:
        # The two-byte kinds have been told by their zeros: a declaration of one that comes to here is wrong.
        return "" if name.startswith(_NO_TEXT) else codecs.lookup(name).name if "x".encode(name) else ""
    except (LookupError, UnicodeError, ValueError):
        return ""


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
