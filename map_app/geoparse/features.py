"""What the recogniser sees of a text, the same in training and in use.

Only words near a capital are looked at. What is seen of each is a handful of units: the word, its neighbours, the
pair that they make, the gazetteer names and the run of capitals that it stands in. A unit is a few named attributes;
in training their names are kept, in use only the sum of their weights. Either way each distinct unit is made once.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from map_app.geoparse.lexicon import CASES, UNKNOWN, Entry, Lexicon
from map_app.geoparse.membership import Membership
from map_app.geoparse.tokens import Words
from map_app.model import Field

#: A word's text is cut to this many characters in features: no name's word is longer.
MAX_WORD = 24

#: Longest name looked up in the gazetteer, in words and signs ("Port-au-Prince" has five).
MAX_NAME_TOKENS = 6

#: Small words that a name may hold between two capitals ("Châlons-en-Champagne", "Isle of Man").
MAX_GAP = 3
#: Words looked at on either side of a word.
REACH = 2
_OFFSETS = range(-REACH, REACH + 1)
_SPREAD = len(_OFFSETS)

#: A dateline ends in a dash among the first few words of a text ("TAIPEI, Taiwan -", "KYIV, March 3 (Reuters) -").
DATELINE_TOKENS = 16
_DASHES = frozenset("-–—―−")

#: Share of capitalised words from which a line counts as a headline whose capitals say little.
HEADLINE_CAPITALS = 0.75
#: Shorter lines are no headlines.
HEADLINE_WORDS = 4
#: Places whose names are known for such in any writing, and how many words one may have.
PLAIN_KINDS = frozenset({"country", "country~", "continent", "region", "water", "admin1", "city5", "city4", "city3"})
MAX_REWRITTEN = 4
#: A text in which fewer of the words have a capital is written without them: social media, transcripts.
LOWER_CASED = 0.02

#: The few hundred words that make up half of all text; "The" and "He" begin most sentences.
EVERYDAY_RARITY = 7

#: Words looked at together; bounds what a text of any length takes.
BATCH_WORDS = 4_000
#: Units kept; all are made anew when there are more.
MAX_UNITS = 400_000


def _either_case(words: Sequence[str]) -> frozenset[str]:
    """The words in small letters and with a capital."""
    return frozenset([*words, *(word.capitalize() for word in words)])


_PLACE_CUES = _either_case(
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
        "between",
    ]
)
_PERSON_CUES = _either_case(
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
        "rev",
        "senator",
        "mayor",
        "governor",
        "coach",
        "sheriff",
        "chief",
        "justice",
        "secretary",
        "chancellor",
        "king",
        "queen",
        "prince",
        "princess",
        "pope",
        "sir",
        "lord",
        "lady",
    ]
)
_SPEECH_CUES = frozenset(["said", "says", "told", "added", "who"])
#: Common first names: those in the first few thousand of the census.
_FIRST_NAME_BUCKETS = 6

#: Coarser and coarser word clusters, as masks of the cluster's number.
_CLUSTER_MASKS = (0xF, 0x3F, 0x3FF, 0xFFFF)


@dataclass(frozen=True, slots=True)
class Name:
    """A name that the gazetteer knows: its first and last word and the kinds of places that carry it."""

    first: int
    last: int
    kinds: tuple[str, ...]
    #: Whether the text uses its last word as a person's name.
    as_person: bool


@dataclass(frozen=True, slots=True)
class Batch:
    """Stretches of words around capitals, as the model takes them."""

    #: First word of each stretch and how many there are; the words of all stretches, in order, are the rows below.
    stretches: list[tuple[int, int]]
    #: Units of each word that always apply: a row for each word, 0 where there is none.
    units: npt.NDArray[np.int64]
    #: Units that apply to some words: the row, and the unit.
    more_rows: list[int]
    more_units: list[int]
    #: Names that the gazetteer knows, in words of the whole text.
    names: list[Name]


def clean(word: str) -> str:
    """A word as tries take it: not endless, without NUL and halves of characters."""
    return word[:MAX_WORD].replace("\0", " ").encode("utf-8", "replace").decode()


def shape(word: str) -> str:
    """The pattern of capitals, letters and digits: "Kyiv" is "Xx", "U.S." is "X.X."."""
    out: list[str] = []
    for character in word:
        if character.isupper():
            part = "X"
        elif character.isalpha():
            part = "x"
        elif character.isdigit():
            part = "d"
        else:
            part = character if character.isascii() else "?"
        # Runs of small letters and digits are one sign, runs of capitals two at most.
        goes_on = (part in "xd" and out[-1:] == [part]) or (part == "X" and out[-2:] == ["X", "X"])
        if not goes_on:
            out.append(part)
        if len(out) == 8:
            break
    return "".join(out)


class UnitKeeper(Protocol):
    """Keeps the units: by their attributes' names in training, by the sum of their weights in use."""

    @property
    def count(self) -> int:
        """How many are kept."""

    def add(self, width: int, attributes: Sequence[str], own: Sequence[str] = ()) -> int:
        """Keep units for `width` words and return the number of the first; `own` are the middle word's alone."""

    def clear(self) -> None:
        """Forget all units."""


