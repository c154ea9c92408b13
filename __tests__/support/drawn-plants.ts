import * as fc from "fast-check";

/** A way in which people keep a secret in plain, as a text or as data around it. */
export interface Plant {
  readonly where: string;
  /** Data that holds the secret, as a job, a key or an answer of a server would. */
  readonly data: (secret: string) => unknown;
}

/** Names under which people keep secrets, in many conventions and languages. */
export const SECRET_NAMES = `
  S3_KEY B2_KEY R2_KEY GCS_KEY MINIO_KEY STREAM_KEY streamKey RTMP_STREAM_KEY TWITCH_KEY STRIPE_SK STRIPE_SK_LIVE ACCESS_SK SEED_PHRASE
  WALLET_SEED RECOVERY_CODES BACKUP_CODE MNEMONIC MNEMONIC_PHRASE SNMP_COMMUNITY SNMP_RO_COMMUNITY RO_COMMUNITY COMMUNITY_STRING PASS_PHRASE
  PASS_WORD MOT_DE_PASSE mot-de-passe motDePasse CONTRASEÑA CONTRASENA PASSWORT KENNWORT DB_KENNWORT SENHA SENHA_DO_BANCO HASŁO hasło
  HESLO ŞIFRE LÖSENORD PASSORD WACHTWOORD SALASANA JELSZÓ LOZINKA PAROLA PALAVRA_PASSE ПАРОЛЬ пароль_базы 密码 パスワード CHAVE_API
  CLE_SECRETE CLAVE API_SCHLÜSSEL ZUGANGSDATEN GEHEIMNIS X25519_KEY ED25519_KEY SESSION_KEY CSRF_KEY TSIG_KEY WG_PRIVATE_KEY TUNNEL_KEY
  CLOUDFLARE_KEY DEEPSEEK_KEY RESEND_KEY PRODUCT_KEY LICENSE_KEY_2 s3key streamkey S3_KEY_PROD BACKBLAZE_KEY POSTMARK_KEY CF_KEY DB_PW
  HTTP_BASIC_AUTH REDIS_AUTH WIFI_PSK ROUTER_PSK unsealKey masterKey PGPASSWORD
`
  .trim()
  .split(/\s+/);

/** Names that sound like these and open nothing, with what stands under them. */
export const HARMLESS: readonly (readonly [string, string])[] = [
  ["PUBLIC_KEY", "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ7zQ3b2k9w4 ops"],
  ["STRIPE_PUBLISHABLE_KEY", "pk_live_51H2k9w4zQ3b"],
  ["KEY_PREFIX", "app:v1:"],
  ["SORT_KEY", "created_at"],
  ["PRIMARY_KEY", "order_id"],
  ["PARTITION_KEY", "tenantId"],
  ["KEYBOARD", "de-latin1"],
  ["CACHE_KEY", "v2-4f9c1e77"],
  ["ROUTING_KEY", "orders.created"],
  ["IDEMPOTENCY_KEY", "7f3c9a20-1b2c-4d5e-8f90-a1b2c3d4e5f6"],
  ["PRIVATE_KEY_PATH", "/etc/app/keys/server.pem"],
  ["SSH_KEY_FILE", "id_ed25519_2024"],
  ["LEADER_KEY", "service/app/leader-1"],
  ["KV_KEY", "config/app-2/settings"],
  ["LABEL_KEY", "topology.kubernetes.io/zone"],
  ["REDIS_KEY", "queue:jobs:42"],
  ["FOO_KEY", "orders"],
  ["EVENT_KEY", "UserCreated"],
  ["COMMUNITY", "edition"],
  ["LANG_SK", "slovak"],
  ["TOKEN_TTL", "24h"],
  ["MAX_TOKENS", "4096"],
  ["SEED_NODES", "a.example:9092,b.example:9092"],
  ["HASH_KEY", "user_id"],
  ["SITE_KEY", "6LeIxAcTAAAAAJcZVRqyHh71UMIEGNQ"],
  ["AUTHORIZED_KEYS", "ssh-rsa AAAAB3NzaC1yc2EAAA ops@host"],
  ["JIRA_PROJECT_KEY", "OPS2"],
  ["MONKEY", "abc123xyz"],
  ["PASSWORD_MIN_LENGTH", "12"],
];

