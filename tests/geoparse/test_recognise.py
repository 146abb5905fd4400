import json
from itertools import pairwise

import numpy as np
import pytest

from map_app.errors import ModelError
from map_app.geoparse.crf import Layout, best_labelling
from map_app.geoparse.features import BATCH_WORDS, REACH, SPREAD, FeatureMaker, joint_names
from map_app.geoparse.forms import AROUND, OWN, names_of
from map_app.geoparse.lexicon import Lexicon
from map_app.geoparse.membership import Membership
from map_app.geoparse.model_file import metadata_path, model_path, read_metadata
from map_app.geoparse.not_places import is_never_a_place, not_places
from map_app.geoparse.recognise import TOGETHER, Limits, Piece, Recogniser, is_english, spans_of
from map_app.geoparse.sums import UnitSums
from map_app.geoparse.tokens import read_words
from map_app.geoparse.weights import LABELS, Weights
from map_app.geoparse.whole_names import Seats, counties, made_whole, names_with_article, short_states
from map_app.model import Field, Kind, Toponym
from map_app.settings import GOLD_SET

GERMAN = (
    "Die Armee teilte mit, dass sie in der Stadt ist und dass die Straßen wegen der Flut für diesen Tag gesperrt sind, "
    "wie es am Abend aus dem Ministerium hieß."
)


@pytest.fixture(scope="session")
def recogniser(gazetteer):
    return Recogniser.load(gazetteer)


def names(recogniser, text, field=Field.TEXT):
    return [t.name for t in recogniser.recognise(text, field, "en") if t.kind is Kind.TOPONYM]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("APIA, Samoa - The harbour was closed.", ["APIA", "Samoa"]),
        (
            "PORT MORESBY, PAPUA NEW GUINEA - FLOODS HIT TOWNS NEAR MOUNT HAGEN, OFFICIALS SAID.",
            ["PORT MORESBY", "PAPUA NEW GUINEA", "MOUNT HAGEN"],
        ),
        (
            "huge fire near the port in beirut tonight, smoke seen as far as damascus. stay safe everyone in lebanon",
            ["beirut", "damascus", "lebanon"],
        ),
        ("just landed in kathmandu and then on to new delhi for the weekend with mary", ["kathmandu", "new delhi"]),
    ],
    ids=["dateline in capitals", "all in capitals", "all in small letters", "a name of two small words"],
)
def test_writing_without_its_usual_capitals_is_read(recogniser, text, expected):
    assert names(recogniser, text) == expected


@pytest.mark.parametrize(
    ("title", "expected"),
    [
        ("Police Chief Resigns After Protests In Minneapolis", ["Minneapolis"]),
        ("Floods Kill Dozens In India As Rivers Rise Near Lucknow", ["India", "Lucknow"]),
        ("FLOODS KILL DOZENS IN INDIA AS RIVERS RISE", ["INDIA"]),
    ],
)
def test_a_headline_full_of_capitals_names_only_its_places(recogniser, title, expected):
    assert names(recogniser, title, Field.TITLE) == expected


@pytest.mark.parametrize(
    "text",
    [
        "Whitney Houston sang. Houston was praised.",
        "Mr. Bolton said that he would go.",
        "The Jerusalem Post and the Chicago Tribune reported it.",
        "Chelsea Clinton told reporters that she was well.",
        "Officer Dallas Green spoke to the crowd.",
    ],
    ids=["surname", "title and surname", "newspapers", "first name", "officer"],
)
def test_people_and_newspapers_called_like_places_are_none(recogniser, text):
    assert names(recogniser, text) == []


@pytest.mark.parametrize("name", ["Port-au-Prince", "Côte d'Ivoire", "DRC", "The Hague", "New York", "Guinea-Bissau"])
def test_names_with_small_words_signs_and_capitals_are_whole(recogniser, name):
    assert name in names(recogniser, f"Aid has reached {name} this week, the ministry said.")


