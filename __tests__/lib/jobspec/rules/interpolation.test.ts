import { Driver, Job, Task, TaskGroup, pathText } from "../../../../lib";

function warnings(driver: Driver): readonly string[] {
  const task = new Task({ name: "main", driver });
  return new Job({ id: "web", groups: [new TaskGroup({ name: "api", tasks: [task] })] })
    .validate()
    .filter(({ rule }) => rule === "driver/shell-reference")
    .map(({ path, severity, message }) => `${severity} ${pathText(path)}: ${message}`);
}

const script = (text: string) => Driver.rawExec({ command: "/bin/sh", args: ["-c", text] });

// Nomad 1.11.3 was given each of these kinds: its client started none of the tasks.
test.each([
  "${CODE:-0}",
  "${CODE:=0}",
  "${CODE:?none}",
  "${name@Q}",
  "${#list}",
  "${!name}",
  "${name^^}",
  "${name,,}",
  "${name:1:2}",
  "${name#prefix}",
  "${name%%suffix}",
  "${name//a/b}",
  "${list[0]:-none}",
  "${@}",
  "${*}",
  "${?}",
])("%s is for a shell, and Nomad reads it first", (reference) => {
  expect(warnings(script(`exec serve ${reference} --verbose`))).toEqual([
    expect.stringMatching(/^warning groups\[api\]\.tasks\[main\]\.driver\.args\[1\]: .* write "\$\$\{/),
  ]);
});

test.each([
  "$${CODE:-0}",
  "$CODE",
  "${NOMAD_PORT_http}",
  "${NOMAD_META_code}",
  "${meta.rack}",
  "${attr.unique.network.ip-address}",
  "${node.class}",
  '${meta.big == "yes" ? "8" : "4"}',
  "{{ with .Name }}{{ . }}{{ end }}",
  "awk '{print $1}'",
])("%s is taken", (text) => {
  expect(warnings(script(text))).toEqual([]);
});

test("is found anywhere in a driver's configuration, and read in time that grows with its length", () => {
  expect(warnings(Driver.docker({ image: "web:1", labels: { version: "${VERSION:-none}" } }))).toHaveLength(1);
  expect(warnings(Driver.custom("pot", { args: [{ deep: ["${A:-1}"] }] }))).toHaveLength(1);
  const begun = process.cpuUsage();
  expect(warnings(script("${a[".repeat(500_000)))).toEqual([]);
  expect(process.cpuUsage(begun).user / 1e6).toBeLessThan(5);
});
