"""Every parser against inputs that a coverage-guided fuzzer makes up, for a bounded time.

    python -m benchmarks.fuzz [--seconds 60] [PARSER...]

Atheris (libFuzzer) changes inputs towards code that they have not reached yet. A parser may give a result or raise
SourceError; any other exception, ten seconds on one input or 1 GB of memory is a finding: it is printed with the input
that led to it, and the exit code is 1. Each parser runs in a process of its own. To add one, write a function of bytes
below and register it by a name.
"""

import argparse
import contextlib
import gzip
import io
import logging
import re
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import atheris
import httpcore

#: Only the process that fuzzes is watched; the one that starts it imports as usual.
INSIDE = "--inside"

with atheris.instrument_imports(include=["map_app"]) if INSIDE in sys.argv else contextlib.nullcontext():
    from map_app.errors import SourceError
    from map_app.fetch import Fetcher
    from map_app.fetch.addresses import read_address
    from map_app.fetch.decoding import decoded
    from map_app.sources.dates import published_of
    from map_app.sources.decode import decode, decode_declared
    from map_app.sources.discover import announced_feeds
    from map_app.sources.doctype import without_doctype
    from map_app.sources.feeds import parse_feed
    from map_app.sources.fields import article_of, canonical_url
    from map_app.sources.files import read_lines, read_path
    from map_app.sources.language import language_of
    from map_app.sources.markup import html_to_text, markdown_to_text, read_page
    from map_app.sources.opml import read_opml
    from map_app.store.copies import signature_of

NOW = datetime(2026, 1, 1, tzinfo=UTC)
MAX_INPUT_BYTES = 4096
INPUT_SECONDS, MEMORY_MB = 10, 1000

Parser = Callable[[bytes], object]
PARSERS: dict[str, tuple[Parser, tuple[bytes, ...]]] = {}


def parser(name: str, *seeds: bytes) -> Callable[[Parser], Parser]:
    """Register what parses bytes, with inputs to start from."""

    def register(function: Parser) -> Parser:
        PARSERS[name] = (function, seeds)
        return function

    return register


@parser("address", b"https://e.org:8080/a?b=c#d", b"http://[::ffff:127.0.0.1]/", "http://①②⑦.0.0.1/".encode())
def _address(data: bytes) -> object:
    address = read_address(data.decode("utf-8", errors="replace"))
    assert read_address(str(address)) == address
    return address


@parser(
    "http answer", b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc", b"HTTP/1.1 302 Found\r\nLocation: /a\r\n\r\n"
)
def _http_answer(data: bytes) -> object:
    network = httpcore.MockBackend([data])
    with Fetcher(user_agent="fuzz/1", resolve=lambda _h, _p: ["1.1.1.1"], network=network, gap_s=0) as fetcher:
        return fetcher.get("http://e.org/", etag='"1"')


@parser("content encoding", b"\x1f\x8b\x08\0\0\0\0\0\0\x03", b"x\x9c\x4b\x4c\x4a\x06\0")
def _content_encoding(data: bytes) -> object:
    return [sum(map(len, decoded([data[:7], data[7:]], name))) for name in ("gzip", "deflate", "")]


@parser("feed", b'<rss version="2.0"><channel><item><title>a</title><link>https://e.org/</link></item></channel></rss>')
def _feed(data: bytes) -> object:
    return parse_feed(data, url="https://e.org/feed", now=NOW, max_chars=1000)


@parser("json feed", b'{"version": "https://jsonfeed.org/version/1.1", "items": [{"id": "1", "content_text": "a"}]}')
def _json_feed(data: bytes) -> object:
    return parse_feed(data, url="https://e.org/feed", now=NOW, max_chars=1000)


@parser("opml", b'<opml><body><outline type="rss" xmlUrl="https://e.org/feed" text="a"/></body></opml>')
def _opml(data: bytes) -> object:
    return read_opml(data, "fuzz")


@parser("document type", b"<!DOCTYPE r [<!ENTITY a 'b'>]><r>&a;</r>", b"<!DOCTYPE r [<!ENTITY % d '&a;'>]><r/>")
def _document_type(data: bytes) -> object:
    return without_doctype(data.decode("utf-8", errors="replace"))


