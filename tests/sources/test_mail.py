import mailbox
from datetime import UTC, datetime
from email.message import EmailMessage
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from map_app.model import Article
from map_app.sources import mail, reading
from map_app.sources.files import Failure, Item, Note, read_path

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def read(path: Path) -> list[Item]:
    return list(read_path(path, max_bytes=10_000_000, max_chars=100_000, now=lambda: NOW))


def message(**headers: str) -> EmailMessage:
    made = EmailMessage()
    usual = {
        "From": "The Daily <news@mail.daily.example>",
        "Subject": "Überschwemmung in Köln",
        "Date": "Tue, 05 Nov 2024 10:00:00 -0500",
        "Message-ID": "<a1@daily.example>",
    }
    for name, value in (usual | {name.replace("_", "-"): value for name, value in headers.items()}).items():
        made[name] = value
    made.set_content("Der Rhein ist über die Ufer getreten.\n")
    return made


def saved(tmp_path: Path, made: EmailMessage | bytes) -> Path:
    path = tmp_path / "a.eml"
    path.write_bytes(made if isinstance(made, bytes) else made.as_bytes())
    return path


def test_a_message_is_an_article_of_its_sender(tmp_path: Path) -> None:
    made = message(Archived_At="<https://daily.example/1>", Content_Language="de")
    made.add_alternative("<p>Der <b>Rhein</b></p>", subtype="html")
    made.add_attachment(b"secret", maintype="application", subtype="pdf", filename="a.pdf")
    assert read(saved(tmp_path, made)) == [
        Article(
            id="a1@daily.example",
            title="Überschwemmung in Köln",
            text="Der Rhein ist über die Ufer getreten.",
            url="https://daily.example/1",
            publisher="The Daily",
            published=datetime(2024, 11, 5, 15, tzinfo=UTC),
            language="de",
            domain="daily.example",
            source="a.eml",
        )
    ]


def test_html_becomes_text_where_there_is_nothing_else_and_attached_text_is_left_alone(tmp_path: Path) -> None:
    made = message(From="alerts@wire.example")
    made.set_content("<p>One</p><script>alert(1)</script><p>Two</p>", subtype="html")
    made.add_attachment("Attached", filename="notes.txt")
    article, note = read(saved(tmp_path, made.as_bytes().replace(b"Tue, 05 Nov 2024 10:00:00 -0500", b"2099-01-01")))
    assert isinstance(article, Article)
    assert (article.text, article.publisher, article.published) == ("One\nTwo", "wire.example", None)
    assert isinstance(note, Note)


def test_a_wrong_or_unknown_charset_is_put_right(tmp_path: Path) -> None:
    for charset, body in (("no-such", "Köln".encode()), ("ascii", "Köln".encode("cp1252")), ("utf-8", b"K\xf6ln")):
        data = b"Subject: T\nContent-Type: text/plain; charset=" + charset.encode() + b"\n\n" + body
        [article] = read(saved(tmp_path, data))
        assert isinstance(article, Article)
        assert article.text == "Köln"


def test_each_message_of_a_mailbox_comes_in_and_an_empty_one_is_named(tmp_path: Path) -> None:
    path = tmp_path / "box.mbox"
    box = mailbox.mbox(path)
    for number in range(3):
        made = message(Message_ID=f"<{number}@e.example>", Subject=f"Story {number}")
        made.set_content(f"It rained.\nFrom here on it rained more, part {number}.\n")
        box.add(made)
    empty = EmailMessage()
    empty["From"] = "x@e.example"
    box.add(empty)
    box.close()
    *found, failure = read(path)
    assert [item.title for item in found if isinstance(item, Article)] == ["Story 0", "Story 1", "Story 2"]
    assert found[0].text == "It rained.\nFrom here on it rained more, part 0."  # type: ignore[union-attr]
    assert failure == Failure("box.mbox, message 4", "it has neither a title nor text")
    path.write_bytes(b"no mailbox")
    [failure] = read(path)
    assert isinstance(failure, Failure)


def test_parts_within_parts_without_end_are_refused_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    depth = 40
    nested = b"".join(b"Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n" % (n, n) for n in range(depth))
    data = b"Subject: Deep\n" + nested + b"Content-Type: text/plain\n\n" + b"It rained.\n" * 50
    path = saved(tmp_path, data)
    [article] = read(path)
    assert isinstance(article, Article)
    assert article.text.startswith("It rained.")
    monkeypatch.setattr(mail, "MAX_BYTES_TRIED", len(data) * depth - 1)
    [failure] = read(path)
    assert isinstance(failure, Failure)
    assert "parts within parts" in failure.why


HEADER = st.sampled_from([b"Subject", b"From", b"Date", b"Content-Type", b"Content-Transfer-Encoding", b"Message-ID"])
VALUE = st.one_of(
    st.binary(max_size=60),
    st.sampled_from(
        [
            b"=?utf-8?b?w5w=?= =?x?q?=ff?=",
            b"multipart/mixed; boundary=x",
            b"multipart/mixed",
            b"text/plain; charset=\"=?utf-8?q?x?=\"; charset*0*=a''%ff",
            b"message/rfc822",
            b"base64",
            b"quoted-printable",
            b"x-uuencode",
            b"(((((((",
            b'"<@"@@:;,<>',
            b"[" * 500,
            b"(" * 3000,
        ]
    ),
)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(HEADER, VALUE), max_size=6), st.binary(max_size=200))
def test_no_headers_and_no_body_make_a_message_raise(
    tmp_path: Path, headers: list[tuple[bytes, bytes]], body: bytes
) -> None:
    data = b"".join(name + b": " + value + b"\n" for name, value in headers) + b"\n--x\n" + body
    for path, content in ((tmp_path / "a.eml", data), (tmp_path / "a.mbox", b"From x\n" + data + b"\nFrom y\n" + data)):
        path.write_bytes(content)
        for item in read(path):
            assert isinstance(item, Article | Failure | Note)
            if isinstance(item, Article):
                (item.id + item.title + item.text + item.publisher).encode()


def test_headers_that_would_take_hours_to_read_are_not_read(tmp_path: Path) -> None:
    for name in ("From", "Subject"):
        [article] = read(saved(tmp_path, f"{name}: {'=?utf-8?q?a?= ' * 200_000}\n\nThe Rhine rose.".encode()))
        assert isinstance(article, Article)
        assert (article.title, article.publisher) == ("The Rhine rose", "")
    for start in ("Content-Type", "Subject: a\rcontent-disposition", "X: y\nContent-Type: text/plain;\n "):
        [failure] = read(saved(tmp_path, f"{start}: text/plain; {'a*0*=b;' * 200_000}\n\nThe Rhine rose.".encode()))
        assert isinstance(failure, Failure)
        assert "longer than any mail program writes" in failure.why


def test_a_message_too_large_for_an_article_is_told_and_the_next_one_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "MAX_WHOLE_BYTES", 1000)
    (tmp_path / "a.mbox").write_bytes(b"From x\nSubject: A\n\n" + b"a\n" * 900 + b"\nFrom x\nSubject: B\n\nText.\n")
    failure, article = read(tmp_path / "a.mbox")
    assert isinstance(failure, Failure)
    assert isinstance(article, Article)
    assert (failure.where, "no more than 1,000 are read" in failure.why) == ("a.mbox, message 1", True)
    assert article.title == "B"
    (tmp_path / "a.rss").write_text("<rss><channel><item><title>A</title></item></channel></rss>".ljust(2000))
    [failure] = read(tmp_path / "a.rss")
    assert isinstance(failure, Failure)
    assert "no more than 1,000 are read" in failure.why
