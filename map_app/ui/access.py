"""Who may write: everybody reads; an `Editor` is made here alone, and every write asks for one.

There are three ways to be an editor, and the first that is set up is the only one:

1. signed in by OpenID Connect (`[auth]` in the secrets file), with an address that MAP_APP_EDITORS names;
2. signed in with the password of the secrets file (`password` under `[editors]`);
3. with neither set up, on the machine itself, of a server that listens there alone.

Whatever is missing, unclear or wrongly set up makes a visitor, never an editor.
"""

import hashlib
import hmac
import ipaddress
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import streamlit as st
from streamlit.errors import StreamlitSecretNotFoundError

from map_app.errors import AccessError, SettingsError
from map_app.settings import ANYONE_SIGNED_IN, NOBODY, Settings
from map_app.ui.attempts import Answer, Attempts

logger = logging.getLogger(__name__)

#: A password that everybody on the web may try has to be longer than people like.
MIN_PASSWORD_CHARS = 12

#: Whoever guesses the secret that signs Streamlit's cookies can be anybody; its documentation's "xxx" is no secret.
MIN_COOKIE_SECRET_CHARS = 16

#: Headers that a proxy adds: the visitor then is not who is connected.
_PROXY_HEADERS = frozenset({"forwarded", "via", "x-real-ip", "true-client-ip", "cf-connecting-ip", "x-client-ip"})

_SEAL = object()

_attempts = Attempts()


@dataclass(frozen=True, slots=True)
class Editor:
    """The right to write, for the run of the page in which it was given out; raises AccessError if made elsewhere."""

    #: For the log and the page: an e-mail address, or how the editor came in.
    name: str
    seal: object = field(repr=False, compare=False, default=None)

    def __post_init__(self) -> None:
        if self.seal is not _SEAL:
            raise AccessError("only map_app.ui.access tells who is an editor")


class Way(Enum):
    """How one becomes an editor of this server."""

    OIDC = "by OpenID Connect"
    PASSWORD = "with a password"  # noqa: S105 - the name of a way in
    MACHINE = "on the machine itself"
    NOBODY = "not at all"


@dataclass(frozen=True, slots=True)
class Rules:
    """How editors are told from visitors, from the settings and the secrets file."""

    way: Way
    #: SHA-256 of the password.
    password: bytes = field(repr=False, default=b"")
    #: Addresses of editors, in lower case.
    emails: frozenset[str] = frozenset()
    anyone_signed_in: bool = False
    #: What `st.login` is called with, one for each provider; None is the one without a name.
    providers: tuple[str | None, ...] = ()
    #: What the server listens on, None for everything.
    address: str | None = None


@dataclass(frozen=True, slots=True)
class Visit:
    """What is known of whoever is connected."""

    #: Lower-case names, each with every value that came.
    headers: Mapping[str, Sequence[str]] = field(default_factory=dict)
    #: Where the connection comes from; None is the machine itself.
    peer: str | None = None
    #: What the OpenID Connect provider says of who signed in; empty for nobody.
    claims: Mapping[str, object] = field(default_factory=dict)
    #: What this session signed in with, if it did.
    signed_in: object = None


@dataclass(frozen=True, slots=True)
class Access:
    """What the one connected may do, and why not more."""

    rules: Rules
    editor: Editor | None = None
    #: Said to a visitor who wants to edit; names nobody and nothing of the machine.
    why_not: str = ""


@dataclass(frozen=True, slots=True)
class _SignedIn:
    """Kept in a session that gave the right password: no widget's value is ever of this type."""

    password: bytes = field(repr=False)


def rules_of(editors: str, secrets: Mapping[str, Any], address: str | None) -> Rules:
    """How editors are told, from MAP_APP_EDITORS, the secrets file and what the server listens on.

    Raises SettingsError for what cannot be meant.
    """
    if editors == NOBODY:
        return Rules(Way.NOBODY)
    if "auth" in secrets:
        auth = secrets["auth"]
        if not isinstance(auth, Mapping):
            raise SettingsError("auth in the secrets file must be a table: [auth]")
        if len(str(auth.get("cookie_secret", ""))) < MIN_COOKIE_SECRET_CHARS:
            raise SettingsError(
                f"cookie_secret under [auth] needs at least {MIN_COOKIE_SECRET_CHARS} random characters"
            )
        named = sorted(name for name, value in auth.items() if isinstance(value, Mapping) and "client_id" in value)
        providers: tuple[str | None, ...] = ((None,) if "client_id" in auth else ()) + tuple(named)
        if not editors:
            raise SettingsError(
                "[auth] is in the secrets file and MAP_APP_EDITORS is empty, so that nobody may edit: name the "
                f"editors' e-mail addresses in it, or {ANYONE_SIGNED_IN}"
            )
        if editors == ANYONE_SIGNED_IN:
            return Rules(Way.OIDC, anyone_signed_in=True, providers=providers)
        return Rules(Way.OIDC, emails=frozenset(editors.split(",")), providers=providers)
    if editors:
        raise SettingsError("MAP_APP_EDITORS names who may sign in, and the secrets file has no [auth] to sign in with")
    if "editors" in secrets:
        section = secrets["editors"]
        password = section.get("password") if isinstance(section, Mapping) else None
        if not isinstance(password, str) or len(password) < MIN_PASSWORD_CHARS:
            raise SettingsError(
                f"[editors] in the secrets file needs a password of at least {MIN_PASSWORD_CHARS} characters, in quotes"
            )
        return Rules(Way.PASSWORD, password=_digest(password))
    return Rules(Way.MACHINE if is_loopback(address) else Way.NOBODY, address=address)