@parser("announced feeds", b'<link rel="alternate" type="application/rss+xml" href="/feed" title="a">')
def _announced_feeds(data: bytes) -> object:
    return announced_feeds(data, url="https://e.org/")


@parser("html", b"<p>a<br>b<script>c</script><!-- d --></p>")
def _html(data: bytes) -> object:
    return html_to_text(data.decode("utf-8", errors="replace"))


@parser(
    "page", b'<html lang="en"><title>T</title><meta name="date" content="2025-01-02"><article><p>Words.</p></article>'
)
def _page(data: bytes) -> object:
    return read_page(data, charset="utf-8", url="https://e.org/a")


@parser("markdown", b"# A\n\n**b** [c](d) `e`\n> f\n- g")
def _markdown(data: bytes) -> object:
    return markdown_to_text(data.decode("utf-8", errors="replace"))


@parser("text encoding", b"\xef\xbb\xbfabc", "Київ".encode("cp1251"))
def _text_encoding(data: bytes) -> object:
    return decode(data), decode_declared(data, "shift_jis", "utf-16", "no such encoding")


@parser("date", b"2025-01-02T03:04:05+06:00", b"Tue, 5 Nov 2024 10:00:00 EST", b"1700000000")
def _date(data: bytes) -> object:
    return published_of(data.decode("utf-8", errors="replace"), now=NOW)


@parser("json lines", b'{"title": "a", "text": "b", "url": "https://e.org"}\n[1]\n')
def _json_lines(data: bytes) -> object:
    lines = data.decode("utf-8", errors="replace").splitlines()
    return list(read_lines(lines, "fuzz", max_chars=1000, now=NOW))


@parser("fields", b"https://e.org/a?utm_source=b", b"<p>a</p>")
def _fields(data: bytes) -> object:
    word = data.decode("utf-8", errors="replace")
    row = dict.fromkeys(("title", "text", "url", "published", "publisher", "language", "id", "domain"), word)
    return article_of(row, source="fuzz", now=NOW, max_chars=1000)


def _file(ending: str) -> Parser:
    """Reads bytes as a file of that kind; whatever they are, nothing may be raised and nothing may be left behind."""

    def read(data: bytes) -> object:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / f"a{ending}"
            path.write_bytes(data)
            found = list(read_path(path, max_bytes=1_000_000, max_chars=1000, now=lambda: NOW))
            assert [other.name for other in Path(folder).iterdir()] == [path.name]
            return found

    return read