class FeatureMaker:
    """Makes units, keeping each distinct one; not for use by two threads at once."""

    def __init__(self, membership: Membership, lexicon: Lexicon, keeper: "UnitKeeper") -> None:
        self._membership = membership
        self._entry = lexicon.entry
        self._keeper = keeper
        self._words: dict[str, int] = {}
        self._pairs: dict[tuple[str, str], int] = {}
        self._names: dict[tuple[str, tuple[str, ...]], int] = {}
        self._others: dict[tuple[str | int, ...], int] = {}
        self._known: dict[str, _Known] = {}
        self._start_anew()

    def _start_anew(self) -> None:
        """Forget all units; the next number is 0 again."""
        self._keeper.clear()
        for kept in (self._words, self._pairs, self._names, self._others):
            kept.clear()
        self._none = self._keeper.add(_SPREAD, [])
        self._start = self._keeper.add(_SPREAD, ["edge"])
        self._end = self._keeper.add(_SPREAD, ["edge"])

    def _forget_if_full(self) -> None:
        if self._keeper.count > MAX_UNITS:
            self._start_anew()

    def batches(self, text: str, words: Words, field: Field) -> Iterator[Batch]:
        """What the model has to look at, a bounded part at a time; units are good until the next is asked for."""
        self._forget_if_full()
        document = _Document(
            text, words, field, entry=self._entry, is_everyday=self._is_everyday, membership=self._membership
        )
        builder = _Builder()
        for number, (first, last) in enumerate(words.sentences):
            stretches = _stretches(document.seen, first, last)
            if not stretches:
                continue
            self._sentence(document, builder, number, stretches)
            if len(builder.bases) > BATCH_WORDS:
                yield builder.batch()
                builder = _Builder()
                self._forget_if_full()
        if builder.stretches:
            yield builder.batch()

    def _sentence(
        self, document: "_Document", builder: "_Builder", number: int, stretches: list[tuple[int, int]]
    ) -> None:
        first, last = document.words.sentences[number]
        forms = document.forms
        names = self._find_names(document, stretches)
        builder.names += names
        at = self._name_units(document, names)
        style = document.style(first)
        runs = _runs(forms, stretches, first, last)
        dash = _dateline_end(forms, last) if number == 0 and document.field is Field.TEXT else 0
        for low, high in stretches:
            builder.stretches.append((low, high - low))
            before, after = max(first - (low - REACH), 0), max(high + REACH - last, 0)
            here = range(low - REACH + before, high + REACH - after)
            builder.rows += range(len(builder.bases) + REACH, len(builder.bases) + REACH + high - low)
            builder.bases += [self._start] * before
            builder.bases += map(self._word, forms[here.start : here.stop])
            builder.bases += [self._end] * after
            builder.name_bases += [self._none] * before
            builder.name_bases += [at[i][0] if i in at else self._none for i in here]
            builder.name_bases += [self._none] * after
            for i in range(low, high):
                more = self._more(document, i, (first, last), at.get(i), runs.get(i))
                if style:
                    more += [self._other(("style", style)), self._other(("style", style, forms[i]))]
                if i < dash:
                    more.append(self._other(("dateline",)))
                builder.more_rows += [builder.row] * len(more)
                builder.more_units += more
                builder.row += 1

    def _more(
        self,
        document: "_Document",
        i: int,
        sentence: tuple[int, int],
        name: tuple[int, str, str] | None,
        run: tuple[int, int] | None,
    ) -> list[int]:
        """Units that only some words have: pairs, names with neighbours, runs, what the rest of the text says."""
        forms, other = document.forms, self._other
        first, last = sentence
        form = forms[i]
        hot = document.hot[i]
        before = forms[i - 1] if i > first else ""
        after = forms[i + 1] if i + 1 < last else ""
        more = []
        if before and (hot or document.hot[i - 1]):
            more.append(self._pair(before, form) + 1)
        if after and (hot or document.hot[i + 1]):
            more.append(self._pair(form, after))
        if name:
            _, part, kind = name
            more.append(other(("before name", part, kind, before)))
            more.append(other(("after name", part, kind, after)))
            more.append(other(("name", part, kind, form)))
        if run:
            start, end = run
            more.append(other(("run", min(end - start, 5), "B" if i == start else "E" if i == end - 1 else "I")))
            if i > start:
                more.append(other(("run first", forms[start])))
            if i < end - 1:
                more.append(other(("run last", forms[end - 1])))
            if i > start > first:
                more.append(other(("run before", forms[start - 1])))
            if i < end - 1 and end < last:
                more.append(other(("run after", forms[end])))
        if hot:
            said = document.said(form)
            if said:
                more.append(other(("said", said, name[1][:1] + name[2] if name else "")))
        return more

    def _about(self, form: str) -> "_Known":
        known = self._known.get(form)
        if known is None:
            if len(self._known) > MAX_UNITS:
                self._known.clear()
            short = clean(form)
            low = short.casefold()
            entry = self._entry(low)
            cluster = entry.capital_cluster if short[:1].isupper() else entry.lower_cluster
            known = self._known[form] = _Known(short, low, shape(short), cluster, entry)
        return known

    def _is_everyday(self, word: str) -> bool:
        """Whether it is one of the most frequent words with a capital, as every sentence begins with one."""
        if not word.isascii() or not (len(word) == 1 or word[1:].islower()):
            return False
        entry = self._about(word).entry
        return 0 < entry.rarity <= EVERYDAY_RARITY and CASES[entry.case] == "l"

    def _word(self, form: str) -> int:
        base = self._words.get(form)
        if base is None:
            base = self._words[form] = self._keeper.add(_SPREAD, *_word_attributes(self._about(form)))
        return base

    def _pair(self, left: str, right: str) -> int:
        """The unit for the left word; that for the right one follows it."""
        unit = self._pairs.get((left, right))
        if unit is None:
            a, b = self._about(left), self._about(right)
            unit = self._pairs[left, right] = self._keeper.add(
                2,
                [
                    f"ww={a.low}|{b.low}",
                    f"ss={a.shape}|{b.shape}",
                    f"cc={a.cluster & 0x3FF}|{b.cluster & 0x3FF}",
                    f"wc={a.low}|{b.cluster & 0x3FF}",
                    f"cw={a.cluster & 0x3FF}|{b.low}",
                ],
            )
        return unit

    def _other(self, key: tuple[str | int, ...]) -> int:
        """The unit of a kind, the first part of the key, and what it depends on."""
        unit = self._others.get(key)
        if unit is None:
            unit = self._others[key] = self._keeper.add(1, self._other_attributes(str(key[0]), key[1:]))
        return unit

    def _other_attributes(self, kind: str, values: Sequence[str | int]) -> list[str]:
        if kind == "style":
            style = str(values[0])
            if len(values) == 1:
                return [f"style={mark}" for mark in style.split()]
            entry = self._about(str(values[1])).entry
            return [f"style={mark}|{CASES[entry.case]}" for mark in style.split()]
        if kind == "said":
            said = [f"said={name}" for bit, name in enumerate(_SAYINGS) if int(values[0]) & (1 << bit)]
            return [*said, f"said={values[0]}", f"said={values[0]}|{values[1]}"]
        if kind == "run":
            return [f"run={values[0]}", f"run={values[0]}{values[1]}"]
        if kind in ("before name", "after name", "name"):
            known = self._about(str(values[2]))
            entry = known.entry
            if kind == "name":
                marks = [CASES[entry.case], f"sn{entry.surname}", f"fn{min(entry.first_name, 7)}"]
            else:
                marks = [known.low, f"c{known.cluster & 0x3FF}", f"s{known.shape}"]
            return [f"{kind}={values[0]}{values[1]}|{mark}" for mark in marks]
        if kind.startswith("run "):
            known = self._about(str(values[0]))
            return [f"{kind}={known.low}", f"{kind}=c{known.cluster & 0x3FF}"]
        return [kind, *(f"{kind}={value}" for value in values)]

    def _find_names(self, document: "_Document", stretches: list[tuple[int, int]]) -> list[Name]:
        """Where gazetteer names stand, longest first from the left, and what kinds of places they name."""
        found = []
        hot, membership = document.hot, self._membership
        text, starts, ends = document.text, document.words.starts, document.words.ends
        for low, high in stretches:
            i = low
            while i < high:
                j = i
                if hot[i]:
                    start = starts[i]
                    most = min(i + MAX_NAME_TOKENS, high) - 1
                    # Few words begin a name of several: most are told by the word after them.
                    while j < most and membership.may_go_on(text[start : ends[j + 1]]):
                        j += 1
                    while j >= i:
                        kinds = membership.kinds(text[start : ends[j]]) if hot[j] else ()
                        if kinds:
                            found.append(Name(i, j, kinds, bool(document.said(document.forms[j]) & _AS_PERSON)))
                            break
                        j -= 1
                i = max(i, j) + 1
        return found

    def _name_units(self, document: "_Document", names: list[Name]) -> dict[int, tuple[int, str, str]]:
        """For each word within a name, the first of the units for the name and what is said of it."""
        at = {}
        for name in names:
            kinds = name.kinds
            for i in range(name.first, name.last + 1):
                part = "U" if name.first == name.last else "B" if i == name.first else "L" if i == name.last else "I"
                key = (part, kinds)
                base = self._names.get(key)
                if base is None:
                    base = self._names[key] = self._keeper.add(
                        _SPREAD, [*(f"g{part}={kind}" for kind in kinds), f"t{part}={kinds[0]}"]
                    )
                at[i] = (base, part, kinds[0])
        return at


