"""What is known of languages without a model: countries' names in them, how names are inflected, what to leave alone.

Countries' names are from CLDR, through Babel. The endings are those of the languages' own grammars, and only the
commonest: a form that they miss is not found, which is better than a common word that is taken for a place.
"""

import functools
import re
import unicodedata
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from babel import Locale, UnknownLocaleError, localedata

from map_app.gazetteer.names import fold

#: Locales by the first word of the Unicode names of their letters, for names in a script that tells which languages may
#: be meant, whatever the article says.
_LOCALES = {
    "CYRILLIC": ("uk", "ru", "bg", "be", "mk", "sr", "kk", "ky", "mn", "tg"),
    "CJK": ("zh", "zh_Hant", "zh_Hant_HK", "ja"), "KATAKANA": ("ja",), "HANGUL": ("ko",),
    "ARABIC": ("ar", "fa", "ur", "ps", "ckb"), "HEBREW": ("he", "yi"), "GREEK": ("el",), "GEORGIAN": ("ka",),
    "ARMENIAN": ("hy",), "DEVANAGARI": ("hi", "mr", "ne"), "BENGALI": ("bn", "as"), "GURMUKHI": ("pa",),
    "GUJARATI": ("gu",), "ORIYA": ("or",), "TAMIL": ("ta",), "TELUGU": ("te",), "KANNADA": ("kn",),
    "MALAYALAM": ("ml",), "SINHALA": ("si",), "THAI": ("th",), "LAO": ("lo",), "MYANMAR": ("my",), "KHMER": ("km",),
    "ETHIOPIC": ("am", "ti"), "TIBETAN": ("bo", "dz"),
}  # fmt: skip

#: Usual names that CLDR gives only in another form.
_ALSO = {
    "韓國": "KR", "南韓": "KR", "北韓": "KP", "朝鮮": "KP", "朝鲜": "KP", "北朝鮮": "KP", "アメリカ": "US",
    "英國": "GB",
    "한국": "KR", "조선": "KP", "북조선": "KP", "США": "US", "Великобритания": "GB", "Южная Корея": "KR",
    "Северная Корея": "KP", "Великобританія": "GB", "Англія": "GB", "Корея": "KR", "أمريكا": "US", "بريطانيا": "GB",
    "ארה״ב": "US", 'ארה"ב': "US", "ΗΠΑ": "US", "अमेरिका": "US", "ब्रिटेन": "GB", "আমেরিকা": "US", "ব্রিটেন": "GB",
    "สหรัฐ": "US", "อังกฤษ": "GB", "อเมริกา": "US", "فلسطين": "PS", "פלסטין": "PS", "Палестина": "PS", "巴勒斯坦": "PS",
    "ግብፅ": "EG", "አሜሪካ": "US", "Ֆրանսիա": "FR",
}  # fmt: skip

#: Names of countries and big cities that are common words, given names or other places in these languages.
_COMMON_WORDS = {
    "ar": "مالي بنين عمان تشاد باكرا",
    "bg": "Чад Мали Того",
    "bs": "Mali",
    "cs": "Kuba",
    "de": "Essen Halle Bergen Hagen",
    "es": "Granada Dominica Victoria Santiago León Mérida Rosario Salvador",
    "fa": "مالی مالي",
    "fr": "Maurice Dominique Tours Nancy Orange Lens Victoria",
    "hi": "माली",
    "hr": "Mali",
    "id": "Cuba",
    "it": "Prato Vittoria",
    "ja": "中山 和平 平安",
    "mk": "Мали Чад Того",
    "mr": "माली",
    "ms": "Cuba Mali",
    "ne": "माली",
    "nl": "Tours",
    "pl": "Czad Kuba",
    "pt": "Natal Vitória Granada Maurício Recife",
    "ru": "Чад Того Мали",
    "sk": "Kuba",
    "sl": "Mali",
    "sr": "Мали Чад Того Mali",
    "th": "ชาด มาลี",
    "tr": "Batman Ordu Fas",
    "uk": "Чад Того Малі",
    "ur": "مالی مالي",
    "vi": "Nga Đức Úc Mỹ Áo",
    "zh": "中山 和平 平安",
}

_KOREAN_PARTICLES = (
    "에서는", "에서도", "까지는", "에서", "에게", "에는", "에도", "으로", "까지", "부터", "이나", "처럼",
    "은", "는", "이", "가", "을", "를", "의", "과", "와", "로", "도", "만", "에",
)  # fmt: skip

