"""Wires the parts together: the one place that knows all the rooms."""

import gc
import hashlib
import json
import logging
import math
import os
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import datetime
from pathlib import Path

from filelock import FileLock

from map_app.errors import GeoparseError, MapAppError, StoreError, StoreFullError
from map_app.gazetteer.build import is_built
from map_app.gazetteer.lookup import Gazetteer, open_gazetteer
from map_app.geoparse.accuracy import Accuracy, measured
from map_app.geoparse.homes import read_homes
from map_app.geoparse.pipeline import Geoparser
from map_app.model import Article, Resolution
from map_app.settings import DATA_DIR, GOLD_SET, Settings
from map_app.store import STORE_VERSION, Store, is_older

logger = logging.getLogger(__name__)

#: Takes the fraction done, 0 to 1, and a phrase that says what is being done.
Progress = Callable[[float, str], None]

SAMPLE_ARTICLES = DATA_DIR / "sample_articles.jsonl"

#: Building the gazetteer takes about this share of a first start; mapping the samples takes the rest.
GAZETTEER_SHARE = 0.85
ACCURACY_SHARE = 0.05

#: Bringing a large store to this version takes a minute; all the rest is there by then, but for a rare new gazetteer.
MIGRATION_SHARE = 0.9

#: How long samples that another version has mapped are kept.
SAMPLES_KEPT_S = 7 * 24 * 3600

#: How long after a try to write to a store that could only be read the next is made.
RETRY_S = 30.0


def _silent(_fraction: float, _phrase: str) -> None:
    pass


