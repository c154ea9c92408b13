"""Twenty tasks at once, each in a slot of its own, by asyncio."""

import asyncio

from cdk_nomad import AsyncPoolsClient


async def task(pools: AsyncPoolsClient, number: int) -> str:
    async with await pools.claim("hermes-sandbox", wait=60) as slot:
        return (await slot.execute(f"echo task {number}; ls -A")).stdout


async def main() -> None:
    async with AsyncPoolsClient() as pools:
        said = await asyncio.gather(*(task(pools, number) for number in range(20)))
    print(len(set(said)), "tasks, and none saw files of another")


asyncio.run(main())
