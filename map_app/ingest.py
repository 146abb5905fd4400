"""Files to articles to places to the store: what can be read goes in, what cannot is reported."""

import logging
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import chain
from pathlib import Path

from map_app.errors import GeoparseError
from map_app.gazetteer.lookup import Gazetteer
from map_app.geo import Point
from map_app.geocode.online import OnlineGeocoder, open_service, recalled
from map_app.geocode.turns import Turns
from map_app.geoparse.given import with_given
from map_app.geoparse.homes import Home
from map_app.geoparse.pipeline import Geoparser
from map_app.geoparse.resolve import Recognised
from map_app.model import Article, ArticleFilter, Evidence, Kind, Place, Resolution, Toponym
from map_app.settings import Settings
from map_app.sources.coordinates import MAX_GIVEN
from map_app.sources.fields import article_id, canonical_url, title_in_address
from map_app.sources.files import Failure, Item, Note, read_path
from map_app.sources.watch import FolderWatch
from map_app.store import Store, fingerprint_of

logger = logging.getLogger(__name__)

#: Articles a transaction: what a kill can cost, against what each transaction costs on a slow disk.
BATCH_SIZE = 50

#: How often progress is told: as fast as anyone reads.
TELL_EVERY_S = 0.1

#: A story that moved to another address still begins with these characters, or has its title.
SAME_START_CHARS = 200

#: The newest articles of an outlet that its home is learned from, and those that are placed anew once it is known.
LEARN_FROM = 40
PLACE_ANEW = 1_000

#: Failures and notes that a report tells one by one: of a file of a million broken rows nobody reads more.
MAX_TOLD = 10_000

#: Ids whose addresses are remembered, so that one id for two stories is noticed; the store knows of the others.
MAX_REMEMBERED = 50_000

#: Why a name is unplaced that an online geocoder may know: the gazetteer has nothing of that name.
UNKNOWN_NAME = "no candidate"

#: An online answer rests on the name alone, without the article's context: never as sure as a ranked candidate.
ONLINE_CONFIDENCE = 0.4

#: How far around a point is looked for the countries that an online answer may lie in.
NEAR_KM = 150.0
NEAR_PLACES = 40

#: Names asked for in one run: at one a second, most of a day.
MAX_NAMES = 50_000


@dataclass(frozen=True, slots=True)
class IngestReport:
    """What became of everything that was to come in."""

    added: int = 0
    updated: int = 0
    unchanged: int = 0
    #: What did not come in, and why.
    failed: tuple[Failure, ...] = ()
    #: What came in, though not just as it was, or was passed over on purpose.
    notes: tuple[Note, ...] = ()
    #: How many more failures there were than the first MAX_TOLD, which are told one by one.
    more_failed: int = 0
    #: Stopped by the user before the end; what is counted here is kept.
    interrupted: bool = False

    @property
    def seen(self) -> int:
        """Articles that were read."""
        return self.added + self.updated + self.unchanged

    @property
    def failures(self) -> int:
        """How much did not come in."""
        return len(self.failed) + self.more_failed


#: Told now and then: the report so far and where the last article is from.
Progress = Callable[[IngestReport, str], None]


def _silent(_report: IngestReport, _where: str) -> None:
    pass


def ingest(
    paths: Iterable[Path],
    *,
    geoparser: Geoparser,
    store: Store,
    limits: Settings,
    progress: Progress = _silent,
) -> IngestReport:
    """Read files and folders into the store; see `ingest_items`."""
    items = chain.from_iterable(
        read_path(path, max_bytes=limits.max_file_bytes, max_chars=limits.max_article_chars) for path in paths
    )
    return ingest_items(items, geoparser=geoparser, store=store, progress=progress, provider=limits.geocoder_url)


