"""A web address becomes an article, or the reason why its page is none."""

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from urllib.parse import urljoin, urlsplit

from map_app.errors import (
    ConsentPageError,
    EmptyPageError,
    ErrorPageError,
    HttpStatusError,
    LoginPageError,
    NotAnArticleError,
    PaywallError,
    SourceError,
    UnknownFormatError,
    UnreadableError,
)
from map_app.fetch import Fetched, Fetcher
from map_app.model import domain_of
from map_app.sources.fields import draft_of_page, make_article, web_url
from map_app.sources.markup import MAX_EXTRACT_CHARS, Page, decode_html, html_to_text, read_page, title_of
from map_app.sources.reading import Failure, Item, Note

ACCEPT = "text/html,application/xhtml+xml;q=0.9,*/*;q=0.1"

_PAGES = frozenset(("", "text/html", "application/xhtml+xml", "application/xml", "text/xml", "text/plain"))
_FEED_ROOT = re.compile(rb"<(?:rss|feed|rdf:RDF|opml)[\s>]")
_COMMENT = re.compile(rb"<!--.*?-->", re.DOTALL)
_PAGE_ROOT = re.compile(rb"<!doctype\s+html|<html[\s>]", re.IGNORECASE)

#: How much of an answer is looked at to tell a feed from a page.
START_BYTES = 2000

_ELEMENT = re.compile(r"</?[a-z][a-z0-9-]{0,30}[\s/>]", re.IGNORECASE)

#: What is left of an article on a page that keeps the rest: teasers run from a sentence to some paragraphs, and a
#: page that marks itself as paid but sends more than this has sent the article.
PAID_TEASER_CHARS = 2500
#: Without such a mark, words about subscribing speak of the page itself only where there is little else.
TEASER_CHARS = 1200
#: A page with less text than this holds no article: a headline and a sentence are more.
MIN_CHARS = 140

#: What one character of a script that writes words or syllables in one says in letters: newspapers of China and Japan
#: have 400 characters where English ones have 1,200.
DENSE_CHARS = 3
_DENSE = re.compile("[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")

#: How far into a page marks of paywalls and forms are looked for.
MAX_MARKED_CHARS = 1_000_000

