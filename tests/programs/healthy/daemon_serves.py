"""A daemon that waits for jobs when the main script ends: it has nothing in hand."""
import multiprocessing
import sys


def serve(jobs, answers):
    while True:
        answers.put(jobs.get() * 2)


if __name__ == "__main__":
    multiprocessing.set_start_method(sys.argv[1])
    jobs, answers = multiprocessing.Queue(), multiprocessing.Queue()
    multiprocessing.Process(target=serve, args=(jobs, answers), daemon=True, name="server").start()
    for number in range(3):
        jobs.put(number)
        print(answers.get())
