import { enterRecord, readRecord, desiredRecord, type StackContents } from "../../../../lib/operations";
import { RecordServers } from "../../../support/record-store";

test("what people call a project stands beside its identity, and nothing of a record changes where that is its identity, or it has none", async () => {
  const number = "0f3a7c52-1b1c-4a7e-9d0e-5f1f2d3c4b5a";
  const contents: StackContents = {
    objects: [{ kind: "job", path: "j", job: { ID: "web" }, after: [] }],
    terraformOnly: [],
    declared: { owner: "cdk-nomad" },
    sensitive: [],
    reached: [],
  };
  const texts = (name: object) => [...desiredRecord(contents, { project: number, environment: "dev", ...name }).texts];
  expect(texts({ projectName: number })).toEqual(texts({}));
  expect(JSON.stringify(texts({}))).not.toContain("name");
  const servers = new RecordServers();
  await enterRecord(
    desiredRecord(contents, { project: number, environment: "dev", projectName: "shop" }),
    servers.clients,
  );
  const place = { project: number, environment: "dev", store: "nomad" } as const;
  expect(await readRecord(place, servers.clients)).toMatchObject({ record: { project: number, projectName: "shop" } });
  // Releases that know nothing of it leave out what they do not know.
  const [[path = "", text = ""] = []] = texts({ projectName: "shop" });
  servers.put("nomad", path, text.replace('"name":"shop"', '"later":{"more":1}'));
  expect(await readRecord(place, servers.clients)).toMatchObject({ kind: "found", record: { project: number } });
});
