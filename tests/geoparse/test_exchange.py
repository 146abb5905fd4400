from map_app.geoparse.exchange import Exchange
from map_app.geoparse.gold import read_gold
from map_app.settings import GOLD_SET


def test_names_of_towns_take_the_place_of_others_and_all_else_stays(gazetteer):
    exchange = Exchange(gazetteer)
    changed = 0
    for document in list(read_gold(GOLD_SET))[:30]:
        other = exchange.exchanged(document, 1)
        assert len(other.toponyms) == len(document.toponyms)
        before, after, new_names = document.article.text, other.article.text, {}
        at = at_other = 0
        for old, new in zip(sorted(document.toponyms, key=lambda t: t.start), other.toponyms, strict=True):
            assert before[at : old.start] == after[at_other : new.start]
            assert after[new.start : new.end] == new.name
            assert (new.level, new.scored, new.country_code) == (old.level, old.scored, old.country_code)
            changed += new.name != old.name
            if old.scored:
                assert new_names.setdefault(old.name, new.name) == new.name or old.name.isupper()
            at, at_other = old.end, new.end
        assert before[at:] == after[at_other:]
    assert changed > 50


def test_the_same_seed_draws_the_same_whatever_else_was_drawn(gazetteer):
    first, second = list(read_gold(GOLD_SET))[:2]
    alone = Exchange(gazetteer).exchanged(second, 1)
    exchange = Exchange(gazetteer)
    exchange.exchanged(first, 1)
    assert exchange.exchanged(second, 1) == alone
    assert exchange.exchanged(second, 2) != alone


def test_abbreviations_capitals_and_what_says_its_kind_are_left(gazetteer):
    exchange = Exchange(gazetteer)
    for document in list(read_gold(GOLD_SET))[:60]:
        other = exchange.exchanged(document, 1)
        for old, new in zip(sorted(document.toponyms, key=lambda t: t.start), other.toponyms, strict=True):
            if "." in old.name or old.name.isupper() or "State" in old.name or old.level in ("continent", "other"):
                assert new.name == old.name
