/** The region and the namespace that a job names, which it goes to; those that it does not name are left out. */
export function whereOf({ Region: region, Namespace: namespace }: Readonly<Record<string, unknown>>): {
  readonly region?: string;
  readonly namespace?: string;
} {
  return {
    ...(typeof region === "string" && region !== "" ? { region } : {}),
    ...(typeof namespace === "string" && namespace !== "" ? { namespace } : {}),
  };
}