def test_behind_a_party_stands_where_a_politician_is_from(recogniser):
    text = "Rep. Jay Roberts (R-Ocilla) and Sen. Tom Bakk, DFL-Cook, spoke of D-Day, and Sen. Ann Fox, D-Zzyzzq, left."
    assert names(recogniser, text) == ["Ocilla", "Cook"]


def test_a_large_article_within_a_sentence_belongs_to_a_name_that_has_one(recogniser):
    assert names(recogniser, "Courts sit in The Hague and in The Bronx.") == ["The Hague", "The Bronx"]


def test_a_demonym_is_no_toponym(recogniser):
    found = recogniser.recognise("The Syrian army and Turkish troops met in Ankara.", Field.TEXT, "en")
    assert [(t.name, t.kind) for t in found] == [
        ("Syrian", Kind.DEMONYM),
        ("Turkish", Kind.DEMONYM),
        ("Ankara", Kind.TOPONYM),
    ]


def test_names_stand_where_they_say_in_every_digest(recogniser):
    for line in GOLD_SET.read_text(encoding="utf-8").split("\n"):
        if line:
            text = json.loads(line)["text"]
            found = recogniser.recognise(text, Field.TEXT, "en")
            assert [t.name for t in found] == [text[t.start : t.end] for t in found]
            assert all(a.end <= b.start for a, b in pairwise(found))
            assert all(0 <= t.confidence <= 1 for t in found)


class Attributes:
    """Keeps the attributes of units themselves, to add their weights up one by one."""

    def __init__(self):
        self.units = []
        self.joint = 0
        self.values = {}

    @property
    def count(self):
        return len(self.units)

    def add(self, width, attributes):
        first = len(self.units)
        self.units += [[(width, place, name) for name in attributes] for place in range(width)]
        return first

    def add_words(self, around, own):
        first = self.count
        for names_around, names_own in zip(names_of(AROUND, around), names_of(OWN, own), strict=True):
            unit = self.add(SPREAD, names_around)
            self.units[unit + REACH] += [(1, 0, name) for name in names_own]
        return first

    def value(self, text):
        return self.values.setdefault(text, len(self.values))

    def join(self, pairs, names, runs):
        firsts = []
        for width, units in zip((2, 1, 1), joint_names(pairs, names, runs, list(self.values)), strict=True):
            firsts.append(self.count)
            for attributes in units:
                self.add(width, attributes)
        self.joint += self.count - firsts[0]
        return firsts

    def clear(self):
        self.units.clear()


def viterbi(scores, transitions):
    """The textbook's best labelling of one sequence, in plain Python."""
    best, origins = list(scores[0]), []
    for row in scores[1:]:
        ways = [[best[a] + transitions[a][b] for a in range(len(row))] for b in range(len(row))]
        origins.append([way.index(max(way)) for way in ways])
        best = [max(way) + score for way, score in zip(ways, row, strict=True)]
    labels = [best.index(max(best))]
    for origin in reversed(origins):
        labels.append(origin[labels[-1]])
    return labels[::-1]


def test_kept_sums_and_steps_give_what_adding_weights_one_by_one_gives(gazetteer):
    weights = Weights.from_bytes(model_path().read_bytes())
    sums, attributes = UnitSums(weights), Attributes()
    membership, lexicon = Membership(gazetteer), Lexicon()
    fast, slow = FeatureMaker(membership, lexicon, sums), FeatureMaker(membership, lexicon, attributes)
    transitions = weights.transitions.tolist()
    stretches = 0
    for line in GOLD_SET.read_text(encoding="utf-8").split("\n")[:40]:
        text = json.loads(line)["text"]
        words = read_words(text)
        read = [(text, words, Field.TEXT)]
        for a, b in zip(fast.batches(read), slow.batches(read), strict=True):
            scores = sums.scores(a)
            units = b.units.tolist()
            for row, unit in zip(b.more_rows.tolist(), b.more_units.tolist(), strict=True):
                units[row].append(unit)
            expected = np.zeros((len(units), len(LABELS)))
            for row, unit in ((row, unit) for row, own in enumerate(units) for unit in own):
                for width, place, name in attributes.units[unit]:
                    number = weights.tables[width].rows.get(name)
                    if number is not None:
                        expected[row] += weights.tables[width].vectors[number, place]
            np.testing.assert_allclose(scores, expected, atol=1e-3)
            labels = best_labelling(expected, weights.transitions, Layout(np.array([n for _, _, n in a.stretches])))
            start = 0
            for _, _, length in a.stretches:
                assert labels[start : start + length].tolist() == viterbi(
                    expected[start : start + length].tolist(), transitions
                )
                start += length
                stretches += 1
    assert stretches > 100