const q = JSON.stringify;
const text = (where: string, make: (secret: string) => string): Plant => ({
  where,
  data: (secret) => ({ NOTE: make(secret) }),
});
const args = (...make: ((secret: string) => string)[]) => make;
const argv = (command: string, ...make: readonly (string | ((secret: string) => string))[]): Plant => {
  const list = (secret: string) => make.map((word) => (typeof word === "string" ? word : word(secret)));
  return { where: `arguments of ${command}`, data: (secret) => ({ config: { command, args: list(secret) } }) };
};
const it = (secret: string) => secret;

/** Command lines that hold a password. */
export const COMMAND_LINES: readonly ((secret: string) => string)[] = args(
  (s) => `mysql -uroot -p${s} app`,
  (s) => `mysql -u root -p ${s}`,
  (s) => `mysqldump --all-databases -h db -p'${s}'`,
  (s) => `mariadb-dump -p"${s}" app`,
  (s) => `curl -u mail:${s} https://api.example/x`,
  (s) => `curl -fsSu "mail:${s}" https://api.example/x`,
  (s) => `curl --proxy-user mail:${s} https://api.example`,
  (s) => `curl -H "Authorization: Bearer ${s}" https://api.example`,
  (s) => `sshpass -p ${s} ssh root@host`,
  (s) => `sshpass -p'${s}' scp a b:`,
  (s) => `redis-cli -h cache -a ${s} ping`,
  (s) => `PGPASSWORD=${s} psql -h db -U app`,
  (s) => `env PGPASSWORD=${s} pg_dump app`,
  (s) => `export MYSQL_PWD=${s}; mysql`,
  (s) => `app --password ${s} --port 80`,
  (s) => `app --db-password=${s}`,
  (s) => `docker login -u ops -p ${s} registry.example`,
  (s) => `podman login registry.example -p ${s}`,
  (s) => `echo ${s} | docker login --password-stdin`,
  (s) => `echo "${s}" | sudo -S id`,
  (s) => `printf '%s' '${s}' | podman login --password-stdin r.example`,
  (s) => `echo "root:${s}" | chpasswd`,
  (s) => `mongosh --host db -u root -p ${s}`,
  (s) => `ldapsearch -x -D cn=admin -w ${s} -b dc=x`,
  (s) => `smbclient //host/share -U mail%${s}`,
  (s) => `snmpwalk -v2c -c ${s} router`,
  (s) => `snmpget -v3 -u ops -A ${s} router`,
  (s) => `influx write -t ${s} -b metrics`,
  (s) => `doctl auth init -t ${s}`,
  (s) => `zip -P ${s} a.zip a`,
  (s) => `7z x -p${s} a.7z`,
  (s) => `openssl enc -aes-256-cbc -k ${s} -in a`,
  (s) => `openssl rsa -passin pass:${s} -in a.pem`,
  (s) => `ipmitool -H bmc -U root -P ${s} power status`,
  (s) => `mosquitto_pub -u ops -P ${s} -t a -m b`,
  (s) => `sqlcmd -S db -U sa -P ${s}`,
  (s) => `rabbitmqctl add_user ops ${s}`,
  (s) => `rabbitmqctl change_password ops '${s}'`,
  (s) => `mc alias set s3 https://s3.example ops ${s}`,
  (s) => `htpasswd -bc /etc/htpasswd ops ${s}`,
  (s) => `aws configure set aws_secret_access_key ${s}`,
  (s) => `consul kv put app/db/password ${s}`,
  (s) => `npm config set //registry.example/:_authToken ${s}`,
  (s) => `mysqladmin -u root password ${s}`,
  (s) => `wpa_passphrase home ${s}`,
  (s) => `plink -pw ${s} root@host`,
  (s) => `keytool -list -storepass ${s}`,
  (s) => `redis-cli -h cache AUTH ${s}`,
  (s) => `ffmpeg -i a -f flv rtmp://live.example/app/${s}`,
  (s) => `mount -t cifs //h/s /m -o username=mail,password=${s}`,
);

