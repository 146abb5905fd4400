"""Messages become articles: newsletters and agency mail, one a file (.eml) or many (.mbox)."""

import email
import mailbox
import os
import re
from collections.abc import Iterator
from email import policy
from email.errors import MessageError
from email.message import EmailMessage
from email.utils import parseaddr

from map_app.errors import TooLargeError, UnreadableError
from map_app.model import domain_of
from map_app.sources.dates import published_of
from map_app.sources.decode import decode
from map_app.sources.fields import Draft, web_url
from map_app.sources.markup import html_to_text
from map_app.sources.reading import Failure, Item, Note, Reading, check_whole, whole

#: What the parser raises for headers and bodies that no mail program wrote.
_ODD = (MessageError, ValueError, LookupError, TypeError, AttributeError, AssertionError, RecursionError)

#: In an mbox file a line of a message that starts with "From " has a mark put before it.
_FROM_QUOTED = re.compile(rb"^>(>*From )", re.MULTILINE)

#: Of a header and of all that say what the parts are: mail programs write a few hundred, and Python's parser takes a
#: tenth of a millisecond a character and more.
MAX_HEADER_CHARS = 10_000
MAX_PART_HEADER_CHARS = 100_000

#: Python's parser tries every line against the boundary of each part around it, so that parts within parts cost their
#: depth times their length: so many bytes times boundaries, about ten seconds; a few boundaries are in every mail.
MAX_BYTES_TRIED = 100_000_000
USUAL_BOUNDARIES = 10

_PART_HEADER = re.compile(rb"(?:\A|[\r\n])content-[a-z-]{1,30}[ \t]*:(?:[^\r\n]|[\r\n]+[ \t])*", re.IGNORECASE)

_BOUNDARY = re.compile(rb"boundary", re.IGNORECASE)

#: Parts of one message that are looked through for its words.
MAX_PARTS = 200


def read_message(reading: Reading) -> Iterator[Item]:
    """The one message of an .eml file."""
    yield from _message(reading, whole(reading), reading.name)


def read_mailbox(reading: Reading) -> Iterator[Item]:
    """Each message of an mbox file; one that cannot be read is reported, and the rest goes on."""
    with reading.path.open("rb") as file:
        if file.read(5) != b"From ":
            raise UnreadableError('it is no mbox file: it does not start with "From "')
    box = mailbox.mbox(reading.path, create=False)
    try:
        for number, key in enumerate(box.iterkeys(), start=1):
            where = f"{reading.name}, message {number}"
            try:
                with box.get_file(key) as one:
                    one.seek(0, os.SEEK_END)
                    check_whole(one.tell())
                    one.seek(0)
                    data = one.read()
                yield from _message(reading, _FROM_QUOTED.sub(rb"\1", data), where)
            except (UnreadableError, TooLargeError) as e:
                yield Failure(where, str(e))
    finally:
        box.close()


def _message(reading: Reading, data: bytes, where: str) -> Iterator[Item]:
    lengths = [len(header[0]) for header in _PART_HEADER.finditer(data)]
    if sum(lengths) > MAX_PART_HEADER_CHARS or max(lengths, default=0) > MAX_HEADER_CHARS:
        raise UnreadableError("what it says of its parts is longer than any mail program writes")
    boundaries = len(_BOUNDARY.findall(data))
    if boundaries > USUAL_BOUNDARIES and boundaries * len(data) > MAX_BYTES_TRIED:
        raise UnreadableError("it has more parts within parts than any mail program writes")
    try:
        message = email.message_from_bytes(data, policy=policy.default)
        text = _body(message)
    except _ODD as e:
        raise UnreadableError(f"it is not a message that can be read: {e}") from e
    if not message.keys():
        raise UnreadableError("it is not a message: it has no headers")
    sender, address = parseaddr(_header(message, "From"))
    host = address.rpartition("@")[2].strip("> ").lower()
    # As it was written: the parser makes nothing of dates that are not as RFC 5322 wants them.
    written = next((str(value) for name, value in message.raw_items() if name.lower() == "date"), "")
    published, note = published_of(written, now=reading.now)
    url = web_url(_header(message, "Archived-At").strip(" <>"))
    draft = Draft(
        title=_header(message, "Subject"),
        text=text,
        url=url,
        publisher=sender or host,
        published=published,
        language=_header(message, "Content-Language").partition(",")[0],
        given_id=_header(message, "Message-ID").strip(" <>"),
        domain=domain_of(url) or (host if re.fullmatch(r"[a-z0-9.-]{3,253}", host) else ""),
    )
    yield from reading.one(draft, where)
    if note:
        yield Note(where, note)


def _header(message: EmailMessage, name: str) -> str:
    """A header as text, unfolded and decoded; nothing where it is missing, endless or cannot be read."""
    written = next((str(value) for key, value in message.raw_items() if key.lower() == name.lower()), "")
    if len(written) > MAX_HEADER_CHARS:
        return ""
    try:
        return " ".join(str(message.get(name, "")).split())
    except _ODD:
        return ""


def _body(message: EmailMessage) -> str:
    """The words of a message: plain text where there is some, else its HTML as text; attachments are left alone."""
    found: dict[str, str] = {}
    for count, part in enumerate(message.walk()):
        if count >= MAX_PARTS:
            break
        kind = part.get_content_type()
        if kind in ("text/plain", "text/html") and kind not in found and not part.get_filename():
            payload = part.get_payload(decode=True)
            if isinstance(payload, bytes) and payload.strip():
                found[kind] = _decoded(payload, part.get_content_charset() or "")
    if found.get("text/plain", "").strip():
        return found["text/plain"]
    return html_to_text(found["text/html"]) if "text/html" in found else ""


def _decoded(payload: bytes, charset: str) -> str:
    try:
        return payload.decode(charset) if charset else decode(payload)
    except (LookupError, ValueError):
        return decode(payload)  # the message says wrongly what it is
