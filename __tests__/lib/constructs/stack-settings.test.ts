import { App, TerraformStack } from "cdktf";
import { setStackCluster, setStackOwner } from "../../../lib";

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
