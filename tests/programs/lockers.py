"""Processes that take and release locks at random, some killed in the middle, and the truth.

METHOD SCHEDULES KILLS SEED RUN BOARD. In each schedule three lockers do random things with four
locks, and then stand still with some of them in their hands. In some schedules one of them is
killed by SIGKILL at a random moment. What each has recorded is then compared with what is true:
of those that stand still what they say themselves (on the board, a shared file), and of the
killed one what is missing: a lock that is taken and that nobody else has.

Prints the wrong answers with their seeds, and a last line SCHEDULES KILLS HELD WRONG UNKNOWN:
HELD counts locks in the hands of killed processes, UNKNOWN those of them that no record tells.
"""

import contextlib
import glob
import json
import mmap
import multiprocessing
import os
import random
import signal
import sys
import time

from mpdebug.rundir.held import read_held

LOCKERS = 3
LOCK, RLOCK, SEMAPHORE, HOT = range(4)
PERMITS = 2
TAKES, GIVES = 0x40, 0x80  # on the board: it is about to


def board_of(path):
    with open(path, "r+b") as file:
        return mmap.mmap(file.fileno(), 4096)


class Locker:
    """One process: what it has stands on the board, four bytes for each locker."""

    def __init__(self, number, locks, path):
        self.locks = locks
        self.board = board_of(path)
        self.first = 4 * number

    def take(self, lock, *how):
        at = self.first + lock
        self.board[at] |= TAKES
        got = self.locks[lock].acquire(*how)
        self.board[at] = (self.board[at] & ~TAKES) + bool(got)

    def give(self, lock):
        at = self.first + lock
        self.board[at] |= GIVES
        self.locks[lock].release()
        self.board[at] = (self.board[at] & ~GIVES) - 1

    def hold(self, chance, lock):
        """`with`: the other way in, and something more in between."""
        at = self.first + lock
        self.board[at] |= TAKES
        with self.locks[lock]:
            self.board[at] = (self.board[at] & ~TAKES) + 1
            if lock == HOT and chance.random() < 0.3:
                self.step(chance)
            self.board[at] |= GIVES
        self.board[at] = (self.board[at] & ~GIVES) - 1

    def step(self, chance):
        lock = chance.randrange(3)
        has = self.board[self.first + lock]
        if has and chance.random() < 0.6:
            self.give(lock)
        elif has and lock == RLOCK:
            if has < 4:
                chance.choice((self.take, lambda one: self.hold(chance, one)))(lock)
        elif not has or lock == SEMAPHORE:
            self.take(lock, *chance.choice(((False,), (True, 0.0002))))

    def work(self, channel):
        while True:
            seed, steps = channel.recv()
            chance = random.Random(seed)
            for _ in range(steps):
                if chance.random() < 0.4:
                    self.hold(chance, HOT)
                else:
                    self.step(chance)
            channel.send("stands")
            channel.recv()
            for lock in (LOCK, RLOCK, SEMAPHORE):
                while self.board[self.first + lock]:
                    self.give(lock)
            channel.send("free")


def begin(number, locks, path, channel):
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with contextlib.suppress(EOFError):
        Locker(number, locks, path).work(channel)


class Group:
    """Three lockers and their locks."""

    def __init__(self, context, path):
        self.board = board_of(path)
        self.board[: 4 * LOCKERS] = bytes(4 * LOCKERS)
        made = context.Lock, context.RLock, lambda: context.Semaphore(PERMITS), context.Lock
        self.locks = [make() for make in made]
        self.channels, self.processes = [], []
        for number in range(LOCKERS):
            ours, theirs = context.Pipe()
            given = (number, self.locks, path, theirs)
            process = context.Process(target=begin, args=given)
            process.start()
            theirs.close()
            self.channels.append(ours)
            self.processes.append(process)

    def taken(self, lock):
        """How often it is taken, by anybody."""
        most = PERMITS if lock == SEMAPHORE else 1
        return most - self.locks[lock]._semlock._get_value()

    def stand(self, numbers):
        """Whether none of these moves any more: they said so, or nobody can let them on."""
        return all([self.channels[one].poll(0.001) or self.sleeps(one) for one in numbers])

    def sleeps(self, number):
        """Whether it waits for the lock that a killed one has taken along."""
        with open(f"/proc/{self.processes[number].pid}/stat") as file:
            asleep = file.read().rpartition(")")[2].split()[0] == "S"
        return asleep and self.taken(HOT) and self.board[4 * number + HOT] == TAKES

    def end(self):
        for process in self.processes:
            process.kill()
        for process in self.processes:
            process.join()
        for channel in self.channels:
            channel.close()


