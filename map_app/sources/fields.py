"""Loosely named and loosely written fields become an Article."""

import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import SplitResult, quote, unquote, urlsplit

from map_app.errors import ImpossibleValueError, UnreadableError
from map_app.model import Article, GivenPlace, domain_of
from map_app.sources.coordinates import given_places
from map_app.sources.dates import published_of, published_on_page
from map_app.sources.decode import clean
from map_app.sources.language import language_of
from map_app.sources.markup import Page, html_to_text, looks_like_html

#: Usual names of each field, the best first; compared in lower case without spaces, dots, hyphens and underscores.
NAMES: Mapping[str, tuple[str, ...]] = {
    "title": (
        "title", "headline", "heading", "head", "articletitle", "newstitle", "titel", "überschrift", "schlagzeile",
        "titre", "título", "titulo", "titolo",
    ),
    "text": (
        "text", "body", "content", "fulltext", "articletext", "articlebody", "maintext", "story", "article",
        "contenthtml", "contenttext", "snippet", "description", "summary", "abstract", "lead", "teaser",
        "volltext", "inhalt", "texte", "contenu", "texto", "contenido", "testo", "tekst",
    ),
    "url": ("url", "link", "href", "articleurl", "sourceurl", "permalink", "canonicalurl", "webpage"),
    "published": (
        "published", "publishedat", "publicationdate", "publisheddate", "publishdate", "datepublished", "pubdate",
        "publishtime", "publishedon", "date", "datetime", "timestamp", "time", "created", "createdat", "seendate",
        "datum", "erscheinungsdatum", "veröffentlicht", "fecha",
    ),
    "publisher": ("publisher", "publication", "outlet", "source", "sourcename", "sitename", "newspaper",
                  "quelle", "zeitung", "fuente", "fonte"),
    "author": ("author", "authors", "byline", "creator", "writer", "reporter"),
    "language": ("language", "lang", "inlanguage"),
    "id": ("id", "guid", "articleid", "docid", "uuid", "uri"),
    "place": ("placename", "locationname", "geoname", "place", "location", "city", "actiongeofullname"),
    "latitude": ("latitude", "lat", "geolat", "locationlat", "actiongeolat"),
    "longitude": ("longitude", "lon", "lng", "long", "geolong", "geolon", "locationlon", "actiongeolong"),
    "point": ("georsspoint", "georss:point", "geometry", "geopoint", "coordinates", "latlon", "latlong", "point", "geo",
              "location"),
    "domain": ("domain", "host", "hostname", "site"),
}  # fmt: skip

MAX_TITLE_CHARS = 500
MAX_AUTHOR_CHARS = 200
#: A title made from a first sentence is cut here.
MADE_TITLE_CHARS = 120

#: A part of an address with so many words is a title; "world-europe" is none.
FEWEST_TITLE_WORDS = 4


def _set(words: str) -> frozenset[str]:
    return frozenset(words.split())


#: Parameters that say how a reader came, never what is read; compared in lower case.
_TRACKING_PREFIXES = ("utm_", "mc_", "ga_", "pk_", "mtm_", "matomo_", "hsa_", "_hs", "vero_", "oly_", "itm_", "at_",
                      "ns_", "fb_", "guce_", "sc_camp", "wt.mc")  # fmt: skip
_TRACKING = _set(
    "fbclid gclid dclid gclsrc gbraid wbraid msclkid twclid ttclid yclid ysclid li_fat_id igshid igsh mibextid "
    "mkt_tok _ga _gl _openstat ref_src ref_url cmpid cmp ncid ocid xtor smid smtyp guccounter s_cid s_kwcid ef_id "
    "wickedid spm srnd taid emc feedtype feedname __twitter_impression _branch_match_id"
)
#: Parameters that some sites use to name what is read: left out only where the value is a way by which readers come.
_CHANNEL_NAMES = _set("ref referrer referer source src via partner cid campaign rss from share")
_CHANNELS = _set(
    "rss feed atom twitter x facebook fb linkedin reddit whatsapp telegram instagram email e-mail mail newsletter "
    "share social push app android ios google googlenews news-google flipboard home homepage hp rssnyt"
)
_AMP_PARAMETERS = frozenset(("amp", "_amp", "outputtype", "output"))
_AMP_VALUES = frozenset(("", "1", "true", "amp", "yes"))
_AMP_PATH = re.compile(r"(?:/amp|\.amp)(?=(?:\.html?)?$)")
_INDEX_PATH = re.compile(r"/index\.(?:html?|php)$")
#: Addresses are made by people: none needs more than two.
MAX_FOLDS = 8
#: Copies that search engines keep: ".cdn.ampproject.org/c/s/HOST/PATH" and "google.com/amp/s/HOST/PATH".
_AMP_CACHE = re.compile(
    r"\Ahttps?://(?:[^/?#]+\.cdn\.ampproject\.org/[a-z]|(?:www\.)?google\.[a-z.]{2,6}/amp)/(?:s/)?(?=[^/]+\.[a-z]+/)",
    re.IGNORECASE,
)
_ESCAPED = re.compile(r"%([0-9A-Fa-f]{2})")
_UNRESERVED = re.compile(r"[A-Za-z0-9._~-]")

