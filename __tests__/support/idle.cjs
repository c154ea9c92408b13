const os = require("node:os");
const { default: TestRunner } = require("jest-runner");
const { onceMore } = require("./once-more.cjs");

/** How many files run side by side on any machine: one for each of two processors. */
const ALWAYS = 2;
/** A file that has just begun starts its servers: how busy it makes the machine is seen only after that. */
const SETTLED = 8_000;
/** How long the processors are looked at, and how much of that time they were idle where another file may begin. */
const LOOK = 3_000;
const IDLE = 0.4;

/**
 * Files on clusters wait for most of their time, and some measure milliseconds: beside two of them another begins only while two fifths of the processors' time are idle.
 * Jest's number of workers stays the most that run at once.
 */
class WhereIdle extends TestRunner {
  #running = 0;
  #last = 0;
  #turn = Promise.resolve();

  async runTests(tests, watcher, options) {
    const ended = () => void (this.#running -= 1);
    const off = [
      // Jest waits for this before it gives the file to a worker.
      super.on("test-file-start", () => (this.#turn = this.#turn.then(() => this.#begins()))),
      super.on("test-file-success", ended),
      super.on("test-file-failure", ended),
    ];
    try {
      await super.runTests(tests, watcher, options);
    } finally {
      for (const each of off) each();
    }
  }

  async #begins() {
    while (this.#running >= ALWAYS && (Date.now() - this.#last < SETTLED || (await idle(LOOK)) < IDLE)) {
      await pause(1_000);
    }
    this.#running += 1;
    this.#last = Date.now();
  }
}

const pause = (ms) => new Promise((done) => setTimeout(done, ms));

/** The share of all processors' time that was idle in the next `ms`. */
async function idle(ms) {
  const before = times();
  await pause(ms);
  const after = times();
  return (after.idle - before.idle) / (after.all - before.all);
}

function times() {
  const all = os.cpus().map((cpu) => cpu.times);
  const sum = (parts) => parts.reduce((a, b) => a + b, 0);
  return { idle: sum(all.map((each) => each.idle)), all: sum(all.map((each) => sum(Object.values(each)))) };
}

module.exports = onceMore(WhereIdle);
