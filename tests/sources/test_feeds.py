import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from map_app.errors import TooLargeError, UnreadableError
from map_app.model import Article
from map_app.sources.feeds import Feed, parse_feed
from map_app.sources.files import read_path
from map_app.sources.reading import Failure

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
URL = "https://feeds.example.org/world.xml"


def read(data: bytes | str, *, url: str = URL, charset: str = "", scope: str = "") -> Feed:
    written = data if isinstance(data, bytes) else data.encode()
    return parse_feed(written, url=url, now=NOW, max_chars=100_000, charset=charset, scope=scope)


def articles(data: bytes | str, *, url: str = URL, charset: str = "", scope: str = "") -> list[Article]:
    return [entry.article for entry in read(data, url=url, charset=charset, scope=scope).entries]


def rss(*items: str, channel: str = "<title>Example News</title>") -> str:
    inside = "".join(f"<item>{item}</item>" for item in items)
    return f'<?xml version="1.0"?><rss version="2.0"><channel>{channel}{inside}</channel></rss>'


RSS_2 = """<?xml version="1.0" encoding="utf-8"?>
<rss version="2.0" xmlns:content="http://purl.org/rss/1.0/modules/content/" xmlns:dc="http://purl.org/dc/elements/1.1/">
<channel><title>Example &amp; Sons</title><link>https://example.org/</link><language>en-gb</language><ttl>30</ttl>
<item><title>Flood in &lt;i&gt;Kursk&lt;/i&gt; &amp;#8211; hundreds leave</title><link>/2026/flood</link>
<guid isPermaLink="false">story-1</guid><pubDate>Tue, 24 Nov 2026 10:00:00 +0300</pubDate>
<description>&lt;p&gt;A short lead.&lt;/p&gt;</description>
<content:encoded><![CDATA[<p>KURSK, Russia &ndash; The river rose.</p><p>Hundreds left.</p>
<script>alert(1)</script>]]></content:encoded>
</item></channel></rss>"""

ATOM = """<?xml version="1.0" encoding="utf-8"?>
<feed xmlns="http://www.w3.org/2005/Atom" xml:lang="fr" xml:base="https://example.org/base/"><title>Exemple</title>
<link href="https://example.org/"/><link rel="self" href="https://example.org/feed"/>
<entry><title type="html">Inondation &amp;amp; crue</title><id>tag:example.org,2026:1</id>
<link rel="alternate" href="un"/><updated>2026-11-24T10:00:00Z</updated><published>2026-11-23T10:00:00Z</published>
<content type="xhtml"><div xmlns="http://www.w3.org/1999/xhtml"><p>La rivière monte.</p></div></content>
</entry></feed>"""

RDF = """<?xml version="1.0" encoding="utf-8"?>
<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/"
 xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:sy="http://purl.org/rss/1.0/modules/syndication/">
<channel rdf:about="https://example.org/"><title>Example</title><link>https://example.org/</link>
<sy:updatePeriod>hourly</sy:updatePeriod><sy:updateFrequency>2</sy:updateFrequency></channel>
<item rdf:about="https://example.org/1"><title>Harvest in Lviv</title><link>https://example.org/1</link>
<description>The harvest is in.</description><dc:date>2026-11-24T10:00:00+01:00</dc:date></item></rdf:RDF>"""

JSON_FEED = {
    "version": "https://jsonfeed.org/version/1.1",
    "title": "Example",
    "home_page_url": "https://example.org/",
    "language": "en",
    "items": [
        {
            "id": 12345678901,
            "url": "https://example.org/1",
            "title": "Harvest in Lviv",
            "content_html": "<p>The harvest</p><p>is in.</p>",
            "date_published": "2026-11-24T10:00:00+01:00",
        },
        {
            "id": "2",
            "content_text": "A note that has no title of its own. It goes on.",
            "date_modified": "2026-11-24T09:00:00Z",
        },
        {"id": "3", "external_url": "https://elsewhere.example/3", "summary": "A link."},
    ],
}


