"""What the words right around a name say about which place it is."""

import re
from collections.abc import Callable, Sequence
from enum import IntEnum
from typing import NamedTuple

from map_app.geoparse.teams import home_of_team
from map_app.model import Article, Field, Kind, Toponym

#: "The Kherson region of Ukraine".
_DIVISION_OF = re.compile(r"\s+(?:region|province|district|county|state|island)\s+of\s+(?:the\s+)?")
#: "Torkula village of Guma district", but "the Texas town of Paris".
_TOWN_OF = re.compile(r"\s+(?:city|village|town|township)\s+of\s+(?:the\s+)?")
#: Between a place and what holds it: "Paris, Texas", "Paris (Texas)", "Aleppo, in northern Syria".
_CONTAINER_LINK = re.compile(
    r",?\s*\(?|(?:\s+(?:counties|parishes|provinces|districts|county|district|area|village|town|township|city))?(?:\s+located)?,?\s+in\s+(?:the\s+)?"
    r"(?:(?:north|south|east|west|central)[a-z-]*\s+)?(?:state\s+of\s+|province\s+of\s+)?",
    re.IGNORECASE,
)
_MAX_LINK = 40

#: How far around a name is looked.
_REACH = 40

_DIVISION_AFTER = re.compile(
    r"(?:[\s-]+(?:border|frontier))?\s+"
    # Written large these are rather the beginning of another name ("Manhattan District Attorney").
    r"(?:region|oblast|province|state|governorate|prefecture|territory|krai|republic|county|(?-i:district|division))"
    r"(?![\w-])",
    re.IGNORECASE,
)
#: Who governs says what is governed: "New York Gov. Kathy Hochul", "New York's mayor".
_GOVERNOR_AFTER = re.compile(r"(?:['’]s)?\s+(?:[Gg]ov\.|[Gg]overnor|[Ll]ieutenant [Gg]overnor|Lt\. Gov\.)(?!\w)")
_MAYOR_AFTER = re.compile(r"(?:['’]s)?\s+(?:[Mm]ayor|[Dd]eputy [Mm]ayor|[Cc]ity [Cc]ouncil)(?!\w)")
_GOVERNOR_OR_MAYOR = re.compile(r"\b(?:(?P<mayor>[Mm]ayor)|[Gg]overnor) of $")
#: "A county of Taiwan" lies in it.
_DIVISION_BEFORE = re.compile(
    r"(?<!\ba )(?:region|oblast|province|state|governorate|prefecture|county)\s+of\s+$", re.IGNORECASE
)
#: "in Knox, Blount and Loudon counties".
_DIVISIONS_AFTER = re.compile(
    r"\s+(?:regions|oblasts|provinces|states|governorates|prefectures|districts|counties|parishes)(?![\w-])",
    re.IGNORECASE,
)
#: "the Niger river": the river, not the country. Written large, the word is part of the name itself.
_NATURE_AFTER = re.compile(
    r"\s(river|delta|valley|basin|strait|sea|gulf|bay|lake|canal|desert|peninsula|mountains|islands?|archipelago)(?![\w-])"
)
#: Between the names of a list.
_LIST_LINK = re.compile(r"(?:\s*,\s*(?:(?:and|or)\s+)?|\s+(?:and|or|&)\s+)(?:the\s+)?")
#: From what holds a place to the place: "the Texas town of Paris", "the northern Iraqi city of Mosul", "Syria's Idlib".
_HELD_LINK = re.compile(
    r"(?:['’]s)?\s+(?:(?!(?:in|of|near|from|at|to|and|on|for|with|by|the)\b)[a-z-]+\s+){0,2}"
    r"(?:city|town|village|suburb|capital|port|province|region|district|county|state|island|city-state)\s+of\s+(?:the\s+)?"
    r"|['’]s\s+(?:[a-z-]+\s+){0,3}"
)
#: "In London, Canada's prime minister": the second name begins the sentence proper, and holds nothing.
_OWNER = re.compile(r"['’]s?\s")
#: "In Portland, Maine's largest city": here it does hold the first.
_OWNER_OF_IT = re.compile(
    r"['’]s?\s+(?:[\w-]+\s+){0,3}(?:city|capital|town|village|port|hub|resort|suburb|settlement)(?![\w-])",
    re.IGNORECASE,
)
_NO_NOUN_AFTER = re.compile(
    r"[.,;:)]|$|\n|\s(?:and|or|but|in|on|at|to|near|into|from|by|for|with|is|was|are|were|has|had|have|will|would|as|"
    r"after|before|since|when|while|during|that|which|where|who|because)\b"
)
_TOWN_BEFORE = re.compile(r"(?:city|town|village|port|capital)(?:\s+of|,)?\s+$", re.IGNORECASE)
#: The rest of "University of Texas at Dallas", "University of California, Davis", "Washington University in St. Louis".
_CAMPUS = re.compile(r"(?:-| at | in |, )[A-Z][\w.]+(?: [A-Z]\w+)?")
#: The rest of "Florida Atlantic University" behind the state.
_SCHOOL_AFTER = re.compile(r"(?: [A-Z][\w&-]*){0,3}? (?:University|College|Institute of Technology|Tech|A&M)\b")
#: Between a place and what holds it where nothing else can be meant: ", " or " (".
_PLAIN_LINK = re.compile(r",?\s*\(?")
#: Behind a container that no verb follows: "in Paris, Ontario, on Monday", but not "In Paris, Ontario said".
_CLOSED = re.compile(r"\.?(?:[,;:)(]|\s*(?:[-–—―]|\(|\n|$)|\.(?:\s|$))")
#: "Near Lexington in Kenya", "Lexington in western Kenya": but "talks with Washington in Egypt".
_AT = re.compile(r"\b(?:[Ii]n|[Nn]ear|[Aa]t|[Oo]utside|[Aa]round|(?:town|city|village) of)\s+$")
_AT_REACH = 12
#: "In London, Ukraine, which is at war, asked": where a sentence opens so, a country may as well go on with it.
_OPENS = re.compile(r"\b(?:In|At|From)\s+$")
_IN_PART = re.compile(
    r",?\s+(?:located\s+)?in\s+(?:the\s+)?(?:[a-z-]+ern|central|state\s+of|province\s+of)\s+.*", re.DOTALL
)
#: The full stop of a short form within a sentence.
_SHORT = re.compile(r"\.(?:,| (?:and|or|but)\b)")
#: Behind a container before the next place: a list without it has no comma, or no "and".
_NEXT_IS_APART = re.compile(r"\.?[,;] (?:and|or|but)\b")
#: With one of these end both.
_LAST_OF_KINDS = ("of", "city", "town", "village", "port", "capital")