def test_work_grows_no_faster_than_the_text(gazetteer):
    """Ten times the text makes ten times the rows and, where words repeat, hardly a unit more that is kept."""
    counts = []
    for times in (10, 100):
        units = Attributes()
        maker = FeatureMaker(Membership(gazetteer), Lexicon(), units)
        text = "Rain fell over Springfield and North Dakota, Mayor John Smith of Mount Vernon said. " * times
        rows = [len(batch.units) for batch in maker.batches([(text, read_words(text), Field.TEXT)])]
        assert max(rows) <= 2 * BATCH_WORDS
        counts.append((sum(rows), units.count - units.joint))
    (few_rows, few_units), (many_rows, many_units) = counts
    assert many_rows == pytest.approx(10 * few_rows, rel=0.05)
    assert many_units < 1.1 * few_units


@pytest.mark.parametrize(
    "text",
    [
        "x" * 1_000_000,
        "Paris," * 100_000,
        "A " * 200_000,
        " ".join(f"Name{chr(97 + i % 26)}{chr(97 + i // 26 % 26)}{chr(97 + i // 676)}" for i in range(50_000)),
        "PariΠαρίσι巴黎Париж" * 30_000,
        "".join(chr(0x41 + i % 0x2000) for i in range(300_000)),
        "the of and to in " * 50_000,
        "NEW YORK " * 50_000,
        ".A" * 200_000,
        "\n" * 300_000,
        "Paris-" * 50_000,
    ],
    ids=[
        "one word",
        "no spaces",
        "letters",
        "names",
        "scripts",
        "every sign",
        "small",
        "capitals",
        "dots",
        "lines",
        "hyphens",
    ],
)
def test_no_text_is_a_time_bomb(recogniser, text):
    found = recogniser.recognise(text, Field.TEXT, "en")
    assert all(text[t.start : t.end] == t.name for t in found)


def test_units_are_forgotten_when_there_are_too_many(gazetteer, monkeypatch):
    text = "\n".join(f"Smoke rose over Kyiv and Name{i} today, he said." for i in range(3_000))
    whole = names(Recogniser.load(gazetteer), text)
    monkeypatch.setattr("map_app.geoparse.features.MAX_UNITS", 2_000)
    assert names(Recogniser.load(gazetteer), text) == whole
    assert whole.count("Kyiv") == 3_000


@pytest.mark.parametrize(
    ("labels", "spans"),
    [
        ([0, 1, 2, 0], [(1, 2, Kind.TOPONYM)]),
        ([1, 1, 3, 4], [(0, 0, Kind.TOPONYM), (1, 1, Kind.TOPONYM), (2, 3, Kind.DEMONYM)]),
        ([2, 4], [(0, 0, Kind.TOPONYM), (1, 1, Kind.DEMONYM)]),
        ([0, 0], []),
    ],
)
def test_labels_become_spans(labels, spans):
    assert list(spans_of(labels)) == spans


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("The army said that it was in the city and that the roads were closed for the day by the flood there.", True),
        (GERMAN, False),
        ("Київ знову під обстрілом, повідомляє влада.", False),
        ("Floods in Kenya", True),
    ],
    ids=["English", "German", "Ukrainian", "short"],
)
def test_english_is_told_by_its_words(text, expected):
    assert is_english(text) is expected


