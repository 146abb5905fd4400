"""GDELT's Global Knowledge Graph 2.1: tab-separated rows without a first row of names, one a document.

Columns after the GDELT GKG codebook 2.1: http://data.gdeltproject.org/documentation/GDELT-Global_Knowledge_Graph_Codebook-V2.1.pdf
"""

import html
import re

COLUMNS = 27
_RECORD, _DATE, _COLLECTION, _OUTLET, _DOCUMENT, _LOCATIONS, _EXTRAS = 0, 1, 2, 3, 4, 9, 26
_RECORD_ID = re.compile(r"\d{14}-T?\d+")
_PAGE_TITLE = re.compile(r"<PAGE_TITLE>(.{1,2000}?)</PAGE_TITLE>")

#: V2SOURCECOLLECTIONIDENTIFIER of documents that are on the web, so that their identifier is an address.
_WEB = "1"


def is_gkg(line: str) -> bool:
    """Whether a line is a row of the knowledge graph."""
    cells = line.split("\t")
    return len(cells) == COLUMNS and _RECORD_ID.fullmatch(cells[_RECORD]) is not None


def gkg_row(line: str) -> dict[str, object] | None:
    """A row as named fields, with `locations` as GDELT writes them; None where it is no such row."""
    cells = line.rstrip("\r\n").split("\t")
    if len(cells) != COLUMNS:
        return None
    title = _PAGE_TITLE.search(cells[_EXTRAS])
    return {
        "title": html.unescape(title[1]).strip() if title else "",
        "url": cells[_DOCUMENT] if cells[_COLLECTION] == _WEB else "",
        "publisher": cells[_OUTLET],
        "published": cells[_DATE],
        "locations": cells[_LOCATIONS],
    }
