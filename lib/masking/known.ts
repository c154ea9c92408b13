/** Words that configurations are full of: whoever chose one as a password is not helped by bullets all over an output. */
const COMMON = new Set(
  (
    "true false none null default local localhost global dev development test testing stage staging prod production live admin root " +
    "user username guest nobody password passwd secret token changeme example demo nomad consul vault docker postgres postgresql mysql " +
    "mariadb mongodb mongo redis rabbitmq kafka elasticsearch grafana prometheus minio nginx envoy traefik http https grpc tcp udp " +
    "service system batch sysbatch running pending complete failed lost healthy unhealthy canary primary secondary latest main master " +
    "debug info warn warning error trace host bridge cluster region datacenter namespace public private internal external server client"
  ).split(" "),
);

/** Shorter values are hidden at their own places only. */
const SHORTEST = 4;
/** From this length on a value is hidden also inside of a longer word. */
const SHORTEST_INSIDE = 8;
/** Numbers shorter than this are ports, counts and versions too. */
const SHORTEST_NUMBER = 6;

/** A value that is hidden wherever it stands. */
export interface Known {
  readonly text: string;
  /** Whether it is hidden inside of longer words too. */
  readonly inside: boolean;
}

/** The texts in which a value may turn up elsewhere; none where it is so short or so common that it would be found by chance. */
export function distinctive(value: string): readonly Known[] {
  const text = value.trim();
  if (text.length < SHORTEST || COMMON.has(text.toLowerCase())) return [];
  if (/^[\d.,:-]+$/.test(text) && text.length < SHORTEST_NUMBER) return [];
  const inside = text.length >= SHORTEST_INSIDE;
  const spellings = new Set([text, ...quoted(text)]);
  if (inside) {
    // As it is in lines that broke anywhere.
    const whole = text.replaceAll(/\s/g, "");
    if (whole.length >= SHORTEST_INSIDE) spellings.add(whole);
    for (const encoded of [...forAddress(text), ...inMarkup(text), ...inBase64(text), ...inHex(text)])
      spellings.add(encoded);
    for (const line of text.includes("\n") ? text.split("\n") : []) {
      const own = line.trim();
      // A line of a key; what is in words, or marks a beginning, stands elsewhere too.
      if (own.length >= 16 && !/\s|^-----/.test(own)) spellings.add(own);
    }
  }
  return [...spellings].map((spelling) => ({ text: spelling, inside }));
}

/** In quotes: those of JSON, as JavaScript, Go (`\u0026` for `&`) and Python (`\u00e9` for `é`) write it, and in a text that stands in JSON; of HCL, YAML and a shell. */
function quoted(text: string): readonly string[] {
  const json = JSON.stringify(text).slice(1, -1);
  const escaped = (char: string) => `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`;
  const go = json.replaceAll(/[<>&]/g, escaped);
  const ascii = json.replaceAll(/[^\x00-\x7f]/g, escaped);
  return [
    ...[json, go, ascii].flatMap((once) => [once, JSON.stringify(once).slice(1, -1)]),
    json.replaceAll(/[$%]\{/g, (opening) => `${opening.charAt(0)}${opening}`),
    text.replaceAll("'", "''"),
    text.replaceAll("'", "\\'"),
    text.replaceAll("'", "'\\''"),
    text.replaceAll("'", `'"'"'`),
    text.replaceAll(/["\\$`]/g, "\\$&"),
    text.replaceAll(/["\\$`!]/g, "\\$&"),
    text.replaceAll(/[\\`]|\$(?=\{)/g, "\\$&"),
    // A workflow command of GitHub's runner.
    text.replaceAll("%", "%25").replaceAll("\r", "%0D").replaceAll("\n", "%0A"),
  ];
}

/** What stays as it is in an address beside letters, digits, `-`, `_` and `.`: for JavaScript, in a form, for Go in a query, in a path and before the host, for a browser before the host and in a whole address. */
const PLAIN_IN_ADDRESSES = ["!~*'()", "*", "~", "~$&+:=@", "~$&+,;=", "~!$&'()*+,", "~!$&'()*+,%", "~!#$&'()*+,/:;=?@"];

/** In an address, and in a form that is sent, with the digits of a percent in capitals or not. */
function forAddress(text: string): readonly string[] {
  const all = encodeURIComponent(text.toWellFormed()).replaceAll(/[!~*'()]/g, (char) => percent(char));
  return PLAIN_IN_ADDRESSES.flatMap((plain) => {
    const encoded = all.replaceAll(/%[0-7][0-9A-F]/g, (code) =>
      plain.includes(decodeURIComponent(code)) ? decodeURIComponent(code) : code,
    );
    return [encoded, encoded.replaceAll(/%[0-9A-F]{2}/g, (code) => code.toLowerCase())];
  }).flatMap((encoded) => [encoded, encoded.replaceAll("%20", "+")]);
}

function percent(char: string): string {
  return `%${char.charCodeAt(0).toString(16).toUpperCase()}`;
}

/** In HTML and XML, as JavaScript and as Go escape quotes. */
function inMarkup(text: string): readonly string[] {
  const plain = text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
  const doubles = ['"', "&quot;", "&#34;"];
  return doubles.flatMap((double) =>
    ["'", "&#39;", "&#x27;", "&apos;"].map((single) => plain.replaceAll('"', double).replaceAll("'", single)),
  );
}

/** In base64, also where something stands before it: `mail:winter-night` of a header. Bits that are shared with what is around it are left out. */
function inBase64(text: string): readonly string[] {
  const bytes = Buffer.from(text, "utf8");
  return (["base64", "base64url"] as const).flatMap((alphabet) =>
    [0, 1, 2].flatMap((before) => {
      const encoded = Buffer.concat([Buffer.alloc(before), bytes])
        .toString(alphabet)
        .replace(/=+$/, "");
      const shared = (before + bytes.length) % 3 === 0 ? 0 : 1;
      const own = encoded.slice(before === 0 ? 0 : before + 1, encoded.length - shared);
      return before === 0 ? [encoded, own] : [own];
    }),
  );
}

function inHex(text: string): readonly string[] {
  const hex = Buffer.from(text, "utf8").toString("hex");
  return [hex, hex.toUpperCase()];
}
