"""Which language a text is in, where its source does not say."""

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

_loading = threading.Lock()


def language_of(title: str, text: str) -> str:
    """The BCP 47 code of the language that the words are in, or nothing where it cannot be told for sure."""
    sample = f"{title}\n{text}" if not text.startswith(title) else text
    sample = sample[:SAMPLE_CHARS]
    if sum(character.isalpha() for character in sample) < FEWEST_LETTERS:
        return ""
    language: str
    language, confidence = _identifier().classify(sample)
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
