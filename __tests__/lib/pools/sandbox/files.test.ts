import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { WorkspaceFiles } from "../../../../lib/pools/sandbox/server/files";
import { Refused } from "../../../../lib/pools/sandbox/server/refused";
import { draws } from "../../../support/draws";

describe("files of a workspace", () => {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), "cdk-nomad-files-")));
  const root = join(folder, "slot_1");
  const outside = join(folder, "slot_10");
  beforeAll(() => {
    for (const path of [root, outside, join(root, "a"), join(root, "a/b")]) mkdirSync(path);
    writeFileSync(join(outside, "secret"), "secret");
    writeFileSync(join(root, "a/f"), "own");
    const links = {
      up: "..",
      over: "../slot_10",
      deep: "a/b",
      absolute: outside,
      dangling: "../slot_10/planted",
      loop: "loop",
      proc: "/proc/self/root",
    };
    for (const [name, target] of Object.entries(links)) symlinkSync(target, join(root, name));
    symlinkSync("../../slot_10/secret", join(root, "a/secret"));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  test("no drawn path leads out of it, neither reading nor writing", async () => {
    const files = new WorkspaceFiles(root, ["/workspace"], undefined);
    const part = fc.constantFrom(
      "..",
      ".",
      "",
      "a",
      "b",
      "f",
      "new",
      "up",
      "over",
      "deep",
      "absolute",
      "dangling",
      "loop",
      "proc",
      "secret",
      "planted",
      "slot_10",
      folder,
      "/workspace",
      "slot_1",
    );
    await fc.assert(
      fc.asyncProperty(fc.array(part, { minLength: 1, maxLength: 7 }), fc.boolean(), async (parts, rooted) => {
        const failures: unknown[] = [];
        const path = (rooted ? "/" : "") + parts.join("/");
        try {
          const { file, place } = await files.openFile(path);
          if (!place.startsWith(`${root}/`) || (await file.readFile("utf8")).includes("secret")) failures.push(place);
          await file.close();
        } catch (error) {
          failures.push(error);
        }
        try {
          const { file } = await files.create(path);
          await file.writeFile("own");
          await file.close();
        } catch (error) {
          failures.push(error);
        }
        expect(failures.filter((error) => !(error instanceof Refused))).toEqual([]);
        expect([readdirSync(outside), readFileSync(join(outside, "secret"), "utf8")]).toEqual([["secret"], "secret"]);
        expect(readdirSync(folder).sort()).toEqual(["slot_1", "slot_10"]);
      }),
      { numRuns: draws(100) },
    );
  });

  test("the names by which a command knows the workspace lead there", async () => {
    const files = new WorkspaceFiles(root, ["/workspace"], undefined);
    for (const path of ["a/f", "/workspace/a/f", join(root, "a/f"), "deep/../../a/f".replace("deep/../../", "")]) {
      const { file } = await files.openFile(path);
      expect(await file.readFile("utf8")).toBe("own");
      await file.close();
    }
    expect(() => files.place("/workspaces/x")).toThrow(Refused);
    expect(() => files.place("/workspace/../x")).toThrow(Refused);
  });
});
