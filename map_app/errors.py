"""What can go wrong, as one tree.

::

    MapAppError
    ├── SettingsError               a setting has a value that cannot be used (also a ValueError)
    ├── AccessError                 only an editor may do this (also a PermissionError)
    ├── ImpossibleValueError        a coordinate, date range or filter that cannot exist (also a ValueError)
    ├── GazetteerError
    │   ├── GazetteerMissingError   not built yet: an empty answer would look like a true one
    │   ├── GazetteerDamagedError   built, but its files do not hold what they should
    │   └── GazetteerBuildError     the packages or curated files cannot be turned into a gazetteer
    ├── GeoparseError
    │   └── ModelError              the recogniser's model is absent, damaged or of another version
    ├── SourceError                 one file, feed or page cannot become articles
    │   ├── UnknownFormatError      nobody here can read that kind of file
    │   ├── UnreadableError         the bytes are not what their kind promises
    │   ├── TooLargeError           over a limit that keeps the machine safe
    │   ├── NotAnArticleError       a page that is something else
    │   │   ├── PaywallError        the article is for subscribers, and only its start is there
    │   │   ├── LoginPageError      it asks readers to sign in
    │   │   ├── ConsentPageError    it asks for consent before it shows anything
    │   │   ├── ErrorPageError      it says that something went wrong, or asks for proof of being human
    │   │   └── EmptyPageError      no article text is there
    │   └── FetchError              an address gave no answer that can be used
    │       ├── BlockedAddressError not an address of the public web, or not one that is asked
    │       ├── RedirectError       sent on and on, or to nowhere
    │       ├── FetchTimeoutError   no whole answer in the time allowed (also a TimeoutError)
    │       └── HttpStatusError     the server answered, and said no
    └── StoreError
        ├── StoreDamagedError       the file is not a sound database
        ├── StoreFullError          no room left to write
        ├── StoreReadOnlyError      it may be read, not written
        ├── StoreBusyError          another process does with it what one may do at a time
        └── StoreVersionError       written by a newer version of this program

Every message says what happened, to what, and what to do about it.
"""

from http import HTTPStatus


class MapAppError(Exception):
    """The root: catch this to catch all that this program raises on purpose."""


class SettingsError(MapAppError, ValueError):
    """A setting has a value that cannot be used."""


class AccessError(MapAppError, PermissionError):
    """Only an editor may do this."""


class ImpossibleValueError(MapAppError, ValueError):
    """A coordinate, a date range or a filter that cannot exist."""


class GazetteerError(MapAppError):
    """The gazetteer cannot answer."""


class GazetteerMissingError(GazetteerError, FileNotFoundError):
    """The gazetteer has not been built yet."""


class GazetteerDamagedError(GazetteerError):
    """The gazetteer's files do not hold what they should."""


class GazetteerBuildError(GazetteerError):
    """The gazetteer cannot be built from what is installed."""


class GeoparseError(MapAppError):
    """A text cannot be geoparsed."""


class ModelError(GeoparseError):
    """The recogniser's model is absent, damaged or of another version."""


class SourceError(MapAppError):
    """Something cannot become articles."""


class UnknownFormatError(SourceError):
    """Nobody here can read that kind of file."""


class UnreadableError(SourceError, ValueError):
    """The bytes are not what their kind promises."""


class TooLargeError(SourceError):
    """Over a limit that keeps the machine safe."""


class NotAnArticleError(SourceError):
    """A web page that is something else than an article."""


class PaywallError(NotAnArticleError):
    """The article is for subscribers, and only its start is there."""


class LoginPageError(NotAnArticleError):
    """The page asks its readers to sign in."""


class ConsentPageError(NotAnArticleError):
    """The page asks for consent before it shows anything."""


class ErrorPageError(NotAnArticleError):
    """The page says that something went wrong, or asks for proof that its reader is human."""


class EmptyPageError(NotAnArticleError):
    """No article text is in the page."""


class FetchError(SourceError):
    """An address gave no answer that can be used."""


class BlockedAddressError(FetchError):
    """Not an address of the public web, or not one that is asked."""


class RedirectError(FetchError):
    """Sent on and on, or to nowhere."""


class FetchTimeoutError(FetchError, TimeoutError):
    """No whole answer came in the time allowed."""


class HttpStatusError(FetchError):
    """The server answered with a status that says no."""

    def __init__(self, status: int, retry_after_s: float | None = None) -> None:
        super().__init__(f"the server answered {status}{_phrase(status)}")
        self.status = status
        #: How long the server asks to be left alone, in seconds, or None where it does not say.
        self.retry_after_s = retry_after_s


def _phrase(status: int) -> str:
    try:
        return f" ({HTTPStatus(status).phrase.lower()})"
    except ValueError:
        return ""


class StoreError(MapAppError):
    """The store of articles cannot do what was asked."""


class StoreDamagedError(StoreError):
    """The file is not a sound database."""


class StoreFullError(StoreError):
    """No room is left to write."""


class StoreReadOnlyError(StoreError):
    """The store may be read, not written."""


class StoreBusyError(StoreError):
    """Another process does with the store what one may do at a time."""


class StoreVersionError(StoreError):
    """The store was written by a newer version of this program."""
