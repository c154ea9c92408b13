/**
 * The one table of names under which people keep secrets. A name is taken apart into its words, so that `SMTP_PASS`, `dbPassword`,
 * `db-password`, `db.password` and `API_KEY_PROD` are all read the same way.
 */

/** Words that say "secret" wherever they stand in a name. */
const SECRET_WORDS = new Set(
  (
    "password passwords passwd passphrase passcode passwort pswd pass pw pwd secret secrets token tokens credential credentials creds " +
    "authorization bearer apikey apikeys jwt salt pepper mnemonic otp totp cookie requirepass masterauth " +
    "passwrd paswd passwrod passkey psk pat privkey htpasswd passphrases " +
    // The same in other languages, as far as a name of ASCII letters can hold them.
    "kennwort geheimnis contrasena contrasenia motdepasse mdp senha clave parola parool wachtwoord haslo lozinka heslo sifre salasana losenord adgangskode jelszo"
  ).split(" "),
);

/** Words that only say it at the end of a name: `SMTP_PASS`, and not `PASS_THROUGH`. */
const AT_THE_END = new Set("pass pw pwd salt pepper otp totp cookie bearer jwt pat psk mdp".split(" "));

/** What people write together: `PGPASSWORD`, `accesstoken`, `SMTPPASS`. */
const RUN_TOGETHER =
  /(?:password|passwd|passphrase|secret|token|credentials?|api_?keys?|accesskey|secretkey|privatekey|authkey|masterkey|encryptionkey|signingkey|sharedkey|sshkey|pwd|kennwort|passwort)$|^(?:bind|root|db|olcroot|vnc|user|admin|mysql|pg)pw$|^(?:db|smtp|imap|mail|mysql|pg|postgres|sql|redis|mongo|amqp|ftp|ldap|user|root|admin|http|proxy|ssh|sudo|auth|vnc|mq|store|key|trust|keystore|bind|my|svc|service|login|sasl|jdbc|ipmi|app|client|server|wifi|vpn)pass$/;

/** What stands before `key` where the key opens something. */
const KINDS_OF_KEYS = new Set(
  (
    "api access secret private encryption encrypt decryption signing sign signature auth account storage master license licence " +
    "service app application jwt hmac aes rsa ecdsa ed25519 deploy ssh ssl tls cookie session crypt crypto cipher webhook root " +
    "admin shared gossip wrapping unseal recovery registration subscription sas server client functions integration " +
    "stripe sendgrid openai anthropic mailgun mailchimp twilio datadog sentry github gitlab slack aws azure gcp google " +
    "fernet enc preshared nonce priv rtmp paddle instrumentation " +
    "cloudflare algolia pusher segment newrelic rollbar pagerduty opsgenie honeycomb launchdarkly maps vapid"
  ).split(" "),
);

/** Keys that everybody may know, and keys that only find something. */
const OPEN_KEYS = new Set(
  (
    "public publishable pub primary foreign partition sort cache routing hash range shard group lookup index map object unique " +
    "idempotency config feature header message row hot meta translation i18n"
  ).split(" "),
);

/** What a name ends with where it says something about a secret: how long it lasts, where it lies, what it is called. */
const ABOUT_IT = new Set(
  (
    "ttl timeout expiry expires expiration expire age lifetime duration period interval grace renew renewal refresh count counts " +
    "counter number num size length len min max minimum maximum limit limits quota rate usage used name names file files filename " +
    "path paths dir directory folder location url uri urls endpoint host hostname port address addr domain issuer audience aud type " +
    "kind format encoding algorithm alg algo method mode policy policies rule rules role roles scope scopes header headers prefix " +
    "suffix field column claim param parameter enabled enable disabled disable required optional allowed provider source store " +
    "backend manager engine mount version id ids accessor label title description desc hint reset rotation rotate validation " +
    "strength regex pattern complexity history attempts retries retry iterations rounds cost class service cache bucket table index " +
    "group user username owner email ref reference arn variable placeholder grant exchange introspection revocation leeway skew " +
    "template schema status state strategy sync check through pool symbol decimals supply budget window bytes per minute minutes " +
    "second seconds day days hour hours samesite secure httponly consent banner realm"
  ).split(" "),
);

