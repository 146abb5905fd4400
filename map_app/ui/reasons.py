"""Why a place was chosen, or none, in words for people; `{}` stands for what of the text a reason rests on."""

from map_app.model import Evidence
from map_app.ui.text import lower_first

FOR_A_PLACE = {
    "population": "many people live there",
    "kind of place": "news often names places of its kind",
    "name": "it is usually called so",
    "famous namesake": "a famous place has the same name",
    "container": "said to be in {}",
    "list": "listed with {}",
    "list of divisions": "in a list of states or provinces",
    "contains the name before it": "the place named before it lies in it",
    "same country": "the rest of the text speaks of its country",
    "in no one country": "it lies in no one country",
    "same division": "the rest of the text speaks of its state or province",
    "distance to the nearest other place": "it is near another place of the text",
    "stated kind": "the text says what kind of place it is",
    "stated elsewhere": "the text says elsewhere which one it is",
    "alone": "what the name means where nothing else is said",
    "outlet's home": "the publisher is at home there",
    "beside": "named beside {}",
    "within": "said to be in {}, where no place of that name is known",
    "demonym": "a word for its people",
    "given by the source": "the source gives it: {}",
    "online geocoder": "found by the online geocoder",
}

FOR_NONE = {
    "no candidate": "No place of this name is known",
    "tie": "Several places fit equally well",
    "below the threshold": "Too unsure to say which place",
}


def why(evidence: Evidence) -> str:
    """One reason for a place; one that this version does not know is said as it was kept."""
    if evidence.reason not in FOR_A_PLACE:
        return evidence.reason + (f" ({evidence.detail})" if evidence.detail else "")
    said = FOR_A_PLACE[evidence.reason]
    return said.format(evidence.detail or "another place") if "{}" in said else said


def why_not(kept: str) -> str:
    """Why there is no place."""
    return FOR_NONE.get(kept, kept)


def not_placed(kept: str) -> str:
    """The same in the middle of a line."""
    return f"Not placed: {lower_first(why_not(kept))}" if kept else "Not placed"
