import fc from "fast-check";
import { commandLine, type IsolationPlan } from "../../../../lib/pools/sandbox/server/command-line";
import { LIMITS } from "../../../../lib/pools/sandbox/server/limits";
import { BoundedText } from "../../../../lib/pools/sandbox/server/output";
import { frame, shellState, startScript } from "../../../../lib/pools/sandbox/server/start-script";
import { visibleCharacter } from "../../../support/characters";

const programs = {
  bash: "/bin/bash",
  bwrap: "/usr/bin/bwrap",
  setpriv: "/usr/bin/setpriv",
  unshare: "/usr/bin/unshare",
};
const place = { workspace: "/data/slot_0", tmp: "/data/.slots/slot_0/tmp", uid: 1_000_000_007 };
const plan = (own: Partial<IsolationPlan>): IsolationPlan => ({
  kind: "bubblewrap",
  ownUsers: true,
  namespaces: true,
  network: true,
  programs,
  workspace: "/workspace",
  ...own,
});
const line = (own: Partial<IsolationPlan>, network = true) =>
  commandLine(plan(own), place, "SCRIPT", {
    network,
    system: [{ path: "/usr" }, { path: "/bin", target: "usr/bin" }],
  }).join(" ");

describe("the command line of a slot's shell", () => {
  test("by bubblewrap: root gives its rights up inside, others have a user namespace", () => {
    expect(line({})).toMatch(
      /^\/usr\/bin\/bwrap --cap-drop ALL .*--unshare-pid .*--die-with-parent .*--ro-bind \/usr \/usr --symlink usr\/bin \/bin /,
    );
    expect(line({})).toMatch(
      /--bind \/data\/slot_0 \/workspace --chdir \/workspace -- \/usr\/bin\/setpriv --reuid 1000000007 .*--no-new-privs /,
    );
    expect(line({ ownUsers: false })).toMatch(/--unshare-user .*-- \/bin\/bash --noprofile --norc -c SCRIPT bash$/);
    expect([line({}), line({}, false)].map((text) => text.includes("--unshare-net"))).toEqual([false, true]);
  });

  test("by users: the kernel is asked to end it with the server, in whatever order rights are given up", () => {
    const user = line({ kind: "user", workspace: "/mnt" }, false);
    expect(user).toMatch(
      /^\/usr\/bin\/setpriv --pdeathsig KILL -- \/usr\/bin\/unshare .*--kill-child=KILL --mount-proc --net /,
    );
    expect(user).toMatch(
      /setpriv --reuid \d+ --regid \d+ --clear-groups --no-new-privs --pdeathsig KILL -- \/bin\/bash/,
    );
    expect(line({ kind: "user", namespaces: false })).toMatch(/^\/usr\/bin\/setpriv --reuid/);
    expect(line({ kind: "none", ownUsers: false, namespaces: false })).toMatch(/^\/bin\/bash/);
  });
});

describe("what a shell is told", () => {
  test("differs between commands in nothing but the frame", () => {
    const script = startScript(LIMITS, { ownUser: true, privateTmp: true });
    expect(script).toMatch(/ulimit -u 512/);
    expect(startScript(LIMITS, { ownUser: false, privateTmp: false })).toMatch(/umask 077/);
    const told = frame({ text: "echo x", env: { A: "1\n2" }, cwd: "/w", stateful: true, hasStdin: false });
    expect(told.toString()).toBe("A=1\n2\0\0/w\u00001\0\0echo x");
  });

  test("its state comes back as it was, without what one call was given", () => {
    fc.assert(
      fc.property(
        fc.dictionary(
          fc.stringMatching(/^[A-Z][A-Z0-9_]{0,8}$/),
          fc.string().filter((text) => !text.includes("\0")),
        ),
        (env) => {
          const told = [
            "ready",
            "/w",
            ...Object.entries(env).map(([name, value]) => `${name}=${value}`),
            "_=x",
            "PWD=/w",
            "GIVEN=1",
            "",
          ];
          const { PWD: _, SHLVL: __, OLDPWD: ___, GIVEN: ____, ...kept } = env;
          expect(shellState(Buffer.from(told.join("\0")), { GIVEN: "1" })).toEqual({ cwd: "/w", env: kept });
        },
      ),
    );
  });

  test.each(["", "ready\0", "/w\0A=1\0", "ready\0relative\0", "ready\0/w\0A=1"])(
    "is not believed where it was cut: %j",
    (told) => {
      expect(shellState(Buffer.from(told), {})).toBeUndefined();
    },
  );
});

describe("output", () => {
  test("keeps the beginning, whole characters, and says what it dropped", () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: visibleCharacter })), fc.integer({ min: 1, max: 40 }), (pieces, limit) => {
        const kept = new BoundedText(limit);
        for (const piece of pieces) kept.add(Buffer.from(piece));
        const whole = pieces.join("").toWellFormed();
        const { text, truncated } = kept.get();
        expect(truncated).toBe(whole.length > limit);
        expect(text.length).toBeLessThanOrEqual(limit);
        expect(truncated ? whole.startsWith(text.replace(/\uFFFD$/, "")) : text === whole).toBe(true);
      }),
    );
  });
});