class Firmness(IntEnum):
    """How plainly a text says that one place lies in another."""

    #: It may as well be the next of a list, or what the sentence goes on with.
    WEAK = 0
    #: Enough for a name that few would know ("Greenwood in West Virginia").
    LIKELY = 1
    #: Enough for any ("Paris, Ontario,", "the Iraqi town of Cambridge").
    PLAIN = 2


class Surroundings(NamedTuple):
    """What stands around one occurrence of a name."""

    #: The name, or the demonym, of what it is said to lie in, or empty.
    container: str = ""
    #: How plainly that is said.
    firmness: Firmness = Firmness.WEAK
    #: "division", "town" or empty.
    stated_kind: str = ""
    #: What a later name of the same list is said to lie in: "Dallas" in "Dallas and Austin, Texas".
    listed_in: str = ""
    #: The names before and behind it in a list ("Oregon" of "Oregon and Washington").
    listed_with: tuple[str, ...] = ()
    #: The word behind it that makes it a part of nature ("river"), or empty.
    nature: str = ""
    #: Whether "the" stands before it and no noun behind it: "across the Dnipro", but not "the Dnipro mayor".
    is_with_article: bool = False
    #: The names of a school that it may be a part of, the longest first ("Florida Atlantic University").
    schools: tuple[str, ...] = ()
    #: Whether it stands in a list of divisions ("Knox, Blount and Loudon counties").
    is_listed_division: bool = False


