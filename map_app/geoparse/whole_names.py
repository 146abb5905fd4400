"""What the model leaves out: names that are always places as they are written, and the rest of a name cut short.

World news speaks of "the Kremlin" and "the DRC" as of persons, so their neighbours tell the model that they are none.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace

from map_app.geoparse.confidence import DOUBTED
from map_app.model import Field, Kind, Toponym

#: Countries that are known by their letters.
_WITH_ARTICLE = ("DRC", "DPRK", "UAE", "PRC")
_PATTERN = re.compile(rf"\b[Tt]he ({'|'.join(_WITH_ARTICLE)})(?![\w-]| [A-Z])")
#: "Boats crossed the Channel", but not the news channel of a broadcaster.
_THE_CHANNEL = re.compile(
    r"\b(?:[Aa]cross|[Cc]ross(?:ed|es|ing)?|[Ii]n|[Oo]ver|[Uu]nder) (the Channel)(?![\w-]| [A-Z\d])"
)

#: Where a politician is from: "Rep. Jay Roberts (R-Ocilla)", "Tom Bakk, DFL-Cook,".
_PARTIES = ("R-", "D-", "I-", "DFL-")
_SEAT = re.compile(rf"(?<=[\s(])(?:{'|'.join(_PARTIES)})(?!Day\b)([A-Z][\w.'’]+(?: [A-Z][\w.'’]+){{0,2}})(?=[),;])")

#: "Becker, Clay and Swift counties".
_COUNTIES = re.compile(r" (counties|parishes)\b")
_ONE = {"counties": "county", "parishes": "parish"}
_LISTED = re.compile(r"[A-Z][\w.'’-]*(?: [A-Z][\w.'’-]*){0,2}")
_LIST = re.compile(rf"(?:{_LISTED.pattern}(?:, (?:and )?| and | or | & ))+{_LISTED.pattern} $")
_LIST_REACH = 300

#: Short forms that are hardly anything else with their full stop, or that are of _BEHIND_TOWNS. By their first letter,
#: so that a text is looked through at once: no named group may begin the pattern.
_SHORT_STATES = re.compile(
    r"(?:A(?:la|lta|riz|rk)|C(?:alif|olo|onn)|D(?:\.C|el)|Fla|Ga|I(?:ll|nd)|K(?:an|y)|L\.A|"
    r"M(?:an|ass|d|ich|inn|iss|o|ont)|N(?:eb|ev|fld|\.(?:B|C|D|H|J|L|M|S|Y))|O(?:kla|nt|re)|P(?:a|hila|\.E\.I)|"
    r"Qu[eé]|R\.I|S(?:ask|\.[CD])|T(?:as|enn|ex)|V(?:a|ic|t)|W(?:ash|is|yo|\. ?Va))\."
)
#: Those that mean other things as well ("Miss. Lee").
_BEHIND_TOWNS = frozenset(
    ["Del.", "Ill.", "Man.", "Mass.", "Md.", "Miss.", "Mo.", "Nfld.", "Que.", "Qué.", "Tas.", "Vic.", "Wash."]
)
#: A town before what it lies in: "St. John's, N.L.".
_TOWN_BEFORE = re.compile(r"(?:[A-Z][\w.'’-]* ){0,3}[A-Z][\w.'’-]*(?=, $)")

#: Hardly ever anything else.
CONFIDENCE = 0.85
#: The rest of "Mar-a-Lago" behind "Mar", of "Maroun al-Ras" behind "Maroun", of "Martha's Vineyard" behind "Martha". No
#: name has more hyphens than that, and an endless row of them must not be looked through from each of its parts.
_REST = re.compile(r"(?:-[^\W\d_]+){1,5}|['’]s [A-Z][^\W\d_]+| (?:al|el|as|ash|ar|an|at|az|ad)-[A-Z][^\W\d_]+")
#: One word more: "Castilla-La Mancha".
_ONE_MORE = re.compile(r" [A-Z][^\W\d_]+")
#: The beginning of "Gulf of Mexico" before "Mexico", of "People's Republic of China" before "'s".
_OF = re.compile(r"(?:[A-Z][\w'’-]+ ){1,3}of (?:the )?$")
_OWNER = re.compile(r"[A-Z]\w+$")
#: The model often takes these for no part of a name: "Lower Shabelle".
_PARTS = ("Lower ", "Upper ")
#: With these hardly any name begins: "European Union", "Czech Republic", "People's Republic of China".
_NEVER_FIRST = ("Republic", "Union", "Kingdom", "States", "Federation", "Emirates")
_CAPITALS = re.compile(r"(?:[A-Z][\w'’-]+ ){1,2}$")
_BEGINNING_REACH = 50
_CAPITAL = re.compile(r"\b[A-Z]")
#: The rest of "Port-au-Prince" behind its first word.
_COMPOUND = re.compile(r"-(?:[a-z]{1,4}-){1,2}[A-Z][^\W\d_]+(?![\w-])")
_FIRST_OF_COMPOUND = re.compile(r"(?<![\w-])[A-Z][^\W\d_]+$")
#: Within a sentence a large article belongs to a name ("in The Hague").
_ARTICLE_OF_NAME = re.compile(r"[a-z,] The $")
#: The rest of "St. John's" where nothing follows that a St. John could own.
_SAINT = re.compile(r"(?:St\.?|Saint) [A-Z][a-z]+$")
_NO_OWNER = re.compile(r"['’]s(?=[,.;:)]|$| (?:on|in|and|or|to|at|by|is|was|were|are|has|had|said|after|where|from)\b)")


class Seats:
    """Seats of government, which news names for those who govern there, and which are places all the same."""

    def __init__(self, ids: Mapping[str, str]) -> None:
        """`ids` of the places by what news calls them, with the article if they have one: "the Kremlin"."""
        with_article = {name.removeprefix("the "): place for name, place in ids.items() if name.startswith("the ")}
        without = {name: place for name, place in ids.items() if not name.startswith("the ")}
        self._ids = with_article | without
        #: One of these is in every text that names a seat.
        marks = [name for name in self._ids if not any(n in name for n in self._ids if n != name)]
        self._marks = re.compile("|".join(map(re.escape, marks)))
        self._in_text = re.compile(rf"\b(?:[Tt]he ({_either(with_article)})|({_either(without)}))(?![\w-]| [A-Z])")
        #: Headlines leave articles out: "Kremlin rejects offer".
        self._in_title = re.compile(rf"\b({_either(self._ids)})(?![\w-]| [A-Z])")
        self._in_capitals = re.compile(rf"\b({_either(self._ids).upper()})(?![\w-])")
        self._ids |= {name.upper(): place for name, place in self._ids.items()}

    def find(self, text: str, field: Field) -> list[Toponym]:
        """Where they are named; "the Kremlin Cup" is something else."""
        if field is Field.TITLE:
            pattern = self._in_capitals if text.isupper() else self._in_title
        elif self._marks.search(text):
            pattern = self._in_text
        else:  # nearly always, and told much faster
            return []
        found = []
        for match in pattern.finditer(text):
            start, end = match.span(match.lastindex or 0)
            name = text[start:end]
            found.append(Toponym(name, start, end, field, confidence=CONFIDENCE, known=self._ids[name]))
        return found


def _either(names: Iterable[str]) -> str:
    return "|".join(map(re.escape, sorted(names, key=len, reverse=True)))


def always_places(text: str, field: Field, is_known: Callable[[str], bool]) -> list[Toponym]:
    """The names that are places wherever they are written like this, in order; of two that overlap the first."""
    found = [
        *names_with_article(text, field),
        *seats(text, field, is_known),
        *counties(text, field, is_known),
        *short_states(text, field, is_known),
        *compounds(text, field, is_known),
    ]
    found.sort(key=lambda toponym: (toponym.start, -toponym.end))
    out: list[Toponym] = []
    for toponym in found:
        if not out or toponym.start >= out[-1].end:
            out.append(toponym)
    return out


def names_with_article(text: str, field: Field) -> list[Toponym]:
    """The names that are places wherever they stand behind "the"."""
    found = []
    if any(name in text for name in _WITH_ARTICLE):
        found += [match.span(1) for match in _PATTERN.finditer(text)]
    if "the Channel" in text:
        found += [match.span(1) for match in _THE_CHANNEL.finditer(text)]
    return [Toponym(text[start:end], start, end, field, confidence=CONFIDENCE) for start, end in found]


def seats(text: str, field: Field, is_known: Callable[[str], bool]) -> list[Toponym]:
    """The towns and states behind the letter of a politician's party."""
    if not any(party in text for party in _PARTIES):  # nearly always, and told much faster
        return []
    found = [match for match in _SEAT.finditer(text) if is_known(match[1])]
    return [Toponym(match[1], *match.span(1), field, confidence=CONFIDENCE) for match in found]


