"""HTML and Markdown to plain text."""

import re
from dataclasses import dataclass
from html import unescape
from urllib.parse import urljoin

from lxml import etree

from map_app.errors import UnreadableError
from map_app.sources.decode import clean, decode_declared

#: Above this, looking for the article within the page takes too long, and all of its text is taken.
MAX_EXTRACT_CHARS = 3_000_000

#: How far into a page its encoding may be declared: browsers look at the first kilobyte, some pages come later.
DECLARED_WITHIN_BYTES = 16_384

#: How far into a page what it says of itself is looked for: heads with styles in them are long.
MAX_HEAD_CHARS = 300_000

#: How far into a page it is looked whether it begins like one.
BEGINS_WITHIN_CHARS = 5_000

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
_XML_CHARSET = re.compile(rb"""\s*<\?xml\s[^>]{0,200}?encoding\s*=\s*["']([A-Za-z0-9_:.-]{2,40})["']""")
_LINK = re.compile(r"<link\s[^>]{1,3000}>", re.IGNORECASE)
_IS_CANONICAL = re.compile(r"""\brel\s*=\s*["']?canonical\b""", re.IGNORECASE)
_HREF = re.compile(r"""\bhref\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s>"']+))""", re.IGNORECASE)
_LANG = re.compile(r"<html[^>]{0,500}?\slang\s*=\s*[\"']?([A-Za-z-]{2,20})", re.IGNORECASE)
_HTML = re.compile(r"<html[\s>]", re.IGNORECASE)
_BEGINS = re.compile(r"(?>\s+|<\?xml[^>]*>|<!--.*?-->)*+<(?:!doctype|html)\b", re.IGNORECASE | re.DOTALL)
_TITLE = re.compile(r"<title[^>]{0,200}>(.{0,2000}?)</title", re.IGNORECASE | re.DOTALL)


@dataclass(frozen=True, slots=True)
class Page:
    """What a web page says, as far as it says it."""

    title: str
    text: str
    url: str = ""
    publisher: str = ""
    #: Names with semicolons between them.
    author: str = ""
    published: str = ""
    language: str = ""
    #: The text is all that can be seen, since no article could be told from it.
    whole: bool = False


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


def read_page(data: bytes, *, charset: str = "", url: str = "") -> Page:
    """The article of a web page, without menus and notices; raises UnreadableError where it has no text.

    `charset` is what the answer's header said and `url` where it came from, as far as they are known. A page in which
    no article can be told from the rest gives all its visible text.
    """
    html = decode_html(data, charset)
    page = _extract(html, url) if len(html) <= MAX_EXTRACT_CHARS else None
    if page is None:
        language = _LANG.search(html[:MAX_HEAD_CHARS])
        page = Page(
            title=title_of(html),
            text=html_to_text(html),
            language=language[1] if language else "",
            whole=True,
        )
    if not page.text:
        raise UnreadableError("the page holds no text")
    return page


def title_of(html: str) -> str:
    """What the page's head gives as its title, or nothing."""
    title = _TITLE.search(html[:MAX_HEAD_CHARS])
    return " ".join(html_to_text(title[1]).split()) if title else ""


def decode_html(data: bytes, charset: str = "") -> str:
    """The text of a page: by its byte order mark, the header's charset, what it declares, or as its bytes look."""
    start = data[:DECLARED_WITHIN_BYTES]
    declared = [found[1].decode("ascii") for found in (_META_CHARSET.search(start), _XML_CHARSET.match(start)) if found]
    return clean(decode_declared(data, charset, *declared))


def _extract(html: str, url: str) -> Page | None:
    # Imported late: it takes longer to load than a whole text file to read.
    from trafilatura import bare_extraction, load_html  # noqa: PLC0415

    # Trees, never strings: htmldate takes a string that looks like an address for one, and downloads it.
    html = _begun(html)
    tree = load_html(html)
    if tree is None:
        return None
    document = bare_extraction(
        tree,
        url=url or None,
        with_metadata=True,
        include_comments=False,
        date_extraction_params={"original_date": True, "extensive_search": True},
    )
    if isinstance(document, dict) or document is None or not document.text:
        return None
    language = _LANG.search(html[:MAX_HEAD_CHARS])
    title = document.title or ""
    first, _, rest = document.text.partition("\n")
    return Page(
        title=title,
        # The heading is the title already.
        text=rest.strip() if rest.strip() and first.strip() == title.strip() else document.text,
        url=_canonical(html, url) or document.url or "",
        publisher=document.sitename or "",
        author=document.author or "",
        published=_published(html, document.date or "", document.url or ""),
        language=document.language or (language[1] if language else ""),
    )


def _begun(html: str) -> str:
    """The page from its first tag on: trafilatura takes for a page only what begins like one, unlike browsers."""
    if _BEGINS.match(html[:BEGINS_WITHIN_CHARS]):
        return html
    start = _HTML.search(html)
    return html[start.start() :] if start else f"<html>{html}</html>"


def _canonical(html: str, url: str) -> str:
    """The page's canonical link; nothing where it has none, or but half of one and no address to start from."""
    for link in _LINK.findall(html[:MAX_HEAD_CHARS]):
        href = _HREF.search(link) if _IS_CANONICAL.search(link) else None
        if href is not None:
            written = unescape(href[1] or href[2] or href[3] or "").strip()
            try:
                whole = urljoin(url, written)
            except ValueError:
                return ""
            return whole if written and whole.startswith(("https://", "http://")) else ""
    return ""


def _published(html: str, day: str, url: str) -> str:
    """The day that was found, with its time and zone where the page gives them; or nothing where it was only guessed.

    The wide search also finds years and months alone, and makes them the first of January or of the month.
    """
    from htmldate import find_date  # noqa: PLC0415
    from trafilatura import load_html  # noqa: PLC0415

    tree = load_html(html)
    if not day or tree is None:
        return ""
    moment = find_date(
        tree,
        extensive_search=False,
        original_date=True,
        outputformat="%Y-%m-%dT%H:%M:%S%z",
        url=url or None,
        deferred_url_extractor=True,
    )
    if moment and moment.startswith(day):
        # Midnight without a zone is what a day alone becomes.
        return day if moment == f"{day}T00:00:00" else str(moment)
    if day.endswith("-01") and not _names_first_day(html, day):
        return ""
    return day


def _names_first_day(html: str, day: str) -> bool:
    year, month, _ = day.split("-")
    in_figures = rf"{year}\D?{month}\D?01|\b0?1\D0?{int(month)}\D{year}|\b0?{int(month)}\D0?1\D{year}"
    name = r"[^\W\d]{3,12}"
    in_words = rf"\b0?1(?:st|er|\.|º)?\W{{1,3}}(?:de\s)?{name}\W{{1,5}}{year}|{name}\.?\s0?1(?:st)?,?\s{year}"
    return re.search(f"{in_figures}|{in_words}", html) is not None


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
