import fc from "fast-check";
import { withVariableReaders } from "../../../lib/operations/plan/template-readers";
import { OF_NOMAD, templateReads } from "../../../lib/operations/plan/template-reads";
import { withReaders, type ConsulChange } from "../../../lib/operations/plan";
import { wantedOf } from "../../support/replayed-clients";

const GO = { left: "{{", right: "}}" };
const read = (of: string, path: string, exact = true) => ({ of, path, exact });

test.each([
  ['{{ key "a/b" }}', [read("value", "a/b")]],
  ['{{- key "/a/b" -}}', [read("value", "a/b")]],
  ['{{ key "a/b@dc1" }}', [read("value", "a/b", false)]],
  ["{{ keyOrDefault `a` `}} key` | toJSON }}", [read("optional", "a")]],
  ['{{ "a/b" | key }}', [read("value", "a/b")]],
  ['{{ with $x := "a" | key }}{{ $x }}{{ end }}', [read("value", "a")]],
  ['{{ "d" | keyOrDefault "a" }}', [read("optional", "a")]],
  ['{{ key ("a/b") }}{{ if eq (key "c") "d" }}x{{ end }}', [read("value", "a/b"), read("value", "c")]],
  ['{{ range ls "a/" }}{{ .Key }}{{ end }}', [read("children", "a/")]],
  ['{{ range safeTree "a" }}{{ .key }}{{ end }}', [read("tree", "a")]],
  ['{{ if keyExists "a" }}{{ (keyExistsGet "a").Value }}{{ end }}', [read("existence", "a"), read("optional", "a")]],
  ['{{ key (printf "a/%s" (env "X")) }}', [read("value", "a/", false)]],
  ['{{ printf "a/%s" "b" | key }}', [read("value", "a/", false)]],
  ['{{ $p := "a" }}{{ key $p }}', [read("value", "", false)]],
  ['{{/* key "a" */}}{{- /* }} key "b" */ -}}', []],
  ['key "a" {{ "key \\"a\\"" }} {{ .key "a" }} {{ $key }} {{ keys "a" }}', []],
  ['{{ key "a', []],
])("%s", (text, reads) => {
  expect(templateReads(text, GO)).toEqual(reads);
});

test.each([
  ['{{ with nomadVar "nomad/jobs/web" }}{{ .key }}{{ end }}', [read("value", "nomad/jobs/web")]],
  ['{{ if nomadVarExists "a" }}{{ (nomadVar "a").b }}{{ end }}', [read("existence", "a"), read("value", "a")]],
  ['{{ range nomadVarListSafe "a/" }}{{ .Path }}{{ end }}', [read("tree", "a/")]],
  ['{{ nomadVar (printf "a/%s" (env "NOMAD_TASK_NAME")) }}{{ key "b" }}', [read("value", "a/", false)]],
])("of Nomad's variables %s", (text, reads) => {
  expect(templateReads(text, GO, OF_NOMAD)).toEqual(reads);
});

test("a variable of Nomad that Terraform changes is told with the tasks whose templates read it", () => {
  const taskOf = (EmbeddedTmpl: string) => ({ Name: "t", Templates: [{ EmbeddedTmpl, ChangeMode: "restart" }] });
  const jobOf = (ID: string, text: string, more: object = {}) =>
    wantedOf({ ID, ...more, TaskGroups: [{ Name: "g", Count: 1, Tasks: [taskOf(text)] }] });
  const wanted = [
    jobOf("web", '{{ with nomadVar "app/key" }}{{ .a }}{{ end }}'),
    jobOf("other", '{{ with nomadVar "app/other" }}{{ .a }}{{ end }}'),
    jobOf("elsewhere", '{{ with nomadVar "app/key" }}{{ .a }}{{ end }}', { Namespace: "shop" }),
    jobOf("consul", '{{ key "app/key" }}'),
  ];
  const variable = { path: "app/key", namespace: "default" };
  const [changed, rest] = withVariableReaders(
    [
      { address: "nomad_variable.key", change: "update", variable },
      { address: "local_file.note", change: "create" },
    ],
    wanted,
  );
  expect(changed?.readers).toEqual([expect.objectContaining({ job: "web", effect: "restart", certainty: "reads" })]);
  expect(rest).not.toHaveProperty("readers");
});

