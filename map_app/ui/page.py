"""The page: map, list and filters, put together from one visitor's state."""

import base64
import logging
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlencode

import streamlit as st

from map_app.app import App, is_ready
from map_app.errors import GazetteerError, MapAppError, SettingsError, StoreError
from map_app.model import Article, ArticleFilter, Feature, Place, Resolution, Story
from map_app.settings import Settings
from map_app.store import Facets, Summary, UnplacedName
from map_app.ui import (
    access,
    accuracy,
    article_list,
    downloads,
    editing,
    filters,
    map_answers,
    map_view,
    sign_in,
    state,
)
from map_app.ui.access import Access
from map_app.ui.first_paint import ICON, NAME, TITLE, base_path
from map_app.ui.opening import Opening, opening
from map_app.ui.share import ViewState, write
from map_app.ui.text import count, escaped
from map_app.webmap import payload, silhouette

logger = logging.getLogger(__name__)

_HERE = Path(__file__).resolve().parent

_WORDMARK = f'<h1 class="wordmark"><i></i><b>{NAME}</b><span>news on the map</span></h1>'

_SKELETON = f'<div class="skeleton" aria-hidden="true">{"<i></i>" * 18}</div>'

#: How many answers of each kind are kept for all visitors together.
KEPT = 32

#: How many pages of lists are.
KEPT_PAGES = 512


#: Of up to so many articles at all places together the map counts its clusters itself; of more it asks.
NUMBERS_SENT = 20_000


def main() -> None:
    """Draw the page; what goes wrong is said plainly and told in full to the log alone."""
    st.set_page_config(
        page_title=TITLE, page_icon=ICON, layout="wide",
        initial_sidebar_state="collapsed",
    )  # fmt: skip
    st.html(f"<style>{(_HERE / 'theme.css').read_text(encoding='utf-8')}</style>")
    try:
        settings = Settings.from_environment()
        _page(_opened(settings))
    except MapAppError as e:
        logger.exception("The page cannot be shown")
        st.html(f'<p class="plainerror" role="alert">{escaped(plain_message(e))}</p>')


def plain_message(error: MapAppError) -> str:
    """What visitors are told: the kind of trouble, without paths, SQL or anything of the machine."""
    if isinstance(error, StoreError):
        return "The articles cannot be read at the moment. Whoever runs this page finds the reason in its log."
    if isinstance(error, SettingsError):
        return "This page is not set up right. Whoever runs it finds the reason in its log."
    return "The map cannot be opened at the moment. Whoever runs this page finds the reason in its log."


def _opened(settings: Settings) -> App:
    current = opening(settings)
    # What an app that is open was made from may be gone: caches are cleaned.
    if not current.done and not is_ready(settings):
        _wait_for(current)
    return current.result()


def _wait_for(current: Opening) -> None:
    """Show how far the first start is, in the page's own frame, and then draw the page afresh."""
    with st.empty().container():
        with st.container(horizontal=True, key="head"):
            st.html(_WORDMARK)
        with st.container(key="map"):
            # As a mask, so that the land has the colour of either theme.
            land = base64.b64encode(silhouette().encode()).decode()
            picture = f"mask-image: url(data:image/svg+xml;base64,{land})"
            st.html(f'<div class="world" aria-hidden="true" style="{picture}"></div>')
        with st.container(key="panel"):
            bar = st.progress(0.0, "Preparing the map")
            st.html(_SKELETON)
        for fraction, phrase in current.ticks():
            bar.progress(min(max(fraction, 0.0), 1.0), f"Preparing the map: {phrase}")
    current.result()
    st.rerun()


# One answer serves all visitors until the store changes, and every run of a page that shows the same.


@st.cache_resource(max_entries=KEPT, show_spinner=False)
def _mapped(_app: App, store: str, revision: int, f: ArticleFilter) -> tuple[Sequence[Place], str]:
    """The places on the map, those of most articles first, and what the map is told of them."""
    pins = _app.store.pins(f, numbers_up_to=NUMBERS_SENT)
    return [pin.place for pin in pins], payload(pins, _app.store.country_counts(f), ask=map_answers.addresses(f))


def _mapped_alone(text: Article, resolutions: Sequence[Resolution]) -> tuple[Sequence[Place], str]:
    """The same of one text, whether it is in the store or not."""
    pins = article_list.pins_of(text, resolutions)
    countries = {pin.place.country_code: 1 for pin in pins if pin.place.feature is Feature.COUNTRY}
    return [pin.place for pin in pins], payload(pins, countries)