#: Ends of inflected names and what the name ends in when it stands alone, longest first.
_ENDINGS: dict[str, tuple[tuple[str, str], ...]] = {
    "uk": (
        ("овом", "ів"), ("євом", "їв"), ("ові", "ів"), ("єві", "їв"), ("ова", "ів"), ("єва", "їв"), ("ову", "ів"),
        ("єву", "їв"), ("ою", "а"), ("єю", "я"), ("ею", "а"), ("ом", ""), ("єм", "й"), ("ем", "ь"), ("ій", "а"),
        ("і", "а"), ("і", ""), ("и", "а"), ("и", ""), ("ї", "я"), ("ю", "я"), ("ю", "й"), ("у", "а"), ("у", ""),
        ("я", "й"), ("я", "ь"), ("і", "ь"), ("і", "я"), ("а", ""),
    ),
    "ru": (
        ("ью", "ь"), ("ой", "а"), ("ей", "я"), ("ом", ""), ("ем", "й"), ("ем", "ь"), ("е", "а"), ("е", ""), ("е", "й"),
        ("е", "ь"), ("и", "я"), ("и", "ь"), ("и", "а"), ("ы", "а"), ("у", "а"), ("у", ""), ("ю", "я"), ("ю", "й"),
        ("я", "й"), ("я", "ь"), ("а", ""),
    ),
    "be": (("ам", ""), ("ай", "а"), ("е", ""), ("е", "а"), ("ы", "а"), ("і", "я"), ("у", "а"), ("а", "")),
    "sr": (("ом", "а"), ("ом", ""), ("е", "а"), ("и", "а"), ("у", "а"), ("у", ""), ("а", "")),
    "pl": (
        ("owie", "ów"), ("owem", "ów"), ("owa", "ów"), ("ie", "a"), ("ie", ""), ("em", ""), ("iec", "cy"),
        ("ech", "cy"),
        ("y", "a"), ("i", "a"), ("ą", "a"), ("ę", "a"), ("u", ""), ("a", ""),
    ),
    "cs": (("em", ""), ("ou", "a"), ("ě", "a"), ("y", "a"), ("u", "a"), ("u", ""), ("e", "")),
    "el": (("ου", "ος"), ("ου", "ο"), ("ης", "η"), ("ας", "α"), ("ον", "ος"), ("ο", "ος")),
    "ka": (
        ("ისთვის", "ი"), ("იდან", "ი"), ("თან", "ი"), ("დან", ""), ("ში", "ი"), ("ში", ""), ("ზე", "ი"), ("ზე", ""),
        ("ის", "ი"), ("მა", "ი"), ("ით", "ი"), ("ს", "ი"), ("ს", ""),
    ),
    "hy": (
        ("յում", ""), ("յից", ""), ("ում", ""), ("ից", ""), ("ին", ""), ("յի", ""), ("ով", ""), ("ի", ""), ("ը", ""),
        ("ն", ""),
    ),
    "ko": tuple((particle, "") for particle in _KOREAN_PARTICLES),
    "bn": (("ের", ""), ("তে", ""), ("কে", ""), ("য়", ""), ("র", ""), ("ে", "")),
    "am": (("ንም", ""), ("ን", ""), ("ም", "")),
}  # fmt: skip
_ENDINGS_OF_SCRIPT = {
    "cyrillic": ("uk", "ru"), "greek": ("el",), "georgian": ("ka",), "armenian": ("hy",), "hangul": ("ko",),
    "bengali": ("bn",), "ethiopic": ("am",),
}  # fmt: skip

#: What is written together with the name that follows it, longest first.
_PREFIXES = {
    "arabic": ("وبال", "وال", "بال", "كال", "فال", "ولل", "لل", "وب", "ول", "وك", "و", "ف", "ب", "ك", "ل"),
    "hebrew": ("וכש", "ומה", "ובה", "ולה", "שב", "של", "שמ", "וב", "ול", "ומ", "וה", "ו", "ב", "ל", "מ", "ה", "ש", "כ"),
    "ethiopic": ("በ", "ከ", "ለ", "የ"),
}
#: Where a prefix has swallowed the article, the name has it back.
_ARTICLE_AFTER = {"وبال": "ال", "وال": "ال", "بال": "ال", "كال": "ال", "فال": "ال", "ولل": "ال", "لل": "ال"}

#: Small words that a place follows, of all languages with capitals: who is named after them is no person.
_PREPOSITIONS = (
    "in nach aus bei à en em w we na do z ze v ve u i till från til fra naar uit din la ke di dari tại ở "
    "в во у из із з до на към από στην στη στο στον"
)
_PREPOSITIONS_OF_PLACE = frozenset(_PREPOSITIONS.split())

#: Scripts whose languages' endings are words of their own.
_PARTICLES = frozenset({"hangul", "bengali", "ethiopic"})

