"""Files that an editor sends: what is in them, which column is what, and their articles."""

import re
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import streamlit as st
from streamlit.runtime.uploaded_file_manager import UploadedFile

from map_app.app import App
from map_app.settings import Settings
from map_app.sources.fields import NAMES
from map_app.sources.files import READERS, Failure, Item, Preview, preview, read_path
from map_app.ui.text import apart, clean, count, day, escaped, number

#: Articles and problems that are shown of each file.
FIRST = 3
PROBLEMS = 5

#: Longer names of files are cut for showing.
MAX_NAME_CHARS = 120

#: What the choice of a field's column is called where that is not the field's own name.
LABELS = {"published": "Date", "url": "Address", "domain": "Site", "place": "Place name"}

_NOTHING = ""

# Control characters, and those that turn the direction of what follows.
_MISLEADING = re.compile(r"[\x00-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]")


@dataclass(frozen=True, slots=True)
class Upload:
    """A file as it was sent."""

    #: Without folders and control characters; shown, and never part of a path.
    name: str
    data: bytes = field(repr=False)
    #: Which column holds which field, where the editor chose another than was proposed.
    mapping: Mapping[str, str] = field(default_factory=dict)


def file_name(sent: str) -> str:
    """The name that a file was sent under, without folders and what would mislead who reads it."""
    name = _MISLEADING.sub("", re.split(r"[/\\]", sent)[-1]).strip()
    return name[-MAX_NAME_CHARS:] or "file"


def read_upload(upload: Upload, settings: Settings) -> Iterator[Item]:
    """The articles of a file that was sent; it lies under a name of our own while it is read."""
    with tempfile.TemporaryDirectory(prefix="map_app-") as folder:
        path = Path(folder) / "upload"
        path.write_bytes(upload.data)
        yield from read_path(
            path,
            name=upload.name,
            mapping=upload.mapping,
            max_bytes=settings.max_file_bytes,
            max_chars=settings.max_article_chars,
        )


@dataclass(frozen=True, slots=True)
class Chosen:
    """The files that an editor is about to add."""

    uploads: tuple[Upload, ...]
    #: How many articles are in them, or None where there are more than were looked at.
    articles: int | None


def choose(app: App) -> Chosen | None:
    """Draw the uploader, and for each file what it would bring; None while there is no file."""
    limit_mb = min(st.get_option("server.maxUploadSize"), app.settings.max_file_bytes // 1_000_000 or 1)
    sent = st.file_uploader(
        "Files",
        type=[ending.removeprefix(".") for ending in READERS],
        accept_multiple_files=True,
        max_upload_size=limit_mb,
        key=f"upload-{st.session_state.setdefault('upload-round', 0)}",
        help="Text, Markdown, HTML, JSON, JSON Lines, CSV, TSV, e-mail, and archives of these. You see what is in them "
        "before anything is added.",
    )
    uploads: list[Upload] = []
    found: list[Preview] = []
    for file in sent:
        with st.container(key=f"preview-{len(uploads)}", gap="small"):
            upload, shown = _one(app, file)
        uploads.append(upload)
        found.append(shown)
    if not found:
        return None
    more = any(shown.more for shown in found)
    return Chosen(tuple(uploads), None if more else sum(len(shown.articles) for shown in found))


def forget() -> None:
    """Begin with an empty uploader."""
    st.session_state["upload-round"] = st.session_state.get("upload-round", 0) + 1
    st.session_state.pop("previews", None)


def _one(app: App, file: UploadedFile) -> tuple[Upload, Preview]:
    """Draw one file; as it is read with the columns that were chosen for it."""
    name = file_name(file.name)
    proposed = _previewed(app, file, name, {})
    place = st.container(gap="small")
    mapping = _columns(file.file_id, proposed) if proposed.columns else {}
    shown = _previewed(app, file, name, mapping) if mapping else proposed
    place.html(_card(name, shown))
    return Upload(name, file.getvalue(), mapping), shown


def _previewed(app: App, file: UploadedFile, name: str, mapping: Mapping[str, str]) -> Preview:
    """What is in a file; read once for each choice of columns."""
    kept: dict[tuple[str, tuple[tuple[str, str], ...]], Preview] = st.session_state.setdefault("previews", {})
    key = (file.file_id, tuple(sorted(mapping.items())))
    if key not in kept:
        kept[key] = preview(
            file.getvalue(),
            name,
            mapping=mapping,
            max_bytes=app.settings.max_file_bytes,
            max_chars=app.settings.max_article_chars,
        )
    return kept[key]


def _columns(file_id: str, proposed: Preview) -> dict[str, str]:
    """Draw the choice of columns; the fields for which another was chosen than proposed."""
    chosen: dict[str, str] = {}
    with st.expander("Columns", expanded=not proposed.articles, key=f"columns-{file_id}"):
        options = [_NOTHING, *proposed.columns]
        halves = st.columns(2)
        for place, name in enumerate(NAMES):
            guess = proposed.mapping.get(name, _NOTHING)
            picked = halves[place % 2].selectbox(
                LABELS.get(name, name.capitalize()),
                options,
                index=options.index(guess) if guess in options else 0,
                format_func=lambda column: clean(column) or "–",  # the choices are no Markdown
                key=f"column-{file_id}-{name}",
            )
            if picked != guess:
                chosen[name] = picked
    return chosen


def _card(name: str, shown: Preview) -> str:
    articles = "".join(
        f"<article><p><b>{escaped(article.title) or 'Untitled'}</b></p>"
        f'<p class="about">{apart(article.publisher)}{" · " if article.publisher else ""}{day(article.published)}</p>'
        f"<p>{escaped(article.text[:140])}{'…' if len(article.text) > 140 else ''}</p></article>"
        for article in shown.articles[:FIRST]
    )
    rest = len(shown.articles) - FIRST
    if shown.more:
        articles += '<p class="quiet">and more</p>'
    elif rest > 0:
        articles += f'<p class="quiet">and {count(rest, "more article", "more articles")}</p>'
    problems = "".join(
        f"<li>{escaped(problem.where)}: {escaped(problem.why if isinstance(problem, Failure) else problem.what)}</li>"
        for problem in shown.problems[:PROBLEMS]
    )
    unseen = len(shown.problems) - PROBLEMS
    if unseen > 0:
        problems += f"<li>and {number(unseen)} more</li>"
    return (
        f'<section class="preview"><h3>{escaped(name)}</h3><p class="quiet">{_figures(shown)}</p>{articles}'
        f"{f'<ul>{problems}</ul>' if problems else ''}</section>"
    )


def _figures(shown: Preview) -> str:
    failed = sum(isinstance(problem, Failure) for problem in shown.problems)
    if shown.more:
        return f"More than {count(len(shown.articles), 'article')}; the first ones, as they would come in:"
    return count(len(shown.articles), "article") + (f", {number(failed)} failed" if failed else "")


def items_of(uploads: Sequence[Upload], settings: Settings) -> Iterator[Item]:
    """The articles of all the files, one file after the other."""
    for upload in uploads:
        yield from read_upload(upload, settings)
