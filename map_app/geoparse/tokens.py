"""Words and sentences, with the offsets where they stand in the text."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate
from operator import sub

#: Letters with dots between them ("U.S.", "W.Va.") stay whole; a possessive 's and a hyphen stand alone, so that
#: "Russia's" and "Korea-Russia" hold the names as words of their own. Every repetition is possessive: linear time.
_PIECE = re.compile(
    r"""
    \ ?+[a-zA-Z]++(?=[\ ,;:)\]\n\-"!?/])                # nearly all words: told first, for speed
    | [^\S\n]*+(?:                                      # blanks before a word, so that nothing is between pieces
        [^\W\d_]++(?![.'’ʼʻ‘`\u0300-\u036f])
        | (?:[^\W\d_]\.){2,}+                           # U.S.  N.S.W.
        | [A-Z]\.(?:[A-Z][a-z]{1,3}\.)++                # W.Va.
        | ['’]s\b                                       # Russia | 's
        | [^\W\d_](?:[^\W\d_]|[\u0300-\u036f]|['’ʼʻ‘`](?!s\b)(?=[^\W\d_]))*+   # N'Djamena, decomposed accents
        | \d++(?:[.,:]\d++)*+
        | \n\s*+                                        # a line's end is a token: a border of sentences
        | \S
        | \Z
    )
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
class Words:
    """The words of a text as parallel lists, and the sentences that they make up."""

    texts: list[str]
    starts: list[int]
    ends: list[int]
    #: Half-open ranges of words; line ends, which are in none, lie between them.
    sentences: list[tuple[int, int]]


def read_words(text: str) -> Words:
    """All words, numbers and signs, and where sentences begin and end: at full stops and line ends.

    A run of line ends is one token, "\\n". No sentence is longer than MAX_SENTENCE_TOKENS.
    """
    pieces = _PIECE.findall(text)
    while pieces and not pieces[-1].lstrip() and "\n" not in pieces[-1]:
        pieces.pop()  # the blanks behind the last word, and the end
    ends = list(accumulate(map(len, pieces)))
    texts = list(map(str.lstrip, pieces))
    starts = list(map(sub, ends, map(len, texts)))
    if "\n" in text:
        for i, word in enumerate(texts):
            if not word:
                texts[i] = "\n"
                starts[i] = ends[i] - len(pieces[i]) + pieces[i].index("\n")
    return Words(texts, starts, ends, list(_sentences(texts)))


def _sentences(words: Sequence[str]) -> Iterator[tuple[int, int]]:
    first = 0
    stopped = False
    for i, word in enumerate(words):
        if word == "\n":
            if i > first:
                yield first, i
            first, stopped = i + 1, False
            continue
        if stopped and word not in _CLOSERS:
            # "St. Paul" and "Springfield, Ill. voters" go on; a capital after a real stop begins something new.
            if not word[0].islower() and word not in _STOPS and word != ",":
                yield first, i
                first = i
            stopped = False
        if i - first >= MAX_SENTENCE_TOKENS:
            yield first, i
            first = i
        if word in _STOPS:
            before = words[i - 1] if i > first else ""
            stopped = not (word == "." and (before.casefold() in _ABBREVIATIONS or len(before) == 1))
    if len(words) > first:
        yield first, len(words)
