/**
 * The words of names under which people keep secrets, in lower case and without accents. `names.ts` says how they are read together.
 */
const words = (text: string): ReadonlySet<string> => new Set(text.split(/\s+/).filter((word) => word !== ""));

/** Words that say "secret" wherever they stand in a name. */
export const SECRET_WORDS = words(`
  password passwords passwd passphrase passphrases passcode passcodes pswd pass pw pwd secret secrets token tokens credential credentials
  creds authorization bearer apikey apikeys jwt salt pepper mnemonic otp totp cookie requirepass masterauth passwrd paswd passwrod passkey
  psk pat privkey privatekey htpasswd rocommunity rwcommunity xprv
  passwort passworter kennwort kennworter geheimnis zugangsdaten losungswort
  contrasena contrasenas contrasenia clave claves contrasinal secreto secreta
  motdepasse mdp secrete senha senhas segredo parola parole parolchiave segreto segreta
  wachtwoord wachtwoorden geheim losenord hemlighet passord adgangskode adgangskoder kodeord lykilord salasana salaisuus
  haslo hasla heslo hesla tajne tajny tajemstvi lozinka geslo jelszo titok parol parool sifre sifresi gizli slaptazodis fjalekalim
`);

/** Words that only say it at the end of a name: `SMTP_PASS`, and not `PASS_THROUGH`. */
export const AT_THE_END = words(`
  pass pw pwd salt pepper otp totp cookie bearer jwt pat psk mdp parole secreto secreta secrete
`);

/** Words that say it only together. */
export const TOGETHER: readonly (readonly string[])[] = [
  "mot de passe",
  "mots de passe",
  "mat khau",
  "kata sandi",
  "palavra passe",
  "palavra chave",
  "codigo secreto",
  "pass word",
  "pass phrase",
  "pass code",
  "seed phrase",
  "seed phrases",
  "seed words",
  "secret phrase",
  "recovery phrase",
  "recovery words",
  "recovery code",
  "recovery codes",
  "backup phrase",
  "backup code",
  "backup codes",
  "wallet seed",
  "master seed",
  "hd seed",
  "totp seed",
  "snmp community",
  "ro community",
  "rw community",
  "trap community",
  "read community",
  "write community",
  "community string",
  "shared access signature",
  "basic auth",
  "redis auth",
  "rediscli auth",
  "npm auth",
].map((phrase) => phrase.split(" "));

/** What people write together: `PGPASSWORD`, `accesstoken`, `SMTPPASS`. */
export const RUN_TOGETHER =
  /(?:password|passwd|passphrase|secret|token|credentials?|api_?keys?|accesskey|secretkey|privatekey|authkey|masterkey|encryptionkey|signingkey|sharedkey|sshkey|pwd|kennwort|passwort|(?:api|zugangs|zugriffs|geheim|privat)schlue?ssel)$|^(?:bind|root|db|olcroot|vnc|user|admin|mysql|pg)pw$|^(?:db|smtp|imap|mail|mysql|pg|postgres|sql|redis|mongo|amqp|ftp|ldap|user|root|admin|http|proxy|ssh|sudo|auth|vnc|mq|store|key|trust|keystore|bind|my|svc|service|login|sasl|jdbc|ipmi|app|client|server|wifi|vpn)pass$/;

/** `key` in some languages. */
export const KEY_WORDS = words(`
  key keys cle cles clef clefs schlussel schluessel sleutel nyckel nokkel nogle avain klucz klic kluc kulcs cheie anahtar
  chave chaves llave llaves chiave chiavi
`);

/**
 * What stands beside `key` where the key opens something: what is done with it (signing, encryption, access), what it belongs to (an
 * account, a licence, a stream), and the services that hand keys out.
 */
