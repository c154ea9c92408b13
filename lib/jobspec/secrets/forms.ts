/** A part of a text that is a secret. */
export interface SecretSpan {
  readonly start: number;
  readonly end: number;
  /** What it is, in words that fit behind "holds": `a token of GitHub`. */
  readonly what: string;
  /** Whether its form leaves no doubt; else it is known by what stands around it. */
  readonly certain: boolean;
  /** What is secret in it once it is decoded. */
  readonly inside?: readonly string[];
}

/**
 * A form that keys of a service have. It is tried where a word begins, and every repetition in it is bounded: that keeps the whole
 * linear.
 */
interface Form {
  readonly what: string;
  /** The two characters that it begins with, of which there may be several. */
  readonly starts: readonly string[];
  readonly pattern: RegExp;
  /** Whether a match is meant, where the pattern alone does not tell. */
  readonly holds?: (match: string) => boolean;
}

function form(what: string, starts: string, pattern: string, holds?: (match: string) => boolean): Form {
  return { what, starts: starts.split(" "), pattern: new RegExp(pattern, "y"), ...(holds ? { holds } : {}) };
}

/** No key that is known by its form is shorter. */
export const SHORTEST_FORM = 15;

/** Letters alone are words: a key has digits among them. */
const hasDigits = (match: string) => /\d/.test(match);

const UUID = "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}";

const CODES = 128;

