"""Content-Encoding undone a piece at a time, so that a bomb is stopped while it is still small."""

import zlib
from collections.abc import Iterable, Iterator

from map_app.errors import FetchError

#: Decoded bytes at a time: what a bomb may take of memory before it is measured.
PIECE_BYTES = 1 << 16

#: It takes so many to tell deflate with its header from deflate without.
HEADER_BYTES = 2

_GZIP = zlib.MAX_WBITS | 16


def decoded(chunks: Iterable[bytes], encoding: str) -> Iterator[bytes]:
    """The body in pieces of at most PIECE_BYTES; raises FetchError where it is not what it says.

    `encoding` is the header's value: gzip or deflate, which are all that is asked for, and never one in another:
    nobody but an attacker nests them.
    """
    names = [name for part in encoding.lower().split(",") if (name := part.strip()) not in ("", "identity")]
    if not names:
        return iter(chunks)
    if names in (["gzip"], ["x-gzip"]):
        return _inflated(chunks, _GZIP)
    if names == ["deflate"]:
        return _inflated(chunks, zlib.MAX_WBITS)
    raise FetchError(f"the server answered in the encoding {encoding[:40]!r}, which was not asked for")


def _inflated(chunks: Iterable[bytes], window: int) -> Iterator[bytes]:
    inflate = zlib.decompressobj(window)
    fresh = True
    held = b""
    for chunk in chunks:
        data, held = held + chunk, b""
        if fresh and len(data) < HEADER_BYTES:
            held = data
            continue
        while data:
            if inflate.eof:
                if window != _GZIP or not data.strip(b"\0"):
                    break  # padding after the end
                inflate, fresh = zlib.decompressobj(window), True  # gzip allows several members
            try:
                piece = inflate.decompress(data, PIECE_BYTES)
            except zlib.error as e:
                if not (fresh and window == zlib.MAX_WBITS):
                    raise FetchError(f"the compressed answer is damaged: {e}") from e
                # Many servers send deflate bare, without the header that RFC 9110 asks for.
                window, inflate = -zlib.MAX_WBITS, zlib.decompressobj(-zlib.MAX_WBITS)
                continue
            fresh = False
            yield piece
            data = inflate.unused_data if inflate.eof else inflate.unconsumed_tail
    if held:
        raise FetchError("the compressed answer ends too early")
    while not inflate.eof:
        piece = inflate.decompress(b"", PIECE_BYTES) if not fresh else b""
        if not piece:
            break
        yield piece
    if not inflate.eof and not fresh:
        raise FetchError("the compressed answer ends too early")
