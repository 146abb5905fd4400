from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from map_app.model import ArticleFilter, Feature, Role
from map_app.ui.share import PRESETS, View, ViewState, read, write

HOSTILE = ["NaN", "inf", "-inf", "1e999", "{{7*7}}", "{% raw", "${alert(1)}", "<img src=x onerror=alert(1)>", "\0",
           "\ud800", "'; DROP TABLE article;--", "../../etc/passwd", "١٢٣", "9" * 400, "x" * 1_000_000,
           "2026-13-45", "0000-00-00", "9999-12-31", ",,,,", "UA,,ZZ9", "%00", "²", "Ⅷ"]  # fmt: skip
NAMES = ["from", "to", "when", "country", "q", "kind", "role", "publisher", "place", "article", "lat", "lon", "zoom"]

days = st.dates(date(1900, 1, 1), date(2100, 1, 1))
words = st.text(st.characters(categories=["L", "M", "N", "P", "S", "Cf", "Zs"]), max_size=40).map(str.strip)


@st.composite
def states(draw: st.DrawFn) -> ViewState:
    preset = draw(st.sampled_from(["", *PRESETS]))
    since, until = draw(st.none() | days), draw(st.none() | days)
    if preset:
        since = until = None
    elif since and until and since > until:
        since, until = until, since
    chosen = ArticleFilter(
        since=since,
        until=until,
        words=draw(words),
        countries=draw(st.frozensets(st.sampled_from(["UA", "RU", "XK", "TW"]))),
        features=draw(st.frozensets(st.sampled_from(Feature))),
        roles=draw(st.frozensets(st.sampled_from(Role))),
        publishers=draw(st.frozensets(words.filter(bool), max_size=3)),
        place=draw(words),
    )
    view = st.builds(
        View,
        st.integers(-900_000, 900_000).map(lambda n: n / 10_000),
        st.integers(-1_800_000, 1_800_000).map(lambda n: n / 10_000),
        st.integers(0, 20),
    )
    return ViewState(chosen, preset, draw(words), draw(st.none() | view))


@given(states())
def test_a_link_restores_the_state_it_was_made_from(state: ViewState) -> None:
    assert read(write(state)) == (state, [])


@given(st.dictionaries(st.sampled_from(NAMES), st.lists(st.text() | st.sampled_from(HOSTILE), max_size=4)))
def test_a_hostile_link_gives_a_state_that_can_be_linked_again(parameters: dict[str, list[str]]) -> None:
    state, _ = read(parameters)
    assert read(write(state)) == (state, [])


@pytest.mark.parametrize("name", [n for n in NAMES if n not in ("q", "publisher", "place", "article")])
def test_a_value_that_cannot_be_used_is_ignored_with_a_notice(name: str) -> None:
    state, notices = read({name: ["<nonsense>"]})
    assert state == ViewState()
    assert len(notices) == 1
    assert "<" not in notices[0]


@pytest.mark.parametrize("name", NAMES)
def test_a_value_of_a_megabyte_is_ignored_with_a_short_notice(name: str) -> None:
    state, notices = read({name: ["7" * 1_000_000]})
    assert state == ViewState()
    assert [len(notice) < 100 for notice in notices] == [True]


def test_of_a_repeated_value_the_first_counts() -> None:
    state, notices = read({"from": ["2024-11-01", "2024-12-01"]})
    assert state.filter.since == date(2024, 11, 1)
    assert "more than once" in notices[0]


def test_a_range_that_ends_before_it_starts_is_ignored() -> None:
    state, notices = read({"from": ["2024-12-01"], "to": ["2024-11-01"]})
    assert state == ViewState()
    assert notices


def test_half_a_list_is_kept_and_the_bad_half_noticed() -> None:
    state, notices = read({"country": ["ua, RU,Ukraine"]})
    assert state.filter.countries == {"UA", "RU"}
    assert len(notices) == 1


def test_a_frozen_preset_shows_the_same_days_next_year() -> None:
    today = date(2024, 11, 3)
    frozen = ViewState(preset="7d").frozen(today)
    assert frozen.preset == ""
    assert frozen.applied(today + timedelta(days=365)) == ViewState(preset="7d").applied(today)
    assert frozen.filter.since == date(2024, 10, 27)


def test_the_joiner_of_a_persian_word_is_part_of_it() -> None:
    state = ViewState(ArticleFilter(words="می\u200cخواهم"))
    assert read(write(state))[0] == state


def test_the_plain_page_has_a_plain_address() -> None:
    assert write(ViewState()) == {}
