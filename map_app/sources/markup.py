"""HTML and Markdown to plain text."""

import re
from dataclasses import dataclass

from lxml import etree

from map_app.errors import UnreadableError
from map_app.sources.decode import decode

#: Above this, looking for the article within the page takes too long, and all of its text is taken.
MAX_EXTRACT_CHARS = 3_000_000

_BLOCKS = frozenset(
    re.findall(
        r"\w+",
        "address article aside blockquote br caption dd details dialog div dl dt fieldset figcaption figure "
        "footer form h1 h2 h3 h4 h5 h6 header hr li main nav ol p pre section summary table tbody td tfoot th "
        "thead tr ul",
    )
)
_UNSEEN = frozenset(
    (
        "script",
        "style",
        "noscript",
        "template",
        "svg",
        "math",
        "iframe",
        "object",
        "head",
        "title",
        "select",
        "button",
    )
)

#: Only closing and line-break tags tell markup from an article that speaks of tags.
_MARKUP = re.compile(
    r"</(?:p|div|a|span|b|i|strong|em|ul|ol|li|h[1-6]|table|blockquote|figure)\s*>|<br\s*/?>", re.IGNORECASE
)
_META_CHARSET = re.compile(rb"<meta[^>]{0,200}?charset\s*=\s*[\"']?\s*([A-Za-z0-9_:.-]{2,40})", re.IGNORECASE)
_LANG = re.compile(r"<html[^>]{0,500}?\slang\s*=\s*[\"']?([A-Za-z-]{2,20})", re.IGNORECASE)
_TITLE = re.compile(r"<title[^>]{0,200}>(.{0,2000}?)</title", re.IGNORECASE | re.DOTALL)


@dataclass(frozen=True, slots=True)
class Page:
    """What a web page says, as far as it says it."""

    title: str
    text: str
    url: str = ""
    publisher: str = ""
    published: str = ""
    language: str = ""


class _TextTarget:
    """Collects text from parser events: no tree, hence no depth that could exhaust anything."""

    def __init__(self) -> None:
        self.parts: list[str] = []
        self.unseen = 0

    def start(self, tag: str, _attributes: object) -> None:
        if tag in _UNSEEN:
            self.unseen += 1
        elif tag in _BLOCKS:
            self.parts.append("\n")

    def end(self, tag: str) -> None:
        if tag in _UNSEEN:
            self.unseen = max(0, self.unseen - 1)
        elif tag in _BLOCKS:
            self.parts.append("\n")

    def data(self, text: str) -> None:
        if not self.unseen:
            self.parts.append(text)

    def comment(self, _text: str) -> None:
        pass

    def close(self) -> str:
        return "".join(self.parts)


def looks_like_html(text: str) -> bool:
    """Whether a field of a feed or table holds markup rather than text."""
    return "<" in text and _MARKUP.search(text) is not None


def html_to_text(html: str) -> str:
    """All visible text of a page or fragment, a line a block; scripts and styles left out."""
    parser = etree.HTMLParser(target=_TextTarget(), encoding="utf-8", no_network=True)
    try:
        text: str = etree.fromstring(html.encode("utf-8", errors="replace") or b" ", parser)
    except etree.XMLSyntaxError as e:
        raise UnreadableError(f"this is not HTML that can be read: {e}") from e
    lines = (" ".join(line.split()) for line in text.split("\n"))
    return "\n".join(line for line in lines if line)


def read_page(data: bytes) -> Page:
    """The article of a saved web page, without menus and notices; raises UnreadableError where it has no text."""
    html = _decode_html(data)
    page = _extract(html) if len(html) <= MAX_EXTRACT_CHARS else None
    if page is None:
        title = _TITLE.search(html)
        language = _LANG.search(html)
        page = Page(
            title=" ".join(html_to_text(title[1]).split()) if title else "",
            text=html_to_text(html),
            language=language[1] if language else "",
        )
    if not page.text:
        raise UnreadableError("the page holds no text")
    return page


def _extract(html: str) -> Page | None:
    # Imported late: it takes longer to load than a whole text file to read.
    from trafilatura import bare_extraction  # noqa: PLC0415

    document = bare_extraction(
        html,
        with_metadata=True,
        include_comments=False,
        date_extraction_params={
            "original_date": True,
            "extensive_search": False,
            "outputformat": "%Y-%m-%dT%H:%M:%S%z",
        },
    )
    if isinstance(document, dict) or document is None or not document.text:
        return None
    language = _LANG.search(html)
    return Page(
        title=document.title or "",
        text=document.text,
        url=document.url or "",
        publisher=document.sitename or "",
        published=document.date or "",
        language=document.language or (language[1] if language else ""),
    )


def _decode_html(data: bytes) -> str:
    declared = _META_CHARSET.search(data[:4096])
    if declared is not None and not data.startswith((b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")):
        try:
            return data.decode(declared[1].decode("ascii"))
        except (LookupError, UnicodeDecodeError):
            pass  # the page says wrongly what it is: found out below
    return decode(data)


_MARKDOWN = (
    (re.compile(r"^```.*$", re.MULTILINE), ""),
    (re.compile(r"!\[[^\]\n]{0,500}\]\([^)\n]{0,2000}\)"), ""),
    (re.compile(r"\[([^\]\n]{1,500})\]\([^)\n]{0,2000}\)"), r"\1"),
    (re.compile(r"^ {0,3}>+ ?", re.MULTILINE), ""),
    (re.compile(r"^ {0,3}#{1,6} +", re.MULTILINE), ""),
    (re.compile(r"^ {0,3}(?:[-*_] ?){3,}$", re.MULTILINE), ""),
    (re.compile(r"^( {0,8})[-*+] +", re.MULTILINE), r"\1"),
    (re.compile(r"(\*\*|__)(?=\S)([^\n]{1,1000}?\S|\S)\1"), r"\2"),
    (re.compile(r"(?<![\w*])\*(?=\S)([^*\n]{1,1000})\*(?!\w)"), r"\1"),
    (re.compile(r"`([^`\n]{1,500})`"), r"\1"),
)


def markdown_to_text(markdown: str) -> str:
    """Markdown with its marks taken off: headings, emphasis, links (their words stay) and images."""
    for pattern, replacement in _MARKDOWN:
        markdown = pattern.sub(replacement, markdown)
    return markdown