def test_rss_2_gives_title_whole_text_link_date_outlet_and_language() -> None:
    feed = read(RSS_2)
    [entry] = feed.entries
    article = entry.article
    assert article.title == "Flood in Kursk – hundreds leave"
    assert article.text == "KURSK, Russia – The river rose.\nHundreds left."
    assert article.url == "https://feeds.example.org/2026/flood"
    assert article.published == datetime(2026, 11, 24, 7, tzinfo=UTC)
    assert (article.publisher, article.language, article.source) == ("Example & Sons", "en-gb", URL)
    assert (feed.title, feed.site, feed.interval_s) == ("Example & Sons", "https://example.org/", 1800)
    assert (feed.failed, feed.notes) == ((), ())


def test_atom_gives_the_day_it_was_published_and_links_from_its_base() -> None:
    [article] = articles(ATOM)
    assert (article.title, article.text) == ("Inondation & crue", "La rivière monte.")
    assert article.url == "https://example.org/base/un"
    assert article.published == datetime(2026, 11, 23, 10, tzinfo=UTC)
    assert article.language == "fr"


def test_rdf_gives_dublin_core_dates_and_says_how_often_it_changes() -> None:
    feed = read(RDF)
    assert feed.interval_s == 1800
    assert feed.entries[0].article.published == datetime(2026, 11, 24, 9, tzinfo=UTC)
    assert feed.entries[0].article.text == "The harvest is in."


def test_authors_are_kept_by_name_and_never_by_an_address_for_mail() -> None:
    [both, mail] = articles(
        rss(
            "<title>A</title><link>https://example.org/a</link><author>ada@example.org (Ada Ember)</author>",
            "<title>B</title><link>https://example.org/b</link><author>ben@example.org</author>",
        )
    )
    assert (both.author, mail.author) == ("Ada Ember", "")
    items = [{"id": "1", "title": "C", "authors": [{"name": "Ada Ember"}, {"name": "Ben Ode"}]}]
    [several] = articles(json.dumps({"version": "https://jsonfeed.org/version/1.1", "title": "F", "items": items}))
    assert several.author == "Ada Ember, Ben Ode"


def test_json_feed_gives_items_with_text_html_or_a_link_alone() -> None:
    harvest, note, link = articles(json.dumps(JSON_FEED))
    assert (harvest.title, harvest.text) == ("Harvest in Lviv", "The harvest\nis in.")
    assert harvest.published == datetime(2026, 11, 24, 9, tzinfo=UTC)
    assert note.title == "A note that has no title of its own"
    assert note.published == datetime(2026, 11, 24, 9, tzinfo=UTC)
    assert link.url == "https://elsewhere.example/3"


@pytest.mark.parametrize(
    ("ttl", "interval_s"),
    [("1", 300), ("60", 3600), ("1440", 86_400), ("99999", 86_400), ("0", None), ("soon", None), ("-5", None)],
)
def test_how_often_a_feed_may_be_asked_is_its_own_word_within_bounds(ttl: str, interval_s: int | None) -> None:
    assert read(rss("<title>A</title>", channel=f"<ttl>{ttl}</ttl>")).interval_s == interval_s


# What counts as an entry


@pytest.mark.parametrize(
    ("item", "title", "text", "url"),
    [
        (
            "<description>Only a summary of what happened. It goes on.</description>",
            "Only a summary of what happened",
            "Only a summary of what happened. It goes on.",
            "",
        ),
        ("<link>https://example.org/a-story/</link>", "example.org/a-story", "", "https://example.org/a-story/"),
        ("<guid>https://example.org/b</guid>", "example.org/b", "", "https://example.org/b"),
        ("<enclosure url='https://example.org/c.mp3'/>", "example.org/c.mp3", "", "https://example.org/c.mp3"),
        ("<title>Only a title</title>", "Only a title", "", ""),
        ("<title>&lt;script&gt;x&lt;/script&gt;</title>", "<script>x</script>", "", ""),
        ("<title>AT&amp;T &lt; others</title>", "AT&T < others", "", ""),
    ],
    ids=["summary", "link", "guid", "enclosure", "title", "a title that is a script", "a title that is no markup"],
)
def test_an_entry_with_anything_to_show_becomes_an_article(item: str, title: str, text: str, url: str) -> None:
    [article] = articles(rss(item))
    assert (article.title, article.text, article.url) == (title, text, url)