def decide(rules: Rules, visit: Visit) -> Access:
    """Whether the one connected is an editor; the pure part of `current`."""
    name = why_not = ""
    if rules.way is Way.OIDC:
        name, why_not = _by_claims(rules, visit.claims)
    elif rules.way is Way.PASSWORD:
        signed_in = visit.signed_in
        if isinstance(signed_in, _SignedIn) and hmac.compare_digest(signed_in.password, rules.password):
            name = "signed in with the password"
    elif rules.way is Way.MACHINE:
        name = "whoever is at this machine" if is_on_machine(rules.address, visit) else ""
        why_not = "Articles can only be added on the machine that this page runs on."
    else:
        why_not = "Articles cannot be added from this page: it is for reading."
    return Access(rules, Editor(name, _SEAL)) if name else Access(rules, why_not=why_not)


def _by_claims(rules: Rules, claims: Mapping[str, object]) -> tuple[str, str]:
    if claims.get("is_logged_in") is not True:
        return "", ""
    email, verified = claims.get("email"), claims.get("email_verified")
    address = email.strip().lower() if isinstance(email, str) else ""
    shown = address or "without an address"
    if verified is False or str(verified).lower() == "false":
        return "", f"You are signed in as {shown}, and your provider has not verified that address."
    if rules.anyone_signed_in:
        return address or "signed in", ""
    if address not in rules.emails:
        return "", f"You are signed in as {shown}, who is not among the editors of this page."
    # An address that nobody vouches for is whatever its owner typed: some providers let anybody claim any.
    if verified is True or verified == "true":
        return address, ""
    return "", f"You are signed in as {shown}, and your provider does not say whether it verified that address."


def is_loopback(address: str | None) -> bool:
    """Whether an address or host name without a port is this machine's own and reachable from it alone."""
    if not address:
        return False
    host = address.lower().removeprefix("[").removesuffix("]")
    if host == "localhost":
        return True
    try:
        ip = ipaddress.ip_address(host)
    except ValueError:
        return False
    return ip.is_loopback


def is_on_machine(address: str | None, visit: Visit) -> bool:
    """Whether the connection is the owner's own, made on the machine by a browser that was sent to the machine.

    The host's name is looked at because a hostile site can have its own name lead to 127.0.0.1 (DNS rebinding), the
    origin because any site can try to connect, and proxies' headers because everybody behind one seems to be here.
    """
    hosts, origins = visit.headers.get("host", ()), visit.headers.get("origin", ())
    if len(hosts) != 1 or len(origins) != 1:
        return False
    proxied = any(name in _PROXY_HEADERS or name.startswith("x-forwarded-") for name in visit.headers)
    try:
        host, origin = urlsplit(f"//{hosts[0]}"), urlsplit(origins[0])
    except ValueError:
        return False
    return (
        is_loopback(address)
        and (visit.peer is None or is_loopback(visit.peer))
        and not proxied
        and is_loopback(host.hostname)
        and origin.scheme in {"http", "https"}
        and origin.netloc == hosts[0]
    )


def _digest(password: str) -> bytes:
    return hashlib.sha256(password.encode("utf-8", "replace")).digest()


# What Streamlit knows


def current(settings: Settings) -> Access:
    """What whoever this run is for may do; looked at anew each time."""
    try:
        rules = rules_of(settings.editors, _secrets(), st.get_option("server.address"))
    except SettingsError:
        logger.exception("Nobody can edit")
        return Access(Rules(Way.NOBODY), why_not="Signing in is not set up right. Whoever runs this page finds the "
                      "reason in its log.")  # fmt: skip
    return decide(rules, _visit())


def require_editor(settings: Settings) -> Editor:
    """The right to write, or AccessError; to be asked for where the write happens."""
    access = current(settings)
    if access.editor is None:
        raise AccessError(f"only editors may do this. {access.why_not}".strip())
    return access.editor


def check(editor: object) -> Editor:
    """The right to write that was handed on, or AccessError: what writes calls this first, whoever calls it."""
    if not isinstance(editor, Editor):
        raise AccessError("only editors may write")
    return editor


def sign_in(rules: Rules, password: str) -> Answer:
    """Make this session an editor's if the password is right and it is not too soon after wrong ones."""
    given = _digest(password)
    answer = _attempts.attempt(
        st.context.ip_address or "this machine",
        lambda: rules.way is Way.PASSWORD and hmac.compare_digest(given, rules.password),
    )
    if answer.accepted:
        st.session_state["signed_in"] = _SignedIn(given)
    elif not answer.wait_s:
        logger.warning("A wrong editor's password was given")
    return answer


def sign_out() -> None:
    """Make this session a visitor's again, if a password had made it an editor's."""
    st.session_state.pop("signed_in", None)


def _visit() -> Visit:
    headers = st.context.headers
    return Visit(
        headers={name.lower(): headers.get_all(name) for name in headers},
        peer=st.context.ip_address,
        claims=dict(st.user),
        signed_in=st.session_state.get("signed_in"),
    )


def _secrets() -> dict[str, Any]:
    """What the secrets files hold; a file that is there and cannot be read is an error, not the same as none."""
    try:
        return st.secrets.to_dict()
    except StreamlitSecretNotFoundError as e:
        there = [path for path in st.get_option("secrets.files") if Path(path).exists()]
        if there:
            raise SettingsError(f"the secrets in {', '.join(there)} cannot be read: {e}") from e
        return {}
    except (OSError, UnicodeDecodeError) as e:
        raise SettingsError(f"the secrets file cannot be read: {e}") from e
