import { checkOutput } from "../../../../lib/operations/deployment/failing-checks";

const PAGE =
  '<!DOCTYPE html>\n<html><head><title>Error</title><style>p { color: red }</style><script>var a = "<p>";</script></head>' +
  `<body><h1>Not Found</h1><p>${"The page is not there. ".repeat(40)}</p></body></html>`;

test.each([
  ["connection refused", "connection refused"],
  ["  HTTP GET http://127.0.0.1:80/: 200 OK Output: fine \n", "HTTP GET http://127.0.0.1:80/: 200 OK Output: fine"],
  ["1 < 2 and <b>", "1 < 2 and <b>"],
  ["", ""],
  ["<html>", "(a page: without words)"],
])("%j is told as it is, or as what can be seen of it", (output, expected) => {
  expect(checkOutput(output)).toBe(expected);
});

test("of a page there are its status and its first words, and nothing of its source", () => {
  const told = checkOutput(`HTTP GET http://127.0.0.1:80/nope: 404 Not Found Output: ${PAGE}`);
  expect(told).toMatch(/^HTTP GET \S+: 404 Not Found Output: \(a page: Error Not Found The page is not there\./);
  expect(told).not.toMatch(/[<>{]|color|var/);
  expect(told.length).toBeLessThan(250);
});

test("a page without an end is read in time", () => {
  const begun = performance.now();
  for (const part of ["<script", "<", "<style>", "<p "]) checkOutput(`<html>${part.repeat(200_000)}`);
  expect(performance.now() - begun).toBeLessThan(5000);
});
