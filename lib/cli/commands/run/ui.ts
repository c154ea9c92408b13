import { UserError } from "../../../errors";
import { clusterFolder, EmbeddedCluster, findProjectFolder } from "../../../local";
import type { NomadClient } from "../../../nomad";
import { clusterEnvironments, pagePlugin } from "../../../page";
import { createService, serve as serveUntil } from "../../../service";
import { term } from "../../../text";
import { clients, clusterHere, localCluster, type CliContext } from "../../context";
import { EXIT } from "../../exit-codes";
import { sayWhere } from "../../meant-cluster";
import { packageVersion } from "../../package-version";
import { pageProgram } from "../../page-program";
import { connectionOf, withService } from "../../pool-service";
import { ReadOnlyPools } from "../../read-only-pools";
import type { Input } from "../ui";

/** Opens a page about the environments and the pools of the cluster, which it serves itself; or another one that there is. */
export async function run(input: Input, context: CliContext) {
  refuseBoth(input);
  if (input.service) return openService(input, context);
  if (input.nomad || input.print) return openNomad(input, context);
  return servePage(input, context);
}

/** Options of another page than the one that is meant would be passed over in silence. @throws UserError */
function refuseBoth({ service, nomad, print, port }: Input): void {
  const other = nomad ? "--nomad" : print ? "--print" : undefined;
  if (service && other !== undefined)
    throw UserError.at(
      other,
      "is of Nomad's own web UI, and --service of the pools' page; write one of them",
      "option",
    );
  const theirs = service ? "--service" : other;
  if (theirs !== undefined && port !== undefined)
    throw UserError.at(
      "--port",
      `is of the page that is served here, and with ${theirs} none is; leave one of them out`,
      "option",
    );
}

async function servePage({ port = 0, json }: Input, context: CliContext) {
  const { terminal, signal } = context;
  const { masking } = terminal;
  const { nomad, consul } = clients(context, clusterHere(context));
  const onTrouble = (message: string) => terminal.note(term`${message}`);
  try {
    sayWhere({ nomad, consul }, context);
    // A page about nothing is of no use: where nobody answers, it is said here.
    await nomad.leader();
    const now = () => performance.now();
    const environments = clusterEnvironments({ nomad, consul, masking, program: pageProgram(context), now, onTrouble });
    const service = await createService({
      pools: new ReadOnlyPools({ nomad, consul, service: connectionOf(context) }),
      tokens: "sessions",
      plugins: [pagePlugin(environments)],
      now,
      version: packageVersion(),
    });
    await serveUntil(service, {
      host: "127.0.0.1",
      port,
      grace: 0,
      signal,
      onListening: (address) => {
        const login = loginAddress(address, service.oneTimeToken());
        if (json) return terminal.json({ address, login: login.href });
        terminal.print(term`Page    ${address}`);
        if (terminal.isInteractive) context.openPage(pageThatLeadsTo(login, context));
        terminal.note(
          term`  it goes on until Ctrl-C; where no browser opens: ${login.href} works once, within two minutes`,
        );
      },
    });
    return EXIT.ok;
  } finally {
    await Promise.all([nomad.close(), consul.close()]);
  }
}

/** The page of a service that runs already, opened with a token that works once. */
async function openService({ json }: Input, context: CliContext) {
  const { terminal, signal } = context;
  const connection = connectionOf(context);
  const { oneTimeToken } = await withService(context, (service) => service.oneTimeToken(signal), { connection });
  const login = loginAddress(connection.address, oneTimeToken);
  if (json) terminal.json({ address: connection.address, login: login.href });
  else terminal.print(term`Page    ${connection.address}`);
  if (!json && terminal.isInteractive) context.openPage(pageThatLeadsTo(login, context));
  else if (!json) terminal.print(term`Login   ${login.href}`);
  return EXIT.ok;
}

/** An address that opens the page once. What stands behind # is sent to nobody: the page's own code takes it, and the browser's history has nothing of it. */
function loginAddress(address: string, oneTimeToken: string): URL {
  const login = new URL("/", address);
  login.hash = `login=${oneTimeToken}`;
  return login;
}

/** What a browser is started with is seen by every user of the machine, so a file that only its owner reads leads on to the address with the token. */
function pageThatLeadsTo(login: URL, context: CliContext): string {
  const project = findProjectFolder(context.cwd);
  return project === undefined ? login.href : new EmbeddedCluster(clusterFolder(project)).loginPage(login);
}

/** Opens Nomad's web UI, logged in where the embedded cluster asks for tokens, or says where it is. */
async function openNomad({ print, json }: Input, context: CliContext) {
  const { terminal, openPage } = context;
  const { cluster } = localCluster(context);
  const { nomad, consul } = clients(context, cluster);
  try {
    const address = new URL("/ui/", nomad.address).href;
    const isInside = await hasWebUi(nomad, context.signal);
    const ofConsul = new URL("/ui/", consul.address).href;
    if (json) terminal.json({ ...(isInside ? { nomad: address } : {}), consul: ofConsul });
    else {
      if (isInside) terminal.print(term`Nomad   ${address}`);
      terminal.print(term`Consul  ${ofConsul}`);
    }
    if (!isInside)
      terminal.note(
        term`the Nomad at ${nomad.address} was built without its web UI; cdk-nomad ui has a page of its own, and an official release on PATH has Nomad's`,
      );
    else if (!print && !json && terminal.isInteractive) openPage(await pageOf(address, nomad, cluster));
    if (isInside && nomad.http.connection.token)
      terminal.note(
        term`who opens it without cdk-nomad ui --nomad logs in with a token; cdk-nomad env prints those of the embedded cluster`,
      );
    return EXIT.ok;
  } finally {
    await Promise.all([nomad.close(), consul.close()]);
  }
}

/** Whether a Nomad has its web UI inside. @throws UserError where no Nomad answers */
export async function hasWebUi(nomad: NomadClient, signal: AbortSignal): Promise<boolean> {
  return nomad.hasWebUi(signal).catch((error: unknown) => {
    if (error instanceof UserError) throw error;
    return false;
  });
}

/** What the browser is shown: the UI, to which the page of a closed embedded cluster leads it, logged in by a token that can be used once. */
async function pageOf(address: string, nomad: NomadClient, cluster: EmbeddedCluster): Promise<string> {
  const isClosedHere = cluster.programVariables().CDK_NOMAD_CLOSED !== undefined;
  if (!isClosedHere || !cluster.hasAddress(nomad.address)) return address;
  const login = new URL(address);
  login.searchParams.set("ott", await nomad.oneTimeToken());
  return cluster.loginPage(login);
}
