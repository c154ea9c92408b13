import { randomBytes } from "node:crypto";
import { lstatSync, readFileSync, writeFileSync } from "node:fs";
import { SettingsError } from "./settings";

/**
 * The token of a file; one is made where there is no such file, for nobody but this user.
 *
 * @throws SettingsError where it cannot be read or made, or is too short to be one
 */
export function tokenOf(file: string): string {
  try {
    writeFileSync(file, `${randomBytes(32).toString("base64url")}\n`, { mode: 0o600, flag: "wx" });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST")
      throw new SettingsError(`the token's file cannot be made: ${(error as Error).message}`);
  }
  let token: string;
  try {
    const { uid, mode } = lstatSync(file);
    const own = process.getuid?.();
    if (own !== undefined && uid !== own && uid !== 0)
      throw new SettingsError("the token's file belongs to somebody else: remove it, and one is made");
    if (own === 0 && (mode & 0o077) !== 0)
      throw new SettingsError("the token's file may be opened by others, slots included: chmod 600 it");
    token = readFileSync(file, "utf8").trim();
  } catch (error) {
    if (error instanceof SettingsError) throw error;
    throw new SettingsError(`the token's file cannot be read: ${(error as Error).message}`);
  }
  if (!/^[\x21-\x7e]{16,512}$/.test(token))
    throw new SettingsError("the token has to be 16 to 512 printable characters without spaces");
  return token;
}