/** Makers of keys, and the forms that they document for scanners of leaked keys. */
export const FORMS: readonly Form[] = [
  form("a token of GitHub", "gh", "gh[pousr]_[A-Za-z0-9]{30,255}"),
  form("a token of GitHub", "gi", "github_pat_[A-Za-z0-9_]{22,255}"),
  form("a token of GitLab", "gl", "gl(?:pat|dt|rt|cbt|ptt|ft|imt|agent|oas|soat|ffct|wt)-[A-Za-z0-9_.-]{20,300}"),
  form("a token of GitLab", "GR", "GR1348941[A-Za-z0-9_-]{20,60}"),
  form("a token of npm", "np", "npm_[A-Za-z0-9]{36,80}"),
  form("a key of Stripe", "rk sk", "(?:sk|rk)_(?:live|test|prod)_[A-Za-z0-9]{10,250}"),
  form("a secret of Stripe", "wh", "whsec_[A-Za-z0-9+/=]{24,120}"),
  form("a token of Slack", "xo", "xox[abceoprs][.-](?:xox[a-z]-)?[A-Za-z0-9-]{10,300}"),
  form("a token of Slack", "xa", "xapp-\\d-[A-Za-z0-9-]{10,200}"),
  form("an address of Slack", "ho", "hooks\\.slack\\.com/(?:services|workflows|triggers)/[A-Za-z0-9/+_-]{20,120}"),
  form("an address of Discord", "di", "discord(?:app)?\\.com/api/webhooks/\\d{15,25}/[\\w-]{40,100}"),
  form(
    "a key of AWS",
    "AB AC AK AS AG AI AR AN A3",
    "(?:A[BKS]IA|ACCA|AGPA|AIDA|AROA|AIPA|AN[PV]A|A3T[A-Z0-9])[A-Z0-9]{16}(?![A-Za-z0-9])",
    // The key of AWS' own documentation is in everybody's examples.
    (match) => !match.endsWith("EXAMPLE"),
  ),
  form("an address of Teams", "we", "webhook\\.office\\.com/webhookb2/[\\w@/-]{20,300}"),
  form("an address of Zapier", "ho", "hooks\\.zapier\\.com/hooks/catch/\\d{3,12}/[A-Za-z0-9/]{5,40}"),
  form("an address of Make", "ho", "hook\\.[a-z0-9.]{2,20}\\.com/[a-z0-9]{20,60}", hasDigits),
  form("an address of PagerDuty", "ev", "events\\.pagerduty\\.com/integration/[a-f0-9]{32}"),
  form("an address of IFTTT", "ma", "maker\\.ifttt\\.com/trigger/[\\w-]{1,100}/(?:json/)?with/key/[\\w-]{10,80}"),
  form("a token of Telegram", "bo", "bot\\d{8,10}:[A-Za-z0-9_-]{30,50}(?![A-Za-z0-9_-])"),
  form("a token of Vercel", "vc", "vc[piark]_[A-Za-z0-9]{20,80}"),
  form("a key of Google", "AI", "AIza[A-Za-z0-9_-]{35}"),
  form("a token of Google", "ya", "ya29\\.[A-Za-z0-9_-]{20,2000}"),
  form("a secret of Google", "GO", "GOCSPX-[A-Za-z0-9_-]{20,60}"),
  form("a key of OpenAI or Anthropic", "sk", "sk-[A-Za-z0-9_-]{16,300}", hasDigits),
  form("a token of Vault", "hv", "hv[sbr]\\.[A-Za-z0-9_-]{20,400}"),
  form("a token of Vault", "s.", "s\\.[A-Za-z0-9]{24}(?![A-Za-z0-9._-])", hasDigits),
  form("a token of DigitalOcean", "do", "do(?:[opr]|se)_v1_[a-f0-9]{64}"),
  form("a key of SendGrid", "SG", "SG\\.[A-Za-z0-9_-]{16,32}\\.[A-Za-z0-9_-]{16,64}"),
  form("a key of Mailgun", "ke", "key-[a-f0-9]{32}(?![A-Za-z0-9])"),
  form("a key of Twilio", "SK", "SK[a-f0-9]{32}(?![A-Za-z0-9])"),
  form("a token of Shopify", "sh", "shp(?:at|ca|pa|ss)_[a-fA-F0-9]{32}"),
  form("a token of PyPI", "py", "pypi-AgE[A-Za-z0-9_-]{50,1000}"),
  form("a key of RubyGems", "ru", "rubygems_[a-f0-9]{48}"),
  form("a token of crates.io", "ci", "cio[A-Za-z0-9]{32}(?![A-Za-z0-9])", hasDigits),
  form("a token of Docker Hub", "dc", "dckr_(?:pat|oat)_[A-Za-z0-9_-]{20,100}"),
  form("a token of Hugging Face", "hf", "hf_[A-Za-z0-9]{30,60}"),
  form("a token of Hugging Face", "ap", "api_org_[A-Za-z0-9]{30,60}"),
  form("a key of Datadog", "dd", "dd(?:p|apk|app)_[A-Za-z0-9]{30,60}"),
  form("a token of Bitbucket", "AT", "ATBB[A-Za-z0-9]{20,60}", hasDigits),
  form("a token of Square", "EA", "EAAA[A-Za-z0-9_-]{56,80}(?![A-Za-z0-9_-])", hasDigits),
  form("a token of Facebook", "EA", "EAAC[A-Za-z0-9]{30,400}", hasDigits),
  form("a token of Twitter", "AA", "AAAAAAAAAAAAAAAAAAAA[A-Za-z0-9%]{40,150}", hasDigits),
  form("a key of Firebase", "AA", "AAAA[A-Za-z0-9_-]{7}:APA91b[A-Za-z0-9_-]{60,300}"),
  form("a key of Cloudflare", "v1", "v1\\.0-[a-f0-9]{24}-[a-f0-9]{30,160}"),
  form("a token of Buildkite", "bk", "bk[a-z]{2}_[a-f0-9]{32,40}"),
  form("a token of CircleCI", "CC", "CCIP(?:AT|RJ)_[A-Za-z0-9]{10,30}_[a-f0-9]{40}"),
  form("a token of SonarQube", "sq", "sq[pua]_[a-f0-9]{40}"),
  form("a key of Artifactory", "AK", "AKCp[A-Za-z0-9]{60,80}"),
  form("a token of Artifactory", "cm", "cmVmdGtuOj[A-Za-z0-9]{40,90}"),
  form("a token of Airtable", "pa", "pat[A-Za-z0-9]{14}\\.[a-f0-9]{64}"),
  form("a token of HubSpot", "pa", `pat-[a-z]{2}\\d-${UUID}`),
  form("a key of LaunchDarkly", "sd", `sdk-${UUID}`),
  form("a token of Dropbox", "sl", "sl\\.[A-Za-z0-9_-]{100,2000}"),
  form("a key of Resend", "re", "re_[A-Za-z0-9]{6,12}_[A-Za-z0-9]{20,40}", hasDigits),
  form("a key of Brevo", "xk", "xkeysib-[a-f0-9]{64}-[A-Za-z0-9]{16}"),
  form("a token of Mapbox", "sk", "sk\\.eyJ[A-Za-z0-9_-]{20,300}\\.[A-Za-z0-9_-]{20,60}"),
  form("a key of Yandex", "AQ", "AQVN[A-Za-z0-9_-]{35,50}"),
  form("a key of Infracost", "ic", "ico-[A-Za-z0-9]{32}(?![A-Za-z0-9])", hasDigits),
  form("a secret key of Supabase", "sb", "sb_secret_[A-Za-z0-9_-]{20,60}"),
  form("a password of Neon", "np", "npg_[A-Za-z0-9]{12,40}", hasDigits),
  form("a key of Groq", "gs", "gsk_[A-Za-z0-9]{40,80}"),
  form("a token of Replicate", "r8", "r8_[A-Za-z0-9]{37,45}"),
  form("a key of xAI", "xa", "xai-[A-Za-z0-9]{40,120}"),
  form("a key of Perplexity", "pp", "pplx-[A-Za-z0-9]{40,80}"),
  form("a token of Linear", "li", "lin_(?:api|oauth)_[A-Za-z0-9]{32,80}"),
  form("a token of Notion", "nt se", "(?:ntn|secret)_[A-Za-z0-9]{40,60}(?![A-Za-z0-9])", hasDigits),
  form("a token of Figma", "fi", "fig[dou]_?[dr]?_[A-Za-z0-9_-]{35,60}"),
  form("a token of Atlassian", "AT", "AT[AC]TT3[A-Za-z0-9_=-]{50,400}"),
  form("a token of Databricks", "da", "dapi[a-f0-9]{32}(?:-\\d)?"),
  form("a token of Grafana", "gl", "gl(?:sa|c)_[A-Za-z0-9_+/=]{30,400}"),
  form("a key of New Relic", "NR", "NR(?:AK|II|JS|IQ|RA)-[A-Za-z0-9_-]{19,40}"),
  form("a token of Sentry", "sn", "sntry[su]_[A-Za-z0-9_+/=]{40,400}"),
  form("a token of PlanetScale", "ps", "pscale_(?:tkn|pw|oauth)_[A-Za-z0-9_.=-]{32,64}"),
  form("a token of Doppler", "dp", "dp\\.(?:pt|st|ct|sa|scim|audit)\\.[A-Za-z0-9_.-]{40,80}"),
  form("a token of 1Password", "op", "ops_eyJ[A-Za-z0-9+/=_-]{100,4000}"),
  form("a secret key of 1Password", "A3", "A3-[A-Z0-9]{6}-(?:[A-Z0-9]{5,11}-){3,4}[A-Z0-9]{5}(?![A-Z0-9])"),
  form("a token of Fly.io", "fm", "fm[12][ar]?_[A-Za-z0-9+/=]{60,2000}"),
  form("a token of Supabase", "sb", "sbp_[a-f0-9]{40}"),
  form("a token of Square", "sq", "sq0(?:atp|csp|idp)-[A-Za-z0-9_-]{22,50}"),
  form("a key of Tailscale", "ts", "tskey-[A-Za-z0-9-]{16,100}"),
  form("a token of Netlify", "nf", "nfp_[A-Za-z0-9_]{36,60}"),
  form("a token of Pulumi", "pu", "pul-[a-f0-9]{40}"),
  form("a key of Heroku", "HR", "HRKU-[A-Za-z0-9_-]{36,80}"),
  form("a key of Postman", "PM", "PMAK-[a-f0-9]{24}-[a-f0-9]{34}"),
  form("a key of Dynatrace", "dt", "dt0[a-z]\\d{2}\\.[A-Z0-9]{24}\\.[A-Z0-9]{64}"),
  form("a token of Contentful", "CF", "CFPAT-[A-Za-z0-9_-]{40,60}"),
  form("a key of Alibaba", "LT", "LTAI[A-Za-z0-9]{17,21}(?![A-Za-z0-9])", hasDigits),
  form("a key of age", "AG", "AGE-SECRET-KEY-1[A-Z0-9]{58}"),
  form("a key of Grafana", "ey", "eyJrIjoi[A-Za-z0-9+/_-]{40,400}"),
  form("a token of Cloudflare", "ey", "eyJhIjoi[A-Za-z0-9+/_-]{80,400}"),
  form("a signed token (JWT)", "ey", "eyJ[A-Za-z0-9_-]{8,2000}(?:\\.[A-Za-z0-9_-]{4,2000}){1,4}", isJwt),
];