class _Builder:
    """Gathers a batch."""

    def __init__(self) -> None:
        self.stretches: list[tuple[int, int]] = []
        #: The words of all stretches, each with REACH more on either side: the first of their units.
        self.bases: list[int] = []
        self.name_bases: list[int] = []
        #: Where in `bases` the words of the stretches themselves are.
        self.rows: list[int] = []
        self.row = 0
        self.more_rows: list[int] = []
        self.more_units: list[int] = []
        self.names: list[Name] = []

    def batch(self) -> Batch:
        bases, names = np.array(self.bases), np.array(self.name_bases)
        rows = np.array(self.rows)
        # At row r the word `offset` further on is seen through its unit for that offset.
        around = rows[:, None] + np.arange(-REACH, REACH + 1)
        spread = np.arange(_SPREAD)
        units = np.concatenate([bases[around] + spread, names[around] + spread], axis=1)
        return Batch(self.stretches, units, self.more_rows, self.more_units, self.names)


#: What the rest of the text may say of a word, a bit each.
_SAYINGS = ("place", "person", "lower", "surname", "contained")
_AS_PERSON = 1 << 1 | 1 << 3


class _Document:
    """A text's words in the writing that tells most, and what the text says of them elsewhere."""

    def __init__(
        self,
        text: str,
        words: Words,
        field: Field,
        *,
        entry: Callable[[str], Entry],
        is_everyday: Callable[[str], bool],
        membership: Membership,
    ) -> None:
        self.text = text
        self.words = words
        self.field = field
        self._entry = entry
        self._membership = membership
        texts = words.texts
        distinct = set(texts)
        may_start = {word for word in distinct if _may_start_name(word)}
        everyday = {word for word in may_start if is_everyday(word)}
        #: Of each word whether a name may begin or end with it.
        self.hot = [word in may_start for word in texts]
        #: Of each word whether it is looked at: "The" alone is no name.
        self.seen = [word in may_start and word not in everyday for word in texts] if everyday else self.hot
        self.forms = texts
        #: Writings that begin with a small letter.
        self._lower = distinct - may_start
        self._styles: dict[int, str] = {}
        self._recase()
        self._gather()

    def _recase(self) -> None:
        """Give sentences in capitals only, or texts without any, the writing that their words usually have."""
        texts = self.words.texts
        few = sum(self.hot) < LOWER_CASED * len(texts)
        letters = sum(word[0].isalpha() for word in texts) if few else 0
        without = letters > HEADLINE_WORDS and sum(self.hot) < LOWER_CASED * letters
        for first, last in self.words.sentences:
            marks = [] if self.field is Field.TEXT else ["title"]
            capitals = sum(self.hot[first:last])
            if without and capitals == 0:
                marks.append("lower")
            elif capitals >= HEADLINE_WORDS and 2 * capitals > last - first:
                words = [word for word in texts[first:last] if word[0].isalpha()]
                if all(word.isupper() for word in words):
                    marks.append("upper")
                elif capitals > HEADLINE_CAPITALS * len(words):
                    marks.append("headline")
            if marks:
                self._styles[first] = " ".join(marks)
                if marks[-1] != "title":
                    self._rewrite(first, last, marks[-1])

    def _rewrite(self, first: int, last: int, style: str) -> None:
        """Write a sentence as it usually would be, its places of several words with capitals."""
        if self.forms is self.words.texts:
            self.forms, self.seen = list(self.forms), list(self.seen)
        i = first
        while i < last:
            length = self._known_name(i, last)
            for j in range(i, i + max(length, 1)):
                word = self.words.texts[j]
                if word[0].isalpha():
                    form = word.capitalize() if length else self._usual(word, style)
                    self.forms[j] = form
                    self.seen[j] = self.hot[j] = _may_start_name(form)
                    if not self.hot[j]:
                        self._lower.add(form)
            i += max(length, 1)

    def _usual(self, word: str, style: str) -> str:
        entry = self._entry(clean(word).casefold())
        case = CASES[entry.case]
        if case == "l" or (case in "?x" and style == "lower"):
            is_place = entry is UNKNOWN and not PLAIN_KINDS.isdisjoint(self._membership.kinds(word))
            return word.capitalize() if is_place else word.lower()
        if style == "headline":
            return word
        return word.upper() if case == "U" else word.capitalize()

    def _known_name(self, first: int, last: int) -> int:
        """How many words a place's name of several words has that begins there, or 0."""
        words = self.words
        for length in range(min(MAX_REWRITTEN, last - first), 1, -1):
            end = first + length - 1
            if words.texts[first][0].isalpha() and words.texts[end][0].isalpha():
                kinds = self._membership.kinds(self.text[words.starts[first] : words.ends[end]])
                if not PLAIN_KINDS.isdisjoint(kinds):
                    return length
        return 0

    def style(self, first: int) -> str:
        """Marks of the sentence that begins there, or nothing."""
        return self._styles.get(first, "")

    def _gather(self) -> None:
        forms, hot = self.forms, self.hot
        self._after_place_cue: set[str] = set()
        self._as_person: set[str] = set()
        self._surnames: set[str] = set()
        self._contained: set[str] = set()
        last = len(forms) - 1
        for i, is_hot in enumerate(hot):
            if not is_hot:
                continue
            form = forms[i]
            before = forms[i - 1] if i else ""
            after = forms[i + 1] if i < last else ""
            if before in _PLACE_CUES:
                self._after_place_cue.add(form)
            elif before in _PERSON_CUES or (before == "." and i > 1 and forms[i - 2] in _PERSON_CUES):
                self._as_person.add(form)
            if i == last or not hot[i + 1]:
                given = i - 1 if i and hot[i - 1] else i - 3 if before == "." and len(forms[i - 2]) == 1 else -1
                if given >= 0 and 0 < self._entry(clean(forms[given]).casefold()).first_name <= _FIRST_NAME_BUCKETS:
                    self._surnames.add(form)
            if after in _SPEECH_CUES:
                self._as_person.add(form)
            elif after == "," and i + 1 < last and hot[i + 2]:
                self._contained.add(form)

    def said(self, form: str) -> int:
        """Which of _SAYINGS hold for a word, as bits."""
        return (
            (form in self._after_place_cue)
            | (form in self._as_person) << 1
            | (form.lower() in self._lower) << 2
            | (form in self._surnames) << 3
            | (form in self._contained) << 4
        )


