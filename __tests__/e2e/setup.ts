import { cacheFolder, getBinary, type ProgramName } from "../../lib/local";

/** Has nomad and consul at hand before the first test: on a new machine that takes minutes, once. */
export default async function setup(): Promise<void> {
  for (const name of ["consul", "nomad"] satisfies ProgramName[]) {
    let said = 0;
    const progress = {
      step: (text: string) => console.error(text),
      // A line every half minute shows that it goes on.
      detail: (text: string) => {
        if (Date.now() - said > 30_000) console.error(`  ${text}`);
        else return;
        said = Date.now();
      },
      done: () => undefined,
    };
    const binary = await getBinary(name, { cache: cacheFolder(), env: process.env, progress });
    console.error(`${name} ${binary.version}: ${binary.path}`);
  }
}
