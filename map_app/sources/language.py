"""Which language a text is in, where its source does not say."""

import re
import threading
from functools import cache
from typing import Any

#: As much of a text as is looked at: enough to tell, and a millisecond.
SAMPLE_CHARS = 600

#: Fewer letters than this, as in a headline of names, tell nothing.
FEWEST_LETTERS = 25

#: How sure it must be that a text is English, which is what most comes in and what is read when nothing is known.
SURE_OF_ENGLISH = 0.5
#: And that it is anything else: English taken for another language would lose most of its places. Of 491 English
#: articles, cut after 80 characters, none is taken for another; the first 80 characters of the same two sentences in
#: 26 other languages are told right or not at all.
SURE_OF_ANOTHER = 0.75

#: Two-letter codes that no news comes in and that short lists of names are taken for.
_NOT_IN_NEWS = frozenset(("la", "vo", "eo", "sa", "an", "wa"))

#: Small words that no other language has. Three of four English articles show enough of them, which is seen in a tenth
#: of the time; none of the sentences in the 26 other languages has a single one.
_ONLY_ENGLISH = frozenset(
    ["the", "and", "that", "with", "from", "were", "this", "which", "their", "been", "said", "would", "about", "when"]
)
#: Enough of them: different ones, and their share of all words.
DISTINCT_TO_TELL = 3
SHARE_TO_TELL = 0.1

_WORD = re.compile(r"[^\W\d_]+")

_loading = threading.Lock()


def language_of(title: str, text: str) -> str:
    """The BCP 47 code of the language that the words are in, or nothing where it cannot be told for sure."""
    sample = f"{title}\n{text}" if not text.startswith(title) else text
    words = _WORD.findall(sample[:SAMPLE_CHARS].casefold())
    if sum(map(len, words)) < FEWEST_LETTERS:
        return ""
    english = list(filter(_ONLY_ENGLISH.__contains__, words)) if all(map(str.isascii, words)) else []
    if len(english) >= SHARE_TO_TELL * len(words) and len(set(english)) >= DISTINCT_TO_TELL:
        return "en"
    language: str
    language, confidence = _identifier().classify(sample[:SAMPLE_CHARS])
    return language if confidence >= (SURE_OF_ENGLISH if language == "en" else SURE_OF_ANOTHER) else ""


def _identifier() -> Any:
    with _loading:  # its answers change nothing in it, so that threads share it
        return _loaded()


@cache
def _loaded() -> Any:
    # Loaded when the first text asks: it takes half a second.
    from py3langid.langid import MODEL_FILE, LanguageIdentifier  # noqa: PLC0415

    identifier = LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
    # Three-letter codes are small languages and dialects, of which English, Arabic and Chinese headlines have a touch.
    identifier.set_languages([code for code in identifier.labels if len(code) == 2 and code not in _NOT_IN_NEWS])
    return identifier
