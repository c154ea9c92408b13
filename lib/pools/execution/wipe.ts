import { WORKSPACE } from "./start-line";
import { sweepLines, type SweepTarget } from "./sweep";

/** Folders that a place with files of its own has for whatever is passing. */
const PASSING = "/tmp /var/tmp /dev/shm /alloc/tmp";

/**
 * Lines of shell that end what executions left in a place, and remove its workspace, and what is in `/tmp` and its like where they are the
 * place's own. They look afterwards, and end with 1 where something is left.
 */
export function wipeLines(target: SweepTarget): string {
  const folders = target.ownProcesses ? PASSING : "";
  return `${sweepLines(target)} || exit 1
cd / || exit 1
chmod -R u+rwx ${WORKSPACE} 2>/dev/null
rm -rf ${WORKSPACE}
for cdk_folder in ${folders}; do
  for cdk_entry in "$cdk_folder"/* "$cdk_folder"/.[!.]* "$cdk_folder"/..?*; do
    if [ -e "$cdk_entry" ] || [ -L "$cdk_entry" ]; then rm -rf "$cdk_entry"; fi
  done
done
cdk_victims
[ -z "$cdk_found" ] || exit 1
if [ -e ${WORKSPACE} ] || [ -L ${WORKSPACE} ]; then exit 1; fi
for cdk_folder in ${folders}; do
  for cdk_entry in "$cdk_folder"/* "$cdk_folder"/.[!.]* "$cdk_folder"/..?*; do
    if [ -e "$cdk_entry" ] || [ -L "$cdk_entry" ]; then exit 1; fi
  done
done
`;
}
