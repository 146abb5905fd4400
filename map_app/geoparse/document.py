"""A text's words in the writing that tells most, what the text says of them elsewhere, and where to look for names."""

from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence

from map_app.geoparse.forms import clean, may_start_name, usually_small
from map_app.geoparse.lexicon import CASES, UNKNOWN, Entry
from map_app.geoparse.membership import Membership
from map_app.geoparse.tokens import Words
from map_app.model import Field

#: Small words that a name may hold between two capitals ("Châlons-en-Champagne", "Isle of Man").
MAX_GAP = 3
#: A dateline ends in a dash among the first few words of a text ("TAIPEI, Taiwan -", "KYIV, March 3 (Reuters) -").
DATELINE_TOKENS = 16
DASHES = frozenset("-–—―−")
_OPENERS = frozenset("\"'“‘«(")

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

#: Writings kept with their marks.
MAX_MARKS = 400_000


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

#: What the rest of the text may say of a word, a bit each.
SAYINGS = ("place", "person", "lower", "surname", "contained")
AS_PERSON = 1 << 1 | 1 << 3

#: Half-open range of words.
Stretch = tuple[int, int]


#: Of a writing: no name begins or ends with it; one may; and so on where it does not only begin a sentence; and so on
#: wherever it stands.
NO_NAME, EVERYDAY, COMMON, TELLING = range(4)


class Marks(dict[str, int]):
    """Of each writing whether it is worth looking for a name there."""

    def __init__(self, entry_of: Callable[[str], Entry], membership: Membership) -> None:
        super().__init__()
        self._entry_of = entry_of
        self._membership = membership

    def __missing__(self, word: str) -> int:
        if len(self) >= MAX_MARKS:
            self.clear()
        # Most words are in small letters, and told at once.
        mark = self[word] = NO_NAME if "a" <= word[0] <= "z" and word.isalpha() else self._mark(word)
        return mark

    def _mark(self, word: str) -> int:
        if not may_start_name(word):
            return NO_NAME
        entry = usually_small(word, self._entry_of)
        if entry is None:
            return TELLING
        if 0 < entry.rarity <= EVERYDAY_RARITY:
            return EVERYDAY  # "The" alone is no name
        return COMMON if PLAIN_KINDS.isdisjoint(self._membership.kinds(word)) else TELLING


