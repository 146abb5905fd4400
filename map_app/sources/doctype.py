"""XML without its DOCTYPE: entities that are plain text are put in, whatever could attack a parser is refused.

Nothing outside the document is ever asked for. A DOCTYPE alone is harmless and common (RSS 0.91 names a DTD, some
Atom feeds declare ``&nbsp;``), and so is an outer entity that nobody refers to; one that is referred to is not.
"""

import re

from map_app.errors import UnreadableError

#: A DOCTYPE with all its declarations is shorter, or it is no feed's.
MAX_DOCTYPE_CHARS = 200_000

#: All that declared entities may add to a document: a product's name a thousand times, not a billion laughs.
MAX_ADDED_CHARS = 1_000_000

#: What a document may start with: comments, instructions, a DOCTYPE; and its first element, which ends all that.
_HEAD = re.compile(r"<!--|<\?|<!DOCTYPE\b|<[^\W\d]", re.IGNORECASE)
_NEXT = re.compile(r"""<!--|<\?|["'\[\]>]""")
_CLOSES = {"<!--": "-->", "<?": "?>", '"': '"', "'": "'"}
_ENTITY = re.compile(
    r"""<!ENTITY\s+(?:(?P<parameter>%)\s+)?(?P<name>[^\s%&;"'<>]{1,200})\s+"""
    r"""(?:(?P<outer>SYSTEM|PUBLIC)\b|"(?P<double>[^"]*)"|'(?P<single>[^']*)')""",
)
_REFERENCE = re.compile(r"&([^\W\d][\w:.\-]{0,199});")


def without_doctype(text: str) -> str:
    """The document without DOCTYPE, each reference to an entity that it declared replaced by the entity's text.

    Raises UnreadableError where the document refers to an entity that is kept elsewhere or is made of other
    entities, and where all entities together would add more than `MAX_ADDED_CHARS`.
    """
    entities: dict[str, str | None] = {}
    kept: list[str] = []
    position = 0
    while (start := _doctype_start(text, position)) is not None:
        end = _doctype_end(text, start)
        entities |= _declared(text[start:end])
        kept.append(text[position:start])
        position = end
    body = "".join(kept) + text[position:]
    return _expanded(body, entities) if entities else body


def _doctype_start(text: str, position: int) -> int | None:
    """Where the next DOCTYPE before the first element starts; one within a comment is none."""
    while (token := _HEAD.search(text, position)) is not None:
        closing = _CLOSES.get(token[0])
        if closing is None:
            return token.start() if token[0].startswith("<!") else None
        closed = text.find(closing, token.end())
        if closed < 0:
            return None
        position = closed + len(closing)
    return None


def _doctype_end(text: str, start: int) -> int:
    """Just behind the ">" that closes the DOCTYPE at `start`."""
    position, limit = start + len("<!DOCTYPE"), start + MAX_DOCTYPE_CHARS
    inside = 0
    while (token := _NEXT.search(text, position, limit)) is not None:
        position = token.end()
        if closing := _CLOSES.get(token[0]):
            closed = text.find(closing, position, limit)
            if closed < 0:
                break  # a quote or comment that is never closed: taken up to the first ">", as a reader would
            position = closed + len(closing)
        elif token[0] == "[":
            inside += 1
        elif token[0] == "]":
            inside -= 1
        elif inside <= 0:
            return position
    simple = text.find(">", start, limit)
    if simple < 0 or "<!ENTITY" in text[start:limit].upper():
        raise UnreadableError("its DOCTYPE does not end: this is not XML that can be read safely")
    return simple + 1


def _declared(doctype: str) -> dict[str, str | None]:
    """The text of each entity by its name; None for what is kept elsewhere or is made of other entities."""
    entities: dict[str, str | None] = {}
    for found in _ENTITY.finditer(doctype):
        if found["parameter"]:
            continue  # means something only within a DOCTYPE
        value = None if found["outer"] else found["double"] if found["double"] is not None else found["single"]
        entities.setdefault(found["name"], value)  # XML lets the first declaration count
    return {
        name: None if value is not None and any(n in entities for n in _REFERENCE.findall(value)) else value
        for name, value in entities.items()
    }


def _expanded(body: str, entities: dict[str, str | None]) -> str:
    added = 0

    def text_of(reference: re.Match[str]) -> str:
        nonlocal added
        name = reference[1]
        if name not in entities:
            return reference[0]
        value = entities[name]
        if value is None:
            raise UnreadableError(
                f"refused: it uses the XML entity {name[:40]!r}, which is kept elsewhere or made of other entities; "
                "that is how parsers are attacked"
            )
        added += len(value)
        if added > MAX_ADDED_CHARS:
            raise UnreadableError(
                f"refused: its XML entities add more than {MAX_ADDED_CHARS:,} characters; "
                "that is how parsers are attacked"
            )
        return value

    return _REFERENCE.sub(text_of, body)