# schema.org's isAccessibleForFree, in JSON-LD or microdata, and Open Graph's content_tier. "metered" is no such mark:
# those sites send the first few articles whole.
_MARKED_PAID = re.compile(
    r"""["']isAccessibleForFree["']\s*:\s*["']?false"""
    r"""|itemprop\s*=\s*["']isAccessibleForFree["'][^>]{0,100}content\s*=\s*["']?false"""
    r"""|article:content_tier["'][^>]{0,100}content\s*=\s*["']locked""",
    re.IGNORECASE,
)
_PAYWALL_ELEMENT = re.compile(
    r"""(?:class|id)\s*=\s*["'][^"']{0,200}\b(?:paywall|pay-wall|regwall|subscriber-only|subscribers-only|"""
    r"""premium-wall|piano-(?:offer|paywall)|tp-(?:modal|container)|article-locked|locked-content|gated-content)""",
    re.IGNORECASE,
)
_SUBSCRIBE = re.compile(
    r"subscribe (?:now )?to (?:continue|keep|read|unlock|view|access)|(?:for|to) subscribers only|subscriber[- ]only"
    r"|(?:only|exclusively|exclusive) (?:available )?(?:for|to) (?:our )?(?:subscribers|members)"
    r"|already (?:a )?(?:subscriber|subscribed|a member)|(?:to|and) (?:continue|keep) reading"
    r"|reached your (?:monthly )?(?:free )?(?:article )?limit|(?:start|begin) your (?:free )?trial"
    r"|this (?:article|story|content) is (?:reserved )?for (?:our )?(?:paying |premium )?(?:subscribers|members)"
    r"|jetzt (?:abonnieren|weiterlesen)|weiterlesen mit|(?:nur )?für abonnent|mit .{0,20}\babo\b.{0,20} weiterlesen"
    r"|réservée? (?:aux|à nos) abonn|(?:la suite|article) .{0,30}abonnés|déjà abonné"
    r"|(?:solo|exclusivo|exclusiva) para (?:suscriptores|assinantes)|para seguir leyendo|ya (?:es|eres|soy) suscriptor"
    r"|contenuto riservato agli abbonati|sei già abbonato|conteúdo exclusivo para assinantes|já é assinante"
    r"|(?:alleen|exclusief) voor abonnees|lees verder met|tylko dla (?:subskrybentów|prenumeratorów)"
    r"|(?:только )?для подписчиков|только по подписке|购买订阅|订阅后|会員限定|有料会員|구독자 전용",
    re.IGNORECASE,
)
_CONSENT = re.compile(
    r"before you continue|we (?:and our partners )?(?:value|care about) your privacy|your privacy choices"
    r"|(?:accept|agree to|allow) (?:all )?(?:the )?(?:use of )?cookies|(?:uses|use) cookies|consent to the use"
    r"|store and/or access information on a device|cookie (?:policy|settings|consent)"
    r"|manage (?:your )?(?:consent|privacy)"
    r"|wir (?:verwenden|nutzen|benötigen) (?:cookies|ihre zustimmung)|cookies akzeptieren|mit werbung (?:lesen|weiter)"
    r"|nous utilisons des cookies|accepter (?:et|les|tous)|avant de continuer|utilizamos cookies|aceptar (?:y|las)"
    r"|utilizziamo (?:i )?cookie|usamos cookies|wij gebruiken cookies|używamy plików cookie"
    r"|мы используем (?:файлы )?cookie",
    re.IGNORECASE,
)
_ABOUT_CONSENT = re.compile(r"cookie|consent|privacy|partner|zustimm|datenschutz|données", re.IGNORECASE)
_CONSENT_ADDRESS = re.compile(
    r"^(?:consent|guce|privacy-?gate|cookiewall|myprivacy)\.|/(?:consent|cookie-?wall|privacy-?gate|cmp)(?:[/?.]|$)",
    re.IGNORECASE,
)
# What a title, or a part of one between bars or dashes, is from start to end.
_LOGIN_TITLE = re.compile(
    r"(?:please )?(?:log|sign)[ -]?in(?: or (?:register|sign up|create an account))?(?: (?:to|with|at|page)\b.{0,40})?"
    r"|login(?: page)?|anmelden|anmeldung|einloggen|connexion|se connecter|(?:iniciar|inicia) sesión|entrar|accedi"
    r"|inloggen|zaloguj(?: się)?|вход|войти|увійти|登录|登入|ログイン|로그인",
    re.IGNORECASE,
)
_LOGIN_WORDS = re.compile(
    r"(?:log|sign) in to (?:continue|read|your account|view)|(?:please|must) (?:log|sign) in"
    r"|forgot (?:your )?password|create an account|register (?:for free )?to (?:continue|read)",
    re.IGNORECASE,
)
_LOGIN_ADDRESS = re.compile(r"/(?:log-?in|sign-?in|logon|signon|auth|sso|account/login)(?:[/?.]|$)", re.IGNORECASE)
# What only an article says of itself: a site's doors have no date of publication.
_DATED = re.compile(r"""article:published_time["']|["']datePublished["']""", re.IGNORECASE)
_PASSWORD_FIELD = re.compile(r"""<input[^>]{0,300}type\s*=\s*["']?password""", re.IGNORECASE)
_ERROR_TITLE = re.compile(
    r"(?:http |server )?(?:error |fehler |erreur )?[45]\d\d(?:\W*(?:error|fehler|(?:page )?not found|forbidden|gone"
    r"|unauthorized|service unavailable|bad gateway|too many requests|internal server error|gateway time-?out))?\W*"
    r"|(?:sorry, |oops\W+)?(?:the |this |that )?(?:page|article|story|content|site|file)"
    r" (?:was not|could not be|cannot be|can't be|is not|isn't|is no longer|not|unavailable)(?: be)?"
    r"(?: found| available| exist)?\W*|page (?:doesn['’]t|does not) exist|page introuvable|página no encontrada"
    r"|seite nicht gefunden|pagina non trovata|pagina niet gevonden|página não encontrada|страница не найдена"
    r"|access (?:to this page has been )?denied|forbidden|service (?:temporarily )?unavailable|bad gateway|not found"
    r"|gateway time-?out|internal server error|attention required\W*(?:cloudflare)?|just a moment\W*|security check"
    r"|checking your browser.{0,40}|are you (?:a )?(?:human|robot)\W*|pardon our interruption\W*|captcha|robot check"
    r"|(?:bot|human) verification|verify(?:ing)? you are human\W*|one moment,? please\W*",
    re.IGNORECASE,
)
_TITLE_PARTS = re.compile(r"\s+[|–—·»:-]+\s+")
_ERROR_WORDS = re.compile(
    r"page (?:you (?:are looking|requested|were looking)|cannot be found|not found)|verify(?:ing)? (?:that )?you are"
    r"|enable javascript and cookies to continue|checking (?:if the site connection is secure|your browser)"
    r"|unusual (?:traffic|activity)|access to this (?:page|site) has been denied|you (?:have been|are) blocked"
    r"|something went wrong|ray id|reference #?\d|press (?:&|and) hold",
    re.IGNORECASE,
)