/** The forms that begin with two characters, at the number of both. */
const BY_START: readonly (readonly Form[] | undefined)[] = byStart();

function byStart(): (readonly Form[] | undefined)[] {
  const table = new Array<Form[] | undefined>(CODES * CODES).fill(undefined);
  for (const each of FORMS) for (const start of each.starts) (table[startOf(start, 0)] ??= []).push(each);
  return table;
}

/** Two characters of ASCII as one number. */
function startOf(text: string, at: number): number {
  return text.charCodeAt(at) * CODES + text.charCodeAt(at + 1);
}

/** Forms that begin with anything: told by what stands behind their first word, or by its length. */
const BEFORE_DOT = [
  form("a token of HCP Terraform", "", "[A-Za-z0-9]{14}\\.atlasv1\\.[A-Za-z0-9_=-]{40,120}"),
  form(
    "a token of Discord",
    "",
    "[MNO][A-Za-z0-9_-]{23,27}\\.[A-Za-z0-9_-]{6}\\.[A-Za-z0-9_-]{27,40}(?![A-Za-z0-9_-])",
  ),
];
const BEFORE_COLON = [form("a token of Telegram", "", "\\d{8,10}:AA[A-Za-z0-9_-]{30,48}(?![A-Za-z0-9_-])")];
const OF_LONG_WORDS = [
  form("a key of Mailchimp", "", "[a-f0-9]{32}-us\\d{1,2}(?![A-Za-z0-9])"),
  form("a key of Mailgun", "", "[a-f0-9]{32}-[a-f0-9]{8}-[a-f0-9]{8}(?![A-Za-z0-9-])"),
];
const LONG_WORD = 35;
const AZURE = form("a secret of Azure", "", "[A-Za-z0-9_~.]{3}\\dQ~[A-Za-z0-9_~.-]{31,34}");