/** Tokens of a language model or a parser are counted, and open nothing. */
const COUNTED = new Set(
  "max min num total prompt completion input output context new per eos bos pad unk sep cls mask stop cancellation".split(
    " ",
  ),
);

/** What nginx passes on, with `proxy_pass` and its like. */
const PASSED_ON = new Set(["proxy", "fastcgi", "uwsgi", "scgi", "grpc", "memcached"]);

/** How sure a name makes: `secret` says what it holds, `maybe` needs a value that looks drawn. */
export type Suspicion = "secret" | "maybe" | "none";

/** Words for passwords and secrets in other scripts. */
const OTHER_SCRIPTS = /пароль|секрет|κωδικ|סיסמ|密码|密碼|口令|パスワード|暗証|비밀번호|암호/iu;

/** Longer names are no names. */
const LONGEST_NAME = 200;

/** The words of a name, in lower case. */
export function wordsOf(name: string): readonly string[] {
  return (
    name
      .slice(-LONGEST_NAME)
      // The accents of other languages.
      .normalize("NFD")
      .replaceAll(/[\u0300-\u036f]/g, "")
      .replaceAll(/([a-z0-9])([A-Z])/g, "$1 $2")
      .replaceAll(/([A-Z])([A-Z][a-z])/g, "$1 $2")
      .replaceAll(/([A-Za-z])(\d)/g, "$1 $2")
      .replaceAll(/(\d)([A-Za-z])/g, "$1 $2")
      .toLowerCase()
      .split(/[^a-z0-9]+/)
      .filter((word) => word !== "")
  );
}

/** What a name says about what stands under it. */
export function suspicionOf(name: string): Suspicion {
  if (OTHER_SCRIPTS.test(name.slice(-LONGEST_NAME))) return "secret";
  const words = wordsOf(name);
  // A shell keeps the folder that it is in under this name, a connection its password.
  if (words.length === 1 && (words[0] === "pwd" || words[0] === "oldpwd")) return words[0] === "pwd" ? "maybe" : "none";
  let weaker: Suspicion = "none";
  for (let at = words.length - 1; at >= 0; at -= 1) {
    const found = atWord(words, at);
    if (found === undefined) continue;
    const behind = words.slice(at + 1);
    // Vault's AppRole calls a secret "secret_id".
    if (words[at] === "secret" && behind.join() === "id") return "secret";
    if (found === "none" || behind.some((word) => ABOUT_IT.has(word))) return weaker;
    if (found === "secret") return found;
    weaker = found;
  }
  return weaker;
}

/** Whether people put secrets under a name such as this. */
export function isSecretName(name: string): boolean {
  return suspicionOf(name) === "secret";
}

function atWord(words: readonly string[], at: number): Suspicion | undefined {
  const word = words[at] ?? "";
  const before = words[at - 1] ?? "";
  const last = words.slice(at + 1).every(isQualifier);
  if (SECRET_WORDS.has(word)) {
    if (AT_THE_END.has(word) && !last) return undefined;
    if (word === "pass" && PASSED_ON.has(before)) return "none";
    if ((word === "tokens" || word === "token") && COUNTED.has(before)) return "none";
    return "secret";
  }
  if (word === "key" || word === "keys") {
    if (OPEN_KEYS.has(before)) return "none";
    return KINDS_OF_KEYS.has(before) ? "secret" : "maybe";
  }
  if (RUN_TOGETHER.test(word)) return "secret";
  if (!last) return undefined;
  if (word === "auth") return ["basic", "redis", "rediscli", "npm"].includes(before) ? "secret" : "maybe";
  if (word === "pin") return "maybe";
  if (word === "basicauth") return "secret";
  return word === "encrypt" || word === "sig" || word === "signature" || word === "seed" || word === "hash"
    ? "maybe"
    : undefined;
}

const QUALIFIERS = new Set(
  (
    "prod production dev development test testing stage staging live sandbox qa uat local primary secondary main replica reader " +
    "writer old new current previous next backup default value plain plaintext raw string str text b64 base base64 encoded hash hashed " +
    "env eu us ap json v1 v2 a b c ro rw admin root master"
  ).split(" "),
);

/** What only tells one of several secrets from another. */
function isQualifier(word: string): boolean {
  return QUALIFIERS.has(word) || /^\d+$/.test(word);
}
