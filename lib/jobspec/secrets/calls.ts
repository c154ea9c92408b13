import { phrase, type Phrase } from "./phrase";
import { TEMPLATE_CALLS } from "./template-calls";

const LITERAL = String.raw`[ \t]{0,9}["']([^"'\n]{1,400})["']`;
const NAME = String.raw`[ \t]{0,9}["']([\w.-]{2,100})["'][ \t]{0,9}`;

/** How programs, templates and shells hand a secret over without an equals sign: the first group is its name, the second one the value. */
export const CALLS: readonly Phrase[] = [
  // `setPassword("winter")`, `.password("winter")`.
  phrase(/\(/, new RegExp(String.raw`(?:\bset_?|\bwith_?|\.)([A-Za-z]\w{2,60})\(${LITERAL}[ \t]{0,9}\)`, "g")),
  // `setProperty("db.password", "winter")`, `define('DB_PASSWORD', 'winter')`.
  phrase(
    /\(/,
    new RegExp(String.raw`\b(?:put|set|add|append|define|with|insert|header|env)\w{0,40}\(${NAME},${LITERAL}`, "g"),
  ),
  // `{password, "winter"}` of Erlang and Elixir.
  phrase(
    /\{/,
    new RegExp(String.raw`\{[ \t]{0,9}:?["']?([a-z][\w-]{1,60})["']?[ \t]{0,9},(?:[ \t]{0,9}<<)?${LITERAL}`, "g"),
  ),
  // `{{ scratch.Set "password" "winter" }}` of a template.
  phrase(
    /\bscratch\.(?:Map)?Set/,
    new RegExp(
      String.raw`\bscratch\.(?:SetX?|MapSetX?[ \t]{1,9}"[^"\n]{1,100}")[ \t]{1,9}"([\w.-]{2,100})"[ \t]{1,9}"([^"\n]{1,400})"`,
      "g",
    ),
  ),
  // `${DB_PASSWORD:=winter}` of a shell.
  phrase(/\$\{/, /\$\{([A-Za-z_]\w{1,100}):?[-=]([^{}\n]{1,400})\}/g),
  // `(setq password "winter")` of Lisp.
  phrase(
    /\(/,
    new RegExp(String.raw`\((?:setq|defvar|defconst|define|def)[ \t]{1,9}([\w-]{2,100})[ \t]{1,9}${LITERAL}`, "g"),
  ),
  // `keyOrDefault "db/password" "winter"`, `or (env "DB_PASSWORD") "winter"` of a template, whatever the value of it all is called.
  ...TEMPLATE_CALLS,
];

/** What such a name begins with where it is asked for a value: what it is called with says where that is. */
export const READS =
  /^(?:get|find|read|load|fetch|look|resolve|is|has|need|require|delete|remove|check|verify)(?![a-z])/;
