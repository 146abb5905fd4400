"""The panel beside the map: the list of articles, one article, and a visitor's own text."""

import re
from collections.abc import Callable, Sequence

import streamlit as st

from map_app.app import App
from map_app.model import Article, Field, Kind, Pin, Resolution, Role, Story, strongest_first
from map_app.store import Summary, UnplacedName
from map_app.store.snippets import snippet
from map_app.ui import state
from map_app.ui.reasons import not_placed, why, why_not
from map_app.ui.text import (
    ROLES,
    apart,
    clean,
    count,
    day,
    escaped,
    lower_first,
    marked,
    number,
    plain,
    web_link,
    whereabouts,
)

CountryName = Callable[[str], str]

#: Between paragraphs; within a mark too, which a paragraph of its own would break in two.
_LINE_ENDS = re.compile(r"\s*\n\s*")

#: Names that could not be placed.
UNPLACED_SHOWN = 50

#: Names of places that one article of the list shows.
NAMES_SHOWN = 6


def stories(found: Sequence[Story], summary: Summary) -> None:
    """Articles newest first, a page at a time."""
    for story in found:
        with st.container(key=f"story-{story.number}", gap=None):
            st.button(
                plain(story.title) or "Untitled",
                key=f"read-{story.number}",
                type="tertiary",
                on_click=state.open_article,
                args=(story.article_id,),
            )
            st.html(_story(story))
    if len(found) < summary.articles:
        st.button(
            f"Show more of {count(summary.articles, 'article')}",
            key="more",
            on_click=_more,
            width="stretch",
        )


def _more() -> None:
    st.session_state["shown"] += state.PAGE
    st.session_state["touched"] = True


def _story(story: Story) -> str:
    also = f"also in {count(story.also_in, 'other outlet')}" if story.also_in else ""
    about = " · ".join(part for part in (apart(story.publisher), day(story.published), also) if part)
    shown = marked(story.snippet.text, ((start, end, "", "") for start, end in story.snippet.highlights))
    return (
        f'<div class="story"><p class="about">{about}</p><p class="snippet">{shown}</p>'
        f'<p class="places">{_places(story)}</p></div>'
    )


def _places(story: Story) -> str:
    """What it is about first and stressed, then what it mentions, and last where it was filed, about that or not."""
    place_roles = story.place_roles or ((Role.MENTION,),) * len(story.places)
    by_role: dict[Role, list[str]] = {role: [] for role in Role}
    for (_, name), roles in zip(story.places, place_roles, strict=True):
        for role in {roles[0]} | ({Role.DATELINE} & set(roles)):
            by_role[role].append(apart(name))
    about = [f'<b title="{ROLES[Role.FOCUS]}">{name}</b>' for name in by_role[Role.FOCUS]]
    names = [*about, *by_role[Role.MENTION]]
    more = [f"{len(names) - NAMES_SHOWN} more"] if len(names) > NAMES_SHOWN else []
    filed = [f"<i>filed from {', '.join(by_role[Role.DATELINE])}</i>"] if by_role[Role.DATELINE] else []
    return " · ".join([*names[:NAMES_SHOWN], *more, *filed]) or "No place found"


def unplaced(names: Sequence[UnplacedName], summary: Summary) -> None:
    """What is not on the map, and why."""
    if not summary.unplaced_articles and not names:
        return
    more = len(names) > UNPLACED_SHOWN
    missing = [f"over {UNPLACED_SHOWN} names" if more else count(len(names), "name")] if names else []
    if summary.unplaced_articles:
        missing.append(f"{count(summary.unplaced_articles, 'article')} without a place")
    with st.expander(f"Not on the map: {', '.join(missing)}"):
        rows = "".join(
            f"<tr><td>{escaped(n.name)}</td><td>{escaped(why_not(n.reason))}</td><td>{number(n.articles)}</td></tr>"
            for n in names[:UNPLACED_SHOWN]
        )
        if more:
            st.html(f'<p class="quiet">The {UNPLACED_SHOWN} that most articles name.</p>')
        if rows:
            st.html(
                "<table><thead><tr><th>Name in the text</th><th>Why it is not placed</th><th>Articles</th></tr></thead>"
                f"<tbody>{rows}</tbody></table>"
            )


def article(shown: Article, resolutions: Sequence[Resolution], country_name: CountryName) -> None:
    """The whole text with every found place marked, and what each was taken for."""
    link = web_link(shown.url)
    dated = day(shown.published) if shown.published or shown.source != "pasted" else ""
    author = f"By {apart(shown.author)}" if shown.author else ""
    about = " · ".join(part for part in (apart(shown.publisher), author, dated) if part)
    if link:
        about += (
            f' · <a href="{escaped(link)}" target="_blank" rel="noopener noreferrer nofollow">Read the original</a>'
        )
    title = _marked_field(shown.title, resolutions, Field.TITLE, country_name)
    paragraphs = _marked_field(shown.text, resolutions, Field.TEXT, country_name)
    paragraphs = _LINE_ENDS.sub('<span class="paragraph"></span>', paragraphs)
    heading = f"<h2>{title}</h2>" if shown.title else ""
    st.html(f'<article class="article">{heading}<p class="about">{about}</p><p>{paragraphs}</p></article>')
    st.html(_table(resolutions, country_name))