def test_a_model_that_is_not_what_its_notes_say_is_refused(gazetteer, tmp_path):
    model = tmp_path / "model.npz"
    model.write_bytes(model_path().read_bytes()[:-1])
    metadata_path(model).write_bytes(metadata_path(model_path()).read_bytes())
    with pytest.raises(ModelError, match="not the one that its metadata describe"):
        Recogniser.load(gazetteer, model)


@pytest.mark.parametrize(
    ("noted", "message"),
    [
        ("no JSON", "cannot be read"),
        ("[]", "no JSON object"),
        ({"limits": {"outside": 0.6}}, "lacks its limits"),
        ({"limits": None}, "lacks its limits"),
        ({"features_version": 1}, "trained for other features"),
    ],
    ids=["no JSON", "no object", "half the limits", "no limits", "other features"],
)
def test_notes_that_do_not_fit_are_refused(gazetteer, tmp_path, noted, message):
    model = tmp_path / "model.npz"
    model.write_bytes(model_path().read_bytes())
    text = noted if isinstance(noted, str) else json.dumps(read_metadata(model_path()) | noted)
    metadata_path(model).write_text(text, encoding="utf-8")
    with pytest.raises(ModelError, match=message):
        Recogniser.load(gazetteer, model)


def test_a_model_with_other_limits_gives_other_names_and_is_another_version(gazetteer):
    recogniser = Recogniser.load(gazetteer)
    text = "The storm closed Westgate Arena and roads near Lake Brook and Upper Hollins on Monday."
    bold = recogniser.with_limits(Limits(outside=0.999, well_known=0.999))
    assert len(bold.recognise(text, Field.TEXT)) > len(recogniser.recognise(text, Field.TEXT))
    assert bold.version != recogniser.version == Recogniser.load(gazetteer).version


def test_bytes_that_are_no_model_are_refused(gazetteer):
    with pytest.raises(ModelError, match="cannot be opened"):
        Recogniser(b"PK no model", gazetteer)


def test_weights_written_and_read_are_the_same():
    content = model_path().read_bytes()
    assert Weights.from_bytes(content).to_bytes() == content


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("Ukrainian forces have crossed into Russia's Kursk, the ministry said on Monday.", ["Russia", "Kursk"]),
        ("Thousands had to leave Syria’s Aleppo because of the fighting in the city.", ["Syria", "Aleppo"]),
        ("They spent the whole of the summer on Martha's Vineyard with the family.", ["Martha's Vineyard"]),
    ],
    ids=["two", "two, typographic", "one"],
)
def test_an_owner_and_what_it_owns_are_two_names_unless_they_are_known_as_one(gazetteer, text, names):
    found = Recogniser.load(gazetteer).recognise(text, Field.TEXT)
    assert [toponym.name for toponym in found if toponym.kind is Kind.TOPONYM] == names


@pytest.mark.parametrize(
    ("text", "spans"),
    [
        ("The icon of Saint John of Rila was shown in Sofia.", ["Saint John "]),
        ("St. Francis of Assisi and St Martin de Porres of the Americas", ["St. Francis "]),
        ("Ships left Saint John for the port of Boston.", []),
        ("As the Moscow Times and Saint Olga of Kyiv had it", ["Moscow Times", "Saint Olga "]),
        ("KHARTOUM, April 15 (Xinhua) -- The town of Xinhua", ["Xinhua"]),
        ("Russia and the West met in the West Bank, not in West, Texas.", ["West"]),
        ("It cost US$5 million, HK$9 or $US4.5 in the US.", ["US", "HK", "US"]),
        ("West Nile virus is in Dallas. West Nile came early.", ["West Nile", "West Nile"]),
        ("Hong Kong flu is not only in Hong Kong.", ["Hong Kong"]),
    ],
    ids=["Rila", "Assisi", "the town", "beside a newspaper", "an agency", "the West", "money", "virus", "flu"],
)
def test_a_saint_of_a_place_and_the_west_are_no_places(text, spans):
    assert [text[start:end] for start, end in not_places(text)] == spans


