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
  const spellings = new Set([text, JSON.stringify(text).slice(1, -1)]);
  if (inside) {
    spellings.add(encodeURIComponent(wellFormed(text)));
    spellings.add(base64(text));
    for (const line of text.includes("\n") ? text.split("\n") : []) {
      const own = line.trim();
      // A line of a key; what is in words, or marks a beginning, stands elsewhere too.
      if (own.length >= 16 && !/\s|^-----/.test(own)) spellings.add(own);
    }
  }
  return [...spellings].map((spelling) => ({ text: spelling, inside }));
}

function wellFormed(text: string): string {
  return text.toWellFormed();
}

function base64(text: string): string {
  return Buffer.from(text, "utf8").toString("base64").replace(/=+$/, "");
}
