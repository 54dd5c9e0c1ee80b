"""What schemathesis cannot read off the document: how to sign in, and what the server has."""

import datetime
import functools
import ipaddress
import itertools
import os
import re
import uuid
from urllib.parse import urlencode

import requests
import schemathesis
from hypothesis import strategies
from schemathesis.generation.meta import TestPhase

SERVER, PASSWORD = os.environ["SERVER"], os.environ["PASSWORD"]
# Who asks, if anybody does; and someone of the same roles, for what ends a sign-in.
CALLER, SPARE = os.environ["CALLER"], os.environ["SPARE"]
ARTICLES, USERS = "/manage/v1/articles", "/manage/v1/users"
SESSION, OWN_PASSWORD = "/manage/v1/session", "/manage/v1/me/password"
# What ends sign-ins, or makes them ask for more.
ENDING = "^/manage/v1/(sessions?|me)(/|$)"
NOBODY = "0190c0de-0000-7000-8000-000000000000"

# The codes of refusals that no schema can state. Any other refusal of a request that keeps its
# schema is a failure.
SEMANTIC = {
    "ascending": "the next one has to be larger",
    "blank": "characters that nobody can see",
    "common": "a password that would be guessed first",
    "control": "characters that no text may hold",
    "cursor": "only the list itself makes its cursors",
    "depth": "a section, or a list in a list, can have no more above it",
    "distinct": "an item whose key, slug or id an earlier one has",
    "exclusive": "two members that contradict each other",
    "future": "an instant that has not come yet",
    "key_reused": "an Idempotency-Key that came with another request",
    "kind": "a medium that is shown in another way",
    "missing": "the id, in a body, of something that is not there",
    "order": "one instant has to come after another",
    "own": "authors write under their own names",
    "permutation": "every link of the article has to be named",
    "placement": "only slots inside a text have rules",
    "rectangular": "rows of a table have to be of one length",
    "reference": "the id, in a query, of something that is not there",
    "required": "another member's value makes it so",
    "self": "a link of an article leads elsewhere",
    "start": "the first one has to be zero",
    "tag": "a tag of signs that mean nothing",
    "word": "words of signs that nobody can spell",
    "wrong": "only an authenticator knows its codes",
    "url": "no browser can open it: a port past 65535",
}

# What is taken although the schema of an answer says otherwise of it: an IRI becomes a URI.
CANONICAL = re.compile("Value not matching the 'uri(-reference)?' format$")

CONTROLS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ufffe\uffff]")

# The same for one operation.
SEMANTIC_FOR = {
    # A patch has to fit what it is merged into, and only that says which kind of link it is.
    "patch_related_link": {"blank", "unknown_member"},
    # A boolean that is always true is nothing that every generator of clients can write down.
    "report_comment": {"confirmed"},
    # What keeps an article from its readers.
    "publish_article": {
        "absent", "edited_since", "empty", "hidden", "no_alt", "no_content", "no_credit",
        "no_source", "replaces_scheduled", "rights_expire", "rights_expired",
        "scheduled_lacks_this_change", "unresolved",
    },
}

passwords = {CALLER: PASSWORD, SPARE: PASSWORD}
http = requests.Session()
# Every request comes from an address of its own: nobody posts too much or guesses too often.
addresses = map(ipaddress.IPv4Address, itertools.count(int(ipaddress.IPv4Address("10.0.0.1"))))
FORWARDED = "X-Forwarded-For"


def tokens(email):
    body = {"email": email, "password": passwords[email]}
    headers = {FORWARDED: str(next(addresses))}
    answer = http.post(SERVER + SESSION, json=body, headers=headers, timeout=30)
    answer.raise_for_status()
    return answer.json()


def instants():
    """The server keeps those from the year 1 to 9999."""
    first, last = datetime.datetime(1, 1, 2), datetime.datetime(9999, 12, 30)
    offsets = strategies.sampled_from([datetime.timezone.utc, datetime.timezone(datetime.timedelta(hours=-3))])
    return strategies.datetimes(first, last, timezones=offsets).map(datetime.datetime.isoformat)


schemathesis.openapi.format("date-time", instants())


