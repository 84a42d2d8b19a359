"""A child runs an asyncio server on a Unix socket for ever, and the main script joins it."""
import asyncio
import multiprocessing
import os
import sys


async def serve(path, fifo):
    server = await asyncio.start_unix_server(lambda reader, writer: writer.close(), path)
    loop = asyncio.get_running_loop()
    print("ready", flush=True)
    await loop.run_in_executor(None, lambda: open(fifo).readline())
    server.close()


def run(path, fifo):
    asyncio.run(serve(path, fifo))


if __name__ == "__main__":
    multiprocessing.set_start_method(sys.argv[1])
    os.chdir(os.path.dirname(sys.argv[2]))
    path = f"{os.path.basename(sys.argv[2])}.s"  # a socket's path has room for 107 bytes
    child = multiprocessing.Process(target=run, args=(path, sys.argv[2]), name="server")
    child.start()
    child.join()
