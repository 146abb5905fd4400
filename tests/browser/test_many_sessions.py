"""Many visitors at once, each over a session of its own: all get answers, and nobody sees another's text."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import pytest

from scripts.serving import serve
from tests.browser.raw_session import RawSession, connected, pressed, typed

pytestmark = pytest.mark.browser

VISITORS = 24
CITIES = ("Nairobi", "Lima", "Osaka", "Tbilisi", "Gdansk", "Montevideo")


def secret(number: int) -> str:
    return f"secret{number:03}of{CITIES[number % len(CITIES)]}"


def try_ones_own_text(session: RawSession, number: int) -> str:
    """All that the page draws for a visitor who tries a text, and then goes back to the list and opens it again."""
    opened = session.run([pressed(session.run().ids["open-try"])])
    form = next(key for key in opened.ids if key.startswith("FormSubmitter:try"))
    city = CITIES[number % len(CITIES)]
    text = f"Talks were held in {city} on Monday. The {secret(number)} was kept."
    found = session.run([typed(opened.ids["own-text"], text), pressed(opened.ids[form])])
    assert secret(number) in found.text
    assert city in found.text
    again = session.run()
    assert secret(number) in again.text
    closed = session.run([pressed(again.ids["close-try"])])
    assert secret(number) not in closed.text
    return opened.text + found.text + again.text + closed.text


def test_many_visitors_at_once_get_answers_and_nobody_sees_anothers_text(tmp_path: Path) -> None:
    together = Barrier(VISITORS, timeout=60)

    def visit(number: int) -> str:
        with connected(url) as session:
            together.wait()
            return try_ones_own_text(session, number)

    with serve({"MAP_APP_STORE": str(tmp_path / "none.sqlite")}) as url:
        with ThreadPoolExecutor(VISITORS) as visitors:
            drawn = list(visitors.map(visit, range(VISITORS)))
        with connected(url) as late:
            drawn.append(late.run().text)
    for number, text in enumerate(drawn):
        assert "exception {" not in text
        assert not [other for other in range(VISITORS) if other != number and secret(other) in text]