class Document:
    """A text as features are made of it."""

    def __init__(
        self,
        text: str,
        words: Words,
        field: Field,
        *,
        entry_of: Callable[[str], Entry],
        marks: Marks,
        membership: Membership,
    ) -> None:
        self.text = text
        self.words = words
        self.field = field
        #: The words as they would usually be written.
        self.forms = list(words.texts)
        self._entry_of = entry_of
        self._marks = marks
        self._membership = membership
        numbers = list(map(marks.__getitem__, words.texts))
        #: Of each word whether a name may begin or end with it.
        self.hot = [mark > NO_NAME for mark in numbers]
        self._seen = [mark > EVERYDAY for mark in numbers]
        #: Sentences written anew have these words that no name begins with.
        self._lowered: set[str] = set()
        self._styles: dict[int, str] = {}
        self._recase()
        self._pass_over_beginnings(numbers)
        #: Where the dateline at the start of the text ends: before a dash that comes soon, or 0.
        self.dateline_end = self._find_dateline_end()
        self._seen_at = [i for i, seen in enumerate(self._seen) if seen]
        #: Which of SAYINGS hold for the writing of a hot word, as bits.
        self.said = self._gather()

    def stretches(self, sentence: Stretch) -> list[Stretch]:
        """Around the words of a sentence that may start a name, one more word on either side."""
        first, last = sentence
        found: list[Stretch] = []
        for at in range(bisect_left(self._seen_at, first), bisect_left(self._seen_at, last)):
            i = self._seen_at[at]
            low, high = max(first, i - 1), min(last, i + 2)
            if found and i - found[-1][1] < MAX_GAP:
                found[-1] = (found[-1][0], high)
            else:
                found.append((low, high))
        return found

    def runs(self, stretch: Stretch) -> Iterator[Stretch]:
        """Several capitalised words side by side."""
        forms = self.forms
        start, high = stretch
        while start < high:
            end = start
            while end < high and forms[end][0].isupper():
                end += 1
            if end - start > 1:
                yield start, end
            start = max(end, start + 1)

    def style(self, first: int) -> str:
        """Marks of the sentence that begins there, or nothing."""
        return self._styles.get(first, "")

    def _find_dateline_end(self) -> int:
        if self.field is Field.TEXT and self.words.sentences:
            _, last = self.words.sentences[0]
            for i in range(min(last, DATELINE_TOKENS)):
                if self.forms[i] in DASHES and i and self.forms[0][:1].isupper():
                    return i
        return 0

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

    def _pass_over_beginnings(self, marks: Sequence[int]) -> None:
        """Common words that have a capital only because a sentence begins with them are not worth looking at."""
        texts = self.words.texts
        for first, last in self.words.sentences:
            if self._styles.get(first, "title") == "title":
                i = first + (texts[first] in _OPENERS and first + 1 < last)
                if marks[i] == COMMON and not (i + 1 < last and self.hot[i + 1]):
                    self._seen[i] = False

    def _rewrite(self, first: int, last: int, style: str) -> None:
        """Write a sentence as it usually would be, its places of several words with capitals."""
        forms = self.forms
        i = first
        while i < last:
            length = self._known_name(i, last)
            for j in range(i, i + max(length, 1)):
                word = self.words.texts[j]
                if word[0].isalpha():
                    form = word.capitalize() if length else self._usual(word, style)
                    forms[j] = form
                    self._seen[j] = self.hot[j] = may_start_name(form)
                    if not self.hot[j]:
                        self._lowered.add(form)
            i += max(length, 1)

    def _usual(self, word: str, style: str) -> str:
        entry = self._entry_of(clean(word).casefold())
        case = CASES[entry.case]
        if case == "l" or (case in "?x" and style == "lower"):
            is_place = entry is UNKNOWN and not PLAIN_KINDS.isdisjoint(self._membership.kinds(word))
            return word.capitalize() if is_place else word.lower()
        if style == "headline":
            return word
        return word.upper() if case == "U" else word.capitalize()

    def _known_name(self, first: int, last: int) -> int:
        """How many words a place's name of several words has that begins there, or 0."""
        words, start = self.words, self.words.starts[first]
        if not words.texts[first][0].isalpha():
            return 0
        ends = words.ends[first : min(first + MAX_REWRITTEN, last)]
        for end in self._membership.ends_of_names(self.text, start, ends):
            if end and words.texts[first + end][0].isalpha():
                kinds = self._membership.kinds(self.text[start : ends[end]])
                if not PLAIN_KINDS.isdisjoint(kinds):
                    return end + 1
        return 0

    def _gather(self) -> dict[str, int]:
        forms, hot = self.forms, self.hot
        after_place_cue, as_person, surnames, contained = set(), set(), set(), set()
        last = len(forms) - 1
        at = [i for i, is_hot in enumerate(hot) if is_hot]
        for i in at:
            form = forms[i]
            before = forms[i - 1] if i else ""
            after = forms[i + 1] if i < last else ""
            if before in _PLACE_CUES:
                after_place_cue.add(form)
            elif before in _PERSON_CUES or (before == "." and i > 1 and forms[i - 2] in _PERSON_CUES):
                as_person.add(form)
            if i == last or not hot[i + 1]:
                given = i - 1 if i and hot[i - 1] else i - 3 if before == "." and len(forms[i - 2]) == 1 else -1
                if given >= 0 and 0 < self._entry_of(clean(forms[given]).casefold()).first_name <= _FIRST_NAME_BUCKETS:
                    surnames.add(form)
            if after in _SPEECH_CUES:
                as_person.add(form)
            elif after == "," and i + 1 < last and hot[i + 2]:
                contained.add(form)
        distinct, marks = set(self.words.texts), self._marks

        def is_lower(word: str) -> bool:
            return word in self._lowered or (word in distinct and not marks[word])

        return {
            form: (form in after_place_cue)
            | (form in as_person) << 1
            | is_lower(form.lower()) << 2
            | (form in surnames) << 3
            | (form in contained) << 4
            for form in {forms[i] for i in at}
        }
