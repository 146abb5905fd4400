"""What each place is to a story: where it was filed, what it is about, or mentioned in passing.

The rule, in order:

1. *Dateline*: the names before a dash among the first words of the text ("TAIPEI, Taiwan - ", "KYIV (Reuters) -").
2. *Focus*: a place that is named in the title or the lead (the text's first sentence after the dateline) and at
   least twice in all; where no place is, the one that is named most often, the first of them if several are.
3. *Mention*: every other.

A place that is in the dateline and elsewhere too has both roles, each at its own occurrences.
"""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from map_app.model import Article, Field, Kind, Resolution, Role

#: A dateline's dash comes within this many characters of the start of the text.
DATELINE_REACH = 100
#: Named at least this often, and in the title or lead: what the story is about.
FOCUS_COUNT = 2
#: A lead is never longer than this.
LEAD_REACH = 400

_DATELINE = re.compile(r"\s*(?P<line>[^\n.!?–—―−]{2,80}?(?:\([^)\n]{1,40}\)\s*|\b))(?P<dash>\s*[–—―]|\s+-{1,2}\s|\s+−)")
_SENTENCE_END = re.compile(r"[.!?]['”\"]?\s|\n")


def dateline_end(text: str) -> int:
    """Where the text's dateline ends, or 0: capitals or a place and a dash, near the start."""
    match = _DATELINE.match(text[:DATELINE_REACH])
    if not match:
        return 0
    words = match["line"].replace("(", " ").split()
    # Datelines are names, dates and agencies; a sentence with a dash in it has small words early.
    if not words or not words[0][:1].isupper() or (len(words) > 1 and words[1][:1].islower()):
        return 0
    return match.end("dash")


def give_roles(article: Article, resolutions: Sequence[Resolution]) -> list[Resolution]:
    """The same resolutions, each with its role."""
    dateline = dateline_end(article.text)
    end = _SENTENCE_END.search(article.text, dateline + 1, dateline + LEAD_REACH)
    lead = end.start() if end else dateline + LEAD_REACH
    in_dateline = [
        r.toponym.field is Field.TEXT and r.toponym.end <= dateline and r.toponym.kind is Kind.TOPONYM
        for r in resolutions
    ]
    counts: Counter[str] = Counter()
    prominent = set()
    for resolution, filed_there in zip(resolutions, in_dateline, strict=True):
        if resolution.place is None or filed_there or resolution.toponym.kind is Kind.DEMONYM:
            continue
        counts[resolution.place.id] += 1
        if resolution.toponym.field is Field.TITLE or resolution.toponym.start < lead:
            prominent.add(resolution.place.id)
    focus = {place_id for place_id in prominent if counts[place_id] >= FOCUS_COUNT}
    if not focus and counts:
        focus = {counts.most_common(1)[0][0]}
    out = []
    for resolution, filed_there in zip(resolutions, in_dateline, strict=True):
        role = Role.MENTION
        if filed_there:
            role = Role.DATELINE
        elif resolution.toponym.kind is Kind.TOPONYM and resolution.place is not None and resolution.place.id in focus:
            role = Role.FOCUS
        out.append(replace(resolution, role=role))
    return out