def _zipped(**files: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(f"{name}.txt", content)
    return out.getvalue()


def _tarred() -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz") as archive:
        archive.addfile(tarfile.TarInfo("a.txt"))
    return out.getvalue()


_MESSAGE = b"From: A <a@e.org>\nSubject: =?utf-8?q?b?=\nDate: Tue, 5 Nov 2024 10:00:00 -0500\n"
_PARTS = b"Content-Type: multipart/mixed; boundary=x\n\n--x\nContent-Transfer-Encoding: base64\n\nYQ==\n--x--\n"
_GKG = b"20250102030000-1\t20250102030000\t1\te.org\thttps://e.org/1" + b"\t" * 5 + b"4#A#B#C#1#2#3" + b"\t" * 17
_EVENT = b"1\t20250501" + b"\t" * 50 + b"4\tA\tB\tC\t\t1\t2\t3\t20250502031500\thttps://e.org/1"
_PAGE = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nTransfer-Encoding: chunked\r\n\r\n3\r\n<p>\r\n0\r\n\r\n"
_RECORD = b"WARC/1.0\r\nWARC-Type: response\r\nWARC-Target-URI: https://e.org/\r\nContent-Length: %d\r\n\r\n%s\r\n\r\n"
_WARC = _RECORD % (len(_PAGE), _PAGE)

parser("table", b'title;text\n"a";"b""c"\n', b"title\ttext\na\tb\n", b"title,lat,lon\na,1,2\n")(_file(".csv"))
parser("gdelt", _GKG, _EVENT + b"\n" + _EVENT)(_file(".csv"))
parser("json", b'{"articles": [{"title": "a"}, {"title": "b"}]}', b'[{"title": "a"}, ')(_file(".json"))
parser("geojson", b'{"type":"FeatureCollection","features":[{"properties":{"title":"a"},"geometry":{"type":"Point",'
       b'"coordinates":[1,2]}}]}')(_file(".geojson"))  # fmt: skip
parser("text file", b"Title\n\nTAIPEI, Taiwan - Words.")(_file(".txt"))
parser("markdown file", b"---\ntitle: a\n---\n# b\n\nc")(_file(".md"))
parser("message", _MESSAGE + b"\nText", _MESSAGE + _PARTS)(_file(".eml"))
parser("mailbox", b"From a\n" + _MESSAGE + b"\nText\n\nFrom b\n" + _MESSAGE + _PARTS)(_file(".mbox"))
parser("web archive", _WARC + _WARC)(_file(".warc"))
parser("packed web archive", gzip.compress(_WARC) + gzip.compress(_WARC))(_file(".warc.gz"))
parser("zip", _zipped(a=b"Text", b=b"Text"), _zipped())(_file(".zip"))
parser("gz", gzip.compress(b"Text"))(_file(".txt.gz"))
parser("tar", _tarred())(_file(".tgz"))


@parser(
    "canonical address", b"https://www.e.org/a/?utm_source=b&id=1#c", b"https://e-org.cdn.ampproject.org/c/s/e.org/a"
)
def _canonical_address(data: bytes) -> object:
    folded = canonical_url(data.decode("utf-8", errors="replace"))
    assert canonical_url(folded) == folded or len(folded) > 2000  # no longer one that is taken
    return folded


@parser("language", b"The city wants to build a bridge.", "Місто хоче збудувати міст.".encode())
def _language(data: bytes) -> object:
    return language_of("", data.decode("utf-8", errors="replace"))


@parser("copies", b"word " * 40)
def _copies(data: bytes) -> object:
    return signature_of("title", data.decode("utf-8", errors="replace"))


def fuzz_one(name: str, folder: str, seconds: int) -> None:
    """Fuzz one parser in this process; ends the process."""
    function, seeds = PARSERS[name]
    logging.disable(logging.CRITICAL)
    for number, seed in enumerate(seeds):
        (Path(folder) / f"seed{number}").write_bytes(seed)

    def test(data: bytes) -> None:
        with contextlib.suppress(SourceError):
            function(data)

    limits = [f"-max_total_time={seconds}", f"-timeout={INPUT_SECONDS}", f"-rss_limit_mb={MEMORY_MB}"]
    artifacts = f"-artifact_prefix={folder}/found-"
    atheris.Setup([sys.argv[0], *limits, f"-max_len={MAX_INPUT_BYTES}", artifacts, folder], test)
    atheris.Fuzz()


def main() -> int:
    """Fuzz the parsers one after the other and print what was found."""
    arguments = argparse.ArgumentParser(
        prog="python -m benchmarks.fuzz", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    arguments.add_argument("parsers", nargs="*", metavar="PARSER", help=f"of: {', '.join(PARSERS)}; without any, all")
    arguments.add_argument("--seconds", type=int, default=60, help="for each parser (default: 60)")
    arguments.add_argument(INSIDE, metavar="FOLDER", help=argparse.SUPPRESS)
    options = arguments.parse_args()
    unknown = [name for name in options.parsers if name not in PARSERS]
    if unknown:
        arguments.error(f"there is no parser named {unknown[0]!r}")
    if options.inside:
        fuzz_one(options.parsers[0], options.inside, options.seconds)
    failed = 0
    for name in options.parsers or PARSERS:
        with tempfile.TemporaryDirectory() as folder:
            command = [sys.executable, "-m", "benchmarks.fuzz", name, "--seconds", str(options.seconds), INSIDE, folder]
            done = subprocess.run(command, capture_output=True, text=True, errors="replace", check=False)
            runs = re.search(r"Done (\d+) runs in (\d+) second", done.stderr)
            reached = re.findall(r"cov: (\d+)", done.stderr)
            if done.returncode == 0 and runs:
                print(
                    f"{name}: {int(runs[1]):,} inputs in {runs[2]} s, {reached[-1] if reached else 0} branches, sound"
                )
                continue
            failed += 1
            inputs = [path.read_bytes() for path in Path(folder).glob("found-*")]
            print(f"{name}: FAILED on {inputs}\n{done.stdout[-3000:]}\n{done.stderr[-1500:]}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
