import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from map_app.store.snippets import snippet

TEXT = (
    "The river rose for days. Shops in the old town stayed shut. On Monday the water reached Valencia, where people "
    "had carried sand to their doors all night. Helpers came from Madrid. " + "More was said about it later on. " * 20
)


def test_a_snippet_holds_the_name_marked_and_starts_at_a_sentence() -> None:
    start = TEXT.index("Valencia")
    cut = snippet(TEXT, [(start, start + 8)], width=160)
    assert [cut.text[s:e] for s, e in cut.highlights] == ["Valencia"]
    assert cut.text.removeprefix("… ").startswith(("Shops in", "On Monday"))
    assert cut.text.endswith(" …")


def test_a_text_without_spans_is_cut_at_a_words_end() -> None:
    cut = snippet("word " * 100, [], width=52)
    assert cut.text == "word " * 9 + "word …"


def test_a_short_text_is_whole() -> None:
    assert snippet("Rain  in\n Lima.", [(10, 14)]).text == "Rain in Lima."


def test_no_emoji_or_accent_is_cut_apart() -> None:
    family = "\U0001f468\u200d\U0001f469\u200d\U0001f467"
    for width in range(1, 40):
        assert set(snippet(family * 10, [], width=width).text.replace(family, "").strip(" …")) == set()


@given(st.text(max_size=400), st.lists(st.tuples(st.integers(0, 400), st.integers(0, 400)), max_size=4), st.data())
def test_highlights_lie_in_the_text_in_order(text: str, spans: list[tuple[int, int]], data: st.DataObject) -> None:
    inside = sorted((s, e) for s, e in spans if s < e <= len(text))
    cut = snippet(text, inside, width=data.draw(st.integers(20, 200)))
    position = 0
    for start, end in cut.highlights:
        assert position <= start <= end <= len(cut.text)
        position = end


@pytest.mark.parametrize(
    "character",
    ["e\u0301", "\U0001f469\U0001f3fd\u200d\U0001f680", "\U0001f1fa\U0001f1e6", "\u1112\u1161\u11ab", "นำ", "ก็"],
    ids=["accent", "astronaut", "flag", "Korean letters", "Thai vowel", "Thai mark"],
)
def test_a_character_of_several_parts_is_kept_or_left_out_whole(character: str) -> None:
    for width in range(4, 12):
        cut = snippet(
            character * 2 + "x" * 5 + character * 8, [(len(character) * 2, len(character) * 2 + 5)], width=width
        )
        assert set(cut.text.replace(character, "")) <= set("x… ")
        assert [cut.text[s:e] for s, e in cut.highlights] == ["xxxxx"]


def test_a_text_without_spaces_is_cut_at_its_full_stops_or_anywhere() -> None:
    text = "会谈开始了。" * 30 + "代表在北京会面。" + "他们谈了很久" * 60
    start = text.index("北京")
    cut = snippet(text, [(start, start + 2)], width=60)
    assert [cut.text[s:e] for s, e in cut.highlights] == ["北京"]
    assert cut.text.startswith("… 会谈开始了。代表在")
    assert len(cut.text) <= 60 + len("… ") + len(" …")


def test_a_million_marks_on_one_letter_do_not_make_a_long_snippet() -> None:
    assert len(snippet("a" + "\u0301" * 1_000_000, [(0, 1)], width=100).text) < 200


def words_of(text: str) -> str:
    return " ".join(text.split())


@given(
    st.lists(
        st.sampled_from(
            ["Kyiv", "São Paulo", "in", "rained.", "\n", "  ", "e\u0301", "北京", "。", "\U0001f1fa\U0001f1e6"]
        )
    ),
    st.integers(20, 200),
)
@example(["Kyiv", "\n", "  "], 20)
def test_every_highlight_is_a_name_and_the_rest_is_the_text(parts: list[str], width: int) -> None:
    text = " ".join(parts)
    spans = [(i, i + 4) for i in range(len(text)) if text.startswith("Kyiv", i)]
    cut = snippet(text, spans, width=width)
    assert {cut.text[s:e] for s, e in cut.highlights} <= {"Kyiv"}
    assert bool(cut.highlights) == bool(spans)
    bare = cut.text.removeprefix("… ").removesuffix(" …")
    assert bare.strip() in words_of(text)
    assert not bare or not unicodedata.combining(bare[0])
    assert "  " not in cut.text
    assert "\n" not in cut.text