def test_an_entry_with_nothing_to_show_is_reported_by_its_number() -> None:
    feed = read(rss("<title>A</title>", "<author>nobody</author>", "<title>B</title>"))
    assert [entry.article.title for entry in feed.entries] == ["A", "B"]
    assert [failure.where for failure in feed.failed] == [f"{URL}, entry 2"]


def test_an_aggregator_names_each_outlet() -> None:
    item = "<title>A</title><link>https://news.example/x</link><source url='https://reuters.example'>Reuters</source>"
    [article] = articles(rss(item))
    assert (article.publisher, article.domain) == ("Reuters", "reuters.example")


@pytest.mark.parametrize("link", ["javascript:alert(1)", "data:text/html,x", "file:///etc/passwd", "http://[::1"])
def test_links_that_are_not_of_the_web_are_left_out(link: str) -> None:
    assert [article.url for article in articles(rss(f"<title>A</title><link>{link}</link>"))] == [""]


@pytest.mark.parametrize(
    ("item", "is_teaser"),
    [
        ("<description>A lead of one sentence.</description>", True),
        (f"<description>{'A whole report. ' * 60}</description>", False),
        (f"<description>{'A long lead. ' * 60} […]</description>", True),
        (f"<c:encoded>{'A brief report. ' * 20}</c:encoded>", False),
        ("<c:encoded>Too little.</c:encoded>", True),
    ],
    ids=["short", "long", "trails off", "own element", "own element with next to nothing"],
)
def test_a_teaser_is_told_from_a_whole_report(item: str, is_teaser: bool) -> None:
    text = rss(f"<title>A</title><link>https://example.org/a</link>{item}")
    text = text.replace("<rss", '<rss xmlns:c="http://purl.org/rss/1.0/modules/content/"')
    assert [entry.is_teaser for entry in read(text).entries] == [is_teaser]


# Dates (faults 17 and 18)


@pytest.mark.parametrize(
    "written", ["2026-13-45", "2099-01-01T00:00:00Z", "yesterday", "Wed, 99 Nov 2026 25:61:00 GMT"]
)
def test_an_impossible_or_future_date_is_none_and_noted(written: str) -> None:
    feed = read(rss(f"<title>A</title><pubDate>{written}</pubDate>"))
    assert feed.entries[0].article.published is None
    assert feed.notes[0].what.startswith("undated: ")


def test_no_date_is_none() -> None:
    assert [article.published for article in articles(rss("<title>A</title>"))] == [None]


def test_a_date_without_a_zone_is_utc() -> None:
    [article] = articles(rss("<title>A</title><pubDate>2026-11-24 10:00:00</pubDate>"))
    assert article.published == datetime(2026, 11, 24, 10, tzinfo=UTC)


def test_dates_as_east_asia_writes_them_are_read() -> None:
    found = articles(
        rss(*(f"<pubDate>{w}</pubDate><title>{w}</title>" for w in ("2026년 11월 24일 12:30:00", "2026年11月4日")))
    )
    assert [article.published for article in found] == [
        datetime(2026, 11, 24, 12, 30, tzinfo=UTC),
        datetime(2026, 11, 4, tzinfo=UTC),
    ]


# Which entries are the same (fault 19)


def test_ids_count_within_their_feed() -> None:
    item = rss("<title>A</title><guid isPermaLink='false'>7</guid>")
    [one], [other] = articles(item, url="https://a.example/feed"), articles(item, url="https://b.example/feed")
    assert one.id != other.id


def test_a_feed_that_moves_keeps_its_ids() -> None:
    item = rss("<title>A</title><guid isPermaLink='false'>story-7</guid>")
    [one] = articles(item, url="https://a.example/feed")
    [moved] = articles(item, url="https://b.example/new", scope="https://a.example/feed")
    assert one.id == moved.id


