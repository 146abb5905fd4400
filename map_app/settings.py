"""What can be set, from where, and with what default.

Everything is set by environment variables named MAP_APP_ and the setting's name in capitals; command-line options
named alike go before them. `docs/settings.md` lists them all, and a test holds it to this module.
"""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

import platformdirs

from map_app.errors import SettingsError

PREFIX = "MAP_APP_"

#: Values of `editors` that are not addresses.
NOBODY = "nobody"
ANYONE_SIGNED_IN = "anyone-signed-in"


def _folder(installed: str, in_checkout: str) -> Path:
    """A folder of the project that lies beside the package in a checkout, and within it where it is installed."""
    package = Path(__file__).resolve().parent
    within = package / installed
    return within if within.is_dir() else package.parent / in_checkout


#: Small hand-checked files that belong to the project: sample articles, curated places, the gold set.
DATA_DIR = _folder("data", "data")

#: How the page's server is set up.
STREAMLIT_CONFIG = _folder("streamlit_config", ".streamlit") / "config.toml"

#: The sample articles with what a person found in them.
GOLD_SET = DATA_DIR / "gold.jsonl"

#: How the geoparser works and was measured; the page shows a part of it.
GEOPARSER_DOC = _folder("docs", "docs") / "geoparser.md"


def _setting(default: Callable[[], Any], read: Callable[[str], Any], doc: str) -> Any:
    return field(default_factory=default, metadata={"read": read, "doc": doc})


def _path(text: str) -> Path:
    try:
        return Path(text).expanduser()
    except RuntimeError as e:
        raise ValueError("nobody of that name has a home here") from e


def _positive_int(text: str) -> int:
    number = int(text)
    if number <= 0:
        raise ValueError("it must be more than 0")
    return number


def _positive_number(text: str) -> float:
    number = float(text)
    if not 0 < number < 1e6:
        raise ValueError("it must be more than 0")
    return number


def _yes_or_no(text: str) -> bool:
    answers = {"yes": True, "true": True, "1": True, "on": True, "no": False, "false": False, "0": False, "off": False}
    if text.lower() not in answers:
        raise ValueError("it must be yes or no")
    return answers[text.lower()]


def _header_line(text: str) -> str:
    if not (text.isascii() and text.isprintable()):
        raise ValueError("it must be one line of ASCII characters")
    return text


def _choice(*allowed: str) -> Callable[[str], str]:
    def read(text: str) -> str:
        if text not in allowed:
            raise ValueError(f"it must be one of: {', '.join(allowed)}")
        return text

    return read


def _recogniser(text: str) -> str:
    if text != "crf" and not text.removeprefix("spacy:").strip():
        raise ValueError("the name of a pipeline must follow, such as spacy:en_core_web_sm")
    if text != "crf" and not text.startswith("spacy:"):
        raise ValueError("it must be crf, or spacy: and the name of a pipeline")
    return text


def _web_address(text: str) -> str:
    if text and not text.startswith(("https://", "http://")):
        raise ValueError("it must start with https:// or http://")
    return text


def _editors(text: str) -> str:
    if text in {NOBODY, ANYONE_SIGNED_IN}:
        return text
    addresses = [part.strip().lower() for part in text.split(",") if part.strip()]
    for address in addresses:
        name, at, domain = address.partition("@")
        if not (name and at and domain) or "@" in domain or " " in address:
            raise ValueError(f"{address!r} is no e-mail address; it may also be {NOBODY} or {ANYONE_SIGNED_IN}")
    return ",".join(addresses)


