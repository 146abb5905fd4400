"""How far the map can be trusted: the figure on the hand-checked set, and how it was come by."""

import re
from collections.abc import Iterator

import streamlit as st

from map_app.geoparse.accuracy import Accuracy
from map_app.settings import GEOPARSER_DOC
from map_app.ui.text import number

#: Links of the documents to each other, which lead nowhere from the page.
_LINK_WITHIN = re.compile(r"\[([^\]]+)\]\((?!https?:)[^)]*\)")


def show(accuracy: Accuracy) -> None:
    """The line, to be opened for what it means."""
    with st.expander(headline(accuracy)):
        st.html("".join(f'<p class="measured">{paragraph}</p>' for paragraph in explanation(accuracy)))
        if st.button("How it was measured, in full", key="how-measured", type="tertiary"):
            _how_measured()


@st.dialog("How it was measured", width="large")
def _how_measured() -> None:
    with st.container(key="measurements"):
        st.markdown(how_measured())


def how_measured() -> str:
    """What the documents say of it, from the measurements to the mistakes, as Markdown that needs nothing beside it."""
    told = GEOPARSER_DOC.read_text(encoding="utf-8").partition("\n## Measured\n")[2]
    told = _LINK_WITHIN.sub(r"\1", told).replace("$", r"\$")  # between two of them Streamlit sets formulas
    return re.sub(r"^##", "####", told, flags=re.MULTILINE).strip()


def headline(accuracy: Accuracy) -> str:
    """What was got right of what there was to get right."""
    return f"{number(accuracy.right)} of {number(accuracy.places)} places right on our hand-checked set"


def explanation(a: Accuracy) -> Iterator[str]:
    """Paragraphs of HTML: what was measured, what went wrong, what it does not tell, how to do it again."""
    yield (
        f"In the texts of {number(a.articles)} sample digests every place name was marked by hand, with the place "
        f"that it is: {number(a.places)} in all. This very version of the program then read them without the answers. "
        "A place is right where it is the same record, the same country or first-level division, or within 161 km "
        "(100 miles) of where it was put by hand."
    )
    yield (
        f"{number(a.places - a.right)} were missed or put elsewhere. Of the {number(a.given)} places that the program "
        f"gave, {number(a.given - a.right)} are wrong: another place, or none at all."
    )
    if a.focus:
        yield (
            f"What each story is about was listed by hand as well: {number(a.focus)} places. The program found "
            f"{number(a.focus_right)} of them and gave {number(a.focus_given - a.focus_right)} others."
        )
    yield (
        "The digests are short, in English, about world news, and our own; the model was not trained on them, but its "
        "mistakes on them were looked at. Local news, long articles and other languages are harder: expect fewer right."
    )
    yield (
        "Measure it again, or on articles of your own: <code>python -m map_app evaluate</code>. The annotations are in "
        "<code>data/gold.jsonl</code>."
    )