def test_the_same_story_in_two_feeds_of_a_site_is_one_article() -> None:
    item = rss("<title>A</title><link>https://www.example.org/a?utm_source=rss</link>")
    [one] = articles(item, url="https://example.org/world.xml")
    [other] = articles(item.replace("utm_source", "utm_medium"), url="https://feeds.example.org/top.xml")
    assert one.id == other.id


def test_a_feed_cannot_take_the_names_of_another_sites_articles() -> None:
    [true] = articles(rss("<title>A</title><guid>https://paper.example/a</guid>"), url="https://paper.example/feed")
    [false] = articles(rss("<title>B</title><guid>https://paper.example/a</guid>"), url="https://evil.example/feed")
    assert true.id != false.id


def test_without_an_id_the_link_tells_and_without_a_link_the_words() -> None:
    one, other = articles(rss("<title>A</title><link>https://e.org/1</link>", "<title>A</title>"))
    again, same = articles(rss("<title>Changed</title><link>https://e.org/1</link>", "<title>A</title>"))
    assert one.id == again.id
    assert other.id == same.id


def test_entries_with_one_id_and_two_links_are_two_in_any_order() -> None:
    items = [f"<title>{n}</title><link>https://e.org/{n}</link><guid isPermaLink='false'>x</guid>" for n in "ab"]
    feed, turned = read(rss(*items)), read(rss(*reversed(items)))
    assert feed.ids_repeat
    assert {e.article.title: e.article.id for e in feed.entries} == {
        e.article.title: e.article.id for e in turned.entries
    }
    assert len({entry.article.id for entry in feed.entries}) == 2


def test_an_entry_that_is_there_twice_is_one_article() -> None:
    item = "<title>A</title><link>https://e.org/1</link><guid>https://e.org/1</guid>"
    feed = read(rss(item, item))
    assert len(feed.entries) == 1
    assert "twice" in feed.notes[0].what


def test_entries_on_different_things_that_share_a_link_or_an_id_are_all_there_and_stay_what_they_are() -> None:
    section = "<link>https://e.org/sport</link>"
    tagged = "<guid>https://e.org/sport</guid>"
    items = [
        f"<title>Goal in Riga</title>{section}<description>A goal fell.</description>",
        f"<title>Race in Oslo</title>{section}<description>A race was run.</description>",
        f"<title>Match in Rome</title>{section}{tagged}<description>A match was lost.</description>",
        f"<description>No title, other words.</description>{section}",
    ]
    feed = read(rss(*items))
    titles = [entry.article.title for entry in feed.entries]
    assert titles == ["Goal in Riga", "Race in Oslo", "Match in Rome", "No title, other words"]
    assert [entry.is_teaser for entry in feed.entries] == [False] * 4, "one page cannot be the whole of each"
    later = read(rss(items[1], items[3], items[0]))
    ids = {entry.article.title: entry.article.id for entry in feed.entries}
    assert all(ids[entry.article.title] == entry.article.id for entry in later.entries)


def test_an_entry_that_is_there_in_two_versions_is_one_article() -> None:
    text = "The river rose over its banks on Friday night. " * 6
    same_title = [f"<title>Flood</title><guid>g1</guid><description>{words}</description>" for words in (text, "New.")]
    same_start = [f"<title>{title}</title><guid>g2</guid><description>{text}</description>" for title in "AB"]
    assert [entry.article.title for entry in read(rss(*same_title, *same_start)).entries] == ["Flood", "A"]


# Encodings (fault 15)

RUSSIAN = "Жители Курской области сообщили о наводнении. Президент встретился с губернатором в Москве. " * 3
JAPANESE = "東京で大きな地震がありました。気象庁は津波の心配はないと発表しました。" * 3
FRENCH = "Une crue à Genève a forcé les élèves à fuir le collège où l'été s'achève. " * 3