@dataclass(frozen=True, slots=True)
class Settings:
    """All settings; `from_environment` reads them."""

    store: Path = _setting(
        lambda: platformdirs.user_data_path("map_app", appauthor=False) / "articles.sqlite",
        _path,
        "The SQLite file that holds your articles. Made when you first add one.",
    )
    cache: Path = _setting(
        lambda: platformdirs.user_cache_path("map_app", appauthor=False),
        _path,
        "The folder for what can be built again: the gazetteer and the mapped sample articles.",
    )
    tiles_url: str = _setting(
        str,
        _web_address,
        "Address of map tiles with {z}, {x} and {y}. Empty: the country outlines that come with the program.",
    )
    tiles_credit: str = _setting(str, str, "The credit that the tiles' provider asks for, as plain text.")
    recogniser: str = _setting(
        lambda: "crf",
        _recogniser,
        "What finds the names of places: crf, the model that comes with the program, or spacy: and the name or folder "
        "of a spaCy pipeline, such as spacy:en_core_web_sm.",
    )
    geocoder: str = _setting(
        lambda: "off",
        _choice("off", "nominatim"),
        "An online service for names that the gazetteer does not know: off or nominatim.",
    )
    geocoder_url: str = _setting(
        lambda: "https://nominatim.openstreetmap.org",
        _web_address,
        "The online geocoder's address; name your own server here if you run one.",
    )
    geocoder_user_agent: str = _setting(
        str,
        _header_line,
        "How requests to the geocoder name themselves: your site and an address to write to. Required to use it.",
    )
    outlet_homes: str = _setting(
        str,
        str,
        "A CSV file that says where outlets live: domain, country, division, town. Empty: learned from their articles.",
    )
    max_article_chars: int = _setting(
        lambda: 1_000_000, _positive_int, "Articles longer than this are cut there, and the report says so."
    )
    max_file_bytes: int = _setting(lambda: 512_000_000, _positive_int, "Files larger than this are refused at ingest.")
    max_fetch_bytes: int = _setting(
        lambda: 20_000_000, _positive_int, "Feeds and pages longer than this, once decoded, are refused."
    )
    fetch_timeout_s: float = _setting(
        lambda: 30.0, _positive_number, "Seconds that a feed or page may take from the first step to the last byte."
    )
    user_agent: str = _setting(
        lambda: "map_app/0.1 (news map; feed reader)",
        _header_line,
        "How requests to feeds and pages name themselves; add an address where their owners reach you.",
    )
    allow_private_addresses: bool = _setting(
        bool, _yes_or_no, "Whether feeds and pages may lie in your own network (yes or no). Leave it off on a server."
    )
    max_pasted_chars: int = _setting(
        lambda: 20_000, _positive_int, "How much text a visitor may try on the page at once."
    )
    editors: str = _setting(
        str,
        _editors,
        "E-mail addresses of those who may add articles on the page, separated by commas, for signing in by OpenID "
        f"Connect; {ANYONE_SIGNED_IN} for all who can; {NOBODY} for a page that is only read.",
    )
    log_level: str = _setting(
        lambda: "WARNING",
        _choice("DEBUG", "INFO", "WARNING", "ERROR"),
        "How much is logged to standard error.",
    )

    @classmethod
    def from_environment(cls, environ: Mapping[str, str] = os.environ) -> "Settings":
        """Read every MAP_APP_ variable; an unknown or unusable one raises SettingsError."""
        known = {PREFIX + f.name.upper(): f for f in fields(cls)}
        unknown = sorted(name for name in environ if name.startswith(PREFIX) and name not in known)
        if unknown:
            raise SettingsError(f"unknown setting {unknown[0]}; the settings are: {', '.join(sorted(known))}")
        values: dict[str, Any] = {}
        for name, setting in known.items():
            text = environ.get(name, "").strip()
            if text:
                try:
                    values[setting.name] = setting.metadata["read"](text)
                except ValueError as e:
                    raise SettingsError(f"{name} is {text!r}: {e}") from e
        return cls(**values)


def documentation() -> list[tuple[str, str, str]]:
    """Every setting as (environment variable, default as text, what it is for), in order."""
    defaults = Settings()
    return [(PREFIX + f.name.upper(), str(getattr(defaults, f.name)), f.metadata["doc"]) for f in fields(Settings)]
