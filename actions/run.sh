#!/bin/sh
# What the action does. It is told everything in CDK_NOMAD_… variables, so that no input is ever read as a script. Written in what POSIX
# knows of a shell, and so for every bash, the 3.2 of macOS among them: no arrays, no "local", and no "pipefail", since there is no pipe.
set -u

environment=${CDK_NOMAD_ENVIRONMENT:-}
timeout=${CDK_NOMAD_TIMEOUT:-15m}
files=$(mktemp -d) || exit 1
trap 'rm -rf "$files"' EXIT

# Unknown to whatever the commands below print.
random() { od -An -N16 -tx1 /dev/urandom | tr -d ' \n'; }

# A text as GitHub's runner reads it in a command: it stays one line, whatever it holds.
escaped() {
  printf '%s' "$1" | awk '{ gsub(/%/, "%25"); gsub(/\r/, "%0D"); printf "%s%s", between, $0; between = "%0A" }'
}

fail() {
  printf '::error title=cdk-nomad::%s\n' "$(escaped "$1")"
  exit "${2:-1}"
}

# Sets an output of the step. No value ends it early, since none knows the delimiter.
set_output() {
  delimiter=$(random)
  printf '%s<<%s\n%s\n%s\n' "$1" "$delimiter" "$2" "$delimiter" >>"${GITHUB_OUTPUT:-/dev/null}"
}

# Runs a command whose log holds what tasks and servers wrote: the runner takes no command out of it. Both streams go one way, since the
# runner reads two of them in no order, and would read the rest of one after the end of the other. Sets $code.
logged() {
  token=$(random)
  printf '::stop-commands::%s\n' "$token"
  if "$@" 2>&1; then code=0; else code=$?; fi
  # The last line of a log may lack its end.
  printf '\n::%s::\n' "$token"
}

# The same for a command that prints a file.
logged_into() {
  file=$1
  shift
  logged into "$file" "$@"
}
into() {
  to=$1
  shift
  { "$@" 2>&3 >"$to"; } 3>&1
}

cdk_nomad() { npx --no -- cdk-nomad "$@"; }

# Sets the output of a command whose exit code 2 says that something differs.
differs() {
  case $code in
    0) set_output changes false ;;
    2) set_output changes true ;;
    *) fail "the $CDK_NOMAD_COMMAND of $environment failed; the log above says why" "$code" ;;
  esac
}

github() {
  if [ -n "${CDK_NOMAD_AUTHOR:-}" ]; then set -- "$@" "--author=$CDK_NOMAD_AUTHOR"; fi
  logged cdk_nomad github "$@"
  [ "$code" -eq 0 ] || fail "cdk-nomad github $1 failed; the log above says why" "$code"
}

# Adds an option for each line of CDK_NOMAD_VARIABLES, and calls the command.
with_values() {
  while IFS= read -r variable; do
    if [ -n "$variable" ]; then set -- "$@" "--var=$variable"; fi
  done <<END
${CDK_NOMAD_VARIABLES:-}
END
  "$@"
}

# The same for a command of cdk-nomad, which takes the environment behind its options.
with_variables() { with_values of_environment "$@"; }
of_environment() { "$@" -- "$environment"; }

preview() {
  set -- cdk_nomad preview --format json
  if [ -n "${CDK_NOMAD_SYNTHESIZED:-}" ]; then set -- "$@" "--synthesized=$CDK_NOMAD_SYNTHESIZED"; fi
  if [ -n "${CDK_NOMAD_PLAN:-}" ]; then set -- "$@" "--plan=$CDK_NOMAD_PLAN"; fi
  logged_into "$files/preview.json" with_variables "$@"
  refused=false
  # What would be refused is told in the comment too, and ends the step afterwards.
  if [ "$code" -eq 8 ]; then
    refused=true
    code=2
  fi
  differs
  github comment "$files/preview.json"
  if [ "$refused" = true ]; then fail "a deployment of $environment would be refused; its preview says why" 8; fi
}