/** Settings of programs, in many formats. */
const SETTINGS: readonly Plant[] = [
  text("HCL: a block", (s) => `password {\n  value = ${q(s)}\n}\n`),
  text(
    "HCL: a block with a label",
    (s) => `server {\n  secret "db" {\n    value   = ${q(s)}\n    length  = 3\n  }\n}\n`,
  ),
  text("HCL: a block on a line", (s) => `password { value = ${q(s)} }\n`),
  text("HCL: an object", (s) => `db_password = {\n  value = ${q(s)}\n}\n`),
  text("YAML: a level below", (s) => `db:\n  password:\n    value: ${s}\n  port: 1\n`),
  text("YAML: a level below, with quotes", (s) => `db:\n  password:\n    value: ${q(s)}\n`),
  text("YAML: name and value", (s) => `env:\n  - name: S3_KEY\n    value: ${q(s)}\n`),
  text("YAML: key and value", (s) => `headers:\n  - key: Authorization\n    value: Bearer ${s}\n`),
  text("YAML: header and value", (s) => `- header: X-Api-Key\n  value: ${s}\n`),
  text("YAML: value and name", (s) => `- value: ${q(s)}\n  name: DB_PASSWORD\n`),
  text("JSON: a level below", (s) => q({ db: { password: { value: s, version: 1 } } })),
  text("JSON: name and value", (s) => q([{ name: "Authorization", value: s }])),
  text("JSON: a pair", (s) => q({ headers: [["Authorization", s]] })),
  text("JSON: pretty", (s) => JSON.stringify({ header: { field: "X-Auth-Token", value: s } }, null, 2)),
  text("TOML: a table", (s) => `[db.password]\nvalue = ${q(s)}\n[other]\nvalue = "a"\n`),
  text("XML: a level below", (s) => `<db>\n  <password>\n    <value>${s}</value>\n  </password>\n</db>\n`),
  text("XML: name and value", (s) => `<property><name>db.password</name><value>${s}</value></property>`),
  text("argv in JSON", (s) => q({ cmd: ["app", "--password", s] })),
  text("HCL: a heredoc", (s) => `db {\n  password = <<EOF\n${s}\nEOF\n  port = 1\n}\n`),
  text("HCL: an indented heredoc", (s) => `password = <<-"END"\n    ${s}\n  END\nport = 1\n`),
  text("ODBC", (s) => `DRIVER={x};SERVER=db;UID=app;PWD={${s}};PORT=1`),
  text("XML: a prefix", (s) => `<c:db>\n  <c:password>${s}</c:password>\n</c:db>\n`),
  text("properties: the next line", (s) => `db.password=\\\n  ${s}\ndb.port=1\n`),
  text("properties: a second line", (s) => `db.password=a1\\\n  ${s}\ndb.port=1\n`),
  text("Dovecot", (s) => `mail:{PLAIN}${s}::::::\n`),
  text("snmpd.conf", (s) => `rocommunity ${s} 10.0.0.0/8\n`),
  text("ipsec.secrets", (s) => `host : PSK "${s}"\n`),
  text("a Dockerfile", (s) => `FROM a\nENV DB_PASSWORD ${s}\n`),
  text("a line of a log", (s) => `2026-01-02T03:04:05Z INFO connecting password=${s} host=db`),
  text("a line of a log in JSON", (s) => q({ level: "info", msg: `started with PGPASSWORD=${s}`, n: 1 })),
  text("base64", (s) => Buffer.from(`DB_PASSWORD=${s}\n`).toString("base64")),
];

