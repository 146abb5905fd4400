"""The sample digests and the hand-checked set that goes with them."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

DATA = Path(__file__).resolve().parent.parent / "data"
LEVELS = {"country", "admin1", "admin2", "place", "continent", "other"}


def _rows(name: str) -> list[dict[str, Any]]:
    lines = (DATA / name).read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines if line.strip()]


@pytest.fixture(scope="module")
def articles() -> list[dict[str, Any]]:
    return _rows("sample_articles.jsonl")


@pytest.fixture(scope="module")
def gold() -> list[dict[str, Any]]:
    return _rows("gold.jsonl")


def test_there_are_at_least_eighty_digests_with_an_id_each(articles: list[dict[str, Any]]) -> None:
    assert len(articles) >= 80
    assert len({article["id"] for article in articles}) == len(articles)
    assert len({article["title"] for article in articles}) == len(articles)


def test_every_digest_has_80_to_200_words(articles: list[dict[str, Any]]) -> None:
    counts = {article["id"]: len(article["text"].split()) for article in articles}
    assert {id_: n for id_, n in counts.items() if not 80 <= n <= 200} == {}


def test_every_digest_is_dated_in_the_period_it_covers(articles: list[dict[str, Any]]) -> None:
    first, last = datetime(2024, 10, 1, tzinfo=UTC), datetime(2026, 11, 30, tzinfo=UTC)
    for article in articles:
        published = datetime.fromisoformat(article["published"])
        assert first <= published <= last, article["id"]
        assert article["id"].startswith(f"sample-{published:%Y-%m-%d}-")


def test_digests_name_no_outlet_quote_nobody_and_link_nowhere(
    articles: list[dict[str, Any]],
) -> None:
    for article in articles:
        assert article["publisher"] == "Sample digest"
        assert article["language"] == "en"
        words = article["title"] + "\n" + article["text"]
        assert "http" not in words
        assert not set('"“”„«»') & set(words), article["id"]
        assert article["text"] == article["text"].strip()
        assert "" not in article["text"].split("\n")


def test_the_kursk_story_is_told_from_several_capitals(articles: list[dict[str, Any]]) -> None:
    story = [a for a in articles if "North Korea" in a["text"] and "Kursk" in a["text"]]
    assert len(story) >= 5
    told = "\n".join(article["text"] for article in story)
    for capital in ("Taipei", "Kyiv", "Seoul", "Pyongyang", "Moscow"):
        assert capital.casefold() in told.casefold()


def test_the_gold_set_annotates_the_digests_as_they_stand(
    articles: list[dict[str, Any]], gold: list[dict[str, Any]]
) -> None:
    texts = {article["id"]: article["text"] for article in articles}
    assert len(gold) >= 40
    assert len({row["id"] for row in gold}) == len(gold)
    for row in gold:
        assert row["text"] == texts[row["id"]]


def test_gold_spans_are_in_order_apart_and_say_what_the_text_says(
    gold: list[dict[str, Any]],
) -> None:
    for row in gold:
        end = 0
        for place in row["toponyms"]:
            assert end <= place["start"] < place["end"]
            assert row["text"][place["start"] : place["end"]] == place["text"]
            end = place["end"]


def test_gold_places_are_possible_and_focus_is_among_them(gold: list[dict[str, Any]]) -> None:
    for row in gold:
        for place in row["toponyms"]:
            assert place["level"] in LEVELS
            assert -90 <= place["lat"] <= 90
            assert -180 <= place["lon"] <= 180
            assert isinstance(place["scored"], bool)
        names = {place["gazname"] for place in row["toponyms"] if place["scored"]}
        assert row["focus"], row["id"]
        assert set(row["focus"]) <= names, row["id"]


def test_the_main_places_lie_in_at_least_fifty_countries(gold: list[dict[str, Any]]) -> None:
    main = {
        place["country_code"]
        for row in gold
        for place in row["toponyms"]
        if place["scored"] and place["gazname"] in row["focus"] and place["country_code"]
    }
    assert len(main) >= 50