export const OPENING = words(`
  api access secret private priv privee prive privada privado privata privato geheimer acceso acces accesso acesso zugangs zugriffs
  encryption encrypt enc decryption decrypt signing sign signature auth crypt crypto cipher hmac aes rsa ecdsa ed25519 x25519 fernet nacl
  ssh ssl tls gpg pgp smime ca cert tsig rndc wireguard wg vpn ipsec wep wpa wifi jwt jwe jws cookie session csrf xsrf nonce
  master root admin shared preshared gossip wrapping unseal recovery backup transit tunnel replication federation validator wallet
  account storage license licence registration subscription enrollment product service app application bot client server functions
  integration webhook deploy instrumentation ingest ingestion write stream streaming push payment merchant sas vault
  s3 b2 r2 gcs minio wasabi backblaze spaces bunny storj ceph rgw restic borg kopia
  rtmp rtmps srt twitch youtube mux livekit agora
  stripe paypal braintree adyen klarna razorpay paystack plaid paddle coinbase binance kraken etherscan infura alchemy
  sendgrid mailgun mailchimp mandrill postmark resend sparkpost brevo ses twilio vonage nexmo pusher vapid fcm apns onesignal
  openai anthropic claude gemini mistral cohere groq deepl deepseek perplexity elevenlabs replicate huggingface hf pinecone weaviate
  qdrant meili meilisearch typesense algolia
  datadog dd sentry newrelic rollbar pagerduty opsgenie honeycomb loggly logdna papertrail axiom bugsnag mixpanel amplitude segment
  launchdarkly github gitlab bitbucket slack discord telegram twitter facebook linkedin spotify steam tmdb giphy rapidapi openweather
  maps mapbox tomtom aws azure gcp google cloudflare cf fastly vultr linode hetzner ovh scaleway digitalocean
`);

/** Keys that everybody may know, and keys that only find something. */
export const FINDING = words(`
  public publishable pub publique publica pubblica offentlicher primary primaire primaria foreign secondary candidate partition sort
  sorting order ordering cache routing hash hashing range shard sharding distribution cluster clustering group grouping lookup index map
  mapping object unique composite natural surrogate external idempotency dedup dedupe deduplication config configuration setting settings
  property attribute feature flag header message row column field record document hot meta metadata translation i18n l10n locale label tag
  annotation topology affinity leader lock election state queue topic event context search filter join issue project kv path dict
  dictionary hashmap item entry metric metrics dimension series correlation request response result status error counter throttle tenant
  namespace lang language string text title site verify verifying verification authorized trusted known shortcut modifier arrow enter
  escape delete
`);

/** What a name ends with where it says something about a secret: how long it lasts, where it lies, what it is called. */
export const ABOUT_IT = words(`
  ttl timeout expiry expires expiration expire age lifetime duration period interval grace renew renewal refresh count counts
  counter number num size length len min max minimum maximum limit limits quota rate usage used name names file files filename
  path paths dir directory folder location url uri urls endpoint host hostname port address addr domain issuer audience aud type
  kind format encoding algorithm alg algo method mode policy policies rule rules role roles scope scopes header headers prefix
  suffix field column claim param parameter enabled enable disabled disable required optional allowed provider source store
  backend manager engine mount version id ids accessor label title description desc hint reset rotation rotate validation
  strength regex pattern complexity history attempts retries retry iterations rounds cost class service cache bucket table index
  group user username owner email ref reference arn variable placeholder grant exchange introspection revocation leeway skew
  template schema status state strategy sync check through pool symbol decimals supply budget window bytes per minute minutes
  second seconds day days hour hours samesite secure httponly consent banner realm
`);

/** Tokens of a language model or a parser are counted, and open nothing. */
export const COUNTED = words(`
  max min num total prompt completion input output context new per eos bos pad unk sep cls mask stop cancellation
`);

/** What nginx passes on, with `proxy_pass` and its like. */
export const PASSED_ON = words("proxy fastcgi uwsgi scgi grpc memcached");

/** What only tells one of several secrets from another. */
export const QUALIFIERS = words(`
  prod production dev development test testing stage staging live sandbox qa uat local primary secondary main replica reader
  writer old new current previous next backup default value plain plaintext raw string str text b64 base base64 encoded hash hashed
  env eu us ap json v1 v2 a b c ro rw admin root master
`);

/** Words for passwords and secrets in other scripts. */
export const OTHER_SCRIPTS =
  /парол|лозинк|секрет|κωδικ|סיסמ|密码|密碼|口令|密钥|密鑰|秘钥|パスワード|パスフレーズ|暗証|비밀번호|암호|كلمة.?(?:ال)?(?:سر|مرور)|رمز.?عبور|گذرواژه|पासवर्ड|รหัสผ่าน/iu;
