import { Masking } from "../../../lib/masking";
import { FORMED, KEYS, leaksIn, NAMED, ODD, PLACES, PLANTED, ENVIRONMENT, valuesOf } from "../../support/planted";

/** Those that are known by a name or a form; what a sensitive variable reaches is followed from its stack. */
const GROUPS = [NAMED, ODD, FORMED, KEYS] as const;

test("of each planted secret neither side of a change is shown, and no message repeats what was seen", () => {
  expect(PLANTED.length).toBeGreaterThanOrEqual(60);
  const masking = new Masking();
  const shown: string[] = [];
  for (const group of GROUPS) {
    const [before, after] = [valuesOf(group, 1), valuesOf(group, 2)];
    masking.learn([before, after]);
    for (const name of Object.keys(group)) {
      const last = name.slice(name.lastIndexOf("/") + 1);
      shown.push(JSON.stringify(masking.change(last, before[name], after[name])));
      shown.push(
        masking.text(`the server refused ${before[name] ?? ""} and ${JSON.stringify(after[name])}, of ${name}`),
      );
    }
    shown.push(JSON.stringify(masking.json({ before, after })));
  }
  masking.learn({
    NOMAD_TOKEN: ENVIRONMENT.nomadToken.value(1),
    args: [PLACES.option.value(1), "--token", PLACES.behindOption.value(1)],
    NOMAD_ADDR: `http://ops:${ENVIRONMENT.nomadAddress.value(1)}@host`,
  });
  shown.push(masking.text(`token ${ENVIRONMENT.nomadToken.value(1)} of ${ENVIRONMENT.nomadAddress.value(1)}`));
  shown.push(masking.text(`started with ${PLACES.option.value(1)} ${PLACES.behindOption.value(1)}`));
  expect(leaksIn(shown.join("\n"))).toEqual([]);
  // What was looked at would be found: in clear each of them is.
  const clear = GROUPS.flatMap((group) => Object.values(group).map(({ value }) => value(1)));
  expect(leaksIn(JSON.stringify(clear)).length).toBeGreaterThan(40);
});
