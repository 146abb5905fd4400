"""Cuts of articles around a place's name, ended at sentence or word borders."""

import bisect
import re
import unicodedata
from collections.abc import Sequence

from map_app.model import Snippet

#: A sentence's end: its mark, closing quotes, and space; or a new line; or the full stop of scripts without spaces.
_SENTENCE_END = re.compile(r"[.!?…][\"'”’»)\]]*\s+|\n+|[。！？]")
_SPACE = re.compile(r"\s+")

#: Joins what stands before and after it into one character on the screen.
_JOINERS = {"\u200d"}


def snippet(text: str, spans: Sequence[tuple[int, int]], *, width: int = 240) -> Snippet:
    """At most about `width` characters of the text around the first span, with the spans inside as highlights.

    It begins at a sentence's start where that is near enough, else at a word's; white space is made single; no
    character is cut from the marks that belong to it. Without spans it is the text's beginning.
    """
    first = spans[0] if spans else (0, 0)
    start = _whole_character(text, _start(text, first[0], width))
    while start < first[0] and text[start : start + 1].isspace():
        start += 1
    end = _end(text, start, max(first[1], start), width)
    inside = sorted((s, e) for s, e in spans if start <= s < e <= end)
    out: list[str] = ["… "] if text[:start].strip() else []
    length = sum(map(len, out))
    highlights: list[tuple[int, int]] = []
    position = start
    for s, e in inside:
        if s < position:
            continue
        before = _SPACE.sub(" ", text[position:s])
        if not length:
            before = before.lstrip()
        name = _SPACE.sub(" ", text[s:e])
        out += [before, name]
        highlights.append((length + len(before), length + len(before) + len(name)))
        length += len(before) + len(name)
        position = e
    rest = _SPACE.sub(" ", text[position:end])
    out.append((rest if length else rest.lstrip()).rstrip())
    if text[end:].strip():
        out.append(" …")
    return Snippet("".join(out), tuple(highlights))


def _start(text: str, name_start: int, width: int) -> int:
    floor = max(0, name_start - width * 2 // 3)
    sentences = [m.end() for m in _SENTENCE_END.finditer(text, floor, name_start)]
    if floor == 0:
        sentences.insert(0, 0)
    if sentences:
        # The sentence before belongs to it where both fit: who did it is said there.
        return sentences[-2] if len(sentences) > 1 and name_start - sentences[-2] < width // 3 else sentences[-1]
    words = [m.end() for m in _SPACE.finditer(text, floor, name_start)]
    return words[0] if words else floor


def _end(text: str, start: int, name_end: int, width: int) -> int:
    limit = max(start + width, name_end)
    # The marks that belong to the name's last letter go with it.
    while limit < len(text) and limit < name_end + MOST_MARKS and _joined(text, limit):
        limit += 1
    if limit >= len(text):
        return len(text)
    sentences = [m.end() for m in _SENTENCE_END.finditer(text, name_end, limit)]
    if sentences and sentences[-1] - start > width // 2:
        return sentences[-1]
    words = [m.start() for m in _SPACE.finditer(text, name_end, limit + 1)]
    return _whole_character(text, words[-1] if words else limit)


#: No character that anybody reads is made of more; hostile text piles up millions.
MOST_MARKS = 40


def _whole_character(text: str, position: int) -> int:
    """The nearest place at or before where no mark, selector or joined emoji is cut off."""
    for back in range(MOST_MARKS):
        if not _joined(text, position - back):
            return position - back
    return position


def _joined(text: str, position: int) -> bool:
    """Whether what stands before and after the position is one character on the screen."""
    return 0 < position < len(text) and (_continues(text[position]) or text[position - 1] in _JOINERS)


#: Ranges, each from one up to the next, of what changes the character before it: Thai and Lao vowels, Korean vowel and
#: final letters, the non-joiner, variation selectors, half-width sound marks, regional letters, skin tones, tags.
_MODIFIERS = (
    0x0E33, 0x0E34, 0x0EB3, 0x0EB4, 0x1160, 0x1200, 0x200C, 0x200D, 0xD7B0, 0xD800, 0xFE00, 0xFE10, 0xFF9E, 0xFFA0,
    0x1F1E6, 0x1F200, 0x1F3FB, 0x1F400, 0xE0020, 0xE0080,
)  # fmt: skip


def _continues(character: str) -> bool:
    return (
        character in _JOINERS
        or unicodedata.category(character) in ("Mn", "Me", "Mc")
        or bisect.bisect_right(_MODIFIERS, ord(character)) % 2 == 1
    )