@pytest.mark.parametrize(
    ("text", "name", "is_never"),
    [
        ("a Jewish, Muslim and Christian council", "Jewish", True),
        ("under the Obama administration", "Obama", True),
        ("weather of El Niño", "El Niño", True),
        ("the town of Arab, Alabama, said", "Arab", False),
        ("in Union, N.J., on Monday", "Union", False),
        ("the town of Oman, Alabama", "Oman", False),
    ],
    ids=["belief", "person", "weather", "a state follows", "a short state follows", "any other name"],
)
def test_what_is_also_a_small_town_is_none_unless_what_holds_it_follows(text, name, is_never):
    start = text.index(name)
    assert is_never_a_place(text, Toponym(name, start, start + len(name))) is is_never


def test_what_is_never_a_place_is_not_found(recogniser):
    assert names(recogniser, "She prayed to God in Paris, and Hamas said that it would not stop.") == ["Paris"]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Water rose in Otter Tail, Swift and Wilkin counties.", ["Otter Tail", "Swift", "Wilkin"]),
        ("In Knox and Blount counties it rained.", ["Knox", "Blount"]),
        ("In Orleans, Jefferson, and St. Tammany parishes.", ["Orleans", "Jefferson", "St. Tammany"]),
        ("The Smith, Rossi and Okonkwo counties study", ["Smith"]),
        ("Several counties of Wilkin, Minn.", []),
    ],
    ids=["three", "behind In", "parishes", "only what is a county", "no list"],
)
def test_every_name_of_a_list_of_counties_is_a_place(gazetteer, text, found):
    listed = counties(text, Field.TEXT, lambda name: bool(gazetteer.candidates(name)))
    assert [toponym.name for toponym in listed] == found
    assert all(text[toponym.start : toponym.end] == toponym.name for toponym in listed)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("on the Pa. Turnpike near Athens, Ga., and (Ind.)", ["Pa.", "Athens", "Ga.", "Ind."]),
        ("in W. Va. and W.Va. and N.Y.", ["W. Va.", "W.Va.", "N.Y."]),
        ("Miss. Jones and Md. Rahman of Co. Ltd.", []),
        ("on example.Pa.com and in ALBANY.NY", []),
        ("He died in Adams, Mass., near Battle Ground, Wash.", ["Adams", "Mass.", "Battle Ground", "Wash."]),
        ("St. John's, N.L., and Zzyzxton, N.B., and Zzyzxwick, Mo. 5", ["St. John's", "N.L.", "N.B."]),
        ("ALGONA, Wash. - Mr. Ade, Miss. Lee", ["ALGONA", "Wash."]),
    ],
    ids=["states", "of two words", "other words", "parts of addresses", "behind towns", "unknown towns", "capitals"],
)
def test_states_written_short_with_a_full_stop_are_places_and_so_are_towns_before_them(gazetteer, text, found):
    states = short_states(text, Field.TEXT, lambda name: bool(gazetteer.candidates(name)))
    assert [toponym.name for toponym in states] == found
    assert all(text[toponym.start : toponym.end] == toponym.name for toponym in states)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("She lived in Cornwall, P.E.I. last year.", ["Cornwall", "P.E.I."]),
        ("PORT-AU-PRINCE is not Port-au-Prince, Ga. and never was.", ["PORT-AU-PRINCE", "Port-au-Prince", "Ga."]),
        ("St. John's, N.L., declared an emergency.", ["St. John's", "N.L."]),
    ],
)
def test_what_is_surely_a_place_goes_before_what_is_doubted_and_is_found_once(recogniser, text, found):
    assert names(recogniser, text) == found


