"""Every road to a child process, by name; each child logs once. ROAD [ARGUMENT]"""
import logging
import os
import subprocess
import sys

CHILD = "import logging; logging.getLogger('child').warning('arrived')"
PY = sys.executable


def child():
    logging.getLogger("child").warning("arrived")


def wait(pid):
    print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))


def forked(end):
    pid = os.fork()
    if pid == 0:
        child()
        end()
    wait(pid)


def fork_exec(call, *args):
    pid = os.fork()
    if pid == 0:
        call(*args)
    wait(pid)


SMALL = {"PATH": os.environ["PATH"]}
here = os.path.abspath(__file__)
ROADS = {
    "os.fork": lambda: forked(lambda: os._exit(0)),
    "os.fork and sys.exit": lambda: forked(sys.exit),
    "os.execv": lambda: fork_exec(os.execv, PY, [PY, "-c", CHILD]),
    "os.execve": lambda: fork_exec(os.execve, PY, [PY, "-c", CHILD], SMALL),
    "os.execlp": lambda: fork_exec(os.execlp, PY, PY, "-c", CHILD),
    "os.posix_spawn": lambda: wait(os.posix_spawn(PY, [PY, "-c", CHILD], SMALL)),
    "os.spawnv": lambda: print(os.spawnv(os.P_WAIT, PY, [PY, "-c", CHILD])),
    "subprocess -c": lambda: print(subprocess.run([PY, "-c", CHILD]).returncode),
    "subprocess script": lambda: print(subprocess.run([PY, here, "child"]).returncode),
    "subprocess -m": lambda: print(
        subprocess.run([PY, "-m", "roads", "child"], cwd=os.path.dirname(here)).returncode
    ),
    "subprocess stdin": lambda: print(
        subprocess.run([PY, "-"], input=CHILD.encode()).returncode
    ),
    "subprocess env": lambda: print(subprocess.run([PY, "-c", CHILD], env=SMALL).returncode),
    "shell": lambda: print(subprocess.run(f'"{PY}" -c "{CHILD}"', shell=True).returncode),
    "shell exec": lambda: print(
        subprocess.run(["sh", "-c", f'exec "{PY}" -c "{CHILD}"']).returncode
    ),
    "os.system": lambda: print(os.system(f'"{PY}" -c "{CHILD}"')),
    "environ cleared": lambda: (
        os.environ.pop("PYTHONPATH", None),
        os.environ.pop("MPDEBUG_RUN", None),
        print(subprocess.run([PY, "-c", CHILD]).returncode),
    ),
    "other argv[0]": lambda: print(
        subprocess.run(["worker", "-c", CHILD], executable=PY).returncode
    ),
    "preexec_fn": lambda: print(
        subprocess.run([PY, "-c", CHILD], preexec_fn=lambda: None).returncode
    ),
    "child": child,
}

if __name__ == "__main__":
    ROADS[sys.argv[1]]()
