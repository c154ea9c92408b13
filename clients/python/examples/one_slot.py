"""A slot of a pool: files stay from command to command, and nothing is left when it is given back."""

from cdk_nomad import PoolsClient

with PoolsClient() as pools, pools.claim("hermes-sandbox", wait=60) as slot:
    slot.execute("git init -q . && echo hello > file", timeout=30)
    result = slot.execute("cat file; exit 3", secrets={"API_KEY": "not in any log"})
    print(result.exit_code, result.stdout, end="")
