import type { SecretSpan } from "./forms";
import { phrase, Phrases, type Phrase } from "./phrase";
import { isOfSentence, isSecretPair } from "./pairs";
import type { TextKind } from "./text-kind";
import { CALLS, READS } from "./calls";
import { SETTINGS } from "./settings";
import { SIGNS, signsOf } from "./signs";
import { isPlainlyNoSecret } from "./values";

/** Lines of two words, such as `requirepass x` and `spring.datasource.password x`. */
const LINE_OF_TWO = /^[ \t]{0,40}([\w.-]{4,100})[ \t]{1,40}([^\s"'{;]{1,400});?[ \t\r]{0,40}$/gm;

/** An argument of a command, with or without quotes; another option is none. */
const VALUE = String.raw`(?:"([^"\n]{1,400})"|'([^'\n]{1,400})'|(?![-"'])([^\s"'|;&<>\x60]{1,400}))`;
/** The other arguments of a command before it, on the same line. */
const REST = String.raw`(?:[ \t]{1,9}[^\s|;&]{1,80}){0,8}?[ \t]{1,9}`;
const SPACE = String.raw`[ \t]{1,9}`;
const WORD = String.raw`["']?[^\s"'|;&]{1,200}["']?`;

/** A command that takes a password behind an option of its own. */
function option(command: string, flag: string, between = String.raw`(?:[ \t]{1,9}|=)`): Phrase {
  return phrase(
    new RegExp(String.raw`\b(?:${command})`),
    new RegExp(String.raw`\b(?:${command})${REST}(?:${flag})${between}${VALUE}`, "g"),
  );
}

/** A command that takes a password as one of its arguments, after others. */
function argument(start: string, before: number): Phrase {
  return phrase(
    new RegExp(String.raw`\b(?:${start.split(" ")[0] ?? ""})`),
    new RegExp(String.raw`\b${start.replaceAll(" ", SPACE)}(?:${SPACE}${WORD}){${before}}${SPACE}${VALUE}`, "g"),
  );
}

const ATTACHED = String.raw`[ \t=]{0,9}`;
const LOGIN = String.raw`(?:docker|podman|helm|registry|skopeo|crane|oras|az|oc|buildah|nerdctl|regctl)(?:[ \t]{1,9}(?:registry|auth))?[ \t]{1,9}login`;
/** Commands that are given a password through a pipe. */
const READS_PASSWORD = String.raw`sudo|su\b|docker|podman|helm|crane|oras|nerdctl|chpasswd|passwd|smbpasswd|cryptsetup|gpg2?|openssl|kinit|vncpasswd|saslpasswd2|ssh-add|gh|npm`;

/** A command and what it is given stand apart: without a space there is none. */
const COMMANDS = new Phrases([
  // Both in one argument: user:password.
  phrase(
    /\bcurl\b/,
    /[ \t](?:-[a-zA-Z]{0,6}[uU]|--user|--proxy-user)[ \t=]{0,3}["']?[^\s"':]{1,100}:([^\s"']{1,400})/g,
  ),
  phrase(/\bcurl\b/, /[ \t](?:-b|--cookie)[ =]?["']?[\w-]{1,60}=([^\s"']{1,400})/g),
  phrase(/\bhttps?\b/, /\bhttps?[ \t](?:[^\n]{0,200}[ \t])?(?:-a|--auth)[ =]["']?[^\s"':/]{1,100}:([^\s"']{1,400})/g),
  phrase(
    /\b(?:ab|etcdctl|siege|wrk|lftp)\b/,
    /\b(?:ab|etcdctl|lftp)\b[^\n|;&]{0,400}?[ \t](?:-A|--user|-u)[ =]["']?[^\s"':,]{1,100}[:,]([^\s"']{1,400})/g,
  ),
  phrase(
    /\b(?:smbclient|rpcclient|smbget|net\b)/,
    /\b(?:smbclient|rpcclient|smbget|net)\b[^\n|;&]{0,400}?[ \t](?:-U|--user)[ =]?["']?[^\s"'%]{1,100}%([^\s"']{1,400})/g,
  ),
  // The whole line is hidden as what is piped; this is the part of it that may stand alone elsewhere.
  phrase(
    /\bchpasswd\b/,
    /\b(?:echo|printf)\b[^\n|;&]{0,60}?[ \t]["']?[\w.@$-]{1,100}:([^\s"'\\]{1,400})[^\n|;&]{0,60}\|[^\n|;&]{0,60}\bchpasswd\b/g,
  ),
  phrase(/\bsqlplus\b/, /\bsqlplus\b[^\n|;&]{0,200}?[ \t]["']?[\w$#]{1,100}\/([^\s"'@/]{1,400})@/g),
  // Behind an option.
  option(
    "(?:mysql|mariadb)(?:dump|admin|check|import|show|slap|pump|sh)?(?:-dump|-admin)?|sshpass|7z[arz]?|rar|unrar",
    "-h?p",
    ATTACHED,
  ),
  option(LOGIN, "-p", ATTACHED),
  option(
    "mongo(?:sh|dump|restore|export|import|stat|top|files)?|cqlsh|cypher-shell|twine|rabbitmqadmin|useradd|usermod|nuget|couchbase-cli|cbq|cbbackupmgr|rdesktop|arangosh|sqlpackage|influx|evil-winrm",
    "-p",
  ),
  option("zip|unzip|ipmitool|sqlcmd|bcp|tsql|mosquitto_(?:pub|sub|rr)", "-P", ATTACHED),
  option("(?:redis|valkey|keydb)-(?:cli|benchmark)", "-a"),
  option("ldap(?:search|modify|add|delete|whoami|passwd|compare|modrdn)|vsql", "-w"),
  option("snmp(?:walk|get|getnext|bulkget|bulkwalk|set|table|trap|inform|status|df|translate)", "-c|-A|-X", ATTACHED),
  option("ssh-keygen|openssl", "-N|-P|-k|-K"),
  option("influx|doctl", "-t"),
  phrase(/\bNickServ\b/, /\bNickServ[ \t]{1,9}IDENTIFY[ \t]{1,9}(?:\S{1,60}[ \t]{1,9})?(\S{1,400})/g),
  phrase(/\bpass:/, /[ \t]-pass(?:in|out|word)?[ \t]{1,9}["']?pass:([^\s"']{1,400})/g),
  phrase(/freerdp/, /freerdp\d?\b[^\n|;&]{0,400}?[ \t]\/p:["']?([^\s"']{1,400})/g),
  phrase(/\bvault\b/, /\bvault[ \t]{1,9}login[ \t]{1,9}([^\s=;&|-][^\s=;&|]{5,400})(?=[ \t\r]*(?:$|[;&|]))/gm),
  // In its place among the arguments.
  phrase(/\bmysqladmin\b/, new RegExp(String.raw`\bmysqladmin${REST}password${SPACE}${VALUE}`, "g")),
  argument("rabbitmqctl (?:add_user|change_password|authenticate_user)", 1),
  argument("mc (?:alias set|config host add)", 3),
  argument("(?:htpasswd|mosquitto_passwd) -[a-zA-Z0-9]{0,6}b[a-zA-Z0-9]{0,6}", 2),
  argument("wpa_passphrase", 1),
  argument(String.raw`composer config(?: --?[a-z]+)? http-basic\.\S{1,100}`, 1),
  phrase(/\bnmcli\b/, new RegExp(String.raw`\bnmcli\b[^\n|;&]{0,300}?[ \t]password${SPACE}${VALUE}`, "g")),
  phrase(
    /\bAUTH\b/,
    /^[ \t]{0,40}(?:[\d.:\]> \t]{0,40}|redis-cli\b[^\n|;&]{0,200}[ \t])AUTH[ \t]{1,9}(?:[\w-]{1,60}[ \t]{1,9})?["']?([^\s"']{1,400})["']?[ \t\r]{0,9}$/gm,
  ),
  phrase(/\bSecureString\b/i, /\bConvertTo-SecureString[ \t]{1,9}(?:-String[ \t]{1,9})?["']([^"'\n]{1,400})["']/gi),
  phrase(
    /\|/,
    new RegExp(
      String.raw`\b(?:echo|printf)(?:[ \t]{1,9}-[neE]{1,3}|[ \t]{1,9}["']?%s(?:\\n)?["']?)?${SPACE}${VALUE}[ \t]{0,9}\|[ \t]{0,9}(?:[\w/.-]{0,60}\/)?(?:${READS_PASSWORD})`,
      "g",
    ),
  ),
]);

/** `aws configure set aws_secret_access_key x`, `consul kv put db/password x`, `setx DB_PASSWORD x`, `ENV DB_PASSWORD x`. */
const SET = new RegExp(
  String.raw`\b(?:config[ \t]{1,9}set|set|put|setx|setenv|add|config|ENV|ARG|env)(?:${SPACE}--?[\w-]{1,40}){0,4}${SPACE}["']?(?:[\w./:@-]{0,200}[/:])?([\w.-]{2,100})["']?${SPACE}${VALUE}`,
  "g",
);

/** `the password is x`: a sentence goes on with words, and a value has digits among its letters. */
const TOLD =
  /\b([\w-]{3,60})[ \t]{1,9}(?:is|was)[ \t]{1,9}["']?((?=[^\s"']{0,400}\d)(?=[^\s"']{0,400}[A-Za-z])[^\s"'.,;]{6,400})/g;

/** Passwords that have their place in a line, and no name with a sign behind it. */
export function commandSpans(text: string, kind: TextKind, signs = signsOf(text)): SecretSpan[] {
  const found: SecretSpan[] = [];
  if (signs === 0) return found;
  const add = (match: RegExpExecArray, value: string, what: string) => {
    if (isPlainlyNoSecret(value) || (kind === "prose" && isOfSentence(value))) return;
    const start = match.index + match[0].lastIndexOf(value);
    found.push({ start, end: start + value.length, what, certain: false });
  };
  const hasSpace = (signs & SIGNS.space) !== 0;
  for (const pattern of hasSpace ? (kind === "document" ? [LINE_OF_TWO, SET, TOLD] : [SET, TOLD]) : []) {
    for (const match of text.matchAll(pattern)) {
      const [, name = "", ...values] = match;
      const value = values.find((each) => each !== undefined) ?? "";
      if (isSecretPair(name, value)) add(match, value, `the value of ${name}`);
    }
  }
  // Their values stand in quotes, or in braces.
  for (const { word, pattern } of signs & (SIGNS.other | SIGNS.fillsIn) ? CALLS : []) {
    if (!word.test(text)) continue;
    for (const match of text.matchAll(pattern)) {
      const [, name = "", value = ""] = match;
      if (!READS.test(name) && isSecretPair(name, value)) add(match, value, `the value of ${name}`);
    }
  }
  for (const { pattern, holds } of [...(hasSpace ? COMMANDS.in(text) : []), ...SETTINGS.in(text)]) {
    for (const match of text.matchAll(pattern)) {
      const value = match.slice(1).findLast((each) => each !== undefined) ?? "";
      if (value !== "" && (!holds || holds(value, kind))) add(match, value, "a password");
    }
  }
  return found;
}