test("other delimiters part other actions", () => {
  expect(templateReads('{{ key "a" }} [[ key "b" ]]', { left: "[[", right: "]]" })).toEqual([read("value", "b")]);
});

test("whatever stands around it, a literal read is found, and nothing ends in an error", () => {
  const noise = fc.string({
    unit: fc.constantFrom("{", "}", '"', "`", "'", "\\", " ", "a", "/", "*", "-", "|", "(", ")"),
  });
  fc.assert(
    fc.property(noise, (around) => {
      expect(() => templateReads(around, GO)).not.toThrow();
      const quiet = around.replaceAll(/[{}]/g, "");
      expect(templateReads(`${quiet}{{ key "a" }}${quiet}`, GO)).toContainEqual(read("value", "a"));
    }),
  );
});

test("half a megabyte of openings is read in time", () => {
  for (const part of ["{{", "{{ key ", '{{ "', "{{/*", "{{ key (printf "]) {
    const begun = performance.now();
    templateReads(part.repeat(500_000 / part.length), GO);
    expect(performance.now() - begun).toBeLessThan(5000);
  }
});

const keyChange = (name: string, change: ConsulChange["change"] = "update"): ConsulChange => ({
  path: "lab/keys",
  kind: "key",
  name,
  change,
  modifyIndex: 1,
  fields: [],
});
const job = (...templates: readonly object[]) => ({
  ID: "web",
  Region: "west",
  TaskGroups: [{ Name: "api", Tasks: [{ Name: "main", Templates: templates }] }],
});
const readers = (change: ConsulChange, ...templates: readonly object[]) =>
  withReaders([change], [wantedOf(job(...templates))])[0]?.readers ?? [];

test("tasks that read a key that changes are named, with what Nomad does with them, and when at the latest", () => {
  const EmbeddedTmpl = '{{ key "app/a" }}';
  const signal = { EmbeddedTmpl, ChangeMode: "signal", ChangeSignal: "SIGHUP", Splay: 2e9, Wait: { Min: 1e9 } };
  expect(readers(keyChange("app/a"), { EmbeddedTmpl }, signal)).toEqual([
    expect.objectContaining({
      job: "web",
      region: "west",
      group: "api",
      task: "main",
      effect: "restart",
      within: 10_000,
    }),
    expect.objectContaining({ effect: "signal", signal: "SIGHUP", certainty: "reads", within: 3000 }),
  ]);
  expect(readers(keyChange("app/b"), { EmbeddedTmpl })).toEqual([]);
  expect(readers(keyChange("app/a", "none"), { EmbeddedTmpl })).toEqual([]);
  expect(readers(keyChange("app/a"), { EmbeddedTmpl, Once: true })).toEqual([]);
  expect(readers(keyChange("app/a", "delete"), { EmbeddedTmpl })).toEqual([
    expect.objectContaining({ effect: "keeps" }),
  ]);
});

test.each([
  ['{{ range ls "app/" }}', "app/a", "reads"],
  ['{{ range ls "app" }}', "app/a", "reads"],
  ['{{ range ls "app" }}', "app/a/b", undefined],
  ['{{ range tree "app" }}', "app/a/b", "reads"],
  ['{{ key (printf "app/%s" .x) }}', "app/a", "may"],
  ['{{ key (printf "other/%s" .x) }}', "app/a", undefined],
  ["{{ key .x }}", "app/a", "may"],
  ['{{ keyExists "app/a" }}', "app/a", undefined],
])("%s where %s becomes another: %s", (EmbeddedTmpl, key, certainty) => {
  expect(readers(keyChange(key), { EmbeddedTmpl })[0]?.certainty).toBe(certainty);
});

test("a template that comes with an artifact may read anything, and a job without templates nothing", () => {
  expect(readers(keyChange("app/a"), { SourcePath: "local/x.tpl" })[0]?.certainty).toBe("may");
  expect(readers(keyChange("app/a"))).toEqual([]);
  expect(
    withReaders([keyChange("app/a")], [wantedOf({ ID: "odd", TaskGroups: [{ Tasks: 7 as never }] })])[0]?.readers,
  ).toBeUndefined();
});
