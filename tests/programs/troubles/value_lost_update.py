"""Two processes add to one Value, each by reading it and writing it."""
import multiprocessing
import sys


def pass_through(turnstile, both):
    both.wait()
    for _ in range(3000):
        turnstile.value += 1  # CHANGED


if __name__ == "__main__":
    multiprocessing.set_start_method(sys.argv[1])
    turnstile = multiprocessing.Value("i", 0)  # MADE
    both = multiprocessing.Barrier(2)
    gates = [multiprocessing.Process(target=pass_through, args=(turnstile, both)) for _ in range(2)]
    for gate in gates:
        gate.start()
    for gate in gates:
        gate.join()
    print(turnstile.value, "of 6000")