@dataclass(frozen=True, slots=True)
class _Known:
    """What is known of a word in some writing."""

    short: str
    low: str
    shape: str
    cluster: int
    entry: Entry


def _word_attributes(known: _Known) -> tuple[list[str], list[str]]:
    """Those of a word that its neighbours see too, and those that only it has."""
    low, entry, cluster = known.low, known.entry, known.cluster
    around = [f"w={low}", f"s={known.shape}"]
    if cluster:
        around += [f"c{number}={cluster & mask}" for number, mask in enumerate(_CLUSTER_MASKS)]
    own = ["b"]
    if known.short[:1].isalpha():
        case = CASES[entry.case]
        around += [f"k={case}", f"sn={entry.surname}", f"fn={entry.first_name}", f"x3={low[-3:]}"]
        own.append(f"r={entry.rarity // 2}")
        own += [f"p{n}={low[:n]}" for n in (1, 2, 3, 4) if len(low) >= n]
        own += [f"x{n}={low[-n:]}" for n in (1, 2, 4) if len(low) >= n]
        if known.short[:1].isupper():
            own += [f"K={case}|{known.shape}", f"sf={entry.surname}|{entry.first_name}"]
    return around, own


def _may_start_name(word: str) -> bool:
    """Whether a name may begin or end here: a capital, or a letter of a script that has none."""
    first = word[0]
    if first.isupper():
        return True
    if first.isascii():
        return len(word) > 2 and word[1] in "'’" and word[2].isupper()  # d'Ivoire
    return first.isalpha() and not first.islower()


def _stretches(hot: Sequence[bool], first: int, last: int) -> list[tuple[int, int]]:
    """Half-open ranges around the words that may start a name, one more word on either side."""
    found: list[tuple[int, int]] = []
    for i in range(first, last):
        if hot[i]:
            low, high = max(first, i - 1), min(last, i + 2)
            if found and i - found[-1][1] < MAX_GAP:
                found[-1] = (found[-1][0], high)
            else:
                found.append((low, high))
    return found


def _runs(
    forms: Sequence[str], stretches: Sequence[tuple[int, int]], first: int, last: int
) -> dict[int, tuple[int, int]]:
    """Of each word in a run of capitalised words, where the run begins and ends."""
    runs = {}
    for low, high in stretches:
        start = low
        while start < high:
            end = start
            while end < high and forms[end][0].isupper():
                end += 1
            if end - start > 1:
                for i in range(start, end):
                    runs[i] = (start, end)
            start = max(end, start + 1)
    return runs


def _dateline_end(forms: Sequence[str], last: int) -> int:
    """Where the dateline at the start of a text ends: before a dash that comes soon, or 0."""
    for i in range(min(last, DATELINE_TOKENS)):
        if forms[i] in _DASHES and i and forms[0][:1].isupper():
            return i
    return 0
