/** A part of a text that is a secret. */
export interface SecretSpan {
  readonly start: number;
  readonly end: number;
  /** What it is, in words that fit behind "holds": `a token of GitHub`. */
  readonly what: string;
  /** Whether its form leaves no doubt; else it is known by what stands around it. */
  readonly certain: boolean;
}

/**
 * A form that keys of a service have. A text is searched for `anchor` first. A pattern must not look at a character more than a few
 * times: it starts at a boundary, every repetition is bounded or is the last thing in it.
 */
interface Form {
  readonly what: string;
  readonly anchor: string;
  readonly pattern: RegExp;
  /** Whether a match is meant, where the pattern alone does not tell. */
  readonly holds?: (match: string) => boolean;
}

const EDGE = "(?<![A-Za-z0-9_-])";

function form(what: string, anchor: string, body: string, holds?: (match: string) => boolean): Form {
  return { what, anchor, pattern: new RegExp(EDGE + body, "g"), ...(holds ? { holds } : {}) };
}

/** Letters alone are words: a key has digits among them. */
const hasDigits = (match: string) => /\d/.test(match);

/** Makers of keys, and the forms that they document for their scanners of leaked keys. */
const FORMS: readonly Form[] = [
  form("a token of GitHub", "gh", "gh[pousr]_[A-Za-z0-9]{30,255}"),
  form("a token of GitHub", "github_pat_", "github_pat_[A-Za-z0-9_]{22,255}"),
  form("a token of GitLab", "gl", "gl(?:pat|dt|rt|cbt|ptt|ft|imt|agent|oas|soat|ffct|wt)-[A-Za-z0-9_.-]{20,300}"),
  form("a token of GitLab", "GR1348941", "GR1348941[A-Za-z0-9_-]{20,60}"),
  form("a token of npm", "npm_", "npm_[A-Za-z0-9]{36,80}"),
  form("a key of Stripe", "k_", "(?:sk|rk)_(?:live|test|prod)_[A-Za-z0-9]{10,250}"),
  form("a secret of Stripe", "whsec_", "whsec_[A-Za-z0-9+/=]{24,120}"),
  form("a token of Slack", "xox", "xox[abceoprs][.-](?:xox[a-z]-)?[A-Za-z0-9-]{10,300}"),
  form("a token of Slack", "xapp-", "xapp-\\d-[A-Za-z0-9-]{10,200}"),
  form(
    "an address of Slack",
    "hooks.slack.com/",
    "hooks\\.slack\\.com/(?:services|workflows|triggers)/[A-Za-z0-9/+_-]{20,120}",
  ),
  form("an address of Discord", "/api/webhooks/", "discord(?:app)?\\.com/api/webhooks/\\d{15,25}/[\\w-]{40,100}"),
  form("a key of AWS", "A", "(?:AKIA|ASIA|ABIA|ACCA)[A-Z0-9]{16}(?![A-Za-z0-9])"),
  form("a key of Google", "AIza", "AIza[A-Za-z0-9_-]{35}"),
  form("a token of Google", "ya29.", "ya29\\.[A-Za-z0-9_-]{20,2000}"),
  form("a secret of Google", "GOCSPX-", "GOCSPX-[A-Za-z0-9_-]{20,60}"),
  form("a key of OpenAI or Anthropic", "sk-", "sk-[A-Za-z0-9_-]{16,300}", hasDigits),
  form("a token of Vault", "hv", "hv[sbr]\\.[A-Za-z0-9_-]{20,400}"),
  form("a token of Vault", "s.", "s\\.[A-Za-z0-9]{24}(?![A-Za-z0-9._-])", hasDigits),
  form("a token of HCP Terraform", ".atlasv1.", "[A-Za-z0-9]{14}\\.atlasv1\\.[A-Za-z0-9_=-]{40,120}"),
  form("a token of DigitalOcean", "_v1_", "do[opr]_v1_[a-f0-9]{64}"),
  form("a key of SendGrid", "SG.", "SG\\.[A-Za-z0-9_-]{16,32}\\.[A-Za-z0-9_-]{16,64}"),
  form("a key of Mailgun", "key-", "key-[a-f0-9]{32}(?![A-Za-z0-9])"),
  form("a key of Mailchimp", "-us", "[a-f0-9]{32}-us\\d{1,2}(?![A-Za-z0-9])"),
  form("a key of Twilio", "SK", "SK[a-f0-9]{32}(?![A-Za-z0-9])"),
  form("a token of Telegram", ":AA", "\\d{8,10}:AA[A-Za-z0-9_-]{33}(?![A-Za-z0-9_-])"),
  form(
    "a token of Discord",
    ".",
    "[MNO][A-Za-z0-9_-]{23,27}\\.[A-Za-z0-9_-]{6}\\.[A-Za-z0-9_-]{27,40}(?![A-Za-z0-9_-])",
  ),
  form("a token of Shopify", "shp", "shp(?:at|ca|pa|ss)_[a-fA-F0-9]{32}"),
  form("a token of PyPI", "pypi-", "pypi-AgE[A-Za-z0-9_-]{50,1000}"),
  form("a key of RubyGems", "rubygems_", "rubygems_[a-f0-9]{48}"),
  form("a token of crates.io", "cio", "cio[A-Za-z0-9]{32}(?![A-Za-z0-9])", hasDigits),
  form("a token of Docker Hub", "dckr_", "dckr_(?:pat|oat)_[A-Za-z0-9_-]{20,100}"),
  form("a token of Hugging Face", "hf_", "hf_[A-Za-z0-9]{30,60}"),
  form("a key of Groq", "gsk_", "gsk_[A-Za-z0-9]{40,80}"),
  form("a token of Replicate", "r8_", "r8_[A-Za-z0-9]{37,45}"),
  form("a key of xAI", "xai-", "xai-[A-Za-z0-9]{40,120}"),
  form("a key of Perplexity", "pplx-", "pplx-[A-Za-z0-9]{40,80}"),
  form("a token of Linear", "lin_", "lin_(?:api|oauth)_[A-Za-z0-9]{32,80}"),
  form("a token of Notion", "_", "(?:ntn|secret)_[A-Za-z0-9]{40,60}(?![A-Za-z0-9])", hasDigits),
  form("a token of Figma", "fig", "fig[dou]_?[dr]?_[A-Za-z0-9_-]{35,60}"),
  form("a token of Atlassian", "ATATT3", "ATATT3[A-Za-z0-9_=-]{50,400}"),
  form("a token of Databricks", "dapi", "dapi[a-f0-9]{32}(?:-\\d)?"),
  form("a token of Grafana", "gl", "gl(?:sa|c)_[A-Za-z0-9_+/=]{30,400}"),
  form("a key of New Relic", "NRAK-", "NRAK-[A-Z0-9]{27}"),
  form("a token of Sentry", "sntry", "sntry[su]_[A-Za-z0-9_+/=]{40,400}"),
  form("a token of PlanetScale", "pscale_", "pscale_(?:tkn|pw|oauth)_[A-Za-z0-9_.=-]{32,64}"),
  form("a token of Doppler", "dp.", "dp\\.(?:pt|st|ct|sa|scim|audit)\\.[A-Za-z0-9_.-]{40,80}"),
  form("a token of 1Password", "ops_eyJ", "ops_eyJ[A-Za-z0-9+/=_-]{100,4000}"),
  form("a secret key of 1Password", "A3-", "A3-[A-Z0-9]{6}-(?:[A-Z0-9]{5,11}-){3,4}[A-Z0-9]{5}(?![A-Z0-9])"),
  form("a token of Fly.io", "fm", "fm[12][ar]?_[A-Za-z0-9+/=]{60,2000}"),
  form("a token of Supabase", "sbp_", "sbp_[a-f0-9]{40}"),
  form("a token of Square", "sq0", "sq0(?:atp|csp|idp)-[A-Za-z0-9_-]{22,50}"),
  form("a key of Tailscale", "tskey-", "tskey-[A-Za-z0-9-]{16,100}"),
  form("a token of Netlify", "nfp_", "nfp_[A-Za-z0-9_]{36,60}"),
  form("a token of Pulumi", "pul-", "pul-[a-f0-9]{40}"),
  form("a key of Heroku", "HRKU-", "HRKU-[A-Za-z0-9_-]{36,80}"),
  form("a key of Postman", "PMAK-", "PMAK-[a-f0-9]{24}-[a-f0-9]{34}"),
  form("a key of Dynatrace", "dt0", "dt0[a-z]\\d{2}\\.[A-Z0-9]{24}\\.[A-Z0-9]{64}"),
  form("a token of Contentful", "CFPAT-", "CFPAT-[A-Za-z0-9_-]{40,60}"),
  form("a secret of Azure", "Q~", "[A-Za-z0-9_~.]{3}\\dQ~[A-Za-z0-9_~.-]{31,34}"),
  form("a key of Alibaba", "LTAI", "LTAI[A-Za-z0-9]{17,21}(?![A-Za-z0-9])", hasDigits),
  form("a key of age", "AGE-SECRET-KEY-1", "AGE-SECRET-KEY-1[A-Z0-9]{58}"),
  form("a signed token (JWT)", "eyJ", "eyJ[A-Za-z0-9_-]{8,2000}(?:\\.[A-Za-z0-9_-]{4,2000}){1,4}", isJwt),
];

