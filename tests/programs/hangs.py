"""One worker hangs in a task, one waits for work, a process is busy: METHOD READY GO."""
import multiprocessing
import sys
import threading


def say(word):
    with open(sys.argv[2], "w") as file:
        file.write(f"{word}\n")


def hang(number):
    say("hangs")
    threading.Event().wait()


def busy():
    say("busy")
    while True:
        sum(range(1000))


if __name__ == "__main__":
    method, ready, go = sys.argv[1:]
    context = multiprocessing.get_context(method)
    with context.Pool(1) as one, context.Pool(1) as other:
        other.apply(abs, (1,))
        result = one.apply_async(hang, (3,))
        process = context.Process(target=busy, name="busy", daemon=True)
        process.start()
        open(go).readline()
        process.terminate()
