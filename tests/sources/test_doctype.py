from contextlib import suppress
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from map_app.errors import UnreadableError
from map_app.sources.doctype import without_doctype
from map_app.sources.feeds import parse_feed

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)

LAUGHS = "".join(f'<!ENTITY lol{n} "{f"&lol{n - 1};" * 10}">' for n in range(1, 10))
ITEM = "<rss version='2.0'><channel><title>T</title><item><title>{}</title></item></channel></rss>"

HARMLESS = {
    "RSS 0.91": '<!DOCTYPE rss PUBLIC "-//Netscape Communications//DTD RSS 0.91//EN" "http://my.netscape.com/r.dtd">',
    "system": "<!DOCTYPE rss SYSTEM 'rss.dtd'>",
    "bare": "<!DOCTYPE rss>",
    "text entities": '<!DOCTYPE rss [ <!ENTITY nbsp "&#160;"><!ENTITY place "Kyiv"> ]>',
    "outer entity that nobody uses": '<!DOCTYPE rss [ <!ENTITY x SYSTEM "file:///etc/passwd"> ]>',
    "outer parameter entity": '<!DOCTYPE rss [ <!ENTITY % l PUBLIC "-//W3C//X" "http://w3.example/x.ent"> %l; ]>',
    "brackets and quotes in comments": "<!DOCTYPE rss [ <!-- it's ]> fine --> <!ELEMENT rss ANY> ]>",
    "elements and lists": '<!DOCTYPE rss [\n<!ELEMENT rss (channel)>\n<!ATTLIST rss version CDATA "2>0">\n]>',
    "quote never closed": '<!DOCTYPE rss PUBLIC "-//X>',
}


def titles(text: str) -> list[str]:
    feed = parse_feed(text.encode(), url="https://e.org/", now=NOW, max_chars=1000)
    return [entry.article.title for entry in feed.entries]


@pytest.mark.parametrize("doctype", HARMLESS.values(), ids=HARMLESS)
def test_a_harmless_doctype_costs_no_entry(doctype: str) -> None:
    assert titles(f"<?xml version='1.0'?>\n{doctype}\n{ITEM.format('A story')}") == ["A story"]


def test_an_entity_that_is_plain_text_is_put_in() -> None:
    doctype = "<!DOCTYPE rss [<!ENTITY nbsp \"&#160;\"><!ENTITY place 'Kyiv'>]>"
    assert titles(doctype + ITEM.format("In &place;:&nbsp;snow &eacute;")) == ["In Kyiv: snow é"]


ATTACKS = {
    "billion laughs": f'<!DOCTYPE r [<!ENTITY lol0 "lol">{LAUGHS}]>' + ITEM.format("&lol9;"),
    "two levels": '<!DOCTYPE r [<!ENTITY a "x"><!ENTITY b "&a;&a;">]>' + ITEM.format("&b;"),
    "quadratic": f'<!DOCTYPE r [<!ENTITY a "{"x" * 50_000}">]>' + ITEM.format("&a;" * 50_000),
    "circle": '<!DOCTYPE r [<!ENTITY a "&b;"><!ENTITY b "&a;">]>' + ITEM.format("&a;"),
    "file": '<!DOCTYPE r [<!ENTITY x SYSTEM "file:///etc/passwd">]>' + ITEM.format("&x;"),
    "address": '<!DOCTYPE r [<!ENTITY x PUBLIC "p" "http://127.0.0.1/x">]>' + ITEM.format("&x;"),
    "after a comment": '<!-- <!DOCTYPE r> <a> --><!DOCTYPE r [<!ENTITY x SYSTEM "file:///etc/passwd">]>'
    + ITEM.format("&x;"),
    "in one line with junk": 'junk <!DOCTYPE r [<!ENTITY x SYSTEM "file:///etc/passwd">]>' + ITEM.format("&x;"),
    "after an instruction": '<?p <a> ?><!DOCTYPE r [<!ENTITY x SYSTEM "file:///etc/passwd">]>' + ITEM.format("&x;"),
    "brackets in quotes": '<!DOCTYPE r SYSTEM "]>" [<!ENTITY x SYSTEM "file:///etc/passwd">]>' + ITEM.format("&x;"),
    "small letters": '<!doctype r [<!ENTITY x SYSTEM "file:///etc/passwd">]>' + ITEM.format("&x;"),
    "a second one": '<!DOCTYPE r><!DOCTYPE r [<!ENTITY x SYSTEM "file:///etc/passwd">]>' + ITEM.format("&x;"),
    "never closed": '<!DOCTYPE r [<!ENTITY x SYSTEM "file:///etc/passwd">' + ITEM.format("&x;"),
}


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-32", "cp037"])
@pytest.mark.parametrize("attack", ATTACKS.values(), ids=ATTACKS)
def test_an_attack_by_entities_is_refused(attack: str, encoding: str) -> None:
    declared = f'<?xml version="1.0" encoding="{encoding}"?>' + attack
    with pytest.raises(UnreadableError):
        parse_feed(declared.encode(encoding), url="https://e.org/", now=NOW, max_chars=1000)


@pytest.mark.parametrize(
    "text",
    ["<!--" * 500_000, "<!---->" * 300_000, "<!DOCTYPE " * 200_000, "<!DOCTYPE r [" + "'" * 999_999, "<?" * 900_000,
     "<!DOCTYPE r [" + '<!ENTITY a "' * 90_000 + "]>"],
    ids=["comments open", "comments", "doctypes", "quotes", "instructions", "entities open"],
)  # fmt: skip
def test_no_head_takes_long_to_look_through(text: str) -> None:
    # Nothing is timed: work that grows with the square of these would not end while anybody waits.
    with suppress(UnreadableError):
        without_doctype(text)


@given(st.lists(st.sampled_from([*"<!-[]>?\"'& ;%x", "<!DOC", "TYPE", "ENTITY", "<!--"]), max_size=80).map("".join))
def test_what_has_no_doctype_stays_as_it_is(text: str) -> None:
    if "<!doctype" not in text.lower():
        assert without_doctype(text) == text