@st.cache_resource(max_entries=KEPT, show_spinner=False)
def _summary(_app: App, store: str, revision: int, f: ArticleFilter) -> Summary:
    return _app.store.summary(f)


@st.cache_resource(max_entries=KEPT, show_spinner=False)
def _around(_app: App, store: str, revision: int, f: ArticleFilter) -> tuple[Facets, Sequence[UnplacedName]]:
    """What other choices would show, and what is not on the map."""
    return _app.store.facets(f), _app.store.unplaced(f, limit=article_list.UNPLACED_SHOWN + 1)


@st.cache_resource(max_entries=KEPT_PAGES, show_spinner=False)
def _one_page(_app: App, store: str, revision: int, f: ArticleFilter, offset: int) -> Sequence[Story]:
    return _app.store.stories(f, offset=offset, limit=state.PAGE)


def _listed(app: App, store: str, revision: int, f: ArticleFilter, limit: int) -> Sequence[Story]:
    """The first of the list, of which each page is asked for once."""
    pages = (_one_page(app, store, revision, f, offset) for offset in range(0, limit, state.PAGE))
    # One whose date has come between two pages is on both.
    return list({story.number: story for page in pages for story in page}.values())


def _country_name(app: App) -> Callable[[str], str]:
    def name(code: str) -> str:
        country = app.gazetteer.country(code) if code else None
        return country.name if country else code

    return name


def _page(app: App) -> None:
    first = state.take_address()
    state.keep_widgets()
    country_name = _country_name(app)
    key = (str(app.store.path), app.store.revision())
    chosen, shown, place = _chosen(app, key)
    if first and place and not shown:
        state.start_at(place)
    resolutions = app.store.resolutions(chosen.article) if shown else []
    f = chosen.applied(state.today())
    summary = _summary(app, *key, f)
    facets, unplaced = _around(app, *key, f)
    # While one text is read, the map shows where it is about and nothing else.
    if pasted := state.pasted():
        places, drawn = _mapped_alone(*pasted)
        figures = f"Your own text · {count(len(places), 'place')}"
    elif shown is not None and not state.trying() and not state.adding():
        places, drawn = _mapped_alone(shown, resolutions)
        figures = f"This article · {count(len(places), 'place')}"
    else:
        # It keeps showing the other places when the list is about one of them.
        places, drawn = _mapped(app, *key, replace(f, place=""))
        figures = filters.figures(summary)

    if st.context.is_embedded:
        _embedded(app, chosen, places, drawn, figures)
        return
    granted = access.current(app.settings)
    editing.gate(granted.editor)
    _head(chosen, facets, figures, country_name, granted)
    with st.container(key="map"):
        map_view.show(app.settings, places, drawn)
    with st.container(key="panel"):
        st.html('<span id="beside-the-map" tabindex="-1"></span>')
        if state.adding() and granted.editor is not None:
            editing.panel(app)
        elif state.trying():
            article_list.own_text(app, country_name)
        elif shown is not None:
            _article(shown, resolutions, country_name)
        else:
            _list(
                app,
                f=f,
                found=_listed(app, *key, f, st.session_state["shown"]),
                summary=summary,
                unplaced=unplaced,
                place_name=place.name if place else "",
                country_name=country_name,
                key=key,
                granted=granted,
            )
        _keep_place(chosen)
    state.write_address()


def _chosen(app: App, key: tuple[str, int]) -> tuple[ViewState, Article | None, Place | None]:
    """What is chosen, without what nobody here knows; the open article, and the chosen place."""
    chosen = state.current()
    shown = app.store.article(chosen.article) if chosen.article else None
    place = _place(app, chosen.filter.place)
    chosen = state.without_unknown(
        article=bool(chosen.article) and shown is None,
        place=bool(chosen.filter.place) and place is None,
        countries={code for code in chosen.filter.countries if not _is_country(app, *key, code)},
    )
    return chosen, shown, place


def _embedded(app: App, chosen: ViewState, places: Sequence[Place], drawn: str, figures: str) -> None:
    """The map alone, for other sites' pages (`?embed=true`), with the way to all of it."""
    with st.container(key="map"):
        map_view.show(app.settings, places, drawn)
    query = urlencode(write(chosen), doseq=True)
    st.html(
        f'<p class="full"><span role="status">{escaped(figures)}</span> '
        f'<a href="{base_path()}/?{escaped(query)}" target="_blank" rel="noopener">Open the full map</a></p>'
    )
    state.write_address()


def _is_country(app: App, store: str, revision: int, code: str) -> bool:
    if app.gazetteer.country(code) is not None:
        return True
    # Sources may give others.
    return _summary(app, store, revision, ArticleFilter(countries=frozenset({code}))).articles > 0


