"""The panel where editors add articles: from where, how far it is, what became of it."""

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from map_app.app import App
from map_app.errors import AccessError, MapAppError, StoreBusyError, StoreFullError, StoreReadOnlyError
from map_app.ingest import IngestReport, ingest_items
from map_app.sources.files import Failure, Item, Note
from map_app.ui import access, addresses, feeds, report, state, upload, upload_gate
from map_app.ui.access import Editor
from map_app.ui.jobs import Job, Tell
from map_app.ui.text import count, escaped, number, plain

logger = logging.getLogger(__name__)

#: Failures and notes that the page lists; the file to keep has all.
LISTED = 8

#: How often progress is looked at.
LOOK_EVERY_S = 0.4


def add(app: App, editor: Editor, items: Callable[[], Iterator[Item]], expected: int | None) -> Job[IngestReport]:
    """Start to add these articles, as many as `expected` where that is known, in the editor's name."""
    logger.info("%s adds articles", access.check(editor).name)

    def work(tell: Tell) -> IngestReport:
        def progress(so_far: IngestReport, where: str) -> None:
            done = so_far.seen + len(so_far.failed)
            fraction = min(done / expected, 1.0) if expected else None
            tell(fraction, f"{count(done, 'article')}{f' of {number(expected)}' if expected else ''}: {where}")

        return ingest_items(
            items(),
            geoparser=app.geoparser,
            store=app.store_to_write(),
            progress=progress,
            provider=app.settings.geocoder_url,
        )

    return Job(work, "Opening the store")


def gate(editor: Editor | None) -> None:
    """Let this session send files while the panel is open for an editor, and at no other time."""
    context = get_script_run_ctx()
    if context is None:
        return
    if editor is not None and state.adding():
        upload_gate.admit(context.session_id)
    else:
        upload_gate.shut(context.session_id)


# What is drawn


def panel(app: App) -> None:
    """Draw the panel; only for editors, and each write asks again."""
    # Streamlit forgets what is chosen in a widget that one run did not draw, as while a job is under way.
    st.session_state["add-from"] = st.session_state.get("add-from") or "Files"
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
        _sources(app)


def _sources(app: App) -> None:
    source = st.segmented_control(
        "From where", list(_SOURCES), key="add-from", label_visibility="collapsed", width="stretch"
    )
    _SOURCES[source or "Files"](app)


def _files(app: App) -> None:
    chosen = upload.choose(app)
    if chosen is None:
        return
    label = "Add all articles" if chosen.articles is None else f"Add {count(chosen.articles, 'article')}"
    st.button(
        label if chosen.articles != 0 else "Nothing to add",
        key="add",
        type="primary",
        width="stretch",
        disabled=chosen.articles == 0,
        on_click=_start_files,
        args=(app, chosen),
    )


def _addresses(app: App) -> None:
    addresses.draw(lambda chosen: _start_addresses(app, chosen))


def _start_files(app: App, chosen: upload.Chosen) -> None:
    _start(app, lambda editor: add(app, editor, lambda: upload.items_of(chosen.uploads, app.settings), chosen.articles))
    upload.forget()


def _start_addresses(app: App, chosen: Sequence[str]) -> None:
    if chosen:
        _start(app, lambda editor: add(app, editor, lambda: addresses.items_of(chosen, app.settings), len(chosen)))
        addresses.forget()


def _feeds(app: App) -> None:
    feeds.draw(
        app,
        on_follow=lambda address: _follow(app, address),
        on_refresh=lambda: _start(app, lambda editor: feeds.refresh(app, editor)),
        on_unfollow=lambda address: _unfollow(app, address),
    )


def _follow(app: App, address: str) -> None:
    if address.strip():
        _start(app, lambda editor: feeds.follow(app, editor, address))
        st.session_state["feed-round"] += 1


def _unfollow(app: App, address: str) -> None:
    try:
        feeds.unfollow(app, access.require_editor(app.settings), address)
    except MapAppError:
        logger.exception("A feed cannot be taken off the list")
    state.touch()


def _start(app: App, begin: Callable[[Editor], Job[IngestReport]]) -> None:
    try:
        editor = access.require_editor(app.settings)
    except AccessError:
        return  # the page draws itself for a visitor
    st.session_state["job"] = begin(editor)
    st.session_state["job-shown"] = False
    state.touch()


@st.fragment(run_every=LOOK_EVERY_S)
def _under_way() -> None:
    job: Job[IngestReport] | None = st.session_state.get("job")
    if job is None or job.over:
        st.rerun()
    if job.fraction is None:
        st.html(f'<div class="working" role="status"><i></i><p>{escaped(job.phrase)}</p></div>')
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
    st.button("Done", key="add-more", on_click=_again, width="stretch", type="primary")


def _again() -> None:
    st.session_state.pop("job", None)
    state.touch()


def why_failed(error: MapAppError) -> str:
    """What an editor is told when nothing more can be kept: without paths or SQL, which are in the log."""
    if isinstance(error, StoreBusyError):
        return "The feeds are being refreshed already, by another editor or by the worker. Try again when that is done."
    if isinstance(error, StoreFullError):
        return "The storage is full. What was added before that is kept; make room and add the rest again."
    if isinstance(error, StoreReadOnlyError):
        return "The articles of this page may be read and not changed: its file or folder is write-protected."
    return "It could not be finished. What was added before is kept; the reason is in the log of the machine."


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


_SOURCES: Mapping[str, Callable[[App], None]] = {"Files": _files, "Addresses": _addresses, "Feeds": _feeds}
