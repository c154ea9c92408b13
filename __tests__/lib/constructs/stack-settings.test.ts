import { App, TerraformStack, TerraformVariable } from "cdktf";
import { setStackCluster, setStackOwner, setTarget, useNomadProvider, UserError } from "../../../lib";

const stackOf = () => new TerraformStack(new App(), "eu-prod");
const declaredBy = (stack: TerraformStack) =>
  (stack.toTerraform() as { "//": { "cdk-nomad"?: unknown } })["//"]["cdk-nomad"];

test("what a stack says of itself stands in a comment of its file, which Terraform does not read", () => {
  const stack = stackOf();
  expect(declaredBy(stack)).toBeUndefined();
  setStackOwner(stack, "terraform");
  setStackCluster(stack, { address: "https://nomad.eu.example.com:4646", consulDatacenter: undefined });
  setStackCluster(stack, { consulDatacenter: "eu-1" });
  expect(declaredBy(stack)).toEqual({
    owner: "terraform",
    cluster: { address: "https://nomad.eu.example.com:4646", consulDatacenter: "eu-1" },
  });
});

test("what is no owner, and no text, is refused with its stack", () => {
  expect(() => setStackOwner(stackOf(), "me" as "terraform")).toThrow(/eu-prod.*"me" is no owner of a stack/);
  expect(() => setStackCluster(stackOf(), { region: "" })).toThrow(/eu-prod.*region of its cluster is no text/);
});

test("what holds for all that is added later is refused where something was added before, with what to do", () => {
  const app = new App();
  const stack = new TerraformStack(app, "dev");
  new TerraformStack(app, "prod");
  const refused = (call: () => void) => {
    try {
      call();
      return "nothing";
    } catch (error) {
      return error instanceof UserError ? error.message : error;
    }
  };
  expect(refused(() => setTarget(app, { nomadVersion: "1.9" }))).toBe(
    'setTarget: comes too late: "dev" was added before, and may have been made without it; call setTarget() before anything is added',
  );
  new TerraformVariable(stack, "size", {});
  expect(refused(() => useNomadProvider(stack, "2.6.1"))).toBe(
    'dev.useNomadProvider: comes too late: "size" was added before, and may have been made without it; call useNomadProvider() before anything is added',
  );
});
