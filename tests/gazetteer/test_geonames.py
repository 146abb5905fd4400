"""An imported dump: written here in the form that GeoNames publishes, imported by the command, and asked."""

import contextlib
import io
import json
import zipfile
from pathlib import Path

import pytest

from map_app import cli
from map_app.errors import GazetteerBuildError, GazetteerError, GazetteerMissingError
from map_app.gazetteer import build
from map_app.gazetteer.geonames import Dump, _lines, check_dump
from map_app.gazetteer.lookup import Gazetteer, NameKind, open_gazetteer
from map_app.model import Feature


def place(
    geonameid: int, name: str, latitude: object, longitude: object, kind: str, country: str, admin1: str = "",
    admin2: str = "", *, plain: str = "", others: str = "", population: object = 0,
) -> str:  # fmt: skip
    """A line of a dump: 19 fields with tabs between them."""
    cls, code = kind.split(".")
    fields = [
        geonameid, name, plain or name, others, latitude, longitude, cls, code, country, "", admin1, admin2, "", "",
        population, "", 120, "Europe/Kyiv", "2026-01-31",
    ]  # fmt: skip
    return "\t".join(str(field) for field in fields)


PLACES = [
    place(900000001, "Zhabokryukivka", 48.61, 29.02, "P.PPL", "UA", "23", "9000", population=312,
          others="Жабокрюківка,ZHB,Zhabokriukivka"),
    place(900000002, "Vynohradne Selo", 48.7, 29.1, "P.PPL", "UA", "23", "9000"),
    place(900000003, "Quxbury", 51.0, -2.0, "P.PPL", "XZ", "01", "77", population=4000),
    place(900000004, "Saint Wystan", 51.2, -2.2, "P.PPL", "XZ", "01", "77", population=90),
    place(900000005, "Zembin Raion", 48.65, 29.05, "A.ADM2", "UA", "23", "9000"),
    place(900000006, "Great Quux Lake", 55.0, 30.0, "H.LK", "BY", others="a1,b2b,c3c,d4d,e5e"),
    place(900000007, "Little Quux Brook", 55.1, 30.1, "H.STM", "BY", others="Brook"),
    place(900000008, "Quux Barn", 55.1, 30.1, "S.BLDG", "BY"),
    place(900000009, "Quux Air Base", 55.2, 30.2, "S.AIRB", "BY"),
    place(900000010, "Ruined Quux", 55.2, 30.2, "P.PPLQ", "BY"),
    place(900000011, "Sea of Quux", 60.0, 2.0, "H.SEA", ""),
    place(703448, "Kyiv", 50.45466, 30.5238, "P.PPLC", "UA", "12", others="Kyïvgrad", population=2797553),
]  # fmt: skip
BROKEN = [
    "900000020\ttoo\tfew\tfields",
    place(900000021, "Nowhere", "north", 30.0, "P.PPL", "BY"),
    place(900000022, "Beyond", 91.0, 30.0, "P.PPL", "BY"),
    place(900000023, "Uncounted", 55.0, 30.0, "P.PPL", "BY", population="many"),
    place(900000024, "Overcounted", 55.0, 30.0, "P.PPL", "BY", population=2**70),
]
#: alternateNameId, geonameid, isolanguage, name, preferred, short, colloquial, historic, from, to
ALTERNATE = [
    "1\t900000001\ten\tZhabokrukivka Town\t1\t\t\t\t\t",
    "2\t900000001\tde\tSchabokrjukiwka\t\t\t\t\t\t",
    "3\t900000001\ten\tFrogholm\t1\t\t\t1\t1880\t1945",
    "4\t900000001\tabbr\tZBK\t\t\t\t\t\t",
    "5\t900000001\tlink\thttps://example.org/Zhabokryukivka\t\t\t\t\t\t",
    "6\t900000001\tpost\t22814\t\t\t\t\t\t",
    "7\t703448\teo\tKievurbo\t\t\t\t\t\t",
    "8\t999999999\ten\tOf No Place\t\t\t\t\t\t",
    "nine\tnot an id\ten\tBroken\t\t\t\t\t\t",
]
FIRST = ["XZ.01\tNorth Quxland\tNorth Quxland\t900000031", "UA.23\tVinnytsia\tVinnytsia\t689559", "broken"]
SECOND = ["XZ.01.77\tQuxshire\tQuxshire\t900000032", "XZ.01.99\tEmptyshire\tEmptyshire\t900000033"]