def watch_folder(
    folder: Path,
    *,
    geoparser: Geoparser,
    store: Store,
    limits: Settings,
    every_s: float,
    told: Callable[[IngestReport], None],
    sleep: Callable[[float], None] = time.sleep,
    progress: Progress = _silent,
) -> None:
    """Ingest what comes into a folder, looking every so many seconds, until a KeyboardInterrupt; tells of each round.

    A file is taken when it no longer grows, and again when it has changed. After a start all files are taken once
    more, which changes nothing where they are known. Raises StoreError where the store cannot go on, and
    UnreadableError where there is no such folder.
    """
    watch = FolderWatch(folder)
    while True:
        if files := watch.ready():
            items = chain.from_iterable(
                read_path(path, name=where, max_bytes=limits.max_file_bytes, max_chars=limits.max_article_chars)
                for path, where in files
            )
            report = ingest_items(
                items, geoparser=geoparser, store=store, progress=progress, provider=limits.geocoder_url
            )
            told(report)
            if report.interrupted:
                return
        sleep(every_s)


def ingest_items(
    items: Iterable[Item],
    *,
    geoparser: Geoparser,
    store: Store,
    progress: Progress = _silent,
    provider: str = "",
) -> IngestReport:
    """Map and keep articles in batches, each one transaction.

    What the store already has, mapped by this version of the geoparser, is not geoparsed again. One article that
    cannot be mapped is reported and the rest goes on. Interrupted, it keeps what was committed and says so; running
    it again completes it. Where each outlet lives is learned from what the store holds of it; when that changes by what
    comes in, the outlet's articles are placed anew at the end. What the online geocoder at `provider` has answered
    before is used; nothing is asked.
    Raises StoreError where the store cannot go on.
    """
    ingesting = _Ingest(geoparser, store, progress, provider)
    try:
        for item in items:
            ingesting.take(item)
        ingesting.commit()
        ingesting.place_anew()
    except KeyboardInterrupt:
        return replace(ingesting.report(), interrupted=True)
    return ingesting.report()


