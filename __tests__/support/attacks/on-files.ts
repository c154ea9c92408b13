import { existsSync, linkSync } from "node:fs";
import { join } from "node:path";
import { reached, seen, type Attack } from "./attack";

/** On files of others, by their paths and by links. */
export const ON_FILES: readonly Attack[] = [
  {
    on: "files",
    what: "another slot's file is read by its path",
    script: `${seen} TARGET/mine && echo BREACH`,
    isTriedInTheOpen: true,
  },
  {
    on: "files",
    what: "another slot's file is read by a path that goes up",
    script: `${seen} ../slot_0/mine && echo BREACH`,
    isTriedInTheOpen: true,
  },
  {
    on: "files",
    what: "another slot's folder is listed",
    script: "ls TARGET | grep -q mine && echo BREACH",
    isTriedInTheOpen: true,
  },
  {
    on: "files",
    what: "a file is put into another slot",
    script: "touch TARGET/planted && echo BREACH",
    isTriedInTheOpen: true,
  },
  {
    on: "files",
    what: "another slot's file is removed",
    script: "rm -f TARGET/removable && ! ls TARGET/removable 2>/dev/null && [ -d TARGET ] && echo BREACH",
    isTriedInTheOpen: true,
  },
  {
    on: "files",
    what: "another slot's folder is moved away",
    script: "mv TARGET TARGET-away && echo BREACH && mv TARGET-away TARGET",
    isTriedInTheOpen: true,
  },
  {
    on: "files",
    what: "another slot's folder is opened to everybody",
    script: "chmod 777 TARGET && echo BREACH && chmod 700 TARGET",
    isTriedInTheOpen: true,
  },
  {
    on: "files",
    what: "another slot's temporary files are read",
    script: `cat /tmp/victim-tmp SLOTS/*/tmp/* 2>/dev/null | ${seen} && echo BREACH`,
    isTriedInTheOpen: true,
  },
  {
    on: "files",
    what: "what another slot put into shared memory is read",
    script: `${seen} -r /dev/shm && echo BREACH`,
    isTriedInTheOpen: true,
  },
  {
    on: "files",
    what: "the server's token is read",
    script: "[ -s TOKEN ] && cat TOKEN >/dev/null && echo BREACH",
    isTriedInTheOpen: true,
  },
  {
    on: "files",
    what: "another token is put in the place of the server's",
    script: "mv -f TOKEN TOKEN-old 2>/dev/null && echo BREACH; mv -f TOKEN-old TOKEN 2>/dev/null",
    isTriedInTheOpen: true,
  },
  {
    on: "files",
    what: "the server's own notes are changed",
    script: "touch SLOTS/planted && echo BREACH; rm -f SLOTS/planted",
    isTriedInTheOpen: true,
  },
  {
    on: "files",
    what: "the server's program is changed",
    script: "printf '' >> PROGRAM && echo BREACH",
    isTriedInTheOpen: true,
  },
  {
    on: "files",
    what: "the machine's passwords are read",
    script: "cat /etc/shadow >/dev/null && echo BREACH",
    isTriedInTheOpen: true,
  },
  {
    on: "files",
    what: "a program is put where everybody finds it",
    script: "touch /usr/local/bin/.planted-attack && echo BREACH; rm -f /usr/local/bin/.planted-attack",
    isTriedInTheOpen: true,
  },
  {
    on: "files",
    what: "the machine's settings are changed",
    script: "touch /etc/.planted-attack && echo BREACH; rm -f /etc/.planted-attack",
    isTriedInTheOpen: true,
  },
  {
    on: "links",
    what: "a link in the workspace leads read_file to another slot",
    script: "ln -sf TARGET/mine link",
    then: async (server) => reached(await server.tool("read_file", { path: "link" })),
  },
  {
    on: "links",
    what: "a linked folder leads write_file to another slot",
    script: "ln -sfn TARGET folder",
    then: async (server) => {
      await server.tool("write_file", { path: "folder/planted-by-link", content: "x" });
      return existsSync(join(server.target, "planted-by-link")) ? "a file in another slot" : undefined;
    },
  },
  {
    on: "links",
    what: "read_file is asked for a path that goes up",
    then: async (server) => reached(await server.tool("read_file", { path: "../slot_0/mine" })),
  },
  {
    on: "links",
    what: "read_file is asked for the server's token",
    then: async (server) => reached(await server.tool("read_file", { path: server.tokenFile }), server.token),
  },
  {
    on: "links",
    what: "a hard link to another slot's file is made",
    script: "ln TARGET/mine hard && echo BREACH",
    isTriedInTheOpen: true,
  },
  {
    on: "links",
    what: "a hard link to the server's token is made",
    script: "ln TOKEN hard-token && echo BREACH; rm -f hard-token",
    isTriedInTheOpen: true,
  },
  {
    on: "links",
    what: "a hard link that somebody else made is read",
    then: async (server) => {
      const there = join(server.own, "made-by-root");
      linkSync(server.tokenFile, there);
      return reached(await server.tool("read_file", { path: "made-by-root" }), server.token);
    },
  },
  {
    on: "links",
    what: "an archive of the workspace has what a link leads to",
    script: "mkdir -p pack; ln -sf TARGET/mine pack/link; ln -sfn TARGET pack/folder; echo own > pack/own",
    then: async (server) => {
      const { body } = await server.post("/artifacts/archive", { slot_id: "slot_1", path: "pack" });
      return body.entry_count === 1 ? undefined : `${String(body.entry_count)} files`;
    },
  },
  {
    on: "links",
    what: "artifacts are listed in another slot by a link",
    script: "ln -sfn TARGET listed",
    then: async (server) => {
      const { body } = await server.post("/artifacts/list", { slot_id: "slot_1", path: "listed" });
      return JSON.stringify(body).includes("mine") ? "its files" : undefined;
    },
  },
  {
    on: "links",
    what: "a link is swapped while read_file looks at it",
    script:
      "(for i in $(seq 2000); do ln -sfn TARGET/mine race; echo own > race2; mv -f race2 race; done) & for i in 1 2 3; do sleep 0.01; done; wait",
    then: async (server) => {
      const answers = await Promise.all(Array.from({ length: 40 }, () => server.tool("read_file", { path: "race" })));
      return answers.map((answer) => reached(answer)).find((what) => what !== undefined);
    },
  },
];
