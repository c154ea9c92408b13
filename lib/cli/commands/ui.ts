import { spawn } from "node:child_process";
import { UserError } from "../../jobspec";
import { clients, localCluster, type CliContext } from "../context";

/** Opens Nomad's web UI, or says where it is. */
export async function ui(options: { readonly print?: boolean }, { terminal, env }: CliContext): Promise<void> {
  const { cluster } = localCluster();
  const { nomad, consul } = clients(env, cluster);
  const address = new URL("/ui/", nomad.address).href;
  const inside = await nomad.http.get<unknown>("/ui/").then(
    (page) => typeof page === "string" && page.includes("ember"),
    (error: unknown) => {
      if (error instanceof UserError) throw error;
      return false;
    },
  );
  const consulPage = new URL("/ui/", consul.address).href;
  await Promise.all([nomad.close(), consul.close()]);
  terminal.print(`Nomad   ${address}`);
  terminal.print(`Consul  ${consulPage}`);
  if (!inside) terminal.note("this nomad was built without its web UI; put an official release on PATH to have it");
  else if (!options.print && process.stdout.isTTY) openInBrowser(address);
}

function openInBrowser(address: string): void {
  const opener = process.platform === "darwin" ? "open" : process.platform === "win32" ? "explorer" : "xdg-open";
  const child = spawn(opener, [address], { stdio: "ignore", detached: true });
  child.on("error", () => undefined);
  child.unref();
}
