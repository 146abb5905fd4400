"""Names that hold a place's name and are none: broadcasters and newspapers that world news cites, saints, the West.

The model learns most of these from their neighbours; these few it met too seldom, and every article that cites one
would be pinned to a continent or a capital.
"""

import re

from map_app.model import Toponym

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

#: As usually written or in capitals, which is told much faster, and in any writing.
_USUAL = re.compile(rf"(?:{'|'.join(re.escape(name) for usual in _NAMES for name in (usual, usual.upper()))})\b")
_PATTERN = re.compile(rf"\b(?:{'|'.join(map(re.escape, _NAMES))})\b", re.IGNORECASE)
_LOWER = [name.lower() for name in _NAMES]

#: "Saint John of Rila": where he came from is a place, he is none.
_SAINT = re.compile(r"\b(?:Saint|St\.?) (?:[A-Z][\w'’-]+ ){1,2}(?=of (?:the )?[A-Z])")
_SAINT_MARKS = ("Saint ", "St. ", "St ")

#: In the brackets of a dateline stands who sent it: "KHARTOUM, April 15 (Xinhua) --".
_AGENCY = re.compile(r"\((Xinhua|Yonhap|Kyodo|Anadolu|Interfax|Bernama|Antara|SANA|IRNA|WAFA|Tasnim|ANSA|Ukrinform)\)")

#: "Relations between Russia and the West": no place that could be pinned, though several are called West.
_THE_WEST = re.compile(r"\b[Tt]he (West)\b(?![ -][A-Z])")

#: Sums of money: "US$5 million", "$US4.5 billion", "HK$100".
_MONEY = re.compile(r"(?:US|U\.S\.|HK|NZ|CA|AU|SG|TT|NT)(?=\$)|\$(?:US|NZ|CA|AU|HK)(?=[\d ])")

#: Diseases that are called after places; those whose place news hardly ever speaks of are none anywhere in the text.
_DISEASES_ALONE = ("Crimean-Congo", "Ebola", "Hendra", "Lyme", "Machupo", "Nipah", "Oropouche", "West Nile", "Zika")
_DISEASES = ("Hong Kong", "Junin", "Kyasanur Forest", "Lassa", "Marburg", "Norwalk", "Reston", "Rift Valley", "Spanish")
_ILLNESS = r" (?:[Vv]irus|[Ff]ever|[Ff]lu\b|[Dd]isease|[Ee]bolavirus|[Hh]a?emorrhagic|[Ee]ncephalitis)"
_DISEASE = re.compile(rf"(?:{'|'.join(_DISEASES_ALONE + _DISEASES)})(?={_ILLNESS})")

#: Behind a town's name: "Union, N.J.", "Arab, Ala.", "Republic, Missouri", but not "Jewish, Muslim and Christian".
_HELD = re.compile(
    r", (?:(?:[A-Z]\. ?){2}|[A-Z][a-z]{1,4}\.|Alabama|Arkansas|California|Colorado|Georgia|Illinois|Indiana|Iowa|"
    r"Kansas|Kentucky|Louisiana|Maryland|Michigan|Minnesota|Mississippi|Missouri|Nebraska|New (?:Jersey|York)|Ohio|"
    r"Oklahoma|Oregon|Pennsylvania|Tennessee|Texas|Virginia|Washington|Wisconsin"
    r"|(?:North|South) Carolina|West Virginia)"
)