def read_web(fetcher: Fetcher, url: str, *, max_chars: int, now: datetime) -> Iterator[Item]:
    """The article at a web address, or a Failure that says why there is none; never raises for what the web does."""
    try:
        fetched = fetcher.get(url, accept=ACCEPT)
    except HttpStatusError as e:
        yield Failure(url, f"{e}{_advice(e.status)}")
    except SourceError as e:
        yield Failure(url, str(e))
    else:
        yield from read_answer(fetched, where=url, source=fetched.url, max_chars=max_chars, now=now)


def read_answer(fetched: Fetched, *, where: str, source: str, max_chars: int, now: datetime) -> Iterator[Item]:
    """The article of what an address answered, now or once, or a Failure that says why there is none."""
    try:
        page = article_page(fetched)
        draft, date_note = draft_of_page(replace(page, url=address_of(page, fetched.url)), now=now)
        article, notes = make_article(draft, source=source, max_chars=max_chars)
    except SourceError as e:
        yield Failure(where, str(e))
        return
    yield article
    yield from (Note(where, note) for note in (*notes, *([date_note] if date_note else [])))


def article_page(fetched: Fetched) -> Page:
    """The article of what an address answered.

    Raises NotAnArticleError by its cause, UnknownFormatError for other things than pages.
    """
    if fetched.content_type not in _PAGES:
        raise UnknownFormatError(f"it is no web page but {fetched.content_type}")
    start = _COMMENT.sub(b"", fetched.body[:START_BYTES])
    feed = _FEED_ROOT.search(start)
    if feed and not _PAGE_ROOT.search(start, 0, feed.start()):
        raise UnknownFormatError("it is a feed or a list of feeds, not a page: python -m map_app feeds add takes it")
    html = decode_html(fetched.body, fetched.charset)
    # Some servers call everything HTML.
    is_text = fetched.content_type == "text/plain" or _ELEMENT.search(html) is None
    if is_text:
        html = f"<pre>{html.replace('&', '&amp;').replace('<', '&lt;')}</pre>"
    try:
        page = read_page(html.encode("utf-8", errors="replace"), charset="utf-8", url=fetched.url)
    except UnreadableError as e:
        page = Page(title="", text="", whole=True)
        why_not = _why_no_article(page, html, fetched.url)
        raise why_not or EmptyPageError("the page holds no text; it may be drawn by a script") from e
    why_not = _why_no_article(page, html, fetched.url)
    if why_not:
        raise why_not
    if page.whole and not is_text and len(html) <= MAX_EXTRACT_CHARS:
        raise EmptyPageError("no article could be told from the menus and notices of the page")
    return page


