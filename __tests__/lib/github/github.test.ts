import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as fc from "fast-check";
import nock from "nock";
import { markerOf, pullRequestOf, stickyComment, stickyIssue, workflowOf } from "../../../lib/github";
import { draws } from "../../support/draws";
import {
  comment,
  createComment,
  createIssue,
  issue,
  listComments,
  listIssues,
  listPulls,
  pullRequest,
  updateComment,
  updateIssue,
  type Recorded,
} from "../../support/github";
import { anyCharacter } from "../../support/characters";

// Many files and processes take their time on a machine that does other things too.

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
const MARKER = markerOf("preview", "dev");

/** Answers from a recording. @returns the bodies that are sent, as they are sent */
function play(...recorded: readonly Recorded[]): Record<string, unknown>[] {
  const sent: Record<string, unknown>[] = [];
  for (const { method, path, query, status, body, headers } of recorded)
    nock("https://api.github.com", { reqheaders: { authorization: "token ghs_planted" } })
      .intercept(path, method)
      .query(query ?? true)
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
    const written = await stickyComment(
      await workflowOf(ENV),
      12,
      MARKER,
      `**dev**: 1 job to update ${MARKER}\n\nmore`,
    );
    const address = "https://github.com/acme/shop/pull/12#issuecomment-901";
    expect(written).toEqual({ address, author: "github-actions[bot]" });
    expect(sent).toEqual([{ body: `**dev**: 1 job to update ${MARKER}\n\nmore` }]);
  });

  const person = { login: "mallory", type: "User" };
  const owner = { login: "acme-owner", type: "User" };
  const otherBot = { login: "renovate[bot]", type: "Bot" };
  const namesake = { login: "github-actions[bot]", type: "User" };

  test("is written anew where it is there; those of others that hold the marker are left alone", async () => {
    const strangers = [
      comment(1, `> **dev** ${MARKER}`, person),
      comment(2, MARKER, owner, "OWNER"),
      comment(3, MARKER, otherBot),
      comment(4, MARKER, namesake),
      comment(5, `see:\n${MARKER}`),
      comment(6, `${MARKER} and more`),
      { ...comment(7, MARKER), user: null },
      { ...comment(8, ""), body: undefined },
    ];
    const sent = play(listComments([...strangers, comment(9, `**dev** ${MARKER}`)]), updateComment(9));
    await stickyComment(await workflowOf(ENV), 12, MARKER, `new ${MARKER}`);
    expect(sent).toEqual([{ body: `new ${MARKER}` }]);
    expect(nock.isDone()).toBe(true);
    play(listComments(strangers), createComment());
    await stickyComment(await workflowOf(ENV), 12, MARKER, MARKER);
    expect(nock.isDone()).toBe(true);
  });

  test("is another's where the token is another's", async () => {
    play(listComments([comment(1, MARKER), comment(2, MARKER, owner)]), updateComment(2));
    await stickyComment(await workflowOf(ENV, { author: "acme-owner" }), 12, MARKER, MARKER);
    expect(nock.isDone()).toBe(true);
  });

  test("is found on a later page", async () => {
    const next = '<https://api.github.com/repos/acme/shop/issues/12/comments?page=2>; rel="next"';
    const first = Array.from({ length: 100 }, (_, id) => comment(id, "chatter", { type: "User" }));
    play({ ...listComments(first), headers: { link: next } }, listComments([comment(500, MARKER)]), updateComment(500));
    await stickyComment(await workflowOf(ENV), 12, MARKER, MARKER);
    expect(nock.isDone()).toBe(true);
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
  });
});

describe("a GitHub that says nothing", () => {
  let silent: Server;
  let asked = 0;
  let answers: ((response: ServerResponse) => void) | undefined;
  beforeAll(async () => {
    nock.enableNetConnect("127.0.0.1");
    silent = createServer((_request, response) => {
      asked += 1;
      answers?.(response);
    }).listen(0, "127.0.0.1");
    await new Promise((listening) => silent.once("listening", listening));
  });
  beforeEach(() => ([asked, answers] = [0, undefined]));
  afterAll(() => {
    silent.closeAllConnections();
    silent.close();
    nock.disableNetConnect();
  });

  const run = async (options: { signal?: AbortSignal; silence?: number }) => {
    const { port } = silent.address() as AddressInfo;
    const env = { ...ENV, GITHUB_API_URL: `http://127.0.0.1:${port}` };
    return stickyComment(await workflowOf(env, options), 12, MARKER, MARKER);
  };

  test.each<[string, typeof answers]>([
    ["before its answer", undefined],
    ["within its answer", (response) => response.writeHead(200, { "content-type": "application/json" }).write("[")],
  ])("%s is asked once, and named with its time", async (_when, how) => {
    answers = how;
    await expect(run({ silence: 2_000 })).rejects.toThrow(
      "GitHub does not answer to comment on the pull request: it said nothing for 2 s",
    );
    expect(asked).toBe(1);
  });

  test("holds nobody who interrupts", async () => {
    const stop = new AbortController();
    const running = run({ signal: stop.signal });
    while (asked === 0) await new Promise((later) => setTimeout(later, 10));
    stop.abort(new Error("Ctrl-C"));
    await expect(running).rejects.toThrow("Ctrl-C");
    expect(asked).toBe(1);
  });

  test("takes a change once, also where it answers that it failed", async () => {
    answers = (response) => {
      if (asked === 1) response.writeHead(200, { "content-type": "application/json" }).end("[]");
      else response.writeHead(502, { "content-type": "application/json" }).end("{}");
    };
    await expect(run({})).rejects.toThrow(/refuses to comment.*502/);
    expect(asked).toBe(2);
  });
});

