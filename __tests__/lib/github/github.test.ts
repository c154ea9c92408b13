import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import nock from "nock";
import { stickyComment, stickyIssue, workflowOf } from "../../../lib/github";
import {
  comment,
  createComment,
  createIssue,
  issue,
  listComments,
  listIssues,
  updateComment,
  updateIssue,
  type Recorded,
} from "../../support/github";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "cdk-nomad-github-"));
  nock.disableNetConnect();
});
afterEach(() => nock.cleanAll());
afterAll(() => {
  nock.enableNetConnect();
  nock.restore();
  rmSync(folder, { recursive: true, force: true });
});

const ENV = { GITHUB_REPOSITORY: "acme/shop", GITHUB_TOKEN: "ghs_planted" };
const MARKER = "<!-- cdk-nomad preview: dev -->";

/** Answers from a recording. @returns the bodies that are sent, as they are sent */
function play(...recorded: readonly Recorded[]): Record<string, unknown>[] {
  const sent: Record<string, unknown>[] = [];
  for (const { method, path, status, body, headers } of recorded)
    nock("https://api.github.com", { reqheaders: { authorization: "token ghs_planted" } })
      .intercept(path, method)
      .query(true)
      .reply(
        status,
        (_uri, said) => {
          if (method !== "GET") sent.push(said as Record<string, unknown>);
          return body as nock.Body;
        },
        headers,
      );
  return sent;
}

describe("the one comment on a pull request", () => {
  test("is added where there is none", async () => {
    const sent = play(listComments([comment(1, "looks good", { type: "User" })]), createComment());
    const address = await stickyComment(
      await workflowOf(ENV),
      12,
      MARKER,
      `**dev**: 1 job to update ${MARKER}\n\nmore`,
    );
    expect(address).toBe("https://github.com/acme/shop/pull/12#issuecomment-901");
    expect(sent).toEqual([{ body: `**dev**: 1 job to update ${MARKER}\n\nmore` }]);
  });

  test("is written anew where it is there; those that only quote it are left alone", async () => {
    const quoted = comment(1, `> **dev** ${MARKER}`, { type: "User" }, "NONE");
    const below = comment(2, `see:\n${MARKER}`);
    const sent = play(listComments([quoted, below, comment(3, `**dev** ${MARKER}`)]), updateComment(3));
    await stickyComment(await workflowOf(ENV), 12, MARKER, `new ${MARKER}`);
    expect(sent).toEqual([{ body: `new ${MARKER}` }]);
    expect(nock.isDone()).toBe(true);
  });

  test("is found on a later page", async () => {
    const next = '<https://api.github.com/repos/acme/shop/issues/12/comments?page=2>; rel="next"';
    const first = Array.from({ length: 100 }, (_, id) => comment(id, "chatter", { type: "User" }));
    play({ ...listComments(first), headers: { link: next } }, listComments([comment(500, MARKER)]), updateComment(500));
    await stickyComment(await workflowOf(ENV), 12, MARKER, MARKER);
    expect(nock.isDone()).toBe(true);
  });

  test("longer than GitHub takes, ends at a line with its blocks closed, and says so", async () => {
    const long = `**dev** ${MARKER}\n\n<details>\n<summary>web</summary>\n\n\`\`\`text\n${"env › LEVEL: info → debug\n".repeat(9000)}\`\`\`\n\n</details>`;
    const sent = play(listComments([]), createComment());
    await stickyComment(await workflowOf(ENV), 12, MARKER, long);
    const body = String(sent[0]?.body);
    expect(body.length).toBeLessThanOrEqual(65_536);
    expect(body).toMatch(/debug\n```\n<\/details>\n\n_The rest is left out: GitHub takes no longer text\._$/);
  });

  test("waits out an answer of 502, and tells a refusal with the permission that lacks", async () => {
    play({ ...listComments([]), status: 502, body: {} }, listComments([]), createComment());
    await stickyComment(await workflowOf(ENV), 12, MARKER, MARKER);
    const refusal = { message: "Resource not accessible by integration" };
    play(listComments([]), createComment(12, 403, refusal));
    const refused = stickyComment(await workflowOf(ENV), 12, MARKER, MARKER);
    await expect(refused).rejects.toThrow(
      /refuses to comment.*403.*"pull-requests: write", and runs of forks have none/,
    );
    await expect(refused).rejects.not.toThrow(/ghs_planted/);
  }, 20_000);
});

describe("the one issue about drift", () => {
  const TEXT = { title: "dev is not as the program says", body: `**dev** ${MARKER}` };
  const keep = async (text: typeof TEXT | undefined) => stickyIssue(await workflowOf(ENV), MARKER, "drift", text);

  test("is opened, with its label", async () => {
    const sent = play(listIssues([issue(3, "other", "something else")]), createIssue(7));
    expect(await keep(TEXT)).toBe("https://github.com/acme/shop/issues/7");
    expect(sent).toEqual([{ ...TEXT, labels: ["drift"] }]);
  });

  test("is written anew where it is open, and left alone where it says the same", async () => {
    const sent = play(listIssues([issue(7, "old", `old ${MARKER}`)]), updateIssue(7));
    await keep(TEXT);
    expect(sent).toEqual([TEXT]);
    play(listIssues([issue(7, TEXT.title, TEXT.body)]));
    await keep(TEXT);
    expect(nock.isDone()).toBe(true);
  });

  test("is closed with a word where all is well again; where there is none, nothing is done", async () => {
    const sent = play(listIssues([issue(7, TEXT.title, TEXT.body)]), createComment(7), updateIssue(7));
    await keep(undefined);
    expect(sent).toEqual([{ body: "All is as the program says again." }, { state: "closed" }]);
    play(listIssues([issue(8, "a pull request", MARKER, { pull_request: {} })]));
    expect(await keep(undefined)).toBeUndefined();
  });
});

describe("the run that a command is part of", () => {
  test("knows its pull request, and whether that comes from a fork", async () => {
    const event = join(folder, "event.json");
    const head = (full_name: string) => ({ pull_request: { number: 12, head: { repo: { full_name } } } });
    writeFileSync(event, JSON.stringify(head("acme/shop")));
    expect(await workflowOf({ ...ENV, GITHUB_EVENT_PATH: event })).toMatchObject({ pull: 12, fromFork: false });
    writeFileSync(event, JSON.stringify(head("mallory/shop")));
    expect(await workflowOf({ ...ENV, GITHUB_EVENT_PATH: event })).toMatchObject({ pull: 12, fromFork: true });
  });

  test.each([
    [{}, /GITHUB_REPOSITORY: is not set/],
    [{ GITHUB_REPOSITORY: "acme/shop" }, /GITHUB_TOKEN: is not set/],
    [{ ...ENV, GITHUB_EVENT_PATH: "/nowhere" }, /GITHUB_EVENT_PATH: \/nowhere cannot be read/],
  ])("says what is missing of %j", async (env, message) => {
    await expect(workflowOf(env)).rejects.toThrow(message);
  });
});
