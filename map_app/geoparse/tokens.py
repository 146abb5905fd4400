"""Words and sentences, with the offsets where they stand in the text."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

#: Letters with dots between them ("U.S.", "W.Va.") stay whole; a possessive 's and a hyphen stand alone, so that
#: "Russia's" and "Korea-Russia" hold the names as words of their own. Every repetition is possessive: linear time.
_WORD = re.compile(
    r"""
    (?:[^\W\d_]\.){2,}+                                # U.S.  N.S.W.
    | [A-Z]\.(?:[A-Z][a-z]{1,3}\.)++                   # W.Va.
    | ['’]s\b                                          # Russia | 's
    | [^\W\d_](?:[^\W\d_]|[\u0300-\u036f]|['’ʼʻ‘`](?!s\b)(?=[^\W\d_]))*+   # N'Djamena, decomposed accents
    | \d++(?:[.,:]\d++)*+
    | \n\s*+                                           # a line's end is a token: a border of sentences
    | \S
    """,
    re.VERBOSE,
)

#: No sequence is longer: what the model has to hold at once stays small whatever the text is.
MAX_SENTENCE_TOKENS = 160

#: After these a full stop ends no sentence.
_ABBREVIATIONS = frozenset(
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
        "maj",
        "sen",
        "rep",
        "gov",
        "st",
        "ste",
        "mt",
        "ft",
        "no",
        "vs",
        "inc",
        "corp",
        "co",
        "ltd",
        "jr",
        "sr",
        "rev",
        "hon",
        "pres",
        "jan",
        "feb",
        "mar",
        "apr",
        "jun",
        "jul",
        "aug",
        "sep",
        "sept",
        "oct",
        "nov",
        "dec",
        "ave",
        "blvd",
        "rd",
        "dept",
    ]
)
_STOPS = frozenset(".!?…。！？")
_CLOSERS = frozenset("\"'”’)»]")


@dataclass(frozen=True, slots=True)
class Token:
    """One word or sign: ``text[start:end]``."""

    text: str
    start: int
    end: int


def tokens(text: str) -> Iterator[Token]:
    """All words, numbers and signs in order; a run of line ends is one token that starts with a line end."""
    for match in _WORD.finditer(text):
        word = match.group()
        yield Token("\n" if "\n" in word else word, match.start(), match.end())


def sentences(text: str) -> Iterator[list[Token]]:
    """The tokens in runs that end at full stops and line ends, never longer than MAX_SENTENCE_TOKENS."""
    sentence: list[Token] = []
    stopped = False
    for token in tokens(text):
        word = token.text
        if word == "\n":
            if sentence:
                yield sentence
            sentence, stopped = [], False
            continue
        if stopped and word not in _CLOSERS:
            # "St. Paul" and "Springfield, Ill. voters" go on; a capital after a real stop begins something new.
            if not word[0].islower() and word not in _STOPS and word != ",":
                yield sentence
                sentence = []
            stopped = False
        if len(sentence) >= MAX_SENTENCE_TOKENS:
            yield sentence
            sentence = []
        if word in _STOPS:
            before = sentence[-1].text if sentence else ""
            stopped = not (word == "." and (before.casefold() in _ABBREVIATIONS or len(before) == 1))
        sentence.append(token)
    if sentence:
        yield sentence
