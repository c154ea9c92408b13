// Answers GitHub's API from a recording, in whatever process this is loaded into, and writes down what was asked.
const { appendFileSync, readFileSync } = require("node:fs");
const nock = require("nock");

const { RECORDED_GITHUB: recording, RECORDED_GITHUB_LOG: log } = process.env;
if (recording) {
  for (const { method, path, query, status, body, headers } of JSON.parse(readFileSync(recording, "utf8"))) {
    nock("https://api.github.com")
      .intercept(path, method)
      .query(query ?? true)
      .reply(
        status,
        function (_uri, sent) {
          if (log) appendFileSync(log, `${JSON.stringify({ method, path, sent })}\n`);
          return body;
        },
        headers,
      );
  }
}
