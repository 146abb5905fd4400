"""Words and sentences, with the offsets where they stand in the text."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

#: Letters with dots between them ("U.S.", "W.Va.") stay whole; a possessive 's and a hyphen stand alone, so that
#: "Russia's" and "Korea-Russia" hold the names as words of their own. Every repetition is possessive: linear time.
_WORD = re.compile(
    r"""
    [^\W\d_]++(?![.'’ʼʻ‘`\u0300-\u036f])              # nearly all words: told first, for speed
    | (?:[^\W\d_]\.){2,}+                              # U.S.  N.S.W.
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


@dataclass(frozen=True, slots=True)
class Words:
    """The words of a text as parallel lists, and the sentences that they make up."""

    texts: list[str]
    starts: list[int]
    ends: list[int]
    #: Half-open ranges of words; line ends, which are in none, lie between them.
    sentences: list[tuple[int, int]]


def read_words(text: str) -> Words:
    """All tokens, and where sentences begin and end: at full stops and line ends, after MAX_SENTENCE_TOKENS at most."""
    texts = _WORD.findall(text)
    starts, ends = [], []
    end = 0
    for word in texts:
        start = text.find(word, end)  # nothing but blanks comes before
        end = start + len(word)
        starts.append(start)
        ends.append(end)
    if "\n" in text:
        texts = ["\n" if word[0] == "\n" else word for word in texts]
    return Words(texts, starts, ends, list(_sentences(texts)))


def sentences(text: str) -> Iterator[list[Token]]:
    """The tokens of one sentence after the other."""
    words = read_words(text)
    for first, last in words.sentences:
        yield [Token(words.texts[i], words.starts[i], words.ends[i]) for i in range(first, last)]


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
