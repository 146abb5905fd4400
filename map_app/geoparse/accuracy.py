"""How good this very geoparser is on the hand-checked set: measured once per version, and kept."""

import hashlib
import json
import logging
import os
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

from filelock import FileLock

from map_app.geoparse.evaluate import Evaluation
from map_app.geoparse.gold import read_gold
from map_app.geoparse.pipeline import Geoparser

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Accuracy:
    """What an evaluation found, in whole numbers that a page can tell."""

    articles: int
    #: Places that people marked, and those of them that were found and put right.
    places: int
    right: int
    #: Places given in all; those that are not right are elsewhere or no places.
    given: int
    #: What the stories are about: places that people listed, those of them found, and those given.
    focus: int
    focus_right: int
    focus_given: int


def measured(
    cache: Path, gold: Path, geoparser: Geoparser, progress: Callable[[float], None] = lambda _fraction: None
) -> Accuracy:
    """The accuracy on annotated articles, from the cache folder where it has been measured before.

    Takes about a second for the hundred articles of the project's own set. Raises GeoparseError where they cannot be
    read. `progress` takes the fraction done, 0 to 1.
    """
    key = hashlib.sha256(gold.read_bytes() if gold.is_file() else b"")
    key.update(geoparser.version.encode())
    path = cache / f"accuracy-{key.hexdigest()[:16]}.json"
    if kept := _kept(path):  # without a lock, so that a cache that cannot be written serves
        return kept
    with FileLock(cache / "accuracy.lock"):
        if kept := _kept(path):  # somebody else was first
            return kept
        accuracy = measure(gold, geoparser, progress)
        unfinished = path.with_suffix(f".{os.getpid()}.part")
        unfinished.write_text(json.dumps(asdict(accuracy)), encoding="utf-8")
        unfinished.replace(path)
    return accuracy


def _kept(path: Path) -> Accuracy | None:
    try:
        return Accuracy(**json.loads(path.read_text(encoding="utf-8")))
    except FileNotFoundError:
        return None
    except (OSError, ValueError, TypeError) as e:
        logger.warning("The accuracy is measured again: %s cannot be read: %s", path, e)
        return None


def measure(gold: Path, geoparser: Geoparser, progress: Callable[[float], None] = lambda _fraction: None) -> Accuracy:
    """The accuracy on annotated articles; raises GeoparseError where they cannot be read."""
    evaluation = Evaluation()
    documents = list(read_gold(gold))
    for done, document in enumerate(documents):
        progress(done / len(documents))
        evaluation.add(document, geoparser.geoparse(document.article))
    figures = evaluation.figures()
    score, focus = figures.end_to_end, figures.focus
    return Accuracy(
        articles=figures.documents,
        places=score.gold,
        right=score.hits,
        given=score.predicted,
        focus=focus.gold if focus else 0,
        focus_right=focus.hits if focus else 0,
        focus_given=focus.predicted if focus else 0,
    )
