"""Spellings that a name has by rule: "St. Louis" and "Saint Louis", "W. Columbia", "al-Bab" and "el-Bab".

All work on folded names (`names.fold`), so that case, marks and hyphens are settled before.
"""

from collections.abc import Iterator

#: Words that news writes short or long.
_LONG = {"st": "saint", "ste": "sainte", "mt": "mount", "ft": "fort", "pt": "point"}
_SHORT = {long: short for short, long in _LONG.items()}
_BOTH = _LONG | _SHORT

#: Where towns are abbreviated by their first word ("N. Charleston").
_ABBREVIATED_DIRECTIONS = frozenset({"US", "CA"})
_DIRECTIONS = {"north": "n", "south": "s", "east": "e", "west": "w"}

#: Where most names are Arabic ones in Latin letters.
ARABIC = frozenset(
    ("AE", "BH", "DJ", "DZ", "EG", "EH", "IQ", "JO", "KW", "LB", "LY", "MA", "MR", "OM", "PS", "QA", "SA", "SD", "SO",
     "SY", "TN", "YE")
)  # fmt: skip

#: Where the marks on Latin letters are the scholars', not the newspapers': "Ḩamāh", "Pathānkot".
TRANSLITERATED = ARABIC | {"AF", "BD", "IL", "IN", "IR", "NP", "PK"}

#: The Arabic article, as it is heard before the next letter and written in one transcription or another.
_ARTICLES = frozenset({"al", "el", "ar", "as", "ash", "at", "az", "ad", "an", "adh", "ath"})

#: Words of towns' names as scholars write them and as news does.
_AS_NEWS = {"bayt": "beit", "dayr": "deir", "ayn": "ain", "tall": "tel", "burj": "bourj"}

#: A name without its article is still taken for the place if it has at least so many letters.
_LEAST_WITHOUT_ARTICLE = 5

#: A longer name is no name of a town; its spellings would only fill the list.
_MOST_WORDS = 4


def spellings(folded: str, country_code: str) -> Iterator[str]:
    """Other folded spellings of a folded name, without it; may repeat one."""
    if not folded.isascii():
        return
    words = folded.split(" ")
    if len(words) <= _MOST_WORDS:
        if len(words) > 1:
            yield from _swapped(words)
            if country_code in _ABBREVIATED_DIRECTIONS and words[0] in _DIRECTIONS:
                yield " ".join((_DIRECTIONS[words[0]], *words[1:]))
        if country_code in ARABIC:
            yield from _arabic(words)
            if len(words) > 1:
                yield from _as_news(words)


def _swapped(words: list[str]) -> Iterator[str]:
    for i, word in enumerate(words[:-1]):  # "Main St" is no saint's
        if word in _BOTH:
            yield " ".join((*words[:i], _BOTH[word], *words[i + 1 :]))


def _arabic(words: list[str]) -> Iterator[str]:
    has_article = len(words) > 1 and words[0] in _ARTICLES
    bare = " ".join(words[1:] if has_article else words)
    for stem in (bare, bare.removesuffix("h")) if bare.endswith("ah") else (bare,):
        if stem != " ".join(words) and len(stem) >= _LEAST_WITHOUT_ARTICLE:
            yield stem
        if has_article:
            yield f"al {stem}"
            yield f"el {stem}"


def _as_news(words: list[str]) -> Iterator[str]:
    """ "Jisr al-Shughur" for Jisr ash Shughur, "Ras al-Ain" for Ra's al 'Ayn, "Tel Rifaat" for Tall Rif'at."""
    inner = [words[0], *("al" if word in _ARTICLES else word for word in words[1:])]
    plain = [_AS_NEWS.get(word, word) for word in inner]
    for spelling in (inner, plain):
        if spelling != words:
            yield " ".join(spelling)
