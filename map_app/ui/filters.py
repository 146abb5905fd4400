"""The filters' drawer, the chips of what is chosen, and the account of what that leaves."""

from collections.abc import Callable, Iterable, Sequence
from datetime import date
from typing import TypeVar

import streamlit as st

from map_app.model import ArticleFilter, Feature, Role
from map_app.store import Facets, Summary
from map_app.ui import state
from map_app.ui.share import PRESETS
from map_app.ui.text import FEATURES, ROLES, count, day, number, plain

#: Chips of one filter that are shown one by one.
MOST_CHIPS = 6

#: What many values of a filter are called together.
CHOSEN = {
    "countries": "countries",
    "features": "kinds of places",
    "roles": "roles",
    "publishers": "publishers",
}

_T = TypeVar("_T")

PRESET_NAMES = dict(zip(PRESETS, ("24 hours", "7 days", "30 days"), strict=True))


def drawer(facets: Facets, country_name: Callable[[str], str]) -> None:
    """All the filters; each choice with the number of articles that it would show."""
    st.pills(
        "Date",
        list(PRESETS),
        format_func=lambda preset: PRESET_NAMES[preset],
        key="f_when",
        on_change=_preset_chosen,
        help="Days are counted in UTC, back from today.",
    )
    since, until = st.columns(2)
    for column, label, key in ((since, "From", "f_since"), (until, "To", "f_until")):
        column.date_input(
            label,
            value=None,
            key=key,
            format="DD/MM/YYYY",
            min_value=date(1800, 1, 1),
            max_value=date(2200, 12, 31),
            on_change=_day_chosen,
        )
    _choice("Country", "f_countries", facets.countries, country_name)
    st.text_input(
        "Words",
        key="f_words",
        max_chars=300,
        placeholder="all of these words, or “a phrase”",
        on_change=state.touch,
    )
    _choice("Kind of place", "f_features", facets.features, lambda value: FEATURES[Feature(value)])
    _choice("Role in the story", "f_roles", facets.roles, lambda value: ROLES[Role(value)])
    if facets.publishers or st.session_state["f_publishers"]:
        _choice("Publisher", "f_publishers", facets.publishers, str)
    st.button("Reset all filters", on_click=state.reset, width="stretch", key="reset-drawer")


def _choice(label: str, key: str, counted: Sequence[tuple[str, int]], name: Callable[[str], str]) -> None:
    counts = {str(value): articles for value, articles in counted}
    # What is chosen stays in the list when the other filters leave nothing of it.
    options = [*counts, *(value for value in st.session_state[key] if value not in counts)]
    st.multiselect(
        label,
        options,
        format_func=lambda value: f"{name(value)} · {number(counts.get(value, 0))}",
        key=key,
        on_change=state.touch,
        placeholder="Any",
        select_all=False,  # which would show less than "Any", and make an address that nobody can share
    )


def _preset_chosen() -> None:
    if st.session_state["f_when"]:
        st.session_state["f_since"] = st.session_state["f_until"] = None
    state.touch()


def _day_chosen() -> None:
    st.session_state["f_when"] = None
    state.touch()


def chips(country_name: Callable[[str], str], place_name: str) -> None:
    """What is chosen, each to be removed on its own, and one Reset."""
    chosen = list(_chosen(country_name, place_name))
    if not chosen:
        return
    with st.container(horizontal=True, key="chips", gap="small"):
        for index, (label, parts) in enumerate(chosen):
            st.button(
                f"{plain(label, limit=40)} ✕",
                key=f"chip-{index}",
                on_click=state.lift,
                kwargs=parts,
                help=f"Remove {plain(label, limit=80)}",
            )
        st.button("Reset", key="reset", type="tertiary", on_click=state.reset)


def _chosen(country_name: Callable[[str], str], place_name: str) -> Iterable[tuple[str, dict[str, object]]]:
    current = state.current()
    f = current.filter
    if current.preset:
        yield PRESET_NAMES[current.preset], {"dates": True}
    elif f.since or f.until:
        yield _range(f), {"dates": True}
    yield from _each(f.countries, "countries", country_name)
    if f.words:
        yield f"“{f.words}”", {"words": ""}
    yield from _each(f.features, "features", FEATURES.__getitem__)
    yield from _each(f.roles, "roles", ROLES.__getitem__)
    yield from _each(f.publishers, "publishers", str)
    if f.place:
        yield f"Place: {place_name}", {"place": ""}


def _each(values: frozenset[_T], part: str, name: Callable[[_T], str]) -> Iterable[tuple[str, dict[str, object]]]:
    """One chip for each value, by name, or one for all of them where they are many."""
    if len(values) > MOST_CHIPS:
        yield f"{number(len(values))} {CHOSEN[part]}", {part: frozenset()}
        return
    for value in sorted(values, key=name):
        yield name(value), {part: values - {value}}


def _range(f: ArticleFilter) -> str:
    if f.since and f.until:
        return f"{day(f.since)} – {day(f.until)}"
    return f"from {day(f.since)}" if f.since else f"until {day(f.until)}"


def figures(summary: Summary) -> str:
    """The line over the map: what is shown of how much."""
    return f"{number(summary.articles)} of {count(summary.all_articles, 'article')} · {count(summary.places, 'place')}"


def why_empty(f: ArticleFilter, summary: Summary, everything: Summary) -> str:
    """An honest sentence for when nothing is left."""
    if not summary.all_articles:
        return "There are no articles yet."
    if f.since and everything.newest and f.since > everything.newest.date():
        return f"The newest article is of {day(everything.newest)}, before the days that you chose."
    if f.until and everything.oldest and f.until < everything.oldest.date():
        return f"The oldest article is of {day(everything.oldest)}, after the days that you chose."
    parts = [f.since or f.until, f.countries, f.words, f.features, f.roles, f.publishers, f.place]
    these = "this filter" if sum(map(bool, parts)) == 1 else "all of these filters together"
    return f"None of the {count(summary.all_articles, 'article')} passes {these}."
