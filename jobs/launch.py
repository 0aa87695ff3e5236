"""Starting MPI programs: the launcher that fits a program, its environment, and the end of everything it started."""

import functools
import os
import re
import shlex
import shutil
import signal
import subprocess
import time
from pathlib import Path

OPENMPI, MPICH = "Open MPI", "MPICH"

# By the name of the file that a program is linked with. libmpi.so.12 is the common name of MPICH and its relatives.
_LIBRARIES = ((OPENMPI, r"libmpi\.so\.[2-9]\d|libopen-(pal|rte)"), (MPICH, r"libmpich|libmpi\.so\.12"))
_BANNERS = ((OPENMPI, r"Open MPI|OpenRTE|Open RTE"), (MPICH, r"HYDRA|MPICH|Intel\(R\) MPI"))
_LAUNCHERS = {
    OPENMPI: ("mpirun.openmpi", "mpirun", "mpiexec"),
    MPICH: ("mpirun.mpich", "mpiexec.hydra", "mpirun", "mpiexec"),
    None: ("mpirun", "mpiexec"),
}


class LaunchError(Exception):
    """One sentence for the user."""


def cores():
    """Cores that this process may use, not those of the machine."""
    return len(os.sched_getaffinity(0))


@functools.lru_cache(maxsize=None)
def _output(*command):
    try:
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=20, text=True)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout


def _which(patterns, text):
    return next((name for name, pattern in patterns if re.search(pattern, text)), None)


def mpi_library(program):
    """The MPI that `program` is linked with: OPENMPI, MPICH, or None where ldd does not tell (a script, a static link)."""
    return _which(_LIBRARIES, _output("ldd", str(program)))


class Launcher:
    """A command that starts ranks, of a known kind."""

    def __init__(self, command, kind):
        self.command, self.kind = command, kind

    def start(self, program, ranks, bind=True):
        """The command line for `program` (a list) on `ranks` ranks.

        bind=False leaves the ranks to the scheduler: two launchers side by side would both bind to the first cores.
        """
        line = [*self.command, "-np", str(ranks)]
        if self.kind == OPENMPI:
            line += ["--oversubscribe"] if ranks > cores() else []
            line += [] if bind else ["--bind-to", "none"]
        return line + [str(part) for part in program]


def find_launcher(program):
    """The launcher that fits the MPI library of `program`; MPIRUN in the environment overrides the choice.

    Raises LaunchError where there is none or MPIRUN is another MPI's: a program under a foreign launcher would run as
    so many singletons.
    """
    library = mpi_library(program)
    wanted = os.environ.get("MPIRUN")
    for command in [shlex.split(wanted)] if wanted else [[name] for name in _LAUNCHERS[library]]:
        if not command or not shutil.which(command[0]):
            continue
        kind = _which(_BANNERS, _output(command[0], "--version"))
        if library and kind and kind != library:
            if wanted:
                raise LaunchError(f"MPIRUN={wanted} belongs to {kind}, but {program} is linked with {library}")
            continue
        return Launcher(command, kind or library)
    if wanted:
        raise LaunchError(f"MPIRUN={wanted} is not a command")
    raise LaunchError(f"no mpirun of {library or 'any MPI'} in PATH for {program}")


def environment():
    """The environment of an MPI program; what the user has set stays."""
    values = {
        "OMPI_MCA_pml": "ob1",
        "OMPI_MCA_btl_vader_single_copy_mechanism": "none",  # copying twice beat the kernel's single copy at 1 MB
    }
    if os.geteuid() == 0:
        values.update(OMPI_ALLOW_RUN_AS_ROOT="1", OMPI_ALLOW_RUN_AS_ROOT_CONFIRM="1")
    return {**values, **os.environ}


def _session(leader):
    """Processes of the session that `leader` opened. Open MPI gives each rank its own process group, never a session."""
    members = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                fields = (entry / "stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue  # it ended meanwhile
            if int(fields[3]) == leader and fields[0] != "Z":
                members.append(int(entry.name))
    return members


def end(process, grace=5.0):
    """Ends a process started with start_new_session=True and all it started: SIGTERM, `grace` seconds, SIGKILL."""
    for number, wait in ((signal.SIGTERM, grace), (signal.SIGKILL, 5.0)):
        # SIGTERM goes to the launcher alone, which passes it on and cleans up after itself.
        targets = [process.pid] if number == signal.SIGTERM and process.poll() is None else _session(process.pid)
        for target in targets:
            try:
                os.kill(target, number)
            except ProcessLookupError:
                pass
        deadline = time.monotonic() + wait
        while time.monotonic() < deadline:
            if process.poll() is not None and not _session(process.pid):
                return
            time.sleep(0.05)
