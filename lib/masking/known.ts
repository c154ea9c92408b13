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
    for (const encoded of [...forAddress(text), ...inBase64(text), Buffer.from(text, "utf8").toString("hex")])
      spellings.add(encoded);
    for (const line of text.includes("\n") ? text.split("\n") : []) {
      const own = line.trim();
      // A line of a key; what is in words, or marks a beginning, stands elsewhere too.
      if (own.length >= 16 && !/\s|^-----/.test(own)) spellings.add(own);
    }
  }
  return [...spellings].map((spelling) => ({ text: spelling, inside }));
}

/** In quotes of JSON, as JavaScript and as Go write it (`\\u0026` for `&`), and in those of a shell. */
function quoted(text: string): readonly string[] {
  const json = JSON.stringify(text).slice(1, -1);
  const go = json.replaceAll(/[<>&]/g, (char) => `\\u00${char.charCodeAt(0).toString(16)}`);
  return [json, go, text.replaceAll("'", "'\\''")];
}

/** In an address, and in a form that is sent. */
function forAddress(text: string): readonly string[] {
  const encoded = encodeURIComponent(text.toWellFormed());
  return [encoded, encoded.replaceAll("%20", "+")];
}

/** In base64, also where something stands before it: `mail:winter-night` of a header. Bits that are shared with what is around it are left out. */
function inBase64(text: string): readonly string[] {
  const bytes = Buffer.from(text, "utf8");
  return [0, 1, 2].map((before) => {
    const encoded = Buffer.concat([Buffer.alloc(before), bytes])
      .toString("base64")
      .replace(/=+$/, "");
    const shared = (before + bytes.length) % 3 === 0 ? 0 : 1;
    return encoded.slice(before === 0 ? 0 : before + 1, before === 0 ? undefined : encoded.length - shared);
  });
}
