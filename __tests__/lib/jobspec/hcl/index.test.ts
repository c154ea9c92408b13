import {
  Driver,
  Duration,
  Job,
  type JobProps,
  Network,
  Port,
  Service,
  Task,
  TaskGroup,
  Template,
  UserError,
} from "../../../../lib";
import { readSource } from "../../../../lib/hcl-source";

const web = new Job({
  id: "web",
  datacenters: ["dc1", "dc2"],
  meta: { owner: "platform" },
  groups: [
    new TaskGroup({
      name: "web",
      count: 2,
      meta: { "not.a.name": "x" },
      networks: [Network.bridge(Port.static("http", 80, { to: 8080 }), Port.dynamic("admin"))],
      tasks: [
        new Task({
          name: "app",
          driver: Driver.docker({
            image: "nginx:1",
            ports: ["http"],
            labels: { team: "a" },
            mounts: [{ type: "bind", target: "/a", source: "b" }],
          }),
          killTimeout: Duration.seconds(90),
          env: { PORT: "${NOMAD_PORT_http}", LITERAL: "${shell} %{if}" },
          services: [new Service({ name: "web", port: "http" })],
          templates: [Template.file("local/a", "one\n\ttwo ${NOMAD_ALLOC_ID}\n")],
        }),
      ],
    }),
  ],
});

describe("job.toHcl()", () => {
  test("is what nomad fmt leaves: names of HCL, units in words, equals signs below each other", () => {
    expect(web.toHcl()).toBe(`job "web" {
  datacenters = ["dc1", "dc2"]

  group "web" {
    count = 2
    meta = {
      "not.a.name" = "x"
    }

    network {
      mode = "bridge"

      port "http" {
        static = 80
        to     = 8080
      }

      port "admin" {}
    }

    task "app" {
      driver       = "docker"
      kill_timeout = "1m30s"

      config {
        image = "nginx:1"
        ports = ["http"]

        mount {
          type   = "bind"
          target = "/a"
          source = "b"
        }

        labels {
          team = "a"
        }
      }

      env {
        PORT    = "\${NOMAD_PORT_http}"
        LITERAL = "$\${shell} %%{if}"
      }

      template {
        destination = "local/a"
        data        = <<EOF
one
	two \${NOMAD_ALLOC_ID}
EOF
      }

      service {
        name = "web"
        port = "http"
      }
    }
  }

  meta {
    owner = "platform"
  }
}
`);
  });

  test("says what has no HCL, instead of leaving it out", () => {
    const job = new Job({ id: "a", groups: [], overrides: { Tomorrow: 1 } });
    expect(() => job.toHcl()).toThrow(UserError);
    expect(() => job.toHcl()).toThrow('job: HCL has no word for "Tomorrow"; render the job as JSON');
  });
});

test("texts of several lines are heredocs, in lists and without a last line break too", () => {
  const driver = Driver.rawExec({ command: "sh", args: ["-c", "run \\\n  --x\n", "a\nb"] });
  const job = new Job({ id: "a", groups: [{ name: "g", tasks: [{ name: "t", driver }] }] });
  expect(job.toHcl()).toContain(`        args = [
          "-c",
          <<EOF
run \\
  --x
EOF
          ,
          chomp(<<EOF
a
b
EOF
          ),
        ]
`);
});

describe("blocks of a text of HCL", () => {
  const text = `# of the file

# The job.
job "a" { # behind
  meta { x = "}" } // not a block's end
  /* several
   * lines */
  group "g" {
    count = 1
    task "t" {
      template {
        data = <<EOH
task "fake" {
EOH
        destination = "local/x"
      }
      config {
        args = ["a", "\${b("{")}"]
      }
    }
  }
}
`;

  test("are found with their lines, their comments and their attributes", () => {
    const [job] = readSource(text).blocks;
    const commentsOf = ({ before }: { readonly before: readonly { readonly lines: readonly string[] }[] }) =>
      before.flatMap(({ lines }) => lines);
    expect(job).toMatchObject({ name: "job", labels: ["a"], line: 4 });
    expect(job && commentsOf(job)).toContain("The job.");
    const [meta, group] = job?.children ?? [];
    expect(meta).toMatchObject({ name: "meta", line: 5, before: [] });
    expect(group).toMatchObject({ name: "group", labels: ["g"], line: 8 });
    expect(group && commentsOf(group)).toEqual(["several", "lines"]);
    expect(group?.attributes.get("count")?.line).toBe(9);
    const task = group?.children[0];
    expect(task?.children.map(({ name, line }) => [name, line])).toEqual([
      ["template", 11],
      ["config", 17],
    ]);
  });
});

test.each([
  ["priority", { priority: -1.8881545897087827e289 }],
  ["meta.a", { meta: { a: "${TfToken[TOKEN.7]}" } }],
  ["datacenters", { datacenters: ["#{TfToken[TOKEN.7]}"] }],
  ["groups[0].count", { groups: [{ name: "g", count: { resolve: () => 1 } }] }],
  ["groups[0].shutdownDelay", { groups: [{ name: "g", shutdownDelay: Duration.seconds({ resolve: () => 1 }) }] }],
  [
    "groups[0].tasks[0].driver.image",
    { groups: [{ name: "g", tasks: [{ name: "t", driver: Driver.docker({ image: "${TfToken[TOKEN.7]}" }) }] }] },
  ],
])("what only Terraform knows has no HCL: %s", (path, props) => {
  const job = new Job({ id: "web", ...props } as unknown as JobProps);
  expect(() => job.toHcl()).toThrow(new RegExp(`^${path.replaceAll(/[[\].]/g, "\\$&")}: is known to Terraform only`));
});