def read_surroundings(
    article: Article,
    toponyms: Sequence[Toponym],
    is_area: Callable[[str], bool],
    is_large_town: Callable[[str], bool],
    is_country: Callable[[str], bool],
) -> list[Surroundings]:
    """One for each toponym, in the same order.

    `is_area` tells of a name whether other places can lie in it, `is_large_town` whether it can be in a list of towns,
    `is_country` whether it is one.
    """
    order = sorted(range(len(toponyms)), key=lambda i: (toponyms[i].field, toponyms[i].start))
    out = [Surroundings()] * len(toponyms)
    following = -1
    #: Whether the name after this one is followed by another of the same list.
    goes_on = False
    # Backwards, since a list is explained by its last name.
    for at in range(len(order) - 1, -1, -1):
        i = order[at]
        toponym = toponyms[i]
        if toponym.kind is not Kind.DEMONYM:
            text = article.title if toponym.field is Field.TITLE else article.text
            previous = order[at - 1] if at else -1
            link = _between(text, toponyms, i, following)
            container, firmness = "", Firmness.WEAK
            if link is not None and (
                _is_container_link(link) or _is_part_of_next(link, toponym, toponyms[following], is_area, is_country)
            ):
                outer = toponyms[following].name
                # "Washington, New York and Boston" are three towns, "Niger, Nigeria and Togo" three countries.
                is_listed = goes_on and "(" not in link and (is_large_town(outer) or is_area(toponym.name))
                if is_listed and _is_short(text, toponyms[following]):
                    is_listed = False  # only what holds the place before it is shortened: "Cairo, Ill., and Lima, Ohio"
                elif is_listed and out[order[at + 2]].container and not is_large_town(outer):
                    is_listed = text[toponyms[following].end] != ","  # "Moscow, Idaho, and Paris, Texas"
                # "Clay, Douglas and Grant counties": Douglas holds none of them.
                is_listed = is_listed or (out[following].is_listed_division and _LIST_LINK.fullmatch(link) is not None)
                is_subject = "(" not in link and _is_owner(text, toponyms[following].end)
                container = outer if is_area(outer) and not is_listed and not is_subject else ""
                is_in_list = goes_on and not out[following].container
                firmness = _firmness(text, toponym, toponyms[following], is_country, is_in_list=is_in_list)
            if not container and previous >= 0:
                container, firmness = _holder(text, toponyms[previous], toponym, is_area, is_country)
            is_first = is_first_of_more(text, toponym)
            if is_first and not container:
                container = home_of_team(text, toponym.start, toponym.end)
            listed_in = ""
            in_plural = _DIVISIONS_AFTER.match(text, toponym.end) is not None
            if link is not None and _LIST_LINK.fullmatch(link) and not container:
                in_plural = in_plural or out[following].is_listed_division
                listed_in = "" if is_area(toponym.name) else out[following].container or out[following].listed_in
            kind = "division" if in_plural else _stated_kind(text, toponym)
            nature = _NATURE_AFTER.match(text, toponym.end)
            goes_on = link is not None and _LIST_LINK.fullmatch(link) is not None
            before = _between(text, toponyms, previous, i) if previous >= 0 else None
            listed_with = [toponyms[following].name] if goes_on else []
            if before is not None and _LIST_LINK.fullmatch(before) and toponyms[previous].kind is not Kind.DEMONYM:
                listed_with.append(toponyms[previous].name)
            out[i] = Surroundings(
                container,
                firmness,
                kind,
                listed_in,
                tuple(listed_with),
                nature=nature[1] if nature else "",
                is_with_article=_is_with_article(text, toponym),
                is_listed_division=in_plural,
                schools=_schools(text, toponym, is_first=is_first),
            )
        following = i
    for first, second, third in zip(order, order[1:], order[2:], strict=False):
        # In "Paris, Texas and Nairobi" Texas belongs to Paris, and Nairobi need not be a division as well.
        name = toponyms[second].name
        if out[first].container == name and name in out[third].listed_with:
            out[third] = out[third]._replace(listed_with=tuple(n for n in out[third].listed_with if n != name))
    return out


def _between(text: str, toponyms: Sequence[Toponym], i: int, following: int) -> str | None:
    """The words from one name to the next toponym on the same line, or None where that is too far."""
    if following < 0:
        return None
    here, after = toponyms[i], toponyms[following]
    if after.field is not here.field or after.kind is Kind.DEMONYM or not 0 < after.start - here.end <= _MAX_LINK:
        return None
    link = text[here.end : after.start]
    return None if "\n" in link else link


def _is_part_of_next(
    link: str, first: Toponym, second: Toponym, is_area: Callable[[str], bool], is_country: Callable[[str], bool]
) -> bool:
    """Whether the first of two names lies in the second, as in "the Kherson region of Ukraine".

    In "the US state of Texas" and "the Texas town of Paris" it is the other way round.
    """
    is_division = _DIVISION_OF.fullmatch(link) is not None
    if first.kind is Kind.DEMONYM or is_country(first.name) or not (is_division or _TOWN_OF.fullmatch(link)):
        return False
    return is_division or is_country(second.name) or not is_area(first.name)