class Judge:
    """Compares, and counts."""

    def __init__(self, run):
        self.run = run
        self.held = self.wrong = self.unknown = 0

    def records(self, process):
        """Number of the lock → what the process has recorded of it, in the order of slots."""
        (state,) = glob.glob(f"{self.run}/p/{process.pid}-*/state") or ("",)
        return read_held(state)

    def judge(self, group, victim, addresses, seed):
        others = [number for number in range(LOCKERS) if number != victim]
        for number in others:
            said = self.of(group, number, addresses)
            for lock in range(4):
                byte = group.board[4 * number + lock]
                has, record = byte & 0x3F, said.get(lock)
                count = record.count if record and record.state == "held" else 0
                if count != has and not byte & TAKES:
                    self.complain(seed, number, lock, f"has {has}, recorded {record}")
        if victim is None:
            return
        said = self.of(group, victim, addresses)
        for lock in range(4):
            known = sum(group.board[4 * number + lock] & 0x3F for number in others)
            if lock == RLOCK:
                known = min(known, 1)
            has = group.taken(lock) - known
            record = said.get(lock)
            state = record.state if record else "free"
            self.held += bool(has)
            if state == "held" and not has:
                self.complain(seed, victim, lock, f"killed, has {has}, recorded {record}")
            elif state == "free" and has:
                self.unknown += 1

    def of(self, group, number, addresses):
        found = self.records(group.processes[number])
        return {addresses[number][one.address]: one for one in found}

    def complain(self, seed, number, lock, text):
        self.wrong += 1
        print(f"seed {seed}: locker {number}, lock {lock}: {text}", flush=True)


def main():
    method, schedules, kills, seed, run, path = sys.argv[1:]
    schedules, kills = int(schedules), int(kills)
    context = multiprocessing.get_context(method)
    chance = random.Random(seed)
    killing = set(chance.sample(range(schedules), kills))
    judge = Judge(run)
    group = None
    for number in range(schedules):
        if group is None:
            group = Group(context, path)
            addresses = None
        seeds = [f"{seed}-{number}-{one}" for one in range(LOCKERS)]
        steps = 300 if number in killing else chance.randrange(1, 12)
        victim = chance.randrange(LOCKERS) if number in killing else None
        moment = chance.random() * 0.006
        for channel, each in zip(group.channels, seeds):
            channel.send((each, steps))
        if victim is not None:
            end = time.perf_counter() + moment
            while time.perf_counter() < end:
                pass
            group.processes[victim].kill()
            group.processes[victim].join()
        others = [one for one in range(LOCKERS) if one != victim]
        while not (group.stand(others) and group.stand(others)):
            pass
        addresses = addresses or addresses_of(group, run, method)
        judge.judge(group, victim, addresses, seeds[0])
        if victim is not None:
            group.end()
            group = None
            continue
        for channel in group.channels:
            channel.recv()
            channel.send("free")
        for channel in group.channels:
            channel.recv()
    if group is not None:
        group.end()
    print(schedules, kills, judge.held, judge.wrong, judge.unknown)


def addresses_of(group, run, method):
    """For each locker: address of a lock → its number."""
    ours = [lock._semlock.handle for lock in group.locks]
    if method == "fork":
        return [{address: at for at, address in enumerate(ours)}] * LOCKERS
    names = [lock._semlock.name for lock in group.locks]
    found = []
    for process in group.processes:
        (path,) = glob.glob(f"{run}/p/{process.pid}-*/events")
        table = {}
        with open(path) as file:
            for line in file:
                said = json.loads(line)
                if said["kind"] == "opened":
                    table[said["address"]] = names.index(said["name"])
        found.append(table)
    return found


if __name__ == "__main__":
    main()
