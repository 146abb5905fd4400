import json

import pytest

from map_app.errors import SettingsError
from map_app.geoparse.homes import Home, country_of_domain, names_place, read_homes
from map_app.geoparse.jsonl import geoparse_lines
from map_app.geoparse.pipeline import Geoparser
from map_app.geoparse.resolve import Resolver
from map_app.model import Article, Toponym


@pytest.fixture(scope="module")
def resolver(gazetteer):
    return Resolver(gazetteer)


@pytest.fixture(scope="module")
def geoparser(gazetteer):
    return Geoparser.load(gazetteer)


def read(domain, *texts):
    """Articles of one outlet with each text's names, which are separated by semicolons."""
    documents = []
    for number, text in enumerate(texts):
        toponyms, at = [], 0
        for name in text.split("; "):
            start = text.index(name, at)
            at = start + len(name)
            toponyms.append(Toponym(name, start, at))
        documents.append((Article(id=str(number), title="", text=text, domain=domain), toponyms))
    return documents


def test_a_paper_lives_where_most_of_its_names_have_a_namesake(resolver):
    homes = resolver.learn_homes(
        read("example.com", "Middletown; Portland; East Hampton", "Berlin; Cromwell; Middletown", "Durham; Middlefield")
    )
    assert (homes["example.com"].country_code, homes["example.com"].admin1) == ("US", "Connecticut")


def test_a_domain_named_after_a_town_tells_which_town(resolver):
    home = resolver.learn_homes(read("palestineherald.com", "Palestine; Tyler", "Palestine; Elkhart; Jacksonville"))
    assert home["palestineherald.com"].admin1 == "Texas"
    assert home["palestineherald.com"].city.name == "Palestine"


def test_one_article_is_enough_where_the_domain_names_its_town(resolver):
    [home] = resolver.learn_homes(read("www.chicagotribune.com", "Chicago; Evanston; Naperville")).values()
    assert (home.admin1, home.city.name) == ("Illinois", "Chicago")


def test_one_article_of_an_outlet_named_after_nothing_shows_no_home(resolver):
    assert resolver.learn_homes(read("example.com", "Chicago; Evanston; Naperville")) == {}


def test_the_domains_country_bounds_the_home(resolver):
    [home] = resolver.learn_homes(read("richmondtimes.co.uk", "Richmond; Kingston", "Richmond; Twickenham")).values()
    assert home.country_code == "GB"


@pytest.mark.parametrize(
    ("domain", "code"),
    [
        ("cambridge-news.co.uk", "GB"),
        ("civil.ge", "GE"),
        ("abc.net.au", "AU"),
        ("news.io", ""),
        ("ajc.com", ""),
        ("", ""),
    ],
)
def test_a_domain_ends_in_its_country_unless_anybody_may_have_it(domain, code):
    assert country_of_domain(domain) == code


@pytest.mark.parametrize(
    ("domain", "name", "expected"),
    [
        ("chicagotribune.com", "Chicago", True),
        ("winnipeg.ctvnews.ca", "Winnipeg", True),
        ("thelancasterandmorecambecitizen.co.uk", "Lancaster", True),
        ("good4utah.com", "Utah", True),
        ("www.wakefieldexpress.co.uk", "Wakefield", True),
        ("ajc.com", "Ajc", False),
        ("haaretz.com", "Com", False),
        ("latimes.com", "Los Angeles", False),
    ],
)
def test_a_domain_is_named_after_a_place_at_the_ends_of_its_words(domain, name, expected):
    assert names_place(domain, name) is expected


def test_the_home_town_is_meant_rather_than_the_country_of_that_name(resolver, gazetteer):
    [(article, toponyms)] = read("jordannews.com", "Jordan")
    [town] = [m.place for m in gazetteer.candidates("Jordan") if m.place.admin1 == "Minnesota"]
    [jordan] = resolver.resolve(article, toponyms, Home("US", "Minnesota", town))
    assert jordan.place == town


def test_documents_of_one_outlet_teach_each_other_where_it_lives(geoparser):
    texts = [
        "The council of Middletown met. Cromwell and Portland sent nobody, officials in East Hampton said.",
        "A man from Durham was hurt near Middlefield on Friday, police in Middletown said.",
        "A fire in Portland burned for hours. Nobody was hurt, said a spokesman in Cromwell.",
    ]
    lines = [json.dumps({"id": str(n), "text": text, "domain": "example.com"}) for n, text in enumerate(texts)]
    last = json.loads(list(geoparse_lines(lines, geoparser))[-1])
    [portland] = [t["place"] for t in last["toponyms"] if t["text"] == "Portland"]
    assert portland["admin1"] == "Connecticut"


def test_homes_are_read_from_a_file(gazetteer, tmp_path):
    path = tmp_path / "homes.csv"
    path.write_text("domain,country,division,town\nlfpress.com,CA,Ontario,London\nexample.org,IE,,\n", "utf-8")
    homes = read_homes(path, gazetteer)
    assert homes["lfpress.com"].city.admin1 == "Ontario"
    assert homes["example.org"] == Home("IE")


@pytest.mark.parametrize("stated", ["lfpress.com", "www.LFPress.com", "https://lfpress.com/"])
@pytest.mark.parametrize(
    "outlet",
    [
        {"domain": "lfpress.com"},
        {"domain": "www.lfpress.com"},
        {"domain": "LFPRESS.com"},
        {"url": "https://www.lfpress.com/news/1"},
        {"url": "https://LFPRESS.com/news/1", "domain": ""},
    ],
    ids=str,
)
def test_a_stated_home_is_that_of_the_outlet_however_its_address_is_written(gazetteer, tmp_path, stated, outlet):
    path = tmp_path / "homes.csv"
    path.write_text(f"domain,country,division,town\n{stated},CA,Ontario,London\n", "utf-8")
    geoparser = Geoparser.load(gazetteer, homes=read_homes(path, gazetteer))
    [line] = geoparse_lines([json.dumps({"id": "a", "text": "A man from London was hurt.", **outlet})], geoparser)
    [toponym] = json.loads(line)["toponyms"]
    assert toponym["place"]["admin1"] == "Ontario"


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("a.com,XX,,", "line 2 .* no country 'XX'"),
        ("a.com,CA,Texas,", "no division 'Texas' in CA"),
        ("a.com,CA,Ontario,Xyzzyqua", "no town 'Xyzzyqua' in Ontario"),
    ],
)
def test_a_line_that_names_no_place_is_an_error_that_says_which(gazetteer, tmp_path, line, message):
    path = tmp_path / "homes.csv"
    path.write_text(f"domain,country,division,town\n{line}\n", "utf-8")
    with pytest.raises(SettingsError, match=message):
        read_homes(path, gazetteer)


def test_a_file_of_homes_that_is_not_there_is_an_error(gazetteer, tmp_path):
    with pytest.raises(SettingsError, match=r"homes\.csv cannot be read"):
        read_homes(tmp_path / "homes.csv", gazetteer)
