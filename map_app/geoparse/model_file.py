"""Where the trained model lies, and what is noted beside it."""

import json
from importlib.resources import files
from pathlib import Path
from typing import Any

from map_app.errors import ModelError

MODEL_NAME = "model.npz"
_PACKAGE = "map_app.geoparse"


def model_path() -> Path:
    """The model that comes with the package."""
    return Path(str(files(_PACKAGE) / MODEL_NAME))


def metadata_path(model: Path) -> Path:
    """What is known of a model stands beside it."""
    return model.with_suffix(".json")


def read_metadata(model: Path) -> dict[str, Any]:
    """What is known of a model; raises ModelError where that cannot be read."""
    try:
        metadata = json.loads(metadata_path(model).read_text(encoding="utf-8"))
    except (OSError, ValueError) as e:
        raise ModelError(
            f"what is noted of the recogniser's model {model} cannot be read: {e}. Install the program again, or train "
            "a model."
        ) from e
    if not isinstance(metadata, dict):
        raise ModelError(f"what is noted of the recogniser's model {model} is no JSON object: train it again")
    return metadata
