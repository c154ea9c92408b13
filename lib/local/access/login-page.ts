import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { privateFolder, writePrivateFile } from "../../private-files";

/**
 * Writes a page that leads a browser on to an address with a token in it. The page is opened in the place of the address, since every user of the
 * machine sees what a browser is started with, and nobody else may read the page.
 *
 * @param folder the folder of the cluster's tokens
 * @returns the page's own address
 */
export function writeLoginPage(folder: string, address: URL): string {
  privateFolder(folder);
  const file = join(folder, "ui.html");
  // An address as URL writes it has no character that ends the attribute.
  writePrivateFile(
    file,
    `<!doctype html><meta charset="utf-8"><meta name="referrer" content="no-referrer"><meta http-equiv="refresh" content="0;url=${address.href.replaceAll("&", "&amp;")}"><title>Nomad</title>\n`,
  );
  return pathToFileURL(file).href;
}
