// A whole session through the generated TypeScript client, from signing in to a reader's comment.
// Usage: node session.js SERVER; the server has the demo.
import assert from "node:assert/strict";
import createClient from "openapi-fetch";
import type { components, paths } from "./api.js";

type Problem = components["schemas"]["Problem"];

const baseUrl = process.argv[2];
const password = "demo-newsroom";
const anyone = createClient<paths>({ baseUrl });

/** What was answered, if it is what was meant to be; and its version. */
function expect<T>(status: number, answer: { data?: T; error?: unknown; response: Response }) {
  assert.equal(answer.response.status, status, JSON.stringify(answer.error));
  assert.ok(answer.data !== undefined);
  return { ...answer, data: answer.data, etag: answer.response.headers.get("etag") ?? "" };
}

async function signedIn(email: string) {
  const answer = await anyone.POST("/manage/v1/session", { body: { email, password } });
  const { access_token } = expect(200, answer).data;
  return createClient<paths>({ baseUrl, headers: { Authorization: `Bearer ${access_token}` } });
}

const author = await signedIn("author@example.org");
const editor = await signedIn("editor@example.org");
const moderator = await signedIn("moderator@example.org");
const me = expect(200, await author.GET("/manage/v1/me")).data;
assert.ok(me.permissions.includes("articles:write"));

const section = expect(201, await editor.POST("/manage/v1/sections", {
  body: { name: "TypeScript", comments_mode: "pre" },
})).data;
const created = expect(201, await author.POST("/manage/v1/articles", {
  body: {
    section_id: section.id,
    headline: "The typewriter museum opens",
    lead: "Every letter is in its place.",
    body: [{ type: "paragraph", text: [{ text: "Admission is " }, { text: "free", marks: [{ type: "italic" }] }] }],
  },
}));

const id = created.data.id;
/** Addresses the article, in the version that came with an answer. */
const at = ({ etag }: { etag: string }) => ({ path: { id }, header: { "If-Match": etag } });

const patched = expect(200, await author.PATCH("/manage/v1/articles/{id}", {
  params: at(created),
  headers: { "Content-Type": "application/merge-patch+json" },
  body: { kicker: "Museums" },
}));
assert.equal(patched.data.kicker, "Museums");
const stale = await author.PATCH("/manage/v1/articles/{id}", {
  params: at(created),
  headers: { "Content-Type": "application/merge-patch+json" },
  body: { kicker: "Too late" },
});
assert.equal(stale.response.status, 412);
assert.equal((stale.error satisfies Problem | undefined)?.type, "/problems/stale");

const submitted = expect(200, await author.POST("/manage/v1/articles/{id}/actions/submit", {
  params: at(patched), body: {},
}));
const approved = expect(200, await editor.POST("/manage/v1/articles/{id}/actions/approve", {
  params: at(submitted), body: {},
}));
const published = expect(200, await editor.POST("/manage/v1/articles/{id}/actions/publish", {
  params: at(approved), body: {},
})).data;

const page = expect(200, await anyone.GET("/v1/page", {
  params: { query: { path: published.article.path! } },
})).data;
assert.ok(page.kind === "article");
assert.equal(page.headline, "The typewriter museum opens");
const [first] = page.blocks ?? [];
assert.ok(first?.type === "paragraph");
assert.equal(first.text[1]?.text, "free");

const sparse = expect(200, await anyone.GET("/v1/sparse/articles", {
  params: { query: { fields: "headline" } },
})).data;
const headline: string | undefined = sparse.data.find((one) => one.id === id)?.headline;
assert.equal(headline, page.headline);
const cards = expect(200, await anyone.GET("/v1/articles")).data;
const path: string = cards.data[0]!.path;
assert.ok(path.startsWith("/"), "what is whole has every member");

const posted = expect(202, await anyone.POST("/v1/articles/{id}/comments", {
  params: { path: { id } },
  body: { nickname: "qwerty", body: "I miss the bell." },
})).data;
const comment = { path: { id: posted.id } };
const held = expect(200, await moderator.GET("/manage/v1/comments/{id}", { params: comment }));
expect(200, await moderator.POST("/manage/v1/comments/{id}/decisions", {
  params: { ...comment, header: { "If-Match": held.etag } },
  body: { decision: "approve" },
}));
const thread = expect(200, await anyone.GET("/v1/articles/{id}/comments", {
  params: { path: { id } },
})).data;
assert.deepEqual(thread.data.map((one) => one.body), ["I miss the bell."]);

const out = await author.DELETE("/manage/v1/session");
assert.equal(out.response.status, 204);
assert.equal((await author.GET("/manage/v1/me")).response.status, 401);
console.log("typescript: a whole session");