class Bearer:
    """Signs in as somebody."""

    email = CALLER

    def get(self, *_):
        return "Bearer " + tokens(self.email)["access_token"]

    def set(self, case, token, _):
        case.headers["Authorization"] = token


if CALLER:
    passing = {"path_regex": ENDING, "method": ["DELETE", "POST", "PUT"]}
    schemathesis.auth(refresh_interval=300).skip_for(**passing)(type("Lasting", (Bearer,), {}))
    schemathesis.auth(refresh_interval=None).apply_to(**passing)(
        type("Passing", (Bearer,), {"email": SPARE})
    )


def found(path, headers=None):
    """What the server answers there to whoever sends these headers, if it says anything."""
    answer = http.get(SERVER + path, headers=headers, timeout=30)
    return answer if answer.status_code == 200 else None


def listed(path, headers=None, **query):
    """The ids of what a list holds."""
    answer = found(f"{path}?{urlencode(query)}", headers)
    return [item["id"] for item in answer.json()["data"]] if answer else []


def public():
    """Ids that readers can ask for, by what stands before them in an address."""
    ids = {"/v1/comments": [], "/v1/media": [], "/v1/media-credits": []}
    for article in listed("/v1/articles"):
        media = found(f"/v1/articles/{article}").json().get("main_media")
        if media:
            ids["/v1/media"].append(media["id"])
            ids["/v1/media-credits"].append(media["credit"]["id"])
        ids["/v1/comments"] += listed(f"/v1/articles/{article}/comments")
    assert all(ids.values()), "the demo has none of something"
    return ids


@functools.cache
def signed_in():
    """The caller's own token, for what stands behind the requests."""
    return {"Authorization": Bearer().get()}


def me():
    """The caller's own id."""
    return found("/manage/v1/me", signed_in()).json()["id"]


def protected():
    """The ids of whoever asks and of the spare."""
    users = found(USERS, signed_in()).json()["data"]
    return {user["id"] for user in users if user["email"] in passwords}


PUBLIC = public()
PUBLISHED = listed("/v1/articles")
# What has to be done with a draft before each of these can be.
PUBLISHING = ("submit", "approve", "publish")
BEFORE = {"submit": (), "recall": ("submit",), "return": ("submit",), "approve": ("submit",),
          "publish": PUBLISHING[:2], "unpublish": PUBLISHING, "retract": PUBLISHING}
PATHS = [card["path"] for card in found("/v1/articles").json()["data"]]
# Authors change drafts of their own alone, and write under their own names.
AUTHOR = CALLER.startswith("author@") and me()
PROTECTED = protected() if CALLER.startswith("admin@") else set()
# Where the things are that members of bodies refer to.
REFERENCES = {
    "article_id": "/v1/articles",
    "authors": "/manage/v1/authors",
    "comment_id": "/manage/v1/comments",
    "credit_id": "/manage/v1/media-credits",
    "media_id": "/manage/v1/media",
    "parent_id": "/manage/v1/sections",
    "reassign_to": "/manage/v1/sections",
    "section_id": "/manage/v1/sections",
    # Ad managers read these as readers do.
    "sections": "/v1/sections",
    "target_article_id": "/v1/articles",
}


# What kind of medium a block shows, where it is no picture.
KINDS = {"audio": "audio", "video": "video"}


def fitting(marks):
    """Each type once, one link at the most, and no footnotes, which have to be there."""
    kinds = {mark["type"].removeprefix("article_"): mark for mark in marks}
    return [mark for kind, mark in kinds.items() if kind != "footnote"]


def choose(ids, made_up):
    """One of these instead of what was made up: the same for the same, another for another."""
    return ids[sum(str(made_up).encode()) % len(ids)] if ids else made_up