function isJwt(match: string): boolean {
  // A header and a body, both JSON in base64, or the five parts of an encrypted one.
  const parts = match.split(".");
  return parts.length >= 3 || (parts[1]?.startsWith("eyJ") ?? false);
}

/** The parts of a text that have the form of a key or a token; linear in its length. */
export function formSpans(text: string): SecretSpan[] {
  const found: SecretSpan[] = [];
  for (let start = 0; start <= text.length - SHORTEST_FORM; start += 1) {
    if (!isOfWord(text.charCodeAt(start))) continue;
    const end = wordEnd(text, start + 1);
    const forms = formsFor(text, start, end);
    let next = end;
    for (const each of forms) {
      const span = spanAt(text, start, each);
      if (span) found.push(span);
      next = Math.max(next, span?.end ?? 0);
    }
    start = next;
  }
  for (let at = text.indexOf("Q~"); at >= 0; at = text.indexOf("Q~", at + 2)) {
    const span = at >= 4 && spanAt(text, at - 4, AZURE);
    if (span) found.push(span);
  }
  privateKeys(text, found);
  return found;
}

const [DOT, COLON] = [46, 58];

/** The forms that a word may begin. */
function formsFor(text: string, start: number, end: number): readonly Form[] {
  const known = text.charCodeAt(start + 1) < CODES ? BY_START[startOf(text, start)] : undefined;
  if (known) return known;
  const behind = text.charCodeAt(end);
  if (behind === DOT) return BEFORE_DOT;
  if (behind === COLON) return BEFORE_COLON;
  return end - start >= LONG_WORD ? OF_LONG_WORDS : [];
}

