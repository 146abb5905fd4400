"""OPML, in which feed readers exchange their lists of feeds."""

from collections.abc import Iterable
from dataclasses import dataclass

from lxml import etree

from map_app.errors import UnreadableError
from map_app.sources.decode import clean, decode_declared
from map_app.sources.doctype import without_doctype
from map_app.sources.fields import web_url
from map_app.sources.reading import Failure

#: More feeds than anybody follows; a list of more is a mistake.
MAX_FEEDS = 20_000

_NOT_IN_XML = dict.fromkeys((*range(9), 11, 12, *range(14, 32), 0xFFFE, 0xFFFF))


@dataclass(frozen=True, slots=True)
class Listed:
    """A feed in a list."""

    url: str
    title: str = ""
    #: The address of the site that it is of, or empty.
    site: str = ""


def read_opml(data: bytes, name: str) -> tuple[list[Listed], list[Failure]]:
    """The feeds of an OPML document, each address once, in its order; and what could not be taken.

    Groups are looked through at any depth. A list that is broken or was cut off gives what is whole before that.
    Raises UnreadableError where the bytes are no OPML or name no feed.
    """
    text = without_doctype(clean(decode_declared(data, _declared_encoding(data))).lstrip())
    start = text.find("<", text.find("?>") + 2 if text.startswith("<?xml") else 0)
    parser = etree.XMLParser(recover=True, resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    try:
        root = etree.fromstring(text[max(start, 0) :].translate(_NOT_IN_XML).encode("utf-8"), parser)
    except (etree.XMLSyntaxError, ValueError) as e:
        raise UnreadableError(f"{name} is not OPML: {e}") from e
    found: dict[str, Listed] = {}
    failures: list[Failure] = []
    for number, outline in enumerate(_outlines(root), start=1):
        attributes = {str(key).lower(): str(value) for key, value in outline.attrib.items()}
        address = attributes.get("xmlurl", "").strip()
        if not address:
            continue
        url = web_url(address.replace("feed://", "http://", 1) if address.lower().startswith("feed://") else address)
        title = " ".join((attributes.get("title") or attributes.get("text") or "").split())[:300]
        if not url:
            why = f"{address[:80]!r} is not a web address (http or https)"
            failures.append(Failure(f"{name}, outline {number}", why))
        elif url not in found:
            if len(found) >= MAX_FEEDS:
                raise UnreadableError(f"{name} names more than {MAX_FEEDS:,} feeds")
            found[url] = Listed(url, title, web_url(attributes.get("htmlurl", "")))
    if not found and not failures:
        raise UnreadableError(f"{name} names no feed: an OPML list names each by an outline's xmlUrl")
    return list(found.values()), failures


def write_opml(feeds: Iterable[Listed], title: str) -> bytes:
    """The list as an OPML 2.0 document in UTF-8."""
    root = etree.Element("opml", version="2.0")
    etree.SubElement(etree.SubElement(root, "head"), "title").text = _writable(title)
    body = etree.SubElement(root, "body")
    for feed in feeds:
        name = _writable(feed.title or feed.url)
        outline = etree.SubElement(body, "outline", type="rss", text=name, title=name, xmlUrl=_writable(feed.url))
        if feed.site:
            outline.set("htmlUrl", _writable(feed.site))
    written: bytes = etree.tostring(root, xml_declaration=True, encoding="UTF-8", pretty_print=True)
    return written


def _outlines(root: "etree._Element | None") -> "Iterable[etree._Element]":
    return () if root is None else root.iter("{*}outline", "{*}Outline", "{*}OUTLINE")


def _declared_encoding(data: bytes) -> str:
    declaration = data[:200].partition(b"?>")[0].partition(b"encoding=")[2]
    return declaration[1:].partition(declaration[:1])[0].decode("ascii", errors="ignore") if declaration else ""


def _writable(text: str) -> str:
    return clean(text).translate(_NOT_IN_XML)
