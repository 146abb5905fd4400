"""How a name belongs to a place, and which sorts of places carry it."""

from collections.abc import Iterator
from enum import IntEnum

import numpy as np
import numpy.typing as npt

from map_app.model import Feature

FEATURES = tuple(Feature)

#: The fewest people of each size of city, for they are told apart: a village's name is far more often a surname or a
#: common word.
CITY_SIZES = (0, 5_000, 15_000, 100_000, 1_000_000)


class NameKind(IntEnum):
    """Strongest first."""

    PRIMARY = 0
    ALTERNATE = 1
    ABBREVIATION = 2


def carrier_bits(
    feature: npt.NDArray[np.uint8], population: npt.NDArray[np.int64], kinds: npt.NDArray[np.int8]
) -> npt.NDArray[np.int64]:
    """Of names of places a bit for the sort of the place and the kind of the name; `feature` numbers FEATURES."""
    size = np.searchsorted(CITY_SIZES, population, side="right") - 1
    sort = np.where(feature == FEATURES.index(Feature.CITY), size, len(CITY_SIZES) + feature.astype(np.int64))
    return np.int64(1) << (sort * len(NameKind) + kinds)


def carriers(bits: int) -> Iterator[tuple[Feature, int, NameKind]]:
    """The sorts of places that the bits stand for: kind, which of CITY_SIZES (0 for all but cities), kind of name."""
    for number in range(bits.bit_length()):
        if bits >> number & 1:
            sort, kind = divmod(number, len(NameKind))
            is_city = sort < len(CITY_SIZES)
            feature = Feature.CITY if is_city else FEATURES[sort - len(CITY_SIZES)]
            yield feature, sort if is_city else 0, NameKind(kind)
