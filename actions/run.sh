#!/usr/bin/env bash
# What the action does. It is told everything in CDK_NOMAD_… variables, so that no input is ever read as a script.
set -u -o pipefail

environment=${CDK_NOMAD_ENVIRONMENT:?the environment is missing}
output=${GITHUB_OUTPUT:-/dev/null}
files=$(mktemp -d)
trap 'rm -rf "$files"' EXIT

cdk_nomad() { npx --no -- cdk-nomad "$@"; }
say() { printf '%s=%s\n' "$1" "$2" >>"$output"; }
fail() {
  printf '::error title=cdk-nomad::%s\n' "$1"
  exit "${2:-1}"
}

# Runs a command whose exit code 2 says that something differs.
differs() {
  "$@"
  local code=$?
  case $code in
    0) say changes false ;;
    2) say changes true ;;
    *) exit "$code" ;;
  esac
}

preview() {
  local plan=()
  if [ -n "${CDK_NOMAD_PLAN:-}" ]; then plan=(--plan "$CDK_NOMAD_PLAN"); fi
  differs cdk_nomad preview "$environment" --format json "${plan[@]}" >"$files/preview.json"
  cdk_nomad github comment "$files/preview.json"
}

drift() {
  differs cdk_nomad drift "$environment" --format json >"$files/drift.json"
  cdk_nomad github issue "$files/drift.json"
}

# Ends as a deployment did; a canary that waits for somebody is no failure, and is told.
watched() {
  "$@"
  local code=$?
  case $code in
    0) say waiting false ;;
    3)
      say waiting true
      printf '::warning title=A canary waits::%s has canaries that wait for: cdk-nomad promote %s\n' "$environment" "$environment"
      ;;
    4) fail "the deployment of $environment is not done within ${CDK_NOMAD_TIMEOUT:-15m}; Nomad goes on with it" 4 ;;
    *) fail "the deployment of $environment failed; the log above says why" "$code" ;;
  esac
}

deploy() {
  local timeout=(--timeout "${CDK_NOMAD_TIMEOUT:-15m}")
  case ${CDK_NOMAD_VIA:-terraform} in
    nomad) watched cdk_nomad deploy "$environment" --direct "${timeout[@]}" ;;
    terraform)
      npx --no -- cdktf deploy "$environment" --auto-approve || {
        local code=$?
        # Terraform does not say why a program failed: this does.
        cdk_nomad status "$environment" || true
        fail "terraform could not bring $environment; the log above says why" "$code"
      }
      watched cdk_nomad status "$environment" --watch "${timeout[@]}"
      ;;
    *) fail "via is \"$CDK_NOMAD_VIA\"; write terraform or nomad" ;;
  esac
}

promote() {
  local options=(--timeout "${CDK_NOMAD_TIMEOUT:-15m}" --when-healthy)
  if [ -n "${CDK_NOMAD_JOB:-}" ]; then options+=(--job "$CDK_NOMAD_JOB"); fi
  if [ -n "${CDK_NOMAD_AUTO_FAIL_AFTER:-}" ]; then options+=(--auto-fail-after "$CDK_NOMAD_AUTO_FAIL_AFTER"); fi
  watched cdk_nomad promote "$environment" "${options[@]}"
}

case ${CDK_NOMAD_COMMAND:-} in
  preview | drift | deploy | promote) "$CDK_NOMAD_COMMAND" ;;
  *) fail "command is \"${CDK_NOMAD_COMMAND:-}\"; write preview, deploy, promote or drift" ;;
esac
