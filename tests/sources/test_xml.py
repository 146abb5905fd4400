import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from map_app.errors import UnreadableError
from map_app.sources.xml import parse_xml, plain_xml, without_doctype

LAUGHS = '<!DOCTYPE lolz [<!ENTITY a "ha">' + "".join(
    f'<!ENTITY {chr(98 + n)} "{f"&{chr(97 + n)};" * 10}">' for n in range(12)
)

ATTACKS = {
    "billion laughs": LAUGHS + "]><r>&m;</r>",
    "quadratic": f'<!DOCTYPE r [<!ENTITY a "{"x" * 100_000}">]><r>{"&a;" * 100_000}</r>',
    "external entity": '<!DOCTYPE r [<!ENTITY x SYSTEM "file:///etc/passwd">]><r>&x;</r>',
    "external entity over the net": '<!DOCTYPE r [<!ENTITY x SYSTEM "http://127.0.0.1:9/">]><r>&x;</r>',
    "public entity": '<!DOCTYPE r [<!ENTITY x PUBLIC "p" "file:///etc/passwd">]><r>&x;</r>',
    "parameter entity": '<!DOCTYPE r [<!ENTITY % x SYSTEM "http://127.0.0.1:9/x.dtd">%x;]><r/>',
    "after a comment": '<!-- <a> --><!DOCTYPE r [<!ENTITY x "y">]><r>&x;</r>',
    "after an instruction": '<?p <a> ?><!doctype r [<!entity x "y">]><r>&x;</r>',
    "bracket in quotes": '<!DOCTYPE r SYSTEM "]>" [<!ENTITY x "y">]><r>&x;</r>',
    "never ends": '<!DOCTYPE r [<!ENTITY x "y"><r>&x;</r>',
    "outside a document type": '<!ENTITY x "y"><r>&x;</r>',
}


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32"])
@pytest.mark.parametrize("attack", ATTACKS.values(), ids=ATTACKS.keys())
def test_entities_are_refused_in_every_encoding(attack: str, encoding: str) -> None:
    started = time.perf_counter()
    for document in (attack, f'<?xml version="1.0" encoding="{encoding}"?>{attack}'):
        with pytest.raises(UnreadableError, match=r"entities|never ends"):
            plain_xml(document.encode(encoding))
    assert time.perf_counter() - started < 10


@pytest.mark.parametrize("name", ["UTF-7", "utf7", "unicode_escape", "cp037"])
def test_encodings_that_hide_markup_are_refused(name: str) -> None:
    body = '<!DOCTYPE r [<!ENTITY x "y">]><r>&x;</r>'
    hidden = f'<?xml version="1.0" encoding="{name}"?>'.encode() + body.encode("utf-7")
    with pytest.raises(UnreadableError, match="hides"):
        plain_xml(hidden)
    with pytest.raises(UnreadableError, match="hides"):
        plain_xml(body.encode("utf-7"), charset=name)


def test_ebcdic_is_refused() -> None:
    with pytest.raises(UnreadableError, match="EBCDIC"):
        plain_xml('<?xml version="1.0" encoding="cp037"?><r/>'.encode("cp037"))


@pytest.mark.parametrize(
    "doctype",
    [
        '<!DOCTYPE rss PUBLIC "-//Netscape Communications//DTD RSS 0.91//EN" "http://127.0.0.1:9/rss-0.91.dtd">',
        '<!DOCTYPE rss SYSTEM "file:///etc/passwd">',
        "<!DOCTYPE rss [<!ELEMENT rss ANY><!-- ]> -->]>",
        "",
    ],
)
def test_a_document_type_is_left_out_unread(doctype: str) -> None:
    xml = f'<?xml version="1.0" encoding="ISO-8859-1"?>\n<!-- hi -->{doctype}<rss>é &amp; &#233;</rss>'
    plain = plain_xml(xml.encode("latin-1"))
    assert plain.count(b"<?xml") == 1
    assert b"DOCTYPE" not in plain
    assert parse_xml(xml.encode("latin-1")).text == "é & é"


def test_the_header_goes_before_the_declaration_and_the_mark_before_both() -> None:
    text = '<?xml version="1.0" encoding="utf-8"?><r>Київ</r>'
    assert parse_xml(text.encode("cp1251"), charset="windows-1251").text == "Київ"
    assert parse_xml(text.encode("utf-16"), charset="windows-1251").text == "Київ"
    assert parse_xml(text.replace("utf-8", "utf-16").encode()).text == "Київ"
    assert parse_xml(text.encode(), charset="no-such-charset").text == "Київ"


def test_an_article_that_speaks_of_entities_is_left_alone() -> None:
    xml = "<r><![CDATA[<!DOCTYPE x [<!ENTITY a 'b'>]>]]></r>"
    assert without_doctype(xml) == xml


def test_an_undefined_entity_and_xinclude_bring_nothing_in() -> None:
    with pytest.raises(UnreadableError, match="not sound XML"):
        parse_xml(b"<r>&nothing;</r>")
    inclusion = '<r xmlns:xi="http://www.w3.org/2001/XInclude"><xi:include href="file:///etc/passwd" parse="text"/></r>'
    assert "".join(parse_xml(inclusion.encode()).itertext()) == ""


@pytest.mark.parametrize("document", [b"<a>" * 100_000, b"<a>" * 100_000 + b"</a>" * 100_000, b"<a" * 100_000, b""])
def test_nesting_without_end_is_refused_in_bounded_time(document: bytes) -> None:
    started = time.perf_counter()
    with pytest.raises(UnreadableError):
        parse_xml(document)
    assert time.perf_counter() - started < 5


@given(st.one_of(st.binary(max_size=200), st.text("<!DOCTYPENI[]>\"'-? &;%a/", max_size=100).map(str.encode)))
def test_no_bytes_make_it_raise_anything_else_or_keep_a_document_type(data: bytes) -> None:
    try:
        plain = plain_xml(data)
    except UnreadableError:
        return
    assert plain.decode("utf-8").startswith("<?xml")
    before_root = plain.decode("utf-8").partition("<a")[0]
    assert "<!ENTITY" not in without_doctype(before_root)
