import { flattened } from "../../../lib/nomad";

test.each([
  [
    "2 errors occurred:\n\t* failed to parse config: \n\t* Unknown variable: There is none.\n\n",
    ["failed to parse config:", "Unknown variable: There is none."],
  ],
  [
    'Job has warnings: 1 error occurred:\n\t* Group "a" has warnings: 1 error occurred:\n\t* no shutdown_delay\n',
    ["no shutdown_delay"],
  ],
  ["Exit Code: 3", ["Exit Code: 3"]],
  ["", []],
])("%j", (text, lines) => {
  expect(flattened(text)).toEqual(lines);
});
