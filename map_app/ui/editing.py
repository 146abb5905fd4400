"""The panel where editors add articles: what will come in, how far it is, what became of it."""

import logging
import re
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx
from streamlit.runtime.uploaded_file_manager import UploadedFile

from map_app.app import App
from map_app.errors import AccessError, MapAppError, StoreFullError, StoreReadOnlyError
from map_app.ingest import IngestReport, ingest_items
from map_app.model import Article
from map_app.settings import Settings
from map_app.sources.files import READERS, Failure, Item, Note, read_path
from map_app.ui import access, report, state, upload_gate
from map_app.ui.access import Editor
from map_app.ui.jobs import Job, Tell
from map_app.ui.text import count, day, escaped, number, plain

logger = logging.getLogger(__name__)

#: Articles and problems that a preview shows of each file.
FIRST = 3
PROBLEMS = 5

#: Failures and notes that the page lists; the file to keep has all.
LISTED = 8

#: How often progress is looked at.
LOOK_EVERY_S = 0.4

#: Longer names of files are cut for showing.
MAX_NAME_CHARS = 120

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]")


@dataclass(frozen=True, slots=True)
class Upload:
    """A file as it was sent."""

    #: Without folders and control characters; shown, and never part of a path.
    name: str
    data: bytes


@dataclass(frozen=True, slots=True)
class Preview:
    """What one file would bring."""

    name: str
    articles: int
    first: tuple[Article, ...]
    #: Failures and notes, the first ones.
    problems: tuple[str, ...]
    failed: int


def file_name(sent: str) -> str:
    """The name that a file was sent under, without folders and what would confuse who reads it."""
    name = _CONTROL.sub("", re.split(r"[/\\]", sent)[-1]).strip()
    return name[-MAX_NAME_CHARS:] or "file"


def read_upload(upload: Upload, settings: Settings) -> Iterator[Item]:
    """The articles of a file that was sent; it lies under a name of our own while it is read."""
    suffix = Path(upload.name).suffix.lower()
    if suffix not in READERS:
        yield Failure(upload.name, f"files of this kind cannot be read; those that can: {', '.join(READERS)}")
        return
    with tempfile.TemporaryDirectory(prefix="map_app-") as folder:
        path = Path(folder) / f"upload{suffix}"
        path.write_bytes(upload.data)
        for item in read_path(path, max_bytes=settings.max_file_bytes, max_chars=settings.max_article_chars):
            yield _named(item, path.name, upload.name)


def _named(item: Item, ours: str, sent: str) -> Item:
    """What was read, told about under the name that the file was sent under."""
    if isinstance(item, Article):
        return replace(item, source=sent + item.source.removeprefix(ours))
    return replace(item, where=sent + item.where.removeprefix(ours))


def preview(upload: Upload, settings: Settings) -> Preview:
    """Read a file without keeping anything."""
    first: list[Article] = []
    problems: list[str] = []
    articles = failed = 0
    for item in read_upload(upload, settings):
        if isinstance(item, Article):
            articles += 1
            if len(first) < FIRST:
                first.append(item)
            continue
        failed += isinstance(item, Failure)
        if len(problems) < PROBLEMS:
            problems.append(f"{item.where}: {item.why if isinstance(item, Failure) else item.what}")
    return Preview(upload.name, articles, tuple(first), tuple(problems), failed)


def add(app: App, editor: Editor, uploads: Sequence[Upload], expected: int) -> Job[IngestReport]:
    """Start to add the articles of these files, about `expected` of them, in the editor's name."""
    logger.info("%s adds %d files", access.check(editor).name, len(uploads))

    def work(tell: Tell) -> IngestReport:
        def progress(so_far: IngestReport, where: str) -> None:
            tell(min(so_far.seen / max(expected, 1), 1.0), f"{number(so_far.seen)} of {number(expected)}: {where}")

        return ingest_items(
            (item for upload in uploads for item in read_upload(upload, app.settings)),
            geoparser=app.geoparser,
            store=app.store_to_write(),
            progress=progress,
            provider=app.settings.geocoder_url,
        )

    return Job(work, "Opening your store")


# What is drawn


def gate(editor: Editor | None) -> None:
    """Let this session send files while the panel is open for an editor, and at no other time."""
    context = get_script_run_ctx()
    if context is None:
        return
    if editor is not None and state.adding():
        upload_gate.admit(context.session_id)
    else:
        upload_gate.shut(context.session_id)


def panel(app: App) -> None:
    """Draw the panel; only for editors, and each write asks again."""
    st.button("← Back to the list", key="close-add", type="tertiary", on_click=state.set_adding, args=(False,))
    st.html('<h2 class="panel-title">Add articles</h2>')
    job: Job[IngestReport] | None = st.session_state.get("job")
    if job is not None and not job.over:
        _under_way()
    elif job is not None:
        if not st.session_state.get("job-shown"):
            # It ended while the page was being drawn, or since: the map above is still without what it brought.
            st.session_state["job-shown"] = True
            st.rerun()
        _done(job)
    else:
        _files(app)


