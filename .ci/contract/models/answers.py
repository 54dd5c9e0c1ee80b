"""Keeps what a server with the demo answers, a file each, for models to be tried on.

Usage: answers.py SERVER FOLDER; the files are TYPE.NUMBER.json, by the name of the type in the
document, and TYPE.grown.json is an answer of a later version, as far as one can be made up.
"""

import copy
import json
import pathlib
import sys
import urllib.error
import urllib.request
from urllib.parse import quote

SERVER, FOLDER = sys.argv[1], pathlib.Path(sys.argv[2])
KEPT = {}


def get(address):
    try:
        with urllib.request.urlopen(f"{SERVER}{address}") as answer:
            return json.load(answer)
    except urllib.error.HTTPError as refusal:
        return json.load(refusal)


def keep(name, answer):
    KEPT[name] = KEPT.get(name, 0) + 1
    (FOLDER / f"{name}.{KEPT[name]}.json").write_text(json.dumps(answer))
    return answer


def grown(value):
    """The same, with a member more in every object, and a block of a new type before each other."""
    if isinstance(value, list):
        return [grown(one) for one in value]
    if not isinstance(value, dict):
        return value
    # The one map there is has members of any name, and all of one type.
    more = {name: member if name == "targeting" else grown(member)
            for name, member in value.items()} | {"later": {"added": [1]}}
    if "blocks" in more:
        new = {"type": "hologram", "id": "new", "beams": 3}
        more["blocks"] = [one for block in more["blocks"] for one in (new, block)]
    if "genre" in more:
        more["genre"] = "hologram"
    return more


FOLDER.mkdir(parents=True, exist_ok=True)
tree = keep("SectionTree", get("/v1/sections"))
cards = keep("ArticleCardPage", get("/v1/articles?limit=100&total=true"))
keep("SparseArticleCardPage", get("/v1/sparse/articles?fields=path,headline,main_media"))
paths = ["/"] + [section["path"] for section in tree["data"]]
for path in paths + [card["path"] for card in cards["data"]]:
    page = keep("PageDocument", get(f"/v1/page?path={quote(path)}"))
(FOLDER / "PageDocument.grown.json").write_text(json.dumps(grown(copy.deepcopy(page))))
for card in cards["data"]:
    keep("ArticleDocument", get(f"/v1/articles/{card['id']}?include=ads,comments&body=html"))
    keep("SparseArticle", get(f"/v1/sparse/articles/{card['id']}?fields=headline,blocks,seo"))
    keep("Thread", get(f"/v1/articles/{card['id']}/comments"))
keep("PublicAdSlots", get("/v1/ad-slots"))
keep("Problem", get("/v1/page?path=/nowhere"))
keep("Problem", get("/v1/articles?colour=red"))
types = {block["type"] for path in FOLDER.glob("PageDocument.*.json")
         for block in json.loads(path.read_text()).get("blocks", [])}
assert len(types) > 6, f"the demo has only {types}"