_DATELINE = re.compile(r"^[^\W\d_][^\n–—]{1,70}?\s*(?:[–—]|\s--?\s)\s*(?=\S)")
_SENTENCE_END = re.compile(r"[.!?。！？]['\"”’)]?(?=\s|$)")
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(?:[-_][A-Za-z0-9]{1,8})*")
_SMALL_ID = re.compile(r"\d{1,7}")


@dataclass(frozen=True, slots=True)
class Draft:
    """An article as its source writes it: nothing is cleaned, cut or believed yet."""

    title: str
    #: Plain, or HTML that looks like it.
    text: str
    url: str = ""
    publisher: str = ""
    #: Names with semicolons or line breaks between them.
    author: str = ""
    #: An aware UTC datetime, as `published_of` gives it, or None.
    published: datetime | None = None
    #: Empty where it is to be found out.
    language: str = ""
    #: What the source tells its articles apart by, or empty; see `article_id`.
    given_id: str = ""
    #: The host that published it, where that is not the one of its address.
    domain: str = ""
    given: tuple[GivenPlace, ...] = ()


def key_of(name: str) -> str:
    """A column's name without what differs between exports: case, spaces, dots, hyphens, underscores."""
    return re.sub(r"[\s_.\-]+", "", name).lower()


def _last_word(name: str) -> str:
    """The last word of a column's name; of what has more than three, a cell without a header, none."""
    words = re.split(r"[\s_.\-]+|(?<=[a-z])(?=[A-Z])", name.strip())
    return words[-1].lower() if len(words) <= 3 else ""


def field_names(columns: Iterable[str], mapping: Mapping[str, str] | None = None) -> dict[str, list[str]]:
    """Which columns hold which field, the best first; `mapping` (field to column, "" for none) goes before the names.

    Where no column is called as a title or a text is, one whose name ends so is taken: "News Headline", "Full Story".
    Raises ImpossibleValueError where it names a field that does not exist.
    """
    columns = list(columns)
    present = {key_of(column): column for column in reversed(columns)}
    found = {field: [present[key] for key in keys if key in present] for field, keys in NAMES.items()}
    for field in ("title", "text"):
        found[field] = found[field] or [column for column in columns if _last_word(column) in NAMES[field]][:1]
    for field, column in (mapping or {}).items():
        if field not in NAMES:
            raise ImpossibleValueError(f"there is no field {field!r}; the fields are: {', '.join(NAMES)}")
        found[field] = [column] if column in columns else []
    return found


def article_of(
    row: Mapping[str, object],
    *,
    source: str,
    now: datetime,
    max_chars: int,
    mapping: Mapping[str, str] | None = None,
) -> tuple[Article, tuple[str, ...]]:
    """The article that a row of a table or a JSON object describes, and what had to be put right.

    Raises UnreadableError where it has neither a title nor text.
    """
    columns = field_names(row, mapping)
    found = {field: _first(row, names) for field, names in columns.items()}
    raw_date = next((row[n] for n in columns["published"] if row[n] not in (None, "", [], {})), None)
    published, date_note = published_of(raw_date, now=now)
    given, given_note = given_places(row, columns)
    draft = Draft(
        title=found["title"],
        text=found["text"],
        url=found["url"],
        publisher=found["publisher"],
        author=next((people for n in columns["author"] if (people := _people(row[n]))), ""),
        published=published,
        language=found["language"],
        given_id=found["id"],
        domain=found["domain"],
        given=given,
    )
    article, notes = make_article(draft, source=source, max_chars=max_chars)
    return article, (*notes, *(note for note in (date_note, given_note) if note))


