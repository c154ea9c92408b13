/** The variable by which the processes of an execution are known: `<allocation>.<execution>`. */
export const MARK = "CDK_NOMAD_EXECUTION";

/** What a sweep takes for its own. */
export interface SweepTarget {
  /** The beginning of the mark: of one execution, or of all in an allocation. Letters, digits, dots and dashes. */
  readonly mark: string;
  /** The process that the execution began with; `$$` for the one that sweeps. Default: that of none. */
  readonly first?: string;
  /** Whether the place has process ids of its own, so that whatever lost its parent there was left by an execution. */
  readonly ownProcesses: boolean;
}

/**
 * Ends every process with the mark in its environment, what descends from such, what is in the session of the first, and, where the place
 * has process ids of its own, what lost its parent and is in another session than the task. It looks again until nothing is left, since what
 * is not yet dead may start more. A zombie has ended: its parent has not asked for it yet.
 *
 * It is for every shell of POSIX's kind, and needs `grep` and `sleep` alone.
 */
const SWEEP = `
cdk_victims() {
  cdk_list=" $cdk_first "
  for cdk_pid in $(grep -slzF "${MARK}=$cdk_mark" /proc/[0-9]*/environ); do
    cdk_pid=\${cdk_pid#/proc/}; cdk_list="$cdk_list\${cdk_pid%/environ} "
  done
  cdk_all=; cdk_task=
  for cdk_pid in /proc/[0-9]*; do
    cdk_pid=\${cdk_pid#/proc/}
    { IFS= read -r cdk_stat < "/proc/$cdk_pid/stat"; } 2>/dev/null || continue
    set -- \${cdk_stat##*) }
    [ "$cdk_pid" = 1 ] && cdk_task=$4
    [ "$1" = Z ] || [ "$1" = X ] || [ "$cdk_pid" = $$ ] || cdk_all="$cdk_all $cdk_pid:$2:$4"
  done
  cdk_more=1
  while [ "$cdk_more" ]; do
    cdk_more=
    for cdk_one in $cdk_all; do
      cdk_pid=\${cdk_one%%:*}; cdk_session=\${cdk_one##*:}; cdk_parent=\${cdk_one#*:}; cdk_parent=\${cdk_parent%:*}
      case "$cdk_list" in *" $cdk_pid "*) continue ;; esac
      cdk_is=
      case "$cdk_list" in *" $cdk_parent "*) cdk_is=1 ;; esac
      [ "$cdk_parent" = $$ ] && cdk_is=
      [ "$cdk_session" = "$cdk_leader" ] && [ "$cdk_parent" != $$ ] && cdk_is=1
      [ "$cdk_own" ] && [ "$cdk_parent" = 1 ] && [ "$cdk_session" != "$cdk_task" ] &&
        ! grep -sqzF ${MARK}= "/proc/$cdk_pid/environ" && cdk_is=1
      [ "$cdk_is" ] && cdk_list="$cdk_list$cdk_pid " && cdk_more=1
    done
  done
  cdk_found=
  for cdk_one in $cdk_all; do
    case "$cdk_list" in *" \${cdk_one%%:*} "*) cdk_found="$cdk_found \${cdk_one%%:*}" ;; esac
  done
}
cdk_sweep() {
  IFS=' 
	'
  cdk_try=0
  while cdk_victims; [ "$cdk_found" ]; do
    cdk_try=$((cdk_try + 1)); [ $cdk_try -gt 100 ] && return 1
    kill -9 $cdk_found 2>/dev/null
    [ $cdk_try -gt 2 ] && sleep 0.02
  done
  return 0
}
`;

/** Lines of shell that end all processes of an execution, or of all executions of a place; they end with 1 where one is left. */
export function sweepLines({ mark, first, ownProcesses }: SweepTarget): string {
  const settings = `cdk_mark='${mark}' cdk_own=${ownProcesses ? 1 : ""} cdk_first= cdk_leader=`;
  const leader = first === "$$" ? "cdk_leader=$$" : first === undefined ? "" : foundAgain(first);
  return `${SWEEP}${settings}\n${leader}\ncdk_sweep`;
}

/** A process id may have another owner by now: what began an execution has the mark, or the line that it was started with. */
function foundAgain(first: string): string {
  const proof = `grep -sqzF ${MARK}= /proc/${first}/environ || grep -sqzF cdk_nomad_line /proc/${first}/cmdline`;
  return `cdk_leader=${first}; if ${proof}; then cdk_first=${first}; fi`;
}
