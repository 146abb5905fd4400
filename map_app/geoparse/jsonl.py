"""Documents in and toponyms out, one JSON object a line: the form of the `geoparse` command."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from map_app.errors import GeoparseError
from map_app.geoparse.pipeline import Geoparser, spans_to_toponyms
from map_app.geoparse.resolve import Recognised
from map_app.model import Article, Place, Resolution, Toponym, domain_of

#: Articles placed at once; the first answer is not waited for until all are placed.
TOGETHER = 50

#: Coordinates are written to about ten metres: none is better than that.
_DECIMALS = 4


def geoparse_lines(lines: Iterable[str], geoparser: Geoparser, *, explain: bool = False) -> Iterator[str]:
    """One line of JSON out for each that is not empty; raises GeoparseError naming the line that cannot be read.

    A document is `{"id", "title", "text", "url", "domain", "published", "language", "spans"}`, of which only "id"
    and "text" must be there. With "spans" exactly those spans of the text are placed. All lines are read before the
    first is answered, since outlets with several articles among them show where they live. With `explain` each
    toponym comes with its runners-up and the evidence.
    """
    articles: list[Article] = []
    given: dict[int, Sequence[Toponym]] = {}
    for number, line in enumerate(lines, start=1):
        if line.strip():
            try:
                article, spans = _read(json.loads(line))
                if spans is not None:
                    given[len(articles)] = spans_to_toponyms(article, spans)
            except (ValueError, GeoparseError) as e:
                raise GeoparseError(f"line {number} cannot be geoparsed: {e}") from e
            articles.append(article)
    found = iter(geoparser.recognise_all([article for i, article in enumerate(articles) if i not in given]))
    documents = [(article, given[i] if i in given else next(found)) for i, article in enumerate(articles)]
    homes = geoparser.learn_homes(documents)
    for first in range(0, len(documents), TOGETHER):
        some = [Recognised(a, toponyms, homes.get(a.domain)) for a, toponyms in documents[first : first + TOGETHER]]
        for document, resolutions in zip(some, geoparser.resolve_all(some), strict=True):
            yield _answer(document.article, resolutions, explain=explain)


def _answer(article: Article, resolutions: Sequence[Resolution], *, explain: bool) -> str:
    toponyms = [write_resolution(r) | (_write_reasons(r) if explain else {}) for r in resolutions]
    answer = {"id": article.id, "toponyms": toponyms}
    # A lone half of a character cannot be written as UTF-8, but as an escape.
    text = json.dumps(answer, ensure_ascii=False)
    return text if text.isascii() or _is_writable(text) else json.dumps(answer)


def _is_writable(text: str) -> bool:
    return not any("\ud800" <= character <= "\udfff" for character in text)


def _read(document: object) -> tuple[Article, list[tuple[int, int]] | None]:
    """A document, and the spans that it brings, if it does."""
    if not isinstance(document, dict):
        raise GeoparseError(f"a document is a JSON object, not {type(document).__name__}")
    spans = document.get("spans")
    return read_document(document), None if spans is None else _read_spans(spans)


def read_document(document: Mapping[str, Any]) -> Article:
    """An article from one object; raises GeoparseError where "id" or "text" is not there."""
    if "id" not in document or not isinstance(document.get("text"), str):
        raise GeoparseError('a document needs an "id" and a "text" that is a string')
    url = str(document.get("url") or "")
    return Article(
        id=str(document["id"]),
        title=str(document.get("title") or ""),
        text=document["text"],
        url=url,
        published=_read_time(document.get("published")),
        language=str(document.get("language") or ""),
        domain=domain_of(str(document.get("domain") or "")) or domain_of(url),
    )


def write_resolution(resolution: Resolution) -> dict[str, Any]:
    """One toponym with its place, or why it has none, ready for JSON."""
    toponym = resolution.toponym
    written = {
        "start": toponym.start,
        "end": toponym.end,
        "text": toponym.name,
        "field": str(toponym.field),
        "kind": str(toponym.kind),
        "role": str(resolution.role),
        "confidence": resolution.confidence,
        "place": _write_place(resolution.place) if resolution.place else None,
    }
    return written if resolution.place else written | {"unplaced_because": resolution.unplaced_because}


def _write_place(place: Place) -> dict[str, Any]:
    return {
        "name": place.name,
        "lat": round(place.point.latitude, _DECIMALS),
        "lon": round(place.point.longitude, _DECIMALS),
        "country_code": place.country_code,
        "admin1": place.admin1,
        "feature": str(place.feature),
        "geonameid": place.geonameid,
    }


def _write_reasons(resolution: Resolution) -> dict[str, Any]:
    """The places that were not chosen, best first, and what spoke for the one that was."""
    chosen = resolution.place.id if resolution.place else ""
    return {
        "candidates": [
            _write_place(candidate.place) | {"score": round(candidate.score, _DECIMALS)}
            for candidate in resolution.candidates
            if candidate.place.id != chosen
        ],
        "evidence": [
            {"reason": evidence.reason, "weight": round(evidence.weight, _DECIMALS), "detail": evidence.detail}
            for evidence in resolution.evidence
        ],
    }


def _read_spans(spans: object) -> list[tuple[int, int]]:
    if not isinstance(spans, list):
        raise GeoparseError('"spans" is a list of [start, end]')
    read = []
    for span in spans:
        if not (isinstance(span, list) and len(span) == 2 and all(type(offset) is int for offset in span)):
            raise GeoparseError(f'"spans" is a list of [start, end], not {span!r}')
        read.append((span[0], span[1]))
    return read


def _read_time(value: object) -> datetime | None:
    """An aware UTC time where the value is one; a time without a zone, or anything else, says nothing."""
    if not isinstance(value, str):
        return None
    try:
        moment = datetime.fromisoformat(value)
        return moment.astimezone(UTC) if moment.tzinfo else None
    except (ValueError, OverflowError):
        return None
