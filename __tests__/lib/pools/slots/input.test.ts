import { setTimeout as sleep } from "node:timers/promises";
import { UserError } from "../../../../lib/errors";
import { inputOf } from "../../../../lib/pools/slots/input";

const never = new AbortController().signal;

async function* pieces(...texts: readonly string[]): AsyncGenerator<Uint8Array> {
  for (const text of texts) {
    await sleep(1);
    yield Buffer.from(text);
  }
}

test.each([
  ["a text", "é\0\n"],
  ["bytes", Buffer.from("é\0\n")],
  ["a source", pieces("é", "\0", "\n")],
  ["an empty text", ""],
])("%s is read whole", async (_, stdin) => {
  const wanted = typeof stdin === "string" && stdin === "" ? "" : "é\0\n";
  expect((await inputOf(stdin, never)).toString()).toBe(wanted);
});

test("a source that gives nothing and never ends is left when the signal comes, and told that it is", async () => {
  const stop = new AbortController();
  let isLeft = false;
  const silent: AsyncIterable<Uint8Array> = {
    [Symbol.asyncIterator]: () => ({
      next: () => new Promise(() => undefined),
      return: () => {
        isLeft = true;
        return Promise.resolve({ done: true, value: undefined });
      },
    }),
  };
  const reading = inputOf(silent, stop.signal);
  stop.abort(new Error("enough"));
  await expect(reading).rejects.toThrow("enough");
  expect(isLeft).toBe(true);
});

test("a source without end is refused once it is too large", async () => {
  async function* endless(): AsyncGenerator<Uint8Array> {
    for (;;) yield await Promise.resolve(Buffer.alloc(1024 * 1024));
  }
  await expect(inputOf(endless(), never)).rejects.toThrow(UserError);
});
