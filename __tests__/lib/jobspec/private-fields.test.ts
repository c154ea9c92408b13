import * as swc from "@swc/core";
import { transformSync } from "esbuild";
import * as ts from "typescript";
import * as lib from "../../../lib";

// A block is copied without its constructors, and no copy has a field that JavaScript keeps private.

const FIELD = `class Sized extends Job {
  #size = 3;
  get size() { return this.#size; }
}
return Sized;`;
const METHOD = `class Sized extends Job {
  #double(n) { return 2 * n; }
  get size() { return this.#double(2); }
}
return Sized;`;
const ORDINARY = `class Sized extends Job {
  _size = 3; // a "#size" would be lost
  get size() { return this._size; }
}
return Sized;`;

type Sized = new (props: lib.JobProps) => lib.Job & { readonly size: number };

const asFunction = (body: string) => `function make(Job) {\n${body}\n}`;

/** How a program may come to run: as it is written, or with what compilers make of private fields for older engines. */
const COMPILED: readonly (readonly [string, (body: string) => string])[] = [
  ["as it is written", (body) => asFunction(body)],
  [
    "compiled by TypeScript",
    (body) => ts.transpile(asFunction(body), { target: ts.ScriptTarget.ES2020, removeComments: false }),
  ],
  ["compiled by esbuild", (body) => transformSync(asFunction(body), { target: "es2020" }).code],
  [
    "compiled by swc",
    (body) => swc.transformSync(asFunction(body), { jsc: { target: "es2020" }, isModule: false }).code,
  ],
];

function made(body: string, compile: (body: string) => string): InstanceType<Sized> {
  // What the packages of swc bring along is asked for by its name.
  const make = new Function("require", `${compile(body)}\nreturn make;`)(require) as (job: typeof lib.Job) => Sized;
  return new (make(lib.Job))({ id: "web" });
}

describe.each(COMPILED)("a class of a program's own, %s", (_how, compile) => {
  test.each([
    ["field", FIELD],
    ["method", METHOD],
  ])("is told of a private %s where it is changed, and not where it is read", (_kind, body) => {
    const job = made(body, compile);
    expect(job.size).toBeGreaterThan(2);
    expect(() => job.with({ priority: 70 })).toThrow(
      'job "web": its class Sized keeps something in a "#" field or method, which a changed copy does not have; write "private" in place of "#"',
    );
    expect(() => job.withMeta({ owner: "ada" })).toThrow(lib.UserError);
  });

  test("keeps what stands in ordinary properties", () => {
    const job = made(ORDINARY, compile).with({ priority: 70 });
    expect([job.size, job.priority]).toEqual([3, 70]);
  });
});

test("no class of the library has one", () => {
  const own = Object.values(lib).filter((value) => typeof value === "function" && value.prototype instanceof lib.Block);
  expect(own.map((each) => Function.prototype.toString.call(each)).filter((text) => /this\.#/.test(text))).toEqual([]);
});
