"""Names and the key that they are found under."""

import re
import unicodedata

_APOSTROPHES = re.compile("['’‘`´ʻʼʽˈ′]")
_SEPARATORS = re.compile(r"[\s\-‐-―_/·.,]+")

#: The same in ASCII.
_ASCII = str.maketrans("-_/.,", "     ", "'`")


def fold(name: str) -> str:
    """The key of a name: without case, diacritics, apostrophes, and with one space for dots, hyphens and spaces.

    Folding twice is folding once. Other scripts are kept; only the marks that combine with Latin, Greek and Cyrillic
    letters are taken off, since elsewhere they are part of the spelling.
    """
    if name.isascii():  # nearly all, and several times as fast
        return name.lower() if name.isalpha() else " ".join(name.lower().translate(_ASCII).split())
    # Case folding can compose what decomposition took apart, hence the loop until nothing changes.
    while True:
        text = unicodedata.normalize("NFKD", name).casefold()
        text = "".join(c for c in text if not _is_loose_mark(c))
        text = text.translate(_LETTERS)
        text = _SEPARATORS.sub(" ", _APOSTROPHES.sub("", text)).strip()
        text = unicodedata.normalize("NFC", text)
        if text == name or text.isascii():
            return text
        name = text


def without_marks(name: str) -> str:
    """A name in Latin letters as news writes it: "Khan Yunis" for "Khān Yūnis", "Afrin" for "‘Afrīn"."""
    if name.isascii():
        return name
    text = "".join(c for c in unicodedata.normalize("NFKD", name) if not _is_loose_mark(c))
    return unicodedata.normalize("NFC", text.strip("‘’ʻʼ").replace("‘", "").replace("’", "'").replace("ʻ", ""))


def _is_loose_mark(character: str) -> bool:
    return "\u0300" <= character <= "\u036f"


#: Letters that decomposition leaves whole, as English writes them.
_LETTERS = str.maketrans({"ø": "o", "đ": "d", "ł": "l", "ı": "i", "æ": "ae", "œ": "oe", "ð": "d", "þ": "th", "ħ": "h"})
