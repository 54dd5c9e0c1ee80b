"""A whole session through the generated Python client, from signing in to a reader's comment.

Usage: session.py SERVER, with the generated client on PYTHONPATH; the server has the demo.
"""

import sys

from broadsheet_client import AuthenticatedClient, Client, models
from broadsheet_client.api.articles import (
    approve_article,
    create_article,
    patch_article,
    publish_article,
    submit_article,
)
from broadsheet_client.api.comments import decide_comment, read_comment
from broadsheet_client.api.delivery import (
    get_article,
    get_articles,
    get_page,
    get_sparse_articles,
    get_thread,
    post_comment,
)
from broadsheet_client.api.sections import create_section
from broadsheet_client.api.session import read_me, sign_in, sign_out
from broadsheet_client.types import Unset

SERVER = sys.argv[1]
PASSWORD = "demo-newsroom"
anyone = Client(SERVER, raise_on_unexpected_status=True)


def expect(status, answer):
    """What was answered, if it is what was meant to be."""
    assert answer.status_code == status, f"{answer.status_code}: {answer.content.decode()}"
    return answer.parsed


def signed_in(email):
    body = models.SignIn(email=email, password=PASSWORD)
    tokens = expect(200, sign_in.sync_detailed(client=anyone, body=body))
    return AuthenticatedClient(SERVER, tokens.access_token, raise_on_unexpected_status=True)


author, editor, moderator = map(
    signed_in, ("author@example.org", "editor@example.org", "moderator@example.org")
)
assert "articles:write" in expect(200, read_me.sync_detailed(client=author)).permissions

section = expect(201, create_section.sync_detailed(client=editor, body=models.SectionInput(
    name="Python", comments_mode=models.CommentsMode.PRE)))
paragraph = models.ParagraphBlock(
    type_=models.ParagraphBlockType.PARAGRAPH, text=[models.Span(text="It swims well.")])
created = create_article.sync_detailed(client=author, body=models.ArticleInput(
    section_id=section.id, headline="A snake in the harbour", lead="Nobody was bitten.",
    body=[paragraph]))
article = expect(201, created)
patched = patch_article.sync_detailed(
    article.id, client=author, if_match=created.headers["etag"],
    body=models.ArticlePatch(kicker="Animals"))
assert expect(200, patched).kicker == "Animals"
stale = patch_article.sync_detailed(
    article.id, client=author, if_match=created.headers["etag"],
    body=models.ArticlePatch(kicker="Too late"))
assert expect(412, stale).type_ == "/problems/stale"

step = models.StepInput()
submitted = submit_article.sync_detailed(
    article.id, client=author, if_match=patched.headers["etag"], body=step)
expect(200, submitted)
approved = approve_article.sync_detailed(
    article.id, client=editor, if_match=submitted.headers["etag"], body=step)
expect(200, approved)
published = expect(200, publish_article.sync_detailed(
    article.id, client=editor, if_match=approved.headers["etag"], body=models.PublishInput()))

page = expect(200, get_page.sync_detailed(client=anyone, path=published.article.path))
assert isinstance(page, models.ArticleDocument) and page.id == article.id
assert page.headline == "A snake in the harbour" and page.blocks[0].text[0].text == "It swims well."

posted = expect(202, post_comment.sync_detailed(
    article.id, client=anyone, body=models.CommentInput(nickname="eel", body="It greeted me.")))
assert expect(200, get_thread.sync_detailed(article.id, client=anyone)).data == []
held = read_comment.sync_detailed(posted.id, client=moderator)
expect(200, held)
expect(200, decide_comment.sync_detailed(
    posted.id, client=moderator, if_match=held.headers["etag"],
    body=models.DecisionInput(decision=models.Decision.APPROVE)))
thread = expect(200, get_thread.sync_detailed(article.id, client=anyone))
assert [comment.body for comment in thread.data] == ["It greeted me."]

sparse = expect(200, get_sparse_articles.sync_detailed(client=anyone, fields="headline")).data
assert any(one.id == article.id and one.headline == page.headline for one in sparse)
assert all(isinstance(one.path, Unset) for one in sparse)

# Every article of the demo can be read.
kinds = set()
for card in expect(200, get_articles.sync_detailed(client=anyone, limit=100)).data:
    whole = expect(200, get_page.sync_detailed(client=anyone, path=card.path))
    kinds |= {type(block) for block in whole.blocks}
    expect(200, get_article.sync_detailed(card.id, client=anyone, include="ads,comments"))
    expect(200, get_thread.sync_detailed(card.id, client=anyone))
assert models.ParagraphBlock in kinds and models.PlacedImage in kinds and len(kinds) > 6, kinds
for path in ("/", "/miasto"):
    expect(200, get_page.sync_detailed(client=anyone, path=path))

expect(204, sign_out.sync_detailed(client=author))
refused = expect(401, read_me.sync_detailed(client=author))
assert isinstance(refused, models.Problem)
print("python: a whole session")
