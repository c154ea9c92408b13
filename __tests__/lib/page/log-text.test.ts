import { MASK, Masking } from "../../../lib/masking";
import { logText } from "../../../lib/page/log";

const shown = (written: string, most = 1000) => logText(Buffer.from(written), most, new Masking());

test("all that a task wrote is shown, without what is secret in it", () => {
  expect(shown("ready\nDB_PASSWORD=winter-night\n")).toEqual({
    text: `ready\nDB_PASSWORD=${MASK}\n`,
    isWhole: true,
  });
});

test("the end of more begins with a whole line", () => {
  const end = "ord=winter-night\nready\n";
  expect(shown(end, end.length)).toEqual({ text: "ready\n", isWhole: false });
});

test("the end of one line that is longer is not shown", () => {
  const { text, isWhole } = shown("inter-night and so on ".repeat(50).slice(0, 1000));
  expect(isWhole).toBe(false);
  expect(text).toMatch(/^\(not shown: it is the end of one line/);
  expect(text).not.toContain("night");
});

test("the end of a private key is hidden, whose beginning is not there", () => {
  const line = "MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC7VJTUt9Us8cKj";
  const end = `Q2\n${line}\n${line}\nAbC=\n-----END RSA ${"PRIVATE"} KEY-----\nready\n`;
  expect(shown(end, end.length).text).toBe(`${MASK}\nready\n`);
});
