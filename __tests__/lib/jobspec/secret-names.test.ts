import { isSecretName, isSecretPair } from "../../../lib/jobspec/host";

const SECRET = `
  SMTP_PASS PGPASSWORD MYSQL_PWD dbPassword db-password db.password API_KEY_PROD AUTHORIZATION PASSPHRASE PASSWORD DB_PASSWORD_2
  Env[API_KEY] apiKey APIKey X-Api-Key X-Vault-Token Proxy-Authorization access_token accessToken ACCESSTOKEN _authToken CLIENT_SECRET
  client-secret SECRET_KEY_BASE DJANGO_SECRET_KEY aws_secret_access_key SECRET_ID VAULT_SECRET_ID STRIPE_KEY OPENAI_KEY TOKEN_GITHUB
  PASSWORD_REPLICA SMTPPASS dbpass DB_PW REDIS_AUTH RABBITMQ_ERLANG_COOKIE JWT_SECRET SESSION_SECRET ENCRYPTION_KEY privateKey
  sshPrivateKey TLS_KEY GOOGLE_APPLICATION_CREDENTIALS_JSON credentials MNEMONIC PASSWORD_HASH PASSWORD_SALT requirepass masterauth
  API_KEYS refresh_token NPM_TOKEN CI_JOB_TOKEN ConsulToken VaultToken storageAccountKey AccountKey SharedAccessKey DB_PASS_OLD APP_KEY
  ROOT_PASSWD webhook_secret oauth2ClientSecret bearer AWS_SESSION_TOKEN KC_BOOTSTRAP_ADMIN_PASSWORD SMTP_PASSWORD_V2 MyPassword1
`;

const NONE = `
  TOKEN_TTL PASSIVE PASS_THROUGH KEY_COUNT SECRET_NAME SECRET_PATH SECRET_FROM PASSWORD_FILE TOKEN_URL TOKEN_ENDPOINT PASSWORD_MIN_LENGTH
  MAX_TOKENS max_new_tokens TOKENS_PER_MINUTE TOKENIZER tokenizer_path PUBLIC_KEY PUBLISHABLE_KEY PRIMARY_KEY PARTITION_KEY CACHE_KEY
  PWD OLDPWD BYPASS COMPASS PASSENGER proxy_pass fastcgi_pass AUTHOR AUTHORITY AUTH_URL AUTH_ENABLED KEYBOARD MONKEY KEYCLOAK_URL HOST
  SECRETARY AWS_ACCESS_KEY_ID KEY_ID CREDENTIALS_FILE COOKIE_DOMAIN COOKIE_SAMESITE SESSION_TIMEOUT JWT_ISSUER JWT_AUDIENCE
  TOKEN_BUCKET_SIZE LEVEL PORT DATABASE_NAME SALTSTACK_HOST JWT_ALGORITHM REGISTRY_AUTH_HTPASSWD_REALM ssh_user EOS_TOKEN DATABASE_USER
`;

const words = (text: string) => text.trim().split(/\s+/);

test.each(words(SECRET))("%s is a secret's name", (name) => {
  expect(isSecretName(name)).toBe(true);
});

test.each(words(NONE))("%s is none", (name) => {
  expect(isSecretName(name)).toBe(false);
});

test.each([
  ["DB_PASSWORD", "1234", true],
  ["DB_PASSWORD", "changeme", true],
  ["DB_PASSWORD", "${NOMAD_SECRETS_DIR}/db", false],
  ["DB_PASSWORD", "win${NOMAD_ALLOC_INDEX}ter", true],
  ["DB_PASSWORD", "${DB_PASSWORD}", false],
  ["DB_PASSWORD", "$ecret", true],
  ["DB_PASSWORD", '{{ with nomadVar "a" }}{{ .password }}{{ end }}', false],
  ["DB_PASSWORD", "/run/secrets/db", false],
  ["APP_TOKENS", "/builds/XyZ9/Q1w2e3R4/t.jsonl", false],
  ["APP_TOKENS", "/checkouts/rest/.pool/tokens.jsonl", false],
  ["APP_TOKENS", "/aB3kd8Zk29fkd9fkE0fk==", true],
  ["DB_PASSWORD", "/wJalrXUtnFEMIK7MDENGbPxRfiCY", true],
  ["DB_PASSWORD", "true", false],
  ["DB_PASSWORD", "", false],
  ["DB_PASSWORD", "none", false],
  ["Authorization", "Bearer ${TOKEN}", false],
  ["Authorization", "Bearer abc", true],
  ["FOO_KEY", "orders", false],
  ["rootKey", "traefik", false],
  ["rootKey", "Winter2024x", true],
  ["FOO_KEY", "f3a9b2c47d1e4f60a8b2", true],
])("%s with %j is a secret: %s", (name, value, secret) => {
  expect(isSecretPair(name, value)).toBe(secret);
});