def make_article(draft: Draft, *, source: str, max_chars: int) -> tuple[Article, tuple[str, ...]]:
    """An article of cleaned fields, and what was put right; raises UnreadableError where there is nothing."""
    notes = []
    text = clean(draft.text)
    if looks_like_html(text):
        text = html_to_text(text)
    text = text.strip()
    title = " ".join(clean(draft.title).split())
    if not title and not text:
        raise UnreadableError("it has neither a title nor text")
    if len(text) > max_chars:
        notes.append(f"cut at {max_chars:,} of {len(text):,} characters")
        text = text[:max_chars].rstrip()
    title = title or made_title(text)
    if len(title) > MAX_TITLE_CHARS:
        notes.append(f"title cut at {MAX_TITLE_CHARS} of {len(title):,} characters")
        title = title[: MAX_TITLE_CHARS - 1].rstrip() + "…"
    good_url = web_url(draft.url)
    if draft.url.strip() and not good_url:
        notes.append("its address is not a web address (http or https) and was left out")
    language = draft.language.strip()
    language = language.replace("_", "-") if _LANGUAGE.fullmatch(language) else language_of(title, text)
    publisher = " ".join(clean(draft.publisher).split())
    domain = domain_of(clean(draft.domain)) or domain_of(good_url)
    publisher = publisher or domain
    article = Article(
        id=article_id(given_id=clean(draft.given_id).strip(), url=good_url, title=title, text=text, source=source),
        title=title,
        text=text,
        url=good_url,
        publisher=publisher[:200],
        author=_names_of(draft.author),
        published=draft.published,
        language=language,
        domain=domain[:253],
        source=source,
        given=draft.given,
    )
    return article, tuple(notes)


def _names_of(author: str) -> str:
    """Authors on one line, without the "By" of a byline; an address in place of a name is none."""
    names = [" ".join(name.split()) for name in re.split(r"[;\n]", clean(author))]
    names = [re.sub(r"(?i)^by\s+", "", name) for name in names if name and not web_url(name)]
    return ", ".join(dict.fromkeys(names))[:MAX_AUTHOR_CHARS]


def article_id(*, given_id: str, url: str, title: str, text: str, source: str) -> str:
    """The id that stays the same however often an article comes in.

    The given one; but small numbers, which every table has, count only within their file. Without one, the
    address names the article; without that, its words do. An id that is an address itself, as in feeds, counts as one.
    """
    if given_id and not _SMALL_ID.fullmatch(given_id):
        if canonical := canonical_url(given_id):
            return _digest("url", canonical)
        return given_id if len(given_id) <= 500 else _digest("id", given_id)
    if url:
        return _digest("url", canonical_url(url) or url)
    if given_id:
        return _digest("row", re.split(r"[\\/]", source)[-1], given_id)
    return _digest("words", title, text)


def draft_of_page(page: Page, *, now: datetime) -> tuple[Draft, str]:
    """What a web page says of its article, and what is wrong with its date or nothing."""
    published, note = published_on_page(page.published, now=now)
    draft = Draft(
        title=page.title,
        text=page.text,
        url=page.url,
        publisher=page.publisher,
        author=page.author,
        published=published,
        language=page.language,
    )
    return draft, note


def web_url(url: str) -> str:
    """The address if it is one of the web, else nothing."""
    url = clean(url).strip()
    if not url or len(url) > 2000 or any(c.isspace() or ord(c) < 32 or c in '<>"`\\' for c in url):
        return ""
    try:
        parts = urlsplit(url)
        host = parts.hostname
    except ValueError:
        return ""
    return url if parts.scheme.lower() in ("http", "https") and host else ""


def canonical_url(url: str) -> str:
    """The form in which addresses are compared, or nothing where it is none of the web; made to compare, not to click.

    Left out is what leads to the same article: http or https, the case of the host, "www." and "amp.", sign-in names,
    default ports, fragments (but those that are routes, "#!" and "#/"), parameters that only tell how a reader came,
    the order of the others, "index.html", slashes at the end, the ways of writing an escape, and AMP variants of a
    page. Every other parameter counts: "?id=7" and "?id=8" are two articles.
    """
    url = web_url(url)
    for _ in range(MAX_FOLDS):  # what one fold uncovers may have to be folded, too: a cache's copy of a cache's copy
        folded = _folded(url)
        if folded == url:
            break
        url = folded
    return url