class _Ingest:
    """One run: the batch that is being filled, and the counts."""

    def __init__(self, geoparser: Geoparser, store: Store, progress: Progress, provider: str) -> None:
        self._geoparser = geoparser
        self._store = store
        self._progress = progress
        self._provider = provider
        self._told = 0.0
        self._batch: dict[str, Article] = {}
        #: The homes of the outlets that this run has new articles of, as they were known when those were placed.
        self._homes: dict[str, Home | None] = {}
        self._addresses: dict[str, str] = {}
        self._added = self._updated = self._unchanged = 0
        self._failed: list[Failure] = []
        self._notes: list[Note] = []
        self._more_failed = 0

    def take(self, item: Item) -> None:
        """Handle one thing that a source yielded."""
        if isinstance(item, Failure):
            self._fail(item)
            where = item.where
        elif isinstance(item, Note):
            if len(self._notes) < MAX_TOLD:
                self._notes.append(item)
            where = item.where
        else:
            self._take_article(item)
            where = item.source
        if time.monotonic() - self._told >= TELL_EVERY_S:
            self._told = time.monotonic()
            self._progress(self.report(), where)

    def _fail(self, failure: Failure) -> None:
        if len(self._failed) < MAX_TOLD:
            self._failed.append(failure)
        else:
            self._more_failed += 1

    def _remember(self, article_id: str, url: str) -> None:
        self._addresses.setdefault(article_id, url)
        if len(self._addresses) > MAX_REMEMBERED:
            del self._addresses[next(iter(self._addresses))]

    def _take_article(self, article: Article) -> None:
        if not _same_address(article.url, self._addresses.get(article.id, "")):
            article = _named_by_address(article)
        if article.id in self._batch:
            self.commit()  # the later one of two with one id is an update of the earlier
        known = self._store.known(article.id)
        if known is not None and known != fingerprint_of(article, self._geoparser.version):
            kept = self._store.article(article.id)
            if kept is not None:
                self._remember(article.id, kept.url)
                article = _as_kept(article, kept)
                known = self._store.known(article.id)
        self._remember(article.id, article.url)
        if known == fingerprint_of(article, self._geoparser.version):
            self._unchanged += 1
            return
        self._batch[article.id] = article
        if len(self._batch) >= BATCH_SIZE:
            self.commit()

    def commit(self) -> None:
        """Map the batch, which is faster together, and keep it in one transaction."""
        if not self._batch:
            return
        articles = list(self._batch.values())
        read = [
            Recognised(article, toponyms, self._home(article.domain))
            for article, toponyms in zip(articles, self._geoparser.recognise_all(articles), strict=True)
        ]
        mapped = [(article, self._completed(article, resolutions)) for article, resolutions in self._resolved(read)]
        put = self._store.put(mapped, version=self._geoparser.version)
        self._batch.clear()
        self._added += put.added
        self._updated += put.updated
        self._unchanged += put.unchanged

    def _resolved(self, read: Sequence[Recognised]) -> Iterator[tuple[Article, list[Resolution]]]:
        """The articles that can be mapped, each with its places."""
        try:
            together = self._geoparser.resolve_all(read)
        except GeoparseError:
            for article, toponyms, home in read:
                try:
                    yield article, self._geoparser.resolve(article, toponyms, home)
                except GeoparseError as e:
                    self._fail(Failure(f"{article.source}: {article.title[:60]!r}", str(e)))
        else:
            yield from zip((document.article for document in read), together, strict=True)

    def place_anew(self) -> None:
        """Place the articles of those outlets again whose home turned out to be another than was known.

        The newest are looked at in any case: a run that was killed may have left them as they were.
        """
        for domain, known in self._homes.items():
            home = self._learned(domain)
            mapped = self._store.of_outlet(domain, limit=LEARN_FROM if home == known else PLACE_ANEW)
            anew = self._geoparser.resolve_all(
                Recognised(article, _in_words(before), home) for article, before in mapped
            )
            changed = []
            for (article, before), resolutions in zip(mapped, anew, strict=True):
                after = self._completed(article, resolutions)
                if after != before:
                    changed.append((article, after))
            self._store.place_anew(changed, version=self._geoparser.version)

    def _home(self, domain: str) -> Home | None:
        if domain and domain not in self._homes:
            self._homes[domain] = self._learned(domain)
        return self._homes.get(domain)

    def _learned(self, domain: str) -> Home | None:
        documents = [(a, _in_words(rs)) for a, rs in self._store.of_outlet(domain, limit=LEARN_FROM)]
        return self._geoparser.learn_homes(documents).get(domain)

    def _completed(self, article: Article, resolutions: Sequence[Resolution]) -> list[Resolution]:
        """The resolutions, with what the online geocoder has answered before and what the article's source gives."""
        recall = partial(self._store.cached_answer, self._provider)
        placed = [_placed_online(resolution, partial(recalled, recall)) for resolution in resolutions]
        return with_given(article, placed, self._geoparser.namesakes)

    def report(self) -> IngestReport:
        """The counts so far."""
        return IngestReport(
            self._added,
            self._updated,
            self._unchanged,
            tuple(self._failed),
            tuple(self._notes),
            more_failed=self._more_failed,
        )


def _in_words(resolutions: Sequence[Resolution]) -> list[Toponym]:
    """The toponyms that stand in the article; its source may have given places that no word names."""
    return [resolution.toponym for resolution in resolutions if resolution.toponym.name]


def _same_address(one: str, other: str) -> bool:
    """Whether two addresses may be one article's; where one of them is missing, nothing speaks against it."""
    return not one or not other or one == other or canonical_url(one) == canonical_url(other)


def _named_by_address(article: Article) -> Article:
    """The article under the id that its address gives it: another has the id that it came with."""
    return replace(article, id=article_id(given_id="", url=article.url, title="", text="", source=""))


def _as_kept(article: Article, kept: Article) -> Article:
    """The article, as an update of the kept one of its id; under another id where it is a different story.

    An address that differs only in how a reader came is left as it is. One that really differs is a story that moved,
    as long as its title or the beginning of its text stayed.
    """
    if _same_address(article.url, kept.url):
        return _beside(replace(article, url=kept.url) if article.url and kept.url else article, kept)
    begins_alike = article.text[:SAME_START_CHARS] == kept.text[:SAME_START_CHARS] != ""
    return article if article.title == kept.title or begins_alike else _named_by_address(article)


