import { driftMarkdown as driftBody } from "../../../lib/cli/drift-markdown";
import { previewMarkdown as previewBody } from "../../../lib/cli/preview-markdown";
import { LONGEST_BODY } from "../../../lib/github";
import { renderBody } from "../../../lib/text";
import { markdownReader } from "../../support/markdown";
import { MASK, Masking } from "../../../lib/masking";
import type { Drift, FieldChange, JobPlan, Preview } from "../../../lib/operations";

const NONE = { create: 0, inPlace: 0, replace: 0, canaries: 0, migrate: 0, stop: 0, preempt: 0, unchanged: 0 };

function plan(job: string, fields: readonly FieldChange[] = [], more: Partial<JobPlan> = {}): JobPlan {
  const groups = [{ name: "web", ...NONE, replace: 1, canaries: 1 }];
  return { job, path: `dev/${job}`, change: "update", modifyIndex: 42, groups, fields, warnings: [], ...more };
}

function preview(jobs: readonly JobPlan[], more: Partial<Preview> = {}): Preview {
  return { environment: "dev", jobs, consul: [], terraformOnly: [], ...more };
}

const rendering = { mask: (text: string) => text, longest: LONGEST_BODY };
const previewMarkdown = (of: Preview) => render(previewBody(of));
const driftMarkdown = (of: Drift) => render(driftBody(of));

function render({ head, parts, otherwise }: ReturnType<typeof previewBody>): string {
  return renderBody(head, parts, { ...rendering, otherwise });
}

const field = (place: string, before = "1", after = "2"): FieldChange => ({ place, before, after });

describe("a preview as a comment", () => {
  test("counts in the first line, lists jobs in a table, folds the details", () => {
    const blocked = { name: "db", ...NONE, create: 2, blocked: "memory is exhausted on 3 nodes" };
    const text = previewMarkdown(
      preview([
        plan("web", [field('group "web" › count')], { warnings: ["mbits is deprecated"] }),
        plan("db", [], { change: "create", modifyIndex: 0, groups: [blocked], region: "us-west" }),
        plan("same", [], { change: "none" }),
      ]),
    );
    expect(text.split("\n")[0]).toBe(
      "**dev**: 1 job to create, 1 to update, 1 unchanged; 1 job finds no node for some allocations <!-- cdk-nomad preview: dev -->",
    );
    expect(text).toContain("| web | update | web: 1 canary placed, 1 replaced |  | 42 |");
    expect(text).toContain("| db (us-west) | create | db: 2 created | ⚠️ db: memory is exhausted on 3 nodes |  |");
    expect(text).not.toContain("| same |");
    expect(text).toMatch(
      /<details>\n<summary>web: 1 field, 1 warning<\/summary>[^]*count: 1 → 2[^]*mbits is deprecated/,
    );
  });

  test("is never longer than GitHub takes, and whole where it is not", () => {
    const jobs = Array.from({ length: 900 }, (_, number) =>
      plan(`job-${number}`, [field("a field with a long name", "x".repeat(100), "y".repeat(100))]),
    );
    const text = previewMarkdown(preview(jobs));
    expect(text.length).toBeLessThanOrEqual(LONGEST_BODY);
    expect(text.split("\n")[0]).toContain("900 jobs to update");
    expect(text).toMatch(
      /_\d+ more parts are left out: a comment holds 65536 characters\._ See all of it with `cdk-nomad preview`\.$/,
    );
    expect(text.match(/<details>/g)?.length ?? 0).toBe(text.match(/<\/details>/g)?.length ?? 0);
    expect((text.match(/^```/gm)?.length ?? 0) % 2).toBe(0);
    const few = preview(jobs.slice(0, 3));
    expect(previewMarkdown(few)).not.toContain("left out");
  });

  test("has the same structure, whatever jobs, fields and the environment are called", async () => {
    const read = await markdownReader();
    const shape = (name: string) =>
      read(previewMarkdown(preview([plan(name, [field(name, name, name)])], { environment: name }))).shape;
    for (const nasty of [
      "@everyone <img src=x> **bold** `code` | ``` ````",
      "--><script>",
      "# a\n\n- b\r\n::stop::",
      "#1 https://x.y",
    ])
      expect({ nasty, shape: shape(nasty) }).toEqual({ nasty, shape: shape("harmless") });
  });

  test("what Terraform alone knows is told, with its plan or without", () => {
    const only = [{ path: "dev/role", type: "vault_role" }];
    expect(previewMarkdown(preview([], { terraformOnly: only }))).toContain("vault_role dev/role");
    const terraform = [{ address: "vault_role.x", change: "delete" as const }];
    expect(previewMarkdown(preview([], { terraformOnly: only, terraform }))).toContain("delete vault_role.x");
  });
});

test("what records do not tell is said in drift, and nothing is called green for it", () => {
  const unknown = ["the record of prod cannot be read: Permission denied"];
  const text = driftMarkdown({ environment: "prod", jobs: [], consul: [], unchanged: 3, unknown });
  expect(text).toContain("as far as is known");
  expect(text).toContain("the record of prod cannot be read");
});

test("drift does not promise that a deployment stops a stray, which may be kept, and names what says it", () => {
  const text = driftMarkdown({ environment: "prod", jobs: [], consul: [], unchanged: 1, strays: [{ job: "old" }] });
  expect(text).not.toContain(": a deployment stops it");
  expect(text).toContain(
    "**old** runs still, and the program has it no longer: cdk-nomad preview prod says whether a deployment stops it",
  );
});

test("drift as an issue: counts first, each job with what became of it, and how to put it right", () => {
  const text = driftMarkdown({
    environment: "prod",
    unchanged: 8,
    consul: [
      {
        path: "p",
        kind: "key",
        name: "prism/log",
        change: "update",
        modifyIndex: 1,
        fields: [field("value", "debug", "info")],
      },
    ],
    jobs: [
      {
        job: "web",
        path: "p",
        drift: "scaled",
        version: 4,
        submitted: "2026-11-20T09:00:00.000Z",
        modifyIndex: 9,
        groups: [],
        fields: [field("count")],
        lastChange: [],
      },
      { job: "db", path: "p", drift: "purged", modifyIndex: 0, groups: [], fields: [], lastChange: [] },
    ],
  });
  expect(text.split("\n")[0]).toBe(
    "**prod** is not as the program says: 2 of 10 jobs, 1 in Consul <!-- cdk-nomad drift: prod -->",
  );
  expect(text).toContain("- **web** was scaled (version 4 of `2026-11-20T09:00:00.000Z`)");
  expect(text).toContain("- **db** is gone: somebody purged it");
  expect(text).toContain("value: debug → info");
  expect(text).toContain("put it right with: cdk-nomad drift prod `--fix`");
});

describe("masking", () => {
  const masking = new Masking(["planted-value"]);

  test.each([
    ["Env[API_TOKEN]", "abc"],
    ["Env[DB_PASSWORD]", "hunter2"],
    ["anything", "planted-value"],
    ["anything", "ghp_16C7e42F292c6912E7710c838347Ae178B4a"],
  ])("hides %s = %s", (name, value) => {
    expect(masking.value(name, value)).toBe(MASK);
  });

  test("hides a value inside of others, and leaves what only says where a secret is", () => {
    expect(masking.value("Env[URL]", "https://planted-value@host/")).toBe(`https://${MASK}@host/`);
    expect(masking.value("Env[API_TOKEN]", "${NOMAD_META_token}")).toBe("${NOMAD_META_token}");
    expect(masking.value("Env[LEVEL]", "debug")).toBe("debug");
  });
});
