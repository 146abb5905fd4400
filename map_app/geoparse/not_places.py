"""Names that hold a place's name and are none: broadcasters and newspapers that world news cites, saints, the West.

The model learns most of these from their neighbours; these few it met too seldom, and every article that cites one
would be pinned to a continent or a capital.
"""

import re

_NAMES = (
    "Radio Free Asia",
    "Radio Free Europe",
    "Radio Liberty",
    "Voice of America",
    "Bank of America",
    "All India Radio",
    "Radio New Zealand",
    "Deutsche Welle",
    "Al Jazeera",
    "Le Monde",
    "Kyiv Post",
    "Kyiv Independent",
    "Moscow Times",
    "Jerusalem Post",
    "Times of Israel",
    "Times of India",
    "Hindustan Times",
    "China Daily",
    "South China Morning Post",
    "Korea Herald",
    "Korea Times",
    "Japan Times",
    "Taipei Times",
    "Bangkok Post",
    "Jakarta Post",
    "Straits Times",
    "New York Times",
    "New York Post",
    "Washington Post",
    "Washington Times",
    "Wall Street Journal",
    "Los Angeles Times",
    "Chicago Tribune",
    "Boston Globe",
    "Financial Times",
    "Miami Herald",
    "Sydney Morning Herald",
    "Toronto Star",
)

_PATTERN = re.compile(rf"\b(?:{'|'.join(map(re.escape, _NAMES))})\b", re.IGNORECASE)
#: Whether there may be one, told much faster: as usually written or in capitals, and in any writing.
_USUAL = re.compile("|".join(re.escape(name) for usual in _NAMES for name in (usual, usual.upper())))
_LOWER = [name.lower() for name in _NAMES]

#: "Saint John of Rila": where he came from is a place, he is none.
_SAINT = re.compile(r"\b(?:Saint|St\.?) (?:[A-Z][\w'’-]+ ){1,2}(?=of (?:the )?[A-Z])")
_SAINT_MARKS = ("Saint ", "St. ", "St ")

#: In the brackets of a dateline stands who sent it: "KHARTOUM, April 15 (Xinhua) --".
_AGENCY = re.compile(r"\((Xinhua|Yonhap|Kyodo|Anadolu|Interfax|Bernama|Antara|SANA|IRNA|WAFA|Tasnim|ANSA|Ukrinform)\)")

#: "Relations between Russia and the West": no place that could be pinned, though several are called West.
_THE_WEST = re.compile(r"\b[Tt]he (West)\b(?![ -][A-Z])")


#: Sums of money: "US$5 million", "$US4.5 billion", "HK$100".
_MONEY = re.compile(r"\b(US|U\.S\.|HK|NZ|CA|AU|SG|TT|NT)(?=\$)|(?<=\$)(US|NZ|CA|AU|HK)(?=[\d ])")

#: Diseases that are called after places; those of the first whose place news hardly ever speaks of are none anywhere.
_DISEASES_ALONE = "West Nile|Ebola|Zika|Nipah|Hendra|Lyme|Machupo|Oropouche|Crimean-Congo"
_DISEASES = "Hong Kong|Marburg|Reston|Rift Valley|Lassa|Norwalk|Junin|Kyasanur Forest|Spanish"
_ILLNESS = r" (?:[Vv]irus|[Ff]ever|[Ff]lu\b|[Dd]isease|[Ee]bolavirus|[Hh]a?emorrhagic|[Ee]ncephalitis)"
_DISEASE = re.compile(rf"({_DISEASES_ALONE})(?={_ILLNESS})|({_DISEASES})(?={_ILLNESS})")


def not_places(text: str, *, in_small_letters: bool = True) -> list[tuple[int, int]]:
    """Half-open spans of such names, in order; in other writings than the usual only with `in_small_letters`."""
    found = []
    if any(mark in text for mark in _SAINT_MARKS):
        found += [match.span() for match in _SAINT.finditer(text)]
    if "he West" in text:
        found += [match.span(1) for match in _THE_WEST.finditer(text)]
    if "$" in text:
        found += [match.span() for match in _MONEY.finditer(text)]
    named = list(_DISEASE.finditer(text))
    found += [match.span() for match in named if match[2]]
    for disease in {match[1] for match in named if match[1]}:
        found += [match.span() for match in re.finditer(rf"\b{disease}\b", text)]
    if "(" in text:
        found += [match.span(1) for match in _AGENCY.finditer(text)]
    lower = text.lower() if in_small_letters else ""
    if _USUAL.search(text) or any(name in lower for name in _LOWER):
        found += [match.span() for match in _PATTERN.finditer(text)]
    return sorted(found)