@pytest.mark.parametrize(
    ("words", "encoding", "declared", "charset"),
    [
        (RUSSIAN, "cp1251", "windows-1251", ""),
        (RUSSIAN, "cp1251", "", "windows-1251"),
        (RUSSIAN, "cp1251", "utf-8", "windows-1251"),
        (RUSSIAN, "cp1251", "windows-1251", "utf-8"),
        (RUSSIAN, "cp1251", "windows-1251", "iso-8859-1"),
        (RUSSIAN, "cp1251", "", ""),
        (RUSSIAN, "koi8-r", "koi8-r", ""),
        (RUSSIAN, "utf-8", "iso-8859-1", "windows-1251"),
        (JAPANESE, "cp932", "Shift_JIS", ""),
        (JAPANESE, "euc-jp", "EUC-JP", "us-ascii"),
        (JAPANESE, "iso2022_jp", "ISO-2022-JP", ""),
        (JAPANESE, "cp932", "", ""),
        (JAPANESE, "utf-16", "UTF-16", ""),
        (JAPANESE, "utf-16-le", "UTF-16", ""),
        (JAPANESE, "utf-16-be", "", "utf-8"),
        (JAPANESE, "utf-8", "utf-16", ""),
        (JAPANESE, "utf-8-sig", "", "us-ascii"),
        (JAPANESE, "utf-32", "", ""),
        (FRENCH, "iso-8859-1", "ISO-8859-1", ""),
        (FRENCH, "cp1252", "", ""),
        (FRENCH, "utf-8", "us-ascii", "no-such-charset"),
    ],
)
def test_feeds_in_any_encoding_are_readable_even_where_they_say_nothing_or_the_wrong_thing(
    words: str, encoding: str, declared: str, charset: str
) -> None:
    text = rss(f"<title>A</title><description>{words}</description>")
    text = text.replace("?>", f' encoding="{declared}"?>', 1) if declared else text
    assert [article.text for article in articles(text.encode(encoding), charset=charset)] == [words.strip()]


def test_one_broken_byte_does_not_spoil_the_rest() -> None:
    data = rss(f"<title>{RUSSIAN}</title>").encode().replace("Москве".encode(), b"\xff" + "Москве".encode(), 1)
    assert articles(data)[0].title == RUSSIAN.strip().replace("Москве", "\ufffdМоскве", 1)


# Broken feeds and hostile ones (faults 14 and 16)


def test_a_feed_that_was_cut_off_gives_the_items_that_are_whole_and_a_warning() -> None:
    text = rss(*(f"<title>Story {n}</title><description>Text {n}</description>" for n in range(5)))
    feed = read(text[: text.index("Text 3")])
    assert [entry.article.title for entry in feed.entries][:3] == ["Story 0", "Story 1", "Story 2"]
    assert "not sound XML" in feed.notes[0].what


def test_a_json_feed_that_was_cut_off_gives_the_items_that_are_whole_and_a_warning() -> None:
    text = json.dumps(JSON_FEED)
    feed = read(text[: text.index("A link.")])
    assert [entry.article.title for entry in feed.entries] == ["Harvest in Lviv", "A note that has no title of its own"]
    assert feed.title == "Example"
    assert "not sound JSON" in feed.notes[0].what


def test_a_list_within_a_broken_item_is_not_the_end_of_the_feed() -> None:
    broken = '{"id": "1", "authors": [{"name": "Ann"}, {"id": "ann", "name": "Bob"}], "title": oops}'
    feed = read('{"items": [' + broken + ', {"id": "2", "title": "Whole"}]}')
    assert [entry.article.title for entry in feed.entries] == ["Whole"]


def test_what_a_broken_item_is_made_of_is_no_item_and_the_next_one_is() -> None:
    broken = (
        '{"id": "1", "attachments": [{"url": "https://e.org/1.mp3"}, {"url": "https://e.org/2.mp3"}], "title": oops}'
    )
    feed = read('{"title": "Example", "items": [' + broken + ', {"id": "2", "title": "Whole"}]}')
    assert [entry.article.title for entry in feed.entries] == ["Whole"]


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", "not a feed"),
        (b"hello", "not a feed"),
        (b"\0\xff" * 50, "not a feed"),
        (b"<!DOCTYPE html><html><head><title>A</title></head><body><p>Hi</p></body></html>", "a web page"),
        (b'{"a": 1}', "not a JSON Feed"),
        (b"[1, 2", "not sound JSON"),
        (b"[" * 100_000, "not sound JSON"),
    ],
    ids=["nothing", "words", "bytes", "page", "other JSON", "broken JSON", "deep JSON"],
)
def test_what_is_no_feed_is_refused_with_the_reason(data: bytes, why: str) -> None:
    with pytest.raises(UnreadableError, match=why):
        read(data)