function spanAt(text: string, start: number, { what, pattern, holds }: Form): SecretSpan | undefined {
  pattern.lastIndex = start;
  const match = pattern.exec(text)?.[0];
  if (match === undefined || (holds && !holds(match))) return undefined;
  // A key goes on to the end of its word, however long that is.
  return { start, end: wordEnd(text, start + match.length), what, certain: true };
}

function wordEnd(text: string, from: number): number {
  let end = from;
  while (isOfWord(text.charCodeAt(end))) end += 1;
  return end;
}

function isOfWord(code: number): boolean {
  return (
    (code >= 97 && code <= 122) ||
    (code >= 65 && code <= 90) ||
    (code >= 48 && code <= 57) ||
    code === 45 ||
    code === 95
  );
}

const BEGIN =
  /-----BEGIN OpenVPN Static key V1-----|-----?BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----?|---- BEGIN SSH2 [A-Z0-9 ]{0,40}PRIVATE KEY ----|\bPrivate-Lines: ?\d/g;
const END =
  /-----END OpenVPN Static key V1-----|-----?END [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----?|---- END SSH2 [A-Z0-9 ]{0,40}PRIVATE KEY ----|\bPrivate-MAC: ?[a-f0-9]{40,64}/g;

/**
 * Private keys over several lines. One without an end goes on to the end of the text, and one of which the text has the end alone, as the last lines of a log do,
 * begins with the first of its lines that is there.
 */
function privateKeys(text: string, found: SecretSpan[]): void {
  const add = (start: number, end: number) => found.push({ start, end, what: "a private key", certain: true });
  const open = eachKey(text, add);
  if (open !== undefined) add(open, text.length);
}

/** Where a private key begins that has no end in a text; undefined where none does. */
export function unfinishedKeyIn(text: string): number | undefined {
  return eachKey(text, () => undefined);
}

/** Tells of each private key of which a text has the end. @returns where one begins that has none */
function eachKey(text: string, tell: (start: number, end: number) => void): number | undefined {
  if (!/PRIVATE KEY|Private-Lines|Static key/.test(text)) return undefined;
  const begins = [...text.matchAll(BEGIN)].map(({ index }) => index);
  let next = 0;
  let covered = 0;
  for (const { index, 0: end } of text.matchAll(END)) {
    while (next < begins.length && (begins[next] ?? 0) < covered) next += 1;
    const begin = begins[next];
    if (begin !== undefined && begin < index) tell(begin, index + end.length);
    else if (index >= covered) tell(bodyBefore(text, index, covered), index + end.length);
    covered = index + end.length;
  }
  return begins.find((begin) => begin >= covered);
}

/** Where the lines of a key begin that stand right before a place, and not before another one. The last of them may be short, and the first where the text begins in it. */
function bodyBefore(text: string, from: number, least: number): number {
  let body = from;
  for (let isLast = true; ; isLast = false) {
    const end = endOfLineBefore(text, body, least);
    let start = end;
    while (start > least && isOfBody(text.charCodeAt(start - 1))) start -= 1;
    if (start === end || (end - start < WHOLE_LINE && !isLast && start > 0)) return body;
    body = start;
  }
}

/** Where the line ends that stands before a place: the end of a line is also one that JSON escapes. */
function endOfLineBefore(text: string, from: number, least: number): number {
  let end = from;
  while (end > least) {
    if (/\s/.test(text[end - 1] ?? "")) end -= 1;
    else if (end - 2 >= least && /^\\[nr]$/.test(text.slice(end - 2, end))) end -= 2;
    else break;
  }
  return end;
}

/** Lines of keys have 64 characters, and some 70 or 76. */
const WHOLE_LINE = 60;

/** Whether a character is one of base64. */
function isOfBody(code: number): boolean {
  return (isOfWord(code) && code !== 45 && code !== 95) || code === 43 || code === 47 || code === 61;
}
