/**
 * Secrets that a test plants: each has a text for two rounds, so that what it was before is looked for too. Nothing here is anybody's key.
 */
export interface Planted {
  /** Where it is planted, in words. */
  readonly where: string;
  /** What stands there. */
  readonly value: (round: number) => string;
  /** What must be seen nowhere else. */
  readonly secret: (round: number) => string;
}

const LETTERS = "bcdfghjkmnpqrstvwxz";

/** A text that nothing else holds, the same in every run. */
function token(
  seed: number,
  round: number,
  length: number,
  alphabet = `${LETTERS}${LETTERS.toUpperCase()}23456789`,
): string {
  let state = (seed * 2_654_435_761 + round * 40_503 + 12_345) >>> 0;
  let text = "";
  while (text.length < length) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    text += alphabet[(state >>> 8) % alphabet.length];
  }
  return text;
}

function planted(
  where: string,
  secret: Planted["secret"],
  value: (secret: string) => string = (same) => same,
): Planted {
  return { where, secret, value: (round) => value(secret(round)) };
}

const password = (seed: number) => (round: number) => `w${seed}-${token(seed, round, 9)}`;
const of = (seed: number, length: number, alphabet?: string) => (round: number) => token(seed, round, length, alphabet);
const form = (prefix: string, seed: number, length: number, alphabet?: string) => (round: number) =>
  prefix + token(seed, round, length - 4, alphabet) + token(seed + 7, round, 4, "23456789");

/** Environment variables whose names say that they are secret. */
export const NAMED: Readonly<Record<string, Planted>> = Object.fromEntries(
  [
    "SMTP_PASS",
    "PGPASSWORD",
    "MYSQL_PWD",
    "dbPassword",
    "db-password",
    "API_KEY_PROD",
    "AUTHORIZATION",
    "PASSPHRASE",
    "REDIS_AUTH_TOKEN",
    "CLIENT_SECRET",
    "SECRET_KEY_BASE",
    "jwtSecret",
    "PASSWORD_2",
    "STRIPE_KEY",
    "ADMIN_PW",
  ].map((name, index) => [name, planted(`env ${name}`, password(index + 1))]),
);

/** Secrets of kinds that are easily missed, under a name that says it. */
export const ODD: Readonly<Record<string, Planted>> = {
  SHORT_PASSWORD: planted("a short password", of(31, 4)),
  DIGITS_PASSWORD: planted("a password of digits", of(32, 9, "123456789")),
  WORD_PASSWORD: planted("a password of letters", of(33, 10, LETTERS)),
  QUOTED_PASSWORD: planted("a password with quotes", (round) => `a"${token(34, round, 8)}'\\b`),
  SPACED_PASSWORD: planted("a password with spaces", (round) => `${token(35, round, 6)} ${token(36, round, 6)}`),
  LINES_PASSWORD: planted("a password of two lines", (round) => `${token(37, round, 12)}\n${token(38, round, 12)}`),
};

/** Texts whose form says it, under names that say nothing. */
export const FORMED: Readonly<Record<string, Planted>> = {
  NOTE_GITHUB: planted("a token of GitHub", form("gh" + "p_", 41, 36)),
  NOTE_GITLAB: planted("a token of GitLab", form("gl" + "pat-", 42, 20)),
  NOTE_NPM: planted("a token of npm", form("np" + "m_", 43, 36)),
  NOTE_STRIPE: planted("a key of Stripe", form("sk" + "_live_", 44, 24)),
  NOTE_SLACK: planted("a token of Slack", form("xo" + "xb-", 45, 24)),
  NOTE_AWS: planted("a key of AWS", form("AK" + "IA", 46, 16, "BCDFGHJKLM23456789")),
  NOTE_OPENAI: planted("a key of OpenAI", form("sk" + "-proj-", 47, 40)),
  NOTE_VAULT: planted("a token of Vault", form("hv" + "s.", 48, 24)),
  NOTE_JWT: planted("a JWT", (round) => `ey${"J"}hbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.${token(49, round, 30)}`),
  NOTE_PEM: planted(
    "a private key",
    of(50, 60),
    (key) => `-----BEGIN ${"PRIVATE KEY"}-----\n${key}\n-----END PRIVATE KEY-----`,
  ),
  NOTE_URL: planted("the password of an address", password(51), (it) => `postgres://mail:${it}@db.internal/mail`),
  NOTE_JSON: planted("JSON", password(52), (it) => JSON.stringify({ level: 1, db: { password: it } })),
  NOTE_DSN: planted("a connection string", password(53), (it) => `Server=db;Uid=mail;Password=${it};Port=1`),
  NOTE_BASE64: planted("base64", (round) => Buffer.from(`{"password":"${token(54, round, 12)}"}`).toString("base64")),
  NOTE_COMMAND: planted("a command", password(55), (it) => `curl -H 'Authorization: Bearer ${it}' http://x`),
  NOTE_QUERY: planted("the query of an address", password(56), (it) => `https://x.internal/?access_token=${it}&page=2`),
};