def _beside(article: Article, kept: Article) -> Article:
    """The article, with what the kept one has and another source's does not know.

    A record without text, such as GDELT's of an event, adds its places and takes nothing away. Places that the kept
    one was given stay until the article is given others.
    """
    if article.text:
        return replace(article, given=article.given or kept.given)
    given = tuple(dict.fromkeys((*kept.given, *article.given)))[:MAX_GIVEN]
    made = title_in_address(article.url)
    says_less = (kept.text and article.source != kept.source) or (article.title == made != kept.title)
    return replace(kept if says_less else article, given=given)


@dataclass(frozen=True, slots=True)
class GeocodeReport:
    """What became of the names that the gazetteer does not know."""

    #: Names that the service knew, and names that it did not.
    placed: int = 0
    unknown: int = 0
    #: Names that it has not answered for, and why not; asked again by the next run.
    pending: int = 0
    why_pending: str = ""
    #: Articles that got a place by it.
    articles: int = 0


def open_geocoder(settings: Settings, gazetteer: Gazetteer, store: Store) -> OnlineGeocoder | None:
    """The online geocoder that the settings switch on, its answers kept in the store, or None; raises SettingsError."""
    service = open_service(settings)
    if service is None:
        return None

    def countries_near(point: Point) -> frozenset[str]:
        near = gazetteer.nearest(point, max_km=NEAR_KM, limit=NEAR_PLACES)
        return frozenset(place.country_code for place, _ in near if place.country_code)

    return OnlineGeocoder(
        service,
        Turns(settings.cache / "geocoder-turns"),
        recall=partial(store.cached_answer, settings.geocoder_url),
        remember=partial(store.remember_answer, settings.geocoder_url),
        countries_near=countries_near,
    )


def geocode_pending(
    store: Store,
    geocoder: OnlineGeocoder,
    *,
    version: str,
    progress: Callable[[float, str], None] = lambda _done, _name: None,
) -> GeocodeReport:
    """Ask for every name that the gazetteer does not know, and put what is found on the map.

    `version` is the geoparser's. Stops at the first name that gets no answer: whoever is down or asks for a pause is
    not asked for the rest. Names answered before cost no request, so that running it again goes on from there.
    """
    names = [entry.name for entry in store.unplaced(limit=MAX_NAMES) if entry.reason == UNKNOWN_NAME]
    placed = unknown = articles = 0
    for done, name in enumerate(names):
        progress(done / len(names), name)
        outcome = geocoder.look_up(name)
        if outcome.pending:
            return GeocodeReport(placed, unknown, len(names) - done, outcome.pending, articles)
        if outcome.place is None:
            unknown += 1
            continue
        placed += 1
        articles += _put_on_map(store, name, outcome.place, version)
    return GeocodeReport(placed, unknown, articles=articles)


def _put_on_map(store: Store, name: str, place: Place, version: str) -> int:
    """Give a name its place in every article that has it; how many those are."""
    quoted = ArticleFilter(words='"' + name.replace('"', " ") + '"')
    total = store.summary(quoted).articles
    changed: list[tuple[Article, list[Resolution]]] = []
    for story in store.stories(quoted, limit=max(total, 1)):
        article = store.article(story.article_id)
        before = store.resolutions(story.article_id)
        after = [_placed_online(r, lambda n: place if n == name else None) for r in before]
        if article is not None and after != before:
            changed.append((article, after))
    return store.place_anew(changed, version=version)


def _placed_online(resolution: Resolution, place_of: Callable[[str], Place | None]) -> Resolution:
    """The resolution with an online answer where the gazetteer knew nothing; any other as it is."""
    if resolution.unplaced_because != UNKNOWN_NAME or resolution.toponym.kind is not Kind.TOPONYM:
        return resolution
    place = place_of(resolution.toponym.name)
    if place is None:
        return resolution
    evidence = Evidence("online geocoder", 1.0, resolution.toponym.name)
    return replace(
        resolution,
        place=place,
        confidence=ONLINE_CONFIDENCE,
        evidence=(*resolution.evidence, evidence),
        unplaced_because="",
    )
