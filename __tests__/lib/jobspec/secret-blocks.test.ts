import * as fc from "fast-check";
import { secretSpans } from "../../../lib/jobspec/secrets";

/** Blocks under a secret's name whose values templates, Nomad or a shell fill in. */

const REFERENCES = ['{{ key "minio/ACCESS" }}', "${SECRET}", "{{ .Data.data.key }}", '[[ env "X" ]]', "$SECRET"];
const KEYS = ["accessKey", "secretKey", "user", "password", "expires-in"];
const ENTRY = fc.record({ key: fc.constantFrom(...KEYS), value: fc.constantFrom(...REFERENCES) });

function written(name: string, entries: readonly { key: string; value: string }[]): string {
  const lines = entries.map(({ key, value }) => `    "${key}": "${value}"`);
  return `{\n  "version": "18",\n  "${name}": {\n${lines.join(",\n")}\n  },\n  "region": "us"\n}\n`;
}

test("are no secrets, whatever they are called", () => {
  fc.assert(
    fc.property(fc.array(ENTRY, { minLength: 1, maxLength: 4 }), (entries) => {
      expect(secretSpans(written("credential", entries), "document")).toEqual([]);
    }),
  );
});

test("are secret as soon as one of them has a value ready", () => {
  const value = fc.constantFrom(
    "winter2024x",
    '{{ keyOrDefault "x" "winter2024x" }}',
    "${A:-winter2024x}",
    "win{{ .x }}ter",
  );
  fc.assert(
    fc.property(
      fc.array(ENTRY, { maxLength: 3 }),
      fc.constantFrom(...KEYS),
      value,
      fc.nat(3),
      (entries, key, own, at) => {
        const text = written("credential", entries.toSpliced(at, 0, { key, value: own }));
        const hidden = secretSpans(text, "document").map(({ start, end }) => text.slice(start, end));
        expect(hidden.join()).toContain(own.includes("winter") ? "winter2024x" : own);
      },
    ),
  );
});
