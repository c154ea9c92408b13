import { startOfFirst } from "../../../lib/nomad";
import { framesOf, type LogFrame } from "../../../lib/nomad/log-frames";

const SOURCE = { name: "Nomad", address: "http://127.0.0.1:4646", endpoint: "GET /v1/client/fs/logs/x" };

async function read(...chunks: readonly string[]): Promise<readonly LogFrame[]> {
  const bytes = (async function* () {
    for (const chunk of chunks) yield await Promise.resolve(Buffer.from(chunk));
  })();
  const frames: LogFrame[] = [];
  for await (const frame of framesOf(bytes, SOURCE)) frames.push(frame);
  return frames;
}

const frame = (file: string, text: string, offset: number) =>
  JSON.stringify({ Data: Buffer.from(text).toString("base64"), File: file, Offset: offset });

test("frames follow one another without anything between them, whole or in pieces, with heartbeats", async () => {
  const file = 'alloc/logs/we}"{b.stdout.12';
  const text = `{}${frame(file, "one\n", 4)}${frame(file, "two\n", 8)}{}`;
  const whole = await read(text);
  expect(whole.map(({ file: of, number, data, offset }) => [of, number, Buffer.from(data).toString(), offset])).toEqual(
    [
      ["", 0, "", 0],
      [file, 12, "one\n", 4],
      [file, 12, "two\n", 8],
      ["", 0, "", 0],
    ],
  );
  expect(await read(...text)).toEqual(whole);
});

test("a file that was emptied is said to be", async () => {
  const text = JSON.stringify({
    File: "alloc/logs/web.stderr.0",
    FileEvent: "file truncated",
    Data: "YQ==",
    Offset: 1,
  });
  expect(await read(text)).toMatchObject([{ number: 0, isTruncated: true }]);
});

test.each([
  ["another's JSON", '{"status":"UP"}'],
  ["a page", `<html>${"x".repeat(2 * 1024 * 1024)}`],
  ["an object that never ends", `{"Data":"${"A".repeat(2 * 1024 * 1024)}`],
])("%s is no stream of frames", async (_what, text) => {
  await expect(read(text)).rejects.toThrow(/127\.0\.0\.1:4646/);
});

test("where the first frame begins in its file", () => {
  const of = (length: number, offset: number) =>
    startOfFirst({ file: "f", number: 0, data: new Uint8Array(length), offset, isTruncated: false });
  // A full one; one of a file's rest; one of the first file from its beginning, to which more was added after the place was written down.
  expect([of(65_536, 100_000), of(300, 5000), of(500, 300)]).toEqual([34_464, 4700, 0]);
});