def refer(body, headers):
    """Lets a made-up body speak of what is there."""
    if isinstance(body, list):
        return [refer(item, headers) for item in body]
    if not isinstance(body, dict):
        return body
    if "body" in body:
        # A comment: it answers another, or it does not.
        body.pop("parent_id", None)
    if body.get("decision") == "reject":
        body["reason"] = body.get("reason") or "spam"
    for name in {"password", "new_password"} & body.keys():
        body[name] = body[name] and f"{uuid.uuid4()} swims"
    if "marks" in body:
        body["marks"] = fitting(body["marks"])
    if str(body.get("href", "")).startswith("#"):
        body["href"] = "/"
    for name, value in body.items():
        if name in REFERENCES and value:
            kind = {"kind": KINDS.get(body.get("type"), "image")} if name == "media_id" else {}
            there = listed(REFERENCES[name], headers, **kind)
            many = isinstance(value, list)
            chosen = sorted({choose(there, one) for one in (value if many else [value])})
            body[name] = chosen if many else chosen[0]
        else:
            body[name] = refer(value, headers)
    return body


def prepared(steps, publish=None):
    """An article made for this request, with which these steps have been taken; it is published
    so."""
    headers = signed_in()
    article = {"headline": "A ferry", "lead": "It swims.",
               "body": [{"type": "paragraph", "text": [{"text": "It swims well."}]}]}
    if steps:
        # Authors make no sections.
        section = listed("/manage/v1/sections", headers)[0] if AUTHOR else made(
            "/manage/v1/sections", {"name": str(uuid.uuid4())}, headers).json()["id"]
        article["section_id"] = section
    answer = made(ARTICLES, article, headers)
    place = f"{ARTICLES}/{answer.json()['id']}"
    for step in steps:
        body = publish or {} if step == "publish" else {}
        fresh = {"If-Match": answer.headers["ETag"], **headers}
        answer = made(f"{place}/actions/{step}", body, fresh)
    return place.removeprefix(f"{ARTICLES}/")


def made(path, body, headers):
    """What the server answers to something that it cannot refuse."""
    answer = http.post(SERVER + path, json=body, headers=headers, timeout=30)
    answer.raise_for_status()
    return answer


def link_of(article, headers):
    """One of its related links: made for this request if it has none."""
    if there := listed(f"{article}/related-links", headers):
        return there[0]
    link = {"kind": "external", "url": "https://example.org/", "title": "Elsewhere"}
    return made(f"{article}/related-links", link, signed_in()).json()["id"]


def address(case, headers):
    """Where the thing is that an operation is about: made to be there, if anything is."""
    # What is answered in part is where the whole is.
    path = case.operation.path.replace("/v1/sparse/", "/v1/")
    collection, _, rest = path.partition("/{id}")
    part = "/related-links/{link_id}" if rest.startswith("/related-links/") else ""
    ids = case.path_parameters
    # What a link has led to stays, there or not: whether it is, is the question.
    linked = case.meta.phase.name == TestPhase.STATEFUL
    # A link may have led from where there is nothing.
    ids.update((name, NOBODY) for name, value in ids.items() if value is None)
    if "{number}" in rest and not linked:
        # Only what is scheduled is cancelled or moved.
        later = {"valid_from": "2100-01-01T00:00:00Z"}
        scheduled = rest == "/editions/{number}" and case.method.upper() != "GET"
        ids["id"], ids["number"] = prepared(PUBLISHING, later if scheduled else None), 1
    elif rest.startswith("/actions/") and collection == ARTICLES and not linked:
        ids["id"] = prepared(BEFORE[rest.removeprefix("/actions/")])
    elif collection == ARTICLES and not linked:
        ids["id"] = prepared(())
    elif not linked and not found(f"{collection}/{ids['id']}", headers):
        ids["id"] = choose(PUBLIC.get(collection) or listed(collection, headers), ids["id"])
    whole = f"{collection}/{ids['id']}"
    if part:
        if not linked:
            ids["link_id"] = link_of(whole, headers)
        whole += f"/related-links/{ids['link_id']}"
    return whole


def keep_kind(patch, link):
    """Only the link itself says of which kind it is, and has the members of that kind alone."""
    others = {"internal": {"url"}, "external": {"target_article_id"}}
    for name in others[link.json()["kind"]] if link else ():
        patch.pop(name, None)


