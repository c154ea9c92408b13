/** Reads HCL as a Nomad does; throws a UserError where it cannot be read. */
export interface HclParser {
  (file: string, text: string): Promise<unknown>;
}