def _is_container_link(link: str) -> bool:
    """Whether what follows a name may hold it, by the words between."""
    return _CONTAINER_LINK.fullmatch(link) is not None and not link.isspace()


def _is_short(text: str, toponym: Toponym) -> bool:
    """Whether it ends in the full stop of a short form, with which no sentence ends."""
    stop = toponym.end - 1 if toponym.name.endswith(".") else toponym.end
    return _SHORT.match(text, stop) is not None


def _is_owner(text: str, end: int) -> bool:
    """Whether the name that ends there owns what the sentence speaks of next, rather than the place before it."""
    return _OWNER.match(text, end) is not None and _OWNER_OF_IT.match(text, end) is None


def _firmness(
    text: str, inner: Toponym, outer: Toponym, is_country: Callable[[str], bool], *, is_in_list: bool
) -> Firmness:
    """How plainly the second holds the first, which stands right before it."""
    if is_in_list or (is_country(inner.name) and is_country(outer.name)):
        return Firmness.LIKELY if _NEXT_IS_APART.match(text, outer.end) else Firmness.WEAK
    reach = max(0, inner.start - _AT_REACH)
    if _PLAIN_LINK.fullmatch(text, inner.end, outer.start):
        may_go_on = _OPENS.search(text, reach, inner.start) and is_country(outer.name)
        is_plain = bool(_CLOSED.match(text, outer.end)) and not may_go_on
    else:
        is_in_part = _IN_PART.fullmatch(text, inner.end, outer.start)
        is_plain = bool(is_in_part or _AT.search(text, reach, inner.start))
    return Firmness.PLAIN if is_plain else Firmness.LIKELY


def _holder(
    text: str,
    outer: Toponym,
    inner: Toponym,
    is_area: Callable[[str], bool],
    is_country: Callable[[str], bool],
) -> tuple[str, Firmness]:
    """The name before, where the words between say that it holds this one, and how plainly."""
    if outer.field is not inner.field or not 0 < inner.start - outer.end <= _MAX_LINK:
        return "", Firmness.WEAK
    link = text[outer.end : inner.start]
    if not _HELD_LINK.fullmatch(link):
        return "", Firmness.WEAK
    if "'" in link or "’" in link:
        return outer.name, Firmness.WEAK  # "Ukraine's Kharkiv", but "Ukraine's embassy in London"
    if _is_part_of_next(link, outer, inner, is_area, is_country):
        return "", Firmness.WEAK
    return outer.name, Firmness.PLAIN


def _stated_kind(text: str, toponym: Toponym) -> str:
    if _DIVISION_AFTER.match(text, toponym.end) or _GOVERNOR_AFTER.match(text, toponym.end):
        return "division"
    if _MAYOR_AFTER.match(text, toponym.end):
        return "town"
    before = text[max(0, toponym.start - _REACH) : toponym.start]
    if not before.rstrip().rstrip(",").lower().endswith(_LAST_OF_KINDS):
        return ""  # nearly always, and told much faster
    if _DIVISION_BEFORE.search(before):
        return "division"
    if office := _GOVERNOR_OR_MAYOR.search(before):
        return "town" if office["mayor"] else "division"
    return "town" if _TOWN_BEFORE.search(before) else ""


def _schools(text: str, toponym: Toponym, *, is_first: bool) -> tuple[str, ...]:
    """`is_first` tells that a capital follows."""
    if text.endswith("niversity of ", 0, toponym.start):
        whole, end = f"University of {toponym.name}", toponym.end
    elif is_first and (school := _SCHOOL_AFTER.match(text, toponym.end)):
        whole, end = toponym.name + school[0], school.end()
    else:
        return ()
    campus = _CAMPUS.match(text, end)
    return (whole + campus[0], whole) if campus else (whole,)


def _is_with_article(text: str, toponym: Toponym) -> bool:
    before = text[max(0, toponym.start - 4) : toponym.start]
    return before.lower() == "the " and _NO_NOUN_AFTER.match(text, toponym.end) is not None


def is_first_of_more(text: str, toponym: Toponym) -> bool:
    """Whether a capitalised word stands right after the name: it may be the first word of "Buffalo Public Schools"."""
    return text[toponym.end : toponym.end + 1] == " " and text[toponym.end + 1 : toponym.end + 2].isupper()
