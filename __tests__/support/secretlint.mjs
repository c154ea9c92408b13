// Asks secretlint's recommended rules about texts: a list of texts as JSON on stdin, a list of what was found in each on stdout.
import { lintSource } from "@secretlint/core";
import { creator } from "@secretlint/secretlint-rule-preset-recommend";

let input = "";
for await (const chunk of process.stdin) input += chunk;
const id = "@secretlint/secretlint-rule-preset-recommend";
const found = [];
for (const content of JSON.parse(input)) {
  const result = await lintSource({
    source: { filePath: "text.txt", content, ext: ".txt", contentType: "text" },
    options: { config: { rules: [{ id, rule: creator, options: {} }] }, locale: "en", maskSecrets: false },
  });
  found.push(result.messages.map(({ ruleId, messageId, range }) => ({ rule: ruleId, message: messageId, range })));
}
process.stdout.write(JSON.stringify(found));