drift() {
  logged_into "$files/drift.json" with_variables cdk_nomad drift --format json
  differs
  github issue "$files/drift.json"
}

# Ends as a deployment did; a canary that waits for somebody is no failure, and is told.
watched() {
  if [ "$CDK_NOMAD_COMMAND" = promote ]; then deed=promotion; else deed=deployment; fi
  logged with_variables "$@"
  case $code in
    0) set_output waiting false ;;
    3)
      set_output waiting true
      printf '::warning title=A canary waits::%s\n' \
        "$(escaped "$environment has canaries that wait for: cdk-nomad promote $environment")"
      ;;
    4) fail "the deployment of $environment is not done within $timeout; Nomad goes on with it" 4 ;;
    *) fail "the $deed of $environment failed; the log above says why" "$code" ;;
  esac
}

deploy() {
  case ${CDK_NOMAD_VIA:-terraform} in
    nomad) watched cdk_nomad deploy --direct "--timeout=$timeout" ;;
    terraform)
      # cdktf reads a name with these as a pattern of names, or as an option.
      case $environment in
        -* | *[!A-Za-z0-9._-]*) fail "\"$environment\" is no name of a stack; write letters, digits, dots and dashes" ;;
      esac
      # The name stands first: cdktf would take it for another variable behind one.
      logged with_values npx --no -- cdktf deploy "$environment" --auto-approve
      if [ "$code" -ne 0 ]; then
        failure=$code
        # Terraform does not say why a program failed: this does.
        logged with_variables cdk_nomad status
        fail "terraform could not bring $environment; the log above says why" "$failure"
      fi
      watched cdk_nomad status --watch "--timeout=$timeout"
      ;;
    *) fail "via is \"$CDK_NOMAD_VIA\"; write terraform or nomad" ;;
  esac
}

promote() {
  # Taken for "no", anything else would promote what nobody has looked at.
  case ${CDK_NOMAD_IF_CURRENT:-false} in
    true | false) ;;
    *) fail "if-current is \"$CDK_NOMAD_IF_CURRENT\"; write true or false" ;;
  esac
  if [ "${CDK_NOMAD_IF_CURRENT:-false}" = true ]; then
    logged_into /dev/null with_variables cdk_nomad preview --format json
    case $code in
      0) ;;
      2) fail "$environment no longer runs what this program says; promote it by hand, or deploy again" ;;
      *) fail "the preview of $environment failed; the log above says why" "$code" ;;
    esac
  fi
  # Terraform has no command for it, and leaves canaries to this one.
  set -- cdk_nomad promote --direct "--timeout=$timeout" --when-healthy
  if [ -n "${CDK_NOMAD_JOB:-}" ]; then set -- "$@" "--job=$CDK_NOMAD_JOB"; fi
  if [ -n "${CDK_NOMAD_AUTO_FAIL_AFTER:-}" ]; then set -- "$@" "--auto-fail-after=$CDK_NOMAD_AUTO_FAIL_AFTER"; fi
  watched "$@"
}

# Whether the packages of a project are installed here or above. Without them npx would ask a registry for a package of this name, which is not this one.
installed() {
  folder=$(pwd)
  while [ ! -d "$folder/node_modules" ]; do
    [ "$folder" != / ] || return 1
    folder=$(dirname "$folder")
  done
}

[ -n "$environment" ] || fail "the environment is missing; write the stack's name"
case ${CDK_NOMAD_COMMAND:-} in
  preview | drift | deploy | promote)
    installed || fail "no packages are installed in $(pwd); run npm ci in a step before this one, or write the project's folder as working-directory"
    "$CDK_NOMAD_COMMAND"
    ;;
  *) fail "command is \"${CDK_NOMAD_COMMAND:-}\"; write preview, deploy, promote or drift" ;;
esac
