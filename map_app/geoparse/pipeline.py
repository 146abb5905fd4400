"""An article in, its places out: the recogniser and the resolver as one."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Protocol

from map_app.errors import GeoparseError, ModelError
from map_app.gazetteer.lookup import Gazetteer
from map_app.geoparse.homes import Home
from map_app.geoparse.languages import guess_language
from map_app.geoparse.lexicon import open_lexicon
from map_app.geoparse.persons import Persons
from map_app.geoparse.recognise import Piece, Recogniser
from map_app.geoparse.resolve import RULES_VERSION, Recognised, Resolver
from map_app.geoparse.roles import ROLES_VERSION
from map_app.model import Article, Field, Place, Resolution, Toponym

#: The model that comes with the package.
BUILT_IN = "crf"
#: Before the name or the folder of a spaCy pipeline.
SPACY = "spacy:"


class NameRecogniser(Protocol):
    """What finds the names: the trained model that comes along, or a spaCy pipeline. Safe to share between threads."""

    @property
    def version(self) -> str:
        """Changes whenever the same text may give other names."""

    def recognise_all(self, pieces: Sequence[Piece]) -> list[list[Toponym]]:
        """Of each text all names in reading order; they do not overlap."""


def load_recogniser(gazetteer: Gazetteer, name: str = BUILT_IN) -> NameRecogniser:
    """The recogniser of a setting, "crf" or "spacy:" and a pipeline; raises ModelError that says what is missing."""
    if name.startswith(SPACY):
        from map_app.geoparse.spacy_recogniser import SpacyRecogniser  # noqa: PLC0415  an optional extra

        return SpacyRecogniser.load(gazetteer, name.removeprefix(SPACY))
    if name != BUILT_IN:
        raise ModelError(f"there is no recogniser {name!r}: it is {BUILT_IN}, or {SPACY} and the name of a pipeline")
    return Recogniser.load(gazetteer)


class Geoparser:
    """Finds the place names of an article and says which places they are; safe to share between threads."""

    def __init__(
        self, recogniser: NameRecogniser, resolver: Resolver, homes: Mapping[str, Home] = MappingProxyType({})
    ) -> None:
        """`homes` are those of outlets that somebody states, by domain: they go before what is learned."""
        self._recogniser = recogniser
        self._resolver = resolver
        self._homes = homes
        self._persons = Persons(open_lexicon(), resolver.is_country_or_state)
        #: Changes when the same article may be mapped differently: the store keeps it with each article.
        self.version = f"{RULES_VERSION}-{ROLES_VERSION}-{recogniser.version}-{resolver.version}"
        if homes:
            stated = sorted((d, h.country_code, h.admin1, h.city.id if h.city else "") for d, h in homes.items())
            self.version += f"-{hashlib.sha256(repr(stated).encode()).hexdigest()[:12]}"

    @classmethod
    def load(
        cls,
        gazetteer: Gazetteer,
        recogniser: str = BUILT_IN,
        *,
        homes: Mapping[str, Home] = MappingProxyType({}),
        leaves_unknown: bool = False,
    ) -> "Geoparser":
        """Open the model that comes with the package, or another; raises ModelError if it is absent or damaged.

        `homes` are stated for outlets, by domain. With `leaves_unknown`, names that the gazetteer lacks stay unplaced.
        """
        return cls(load_recogniser(gazetteer, recogniser), Resolver(gazetteer, leaves_unknown=leaves_unknown), homes)

    def geoparse(self, article: Article, home: Home | None = None) -> list[Resolution]:
        """All toponyms and demonyms, title first, in reading order, each with its place or why it has none."""
        return self.resolve(article, self.recognise(article), home)

    def resolve(self, article: Article, toponyms: Sequence[Toponym], home: Home | None = None) -> list[Resolution]:
        """Place names that are already recognised, in the light of the outlet's home where it is known or stated."""
        return self.resolve_all([Recognised(article, toponyms, home)])[0]

    def resolve_all(self, documents: Iterable[Recognised]) -> list[list[Resolution]]:
        """The same of several articles, which together take less time."""
        return self._resolver.resolve_all([self._as_stated(document) for document in documents])

    def _as_stated(self, document: Recognised) -> Recognised:
        """With the home that is stated for its outlet, if one is."""
        home = self._homes.get(document.article.domain)
        return document if home is None else document._replace(home=home)

    def learn_homes(self, documents: Iterable[tuple[Article, Sequence[Toponym]]]) -> dict[str, Home]:
        """Where the outlets of these articles live, by domain: as stated, or as the articles and domains show."""
        learned = self._resolver.learn_homes((a, t) for a, t in documents if a.domain not in self._homes)
        return {**learned, **self._homes}

    def recognise(self, article: Article) -> list[Toponym]:
        """The names alone, not yet placed."""
        return self.recognise_all([article])[0]

    def recognise_all(self, articles: Sequence[Article]) -> list[list[Toponym]]:
        """The names of several articles, which together take less time."""
        pieces = []
        for article in articles:
            # A title is too short to show its language: it has the text's.
            language = article.language or guess_language(article.text)
            pieces += [Piece(article.title, Field.TITLE, language), Piece(article.text, Field.TEXT, language)]
        found = self._recogniser.recognise_all(pieces)
        return [
            self._persons.without(article, title + text)
            for article, title, text in zip(articles, found[::2], found[1::2], strict=True)
        ]

    def namesakes(self, name: str) -> tuple[Place, ...]:
        """The places of the gazetteer that have the whole of this name, best known first."""
        return self._resolver.namesakes(name)

    def resolve_spans(self, article: Article, spans: Iterable[tuple[int, int]]) -> list[Resolution]:
        """Place exactly these half-open spans of the text, in the order given; nothing else is looked for.

        A span that lies outside the text, or is empty, raises GeoparseError.
        """
        return self._resolver.resolve(article, spans_to_toponyms(article, spans))


def spans_to_toponyms(article: Article, spans: Iterable[tuple[int, int]]) -> Sequence[Toponym]:
    """Toponyms of the text at spans that someone else found."""
    toponyms = []
    for start, end in spans:
        if not 0 <= start < end <= len(article.text):
            raise GeoparseError(
                f"article {article.id!r}: no span {start}-{end} in a text of {len(article.text)} characters"
            )
        toponyms.append(Toponym(article.text[start:end], start, end))
    return toponyms
