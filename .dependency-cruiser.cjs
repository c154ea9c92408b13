const { existsSync, readdirSync } = require("node:fs");
const { join } = require("node:path");

/** Which folder may import which: the arrows of docs/architecture.md, checked. */
const allowed = {
  "lib/errors": [],
  "lib/jobspec": [],
  "lib/private-files": [],
  "lib/reading": [],
  "lib/stack-record": ["lib/jobspec", "lib/reading"],
  "lib/text": [],
  "lib/hcl-source": ["lib/jobspec"],
  "lib/typescript": ["lib/jobspec", "lib/hcl-source"],
  "lib/nomad": ["lib/jobspec", "lib/reading"],
  "lib/masking": ["lib/jobspec"],
  "lib/github": ["lib/text", "lib/reading"],
  "lib/constructs": ["lib/jobspec", "lib/stack-record", "lib/text"],
  "lib/job-parts": ["lib/jobspec"],
  "lib/pools": ["lib/jobspec", "lib/text", "lib/nomad", "lib/reading", "lib/job-parts"],
  "lib/service": ["lib/jobspec", "lib/text", "lib/nomad", "lib/masking", "lib/reading", "lib/pools"],
  "lib/page": ["lib/jobspec", "lib/nomad", "lib/masking", "lib/stack-record", "lib/operations", "lib/service"],
  "lib/workloads": ["lib/jobspec", "lib/constructs", "lib/job-parts", "lib/pools"],
  "lib/testing": ["lib/jobspec", "lib/constructs", "lib/operations"],
  "lib/operations": [
    "lib/jobspec",
    "lib/text",
    "lib/hcl-source",
    "lib/nomad",
    "lib/masking",
    "lib/private-files",
    "lib/reading",
    "lib/stack-record",
  ],
  "lib/local": ["lib/nomad", "lib/reading", "lib/private-files"],
  "lib/cli": [
    "lib/jobspec",
    "lib/text",
    "lib/typescript",
    "lib/nomad",
    "lib/masking",
    "lib/private-files",
    "lib/reading",
    "lib/stack-record",
    "lib/job-parts",
    "lib/pools",
    "lib/service",
    "lib/page",
    "lib/operations",
    "lib/local",
    "lib/github",
  ],
};
const rooms = Object.keys(allowed);

/** The same for the rooms inside of operations. */
const operations = {
  stack: [],
  events: [],
  capacity: [],
  identity: ["stack", "events"],
  hcl: [],
  files: ["stack", "hcl"],
  plan: ["stack", "capacity"],
  record: ["stack", "events"],
  ownership: ["stack", "identity", "plan", "record"],
  deployment: ["stack", "events", "plan", "record"],
};

/** The same for the rooms inside of pools. */
const pools = {
  store: [],
  execution: [],
  testing: [],
  sandbox: [],
  egress: [],
  jobs: ["sandbox", "egress"],
  leases: ["store"],
  runtime: ["jobs", "leases", "execution"],
  browsers: ["jobs", "store", "leases", "runtime"],
  generations: ["store", "leases"],
  containers: ["jobs", "store", "leases", "execution", "runtime", "generations"],
  slots: ["jobs", "store", "leases", "execution", "sandbox", "generations"],
};

/** The same for the rooms inside of local; what stands beside them is the cluster, which imports them all. */
const local = {
  machine: [],
  programs: ["machine"],
  agents: ["machine", "programs"],
  access: ["agents"],
  vault: ["machine", "programs", "agents", "access"],
};

/** Folders inside of rooms, however deep, that have a door. */
const innerFolders = readdirSync("lib", { recursive: true, withFileTypes: true })
  .filter((entry) => entry.isDirectory() && !rooms.includes(join(entry.parentPath, entry.name)))
  .map((entry) => join(entry.parentPath, entry.name))
  .filter((folder) => existsSync(join(folder, "index.ts")));

/** Rules of the rooms inside of a room. */
function roomsOf(parent, rooms) {
  return Object.entries(rooms).map(([room, others]) => ({
    name: `${parent}-${room}-imports`,
    comment: `lib/${parent}/${room} may import ${others.join(", ") || "no other room"}, through its door`,
    severity: "error",
    from: { path: `^lib/${parent}/${room}/` },
    to: {
      path: `^lib/${parent}/`,
      pathNot: [
        `^lib/${parent}/${room}/`,
        `^lib/${parent}/facts\\.ts$`,
        ...others.map((other) => `^lib/${parent}/${other}/index\\.ts$`),
      ],
    },
  }));
}