/** Secrets that a reference holds in itself: what is taken where there is nothing to refer to, and what is only spelled out. */
const FALLBACKS: readonly Plant[] = [
  text("a template: keyOrDefault", (s) => `DB_PASSWORD={{ keyOrDefault "shop/db" ${q(s)} }}\n`),
  text("a template: the key has the name", (s) => `x = {{ keyOrDefault "shop/password" ${q(s)} }}\n`),
  text("a template: envOrDefault", (s) => `x={{ envOrDefault "DB_PASSWORD" ${q(s)} }}\n`),
  text("a template: or", (s) => `DB_PASSWORD={{ or (env "X") ${q(s)} }}\n`),
  text("a template: or, by the variable's name", (s) => `x: {{ or (env "DB_PASSWORD") ${q(s)} }}\n`),
  text("a template: a pipe", (s) => `DB_PASSWORD={{- env "X" | or ${q(s)} -}}\n`),
  text("a template: a text", (s) => `DB_PASSWORD={{ ${q(s)} | toJSON }}\n`),
  text("a template: a text of its own", (s) => `password: "{{ ${q(s)} }}"\n`),
  text("a template: scratch", (s) => `{{ scratch.Set "password" ${q(s)} }}\n`),
  text("a shell: a default", (s) => `DB_PASSWORD=\${DB_PASSWORD:-${s}}\nexport DB_PASSWORD\n`),
  text("a shell: a default that is kept", (s) => `: \${DB_PASSWORD:=${s}}\n`),
  text("a shell: a default of an argument", (s) => `exec app --port 80 --token "\${APP_TOKEN:-${s}}"\n`),
  text("a shell: echo", (s) => `export DB_PASSWORD=$(echo ${s})\n`),
  text("a shell: printf", (s) => `DB_PASSWORD="$(printf '%s' '${s}')"\n`),
  { where: "an environment: keyOrDefault", data: (s) => ({ Env: { DB_PASSWORD: `{{ keyOrDefault "a" ${q(s)} }}` } }) },
  { where: "an environment: a shell's default", data: (s) => ({ Env: { DB_PASSWORD: `\${X:-${s}}` } }) },
];

/** How programs write a secret down: no file of settings, and found in templates all the same. */
const PROGRAMS: readonly Plant[] = [
  text("PHP: an element", (s) => `$config['db_pass'] = '${s}';`),
  text("PHP: define", (s) => `define('DB_PASSWORD', '${s}');`),
  text("Perl: an element", (s) => `$cfg{password} = "${s}";`),
  text("Lua: an element", (s) => `cfg["password"] = "${s}"`),
  text("JavaScript: an element", (s) => `process.env['API_TOKEN'] = '${s}';`),
  text("Go: a declaration", (s) => `password := "${s}"`),
  text("TypeScript: a type", (s) => `const password: string = "${s}";`),
  text("Kotlin: a type", (s) => `  val apiSecret: String = "${s}"`),
  text("Rust: a type", (s) => `static API_TOKEN: &'static str = "${s}";`),
  text("Rust: a constructor", (s) => `let password = String::from("${s}");`),
  text("Python: a constructor", (s) => `self.password = SecretStr("${s}")`),
  text("Java: a setter", (s) => `source.setPassword("${s}");`),
  text("Java: a builder", (s) => `return builder().user("app").password("${s}").build();`),
  text("Java: a property", (s) => `System.setProperty("javax.net.ssl.trustStorePassword", "${s}");`),
  text("Python: a header", (s) => `session.headers.update(); h.add_header("X-Api-Key", "${s}")`),
  text("Erlang: a tuple", (s) => `[{user, "app"}, {password, "${s}"}].`),
  text("Lisp", (s) => `(setq smtp-password "${s}")`),
  text("Consul: tokens", (s) => `acl {\n  tokens {\n    agent = "${s}"\n  }\n}\n`),
  text("Oracle", (s) => `CONNECT=app/${s}@//db.example:1521/x`),
  text("Oracle without slashes", (s) => `app/${s}@db.example:1521/x`),
];

/** What is secret only once it is decoded, and is hidden as it stands. */
export const ENCODED: readonly Plant[] = [
  text("Docker's auth", (s) => q({ auths: { "r.example": { auth: s } } })),
  text("Docker's auth, pretty", (s) => JSON.stringify({ auths: { "r.example": { auth: s } } }, null, 2)),
  text("HCL's auth", (s) => `auth = "${s}"\n`),
  { where: "Docker's auth as data", data: (s) => ({ auths: { "r.example": { auth: s } } }) },
];

/** What is kept of a password to know it again. */
export const HASHES: readonly string[] = [
  "$2y$10$N9qo8uLOickgx2ZMRZoMyeIjZAgcfl7p92ldGxad68LJZdL17lhWy",
  "$$2b$$12$$N9qo8uLOickgx2ZMRZoMyeIjZAgcfl7p92ldGxad68LJZdL17lhWy",
  "$apr1$rOioh4Wh$bVD3DRwksETubcpEH90ww0",
  "$6$rounds=5000$usesomesillystri$D4IrlXatmP7rx3P3InaxBeoomnAihCKRVQAr/36eYfuxPRdWqYNGmKBFWNLxQe9bSGwZ6fTEqHf8bOuxDwaxT1",
  "$argon2id$v=19$m=65536,t=3,p=4$c29tZXNhbHQ$RdescudvJCsgt3ub+b5dWRWJTmaaJObG",
  "{SHA}W6ph5Mm5Pz8GgiULbPgzG37mj9g=",
  "{SSHA}0c0blFTXXNuAMHECS4uxrj3ZieMoWImr",
];