#: What is the name of a small town somewhere, and in the news something else.
_NEVER = frozenset(
    [
        # beliefs, and peoples without a country of their own
        "God", "Jesus", "Allah", "Christ", "Christian", "Christians", "Christianity", "Christmas", "Easter",
        "Passover", "Ramadan", "Eid", "Hanukkah", "Thanksgiving", "Halloween", "Muslim", "Muslims", "Islam",
        "Jewish", "Jew", "Jews", "Judaism", "Arab", "Arabs", "Arabic", "Hindu", "Hindus", "Buddha", "Buddhist",
        "Buddhists", "Catholic", "Catholics", "Protestant", "Sikh", "Sikhs", "Sunni", "Shia", "Shiite", "Igbo",
        "Yoruba", "Hausa", "Fulani", "Zulu", "Maya", "Inca", "Aztec", "Roman", "Romans", "Latino", "Hispanic",
        "Bible", "Quran", "Koran", "Santa Claus",
        # people whom every reader knows
        "Obama", "Trump", "Biden", "Putin", "Modi", "Macron", "Merkel", "Trudeau", "Starmer", "Zelensky",
        "Zelenskyy", "Erdogan", "Netanyahu", "Milei", "Lula", "Maduro", "Sisi", "Scholz", "Meloni", "Orban",
        "Zuma", "Mugabe", "Mandela", "Gandhi", "Stalin", "Lenin", "Mao", "Hitler",
        # organisations
        "Hamas", "Hezbollah", "Taliban", "Isis", "Houthi", "Houthis", "Wagner", "NATO", "Nato", "OPEC", "Opec",
        "Unicef", "Unesco", "Interpol", "Europol", "Fifa", "Uefa", "NASA", "Nasa", "BRICS", "Brics", "ASEAN",
        "Asean", "ECOWAS", "Ecowas", "Mercosur", "Caricom", "OAS", "AUKUS", "Aukus", "Congress", "Parliament",
        "Senate", "UN", "FAO", "ILO", "IRA", "ETA", "ELN", "CIA", "DHS", "FDA", "TASS", "ANSA", "EFE", "Pemex",
        "Lukoil", "Gazprom", "Rosneft", "Aramco", "Petrobras", "Zara", "Toyota", "Honda", "Nissan", "Nokia",
        "Samsung", "Siemens", "Boeing", "Airbus", "Google", "Xinhua", "Tass", "Yonhap", "Anadolu", "Reuters",
        "Chevron", "Dell", "Cisco", "Oracle", "Bayer", "Merck", "Roche", "Visa", "Disney", "Forbes", "Telegraph",
        "Tribune", "Sentinel", "Herald", "Globe", "Post", "Star", "Sun", "Greens",
        # what happens, and what is made
        "HIV", "SARS", "MERS", "RNA", "NGO", "Covid", "Brexit", "Nollywood", "Bollywood", "El Niño", "El Nino",
        "La Niña", "La Nina",
        # short words that are letters of a state as well
        "OK", "Ok", "Oh", "Me", "Hi", "In", "Or", "Id", "Am", "I'll", "I’ll", "We'll", "We’ll", "He'll", "He’ll",
        "Mr", "Ms", "Dr", "Gen", "Col", "Rev", "Sen", "Sr", "Jr",
        # nouns and directions that a name was cut to
        "North", "South", "East", "West", "Northern", "Southern", "Eastern", "Western", "Union", "Republic",
        "State", "States", "University", "College", "Hospital", "Cathedral", "Church", "School", "Manor", "Court",
        "Capital", "Valley", "Village", "Town", "City", "County", "Street", "Island", "River", "Lake", "Bay",
        "Coast", "Region", "Airport", "Station", "Bridge", "House", "Downtown", "Uptown", "United", "Federal",
        "Royal", "Democrat", "Mt", "Ste", "Co",
    ]
)  # fmt: skip


def not_places(text: str, *, in_small_letters: bool = True) -> list[tuple[int, int]]:
    """Half-open spans of such names, in order; in other writings than the usual only with `in_small_letters`."""
    found = []
    if any(mark in text for mark in _SAINT_MARKS):
        found += [match.span() for match in _SAINT.finditer(text)]
    if "he West" in text:
        found += [match.span(1) for match in _THE_WEST.finditer(text)]
    if "$" in text:
        found += [(m.start() + m[0].startswith("$"), m.end()) for m in _MONEY.finditer(text)]
    diseases = list(_DISEASE.finditer(text))
    found += [match.span() for match in diseases]
    for disease in {match[0] for match in diseases}.intersection(_DISEASES_ALONE):
        found += [match.span() for match in re.finditer(rf"\b{disease}\b", text)]
    if "(" in text:
        found += [match.span(1) for match in _AGENCY.finditer(text)]
    found += [match.span() for match in _USUAL.finditer(text)]
    lower = text.lower() if in_small_letters else ""
    if any(name in lower for name in _LOWER):
        found += [match.span() for match in _PATTERN.finditer(text)]
    return sorted(set(found))


def is_never_a_place(text: str, toponym: Toponym) -> bool:
    """Whether a name is some other thing wherever it stands, unless what holds it follows ("Arab, Alabama")."""
    return toponym.name in _NEVER and not _HELD.match(text, toponym.end)