describe("the one issue about drift", () => {
  const TEXT = { title: "dev is not as the program says", body: `**dev** ${MARKER}` };
  const keep = async (text: typeof TEXT | undefined) => stickyIssue(await workflowOf(ENV), MARKER, "drift", text);

  test("is opened, with its label", async () => {
    const sent = play(
      listIssues([issue(3, "other", "something else"), issue(4, TEXT.title, TEXT.body, { user: null })]),
      createIssue(7),
    );
    expect(await keep(TEXT)).toMatchObject({ address: "https://github.com/acme/shop/issues/7" });
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
    const mallory = { login: "mallory", type: "User" };
    play(
      listIssues([
        issue(8, "a pull request", MARKER, { pull_request: {} }),
        issue(9, "somebody else's", MARKER, { user: mallory }),
      ]),
    );
    expect(await keep(undefined)).toBeUndefined();
  });
});

describe("the run that a command is part of", () => {
  const event = (value: unknown) => {
    const file = join(folder, "event.json");
    writeFileSync(file, JSON.stringify(value));
    return workflowOf({ ...ENV, GITHUB_EVENT_PATH: file });
  };

  test("knows its pull request, and whether that comes from a fork", async () => {
    const head = (full_name: string) => ({ pull_request: { number: 12, head: { repo: { full_name } } } });
    const own = await event(head("acme/shop"));
    expect(own.subject).toEqual({ kind: "pull_request", pull: 12, fromFork: false });
    expect(await pullRequestOf(own)).toBe(12);
    expect((await event(head("mallory/shop"))).subject).toMatchObject({ pull: 12, fromFork: true });
    expect((await event({ pull_request: { number: 12, head: { repo: null } } })).subject).toMatchObject({
      fromFork: true,
    });
  });

  const run = (more: object = {}) => ({
    workflow_run: {
      event: "pull_request",
      head_sha: "c0ffee",
      head_branch: "feature",
      head_repository: { full_name: "acme/shop" },
      pull_requests: [{ number: 666 }],
      ...more,
    },
  });

  test("that follows another's finds the pull request which ends with that run's commit, and asks nobody else", async () => {
    const others = [
      pullRequest(1, { sha: "later" }),
      pullRequest(2, { repo: "mallory/shop" }),
      pullRequest(3, { repo: null }),
      pullRequest(4, { ref: "features" }),
    ];
    play(listPulls([...others, pullRequest(12)]));
    expect(await pullRequestOf(await event(run()))).toBe(12);
    play(listPulls(others));
    expect(await pullRequestOf(await event(run()))).toBeUndefined();
    const both = [pullRequest(5, { base: "release" }), pullRequest(12)];
    play(listPulls(both));
    expect(await pullRequestOf(await event(run()))).toBe(12);
    play(listPulls([pullRequest(5, { base: "release" }), pullRequest(6, { base: "next" })]));
    expect(await pullRequestOf(await event(run()))).toBeUndefined();
    expect(nock.isDone()).toBe(true);
  });

  test("that follows one of a fork looks among the fork's branches", async () => {
    play(listPulls([pullRequest(7), pullRequest(12, { repo: "mallory/shop" })], "mallory:feature"));
    const fork = run({ head_repository: { full_name: "mallory/shop" } });
    expect(await pullRequestOf(await event(fork))).toBe(12);
    expect(nock.isDone()).toBe(true);
  });

  test.each([[{ event: "push" }], [{ head_repository: null }], [{ head_branch: null }]])(
    "that follows one of no pull request has none: %j",
    async (more) => {
      expect(await pullRequestOf(await event(run(more)))).toBeUndefined();
    },
  );

  test.each([null, "x", { pull_request: { number: "12" } }, { workflow_run: { event: 1 } }, { pull_request: null }])(
    "says that an event is none: %j",
    async (value) => {
      await expect(event(value)).rejects.toThrow(/is no event of GitHub's/);
    },
  );

  test("says which part of an event is not there", async () => {
    await expect(event({ pull_request: { number: 12 } })).rejects.toThrow(
      /no event of GitHub's, at pull_request.head$/,
    );
  });

  test.each([
    [{}, /GITHUB_REPOSITORY: is not set/],
    [{ GITHUB_REPOSITORY: "acme/shop" }, /GITHUB_TOKEN: is not set/],
    [{ ...ENV, GITHUB_EVENT_PATH: "/nowhere" }, /GITHUB_EVENT_PATH: \/nowhere cannot be read/],
  ])("says what is missing of %j", async (env, message) => {
    await expect(workflowOf(env)).rejects.toThrow(message);
  });
});

describe("the marker of an environment", () => {
  test("is one comment of HTML, and no other environment's, whatever the name is", () => {
    const names = fc.oneof(
      fc.string({ unit: anyCharacter }),
      fc.stringMatching(/^[ab<>! -]{0,12}$/),
      fc.constantFrom("dev", "a--b", "a- -b", "a-%2Db", "dev --> <!-- cdk-nomad preview: prod", "\ud800", "-->"),
    );
    fc.assert(
      fc.property(names, names, (one, other) => {
        const marker = markerOf("preview", one);
        expect(marker).toMatch(/^<!-- cdk-nomad preview: (?:(?!--)[\x21-\x7e])* -->$/);
        expect(marker === markerOf("preview", other)).toBe(one.toWellFormed() === other.toWellFormed());
        expect(marker).not.toBe(markerOf("drift", other));
      }),
      { numRuns: draws(200) },
    );
    expect(markerOf("preview", "staging-preview")).toBe("<!-- cdk-nomad preview: staging-preview -->");
  });
});
