import { refusePlatform } from "../../../lib/local/refusals";
import { tasksIn } from "../../../lib/local/machine/processes";

const FOLDER = "/Users/me/shop/.cdk-nomad/data";
/** As macOS tells it. */
const LISTING = `    1     0 /sbin/launchd
  900     1 /opt/homebrew/bin/nomad agent -dev -config=/Users/me/shop/.cdk-nomad/nomad.json
  901     1 /opt/homebrew/bin/nomad executor {"LogFile":"/Users/me/shop/.cdk-nomad/data/nomad/alloc/5e8a/web/executor.out","LogLevel":"info"}
  902   901 /bin/sh -c exec sleep 3600
  903   902 sleep 3600
  904     1 /opt/homebrew/bin/nomad executor {"LogFile":"/Users/me/other/.cdk-nomad/data/nomad/alloc/77aa/web/executor.out"}
  905   904 sleep 3600
  906     1 tail -f /Users/me/shop/.cdk-nomad/data/nomad/alloc/5e8a/alloc/logs/web.stdout.0
  907     1 /opt/homebrew/bin/nomad executor {"LogFile":"/Users/me/shop/.cdk-nomad/database/x"}
`;

test("where there is no /proc, tasks are what the executors of the folder started", () => {
  expect(tasksIn(LISTING, FOLDER).sort()).toEqual([901, 902, 903]);
  expect(tasksIn("", FOLDER)).toEqual([]);
});

test.each(["linux", "darwin"] as const)("%s may start a cluster", (platform) => {
  expect(() => refusePlatform({ platform })).not.toThrow();
});

test.each([
  ["win32", /WSL 2/],
  ["freebsd", /this is freebsd/],
] as const)("%s may not, and is told why", (platform, why) => {
  expect(() => refusePlatform({ platform })).toThrow(why);
});