def _files(app: App) -> None:
    limit_mb = min(st.get_option("server.maxUploadSize"), app.settings.max_file_bytes // 1_000_000 or 1)
    sent = st.file_uploader(
        "Files",
        type=[suffix.removeprefix(".") for suffix in READERS],
        accept_multiple_files=True,
        max_upload_size=limit_mb,
        key=f"upload-{st.session_state.setdefault('upload-round', 0)}",
        help="Text, Markdown, HTML, JSON, JSON Lines, CSV, TSV. You see what is in them before anything is added.",
    )
    if not sent:
        return
    with st.spinner("Reading"):
        previews = [_previewed(app, file) for file in sent]
    for shown in previews:
        st.html(_card(shown))
    total = sum(shown.articles for shown in previews)
    st.button(
        f"Add {count(total, 'article')}" if total else "Nothing to add",
        key="add",
        type="primary",
        width="stretch",
        disabled=not total,
        on_click=_start,
        args=(app, sent, total),
    )


def _upload(file: UploadedFile) -> Upload:
    return Upload(file_name(file.name), file.getvalue())


def _previewed(app: App, file: UploadedFile) -> Preview:
    kept: dict[str, Preview] = st.session_state.setdefault("previews", {})
    if file.file_id not in kept:
        kept[file.file_id] = preview(_upload(file), app.settings)
    return kept[file.file_id]


def _start(app: App, sent: Sequence[UploadedFile], total: int) -> None:
    try:
        editor = access.require_editor(app.settings)
    except AccessError:
        return  # the page draws itself for a visitor
    st.session_state["job"] = add(app, editor, [_upload(file) for file in sent], total)
    st.session_state["job-shown"] = False
    state.touch()


@st.fragment(run_every=LOOK_EVERY_S)
def _under_way() -> None:
    job: Job[IngestReport] | None = st.session_state.get("job")
    if job is None or job.over:
        st.rerun()
    if job.fraction is None:
        st.progress(0.0, plain(job.phrase))
    else:
        st.progress(job.fraction, plain(job.phrase))
    st.html('<p class="quiet">This goes on by itself: read on, or close the page.</p>')


def _done(job: Job[IngestReport]) -> None:
    try:
        result = job.result()
    except MapAppError as e:
        st.html(f'<p class="notice" role="alert">{escaped(why_failed(e))}</p>')
    else:
        st.html(_report(result))
        st.download_button(
            "Download the report",
            report.as_csv(result),
            file_name="report.csv",
            mime="text/csv",
            key="report",
            on_click="ignore",
            width="stretch",
        )
    st.button("Add more", key="add-more", on_click=_again, width="stretch", type="primary")


def _again() -> None:
    st.session_state.pop("job", None)
    st.session_state.pop("previews", None)
    st.session_state["upload-round"] += 1
    state.touch()


def why_failed(error: MapAppError) -> str:
    """What an editor is told when nothing more can be kept: without paths or SQL, which are in the log."""
    if isinstance(error, StoreFullError):
        return "The storage is full. What was added before that is kept; make room and add the rest again."
    if isinstance(error, StoreReadOnlyError):
        return "The articles of this page may be read and not changed: its file or folder is write-protected."
    return "It could not be finished. What was added before is kept; the reason is in the log of the machine."


def _card(shown: Preview) -> str:
    lines = [
        f"<article><p><b>{escaped(article.title) or 'Untitled'}</b></p>"
        f'<p class="about">{escaped(article.publisher)}{" · " if article.publisher else ""}{day(article.published)}</p>'
        f"<p>{escaped(article.text[:140])}{'…' if len(article.text) > 140 else ''}</p></article>"
        for article in shown.first
    ]
    more = shown.articles - len(shown.first)
    rest = f'<p class="quiet">and {count(more, "more article", "more articles")}</p>' if more > 0 else ""
    problems = "".join(f"<li>{escaped(problem)}</li>" for problem in shown.problems)
    bad = f", {number(shown.failed)} failed" if shown.failed else ""
    return (
        f'<section class="preview"><h3>{escaped(shown.name)}</h3>'
        f'<p class="quiet">{count(shown.articles, "article")}{bad}</p>{"".join(lines)}{rest}'
        f"{f'<ul>{problems}</ul>' if problems else ''}</section>"
    )


def _report(result: IngestReport) -> str:
    figures = "".join(
        f"<div><b>{number(value)}</b><span>{name}</span></div>"
        for name, value in (
            ("added", result.added),
            ("updated", result.updated),
            ("unchanged", result.unchanged),
            ("failed", len(result.failed)),
        )
    )
    said: list[Failure | Note] = [*result.failed, *result.notes]
    rows = "".join(
        f"<li><b>{escaped(one.where)}</b> {escaped(one.why if isinstance(one, Failure) else one.what)}</li>"
        for one in said[:LISTED]
    )
    more = f'<p class="quiet">and {number(len(said) - LISTED)} more in the report</p>' if len(said) > LISTED else ""
    return (
        f'<section class="preview" role="status"><div class="tally">{figures}</div>'
        f"{f'<ul>{rows}</ul>' if rows else ''}{more}</section>"
    )
