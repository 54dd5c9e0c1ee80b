"""Writes the body of every article as a page of HTML. Usage: bodies.py SERVER FOLDER"""

import html
import json
import pathlib
import sys
import urllib.parse
import urllib.request

PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
<title>{title}</title>
</head>
<body>
<main>
<h1>{title}</h1>
{body}</main>
</body>
</html>
"""

# All that a body can be made of: where one of them is missing, it has not been checked.
ELEMENTS = (
    "a aside audio blockquote br caption code div em figcaption figure h2 hr img li ol p pre small "
    "strong sub sup table tbody td th thead tr ul video"
).split()


def get(address):
    with urllib.request.urlopen(address) as answer:
        return json.load(answer)


def articles(server):
    """Every public article, from list to list."""
    query = "limit=100"
    while query:
        page = get(f"{server}/v1/articles?{query}")
        yield from page["data"]
        cursor = page["next"]
        query = cursor and urllib.parse.urlencode({"limit": 100, "cursor": cursor})


def main(server, folder):
    folder = pathlib.Path(folder)
    folder.mkdir()
    bodies = []
    for article in articles(server):
        shown = get(f"{server}/v1/sparse/articles/{article['id']}?fields=body_html,headline")
        bodies.append(shown["body_html"])
        page = PAGE.format(title=html.escape(shown["headline"]), body=shown["body_html"])
        (folder / f"{article['id']}.html").write_text(page, encoding="utf-8")
    missing = [name for name in ELEMENTS if not any(f"<{name}" in body for body in bodies)]
    if missing:
        sys.exit(f"no article has {', '.join(missing)}")
    print(f"{len(bodies)} bodies written")


main(*sys.argv[1:])