def zipped(path: Path, **members: list[str]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, lines in members.items():
            archive.writestr(f"{name}.txt", "\n".join(lines) + "\n")
    return path


def plain(path: Path, lines: list[str]) -> Path:
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


class Imported:
    """A cache into which the command has imported the dump, and what it said."""

    def __init__(self, folder: Path) -> None:
        self.cache = folder / "cache"
        self.files = {
            "--geonames": zipped(folder / "XX.zip", readme=["What this is"], XX=[*PLACES, *BROKEN]),
            "--alternate-names": zipped(
                folder / "alternateNamesV2.zip", alternateNamesV2=ALTERNATE, **{"iso-languagecodes": ["eng\ten"]}
            ),
            "--admin1": plain(folder / "admin1CodesASCII.txt", FIRST),
            "--admin2": plain(folder / "admin2Codes.txt", SECOND),
        }
        said, complained = io.StringIO(), io.StringIO()
        with contextlib.redirect_stdout(said), contextlib.redirect_stderr(complained):
            self.code = self.command()
        self.said, self.complained = said.getvalue(), complained.getvalue()

    def command(self) -> int:
        options = [str(part) for option in self.files.items() for part in option]
        return cli.main(["gazetteer", "build", "--cache", str(self.cache), *options, "--verbose"])


@pytest.fixture(scope="module")
def imported(tmp_path_factory: pytest.TempPathFactory) -> Imported:
    return Imported(tmp_path_factory.mktemp("geonames"))


@pytest.fixture(scope="module")
def full(imported: Imported) -> Gazetteer:
    return open_gazetteer(imported.cache)


def test_the_command_counts_the_rows_and_names_the_first_bad_ones(imported: Imported) -> None:
    assert imported.code == 0
    assert "places added" in imported.said
    assert "1 known already" in imported.said
    assert "3 of other kinds left out" in imported.said
    assert "7 rows not understood" in imported.said
    assert "XX.zip, line 13: not 19 fields" in imported.complained
    assert imported.complained.count("not understood: ") == 5
    assert "Reading" in imported.complained


@pytest.mark.parametrize(
    ("name", "place_id", "feature"),
    [
        ("Zhabokryukivka", "geonames:900000001", Feature.CITY),
        ("Vynohradne Selo", "geonames:900000002", Feature.CITY),
        ("St. Wystan", "geonames:900000004", Feature.CITY),
        ("Zembin Raion", "geonames:900000005", Feature.ADMIN2),
        ("Great Quux Lake", "geonames:900000006", Feature.WATER),
        ("Quux Air Base", "geonames:900000009", Feature.OTHER),
        ("Sea of Quux", "geonames:900000011", Feature.WATER),
        ("North Quxland", "geonames:900000031", Feature.ADMIN1),
        ("Quxshire", "geonames:900000032", Feature.ADMIN2),
        ("Kyiv", "city:703448", Feature.CITY),
        ("Kursk", "city:538560", Feature.CITY),
        ("Gaza Strip", "curated:gaza-strip", Feature.REGION),
    ],
)
def test_places_of_the_dump_are_found_beside_those_that_come_along(
    full: Gazetteer, name: str, place_id: str, feature: Feature
) -> None:
    found = {match.place.id: match.place for match in full.candidates(name)}
    assert found[place_id].feature is feature
    assert full.place(place_id) == found[place_id]


@pytest.mark.parametrize(
    "name", ["Little Quux Brook", "Quux Barn", "Ruined Quux", "Beyond", "Nowhere", "Uncounted", "Emptyshire"]
)
def test_what_news_never_speaks_of_and_broken_rows_are_left_out(full: Gazetteer, name: str) -> None:
    assert full.candidates(name) == []


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("Zhabokrukivka Town", NameKind.PRIMARY),
        ("Schabokrjukiwka", NameKind.ALTERNATE),
        ("Frogholm", NameKind.ALTERNATE),
        ("ZBK", NameKind.ABBREVIATION),
    ],
    ids=["preferred English", "German", "historic", "abbreviation"],
)
def test_names_in_other_languages_lead_to_the_place(full: Gazetteer, name: str, kind: NameKind) -> None:
    [match] = [match for match in full.candidates(name) if match.place.id == "geonames:900000001"]
    assert match.name_kind is kind
    assert match.place.name == "Zhabokrukivka Town"


def test_a_place_that_comes_along_gets_the_names_of_the_dump_and_keeps_its_own(full: Gazetteer) -> None:
    assert [match.place.id for match in full.candidates("Kievurbo")] == ["city:703448"]
    assert full.place("city:703448").name == "Kyiv"
    assert full.candidates("Київ")[0].place.id == "city:703448"


@pytest.mark.parametrize("name", ["22814", "https://example.org/Zhabokryukivka", "Of No Place"])
def test_codes_and_links_are_no_names(full: Gazetteer, name: str) -> None:
    assert full.candidates(name) == []


def test_added_places_lie_in_their_divisions(full: Gazetteer) -> None:
    village = full.place("geonames:900000001")
    assert village.country_code == "UA"
    assert [p.id for p in full.parents(village)[:3]] == ["geonames:900000005", "admin1:UA.23", "country:UA"]
    assert [p.name for p in full.parents(full.place("geonames:900000003"))] == ["Quxshire", "North Quxland"]


def test_a_division_of_which_only_the_towns_are_known_is_put_in_their_middle(full: Gazetteer) -> None:
    point = full.place("geonames:900000032").point
    assert (point.latitude, point.longitude) == pytest.approx((51.1, -2.1), abs=0.001)
    assert full.place("geonames:900000032").population == 4090