@schemathesis.hook
def before_call(_, case, kwargs):
    case.headers = {**(case.headers or {}), FORWARDED: str(next(addresses))}
    if case.meta and case.meta.generation.mode.is_positive:
        improve(case)
    # Whoever asks has to remain who it is.
    if case.operation.path.startswith(USERS + "/{id}") and case.method.upper() != "GET":
        if case.path_parameters["id"] in PROTECTED:
            case.path_parameters["id"] = NOBODY


def seen(body):
    """The same without the characters that no text may hold: of random text most has some."""
    if isinstance(body, list):
        return [seen(item) for item in body]
    if isinstance(body, dict):
        return {seen(name): seen(value) for name, value in body.items()}
    return CONTROLS.sub("x", body) if isinstance(body, str) else body


def improve(case):
    """Only the server knows ids, versions and tokens: puts them into requests meant to be good."""
    path, method = case.operation.path, case.method.upper()
    headers = case.headers or {}
    if "{id}" in path:
        place = address(case, headers)
        if path.endswith("/related-links") and method == "PUT":
            case.body = {"link_ids": listed(f"{place}/related-links", headers)}
        if "If-Match" in headers and (there := found(place, headers)):
            headers["If-Match"] = there.headers["ETag"]
    if path.endswith("/related-links/{link_id}") and method == "PATCH":
        keep_kind(case.body, found(place, headers))
    if "path" in (case.query or {}):
        case.query["path"] = choose(PATHS, case.query["path"])
    if "Idempotency-Key" in headers:
        headers["Idempotency-Key"] = str(uuid.uuid4())
    case.query, case.body = refer(case.query, headers), refer(seen(case.body), headers)
    body = case.body if isinstance(case.body, dict) else {}
    if path.startswith(ARTICLES) and isinstance(body.get("body"), list):
        # One block of footnotes at the most.
        notes = [block for block in body["body"] if block.get("type") == "footnotes"]
        body["body"] = [block for block in body["body"] if block not in notes[1:]]
    if "current_password" in body:
        body["current_password"] = passwords[SPARE]
    elif AUTHOR and path in (ARTICLES, ARTICLES + "/{id}") and body:
        body["authors"] = [AUTHOR]
    elif path == USERS and body:
        body["password"] = f"{uuid.uuid4()} swims"
    elif "/ad-slots" in path and body:
        # One size and no end: what there is more of has to be in order.
        if body.get("size_mapping"):
            body["size_mapping"] = [body["size_mapping"][0] | {"min_viewport": [0, 0]}]
        for name in {"ends_at"} if body.get("placement") == "in_body" else {"ends_at", "rule"}:
            body.pop(name, None)
    elif "/comment-words" in path and "word" in body:
        # Of random signs hardly ever any can be spelled.
        body["word"] = choose([body["word"], f"{uuid.uuid4()} swims"], body["word"])
    elif path.endswith(("/publish", "/editions/{number}")):
        # One instant alone: several have to be in order.
        for name in {"valid_to", "published_at"} & body.keys():
            body.pop(name)
    elif path == SESSION and method == "POST":
        case.body = {"email": SPARE, "password": passwords[SPARE]}
    elif path == SESSION + "/refresh":
        case.body = {"refresh_token": tokens(SPARE)["refresh_token"]}
    elif path == "/manage/v1/comments/decisions" and body:
        one_each = {item["comment_id"]: item for item in body["items"]}
        body["items"] = list(one_each.values())


@schemathesis.hook
def after_call(_, case, response):
    if case.operation.path == OWN_PASSWORD and response.status_code == 200:
        passwords[SPARE] = case.body["new_password"]


@schemathesis.hook
def filter_failure(_, failure, case, response):
    """Keeps a failure, unless all that the server says against the request is semantic, or it has
    taken an address with letters beyond ASCII and keeps it as a URI."""
    if type(failure).__name__ == "AcceptedNegativeData":
        violations = re.findall("Invalid component: (.*)", failure.message)
        return not violations or not all(CANONICAL.search(one) for one in violations)
    if type(failure).__name__ != "RejectedPositiveData":
        return True
    codes = {error["code"] for error in response.json().get("errors", [])}
    operation = case.operation.definition.raw["operationId"]
    return not codes or not codes <= SEMANTIC.keys() | SEMANTIC_FOR.get(operation, set())
