import * as v from "valibot";
import { apiPath, type NomadClient } from "../../lib/nomad";

/** Sets the count of a group, as somebody behind the program's back would. */
export async function scale(nomad: NomadClient, job: string, group: string, count: number): Promise<void> {
  await nomad.http.post(apiPath`/v1/job/${job}/scale`, v.unknown(), {
    body: { Count: count, Target: { Group: group } },
  });
}