def test_an_added_village_is_the_nearest_to_its_point(full: Gazetteer) -> None:
    [(nearest, km)] = full.nearest(full.place("geonames:900000002").point)
    assert nearest.id == "geonames:900000002"
    assert km < 0.01


@pytest.mark.parametrize("place_id", ["geonames:1", "geonames:-1", "geonames:x", "geonames:"])
def test_an_id_that_nobody_has_is_an_error_here_too(full: Gazetteer, place_id: str) -> None:
    with pytest.raises(GazetteerError, match="knows no place"):
        full.place(place_id)


def test_it_is_told_what_the_gazetteer_was_made_from(full: Gazetteer) -> None:
    assert full.info().packages["GeoNames dump"] == "XX.zip"
    assert sum(full.info().places.values()) == len(full.latitude)


def test_importing_the_same_again_builds_nothing(imported: Imported) -> None:
    manifest = build.folder(imported.cache) / build.MANIFEST
    before = manifest.stat().st_mtime_ns
    assert imported.command() == 0
    assert manifest.stat().st_mtime_ns == before


def test_an_import_that_is_gone_with_its_files_says_what_to_do(imported: Imported, tmp_path: Path) -> None:
    row = json.loads((imported.cache / build.SOURCE).read_text(encoding="utf-8"))
    row["geonames"] = str(tmp_path / "gone.zip")
    (tmp_path / build.SOURCE).write_text(json.dumps(row), encoding="utf-8")
    with pytest.raises(GazetteerMissingError, match=r"gone\.zip cannot be read.*gazetteer build --geonames FILE"):
        open_gazetteer(tmp_path)


def test_after_going_back_the_gazetteer_that_comes_along_is_in_use(imported: Imported) -> None:
    own = build.folder(imported.cache)
    pointer = (imported.cache / build.SOURCE).read_text(encoding="utf-8")
    build.choose(imported.cache, None)
    assert build.folder(imported.cache) != own
    (imported.cache / build.SOURCE).write_text(pointer, encoding="utf-8")
    assert build.folder(imported.cache) == own


@pytest.mark.parametrize(
    ("lines", "option", "why"),
    [
        (["id,name,latitude", "1,Paris,48.8"], "geonames", "no.* dump of places .*first line has 1 fields"),
        ([], "geonames", "it is empty"),
        (FIRST, "geonames", "first line has 4 fields"),
        (PLACES, "alternate_names", "not a list of alternate names"),
        (SECOND, "admin1", "not a list of first-level divisions"),
        (FIRST[:2], "admin2", "not a list of second-level divisions"),
    ],
    ids=["a table", "nothing", "codes as places", "places as names", "second level as first", "first as second"],
)
def test_a_file_of_another_kind_is_refused_before_anything_is_built(
    tmp_path: Path, lines: list[str], option: str, why: str
) -> None:
    wrong = plain(tmp_path / "wrong.txt", lines) if lines else tmp_path / "wrong.txt"
    wrong.touch()
    dump = Dump(**{"geonames": plain(tmp_path / "places.txt", PLACES), option: wrong})
    with pytest.raises(GazetteerBuildError, match=why):
        check_dump(dump)
    with pytest.raises(GazetteerBuildError, match=r"wrong\.txt"):
        build.import_geonames(tmp_path / "cache", dump)
    assert not (tmp_path / "cache" / build.SOURCE).exists()


def test_a_byte_order_mark_costs_no_row(tmp_path: Path) -> None:
    marked = tmp_path / "XX.txt"
    marked.write_text("\n".join(PLACES), encoding="utf-8-sig")
    plain = tmp_path / "plain.txt"
    plain.write_text("\n".join(PLACES), encoding="utf-8")
    assert list(_lines(marked)) == list(_lines(plain))
    check_dump(Dump(marked))


def test_a_damaged_or_empty_zip_is_refused(tmp_path: Path) -> None:
    whole = zipped(tmp_path / "whole.zip", XX=PLACES * 500).read_bytes()
    cut = tmp_path / "cut.zip"
    cut.write_bytes(whole[:60] + b"\xff" * 200 + whole[260:])
    with pytest.raises(GazetteerBuildError, match=r"cut\.zip"):
        check_dump(Dump(cut))
    cut.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(GazetteerBuildError, match=r"cut\.zip is a zip file that is cut off or damaged"):
        check_dump(Dump(cut))
    with pytest.raises(GazetteerBuildError, match=r"holds no \.txt file"):
        check_dump(Dump(zipped(tmp_path / "none.zip", readme=["nothing else"])))
    with pytest.raises(GazetteerBuildError, match="cannot be read"):
        check_dump(Dump(tmp_path / "absent.zip"))


def test_names_without_the_dump_they_belong_to_are_not_understood(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = plain(tmp_path / "alternateNamesV2.txt", ALTERNATE)
    assert cli.main(["gazetteer", "build", "--cache", str(tmp_path), "--alternate-names", str(path)]) == 1
    assert "--alternate-names belongs to a dump" in capsys.readouterr().err
