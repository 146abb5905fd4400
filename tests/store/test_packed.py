"""What is counted in the packed columns is what a plain count of the articles gives, whatever was written before."""

import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from map_app.errors import StoreFullError
from map_app.geo import Point
from map_app.model import Article, ArticleFilter, Feature, Kind, Place, Resolution, Role, Toponym, strongest_first
from map_app.store import Facets, Store, Summary, figures, upkeep
from map_app.store.clusters import Cluster
from map_app.store.packed import BLOCK, pack
from map_app.store.schema import MIGRATIONS

NOW = datetime(2025, 1, 20, tzinfo=UTC)

PLACES = [
    Place(f"place:{number}", f"Place {number % 4}", Point(number, number), feature, code)
    for number, (feature, code) in enumerate(
        [(Feature.COUNTRY, "UA"), (Feature.CITY, "UA"), (Feature.CITY, "RU"), (Feature.ADMIN1, "RU"),
         (Feature.WATER, ""), (Feature.CITY, "UA"), (Feature.COUNTRY, "RU"), (Feature.CONTINENT, "")]
    )
]  # fmt: skip
NAMES = [("Sudzha", "no candidate"), ("Sudzha", "tie"), ("Atlantis", "no candidate"), ("Zembla", "no candidate")]
WORDS = ["harvest", "flood", "会谈"]

Mapped = tuple[Article, list[Resolution]]


@st.composite
def mapped(draw: st.DrawFn, numbers: st.SearchStrategy[int]) -> Mapped:
    """An article with places that may have become of another kind, several roles, peoples and unplaced names."""
    resolutions = []
    for place in draw(st.lists(st.sampled_from(PLACES), max_size=5)):
        moved = replace(place, feature=Feature.OTHER, country_code="XK") if draw(st.booleans()) else place
        kind = draw(st.sampled_from([Kind.TOPONYM, Kind.TOPONYM, Kind.DEMONYM]))
        resolutions.append(Resolution(Toponym("", 0, 0, kind=kind), moved, 0.9, draw(st.sampled_from(Role))))
    for name, reason in draw(st.lists(st.sampled_from(NAMES), max_size=3)):
        resolutions.append(Resolution(Toponym(name, 0, 0), None, unplaced_because=reason))
    days = draw(st.none() | st.integers(-20, 5))
    article = Article(
        f"a{draw(numbers)}",
        draw(st.sampled_from(WORDS)),
        " ".join(draw(st.lists(st.sampled_from(WORDS), max_size=2))),
        publisher=draw(st.sampled_from(["", "Post", "Wire"])),
        published=None if days is None else NOW + timedelta(days=days),
    )
    return article, resolutions


filters = st.builds(
    lambda days, **parts: ArticleFilter(since=days[0], until=days[1], **parts),
    st.tuples(st.none() | st.just(date(2025, 1, 10)), st.none() | st.dates(date(2025, 1, 12), date(2025, 1, 22))),
    words=st.sampled_from(["", "", *WORDS]),
    countries=st.frozensets(st.sampled_from(["UA", "RU", "XK", "FR"]), max_size=2),
    features=st.frozensets(st.sampled_from(Feature), max_size=2),
    roles=st.frozensets(st.sampled_from(Role), max_size=2),
    publishers=st.frozensets(st.sampled_from(["Post", "Wire"]), max_size=1),
    place=st.sampled_from(["", "", *(place.id for place in PLACES), "nowhere"]),
)