def _marked_field(text: str, resolutions: Sequence[Resolution], field: Field, country_name: CountryName) -> str:
    return marked(
        text,
        (
            (r.toponym.start, r.toponym.end, _meaning(r, country_name), _css(r))
            for r in resolutions
            if r.toponym.field is field
        ),
    )


def _css(r: Resolution) -> str:
    if r.place is None:
        return "unplaced"
    return "" if r.toponym.kind is Kind.DEMONYM else f"role-{r.role}"


def _meaning(r: Resolution, country_name: CountryName) -> str:
    if r.place is None:
        return not_placed(r.unplaced_because)
    where = f"{r.place.name}: {whereabouts(r.place, country_name(r.place.country_code))}"
    return f"People or things of {where}" if r.toponym.kind is Kind.DEMONYM else where


def _table(resolutions: Sequence[Resolution], country_name: CountryName) -> str:
    """One row for each name and meaning, in reading order: what it was taken for, how surely and why."""
    rows: dict[tuple[str, str], Resolution] = {}
    roles: dict[tuple[str, str], set[Role]] = {}
    for r in resolutions:
        key = (r.toponym.name, r.place.id if r.place else "")
        rows.setdefault(key, r)
        roles.setdefault(key, set()).add(r.role)
    if not rows:
        return '<p class="quiet">No place was found in this text.</p>'
    body = []
    for key, r in rows.items():
        # What speaks for it: how far it is from the others speaks against nearly every place.
        reasons = sorted((e for e in r.evidence if e.weight >= 0), key=lambda e: -e.weight)[:3]
        because = "; ".join(map(why, reasons)) if r.place else ""
        others = [c.place for c in r.candidates if r.place and c.place.id != r.place.id][:1]
        if others:
            next_best = (
                f"{others[0].name} ({lower_first(whereabouts(others[0], country_name(others[0].country_code)))})"
            )
            because += f". Next best: {next_best}"
        sure = f"{r.confidence:.0%}" if r.place else "–"
        first, *more = [name for role, name in ROLES.items() if role in roles[key]]
        role = " and ".join([first, *map(lower_first, more)])
        if r.toponym.kind is Kind.DEMONYM:
            role, because = "", ""  # the meaning says it
        about = ": ".join(part for part in (role, because) if part) if r.place else ""
        body.append(
            f'<tr><td><mark class="{_css(r)}">{escaped(r.toponym.name or "Not in the text")}</mark></td>'
            f"<td>{escaped(_meaning(r, country_name))}"
            f'{f"""<span class="quiet">{escaped(about)}</span>""" if about else ""}</td><td>{sure}</td></tr>'
        )
    return (
        '<table class="found"><thead><tr><th>In the text</th><th>Place, and why</th><th>How sure</th></tr></thead>'
        f"<tbody>{''.join(body)}</tbody></table>"
    )


def own_text(app: App, country_name: CountryName) -> None:
    """The box for a visitor's own text, and what was found in it; it stays in this visitor's session."""
    st.button("← Back to the list", key="close-try", on_click=state.set_trying, args=(False,), type="tertiary")
    st.html('<h2 class="panel-title">Try your text</h2>')
    st.html('<p class="quiet">See which places it names and where they lie. Only you see this; it is not stored.</p>')
    limit = app.settings.max_pasted_chars
    with st.form("try", border=False):
        text = st.text_area(
            "Your own text",
            key="own-text",
            height=180,
            max_chars=limit,
            placeholder="TAIPEI, Taiwan - Paste an article here …",
            label_visibility="collapsed",
        )
        sent = st.form_submit_button("Find the places", type="primary", width="stretch")
    if sent and not text.strip():
        st.html('<p class="notice" role="alert">There is no text yet: write or paste one.</p>')
    elif sent:
        cut = clean(text)[:limit]
        found = app.geoparse_text("", cut)
        st.session_state["pasted"] = found
        state.fit()
        state.touch()
        st.rerun()
    if result := state.pasted():
        article(*result, country_name)


def pins_of(shown: Article, resolutions: Sequence[Resolution]) -> list[Pin]:
    """The places of one article as pins, for a map of it alone."""
    grouped: dict[str, list[Resolution]] = {}
    for r in resolutions:
        if r.place and r.toponym.kind is Kind.TOPONYM:
            grouped.setdefault(r.place.id, []).append(r)
    pins = []
    for found in grouped.values():
        spans = [(r.toponym.start, r.toponym.end) for r in found if r.toponym.field is Field.TEXT]
        roles = strongest_first(r.role for r in found)
        story = Story(
            number=1,
            article_id=shown.id,
            title=shown.title or ("Your own text" if shown.source == "pasted" else "Untitled"),
            url=shown.url,
            publisher=shown.publisher,
            published=shown.published,
            snippet=snippet(shown.text, spans),
            roles=roles,
        )
        if found[0].place:
            pins.append(Pin(found[0].place, 1, (story,), (1,), roles[0]))
    return pins
