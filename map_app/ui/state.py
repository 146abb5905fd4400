"""What one visitor has chosen: kept in Streamlit's session, read from and written to the address."""

from collections.abc import Collection
from dataclasses import replace
from datetime import UTC, date, datetime

import streamlit as st

from map_app.model import Article, ArticleFilter, Feature, Place, Resolution, Role
from map_app.ui.share import Notice, View, ViewState, read, write

#: The list grows by this many articles.
PAGE = 20

_VIEW = ("lat", "lon", "zoom")

#: Near enough to see a place, and far enough to see where it is.
_NEAR_ZOOM, _CONTINENT_ZOOM = 5, 3


def today() -> date:
    """The current UTC day, which presets count back from."""
    return datetime.now(UTC).date()


def touch() -> None:
    """Every widget says that the visitor, not the address, chose what is in the session now."""
    st.session_state["touched"] = True
    st.session_state["shown"] = PAGE
    st.session_state["notices"] = []


def notices() -> list[str]:
    """What of the link that the visitor came by was ignored, and why; until the visitor chooses something."""
    kept: list[str] = st.session_state["notices"]
    return kept


def without_unknown(
    *, article: bool = False, place: bool = False, countries: Collection[str] = frozenset()
) -> ViewState:
    """Choose no more what a link names and nobody here knows, and say so; only before the widgets of this run."""
    if article:
        st.session_state["article"] = ""
        st.session_state["notices"].append(Notice.UNKNOWN.of("article"))
    if place:
        st.session_state["place"] = ""
        st.session_state["notices"].append(Notice.UNKNOWN.of("place"))
    if countries:
        st.session_state["f_countries"] = [code for code in st.session_state["f_countries"] if code not in countries]
        st.session_state["notices"].append(Notice.UNKNOWN.of("country"))
    return current()


def _address() -> dict[str, list[str]]:
    return {name: st.query_params.get_all(name) for name in st.query_params}


def take_address() -> bool:
    """Take over what the address says, on a visit's start and when it was changed by hand or by Back.

    Tells whether it is the visit's start.
    """
    address = _address()
    without_view = {name: values for name, values in address.items() if name not in _VIEW}
    touched = st.session_state.pop("touched", False)
    if "written" in st.session_state and (touched or without_view == st.session_state["written"]):
        return False
    state, ignored = read(address)
    first = "written" not in st.session_state
    put(state)
    st.session_state["notices"] = ignored
    st.session_state["written"] = without_view
    if first:
        st.session_state["start_view"] = state.view
    return first


def put(state: ViewState) -> None:
    """Make the session hold this state; only before the widgets of this run."""
    f = state.filter
    st.session_state.update(
        {
            "f_when": state.preset or None,
            "f_since": f.since,
            "f_until": f.until,
            "f_words": f.words,
            "f_countries": sorted(f.countries),
            # Streamlit refuses members of an enumeration among options that are plain strings.
            "f_features": sorted(feature.value for feature in f.features),
            "f_roles": sorted(role.value for role in f.roles),
            "f_publishers": sorted(f.publishers),
            "place": f.place,
            "article": state.article,
            "view": state.view,
            "shown": PAGE,
        }
    )


def current() -> ViewState:
    """What is chosen now."""
    s = st.session_state
    preset = s["f_when"] or ""
    since, until = (None, None) if preset else (s["f_since"], s["f_until"])
    if since and until and since > until:
        since, until = until, since
    chosen = ArticleFilter(
        since=since,
        until=until,
        words=(s["f_words"] or "").strip(),
        countries=frozenset(s["f_countries"]),
        features=frozenset(Feature(value) for value in s["f_features"]),
        roles=frozenset(Role(value) for value in s["f_roles"]),
        publishers=frozenset(s["f_publishers"]),
        place=s["place"],
    )
    return ViewState(chosen, preset, s["article"], s["view"])


def keep_widgets() -> None:
    """Streamlit forgets the value of a widget that one run did not draw; these are kept."""
    for key in ("f_when", "f_since", "f_until", "f_words", "f_countries", "f_features", "f_roles", "f_publishers"):
        st.session_state[key] = st.session_state[key]


def write_address() -> None:
    """Bring the address in step; says nothing to the browser where it is already.

    Its view is the one that a link chose; the map puts in its own once the visitor has moved it.
    """
    wanted = write(current())
    if wanted != _address():
        st.query_params.from_dict(wanted)
    st.session_state["written"] = {name: values for name, values in wanted.items() if name not in _VIEW}


def start_view() -> View | None:
    """Where the link has the map look; None where it does not say, and the map shows where the results are."""
    view: View | None = st.session_state["start_view"]
    return view


def start_at(place: Place) -> None:
    """Have the map start at a place, unless the link says where; only in a visit's first run."""
    if start_view() is None:
        zoom = _CONTINENT_ZOOM if place.feature is Feature.CONTINENT else _NEAR_ZOOM
        st.session_state["start_view"] = View(place.point.latitude, place.point.longitude, zoom)


def fit() -> None:
    """Have the map go to where the results are."""
    st.session_state["fits"] = fit_number() + 1


def fit_number() -> int:
    """How often the map was to go there; on the start without a view in the link it is."""
    fits: int = st.session_state.get("fits", 0 if start_view() else 1)
    return fits


def reset() -> None:
    """Lift every filter; the map stays where it is."""
    put(ViewState(view=st.session_state["view"]))
    touch()


def lift(**parts: object) -> None:
    """Change some of what is chosen."""
    state = current()
    preset = "" if "dates" in parts else state.preset
    if parts.pop("dates", None):
        parts |= {"since": None, "until": None}
    put(replace(state, preset=preset, filter=replace(state.filter, **parts)))  # type: ignore[arg-type]  # field names
    touch()


def open_article(article_id: str) -> None:
    """Show an article in the panel, or with an empty id the list again."""
    shown = st.session_state["shown"]
    st.session_state["article"] = article_id
    touch()
    st.session_state["shown"] = shown


def open_place(place_id: str) -> None:
    """List the articles on a place."""
    st.session_state["place"] = place_id
    st.session_state["article"] = ""
    touch()


def trying() -> bool:
    """Whether the box for one's own text is open."""
    return bool(st.session_state.get("trying"))


def set_trying(on: bool) -> None:
    """Open or close the box for one's own text; closing forgets the text."""
    st.session_state["trying"] = on
    st.session_state["adding"] = False
    if not on:
        st.session_state.pop("pasted", None)
    touch()


def adding() -> bool:
    """Whether the panel for adding articles is open; who may see it is for `access` to say."""
    return bool(st.session_state.get("adding"))


def set_adding(on: bool) -> None:
    """Open or close the panel for adding articles."""
    set_trying(False)
    st.session_state["adding"] = on


def pasted() -> tuple[Article, list[Resolution]] | None:
    """This visitor's own text and what was found in it."""
    value: tuple[Article, list[Resolution]] | None = st.session_state.get("pasted")
    return value