class Plain:
    """The articles in a list, and every question answered by going through it."""

    def __init__(self) -> None:
        self.articles: dict[str, Mapped] = {}
        #: In the order in which they were first put, as the store numbers them.
        self.order: list[str] = []
        #: As the last to name it had it.
        self.places: dict[str, Place] = {}

    def put(self, batch: Iterable[Mapped]) -> None:
        for article, resolutions in batch:
            if article.id not in self.order:
                self.order.append(article.id)
            elif article == self.articles[article.id][0]:
                continue  # unchanged, as its fingerprint says
            self.articles[article.id] = article, resolutions
            firsts = self.mentions(article.id)
            self.places |= {place.id: place for place, _ in firsts}

    def mentions(self, article_id: str) -> list[tuple[Place, set[Role]]]:
        """The first record of each place, and all its roles."""
        found: dict[str, tuple[Place, set[Role]]] = {}
        for r in self.articles[article_id][1]:
            if r.place and r.toponym.kind is Kind.TOPONYM:
                found.setdefault(r.place.id, (r.place, set()))[1].add(r.role)
        return list(found.values())

    def passing(self, article_id: str, f: ArticleFilter) -> list[tuple[Place, set[Role]]] | None:
        """The mentions of an article that pass, or None where it does not."""
        article = self.articles[article_id][0]
        day = article.published.date() if article.published else None
        if (f.since and (day is None or day < f.since)) or (f.until and (day is None or day > f.until)):
            return None
        if f.words and f.words not in article.title + article.text:
            return None
        if f.publishers and article.publisher not in f.publishers:
            return None
        mentions = [
            (place, roles)
            for place, roles in self.mentions(article_id)
            if (not f.countries or place.country_code in f.countries)
            and (not f.features or place.feature in f.features)
            and (not f.roles or roles & f.roles)
            and (not f.place or place.id == f.place)
        ]
        return mentions if mentions or not f.chooses_mentions else None

    def chosen(self, f: ArticleFilter) -> dict[str, list[tuple[Place, set[Role]]]]:
        """What passes by the article's id, newest first."""

        def key(article_id: str) -> tuple[bool, float, int]:
            published = self.articles[article_id][0].published
            late = published is None or published > NOW + timedelta(hours=14)
            return late, -(published.timestamp() if published else -1e12), -self.order.index(article_id)

        found = {article_id: self.passing(article_id, f) for article_id in sorted(self.articles, key=key)}
        return {article_id: mentions for article_id, mentions in found.items() if mentions is not None}

    def summary(self, f: ArticleFilter) -> Summary:
        chosen = self.chosen(f)
        dates = [date for a in chosen if (date := self.articles[a][0].published)]
        return Summary(
            len(chosen),
            len(self.articles),
            len({place.id for mentions in chosen.values() for place, _ in mentions}),
            sum(not self.mentions(a) for a in chosen),
            min(dates, default=None),
            max((date for date in dates if date <= NOW + timedelta(hours=14)), default=None),
        )

    def counted(self, f: ArticleFilter, values: Callable[[Place, set[Role]], Iterable[str]]) -> Counter[str]:
        counts: Counter[str] = Counter()
        for mentions in self.chosen(f).values():
            counts.update({value for mention in mentions for value in values(*mention)})
        return counts

    def facets(self, f: ArticleFilter) -> Facets:
        def ordered(counts: Counter[str]) -> tuple[tuple[str, int], ...]:
            return tuple(sorted(((v, n) for v, n in counts.items() if v), key=lambda pair: (-pair[1], pair[0])))

        countries = self.counted(replace(f, countries=frozenset()), lambda place, _: [place.country_code])
        features = self.counted(replace(f, features=frozenset()), lambda place, _: [place.feature])
        roles = self.counted(replace(f, roles=frozenset()), lambda _, roles: roles)
        lifted = replace(f, publishers=frozenset())
        publishers = Counter(self.articles[a][0].publisher for a in self.chosen(lifted))
        return Facets(
            ordered(countries),
            tuple((Feature(value), count) for value, count in ordered(features)),
            ordered(publishers),
            tuple(sorted(((role, roles[role]) for role in Role if roles[role]), key=lambda pair: -pair[1])),
        )


def clusters_of(places: list[str], chance: random.Random) -> list[Cluster]:
    """A tree of them as a map makes it, some of it empty or with one part, and a place that nobody knows."""
    parts: list[Cluster] = ["nowhere", *places]
    chance.shuffle(parts)
    while len(parts) > 3:
        start = chance.randrange(len(parts) - 1)
        end = start + chance.randrange(4)
        parts[start:end] = [parts[start:end]]
        if end == start and chance.random() < 0.5:
            break
    return parts


def held_by(cluster: Cluster) -> Iterator[set[str]]:
    """The places of a cluster and of each within it, in the order in which they begin."""

    def places(part: Cluster) -> set[str]:
        return {part} if isinstance(part, str) else {place for inner in part for place in places(inner)}

    yield places(cluster)
    for part in cluster:
        if not isinstance(part, str):
            yield from held_by(part)