#: A form is taken apart only where a name of at least this length comes of it.
MIN_BASE = 4
MIN_BASE_HANGUL = 2
#: Rome is short in many languages ("Рим", "Рима").
MIN_BASE_OF_CAPITAL = 3
#: After a prefix of a script that leaves vowels out, names are shorter.
MIN_AFTER_PREFIX = 3

_SCRIPTS = (
    ("cyrillic", 0x0400, 0x052F), ("greek", 0x0370, 0x03FF), ("greek", 0x1F00, 0x1FFF), ("armenian", 0x0530, 0x058F),
    ("hebrew", 0x0590, 0x05FF), ("arabic", 0x0600, 0x077F), ("georgian", 0x10A0, 0x10FF), ("georgian", 0x1C90, 0x1CBF),
    ("bengali", 0x0980, 0x09FF), ("ethiopic", 0x1200, 0x139F), ("hangul", 0xAC00, 0xD7A3),
)  # fmt: skip

#: The commonest small words of languages in Latin letters that news of the world is written in.
_SMALL_WORDS = {
    "de": "der die das und in den von zu mit dem ist im nicht ein eine auf für sich auch wurde nach",
    "fr": "le la les de des et en un une du est dans que qui pour sur pas au aux par avec a à",
    "es": "el la los las de del y en que un una por con para se su no es al lo como más",
    "pt": "o a os as de do da dos das e em no na um uma que para com não se por ao à",
    "it": "il la lo gli i le di del della e in un una che per con non si da al alla è",
    "nl": "de het een van en in is op te dat met voor niet zijn aan er ook door naar bij",
    "pl": "w i z na się nie do że jest o po od za przez jak przy oraz a to ze",
    "tr": "ve bir bu da de için ile olarak çok en daha olan gibi sonra ise kadar ne günü",
    "sv": "och i att det som en på är av för med den till inte har om ett från var",
    "ro": "și în de la a cu pe nu din că o un al ale care pentru este mai sunt au",
    "cs": "a v se na je že s z do o i to po od pro za jako byl k ve",
    "id": "yang dan di dari untuk dengan pada ini itu dalam ke tidak akan oleh telah para",
    "vi": "và của là có không được trong cho các một đã với người tại từ những này đến",
    "en": "the of and to in that for is was on with by as at from has have be are it were said "
    "a an he she his her its who but they which not will been their or this after",
}
#: Fewer of its small words than this, out of all words, and the language is not told.
MIN_SMALL_WORDS_SHARE = 0.12
MIN_SMALL_WORDS = 3
LANGUAGE_SAMPLE = 4000

_WORD = re.compile(r"[^\W\d_]+")

#: The dot that Hindi newspapers leave out: "फ्रांस" is France, too.
_NUKTA = "\u093c"

#: English alone has it; in others "s" is a word.
_POSSESSIVE = re.compile("['’]s\\b")

#: What is neither a Latin letter nor a usual sign; powers, fractions, times and divided by are letters to some.
_NOT_PLAIN = re.compile("[^\x00-\xa9\xab-\xb1\xb4\xb6-\xb8\xbb\xbf-\xd6\xd8-\xf6\xf8-\u024f‘’“”–—…•€™]")


def script_of(character: str) -> str:
    """The script of a letter, where names in it are inflected or prefixed; empty for others."""
    code = ord(character)
    for script, first, last in _SCRIPTS:
        if first <= code <= last:
            return script
    return ""


def is_plain(text: str) -> bool:
    """Whether it surely has no letters but Latin ones; quick, and true of nearly all English news."""
    return text.isascii() or _NOT_PLAIN.search(text) is None


def guess_language(text: str) -> str:
    """The code of a language in Latin letters by its small words, or empty where they do not tell."""
    sample = text[:LANGUAGE_SAMPLE]
    plain = is_plain(sample)
    # No sign stands at most small words, and splitting at blanks is three times as fast as looking for letters.
    words = sample.casefold().split() if plain else _WORD.findall(_POSSESSIVE.sub("", sample).casefold())
    if not words:
        return ""
    counts = dict.fromkeys(_SMALL_WORDS, 0)
    languages_of = _languages_of_small_words()
    for word, times in Counter(filter(languages_of.__contains__, words)).items():
        for language in languages_of[word]:
            counts[language] += times
    second, most = sorted(counts.values())[-2:]
    if most <= second or most < max(MIN_SMALL_WORDS, MIN_SMALL_WORDS_SHARE * len(words)):
        return ""
    best = max(counts, key=counts.__getitem__)
    # Where there are other letters too, English words may be the smaller part.
    return best if plain or best != "en" else ""


