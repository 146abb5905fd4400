"""The small link at the panel's foot for editors, and the dialog behind it."""

import logging
import math

import streamlit as st
from streamlit.errors import StreamlitAuthError

from map_app.settings import Settings
from map_app.ui import access, state
from map_app.ui.access import Access, Way
from map_app.ui.text import count, escaped, plain

logger = logging.getLogger(__name__)

_WHAT_FOR = '<p class="quiet">Editors add articles. Everybody else reads, filters and shares without signing in.</p>'

_HOW_TO = '<p class="quiet">Whoever runs this page finds in its documentation, under Hosting, how editors get in.</p>'


def foot(settings: Settings, granted: Access) -> None:
    """Who is an editor here, in one quiet line; for everybody else the way in."""
    with st.container(horizontal=True, key="editors-foot", gap="small", vertical_alignment="center"):
        if granted.editor is None:
            if st.button("Editors", key="editors", type="tertiary"):
                _dialog(settings)
            return
        who = "On this machine you" if granted.rules.way is Way.MACHINE else f"You ({escaped(granted.editor.name)})"
        st.html(f'<p class="credits">{who} can add articles.</p>')
        if granted.rules.way is not Way.MACHINE:
            st.button("Sign out", key="sign-out", type="tertiary", on_click=_sign_out, args=(granted,))


def _sign_out(granted: Access) -> None:
    state.set_adding(False)
    if granted.rules.way is Way.OIDC:
        st.logout()
    else:
        access.sign_out()


@st.dialog("Editors", width="small")
def _dialog(settings: Settings) -> None:
    granted = access.current(settings)
    if granted.why_not:
        st.html(f'<p role="status">{escaped(granted.why_not)}</p>')
    if granted.rules.way is Way.PASSWORD:
        _password(granted)
    elif granted.rules.way is Way.OIDC:
        _providers(granted)
    else:
        st.html(_HOW_TO)


def _password(granted: Access) -> None:
    st.html(_WHAT_FOR)
    with st.form("sign-in", border=False, enter_to_submit=True):
        password = st.text_input("Password", type="password", key="password", autocomplete="current-password")
        sent = st.form_submit_button("Sign in", type="primary", width="stretch")
    if not sent:
        return
    answer = access.sign_in(granted.rules, password)
    if answer.accepted:
        st.rerun()
    if answer.wait_s:
        st.error(f"Too many wrong passwords. Try again in {count(math.ceil(answer.wait_s), 'second')}.")
    else:
        st.error("That is not the password.")


def _providers(granted: Access) -> None:
    if not granted.why_not:
        st.html(_WHAT_FOR)
    for provider in granted.rules.providers:
        label = f"Sign in with {plain(provider.capitalize(), limit=40)}" if provider else "Sign in"
        if st.button(label, key=f"sign-in-{provider or ''}", type="primary", width="stretch"):
            _go_to(provider)
    if granted.why_not and st.button("Sign out", key="sign-out", type="tertiary", width="stretch"):
        st.logout()


def _go_to(provider: str | None) -> None:
    try:
        st.login(provider)
    except StreamlitAuthError:
        logger.exception("Nobody can sign in by OpenID Connect")
        st.error("Signing in is not set up right. Whoever runs this page finds the reason in its log.")