def test_coordinates_that_no_parser_can_read_cost_no_entry() -> None:
    where = '<georss:where><gml:Point srsName="EPSG:x"><gml:pos>1 2</gml:pos></gml:Point></georss:where>'
    feed = rss(f"<title>A</title>{where}", "<title>B</title><gml:pos>1 2</gml:pos>")
    spaces = 'xmlns:georss="http://www.georss.org/georss" xmlns:gml="http://www.opengis.net/gml"'
    assert [article.title for article in articles(feed.replace("<rss", f"<rss {spaces}"))] == ["A", "B"]


def test_a_feed_made_of_a_million_elements_is_refused() -> None:
    with pytest.raises(TooLargeError, match="200,000 elements"):
        read(rss("<a>" * 1_000_000))


@pytest.mark.parametrize("quote", ['"', "'"])
def test_a_feed_with_an_element_of_a_hundred_thousand_attributes_is_refused(quote: str) -> None:
    attributes = " ".join(f"a{n}={quote}{n}{quote}" for n in range(100_000))
    with pytest.raises(TooLargeError, match="200 attributes"):
        read(f"<rss {attributes}><channel><item><title>Story</title></item></channel></rss>")
    few = " ".join(f"a{n}={quote}{n}{quote}" for n in range(200))
    assert read(f"<rss {few}><channel><item><title>Story</title></item></channel></rss>").entries


def test_attributes_and_elements_that_entities_put_together_are_counted_as_well() -> None:
    hundreds = [" ".join(f'a{n}x{m}=""' for m in range(100)) for n in range(3)]
    pieces = "".join(f"<!ENTITY e{n} '{hundred}'>" for n, hundred in enumerate(hundreds))
    item = "<channel><item><title>Story</title></item></channel>"
    with pytest.raises(TooLargeError, match="200 attributes"):
        read(f"<!DOCTYPE rss [{pieces}]><rss &e0; &e1; &e2;>{item}</rss>")
    many = "<!ENTITY e '" + "<a/>" * 40_000 + "'>"
    with pytest.raises(TooLargeError, match="200,000 elements"):
        read(f"<!DOCTYPE rss [{many}]><rss>{item}&e;&e;&e;&e;&e;&e;</rss>")


def test_tags_that_are_never_closed_are_looked_through_once() -> None:
    assert read("<rss>" + "<a" * 1000 + "b" * 3_000_000).entries == ()  # hours, where each is looked for to the end


@pytest.mark.parametrize("before", ['<?xml version="1.0"?>', "<!-- made by hand -->", "<é>"])
def test_blank_lines_before_a_feed_are_passed_over_however_many(before: str) -> None:
    feed = before + "\n" * 500_000 + rss("<title>Story</title>").partition("?>")[2]  # hours, if each is a beginning
    assert [entry.article.title for entry in read(feed).entries] == ["Story"]


@pytest.mark.parametrize("name", ["author", "managingEditor", "dc:creator", "dc:publisher"])
def test_an_author_whose_name_does_not_end_is_nobody_and_costs_nothing(name: str) -> None:
    spaces = 'version="2.0" xmlns:dc="http://purl.org/dc/elements/1.1/"'
    endless = f"<title>A</title><{name}>" + "a" * 1_000_000 + f"</{name}>"  # hours, where each letter is a beginning
    feed = rss(endless, "<title>B</title><author>a@example.org (Ann Lee)</author>").replace('version="2.0"', spaces)
    assert [(article.title, article.author) for article in articles(feed)] == [("A", ""), ("B", "Ann Lee")]


def test_key_words_are_passed_over_however_many() -> None:
    words = "".join(f"<category>{n}</category><dc:subject>{n}</dc:subject>" for n in range(40_000))
    feed = rss(f"<title>A</title>{words}").replace("<rss", '<rss xmlns:dc="http://purl.org/dc/elements/1.1/"')
    assert [article.title for article in articles(feed)] == ["A"]