def _folded(url: str) -> str:
    while (unwrapped := _AMP_CACHE.sub("https://", url, count=1)) != url:
        url = unwrapped
    try:
        parts = urlsplit(url)
        host = _canonical_host(parts)
    except ValueError:
        return ""
    if not host:
        return ""
    path = before = _escaped(parts.path, safe="/:@!$&'()*+,;=")
    while True:
        path = _AMP_PATH.sub("", _INDEX_PATH.sub("", path.rstrip("/")))
        if path == before:
            break
        before = path
    pairs = (pair.replace("+", "%20") for pair in parts.query.split("&") if _counts(pair))
    pairs = (_escaped(pair, safe="/:@!$'()*,;=?") for pair in pairs)
    query = "&".join(sorted(pairs, key=lambda pair: pair.partition("=")[0]))
    fragment = _escaped(parts.fragment, safe="/:@!$&'()*+,;=?") if parts.fragment.startswith(("!", "/")) else ""
    return f"https://{host}{path}" + (f"?{query}" if query else "") + (f"#{fragment}" if fragment else "")


def _canonical_host(parts: SplitResult) -> str:
    host = (parts.hostname or "").rstrip(".")
    if not host.isascii():
        host = host.encode("idna").decode("ascii")
    while host.startswith(("www.", "amp.")) and host.count(".") > 1:
        host = host[4:]
    host = f"[{host}]" if ":" in host else host
    port = parts.port
    return f"{host}:{port}" if host and port not in (None, 80, 443) else host


def _counts(pair: str) -> bool:
    """Whether a parameter of an address, as "name=value", may tell one article from another."""
    name, _, value = pair.lower().partition("=")
    if not name or name in _TRACKING or name.startswith(_TRACKING_PREFIXES):
        return False
    if name in _AMP_PARAMETERS and value in _AMP_VALUES:
        return False
    if name in ("rss", "share") and value == "1":
        return False
    return name not in _CHANNEL_NAMES or value not in _CHANNELS


def _escaped(part: str, *, safe: str) -> str:
    """Escapes written one way: none where none is needed, capitals elsewhere."""
    part = _ESCAPED.sub(lambda m: c if _UNRESERVED.fullmatch(c := chr(int(m[1], 16))) else m[0].upper(), part)
    return quote(part, safe=safe + "%")


def bare_address(url: str) -> str:
    """What to call what is a link and nothing else: the address without its scheme."""
    return url.partition("://")[2].rstrip("/")


def title_in_address(url: str) -> str:
    """The title that a site wrote into an address ("/2025/05/floods-cut-off-villages.html"), or the bare address."""
    for part in reversed(url.partition("?")[0].split("/")[3:]):
        words = re.sub(r"\.\w{1,5}$", "", unquote(part)).replace("_", "-").split("-")
        words = [word for word in words if word.isalpha() or re.fullmatch(r"\d{1,4}", word)]
        if sum(word.isalpha() for word in words) >= FEWEST_TITLE_WORDS:
            title = " ".join(words)
            return title[0].upper() + title[1:]
    return bare_address(url)


def has_dateline(line: str) -> bool:
    """Whether a line starts as dispatches do: "TAIPEI, Taiwan – ..."."""
    return line[:2].isupper() and _DATELINE.match(line) is not None


def made_title(text: str) -> str:
    """A title for a text that has none: its first sentence without the dateline, cut at a word."""
    first = next((line.strip() for line in text.split("\n") if line.strip()), "")
    first = _DATELINE.sub("", first, count=1) if has_dateline(first) else first
    first = first[: 4 * MADE_TITLE_CHARS]
    end = next((m.end() for m in _SENTENCE_END.finditer(first) if m.end() >= 25), len(first))
    sentence = first[:end]
    if len(sentence) <= MADE_TITLE_CHARS:
        return sentence.removesuffix(".")
    cut = sentence[:MADE_TITLE_CHARS]
    return (cut.rsplit(" ", 1)[0] if " " in cut else cut).rstrip(" ,;:–—-") + "…"


def _digest(*parts: str) -> str:
    joined = "\x1f".join(parts).encode("utf-8", errors="replace")
    return f"sha256-{hashlib.sha256(joined).hexdigest()[:32]}"


def _first(row: Mapping[str, object], columns: list[str]) -> str:
    return next((text for column in columns if (text := _as_text(row[column])).strip()), "")


def _people(value: object) -> str:
    """Names, a line each; news APIs write people as {"name": ...}, alone or in a list."""
    return "\n".join(filter(None, map(_as_text, value))) if isinstance(value, list) else _as_text(value)


def _as_text(value: object) -> str:
    """Text of a field that may be a number, a list of paragraphs or, as news APIs write outlets, {"name": ...}."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool) or value is None:
        return ""
    if isinstance(value, int | float):
        return str(value)
    if isinstance(value, list):
        return "\n".join(item for item in value if isinstance(item, str))
    if isinstance(value, dict):
        return next((v for k in ("name", "title", "text", "value", "id") if isinstance(v := value.get(k), str)), "")
    return ""
