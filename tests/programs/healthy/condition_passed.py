"""Two processes take turns, by a Condition."""
import multiprocessing
import sys


def play(condition, turn, mine):
    for _ in range(10):
        with condition:
            condition.wait_for(lambda: turn.value == mine)
            turn.value = 1 - mine
            condition.notify()


if __name__ == "__main__":
    multiprocessing.set_start_method(sys.argv[1])
    condition, turn = multiprocessing.Condition(), multiprocessing.Value("i", 0)
    child = multiprocessing.Process(target=play, args=(condition, turn, 1))
    child.start()
    play(condition, turn, 0)
    child.join()
    print(child.exitcode)
