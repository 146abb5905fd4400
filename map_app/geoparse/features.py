"""What the recogniser sees of a text: for each word a list of named features, the same in training and in use."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from map_app.geoparse.membership import Membership
from map_app.geoparse.tokens import Token, sentences
from map_app.model import Field

#: A word's text is cut to this many characters in features: no name's word is longer.
MAX_WORD = 24

#: Distinct words kept with their features; the cache starts anew when it is full.
MAX_CACHED_WORDS = 100_000

#: Longest name looked up in the gazetteer, in words and signs ("Port-au-Prince" has five).
MAX_NAME_TOKENS = 6

#: A dateline ends in a dash among the first few words of a text ("TAIPEI, Taiwan -", "KYIV, March 3 (Reuters) -").
DATELINE_TOKENS = 16
_DASHES = frozenset("-–—―−")

#: Share of capitalised words from which a line counts as a headline whose capitals say little.
HEADLINE_CAPITALS = 0.75

_PLACE_CUES = frozenset(
    [
        "in",
        "at",
        "near",
        "from",
        "to",
        "of",
        "across",
        "outside",
        "around",
        "into",
        "throughout",
        "via",
        "toward",
        "towards",
    ]
)
_PERSON_CUES = frozenset(
    [
        "mr",
        "mrs",
        "ms",
        "dr",
        "prof",
        "gen",
        "col",
        "lt",
        "sgt",
        "capt",
        "sen",
        "rep",
        "gov",
        "president",
        "minister",
        "officer",
        "judge",
    ]
)
_SPEECH_CUES = frozenset(["said", "says", "told", "added", "who"])

_UPPER = re.compile(r"[A-Z]+")
_LOWER = re.compile(r"[a-z]+")
_DIGITS = re.compile(r"\d+")


@dataclass(frozen=True, slots=True)
class Sentence:
    """One sentence as the model takes it."""

    tokens: list[Token]
    features: list[list[str]]
    #: Names that the gazetteer knows: first word, last word, kinds of places.
    names: list[tuple[int, int, tuple[str, ...]]]


def clean(word: str) -> str:
    """A word that crfsuite can hold: no lone surrogate, no NUL, not endless."""
    return word[:MAX_WORD].replace("\0", " ").encode("utf-8", "replace").decode("utf-8")


def shape(word: str) -> str:
    """The pattern of capitals, letters and digits: "Kyiv" is "Xx", "U.S." is "X.X."."""
    if word.isascii():
        return _DIGITS.sub("d", _LOWER.sub("x", _UPPER.sub(_capitals, word)))[:8]
    if word.isalpha():
        return "XX" if word.isupper() and len(word) > 1 else "Xx" if word[:1].isupper() else "xx"
    return "?"


def _capitals(match: re.Match[str]) -> str:
    return "X" if len(match.group()) == 1 else "XX"


class FeatureMaker:
    """Makes features, keeping those that depend on one word alone; not for use by two threads at once."""

    def __init__(self, membership: Membership) -> None:
        self._membership = membership
        self._own: dict[str, list[str]] = {}
        self._sides: dict[tuple[str, int], list[str]] = {}

    def document(self, text: str, field: Field) -> list[Sentence]:
        """All sentences of a text that could hold a name, each with its features."""
        found = list(sentences(text))
        after_place_cue, as_person, in_lower_case = _document_words(found)
        out = []
        for number, sentence in enumerate(found):
            if not any(_may_start_name(token.text) for token in sentence):
                continue
            names = self._names(text, sentence)
            dateline = number == 0 and field is Field.TEXT
            features = self._sentence(sentence, names, field, dateline=dateline)
            for token, row in zip(sentence, features, strict=True):
                word = token.text
                if _may_start_name(word):
                    folded = word.casefold()
                    if folded in after_place_cue:
                        row.append("doc=place")
                    if folded in as_person:
                        row.append("doc=person")
                    if folded in in_lower_case:
                        row.append("doc=lower")
            out.append(Sentence(sentence, features, names))
        return out

    def _sentence(
        self,
        sentence: Sequence[Token],
        found: Sequence[tuple[int, int, tuple[str, ...]]],
        field: Field,
        *,
        dateline: bool,
    ) -> list[list[str]]:
        words = [token.text for token in sentence]
        if len(self._own) > MAX_CACHED_WORDS:
            self._own.clear()
            self._sides.clear()
        names = _name_features(len(sentence), found)
        common = _sentence_features(words, field)
        runs = _capitalised_runs(words)
        dash = _dateline_end(words) if dateline else 0
        rows = []
        last = len(words) - 1
        for i, word in enumerate(words):
            row = [*self._word(word), *common]
            for offset in (-2, -1, 1, 2):
                j = i + offset
                if 0 <= j <= last:
                    row += self._side(words[j], offset)
                    row += [f"{offset}{name}" for name in names[j]]
                elif abs(offset) == 1:
                    row.append("first" if offset < 0 else "last")
            row += names[i]
            if names[i]:
                if i:
                    row += [f"{clean(words[i - 1].casefold())}|{name}" for name in names[i]]
                if i < last:
                    row += [f"{name}|{clean(words[i + 1].casefold())}" for name in names[i]]
            if i:
                row.append(f"-1|0={clean(words[i - 1].casefold())}|{clean(word.casefold())}")
            if i < last:
                row.append(f"0|1={clean(word.casefold())}|{clean(words[i + 1].casefold())}")
                row.append(f"s0|s1={shape(clean(word))}|{shape(clean(words[i + 1]))}")
            row += runs[i]
            if i < dash:
                row.append("dateline")
            rows.append(row)
        return rows

    def _word(self, word: str) -> list[str]:
        row = self._own.get(word)
        if row is None:
            short = clean(word)
            low = short.casefold()
            row = ["b", f"w={low}", f"s={shape(short)}"]
            if short[:1].isalpha():
                row += [f"p{n}={low[:n]}" for n in (1, 2, 3, 4) if len(low) >= n]
                row += [f"x{n}={low[-n:]}" for n in (1, 2, 3, 4) if len(low) >= n]
                if short.isupper() and len(short) > 1:
                    row.append("upper")
                elif short[:1].isupper():
                    row.append("capital")
            self._own[word] = row
        return row

    def _side(self, word: str, offset: int) -> list[str]:
        row = self._sides.get((word, offset))
        if row is None:
            short = clean(word)
            low = short.casefold()
            row = [f"{offset}w={low}", f"{offset}s={shape(short)}"]
            if abs(offset) == 1 and short[:1].isalpha():
                row.append(f"{offset}x={low[-3:]}")
            self._sides[word, offset] = row
        return row

    def _names(self, text: str, sentence: Sequence[Token]) -> list[tuple[int, int, tuple[str, ...]]]:
        """Where gazetteer names stand, longest first from the left, and what kinds of places they name."""
        found = []
        i = 0
        while i < len(sentence):
            length = 1
            if _may_start_name(sentence[i].text):
                for n in range(min(MAX_NAME_TOKENS, len(sentence) - i), 0, -1):
                    end = sentence[i + n - 1]
                    if n > 1 and not (_may_start_name(end.text) or end.text == "."):
                        continue
                    kinds = self._membership.kinds(text[sentence[i].start : end.end])
                    if kinds:
                        length = n
                        found.append((i, i + n - 1, kinds))
                        break
            i += length
        return found


def _name_features(length: int, found: Sequence[tuple[int, int, tuple[str, ...]]]) -> list[list[str]]:
    rows: list[list[str]] = [[] for _ in range(length)]
    for first, last, kinds in found:
        for i in range(first, last + 1):
            part = "U" if first == last else "B" if i == first else "I"
            rows[i] = [f"g{part}={kind}" for kind in kinds]
    return rows


def _may_start_name(word: str) -> bool:
    """Whether a name may begin or end here: a capital, or a letter of a script that has none."""
    first = word[0]
    return first.isupper() or (not first.isascii() and first.isalpha() and not first.islower())


def _capitalised_runs(words: Sequence[str]) -> list[list[str]]:
    """Of each word in a run of capitalised words, the ends of the run: "Radio" and "Act" tell what it is."""
    rows: list[list[str]] = [[] for _ in words]
    start = 0
    while start < len(words):
        end = start
        while end < len(words) and words[end][0].isupper():
            end += 1
        if end - start > 1:
            first, last = clean(words[start].casefold()), clean(words[end - 1].casefold())
            for i in range(start, end):
                rows[i] = [f"run={min(end - start, 5)}"]
                if i > start:
                    rows[i].append(f"run-first={first}")
                if i < end - 1:
                    rows[i].append(f"run-last={last}")
        start = max(end, start + 1)
    return rows


def _dateline_end(words: Sequence[str]) -> int:
    """How many words at the start of a text are its dateline: those before a dash that come soon, or none."""
    for i, word in enumerate(words[:DATELINE_TOKENS]):
        if word in _DASHES and i and words[0][:1].isupper():
            return i
    return 0


def _sentence_features(words: Sequence[str], field: Field) -> list[str]:
    row = ["title"] if field is Field.TITLE else []
    letters = [word for word in words if word[0].isalpha()]
    if letters:
        capitals = sum(word[0].isupper() for word in letters) / len(letters)
        if all(word.isupper() for word in letters):
            row.append("all-upper")
        elif capitals > HEADLINE_CAPITALS and len(letters) > 3:
            row.append("headline")
    return row


def _document_words(found: Sequence[Sequence[Token]]) -> tuple[set[str], set[str], set[str]]:
    """Words that stand after "in" or "near", words used as a person's name, and words written small somewhere."""
    after_place_cue, as_person, in_lower_case = set(), set(), set()
    for sentence in found:
        for a, b in pairwise(sentence):
            if a.text[0].islower():
                in_lower_case.add(a.text)
            if b.text[0].isupper():
                before = a.text.casefold()
                if before in _PLACE_CUES:
                    after_place_cue.add(b.text.casefold())
                elif before in _PERSON_CUES:
                    as_person.add(b.text.casefold())
            elif a.text[0].isupper() and b.text in _SPEECH_CUES:
                as_person.add(a.text.casefold())
    return after_place_cue, as_person, in_lower_case