module.exports = {
  forbidden: [
    { name: "no-cycles", severity: "error", from: { pathNot: "^lib/cli/commands/" }, to: { circular: true } },
    {
      name: "no-cycles-of-commands",
      comment: "what a command does when it runs has the type of its options from the command, which loads it then",
      severity: "error",
      from: { path: "^lib/cli/commands/" },
      to: { circular: true, viaOnly: { dependencyTypesNot: ["type-only"] } },
    },
    {
      name: "commands-load-what-they-do-when-they-run",
      comment: "--help and a mistake in a command line load no servers, no clients and no model",
      severity: "error",
      from: { path: "^lib/cli/commands/[^/]+\\.ts$" },
      to: {
        path: "^lib/(?!cli/)",
        pathNot: ["^lib/(?:text|errors)/index\\.ts$", "^lib/[^/]+/facts\\.ts$"],
        dependencyTypesNot: ["type-only"],
      },
    },
    {
      name: "facts-are-facts",
      comment: "the door of a room for those who need names and limits of it, and nothing that it does",
      severity: "error",
      from: { path: "^lib/[^/]+/facts\\.ts$" },
      to: { path: ".+" },
    },
    ...rooms.map((room) => ({
      name: `${room.replace("lib/", "")}-imports`,
      comment: `${room} may import lib/errors${allowed[room].map((other) => `, ${other}`).join("")}`,
      severity: "error",
      from: { path: `^${room}/` },
      to: {
        path: "^(lib|stacks|main\\.ts)",
        pathNot: [room, "lib/errors", ...allowed[room]].map((path) => `^${path}/`),
      },
    })),
    ...roomsOf("operations", operations),
    ...roomsOf("pools", pools),
    ...roomsOf("local", local),
    {
      name: "one-door",
      comment:
        "a folder is imported through its index.ts; the model has a second door, for those who render it, and one for what a secret looks like; the pools' jobs have one without clients, and one for what both doors of the package publish of them, and facts load nothing",
      severity: "error",
      from: { path: "^(lib/[^/]+|stacks|main)" },
      to: {
        path: "^lib/([^/]+)/(?!(index|host|facts|jobs/index|jobs/published|secrets/index)\\.ts$)",
        pathNot: "^$1/",
      },
    },
    ...innerFolders.map((folder) => ({
      name: `${folder.replace("lib/", "").replaceAll("/", "-")}-door`,
      comment: `${folder} is imported through its index.ts; the blocks of the model have a second door, as the model itself, and the pools' jobs one for what the package publishes of them`,
      severity: "error",
      from: { path: "^(lib|stacks|main)", pathNot: `^${folder}/` },
      to: {
        path: `^${folder}/`,
        pathNot: [
          `^${folder}/index\\.ts$`,
          "^lib/jobspec/(?:blocks|drivers)/host\\.ts$",
          "^lib/pools/jobs/published\\.ts$",
        ],
      },
    })),
    {
      name: "sandbox-server-door",
      comment:
        "the sandbox server is a program of its own, with its rights: nobody loads it into theirs, and it loads nothing of theirs but its HTTP shapes",
      severity: "error",
      from: { path: "^(lib|stacks|main)", pathNot: "^lib/pools/sandbox/server/" },
      to: { path: "^lib/pools/sandbox/server/" },
    },
    {
      name: "sandbox-server-imports",
      severity: "error",
      from: { path: "^lib/pools/sandbox/server/" },
      to: { path: "^(lib|stacks|main)", pathNot: ["^lib/pools/sandbox/server/", "^lib/pools/sandbox/protocol\\.ts$"] },
    },
    {
      name: "page-browser-imports",
      comment: "the page's code runs in a browser: of the rest it has types alone, and nothing of the rest loads it",
      severity: "error",
      from: { path: "^lib/page/browser/" },
      to: { path: "^(lib|stacks|main)", pathNot: ["^lib/page/browser/", "^lib/page/api\\.ts$"] },
    },
    {
      name: "page-browser-types",
      severity: "error",
      from: { path: "^lib/page/browser/" },
      to: { path: "^lib/page/api\\.ts$", dependencyTypesNot: ["type-only"] },
    },
    {
      name: "page-browser-door",
      severity: "error",
      from: { path: "^(lib|stacks|main)", pathNot: "^lib/page/browser/" },
      to: { path: "^lib/page/browser/" },
    },
    {
      name: "jobspec-is-pure",
      comment: "the model runs in a browser: no cdktf, no Node; re2js and fastest-levenshtein are plain JavaScript",
      severity: "error",
      from: { path: "^lib/jobspec/" },
      to: { dependencyTypes: ["core", "npm"], pathNot: "node_modules/(?:re2js|fastest-levenshtein)/" },
    },
    {
      name: "engine-knows-no-blocks",
      severity: "error",
      from: { path: "^lib/jobspec/engine/" },
      to: { path: "^lib/jobspec/(blocks|drivers|rules|units)/" },
    },
    {
      name: "declared",
      comment: "what is imported is in package.json",
      severity: "error",
      // What the page's own code is made of is bundled into it.
      from: { path: "^(lib|stacks|main)", pathNot: "^lib/page/browser/" },
      to: { dependencyTypes: ["npm-no-pkg", "npm-unknown", "npm-dev"] },
    },
  ],
  options: {
    doNotFollow: { path: "node_modules" },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: "tsconfig.json" },
  },
};