/** Places of a job beside its environment. */
export const PLACES = {
  jobMeta: planted("meta of the job", password(61)),
  groupMeta: planted("meta of the group", password(62)),
  taskMeta: planted("meta of the task", password(63)),
  envTemplate: planted("a line of an env template", password(64), (it) => `LEVEL=info\nDB_PASSWORD=${it}\nPORT=1\n`),
  yamlTemplate: planted("a line of a YAML template", password(65), (it) => `db:\n  user: a\n  password: ${it}\n`),
  jsonTemplate: planted("a JSON template", password(66), (it) => `{\n  "secret": "${it}"\n}\n`),
  iniTemplate: planted("an INI template", password(67), (it) => `[db]\npassword = ${it}\n`),
  option: planted("--password=", password(68), (it) => `--password=${it}`),
  behindOption: planted("behind --token", password(69)),
  artifactHeader: planted("a header of an artifact", password(70), (it) => `Bearer ${it}`),
  artifactOption: planted("an option of an artifact", password(71)),
  artifactSource: planted("the source of an artifact", password(72), (it) => `https://mail:${it}@127.0.0.1:1/x.tgz`),
  registry: planted("the password of a registry", password(73)),
  checkHeader: planted("a header of a check", password(74), (it) => `Basic ${it}`),
  serviceMeta: planted("meta of a service", password(75)),
  crash: planted("what a task prints that fails", password(76)),
} as const;

/** Keys of Consul. */
export const KEYS: Readonly<Record<string, Planted>> = {
  password: planted("a key called password", password(81)),
  "db/api-key": planted("a key called api-key", password(82)),
  settings: planted("JSON in a key", password(83), (it) => JSON.stringify({ smtp: { pass: it }, port: 25 })),
  env: planted("lines in a key", password(84), (it) => `A=b\nTOKEN=${it}`),
  url: planted("an address in a key", password(85), (it) => `amqp://u:${it}@mq`),
  deploy_key: planted(
    "a private key in a key",
    of(86, 60),
    (it) => `-----BEGIN ${"PRIVATE KEY"}-----\n${it}\n-----END PRIVATE KEY-----`,
  ),
};

/** Sensitive variables of the stack, under names that say nothing, and what is given to them. */
export const VARIABLES: Readonly<Record<string, Planted>> = {
  colour: planted("a sensitive variable", password(91)),
  amount: planted("a sensitive number", of(92, 8, "123456789")),
  fruits: planted("a sensitive list", password(93), (it) => JSON.stringify([it, `${it}b`])),
  tiny: planted("a short sensitive variable", of(94, 3)),
};

/** What the environment variables of a command hold. */
export const ENVIRONMENT = {
  nomadToken: planted(
    "NOMAD_TOKEN",
    (round) => `${token(101, round, 8, "23456789")}-aaaa-4bbb-8ccc-${token(102, round, 12, "23456789")}`,
  ),
  consulToken: planted(
    "CONSUL_HTTP_TOKEN",
    (round) => `${token(103, round, 8, "23456789")}-aaaa-4bbb-8ccc-${token(104, round, 12, "23456789")}`,
  ),
  nomadAddress: planted("the password in NOMAD_ADDR", password(105)),
  consulAddress: planted("the password in CONSUL_HTTP_ADDR", password(106)),
  githubToken: planted("GITHUB_TOKEN", form("gh" + "s_", 107, 36)),
} as const;

/** All of them. */
export const PLANTED: readonly Planted[] = [
  ...[NAMED, ODD, FORMED, PLACES, KEYS, VARIABLES, ENVIRONMENT].flatMap((group) => Object.values(group) as Planted[]),
];

/** Texts of a group for a round, by name. */
export function valuesOf(group: Readonly<Record<string, Planted>>, round: number): Record<string, string> {
  return Object.fromEntries(Object.entries(group).map(([name, { value }]) => [name, value(round)]));
}

/** Which of the secrets stand in a text, of either round: as they are, in JSON, line by line, or in an address. */
export function leaksIn(text: string, isKnown: (planted: Planted) => boolean = () => true): readonly string[] {
  // A text that is wrapped to a width is found all the same.
  const flat = text.replaceAll(/\s+/g, "");
  return PLANTED.filter(isKnown).flatMap(({ where, secret }) =>
    [1, 2].flatMap((round) => {
      const own = secret(round);
      const spellings = [own, JSON.stringify(own).slice(1, -1), encodeURIComponent(own), ...own.split("\n")];
      const found = spellings.some((spelling) =>
        // Three or four characters stand somewhere by chance: they are looked for as words.
        spelling.length < 6
          ? new RegExp(`(?<![A-Za-z0-9])${spelling}(?![A-Za-z0-9])`).test(text)
          : text.includes(spelling) || flat.includes(spelling.replaceAll(/\s+/g, "")),
      );
      return found ? [`${where}, round ${round}: ${own}`] : [];
    }),
  );
}
