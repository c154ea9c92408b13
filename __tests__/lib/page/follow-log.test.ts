import { setTimeout as sleep } from "node:timers/promises";
import { Masking } from "../../../lib/masking";
import { ApiError, type LogFrame } from "../../../lib/nomad";
import { followLog, type LogPiece, type LogPosition } from "../../../lib/page/log";

const WINDOW = 64 * 1024;
const HEARTBEAT: LogFrame = { file: "", number: 0, data: new Uint8Array(), offset: 0, isTruncated: false };

/** What Nomad keeps of a task, in memory: files that are streamed as its agent does, whose connections a test cuts. */
class Output {
  readonly files: Buffer[] = [Buffer.alloc(0)];
  opened = 0;
  open = 0;
  #changed = deferred();
  #cut = deferred();

  write(text: string): void {
    const last = this.files.length - 1;
    this.files[last] = Buffer.concat([this.files[last] as Buffer, Buffer.from(text)]);
    this.change();
  }

  rotate(): void {
    this.files.push(Buffer.alloc(0));
    this.change();
  }

  cut(): void {
    this.#cut.resolve();
    this.#cut = deferred();
  }

  async *stream({ follow, lastBytes, signal }: { follow: boolean; lastBytes: number; signal: AbortSignal }) {
    this.opened += 1;
    this.open += 1;
    let number = this.files.length - 1;
    let offset = (this.files[number] as Buffer).length - lastBytes;
    while (offset < 0 && number > 0) {
      number -= 1;
      offset += (this.files[number] as Buffer).length;
    }
    offset = Math.max(0, offset);
    const cut = this.#cut.promise.then(() => "cut" as const);
    const aborted = new Promise<"aborted">((resolve) => signal.addEventListener("abort", () => resolve("aborted")));
    try {
      for (;;) {
        signal.throwIfAborted();
        const changed = this.#changed.promise;
        const data = (this.files[number] as Buffer).subarray(offset, offset + WINDOW);
        offset += data.length;
        if (data.length > 0)
          yield { file: `alloc/logs/web.stdout.${number}`, number, data, offset, isTruncated: false };
        else if (number < this.files.length - 1) {
          number += 1;
          offset = 0;
        } else if (!follow) return;
        else {
          yield HEARTBEAT;
          const what = await Promise.race([changed, cut, aborted, sleep(20)]);
          if (what === "cut") throw new Error("socket hang up");
        }
      }
    } finally {
      this.open -= 1;
    }
  }

  private change(): void {
    this.#changed.resolve();
    this.#changed = deferred();
  }
}

function deferred() {
  let resolve: () => void = () => undefined;
  const promise = new Promise<void>((done) => (resolve = done));
  return { promise, resolve };
}

const QUICK = { pause: 5, longestPause: 10, written: 5 };

function followed(output: Output, more: { from?: LogPosition; open?: Output["stream"]; rate?: number } = {}) {
  const pieces: LogPiece[] = [];
  const gone = new AbortController();
  const task = deferred();
  const reader = {
    onPiece: (piece: LogPiece) => void pieces.push(piece),
    isFull: false,
    ready: () => Promise.resolve(),
  };
  const done = followLog({
    open: more.open ?? ((how) => output.stream(how)),
    reader,
    masking: new Masking(),
    ended: task.promise.then(() => "The task ended. Exit Code: 0"),
    signal: gone.signal,
    timing: { ...QUICK, ...(more.rate === undefined ? {} : { rate: more.rate }) },
    ...(more.from ? { from: more.from } : {}),
  });
  const text = () => pieces.flatMap((piece) => (piece.kind === "lines" ? [piece.text] : [])).join("");
  const end = async () => {
    task.resolve();
    await done;
    return text();
  };
  return {
    pieces,
    reader,
    gone,
    done,
    text,
    end,
    states: () => pieces.flatMap((p) => (p.kind === "state" ? [p.state] : [])),
  };
}

const until = async (holds: () => boolean) => {
  for (let tries = 0; !holds(); tries += 1) {
    if (tries > 500) throw new Error("it did not happen");
    await sleep(10);
  }
};
const lines = (from: number, to: number, width = 0) =>
  Array.from({ length: to - from }, (_, at) => `line ${from + at}${"·".repeat(width)}\n`).join("");

test("whoever says a place that nobody told them, in the middle of a line or of a key, is told no part of a secret", async () => {
  const key = Array.from({ length: 4 }, (_none, at) => `MIIEvQIBADANBgkqhkiG9w0BAQEFAASC${at}`.repeat(2));
  const wrapped = ["-----BEGIN PRIVATE KEY-----", ...key, "-----END PRIVATE KEY-----"].join("\n");
  const output = new Output();
  output.write(`begins\nDB_PASSWORD=winter-night-77\n${wrapped}\nlast\n`);
  const [file] = output.files as [Buffer];
  const place = (offset: number) => ({ file: 0, offset });
  const told = await Promise.all(
    Array.from({ length: file.length - 4 }, async (_none, offset) => followed(output, { from: place(offset) }).end()),
  );
  expect(told.filter((text) => /inter|night|77|kqhki/.test(text))).toEqual([]);
  // What begins where a line does is told whole, as before.
  expect([told[0]?.startsWith("begins\nDB_PASSWORD="), told[7]?.startsWith("DB_PASSWORD=")]).toEqual([true, true]);
  expect(told.filter((text) => !text.endsWith("last\n"))).toEqual([]);
  const early = followed(output, { from: place(7) });
  // A private key that comes in pieces is not told from its second line on.
  expect(await early.end()).toMatch(/^DB_PASSWORD=•+\n•+\nlast\n$/);
});