class App:
    """What the page and the commands work with; safe to share between threads."""

    def __init__(
        self,
        settings: Settings,
        gazetteer: Gazetteer,
        geoparser: Geoparser,
        samples: Store,
        accuracy: Accuracy | None = None,
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`clock` counts seconds."""
        self.settings = settings
        self.gazetteer = gazetteer
        self.geoparser = geoparser
        #: On the hand-checked set; None where that cannot be read.
        self.accuracy = accuracy
        self._samples = samples
        self._own: Store | None = None
        self._clock = clock
        self._tried_to_write = -math.inf
        self._lock = threading.Lock()

    @property
    def own_store(self) -> Store | None:
        """The owner's store if its file exists: opened once, and found when it appears while the page runs.

        One that could only be read, on a full disk for instance, is written to again once that can be.
        """
        with self._lock:
            if self._own is None and self.settings.store.exists():
                self._own = open_store(self.settings)
            elif self._own is not None and self._own.read_only and self._clock() >= self._tried_to_write + RETRY_S:
                self._tried_to_write = self._clock()
                with suppress(StoreError):
                    self._make_writable(self._own)
            return self._own

    def _make_writable(self, store: Store) -> None:
        if may_write(store.path):
            store.become_writable()

    def store_to_write(self) -> Store:
        """The owner's store, made if it is not there yet; raises StoreError where it cannot be."""
        with self._lock:
            if self._own is None:
                found = self.settings.store.exists()
                self._own = open_store(self.settings) if found else Store.open(self.settings.store)
            if self._own.read_only:
                self._make_writable(self._own)
            return self._own

    @property
    def store(self) -> Store:
        """What to show: the owner's articles, or the samples while there are none."""
        own = self.own_store
        return self._samples if own is None or own.is_empty() else own

    @property
    def is_sample(self) -> bool:
        """Whether the sample digests are shown."""
        return self.store is self._samples

    def geoparse_text(self, title: str, text: str) -> tuple[Article, list[Resolution]]:
        """Find the places in a visitor's own text; nothing is kept."""
        key = hashlib.sha256(f"{title}\n{text}".encode(errors="replace")).hexdigest()[:16]
        article = Article(id=f"pasted-{key}", title=title, text=text, source="pasted")
        return article, self.geoparser.geoparse(article)


def may_write(path: Path) -> bool:
    """Whether a file and its folder are this user's to write."""
    return os.access(path, os.W_OK) and os.access(path.parent, os.W_OK)


def _migrate(settings: Settings, progress: Progress) -> None:
    try:
        open_store(settings, progress).close()
    except StoreError as e:  # told again to whoever asks for it
        logger.warning("The store stays of its older version: %s", e)


def open_store(settings: Settings, progress: Progress = _silent) -> Store:
    """The owner's store, for reading alone where the file or its folder cannot be written or the disk is full."""
    path = settings.store
    if may_write(path):
        try:
            return Store.open(path, progress=progress)
        except StoreFullError as e:
            logger.warning("The store is opened for reading alone: %s", e)
    return Store.open(path, read_only=True)


def read_samples(path: Path = SAMPLE_ARTICLES) -> list[Article]:
    """The digests that were written for this project, one JSON object a line."""
    articles = []
    with path.open(encoding="utf-8") as lines:
        for line in lines:
            row = json.loads(line)
            articles.append(
                Article(
                    id=row["id"],
                    title=row["title"],
                    text=row["text"],
                    publisher=row["publisher"],
                    published=datetime.fromisoformat(row["published"]),
                    language=row["language"],
                    source="sample",
                )
            )
    return articles


def is_ready(settings: Settings) -> bool:
    """Whether opening is a matter of a second: everything that takes time to build has been built."""
    built = is_built(settings.cache) and any(settings.cache.glob(f"samples-{_samples_digest()}-*.sqlite"))
    return built and not is_older(settings.store)


def open_geoparser(settings: Settings, gazetteer: Gazetteer) -> Geoparser:
    """The geoparser as the settings have it; raises SettingsError where the outlets' homes cannot be read.

    Names that the gazetteer lacks are left to the online geocoder where one is switched on.
    """
    homes = read_homes(Path(settings.outlet_homes), gazetteer) if settings.outlet_homes else {}
    unknown = settings.geocoder != "off"
    geoparser = Geoparser.load(gazetteer, settings.recogniser, homes=homes, leaves_unknown=unknown)
    # What is there by now stays: the garbage collector need not look through it all whenever much has been read.
    gc.freeze()
    return geoparser


def open_app(settings: Settings, progress: Progress = _silent) -> App:
    """Open everything, building first what is missing: about half a minute once, under a second after that.

    A store of an older version is brought to this one as well, so that nobody who asks for it first has to wait.
    """
    if not is_older(settings.store):
        return _open_all(settings, progress)
    _migrate(settings, lambda done, what: progress(done * MIGRATION_SHARE, what))
    return _open_all(settings, lambda done, what: progress(MIGRATION_SHARE + done * (1 - MIGRATION_SHARE), what))


def _open_all(settings: Settings, progress: Progress) -> App:
    gazetteer = open_gazetteer(settings.cache, progress=lambda done, what: progress(done * GAZETTEER_SHARE, what))
    geoparser = open_geoparser(settings, gazetteer)
    samples = _open_samples(
        settings.cache,
        geoparser,
        lambda done, what: progress(GAZETTEER_SHARE + done * (1 - GAZETTEER_SHARE - ACCURACY_SHARE), what),
    )
    accuracy = _measured(
        settings.cache, geoparser, lambda done: progress(1 - (1 - done) * ACCURACY_SHARE, "Checking itself")
    )
    progress(1.0, "Ready")
    return App(settings, gazetteer, geoparser, samples, accuracy)


def _measured(cache: Path, geoparser: Geoparser, progress: Callable[[float], None]) -> Accuracy | None:
    try:
        return measured(cache, GOLD_SET, geoparser, progress)
    except GeoparseError as e:
        # The map is of use without it.
        logger.warning("How accurate the geoparser is stays unknown: %s", e)
        return None


def _samples_digest() -> str:
    return hashlib.sha256(SAMPLE_ARTICLES.read_bytes()).hexdigest()[:12]


def _open_samples(cache: Path, geoparser: Geoparser, progress: Progress) -> Store:
    """The samples, mapped once by this version of the geoparser and kept in the cache folder."""
    version = hashlib.sha256(f"{geoparser.version} {STORE_VERSION}".encode()).hexdigest()[:12]
    path = cache / f"samples-{_samples_digest()}-{version}.sqlite"
    if kept := _kept_samples(path):  # without a lock, so that a cache that cannot be written serves
        return kept
    with FileLock(cache / "samples.lock"):
        if kept := _kept_samples(path):  # somebody else was first
            return kept
        path.unlink(missing_ok=True)
        _build_samples(path, read_samples(), geoparser, progress)
        _remove_old_samples(path)
    return Store.open(path, read_only=True)


def _kept_samples(path: Path) -> Store | None:
    if not path.exists():
        return None
    try:
        return Store.open(path, read_only=True)
    except MapAppError as e:
        logger.warning("The mapped samples are mapped again: %s", e)
        return None


def _remove_old_samples(newest: Path) -> None:
    """Of other versions, but for those of the last days: another version of the program may use the same cache."""
    for path in newest.parent.glob("samples-*.sqlite"):
        if newest.stat().st_mtime - path.stat().st_mtime > SAMPLES_KEPT_S:
            for ending in ("", "-wal", "-shm"):
                path.with_name(path.name + ending).unlink(missing_ok=True)


def _build_samples(path: Path, articles: Sequence[Article], geoparser: Geoparser, progress: Progress) -> None:
    """Write beside and rename, so that nobody ever sees half of them."""
    with tempfile.TemporaryDirectory(dir=path.parent) as folder:
        unfinished = Path(folder) / path.name
        mapped = []
        for done, article in enumerate(articles):
            progress(done / len(articles), "Mapping the sample digests")
            mapped.append((article, geoparser.geoparse(article)))
        with Store.open(unfinished) as store:
            store.put(mapped)
        unfinished.replace(path)
