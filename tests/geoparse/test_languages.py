"""Articles of our own in languages without a model, with what a reader would put on the map and nothing else."""

import json
from pathlib import Path

import pytest

from map_app.geoparse.exact import EXACT_CONFIDENCE, exact_names
from map_app.geoparse.languages import base_forms, country_names, country_names_in_script, guess_language
from map_app.geoparse.pipeline import Geoparser
from map_app.model import Article, Feature, Field

LINES = (Path(__file__).parent / "data" / "languages.jsonl").read_text(encoding="utf-8").splitlines()
ARTICLES = [json.loads(line) for line in LINES]
IDS = [f"{row['language']}-{'places' if row['places'] else 'none'}" for row in ARTICLES]


@pytest.fixture(scope="module")
def geoparser(gazetteer):
    return Geoparser.load(gazetteer)


def found(geoparser, text, language=""):
    resolutions = geoparser.geoparse(Article(id="a", title="", text=text, language=language))
    for r in resolutions:
        assert text[r.toponym.start : r.toponym.end] == r.toponym.name
        assert r.confidence < 0.7, "what is not understood is marked as less certain"
    return {r.toponym.name: f"{r.place.country_code} {r.place.feature}" for r in resolutions if r.place}


def test_there_are_articles_in_a_dozen_languages_and_as_many_without_a_place():
    assert len({row["language"] for row in ARTICLES if row["places"]}) >= 12
    assert len({row["language"] for row in ARTICLES if not row["places"]}) >= 12


@pytest.mark.parametrize("row", ARTICLES, ids=IDS)
def test_an_article_in_a_language_without_a_model_is_put_where_its_readers_would(geoparser, row):
    assert found(geoparser, row["text"], row["language"]) == row["places"]


@pytest.mark.parametrize("row", [row for row in ARTICLES if row["places"]], ids=[i for i in IDS if "places" in i])
def test_the_same_is_found_where_nobody_says_the_language(geoparser, row):
    assert found(geoparser, row["text"]) == row["places"]


def test_a_title_is_in_the_language_of_its_text(geoparser):
    row = next(row for row in ARTICLES if row["language"] == "fr" and row["places"])
    article = Article(id="a", title="Visite à Londres", text=row["text"])
    titles = [r for r in geoparser.geoparse(article) if r.toponym.field is Field.TITLE]
    assert [(r.toponym.name, r.place.country_code) for r in titles] == [("Londres", "GB")]


def test_a_name_in_another_script_is_found_in_an_english_text(geoparser):
    text = "The banner in Warsaw said Київ and 서울에서, and the crowd from Poland cheered for hours in the rain."
    names = {r.toponym.name: r.place.name for r in geoparser.geoparse(Article(id="a", title="", text=text)) if r.place}
    assert (names["Київ"], names["서울"]) == ("Kyiv", "Seoul")


@pytest.mark.parametrize(
    ("text", "language", "name", "where"),
    [
        ("Київ", "uk", "Київ", "Kyiv"),
        ("서울", "ko", "서울", "Seoul"),
        ("台北", "zh", "台北", "Taipei"),
        ("الخرطوم", "ar", "الخرطوم", "Khartoum"),
        ("للسودان", "ar", "لسودان", "Sudan"),
        ("وبالقاهرة", "ar", "القاهرة", "Cairo"),
        ("ומירושלים", "he", "ירושלים", "Jerusalem"),
        ("በኬንያ", "am", "ኬንያ", "Kenya"),
    ],
)
def test_a_name_alone_is_found_without_what_is_written_together_with_it(gazetteer, text, language, name, where):
    [toponym] = exact_names(text, Field.TEXT, gazetteer, language=language)
    assert toponym.name == text[toponym.start : toponym.end] == name
    assert gazetteer.place(toponym.known).name == where
    assert toponym.confidence <= EXACT_CONFIDENCE


def test_the_longest_name_is_taken_where_no_spaces_stand(gazetteer):
    names = [t.name for t in exact_names("インドネシアとインドの大使", Field.TEXT, gazetteer, language="ja")]
    assert names == ["インドネシア", "インド"]


def test_a_name_within_a_longer_word_in_katakana_is_none(gazetteer):
    assert not list(exact_names("チリソースのタイトル", Field.TEXT, gazetteer, language="ja"))


def test_a_word_that_the_text_also_has_in_lower_case_is_no_name(gazetteer):
    text = "Florencia cantó. La florencia es una flor, y Alemania un país."
    names = [t.name for t in exact_names(text, Field.TEXT, gazetteer, language="es", latin=True)]
    assert names == ["Alemania"]


def test_a_known_place_is_not_ranked_against_its_namesakes(geoparser):
    text = "El presidente viajó de Nueva York a Bogotá."
    [bogota] = [r for r in geoparser.geoparse(Article("a", "", text, language="es")) if r.toponym.name == "Bogotá"]
    assert (bogota.place.country_code, bogota.place.feature) == ("CO", Feature.CITY)