@pytest.mark.parametrize(
    ("text", "cut", "whole"),
    [
        ("in the Gulf of Mexico today", "Mexico", "Gulf of Mexico"),
        ("the People's Republic of China said", "'s Republic of China", "People's Republic of China"),
        ("the People's Republic of China said", "Republic of China", "People's Republic of China"),
        ("the European Union said", "Union", "European Union"),
        ("at the University of Michigan on", "Michigan", "Michigan"),
        ("the Governor of Texas said", "Texas", "Texas"),
        ("the Mayor’s Republic of China", "’s Republic of China", "’s Republic of China"),
    ],
    ids=["of", "owner's mark", "owner", "a word that begins none", "school", "no longer name", "unknown owner"],
)
def test_a_name_gets_its_beginning_where_the_gazetteer_knows_the_whole(gazetteer, text, cut, whole):
    start = text.index(cut)
    [toponym] = made_whole(text, [Toponym(cut, start, start + len(cut))], Membership(gazetteer).kinds)
    assert toponym.name == whole == text[toponym.start : toponym.end]


def test_a_beginning_that_was_found_for_itself_is_swallowed(gazetteer):
    text = "the European Union said"
    cut = [Toponym("European", 4, 12, kind=Kind.DEMONYM), Toponym("Union", 13, 18)]
    [toponym] = made_whole(text, cut, lambda name: bool(gazetteer.candidates(name)))
    assert (toponym.name, toponym.kind) == ("European Union", Kind.TOPONYM)


def test_a_school_is_no_likelier_to_be_found_because_it_is_known(gazetteer):
    membership = Membership(gazetteer)
    assert gazetteer.candidates("Makerere University")
    assert not membership.kinds("Makerere University")
    assert membership.kinds("Bashi Channel")


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("It was said on Monday that the DRC and the UAE would take part.", ["DRC", "UAE"]),
        ("Four small boats crossed the Channel at night.", ["the Channel"]),
        ("It was shown in the Channel 4 news.", []),
    ],
    ids=["countries", "the sea", "a broadcaster"],
)
def test_some_names_are_places_wherever_they_stand_with_their_article(text, names):
    assert [toponym.name for toponym in names_with_article(text, Field.TEXT)] == names


@pytest.mark.parametrize(
    ("text", "field", "found"),
    [
        ("The Kremlin said that the White House had called.", Field.TEXT, ["Kremlin", "White House"]),
        ("Downing Street denied it, and so did Malacañang.", Field.TEXT, ["Downing Street", "Malacañang"]),
        ("He watched the Kremlin Cup in a white house, a pentagon.", Field.TEXT, []),
        ("White House officials met a Pentagon spokesman.", Field.TEXT, []),
        ("The White House-backed bill", Field.TEXT, []),
        ("Kremlin rejects White House offer", Field.TITLE, ["Kremlin", "White House"]),
        ("KREMLIN REJECTS OFFER", Field.TITLE, ["KREMLIN"]),
        ("White House Farm murders", Field.TITLE, []),
    ],
    ids=["speaking", "no article", "something else", "officials", "hyphen", "title", "capitals", "a farm"],
)
def test_seats_of_government_are_places_wherever_news_names_them(gazetteer, text, field, found):
    seats = Seats(gazetteer.seats_of_government).find(text, field)
    assert [seat.name for seat in seats] == found == [text[seat.start : seat.end] for seat in seats]


def test_a_seat_of_government_is_the_one_that_news_means(recogniser, gazetteer):
    text = "He returned to the White House from Nashville, Tennessee, which has a White House as well."
    found = {toponym.start: toponym.known for toponym in recogniser.recognise(text, Field.TEXT, "en")}
    assert found[text.index("White House")] == "curated:white-house"
    assert not found.get(text.rindex("White House"))


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Port-au-Prince's gangs now hold most of the capital.", "Port-au-Prince"),
        ("It rained. Stoke-on-Trent was flooded.", "Stoke-on-Trent"),
        ("Officials spoke. Aix-en-Provence's mayor closed the schools.", "Aix-en-Provence"),
        ("The Lower Shabelle region of Somalia was hit by floods.", "Lower Shabelle"),
    ],
)
def test_a_name_is_whole_though_it_begins_with_a_common_word_or_a_part(recogniser, text, name):
    assert name in names(recogniser, text)


