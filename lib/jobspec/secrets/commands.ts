import type { SecretSpan } from "./forms";
import { isSecretPair } from "./pairs";
import { isPlainlyNoSecret } from "./values";

/** Lines of two words, such as `requirepass x` and `spring.datasource.password x`. */
const LINE_OF_TWO = /^[ \t]{0,40}([\w.-]{4,100})[ \t]{1,40}([^\s"'{;]{1,400});?[ \t\r]{0,40}$/gm;

/** A way to write a password without a name and a sign between them; the last group is what is hidden. */
interface Phrase {
  /** Without this word there is none. */
  readonly word: RegExp;
  readonly pattern: RegExp;
  /** Whether a value is meant, where the pattern alone does not tell. */
  readonly holds?: (value: string) => boolean;
}

function phrase(word: RegExp, pattern: RegExp, holds?: (value: string) => boolean): Phrase {
  return { word, pattern, ...(holds ? { holds } : {}) };
}

/** An argument of a command, with or without quotes. */
const VALUE = String.raw`["']?([^\s"'|;&<>\x60]{1,400})`;
/** The other arguments of a command before it, on the same line. */
const REST = String.raw`(?:[ \t]{1,9}[^\s|;&]{1,80}){0,8}?[ \t]{1,9}`;

const PHRASES: readonly Phrase[] = [
  // Files of credentials: .netrc, .pgpass. https://www.postgresql.org/docs/current/libpq-pgpass.html
  phrase(
    /\b(?:machine|login|default|user)\b/,
    /\b(?:default|(?:machine|login|account|user)[ \t]{1,9}\S{1,100})[ \t]{1,9}(?:(?:login|account)[ \t]{1,9}\S{1,100}[ \t]{1,9}){0,3}(?:password|insecure-password)[ \t]{1,9}(\S{1,400})/g,
  ),
  phrase(
    /^[^\s:]+:(?:\d+|\*):/m,
    /^[^\s:]{1,200}:(?:\d{1,5}|\*):[^\s:]{1,100}:[^\s:]{1,100}:([^\s:]{1,400})[ \t\r]{0,9}$/gm,
  ),
  // Commands that have an option of one letter for it, or none.
  phrase(/\bcurl\b/, /[ \t](?:-u|--user)[ =]?["']?[^\s"':]{1,100}:([^\s"']{1,400})/g),
  phrase(/\bcurl\b/, /[ \t](?:-b|--cookie)[ =]?["']?[\w-]{1,60}=([^\s"']{1,400})/g),
  phrase(/\bhttps?\b/, /\bhttps?[ \t](?:[^\n]{0,200}[ \t])?(?:-a|--auth)[ =]["']?[^\s"':/]{1,100}:([^\s"']{1,400})/g),
  phrase(
    /\b(?:mysql|mariadb)/,
    new RegExp(String.raw`\b(?:mysql|mariadb)(?:dump|admin|check|import)?${REST}-p${VALUE}`, "g"),
  ),
  phrase(/\bsshpass\b/, new RegExp(String.raw`\bsshpass[ \t]{1,9}-p[ \t]{0,9}${VALUE}`, "g")),
  phrase(
    /\blogin\b/,
    new RegExp(
      String.raw`\b(?:docker|podman|helm|registry|skopeo|crane|az|oc|buildah|nerdctl)(?:[ \t]{1,9}registry)?[ \t]{1,9}login${REST}-p[ \t=]{1,9}${VALUE}`,
      "g",
    ),
  ),
  phrase(/\blogin\b/, /\bvault[ \t]{1,9}login[ \t]{1,9}([^\s=;&|-][^\s=;&|]{5,400})(?=[ \t\r]*(?:$|[;&|]))/gm),
  phrase(/\bredis-cli\b/, new RegExp(String.raw`\bredis-cli${REST}-a[ \t]{1,9}${VALUE}`, "g")),
  phrase(
    /\bldap/,
    new RegExp(String.raw`\bldap(?:search|modify|add|delete|whoami|passwd)${REST}-w[ \t]{1,9}${VALUE}`, "g"),
  ),
  phrase(/\bmongo/, new RegExp(String.raw`\bmongo(?:sh|dump|restore|export|import)?${REST}-p[ \t]{1,9}${VALUE}`, "g")),
  // SQL. https://www.postgresql.org/docs/current/sql-createrole.html
  phrase(
    /\bpassword\b/i,
    /\b(?:WITH|ROLE|USER|ENCRYPTED|SET)\b[^;'"\n]{0,100}\bPASSWORD[ \t]{1,9}["']([^"'\n]{1,400})["']/gi,
  ),
  phrase(
    /\bidentified\b/i,
    /\bIDENTIFIED[ \t]{1,9}(?:WITH[ \t]{1,9}\S{1,60}[ \t]{1,9})?(?:BY|AS)[ \t]{1,9}(?:PASSWORD[ \t]{1,9})?["']([^"'\n]{1,400})["']/gi,
  ),
  // What servers' configurations say: Redis, HAProxy, nginx, traefik, PHP.
  phrase(
    /\buser\b/,
    /^[ \t]{0,40}(?:ACL[ \t]{1,9}SETUSER|user)[ \t]{1,9}\S{1,100}(?:[ \t]{1,9}\S{1,100}){0,8}?[ \t]{1,9}[>#]([^\s~&+]{3,400})/gm,
  ),
  phrase(/\bstats\b/, /\bstats[ \t]{1,9}auth[ \t]{1,9}[^\s:]{1,100}:(\S{1,400})/g),
  phrase(
    /_header\b/,
    /\b(?:proxy_set_header|add_header|more_set_headers|header_up)[ \t]{1,9}["']?(?:X-[\w-]{0,40}(?:Key|Token|Secret|Auth)|Authorization|Cookie)\b["':]{0,2}[ \t]{1,9}["']?([^"'\n;]{1,800})/gi,
  ),
  phrase(/\busers=/, /\b(?:basicauth|digestauth)\.users=["'`]?[^\s:]{1,100}:([^\s"'`]{1,400})/gi),
  phrase(
    /\bdefine\b/,
    /\bdefine\([ \t]{0,9}["'][\w-]{0,60}(?:PASSWORD|PASS|SECRET|TOKEN|KEY|SALT)["'][ \t]{0,9},[ \t]{0,9}["']([^"'\n]{1,400})["']/gi,
  ),
  // Addresses that are none by the rules: of Go's driver for MySQL, and of Oracle's.
  phrase(/@(?:tcp|unix)\(/, /[\w.-]{1,64}:([^\s"'@/]{1,200}(?:@[^\s"'@/(]{1,100}){0,2})@(?:tcp|unix)\(/g),
  phrase(/\bjdbc:oracle\b/, /\bjdbc:oracle:\w{2,8}:[\w.-]{1,64}\/([^\s"'@]{1,200})@/g),
  // A private key of JSON. https://www.rfc-editor.org/rfc/rfc7518#section-6
  phrase(/"kty"/, /"(?:d|k|p|q|dp|dq|qi)"[ \t]{0,9}:[ \t]{0,9}"([\w-]{16,4000})"/g),
  // A value of HTTP's authentication, wherever it is sent.
  phrase(/\bBasic\b/i, /\bBasic[ \t]{1,4}([A-Za-z0-9+/]{12,800}={0,2})(?![\w+/=])/gi, isUserAndPassword),
  phrase(/\bBearer\b/i, /\bBearer[ \t]{1,4}([\w.~+/-]{16,4000}={0,2})(?![\w+/=])/gi, (value) => /\d/.test(value)),
];

/** Passwords that have their place in a line, and no name with a sign behind it. */
export function commandSpans(text: string): SecretSpan[] {
  const found: SecretSpan[] = [];
  for (const match of text.matchAll(LINE_OF_TWO)) {
    const [whole, name = "", value = ""] = match;
    if (!isSecretPair(name, value)) continue;
    const start = match.index + whole.indexOf(value, whole.indexOf(name) + name.length);
    found.push({ start, end: start + value.length, what: `the value of ${name}`, certain: false });
  }
  for (const { word, pattern, holds } of PHRASES) {
    if (!word.test(text)) continue;
    for (const match of text.matchAll(pattern)) {
      const [whole, value = ""] = match;
      if (isPlainlyNoSecret(value) || (holds && !holds(value))) continue;
      const start = match.index + whole.lastIndexOf(value);
      found.push({ start, end: start + value.length, what: "a password", certain: false });
    }
  }
  return found;
}

function isUserAndPassword(text: string): boolean {
  const bare = text.replace(/=+$/, "");
  return bare.length % 4 !== 1 && /^[^:]+:/.test(atob(bare));
}
