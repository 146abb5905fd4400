import pytest
from hypothesis import given
from hypothesis import strategies as st

from map_app.gazetteer.names import fold
from map_app.gazetteer.variants import spellings


@pytest.mark.parametrize(
    ("name", "country", "expected"),
    [
        ("St. Louis", "US", {"saint louis"}),
        ("Saint-Denis", "FR", {"st denis"}),
        ("Mount Pleasant", "US", {"mt pleasant"}),
        ("Ft. Worth", "US", {"fort worth"}),
        ("Sault Ste. Marie", "CA", {"sault sainte marie"}),
        ("West Columbia", "US", {"w columbia"}),
        ("West Ham", "GB", set()),
        ("Main St", "US", set()),
        ("Ar-Raqqah", "SY", {"raqqah", "raqqa", "al raqqah", "el raqqah", "al raqqa", "el raqqa"}),
        ("Al Bab", "SY", {"al bab", "el bab"}),
        ("Al Bab", "US", set()),
        ("Jisr ash Shughur", "SY", {"jisr al shughur"}),
        ("Ra's al 'Ayn", "SY", {"ras al ain"}),
        ("Bayt Lahya", "PS", {"beit lahya"}),
        ("Bayt Lahya", "US", set()),
        ("Київ", "UA", set()),
    ],
)
def test_a_name_has_the_spellings_that_news_gives_it(name: str, country: str, expected: set[str]) -> None:
    assert set(spellings(fold(name), country)) == expected


@given(st.text(), st.sampled_from(["US", "SY", "FR", ""]))
def test_every_spelling_is_a_folded_name(name: str, country: str) -> None:
    assert [s for s in spellings(fold(name), country) if fold(s) != s or not s] == []
