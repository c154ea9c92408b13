import { OwnNomad } from "../support/own-nomad";
import { Project } from "../support/project";

/** A Nomad that asks everybody for a token. */
const own = new OwnNomad();
const project = new Project();

beforeAll(() => own.start());
afterAll(async () => {
  await own.remove();
  await project.remove();
});

describe("a cluster that asks for a token", () => {
  test.each([
    ["none", undefined, "wants a token"],
    ["a wrong one", "11111111-2222-3333-4444-555555555555", "refuses the token"],
  ])("refuses %s, and nothing is deployed", async (_name, token, words) => {
    const said = await project.run(["deploy", "dev"], { NOMAD_ADDR: own.address, NOMAD_TOKEN: token });
    const text = said.stderr.replaceAll(/\s+/g, " ");
    expect(said.code).toBe(1);
    expect(text).toContain(`Nomad ${words}`);
    expect(text).toContain("NOMAD_TOKEN");
    expect(text).not.toContain(token ?? "    at ");
  });
});
