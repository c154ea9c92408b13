import { NOMAD } from "./nomad-program";

export { NOMAD, parseWithNomad } from "./nomad-program";

/** A test that asks Nomad's own parser; skipped, with a word, where no Nomad is at hand. */
export const testWithNomad = NOMAD === undefined ? test.skip : test;
if (NOMAD === undefined) console.log("skipped: no nomad on the PATH or in the cache, whose parser could be asked");