@functools.cache
def _languages_of_small_words() -> dict[str, list[str]]:
    languages: dict[str, list[str]] = {}
    for language, words in _SMALL_WORDS.items():
        for word in frozenset(words.split()):
            languages.setdefault(word, []).append(language)
    return languages


@dataclass(frozen=True, slots=True)
class CountryNames:
    """The names of countries in a language or a script."""

    #: Folded name to ISO 3166-1 alpha-2 code.
    codes: Mapping[str, str]
    #: How the names begin: two characters of each, and the first word of those that have several.
    beginnings: frozenset[str]
    first_words: frozenset[str]

    @classmethod
    def of(cls, codes: Mapping[str, str]) -> "CountryNames":
        """With these names."""
        first_words = frozenset(name.partition(" ")[0] for name in codes if " " in name)
        return cls(codes, frozenset(name[:2] for name in codes), first_words)


def country_names(language: str) -> CountryNames:
    """Those of a language; none for one that CLDR does not know."""
    return CountryNames.of(_from_locale(language))


def country_names_in_script(letter: str) -> CountryNames:
    """Those of all languages whose names may begin with the letter; none for Latin letters.

    A name that means one country in one language and another in another is left out.
    """
    return _in_script(unicodedata.name(letter, "").partition(" ")[0])


@functools.cache
def _in_script(script: str) -> CountryNames:
    # Only the script that is met: reading all locales takes a quarter of a second.
    if script not in _LOCALES:
        return CountryNames.of({})
    usual = {fold(name): code for name, code in _ALSO.items()}
    names = dict(usual)
    unclear = set()
    for locale in _LOCALES[script]:
        # Without what it inherits, which takes half as long: the locales that it is from are among these.
        territories = localedata.load(locale, merge_inherited=False)["territories"]
        for name, code in _codes_of(territories).items():
            if names.setdefault(name, code) != code:
                unclear.add(name)
    return CountryNames.of({name: code for name, code in names.items() if name not in unclear or name in usual})


def _from_locale(language: str) -> dict[str, str]:
    try:
        territories = Locale.parse(language.replace("-", "_")).territories
    except (ValueError, UnknownLocaleError):
        return {}
    return _codes_of(territories)


def _codes_of(territories: Mapping[str, str]) -> dict[str, str]:
    """The countries' codes by their folded names."""
    names = {fold(name): code for code, name in territories.items() if len(code) == 2 and code.isalpha()}
    return names | {name.replace(_NUKTA, ""): code for name, code in names.items() if _NUKTA in name}


def common_words(language: str) -> frozenset[str]:
    """Folded words that are no names of places in a language, or with an empty one in any."""
    code = language.partition("-")[0].casefold()
    words = _COMMON_WORDS.get(code, "") if code else " ".join(_COMMON_WORDS.values())
    return frozenset(map(fold, words.split()))


def is_preposition_of_place(word: str) -> bool:
    """Whether places stand after the small word."""
    return word.casefold() in _PREPOSITIONS_OF_PLACE


def locales_of_script(letter: str) -> tuple[str, ...]:
    """Locales that are written with the letter; none for Latin ones."""
    return _LOCALES.get(unicodedata.name(letter, "").partition(" ")[0], ())


def base_forms(word: str, language: str) -> Iterator[tuple[str, int, int]]:
    """What a word may be a form of, and the half-open span of the name in it; likeliest first.

    Only what the language, or else the script, has: a prefix that is written together, or an ending. What is a word of
    its own but for the spelling (a Korean particle) is no part of the name.
    """
    script = script_of(word[0])
    for prefix in _PREFIXES.get(script, ()):
        # A prefix may also be a word of its own: Persian "و" is and.
        if word.startswith(prefix) and len(word) - len(prefix) >= MIN_AFTER_PREFIX and word[len(prefix)].isalpha():
            article = _ARTICLE_AFTER.get(prefix, "")
            # "بالسودان" holds the whole article, "للسودان" half of it.
            held = 0 if not article else 2 if prefix.endswith(article) else 1
            yield article + word[len(prefix) :], len(prefix) - held, len(word)
    code = language.partition("-")[0].casefold()
    least = MIN_BASE_HANGUL if script == "hangul" else MIN_BASE_OF_CAPITAL
    apart = script in _PARTICLES
    for name in [code] if code in _ENDINGS else _ENDINGS_OF_SCRIPT.get(script, ()):
        for ending, alone in _ENDINGS[name]:
            if word.endswith(ending) and len(word) - len(ending) + len(alone) >= least:
                yield word[: len(word) - len(ending)] + alone, 0, len(word) - (len(ending) if apart else 0)