function isJwt(match: string): boolean {
  // A header and a body, both JSON in base64, or the five parts of an encrypted one.
  const parts = match.split(".");
  return parts.length >= 3 || (parts[1]?.startsWith("eyJ") ?? false);
}

const BEGIN = /-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----/g;
const END = /-----END [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----/g;

/** The parts of a text that have the form of a key or a token; linear in its length. */
export function formSpans(text: string): SecretSpan[] {
  const found: SecretSpan[] = [];
  for (const { what, anchor, pattern, holds } of FORMS) {
    if (!text.includes(anchor)) continue;
    for (const match of text.matchAll(pattern)) {
      if (holds && !holds(match[0])) continue;
      found.push({ start: match.index, end: wordEnd(text, match.index + match[0].length), what, certain: true });
    }
  }
  privateKeys(text, found);
  return found;
}

/** A key goes on to the end of its word, however long that is. */
function wordEnd(text: string, from: number): number {
  let end = from;
  while (isOfWord(text.charCodeAt(end))) end += 1;
  return end;
}

function isOfWord(code: number): boolean {
  const isLetter = (code >= 97 && code <= 122) || (code >= 65 && code <= 90);
  return isLetter || (code >= 48 && code <= 57) || code === 45 || code === 95;
}

/** Private keys over several lines; one without an end goes on to the end of the text. */
function privateKeys(text: string, found: SecretSpan[]): void {
  if (!text.includes("PRIVATE KEY")) return;
  const ends = [...text.matchAll(END)].map((match) => match.index + match[0].length);
  let next = 0;
  let covered = 0;
  for (const { index: start } of text.matchAll(BEGIN)) {
    if (start < covered) continue;
    while (next < ends.length && (ends[next] ?? 0) <= start) next += 1;
    covered = ends[next] ?? text.length;
    found.push({ start, end: covered, what: "a private key", certain: true });
  }
}