def compare(store: Store, plain: Plain, f: ArticleFilter) -> None:
    """Every question that the page asks."""
    chosen = plain.chosen(f)
    assert [story.article_id for story in store.stories(f)] == list(chosen)
    assert [s.article_id for s in store.stories(f, offset=1, limit=2)] == list(chosen)[1:3]
    assert store.summary(f) == plain.summary(f)
    assert store.facets(f) == plain.facets(f)
    own = plain.counted(f, lambda place, _: [place.country_code] if place.feature is Feature.COUNTRY else [])
    assert store.country_counts(f) == own
    names = Counter(
        name
        for a in chosen
        for name in {(r.toponym.name, r.unplaced_because) for r in plain.articles[a][1] if r.place is None}
    )
    unplaced = [(*name, count) for name, count in sorted(names.items(), key=lambda pair: (-pair[1], pair[0]))]
    for limit in (2, 100):
        assert [(n.name, n.reason, n.articles) for n in store.unplaced(f, limit=limit)] == unplaced[:limit]
    pins = {}
    for article_id, mentions in chosen.items():
        for place, roles in mentions:
            articles, all_roles = pins.setdefault(place.id, ([], set()))
            articles.append(article_id)
            all_roles |= roles
    shown = store.pins(f)
    assert {pin.place.id: (pin.place, pin.article_count, pin.role) for pin in shown} == {
        at: (plain.places[at], len(articles), strongest_first(roles)[0]) for at, (articles, roles) in pins.items()
    }
    told = {story.number: story.article_id for story in store.stories(f)}
    assert {pin.place.id: {told[n] for n in pin.article_numbers} for pin in store.pins(f, numbers_up_to=100)} == {
        at: set(articles) for at, (articles, _) in pins.items()
    }
    tree = clusters_of([pin.place.id for pin in shown], random.Random(len(chosen)))
    assert store.cluster_counts(f, tree) == [
        len({article for at in places for article in (pins[at][0] if at in pins else ())}) for places in held_by(tree)
    ]
    assert [pin.article_count for pin in shown] == sorted((pin.article_count for pin in shown), reverse=True)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_every_count_is_that_of_a_plain_count_after_any_writes(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    path = tmp_path_factory.mktemp("packed") / "articles.sqlite"
    plain = Plain()
    with Store.open(path, now=lambda: NOW) as writer, Store.open(path, now=lambda: NOW) as reader:
        for _ in range(data.draw(st.integers(1, 4))):
            batch = data.draw(st.lists(mapped(st.integers(0, 9)), max_size=8))
            writer.put(batch)
            plain.put(batch)
            for _ in range(2):
                compare(reader, plain, data.draw(filters))
        compare(writer, plain, ArticleFilter())
    assert upkeep.check(path) == []


def many(count: int, chance: random.Random) -> list[Mapped]:
    """Articles over several blocks."""
    made = []
    for number in range(count):
        places = chance.sample(PLACES, chance.randrange(4))
        resolutions = [Resolution(Toponym("", 0, 0), place, 0.9, chance.choice(list(Role))) for place in places]
        published = NOW - timedelta(hours=chance.randrange(500))
        article = Article(f"a{number}", chance.choice(WORDS), "", publisher=chance.choice(["Post", "Wire"]))
        made.append((replace(article, published=published), resolutions))
    return made


FILTERS = [
    ArticleFilter(),
    ArticleFilter(since=date(2025, 1, 8), until=date(2025, 1, 12)),
    ArticleFilter(countries=frozenset({"UA"}), roles=frozenset({Role.FOCUS})),
    ArticleFilter(words="flood", publishers=frozenset({"Post"})),
]


def answers(store: Store) -> list[object]:
    asked = (store.pins, store.stories, store.summary, store.facets, store.country_counts, store.unplaced)
    return [ask(f) for f in FILTERS for ask in asked]


def test_blocks_in_the_middle_that_change_are_read_anew_and_the_others_kept(tmp_path: Path) -> None:
    chance = random.Random(3)
    path = tmp_path / "articles.sqlite"
    plain = Plain()
    everything = many(3 * BLOCK + 40, chance)
    with Store.open(path, now=lambda: NOW) as writer, Store.open(path, now=lambda: NOW) as reader:
        writer.put(everything)
        plain.put(everything)
        assert reader.summary() == plain.summary(ArticleFilter())
        for numbers in ([5], [BLOCK + 1, 2 * BLOCK + 1], [3 * BLOCK + 39], []):
            changed = [(replace(everything[n][0], title="flood"), everything[n - 1][1]) for n in numbers]
            changed += [(replace(a, id=f"new {len(numbers)} {a.id}"), r) for a, r in many(3, chance)]
            writer.put(changed)
            plain.put(changed)
            for f in FILTERS:
                assert reader.summary(f) == plain.summary(f)
                assert reader.facets(f) == plain.facets(f)
                assert [s.article_id for s in reader.stories(f, limit=9)] == list(plain.chosen(f))[:9]


def test_a_reader_sees_what_was_removed_or_corrected_by_others(tmp_path: Path) -> None:
    path = tmp_path / "articles.sqlite"
    plain = Plain()
    everything = many(BLOCK + 60, random.Random(5))
    with Store.open(path, now=lambda: NOW) as store:
        store.put(everything)
        plain.put(everything)
        answers(store)
        with store._connections.writing() as connection:
            connection.execute("DELETE FROM article WHERE number <= ? OR number = ?", (BLOCK - 1, BLOCK + 7))
            connection.execute("UPDATE mention SET roles = 2")
            connection.execute("UPDATE writes SET revision = revision + 1")
            pack(connection, range(BLOCK + 60 + 1))
        gone = {f"a{number}" for number in [*range(BLOCK - 1), BLOCK + 6]}
        plain.articles = {
            article_id: (article, [replace(r, role=Role.MENTION) for r in resolutions])
            for article_id, (article, resolutions) in plain.articles.items()
            if article_id not in gone
        }
        for f in FILTERS:
            assert store.summary(f) == plain.summary(f)
            assert store.facets(f) == plain.facets(f)
    assert upkeep.check(path) == []


def test_another_store_in_its_place_is_read_from_the_beginning(tmp_path: Path) -> None:
    """Also where it has been written to as often."""
    path, other = tmp_path / "articles.sqlite", tmp_path / "other.sqlite"
    with Store.open(path, now=lambda: NOW) as store, Store.open(other, now=lambda: NOW) as another:
        store.put(many(30, random.Random(1)))
        another.put(many(20, random.Random(2)))
        assert store.revision() == another.revision()
        assert store.summary().articles == 30
        upkeep.restore(other, path)
        assert answers(store) == answers(another)


def test_a_check_names_the_articles_whose_columns_are_not_what_they_say(tmp_path: Path) -> None:
    path = tmp_path / "articles.sqlite"
    with Store.open(path) as store:
        store.put(many(BLOCK + 60, random.Random(5)))
    harms = {
        f"UPDATE mention SET roles = 8 - roles WHERE article > {BLOCK}": [BLOCK],
        "UPDATE article SET publisher = 'Herald' WHERE number = 3": [0],
        "DELETE FROM packed": [0, BLOCK],
        "INSERT INTO packed VALUES (9, 1, x'', x'', x'')": [],
        "INSERT INTO packed VALUES (9, 1, x'00', x'', x'')": [9 * BLOCK],
    }
    sound = path.read_bytes()
    for harm, blocks in harms.items():
        path.write_bytes(sound)
        with closing(sqlite3.connect(path, isolation_level=None)) as database:
            database.execute(harm)
        said = [finding for finding in upkeep.check(path) if "what filters ask" in finding]
        assert said == [f"articles from number {n} on: what filters ask of them is not what they say" for n in blocks]


@pytest.mark.parametrize("tree", ["city:1", 7, None, [1], [["a", {}]], [[[]] * 3, b"x", 1.5]], ids=str)
def test_what_is_no_tree_of_clusters_is_refused(tmp_path: Path, tree: Cluster) -> None:
    with Store.open(tmp_path / "articles.sqlite") as store, pytest.raises(ValueError, match="clusters are lists"):
        store.cluster_counts(ArticleFilter(), tree)


def test_clusters_within_clusters_without_end_are_refused(tmp_path: Path) -> None:
    tree: Cluster = []
    for _ in range(100_000):
        tree = [tree]
    with Store.open(tmp_path / "articles.sqlite") as store, pytest.raises(ValueError, match="clusters are lists"):
        store.cluster_counts(ArticleFilter(), tree)


def made_older(path: Path) -> None:
    """As the version before the columns left it."""
    with closing(sqlite3.connect(path, isolation_level=None)) as database:
        for table in ("packed", "publisher", "pinned", "unplaced_name"):
            database.execute(f"DROP TABLE {table}")
        for name, column in (("country", "country_code"), ("feature", "feature"), ("roles", "roles")):
            database.execute(f"CREATE INDEX mention_by_{name} ON mention ({column}, article)")
        database.execute("CREATE INDEX article_by_publisher ON article (publisher)")
        before = [migration.__name__ for migration in MIGRATIONS].index("_packed_columns")
        database.execute(f"PRAGMA user_version = {before}")


def test_a_store_from_before_there_were_columns_answers_as_it_did(tmp_path: Path) -> None:
    path = tmp_path / "articles.sqlite"
    with Store.open(path, now=lambda: NOW) as store:
        store.put(many(2 * BLOCK + 60, random.Random(7)))
        before = answers(store)
    made_older(path)
    with Store.open(path, now=lambda: NOW) as store:
        assert answers(store) == before
    assert upkeep.check(path) == []


OPENER = """
import sys
from pathlib import Path
from map_app.store import Store
print("ready", flush=True)
sys.stdin.readline()
Store.open(Path(sys.argv[1])).close()
"""


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="Windows has no SIGKILL")
def test_a_kill_while_the_columns_are_made_leaves_the_store_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "articles.sqlite"
    with Store.open(path, now=lambda: NOW) as store:
        store.put(many(4 * BLOCK, random.Random(7)))
        before = answers(store)
    made_older(path)
    older = path.read_bytes()
    for moment_s in (0.0, 0.01, 0.02, 0.03):
        path.write_bytes(older)
        root = Path(__file__).resolve().parents[2]
        with subprocess.Popen(
            [sys.executable, "-c", OPENER, str(path)],
            env=os.environ | {"PYTHONPATH": str(root)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        ) as process:
            assert process.stdin is not None
            assert process.stdout is not None
            assert process.stdout.readline() == b"ready\n"
            process.stdin.write(b"go\n")
            process.stdin.flush()
            time.sleep(moment_s)  # the moment of the kill is the point
            process.send_signal(signal.SIGKILL)
        with Store.open(path, now=lambda: NOW) as store:
            assert answers(store) == before
        assert upkeep.check(path) == []


def test_a_disk_that_fills_while_the_columns_are_made_leaves_the_store_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "articles.sqlite"
    with Store.open(path, now=lambda: NOW) as store:
        store.put(many(8 * BLOCK, random.Random(7)))
        before = answers(store)
    made_older(path)
    disk = tmp_path / "disk"
    disk.mkdir()
    size_kb = path.stat().st_size // 1024 + 120
    if subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size_kb}k", "tmpfs", str(disk)], check=False).returncode:
        pytest.skip("may not mount a file system here")
    try:
        there = disk / path.name
        shutil.copyfile(path, there)
        with pytest.raises(StoreFullError, match="storage full"):
            Store.open(there)
        shutil.copyfile(there, path)
    finally:
        subprocess.run(["umount", str(disk)], check=True)
    with closing(sqlite3.connect(path)) as database:
        assert MIGRATIONS[database.execute("PRAGMA user_version").fetchone()[0]].__name__ == "_packed_columns"
    with Store.open(path, now=lambda: NOW) as store:
        assert answers(store) == before


def test_names_of_very_many_are_listed_in_the_same_order(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lost = [f"Name {number:03}" for number in random.Random(1).sample(range(300), 300)]
    with Store.open(tmp_path / "articles.sqlite") as store:
        store.put(
            (Article(f"a{n}", "", name), [Resolution(Toponym(name, 0, 8), None, unplaced_because="tie")])
            for n, name in enumerate([*lost, lost[0]])
        )
        few = store.unplaced(limit=20)
        monkeypatch.setattr(figures, "_MAX_TIED", 50)
        assert store.unplaced(limit=20) == few
        assert [name.name for name in few] == [lost[0], *sorted(set(lost) - {lost[0]})[:19]]
