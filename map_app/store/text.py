"""Text as SQLite can keep it."""

import re

_SURROGATES = re.compile("[\ud800-\udfff]")


def storable(text: str) -> str:
    """The text with U+FFFD for lone surrogates, which UTF-8 and so SQLite cannot hold; offsets stay the same."""
    return text if text.isascii() else _SURROGATES.sub("\ufffd", text)