def _place(app: App, place_id: str) -> Place | None:
    """The place of that id, or None."""
    if not place_id:
        return None
    # Not every place that articles are on is in the gazetteer: sources and geocoders give others.
    if known := app.store.place(place_id):
        return known
    try:
        return app.gazetteer.place(place_id)
    except GazetteerError:
        return None


def _head(chosen: ViewState, facets: Facets, figures: str, country_name: Callable[[str], str], granted: Access) -> None:
    with st.container(horizontal=True, key="head", vertical_alignment="center"):
        st.html(_WORDMARK, width="content")
        st.html(f'<div class="figures" role="status">{escaped(figures)}</div>')
        with st.popover("Filters", icon=":material/tune:", key="filters"):
            filters.drawer(facets, country_name)
        st.button(
            "Try your text", key="open-try", icon=":material/edit_note:", on_click=state.set_trying, args=(True,),
            help="See where an article lands",
        )  # fmt: skip
        if granted.editor is not None:
            st.button("Add articles", key="open-add", icon=":material/add:", on_click=state.set_adding, args=(True,))
        query = urlencode(write(chosen.frozen(state.today())), doseq=True)
        _copy_link(query)
        st.html('<a class="skip" href="#beside-the-map">Skip the map</a>', width="content")


def _keep_place(chosen: ViewState) -> None:
    """Have the list stay where it is while something else is in its place, and everything else begin at its top."""
    over = "add" if state.adding() else "try" if state.trying() else chosen.article
    of_list = urlencode(write(replace(chosen, article="", view=None)), doseq=True)
    js = (_HERE / "panel_place.js").read_text(encoding="utf-8")
    st.components.v2.component("panel_place", js=js)(data={"list": of_list, "over": over}, key="panel-place", height=0)


def _copy_link(query: str) -> None:
    html, css, js = ((_HERE / f"copy_link.{kind}").read_text(encoding="utf-8") for kind in ("html", "css", "js"))
    component = st.components.v2.component("copy_link", html=html, css=css, js=js)
    component(data={"query": query}, key="copy-link", width="content")


def _article(shown: Article, resolutions: Sequence[Resolution], country_name: Callable[[str], str]) -> None:
    st.button("← Back to the list", key="close", type="tertiary", on_click=state.open_article, args=("",))
    article_list.article(shown, resolutions, country_name)


def _list(
    app: App,
    *,
    f: ArticleFilter,
    found: Sequence[Story],
    summary: Summary,
    unplaced: Sequence[UnplacedName],
    place_name: str,
    country_name: Callable[[str], str],
    key: tuple[str, int],
    granted: Access,
) -> None:
    if notices := state.notices():
        st.html(f'<p class="notice" role="status">{"<br>".join(map(escaped, notices))}</p>')
    if app.is_sample:
        st.html(f'<p class="sample">These are sample digests written for this project. {_how_to_add(granted)}</p>')
    filters.chips(country_name, place_name)
    if summary.articles:
        heading = '<h2 class="list-title">Articles, newest first</h2>'
        st.html(f'<div class="list-head">{heading}{downloads.links(f, summary.articles)}</div>')
        article_list.stories(found, summary)
    else:
        everything = _summary(app, *key, ArticleFilter())
        st.html(f'<p class="empty">{escaped(filters.why_empty(f, summary, everything))}</p>')
        if summary.all_articles:
            st.button("Reset all filters", key="reset-empty", type="primary", on_click=state.reset)
    article_list.unplaced(unplaced, summary)
    if app.accuracy:
        accuracy.show(app.accuracy)
    _credits(app)
    sign_in.foot(app.settings, granted)


def _how_to_add(granted: Access) -> str:
    if granted.editor is not None:
        return "They make way for your own with <b>Add articles</b>, or <code>python -m map_app ingest</code>."
    return "Whoever runs this page adds articles with <code>python -m map_app ingest</code>."


def _credits(app: App) -> None:
    geocoder = ""
    if app.settings.geocoder == "nominatim":
        geocoder = (
            " Names that the gazetteer does not know are asked of Nominatim, © OpenStreetMap contributors "
            '(<a href="https://operations.osmfoundation.org/policies/nominatim/" target="_blank" rel="noopener">usage '
            "policy</a>)."
        )
    st.html(
        '<p class="credits">Places: <a href="https://www.geonames.org/" target="_blank" rel="noopener">GeoNames</a>, '
        "CC BY 4.0. Outlines: Natural Earth, public domain; the borders they draw take no side. Dates are UTC."
        f"{geocoder}</p>"
    )
