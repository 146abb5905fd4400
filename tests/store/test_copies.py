import random
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from map_app.model import Article
from map_app.store import Store
from map_app.store.copies import BANDS, MAX_COMPARED, START_BANDS, bands_of, signature_of, similarity
from map_app.store.progress import silent
from map_app.store.schema import MIGRATIONS

WORDS = [f"{a}{b}{c}" for a in ("ba", "ko", "li", "mu") for b in ("ra", "to", "ne") for c in ("n", "s", "l", "")]


def sentences(seed: int, count: int = 20) -> list[str]:
    chance = random.Random(seed)
    return [" ".join(chance.choices(WORDS, k=12)).capitalize() + "." for _ in range(count)]


def article(number: int, text: str, outlet: str, title: str = "") -> Article:
    return Article(f"a{number}", title or f"Title {number}", text, publisher=outlet)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store.open(tmp_path / "articles.sqlite") as store:
        yield store


def also_in(store: Store) -> dict[str, int]:
    return {story.article_id: story.also_in for story in store.stories(limit=1000)}


def groups_of(store: Store) -> int:
    with closing(sqlite3.connect(store.path)) as database:
        left = database.execute("SELECT count(*) FROM story_band").fetchone()[0]
        groups: int = database.execute("SELECT count(*) FROM story_group").fetchone()[0]
        assert (left > 0) == (groups > 0)
        return groups


def put(store: Store, *articles: Article) -> None:
    store.put((one, []) for one in articles)


def test_an_agency_story_in_three_outlets_is_three_articles_that_know_of_each_other(store: Store) -> None:
    agency = sentences(1)
    put(
        store,
        article(1, " ".join(agency), "Agency"),
        article(2, "RIGA (Agency) - " + "\n".join(agency).upper(), "Post", "A headline of its own"),
        article(3, " ".join(agency[:17]) + " Reporting by A. Writer.", "Herald"),
        article(4, " ".join(sentences(2)), "Agency"),
    )
    assert also_in(store) == {"a1": 2, "a2": 2, "a3": 2, "a4": 0}
    assert store.counts().articles == 4


@pytest.mark.parametrize("first", ["whole", "cut"])
def test_a_story_cut_to_its_half_and_one_with_a_paragraph_more_are_copies(store: Store, first: str) -> None:
    whole = sentences(1)
    texts = {
        "whole": " ".join(whole),
        "cut": "RIGA (Agency) - " + " ".join(whole[:10]),
        "longer": " ".join([*whole, *sentences(2, 8)]),
    }
    order = sorted(texts, key=lambda name: name != first)
    put(store, *(article(number, texts[name], name) for number, name in enumerate(order)))
    assert also_in(store) == {"a0": 2, "a1": 2, "a2": 2}


def test_two_reports_with_the_same_background_are_two_stories_and_so_are_a_brief_and_a_round_up(store: Store) -> None:
    background = sentences(3, 10)
    brief = sentences(6, 6)
    put(
        store,
        article(1, " ".join(sentences(1, 10) + background), "Post"),
        article(2, " ".join(sentences(2, 10) + background), "Herald"),
        article(3, " ".join(brief), "Wire"),
        article(4, " ".join(brief + sentences(7, 40)), "Digest"),
    )
    assert set(also_in(store).values()) == {0}


def test_cut_copies_in_a_store_made_before_they_were_told_are_grouped_when_it_is_migrated(tmp_path: Path) -> None:
    path = tmp_path / "articles.sqlite"
    whole = sentences(1)
    with Store.open(path) as store:
        put(store, article(1, " ".join(whole), "Post"), article(2, " ".join(whole[:10]), "Herald"))
    with closing(sqlite3.connect(path, isolation_level=None)) as database:
        database.execute("INSERT INTO story_group VALUES (99, ?)", (bytes(256),))
        database.execute("UPDATE article SET story_group = 99 WHERE id = 'a2'")
        next(m for m in MIGRATIONS if m.__name__ == "_cut_copies")(database, silent)
    with Store.open(path) as store:
        assert also_in(store) == {"a1": 1, "a2": 1}
        assert groups_of(store) == 1


def test_an_outlets_own_repeats_are_no_other_outlet(store: Store) -> None:
    text = " ".join(sentences(1))
    put(store, article(1, text, "Post"), article(2, text, "post"), article(3, text, ""))
    assert also_in(store) == {"a1": 0, "a2": 0, "a3": 1}


def test_short_texts_are_one_story_only_where_every_word_is_the_same(store: Store) -> None:
    teaser = "Read here what the day has brought to the town"
    put(
        store,
        article(1, teaser, "Post", "Rain on Monday"),
        article(2, teaser, "Herald", "Snow on Tuesday"),
        article(3, f"{teaser}!", "Wire", "Rain on Monday"),
        article(4, "", "Post", "Live"),
        article(5, "", "Herald", "Live"),
    )
    assert also_in(store) == {"a1": 1, "a2": 0, "a3": 1, "a4": 0, "a5": 0}


def test_an_updated_article_leaves_its_group_and_an_empty_group_is_forgotten(store: Store) -> None:
    one, two = " ".join(sentences(1)), " ".join(sentences(2))
    put(store, article(1, one, "Post"), article(2, one, "Herald"))
    put(store, article(1, two, "Post"))
    assert also_in(store) == {"a1": 0, "a2": 0}
    assert groups_of(store) == 2
    put(store, article(2, two, "Herald"))
    assert also_in(store) == {"a1": 1, "a2": 1}
    assert groups_of(store) == 1
    put(store, article(3, one, "Wire"))
    assert also_in(store)["a3"] == 0


def test_stories_of_a_store_made_before_groups_are_grouped_when_it_is_migrated(tmp_path: Path) -> None:
    path = tmp_path / "articles.sqlite"
    text = " ".join(sentences(1))
    with closing(sqlite3.connect(path, isolation_level=None)) as database:
        for migration in MIGRATIONS[:2]:
            migration(database, silent)
        for number, outlet in enumerate(("Post", "Herald"), start=1):
            database.execute(
                "INSERT INTO article (number, id, fingerprint, title, text, url, publisher, published, language,"
                " domain, source, places) VALUES (?, ?, 'old', 'Title', ?, '', ?, 0, '', '', '', 0)",
                (number, f"a{number}", text, outlet),
            )
        database.execute("PRAGMA user_version = 2")
    with Store.open(path) as store:
        assert also_in(store) == {"a1": 1, "a2": 1}
        store.check()


def test_many_copies_cost_no_more_than_a_few_comparisons(store: Store) -> None:
    text = " ".join(sentences(1))
    put(store, *(article(number, text, f"Outlet {number}") for number in range(5 * MAX_COMPARED)))
    assert groups_of(store) == 1
    assert set(also_in(store).values()) == {5 * MAX_COMPARED - 1}


@given(st.text(max_size=400), st.text(max_size=60))
def test_any_text_has_one_signature_whatever_its_case_spaces_and_punctuation(text: str, title: str) -> None:
    made = signature_of(title, text)
    assert made == signature_of(f" {title}!", "\n" + text.replace(" ", "  ") + ".")
    if made is not None:
        assert similarity(made[0], made[0]) == 1
        assert len(bands_of(made[0])) == BANDS + START_BANDS