/** Data of jobs, keys and answers. */
const DATA: readonly Plant[] = [
  { where: "a secret's name a level above", data: (s) => ({ password: { value: s } }) },
  { where: "a list under a secret's name", data: (s) => ({ tokens: [s] }) },
  { where: "objects in a list under a secret's name", data: (s) => ({ credentials: [{ user: "u", is: s }] }) },
  { where: "name and value", data: (s) => ({ headers: [{ name: "Authorization", value: s }] }) },
  { where: "Key and Value", data: (s) => [{ Key: "X-Api-Key", Value: s }] },
  { where: "header and values", data: (s) => ({ header: "Authorization", values: [s] }) },
  { where: "field and content", data: (s) => ({ field: "S3_KEY", content: s }) },
  { where: "a pair", data: (s) => ({ env: [["MOT_DE_PASSE", s]] }) },
  { where: "raw headers", data: (s) => ({ raw: ["Host", "a", "Authorization", s, "Accept", "b"] }) },
  { where: "user and password", data: (s) => ({ basic_auth: { username: "mail", password: s } }) },
  argv("app", "--password", it),
  argv("app", "--token", it, "--port", "80"),
  argv("/usr/bin/mysql", "-uroot", (s) => `-p${s}`),
  argv("mysql", "-u", "root", "-p", it),
  argv("curl", "-u", (s) => `mail:${s}`, "https://a.example"),
  argv("sshpass", "-p", it, "ssh", "a"),
  argv("redis-cli", "-a", it),
  argv("docker", "login", "-u", "ops", "-p", it),
  argv("sh", "-c", (s) => `PGPASSWORD=${s} psql`),
  argv("sh", "-c", (s) => `set -e\nmysql -p${s} <<EOF\nselect 1\nEOF\n`),
  { where: "entrypoint and args", data: (s) => ({ entrypoint: ["redis-cli"], args: ["-a", s] }) },
  { where: "Command and Args", data: (s) => ({ Command: "sshpass", Args: ["-p", s, "ssh"] }) },
];

/** All of them. */
export const PLANTS: readonly Plant[] = [
  ...SECRET_NAMES.flatMap((name): Plant[] => [
    { where: `env ${name}`, data: (s) => ({ Env: { [name]: s } }) },
    text(`${name}=`, (s) => `LEVEL=info\n${name}=${s}\n`),
    text(`${name}:`, (s) => `level: info\n${name}: ${q(s)}\n`),
    text(`a log with ${name}=`, (s) => `started, ${name}=${s}, port=80`),
  ]),
  ...COMMAND_LINES.map((line) => text(line("…"), line)),
  ...COMMAND_LINES.map((line) => text(`a script with ${line("…")}`, (s) => `#!/bin/sh\nset -eu\n${line(s)}\n`)),
  ...SETTINGS,
  ...FALLBACKS,
  ...PROGRAMS,
  ...DATA,
];

const LETTERS = "bcdfghjkmnpqrstvwxzBCDFGHJKLMNPQRSTVWXZ";

/** A secret that nothing else holds: with letters and digits, and signs that a shell's word may hold. */
export const secrets: fc.Arbitrary<string> = fc
  .tuple(
    fc.string({ unit: fc.constantFrom(...LETTERS), minLength: 5, maxLength: 5 }),
    fc.string({ unit: fc.constantFrom(...LETTERS, ..."23456789-_.!~^+"), minLength: 3, maxLength: 20 }),
    fc.string({ unit: fc.constantFrom(..."23456789"), minLength: 2, maxLength: 3 }),
  )
  .map((parts) => parts.join(""));

/** The texts of data, wherever they stand in it. */
export function textsOf(data: unknown): readonly string[] {
  if (typeof data === "string") return [data];
  if (typeof data !== "object" || data === null) return [];
  return Object.values(data).flatMap(textsOf);
}