test("all that a task writes is told, over as many cut connections as there are, each line once, and that it ended", async () => {
  const output = new Output();
  const follow = followed(output);
  for (let number = 0; number < 40; number += 1) {
    output.write(`line ${number * 2}\nline ${number * 2 + 1}`);
    if (number % 3 === 0) output.cut();
    await sleep(number % 5);
    output.write("\n");
    if (number % 7 === 0) output.rotate();
    if (number % 4 === 0) output.cut();
  }
  expect(await follow.end()).toBe(lines(0, 80));
  expect(output.opened).toBeGreaterThan(5);
  expect(follow.pieces.at(-1)).toEqual({ kind: "state", state: "ended", message: "The task ended. Exit Code: 0" });
  expect(output.open).toBe(0);
});

test("what was written between the last look and the end is told, and the last line without an end", async () => {
  const output = new Output();
  output.write("one\n");
  const follow = followed(output);
  await until(() => follow.text() === "one\n");
  output.cut();
  output.write("two\nthree");
  expect(await follow.end()).toBe("one\ntwo\nthree");
});

test("somebody who was cut off goes on at their place, and has no line twice", async () => {
  const output = new Output();
  output.write(lines(0, 50));
  const before = followed(output);
  await until(() => before.text() === lines(0, 50));
  before.gone.abort();
  await before.done;
  const last = before.pieces.findLast((piece) => piece.kind === "lines");
  output.write(lines(50, 60));
  output.rotate();
  output.write(lines(60, 70));
  const after = followed(output, { from: last?.kind === "lines" ? last.position : { file: 9, offset: 9 } });
  expect(await after.end()).toBe(lines(50, 70));
});

test("where more was written than is shown, it begins with a whole line and says so", async () => {
  const output = new Output();
  output.write(lines(0, 9000, 20));
  const follow = followed(output);
  await until(() => follow.text().endsWith(`line 8999${"·".repeat(20)}\n`));
  expect(follow.pieces.find((piece) => piece.kind === "note")).toEqual({
    kind: "note",
    message: "what it wrote before is not shown",
  });
  expect(follow.text()).toMatch(/^line \d+·+\n/);
  await follow.end();
});

test("what was written meanwhile and is too much is left out, and said, with its size", async () => {
  const output = new Output();
  output.write("first\n");
  const follow = followed(output);
  await until(() => follow.text() === "first\n");
  let take: () => void = () => undefined;
  follow.reader.ready = () => new Promise((resolve) => (take = resolve));
  follow.reader.isFull = true;
  output.write("second\n");
  await until(() => output.open === 0);
  output.write(lines(0, 40_000, 20));
  follow.reader.isFull = false;
  take();
  const told = await follow.end();
  const note = follow.pieces.find((piece) => piece.kind === "note");
  const left = Number(/^(\d+) bytes are left out here/.exec(note?.kind === "note" ? note.message : "")?.[1]);
  expect(left).toBe(Buffer.byteLength(lines(0, 40_000, 20)) - 1024 * 1024);
  expect(told).toMatch(/^first\nsecond\nline \d+·+\n/);
  expect(told.endsWith(`line 39999${"·".repeat(20)}\n`)).toBe(true);
});

test("a place that is none, of files that are not there any more, is said, and what is there is told", async () => {
  const output = new Output();
  output.write("one\n");
  const follow = followed(output, { from: { file: 7, offset: 7 } });
  await until(() => follow.text() === "one\n");
  expect(follow.pieces.find((piece) => piece.kind === "note")).toEqual({
    kind: "note",
    message: "its files are others than before",
  });
  await follow.end();
});

test("whoever reads slowly has no connection open meanwhile", async () => {
  const output = new Output();
  const follow = followed(output);
  await until(() => output.open === 1);
  let take: () => void = () => undefined;
  follow.reader.ready = () => new Promise((resolve) => (take = resolve));
  follow.reader.isFull = true;
  output.write("one\n");
  await until(() => output.open === 0);
  output.write("two\n");
  await sleep(50);
  expect([output.open, follow.text()]).toEqual([0, "one\n"]);
  follow.reader.isFull = false;
  take();
  expect(await follow.end()).toBe("one\ntwo\n");
});

test("a task that has not started is waited for", async () => {
  const output = new Output();
  let refusals = 2;
  const body = 'task "web" not started yet. No logs available';
  const follow = followed(output, {
    open: (how) => {
      if (refusals-- > 0) throw new ApiError("Nomad", "GET", "/v1/client/fs/logs/x", 404, body);
      return output.stream(how);
    },
  });
  output.write("here\n");
  await until(() => follow.text() === "here\n");
  expect(follow.states()).toEqual(["waiting", "following"]);
  expect(await follow.end()).toBe("here\n");
});

test("nobody is told anything once they went away", async () => {
  const output = new Output();
  const follow = followed(output);
  await until(() => output.open === 1);
  follow.gone.abort();
  await follow.done;
  const told = follow.pieces.length;
  output.write("late\n");
  await sleep(50);
  expect([follow.pieces.length, output.open]).toEqual([told, 0]);
});