def counties(text: str, field: Field, is_known: Callable[[str], bool]) -> list[Toponym]:
    """All names of a list of counties: "Otter Tail, Swift and Wilkin counties"."""
    found = []
    for match in _COUNTIES.finditer(text) if " counties" in text or " parishes" in text else ():
        names = _LIST.search(text, max(0, match.start() - _LIST_REACH), match.start(1))
        for name in _LISTED.finditer(text, *names.span()) if names else ():
            start, end = name.span()
            if not is_known(f"{name[0]} {_ONE[match[1]]}"):
                start += name[0].find(" ") + 1  # "In Knox, Blount and Loudon counties"
            if is_known(f"{text[start:end]} {_ONE[match[1]]}"):
                found.append(Toponym(text[start:end], start, end, field, confidence=CONFIDENCE))
    return found


def short_states(text: str, field: Field, is_known: Callable[[str], bool]) -> list[Toponym]:
    """States and cities written short with a full stop ("the Pa. Turnpike"), and towns before them ("Adams, Mass.")."""
    found = []
    for match in _SHORT_STATES.finditer(text):
        start, end = match.span()
        if text[max(0, start - 1) : start].strip("(/-—– \n") or text[end : end + 1].strip(",;:)'’ \n"):
            continue
        is_told_by_town = match[0] in _BEHIND_TOWNS
        if is_told_by_town and text[end + 1 : end + 2].isupper():
            continue
        before = _TOWN_BEFORE.search(text, max(0, start - _BEGINNING_REACH), start)
        begins = (capital.start() for capital in _CAPITAL.finditer(text, *before.span())) if before else ()
        town = next((begin for begin in begins if is_known(text[begin : start - 2])), None)
        if town is not None:
            found.append((town, start - 2))
        if town is not None or not is_told_by_town:
            found.append((start, end))
    return [Toponym(text[start:end], start, end, field, confidence=CONFIDENCE) for start, end in found]


