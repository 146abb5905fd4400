"""JSON Feed, https://www.jsonfeed.org/version/1.1/"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from map_app.errors import UnreadableError
from map_app.sources.feed_document import URI, FeedDocument, RawEntry, items, mapping, names, one_line, plain, string

_JSON_ITEMS = re.compile(r'"items"\s*:\s*\[\s*')
_JSON_TEXT = re.compile(r'"(title|home_page_url|language|version)"\s*:\s*("(?:[^"\\]|\\.){0,500}")')
_NEXT_OBJECT = re.compile(r"\}\s*,\s*(?=\{)")


def read_json(text: str) -> FeedDocument:
    """The feed, or what is whole of it; raises UnreadableError where it is none."""
    warning = ""
    facts: Mapping[str, Any]
    items: Iterable[object]
    try:
        document = json.loads(text)
    except (ValueError, RecursionError) as e:
        start = _JSON_ITEMS.search(text)
        if start is None:
            raise UnreadableError(f"this is not a feed: it is not sound JSON ({str(e)[:100]})") from e
        facts = {name: json.loads(value, strict=False) for name, value in _json_strings(text[: start.start()])}
        items = _sound_objects(text, start.end())
        warning = f"the feed is not sound JSON ({str(e)[:100]}); the entries that are whole were taken"
    else:
        facts = document if isinstance(document, dict) else {}
        found = facts.get("items")
        if not isinstance(found, list):
            raise UnreadableError("this is JSON, but not a JSON Feed: it has no list of items")
        items = found
    return FeedDocument(
        title=one_line(string(facts, "title")),
        links=(string(facts, "home_page_url"),),
        language=string(facts, "language"),
        interval_s=None,
        entries=tuple(_raw_item(item if isinstance(item, dict) else {}) for item in items),
        warning=warning,
    )


def _raw_item(item: Mapping[str, Any]) -> RawEntry:
    identifier = item.get("id")
    whole = plain(string(item, "content_html"), "text/html") or string(item, "content_text")
    date = item.get("date_published")
    return RawEntry(
        id=str(identifier).strip() if isinstance(identifier, str | int | float) else "",
        title=one_line(plain(string(item, "title"), "")),
        text=whole or string(item, "summary"),
        links=(string(item, "url"), string(item, "external_url"), *(u for u in [str(identifier)] if URI.match(u))),
        date=date if date not in (None, "") else item.get("date_modified"),
        language=string(item, "language"),
        publisher="",
        publisher_url="",
        has_content=bool(whole),
        author="; ".join(names(items(item, "authors")) or names([mapping(item, "author")])),
    )


def _json_strings(text: str) -> Iterator[tuple[str, str]]:
    for found in _JSON_TEXT.finditer(text):
        try:
            json.loads(found[2], strict=False)
        except ValueError:
            continue
        yield found[1], found[2]


def _sound_objects(text: str, position: int) -> Iterator[object]:
    """The items of a JSON list that can be read, from just behind its bracket.

    Behind a broken one, only what has an id counts: every item must have one, and what an item is made of has none.
    """
    decoder = json.JSONDecoder()
    between = re.compile(r"\s*,?\s*")
    is_behind_broken = False
    while position < len(text) and (is_behind_broken or text[position] != "]"):
        try:
            item, end = decoder.raw_decode(text, position)
        except (ValueError, RecursionError):
            is_whole, end = False, position + 2
        else:
            is_whole = not is_behind_broken or (isinstance(item, dict) and "id" in item)
        if is_whole:
            yield item
            separator = between.match(text, end)
            position = separator.end() if separator else end
        else:
            is_behind_broken = True
            onward = _NEXT_OBJECT.search(text, end - 1)
            if onward is None:
                return
            position = onward.end()
