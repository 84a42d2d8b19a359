"""asyncio waits for a task in an executor's process, which waits for input."""
import asyncio
import multiprocessing
import sys
from concurrent.futures import ProcessPoolExecutor


def read(path):
    print("ready", flush=True)
    return open(path).readline()


async def main():
    with ProcessPoolExecutor(2) as executor:
        await asyncio.get_running_loop().run_in_executor(executor, read, sys.argv[2])


if __name__ == "__main__":
    multiprocessing.set_start_method(sys.argv[1])
    asyncio.run(main())
