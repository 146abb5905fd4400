"""What can go wrong, as one tree.

::

    MapAppError
    ├── SettingsError               a setting has a value that cannot be used (also a ValueError)
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
    │   └── TooLargeError           over a limit that keeps the machine safe
    └── StoreError
        ├── StoreDamagedError       the file is not a sound database
        ├── StoreFullError          no room left to write
        ├── StoreReadOnlyError      it may be read, not written
        └── StoreVersionError       written by a newer version of this program

Every message says what happened, to what, and what to do about it.
"""


class MapAppError(Exception):
    """The root: catch this to catch all that this program raises on purpose."""


class SettingsError(MapAppError, ValueError):
    """A setting has a value that cannot be used."""


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


class StoreError(MapAppError):
    """The store of articles cannot do what was asked."""


class StoreDamagedError(StoreError):
    """The file is not a sound database."""


class StoreFullError(StoreError):
    """No room is left to write."""


class StoreReadOnlyError(StoreError):
    """The store may be read, not written."""


class StoreVersionError(StoreError):
    """The store was written by a newer version of this program."""