def compounds(text: str, field: Field, is_known: Callable[[str], bool]) -> list[Toponym]:
    """Known names with small words between hyphens, which begin like common words: "Port-au-Prince"."""
    found = []
    for match in _COMPOUND.finditer(text):
        first = _FIRST_OF_COMPOUND.search(text, max(0, match.start() - _BEGINNING_REACH), match.start())
        if first and is_known(text[first.start() : match.end()]):
            start, end = first.start(), match.end()
            found.append(Toponym(text[start:end], start, end, field, confidence=CONFIDENCE))
    return found


def made_whole(text: str, toponyms: Sequence[Toponym], is_known: Callable[[str], bool]) -> list[Toponym]:
    """The names in order, each with the rest of it that follows if the gazetteer knows the whole."""
    out: list[Toponym] = []
    for toponym in toponyms:
        if out and toponym.start < out[-1].end:
            continue  # part of the name before
        rest = _REST.match(text, toponym.end)
        if rest is None and _SAINT.search(toponym.name):
            rest = _NO_OWNER.match(text, toponym.end)
        # A doubted name is rather the first word of a longer one that is known ("Bashi Channel").
        if rest is None and (toponym.confidence < DOUBTED or not is_known(toponym.name)):
            rest = _ONE_MORE.match(text, toponym.end)
        more = _ONE_MORE.match(text, rest.end()) if rest else None
        ends = (part.end() for part in (more, rest) if part)
        end = next((end for end in ends if is_known(text[toponym.start : end])), toponym.end)
        start = toponym.start
        if _ARTICLE_OF_NAME.search(text, max(0, start - 6), start) and is_known(text[start - 4 : end]):
            start -= 4
            if out and out[-1].end > start:  # the article alone
                out.pop()
        else:
            longer = _beginning(text, start, end, is_known)
            while longer < start and out and out[-1].start >= longer:  # "European" of "European Union"
                out.pop()
            start = longer if not out or out[-1].end <= longer else start
        if (start, end) == (toponym.start, toponym.end):
            out.append(toponym)
        else:  # what was a people alone is a place by now: "European Union"
            out.append(replace(toponym, name=text[start:end], start=start, end=end, kind=Kind.TOPONYM))
    return out


def _beginning(text: str, start: int, end: int, is_known: Callable[[str], bool]) -> int:
    """Where a name begins that the gazetteer knows with the words before it: "Gulf of Mexico"."""
    before = None
    if text.endswith(("of ", "of the "), 0, start):
        before = _OF.search(text, max(0, start - _BEGINNING_REACH), start)
    elif text.startswith(("'s ", "’s "), start):
        before = _OWNER.search(text, max(0, start - _BEGINNING_REACH), start)
    elif text.endswith(_PARTS, 0, start) and is_known(text[start - len(_PARTS[0]) : end]):
        return start - len(_PARTS[0])
    elif text.startswith(_NEVER_FIRST, start):
        before = _CAPITALS.search(text, max(0, start - _BEGINNING_REACH), start)
    if before is None:
        return start
    begins = (match.start() for match in _CAPITAL.finditer(text, *before.span()))
    return next((begin for begin in begins if is_known(text[begin:end])), start)