def address_of(page: Page, fetched_url: str) -> str:
    """The address by which the article is known: the page's canonical link, if it is the same site's.

    Another site's is not believed, or a page could pass itself off as an article of whomever it likes and replace it.
    """
    try:
        link = urljoin(fetched_url, page.url)
        same_site = _same_site(domain_of(link), domain_of(fetched_url))
        # Some sites name their front page on every page.
        front = urlsplit(link).path.strip("/") == "" and not urlsplit(link).query
        elsewhere = urlsplit(fetched_url).path.strip("/") != "" or urlsplit(fetched_url).query != ""
    except ValueError:
        return fetched_url
    return link if page.url and web_url(link) and same_site and not (front and elsewhere) else fetched_url


def _same_site(one: str, other: str) -> bool:
    one, other = one.lower(), other.lower()
    return one == other or one.endswith(f".{other}") or other.endswith(f".{one}")


def _why_no_article(page: Page, html: str, url: str) -> NotAnArticleError | None:
    """What else than an article the page is, as far as that can be told; None where it looks like one."""
    text = page.text.strip()
    html = html[:MAX_MARKED_CHARS]
    length = _length(text)
    seen = text if length >= MIN_CHARS else f"{text}\n{_visible(html)[:5000]}"
    address = urlsplit(url)
    where = f"{address.hostname}{address.path}"
    short = length < TEASER_CHARS
    door = short and not _DATED.search(html)
    if _MARKED_PAID.search(html) and length < PAID_TEASER_CHARS:
        return PaywallError("paywall: the publisher marks the article as paid, and only its start is there")
    title = page.title or title_of(html)
    if (door and _titled(_ERROR_TITLE, title)) or (length < MIN_CHARS and _ERROR_WORDS.search(seen)):
        return ErrorPageError(f"not an article but an error or a check for robots: {title[:80]!r}")
    if door and (_CONSENT_ADDRESS.search(where) or (_CONSENT.search(f"{title}\n{seen}") and _mostly(text))):
        return ConsentPageError("consent page: the site shows its articles only after a choice about cookies")
    if door and (_titled(_LOGIN_TITLE, title) or _LOGIN_ADDRESS.search(where)):
        return LoginPageError("login page: the site shows this only to those who sign in")
    if short and (_SUBSCRIBE.search(seen) or (_PAYWALL_ELEMENT.search(html) and _SUBSCRIBE.search(_visible(html)))):
        return PaywallError("paywall: the page asks for a subscription, and only the article's start is there")
    if door and _PASSWORD_FIELD.search(html) and _LOGIN_WORDS.search(seen):
        return LoginPageError("login page: the site shows this only to those who sign in")
    if length < MIN_CHARS:
        return EmptyPageError(f"no article text: {len(text)} characters; the page may be drawn by a script")
    return None


def _length(text: str) -> int:
    """How long a text is in letters of an alphabet: a Han character or a syllable of Hangul says as much as three."""
    return len(text) + (DENSE_CHARS - 1) * len(_DENSE.findall(text))


def _titled(pattern: re.Pattern[str], title: str) -> bool:
    return any(pattern.fullmatch(part.strip()) for part in (title, *_TITLE_PARTS.split(title)))


def _visible(html: str) -> str:
    try:
        return html_to_text(html)
    except UnreadableError:
        return ""


def _mostly(text: str) -> bool:
    """Whether words about consent are what a text is made of rather than a remark below an article."""
    sentences = [sentence for sentence in re.split(r"[.!?\n]+", text) if sentence.strip()]
    return 3 * sum(_ABOUT_CONSENT.search(sentence) is not None for sentence in sentences) >= len(sentences)


def _advice(status: int) -> str:
    if status in (401, 407):
        return ": it asks for a login, and credentials are never sent"
    if status == 402:
        return ": the article is paid for"
    if status in (403, 429):
        return ": the site does not serve programs; save the page in a browser and ingest the file"
    if status in (404, 410):
        return ": the article is not there any more, or never was"
    return ": try again later" if status >= 500 else ""
