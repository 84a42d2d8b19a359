"""asyncio waits for a program that waits for input."""
import asyncio
import sys


async def main():
    child = await asyncio.create_subprocess_exec("head", "-n1", sys.argv[2])
    print("ready", flush=True)
    await child.wait()


if __name__ == "__main__":
    asyncio.run(main())
