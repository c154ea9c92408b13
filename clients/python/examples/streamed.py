"""Output as it is written. Leaving the loop, or the program's end, ends the command with everything that it started."""

import sys

from cdk_nomad import PoolsClient

with (
    PoolsClient() as pools,
    pools.claim("hermes-sandbox", wait=60) as slot,
    slot.stream("for n in 1 2 3; do echo $n; sleep 0.2; done") as running,
):
    for piece in running:
        sys.stdout.write(piece.data.decode())
    print("ended with", running.exit.exit_code if running.exit else None)