@pytest.mark.parametrize(
    ("text", "cut", "whole"),
    [
        ("at Mar-a-Lago.", "Mar", "Mar-a-Lago"),
        ("in Castilla-La Mancha.", "Castilla", "Castilla-La Mancha"),
        ("near Maroun al-Ras,", "Maroun", "Maroun al-Ras"),
        ("from St. John's, N.L.", "St. John", "St. John's"),
        ("in St. John's on Monday", "St. John", "St. John's"),
        ("the St. John's mayor", "St. John", "St. John"),
        ("a Paris-based firm", "Paris", "Paris"),
    ],
    ids=["hyphen", "one word more", "article", "before a comma", "before a small word", "an owner", "no longer name"],
)
def test_a_name_cut_short_gets_its_rest_where_the_gazetteer_knows_the_whole(gazetteer, text, cut, whole):
    start = text.index(cut)
    [toponym] = made_whole(text, [Toponym(cut, start, start + len(cut))], lambda name: bool(gazetteer.candidates(name)))
    assert toponym.name == whole == text[toponym.start : toponym.end]


@pytest.mark.parametrize("text", ["LIMA, Peru - People in Lima saw it on a wall.", "Two days in Peru — Peruvians say."])
def test_no_name_reaches_over_a_dash_between_blanks(recogniser, text):
    names = [toponym.name for toponym in recogniser.recognise(text, Field.TEXT, "en")]
    assert "Peru" in names
    assert not any(" " in name for name in names)


def test_texts_read_together_give_what_each_gives_alone(gazetteer):
    """Titles, texts of other languages and empty ones among them, in more texts than are looked at together."""
    recogniser = Recogniser.load(gazetteer)
    pieces = [Piece("", Field.TITLE, "en"), Piece("У Києві тихо.", Field.TEXT), Piece(" \n ", Field.TEXT, "en")]
    for path in (GOLD_SET, GOLD_SET.with_name("sample_articles.jsonl")):
        for line in path.read_text(encoding="utf-8").splitlines():
            document = json.loads(line)
            pieces += [Piece(document.get("title", ""), Field.TITLE, "en"), Piece(document["text"], Field.TEXT)]
    assert sum(len(piece.text) for piece in pieces) > 2 * TOGETHER
    together = recogniser.recognise_all(pieces)
    alone = [recogniser.recognise(*piece) for piece in pieces]
    assert [spans(names) for names in together] == [spans(names) for names in alone]
    for names, others in zip(together, alone, strict=True):
        # Sums of more rows at once may be rounded otherwise.
        assert [name.confidence for name in names] == pytest.approx([name.confidence for name in others], abs=1e-3)
    assert sum(map(len, together)) > 1000


def spans(toponyms):
    return [(toponym.name, toponym.start, toponym.end, toponym.field, toponym.kind) for toponym in toponyms]


@pytest.mark.parametrize("name", ["Bashi Channel", "Antonivsky Bridge", "Kamal Adwan Hospital"])
def test_a_name_of_several_words_that_is_nothing_else_is_found(recogniser, name):
    text = f"Ships waited for days. The crews were told to keep away from {name} and said so."
    assert name in [toponym.name for toponym in recogniser.recognise(text, Field.TEXT)]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Boats on the Mekong were stopped.", ["Mekong"]),
        ("He renamed it the Gulf of America.", ["Gulf of America"]),
        ("Water rose in the Brahmaputra on Monday.", ["Brahmaputra"]),
        ("She read Mekong twice.", []),
    ],
    ids=["a river", "of several words", "another river", "without the article"],
)
def test_what_is_nothing_but_a_water_or_a_region_is_a_place_behind_the(recogniser, text, found):
    assert names(recogniser, text) == found