@pytest.mark.parametrize("language", ["tlh", "xx-nonsense", "-", "zz_ZZ_zz", "\ud800"])
def test_a_language_that_nobody_knows_has_no_names_of_its_own(language):
    assert country_names(language).codes == {}


def test_a_latin_letter_begins_names_of_no_other_script():
    assert country_names_in_script("F").codes == country_names_in_script("é").codes == {}


@pytest.mark.parametrize("language", ["uk", "zh", "zh_Hant", "ja", "ko", "ar", "he", "el", "ka", "hi", "th", "am"])
def test_a_country_is_found_by_its_first_letter_whatever_the_language(language):
    names = country_names(language).codes
    lost = {n: c for n, c in names.items() if country_names_in_script(n[0]).codes.get(n) != c}
    assert len(lost) <= len(names) // 50, "only names that mean another country in another language are left out"


@pytest.mark.parametrize(
    ("form", "language", "name"),
    [
        ("Харкові", "uk", "Харків"),
        ("Києвом", "uk", "Київ"),
        ("Россией", "ru", "Россия"),
        ("Krakowie", "pl", "Kraków"),
        ("თბილისში", "ka", "თბილისი"),
        ("서울에서", "ko", "서울"),
    ],
)
def test_an_inflected_name_leads_to_the_one_it_is_a_form_of(form, language, name):
    assert name in [base for base, _, _ in base_forms(form, language)]


@pytest.mark.parametrize("row", ARTICLES, ids=IDS)
def test_small_words_tell_a_language_in_latin_letters_or_say_nothing(row):
    guessed = guess_language(row["text"])
    assert guessed in ("", row["language"])


def test_english_is_left_to_the_model():
    assert (
        guess_language("The ministers of the two countries met in the capital and said that it was a good day.") == "en"
    )
    assert guess_language("") == ""


def test_what_others_own_does_not_make_an_english_text_another():
    text = "Grenada's leader met St. Paul's mayor. Antigua's and Dominica's ministers joined; Barbados's did not."
    assert guess_language(text) == ""


@pytest.mark.parametrize(
    ("text", "language", "name"),
    [
        ("Le ministre est parti pour la Côte d'Ivoire lundi.", "fr", "Côte d'Ivoire"),
        ("Le ministre est parti pour la Côte d’Ivoire lundi.", "fr", "Côte d’Ivoire"),
        ("मंत्री आज फ्रांस गए।", "hi", "फ्रांस"),
    ],
    ids=["apostrophe", "typographic", "without the dot"],
)
def test_a_country_is_found_however_its_name_is_typed(geoparser, text, language, name):
    [resolution] = geoparser.geoparse(Article(id="a", title="", text=text, language=language))
    assert resolution.toponym.name == name
    assert resolution.place.feature is Feature.COUNTRY


@pytest.mark.parametrize(
    ("language", "text", "places"),
    [
        ("de", "Gold, Liga und Königin Victoria: Der Mann wurde in Rom festgenommen.", ["Rom"]),
        ("de", "Ukraine Präsident Selenskyj reist nach Bern und Reykjavík.", ["Ukraine", "Bern", "Reykjavík"]),
        ("pt", "O ministro esteve em Salvador, capital da Bahia, e em Roma.", ["Salvador", "Roma"]),
        ("fa", "وزیر از بحران مالی گفت و به تهران و اصفهان رفت", ["تهران", "اصفهان"]),
        ("hr", "Mali je psihijatar Jordan Petrović i pjevačica Adelaide Marić.", []),
        ("fr", "La princesse Victoria et le chanteur Orlando Gomez sont à Berne.", ["Berne"]),
        ("pl", "Premier był w Rzymie i w Wilnie.", ["Rzymie", "Wilnie"]),
        ("ru", "Делегация прилетела из Вены в Осло и Загреб.", ["Вены", "Осло", "Загреб"]),
        ("uk", "Актор Володимир Коваленко народився у Львові.", ["Львові"]),
        ("zh", "部长访问了维也纳、奥斯陆和里斯本", ["维也纳", "奥斯陆", "里斯本"]),
        ("ja", "大臣はウィーン、オスロ、ダブリンを訪れた", ["ウィーン", "オスロ", "ダブリン"]),
        ("ko", "장관은 오슬로와 워싱턴으로 갔다", ["오슬로", "워싱턴"]),
        ("hi", "मंत्री वियना और ओस्लो गए", ["वियना", "ओस्लो"]),
        ("ar", "وصل الوزير إلى فيينا وأوسلو وواشنطن", ["فيينا", "أوسلو", "واشنطن"]),
    ],
)
def test_capitals_are_found_and_words_persons_and_other_towns_names_are_not(geoparser, language, text, places):
    assert list(found(geoparser, text, language)) == places


def test_salvador_is_the_city_to_who_speaks_its_language_and_else_nothing(geoparser):
    assert found(geoparser, "O ministro esteve em Salvador.", "pt") == {"Salvador": "BR city"}
    assert found(geoparser, "Der Minister war in Salvador.", "de") == {}
