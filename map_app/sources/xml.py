"""XML without entities and document types, for whoever parses feeds and lists of feeds.

What was checked is what is parsed: bytes become text here, once, and go on as UTF-8 that says so. A parser that would
read the encoding or the document type differently never sees either. The attacks: docs/safety.md.
"""

import codecs
import re
from typing import Any

from lxml import etree

from map_app.errors import UnreadableError
from map_app.sources.decode import clean, decode

#: Encodings that Python knows and XML on the web does not use: they hide markup from those who look for it.
_HIDING = frozenset(
    ("utf_7", "unicode_escape", "raw_unicode_escape", "idna", "punycode", "cp037", "cp273", "cp424", "cp500", "cp875",
     "cp1026", "cp1140", "mbcs", "oem", "undefined")
)  # fmt: skip

_EBCDIC_START = b"\x4c\x6f\xa7\x94"
_DECLARED = re.compile(rb"""\A\s*<\?xml\s[^>]{0,200}?encoding\s*=\s*["']([A-Za-z0-9_.:-]{2,40})["']""")
_DECLARATION = re.compile(r"\A\s*<\?xml\s[^>]{0,1000}?\?>", re.IGNORECASE)
#: What may stand before the root element, by how it begins; or the root itself.
_BEFORE_ROOT = re.compile(r"<!--|<\?|<!DOCTYPE|<!ENTITY|<[^\W\d]", re.IGNORECASE)
_ENTITY = re.compile(r"<!ENTITY", re.IGNORECASE)
#: What the end of a document type is told by: quoted words are passed over whole.
_IN_DOCTYPE = re.compile(r"""<!--|"|'|\[|\]|>""")


def plain_xml(data: bytes, charset: str = "") -> bytes:
    """The same document as UTF-8 without its document type; raises UnreadableError where it declares entities.

    `charset` is what the answer's header said, or empty; a byte order mark goes before it.
    """
    text = without_doctype(_text_of(data, charset))
    return b'<?xml version="1.0" encoding="utf-8"?>\n' + text.encode("utf-8", errors="replace")


def parse_xml(data: bytes, charset: str = "") -> Any:
    """The root element as lxml has it; raises UnreadableError. Nested more than 256 deep is refused (libxml2)."""
    parser = etree.XMLParser(
        resolve_entities=False, load_dtd=False, dtd_validation=False, no_network=True, huge_tree=False, recover=False
    )
    try:
        return etree.fromstring(plain_xml(data, charset), parser)
    except etree.XMLSyntaxError as e:
        raise UnreadableError(f"this is not sound XML: {e}") from e


def without_doctype(text: str) -> str:
    """XML text without its declaration and document type; raises UnreadableError where that declares entities.

    Entities are refused rather than left out, since only attacks declare them in what is read here, and a document
    without what they stand for would say something else. External document types are never looked at.
    """
    declaration = _DECLARATION.match(text)
    position = declaration.end() if declaration else 0
    kept: list[str] = []
    while found := _BEFORE_ROOT.search(text, position):
        kind = found[0].upper()
        start = found.start()
        if kind == "<!ENTITY":
            raise UnreadableError("refused: this XML declares entities")
        if kind == "<!DOCTYPE":
            kept.append(text[position:start])
            position = _end_of_doctype(text, found.end())
            if _ENTITY.search(text, start, position):
                raise UnreadableError("refused: this XML declares entities")
        elif kind in ("<!--", "<?"):
            mark = "-->" if kind == "<!--" else "?>"
            end = text.find(mark, found.end())
            if end < 0:
                break
            kept.append(text[position : end + len(mark)])
            position = end + len(mark)
        else:
            break
    return "".join(kept) + text[position:]


def _end_of_doctype(text: str, position: int) -> int:
    depth = 0
    while found := _IN_DOCTYPE.search(text, position):
        position = found.end()
        mark = found[0]
        if mark in ('"', "'", "<!--"):
            end = text.find("-->" if mark == "<!--" else mark, position)
            if end < 0:
                break
            position = end + (3 if mark == "<!--" else 1)
        elif mark == "[":
            depth += 1
        elif mark == "]":
            depth = max(0, depth - 1)
        elif depth == 0:
            return position
    raise UnreadableError("this is not sound XML: its document type never ends")


def _text_of(data: bytes, charset: str) -> str:
    data = data.lstrip(b" \t\r\n")
    if data.startswith(_EBCDIC_START):
        raise UnreadableError("refused: this XML is in EBCDIC, which hides markup")
    for mark, name in ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF32_LE, "utf-32"), (codecs.BOM_UTF32_BE, "utf-32"),
                       (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16")):  # fmt: skip
        if data.startswith(mark):
            return clean(data.decode(name, errors="replace"))
    for start, name in ((b"<\0\0\0", "utf-32-le"), (b"\0\0\0<", "utf-32-be"), (b"<\0", "utf-16-le"),
                        (b"\0<", "utf-16-be")):  # fmt: skip
        if data.startswith(start):
            return clean(data.decode(name, errors="replace"))
    declared = _DECLARED.match(data)
    for name in (charset, declared[1].decode("ascii") if declared else ""):
        try:
            known = codecs.lookup(name).name.replace("-", "_") if name else ""
        except LookupError:
            continue
        if known in _HIDING:
            raise UnreadableError(f"refused: this XML says it is in {name}, which hides markup")
        # UTF-16 and UTF-32 have been told by their first bytes; a document that only says so is not in them.
        if known and not known.startswith(("utf_16", "utf_32")):
            try:
                return clean(data.decode(known))
            except (UnicodeDecodeError, LookupError, AttributeError):
                continue
    return clean(decode(data))
