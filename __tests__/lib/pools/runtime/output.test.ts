import fc from "fast-check";
import { Output } from "../../../../lib/pools/runtime/output";

const bytes = (text: string) => new TextEncoder().encode(text);

test("keeps the beginning of both streams, and says that the rest was dropped", async () => {
  const output = new Output(8);
  await output.write("stdout", bytes("hello"));
  await output.write("stderr", bytes("world"));
  await output.write("stdout", bytes("!"));
  expect(output.kept()).toEqual({ stdout: "hello", stderr: "wor", truncated: true });
});

test("never keeps more than its limit, whatever is written", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.string()), fc.nat(50), async (texts, limit) => {
      const output = new Output(limit);
      for (const text of texts) await output.write("stdout", bytes(text));
      const whole = bytes(texts.join(""));
      const { stdout, truncated } = output.kept();
      expect(truncated).toBe(whole.byteLength > limit);
      expect(stdout).toBe(Buffer.from(whole.subarray(0, limit)).toString());
    }),
  );
});

test("whoever follows has all of it from the beginning, beyond what is kept", async () => {
  const output = new Output(3);
  await output.write("stdout", bytes("one"));
  const seen: string[] = [];
  const following = (async () => {
    for await (const { stream, data } of output.follow()) seen.push(`${stream}:${Buffer.from(data).toString()}`);
  })();
  await new Promise((resolve) => setImmediate(resolve));
  await output.write("stderr", bytes("two"));
  output.end();
  await following;
  expect(seen).toEqual(["stdout:one", "stderr:two"]);
});

test("somebody who follows slowly holds the writer up, and lets it go when they stop", async () => {
  const output = new Output(0);
  const stop = new AbortController();
  const follower = output.follow(stop.signal);
  const first = follower.next();
  let written = 0;
  const writing = (async () => {
    for (; written < 100; written += 1) await output.write("stdout", bytes("x"));
  })();
  await first;
  await new Promise((resolve) => setTimeout(resolve, 20));
  expect(written).toBeLessThan(30);
  stop.abort();
  await expect(follower.next().then(() => follower.next())).rejects.toThrow();
  await writing;
  expect(written).toBe(100);
});

test("a command that writes both streams at a time is let go on both, however slowly somebody follows", async () => {
  const output = new Output(1000);
  const writing = (["stdout", "stderr"] as const).map(async (stream) => {
    for (let piece = 0; piece < 50; piece += 1) await output.write(stream, bytes("x"));
  });
  const seen = { stdout: 0, stderr: 0 };
  const following = (async () => {
    for await (const { stream } of output.follow()) {
      seen[stream] += 1;
      if (seen.stdout + seen.stderr === 100) return;
      await new Promise((resolve) => setImmediate(resolve));
    }
  })();
  await Promise.all([...writing, following]);
  expect(seen).toEqual({ stdout: 50, stderr: 50 });
});