def test_no_more_than_ten_thousand_entries_are_read_and_that_is_noted() -> None:
    feed = read(json.dumps({"items": [{"title": f"Story {n}"} for n in range(10_001)]}))
    assert len(feed.entries) == 10_000
    assert feed.notes[0].what == "only the first 10,000 of 10,001 entries were read"


@pytest.mark.parametrize("kind", [str, bytes])
def test_a_path_is_not_opened(tmp_path: Path, kind: type) -> None:
    secret = tmp_path / "secret.xml"
    secret.write_text(rss("<title>Secret</title>"), "utf-8")
    path = str(secret) if kind is str else str(secret).encode()
    with pytest.raises(UnreadableError, match="not a feed"):
        read(path)


@pytest.mark.parametrize("title", ["{{7*7}}", "${alert(1)}", "`x`", "\\u0041", "a\0b", "\u202eabc", "🇺🇦 ‍👩‍👧"])
def test_naughty_titles_come_through_as_text(title: str) -> None:
    [article] = articles(json.dumps({"items": [{"title": title}]}))
    assert article.title == title.replace("\0", "")


def test_a_feed_that_was_saved_is_read_as_a_file_and_the_same_again(tmp_path: Path) -> None:
    (tmp_path / "saved.xml").write_text(RSS_2, "utf-8")
    (tmp_path / "page.rss").write_text("<html><body>Hello</body></html>", "utf-8")
    found = [list(read_path(tmp_path, max_bytes=10**6, max_chars=10**6, now=lambda: NOW)) for _ in range(2)]
    assert found[0] == found[1]
    page, article = found[0]
    assert page == Failure("page.rss", "this is a web page, not a feed")
    assert isinstance(article, Article)
    assert (article.title, article.source) == ("Flood in Kursk – hundreds leave", "saved.xml")


VALID = [RSS_2, ATOM, RDF, json.dumps(JSON_FEED)]


@given(st.sampled_from(VALID), st.data())
def test_a_feed_cut_off_anywhere_gives_entries_or_the_reason_why_not(text: str, data: st.DataObject) -> None:
    raw = text.encode()
    try:
        feed = read(raw[: data.draw(st.integers(0, len(raw)))])
    except UnreadableError:
        return
    assert all(entry.article.title for entry in feed.entries)


@given(st.sampled_from(VALID), st.lists(st.tuples(st.integers(0, 2000), st.binary(max_size=8)), max_size=6))
def test_a_feed_with_bytes_put_in_anywhere_gives_entries_or_the_reason_why_not(
    text: str, changes: list[tuple[int, bytes]]
) -> None:
    raw = text.encode()
    for position, change in changes:
        raw = raw[:position] + change + raw[position + len(change) // 2 :]
    try:
        feed = read(raw)
    except UnreadableError:
        return
    assert all(entry.article.title for entry in feed.entries)


@given(
    st.binary(max_size=300), st.sampled_from([b"", b"<rss>", b"<?xml ", b"<feed><entry>", b"<!DOCTYPE ", b"<![CDATA["])
)
def test_random_bytes_give_entries_or_the_reason_why_not(data: bytes, start: bytes) -> None:
    try:
        read(start + data)
    except UnreadableError:
        return


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inside: st.lists(inside, max_size=4) | st.dictionaries(st.text(max_size=8), inside, max_size=4),
    max_leaves=10,
)
FIELDS = ["id", "url", "external_url", "title", "content_html", "content_text", "summary", "date_published", "language"]


@given(st.lists(st.dictionaries(st.sampled_from(FIELDS), JSON_VALUES, max_size=9) | JSON_VALUES, max_size=4))
def test_items_of_any_types_give_entries_or_failures_and_none_is_lost(items: list[object]) -> None:
    feed = read(json.dumps({"title": [], "items": items}))
    twice = sum("twice" in note.what for note in feed.notes)
    assert len(feed.entries) + len(feed.failed) + twice == len(items)
