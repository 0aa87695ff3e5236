"""Runs every test and counts: python jobs/run_tests.py --build build [--cuda on_cpu|gpu|none] [--full] [--only REGEX]

A program under BUILD/tests is a GoogleTest program; *_mpi_test is started under mpirun once for each number in its
source's line "// ranks: 1 2 3" ("// full ranks:" with --full, where there is one), and prints on rank 0 only.
Programs of *_cuda_test.cc and *_cuda_mpi_test.cc run CUDA kernels: --cuda on_cpu takes those under BUILD/cuda_on_cpu,
where the kernels are translated, once for each order of threads (ranks: the first order only, all with --full);
--cuda gpu runs those under BUILD/gpu and nothing else; --cuda none skips them by name. A line "// environment:
NAME=VALUE" in such a source is set for its program. With on_cpu, too, an operation's tests are run against mutants of
its kernels: one drawn by the revision for each kernel (BUILD/cuda_on_cpu/samples/OP), or with --full all of them
(BUILD/cuda_on_cpu/mutants/OP). Python tests are jobs/*_test.py and analysis/*_test.py. A program that crashes, runs
out of time, reports no test or reports fewer than it ran counts as failed. Every skipped test is printed with its
reason, and of a run that passes the lines that start with "| ". The last line is "N passed, N failed, N skipped"; the exit
code is 0 only if something passed and nothing failed.
"""

import argparse
import collections
import os
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import launch

ROOT = Path(__file__).resolve().parent.parent

_OUTCOME = re.compile(r"\[(       OK |  FAILED  |  SKIPPED )\] (\S+?)(?:, where .*)? \(\d+ ms\)$")
_RAN = re.compile(r"^\[==========\] (\d+) tests? (?:from \d+ test suites? )?ran\.")
_DISABLED = re.compile(r"YOU HAVE (\d+) DISABLED TEST")
_CUDA_TEST = re.compile(r"_cuda(_mpi)?_test$")
ORDERS = ("forward", "reversed", "random:1")  # of threads within a block, where kernels run on the CPU


@dataclass
class Run:
    """One start of one test program. `command` is None where `problem` says why it cannot start."""

    name: str
    command: list = None
    ranks: int = 1
    problem: str = ""
    skip: str = ""
    environment: dict = field(default_factory=dict)
    timeout: float = 0  # seconds; 0: the runner's


@dataclass
class Report:
    passed: int = 0
    failed: int = 0
    skips: list = field(default_factory=list)  # (test, reason)
    problem: str = ""  # what is wrong with the program as a whole
    output: str = ""
    seconds: float = 0.0


def count(output, exit_code):
    """The Report of a program's output. What GoogleTest's lines do not account for counts as one failed test more."""
    report, ran, disabled, reason = Report(output=output), None, 0, []
    for line in output.splitlines():
        if line.startswith("[ RUN      ]"):
            reason = []
        elif outcome := _OUTCOME.search(line):
            mark, test = outcome[1].strip(), outcome[2]
            if mark == "OK":
                report.passed += 1
            elif mark == "FAILED":
                report.failed += 1
            else:
                said = next((i for i, text in enumerate(reason) if text.endswith("Skipped")), None)
                words = " ".join(" ".join(reason[said + 1 :]).split()) if said is not None else ""
                report.skips.append((test, words or "no reason given"))
            reason = []
        elif found := _RAN.match(line):
            ran = int(found[1])
        elif found := _DISABLED.search(line):
            disabled = int(found[1])
        else:
            reason.append(line)
    report.skips += [("a disabled test", "disabled in its source")] * disabled
    counted = report.passed + report.failed + len(report.skips) - disabled
    if exit_code < 0:
        report.problem = f"killed by {signal.Signals(-exit_code).name}"
    elif ran is None:
        report.problem = f"ended before its last test, exit code {exit_code}"
    elif ran + disabled == 0:
        report.problem = "has no tests"
    elif ran != counted:
        report.problem = f"ran {ran} tests but reported {counted}"
    elif exit_code != 0 and report.failed == 0:
        report.problem = f"exit code {exit_code} although no test failed"
    report.failed += bool(report.problem)
    return report


def ranks_line(source, full):
    """Rank counts that a *_mpi_test.cc asks for; empty where it has no such line."""
    text = source.read_text()
    for label in (["full ranks"] if full else []) + ["ranks"]:
        if found := re.search(rf"^// {label}: *(\d[\d ]*)$", text, re.MULTILINE):
            return [int(number) for number in found[1].split()]
    return []


def environment_line(source, full):
    """What a test wants to find in its environment: "// environment: NAME=VALUE NAME=VALUE", "// full environment:" with --full."""
    values, text = {}, source.read_text()
    for label in ["environment"] + (["full environment"] if full else []):
        if found := re.search(rf"^// {label}: *(\w+=\S+(?: +\w+=\S+)*)$", text, re.MULTILINE):
            values |= dict(pair.split("=", 1) for pair in found[1].split())
    return values


def mpi_runs(name, program, source, full):
    ranks = ranks_line(source, full)
    if not ranks:
        return [Run(name, problem=f'{source} has no line "// ranks: 1 2 3"')]
    try:
        launcher = launch.find_launcher(program)
    except launch.LaunchError as error:
        return [Run(name, problem=str(error))]
    runs = []
    for number in ranks:
        run = Run(f"{name} on {number} rank{'s' * (number != 1)}", launcher.start([program], number, bind=False), number)
        if launcher.kind == launch.MPICH and number > launch.cores() and not full:
            run.skip = f"MPICH's ranks never yield: more than {launch.cores()} on as many cores take minutes (--full runs them)"
        runs.append(run)
    return runs


def sources(root):
    """Names of all *_test.cc, without the ending."""
    return sorted(str(path.relative_to(root).with_suffix("")) for top in ("kernels", "comm", "partitions", "bench")
                  for path in (root / top).rglob("*_test.cc"))


def cuda_runs(root, build, full, cuda):
    if cuda == "none":
        return [Run(name, skip="no nvcc: CUDA kernels are not built") for name in sources(root) if _CUDA_TEST.search(name)]
    runs = []
    for name in filter(_CUDA_TEST.search, sources(root)):
        program = build / ("gpu" if cuda == "gpu" else "cuda_on_cpu") / "tests" / name
        if cuda == "gpu" and name.startswith("kernels/cuda_on_cpu/"):
            continue
        if not program.is_file():
            runs.append(Run(name, problem="is not built"))
            continue
        is_mpi = name.endswith("_mpi_test")
        for order in ORDERS if cuda == "on_cpu" and (full or not is_mpi) else ORDERS[:1]:
            for run in mpi_runs(name, program, root / f"{name}.cc", full) if is_mpi else [Run(name, [str(program)])]:
                run.name += f", {order}" if cuda == "on_cpu" else " on the GPU"
                run.environment = environment_line(root / f"{name}.cc", full) | ({"SKEWBENCH_CUDA_ORDER": order} if cuda == "on_cpu" else {})
                runs.append(run)
    return runs


def drawing_seed(root):
    """The revision's first digits, so that another commit draws other mutants; 1 outside git."""
    found = subprocess.run(["git", "rev-parse", "HEAD"], cwd=root, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    return int(found.stdout[:8], 16) if found.returncode == 0 else 1


def mutant_runs(root, build, which, cuda):
    """Each operation's tests against mutants of its kernels: all, or one a kernel."""
    operations = sorted({Path(name).parent for name in sources(root) if re.fullmatch(r"kernels/(?!cuda_on_cpu)\w+/\w+_cuda_test", name)})
    operations = [folder for folder in operations if any((root / folder).glob("*.cu"))]
    if cuda != "on_cpu":
        return [Run(f"mutants of {folder}", skip="no nvcc: CUDA kernels are not built") for folder in operations]
    seed, runs = drawing_seed(root), []
    for folder in operations:
        program = build / "cuda_on_cpu" / ("mutants" if which == "all" else "samples") / folder.name
        command = [str(program), "--equivalent", str(folder / "equivalent_mutants.txt"), "--ptx", str(build / "cuda" / folder)]
        if not program.is_file():
            runs.append(Run(f"mutants of {folder}", problem="is not built"))
        elif which == "all":
            runs.append(Run(f"mutants of {folder}", command + ["--children", str(launch.cores())], launch.cores(), timeout=10 * 3600))
        else:
            runs.append(Run(f"mutants of {folder}, seed {seed}", command + ["--sample", str(seed)]))
    return runs


def find_runs(root, build, full, cuda, mutants):
    if cuda == "gpu":
        return cuda_runs(root, build, full, cuda)
    runs = []
    tests = build / "tests"
    for program in sorted(path for path in tests.rglob("*_test") if path.is_file()):
        name = str(program.relative_to(tests))
        source = root / f"{name}.cc"
        if not source.exists():
            print(f"ignored {program}: its source is gone")
        elif name.endswith("_mpi_test"):
            runs += mpi_runs(name, program, source, full)
        else:
            runs.append(Run(name, [str(program)]))
    for name in sources(root):
        needs_nvcc = name.startswith("kernels/cuda_on_cpu/")
        if not (tests / name).exists() and not _CUDA_TEST.search(name):
            runs.append(Run(name, skip="no nvcc: CUDA kernels are not built") if needs_nvcc and cuda == "none" else Run(name, problem="is not built"))
    runs += cuda_runs(root, build, full, cuda) + (mutant_runs(root, build, mutants, cuda) if mutants != "none" else [])
    for source in sorted([*root.glob("jobs/*_test.py"), *root.glob("analysis/*_test.py")]):
        module = ".".join(source.relative_to(root).with_suffix("").parts)
        runs.append(Run(str(source.relative_to(root)), [sys.executable, str(ROOT / "jobs/unittest_lines.py"), module]))
    return runs


class Runner:
    """Runs side by side as long as their ranks fit the cores; a larger run goes alone.

    They start in the order in which they were asked for. Else a run that wants several cores would wait as long as others want
    one, with the thread that is to start it, and half of the cores would be idle.
    """

    def __init__(self, root, build, timeout):
        self.root, self.timeout = root, timeout
        self.cores = self.free = launch.cores()
        self.changed = threading.Condition()
        self.waiting = collections.deque()
        self.processes, self.stopped = set(), False
        self.environment = {
            **launch.environment(),
            "PYTHONPATH": os.pathsep.join([str(root), str(root / "jobs")]),
            "SKEWBENCH_BUILD": str(build),
            "SKEWBENCH_TEST_FULL": "",
            "GTEST_COLOR": "no",  # Open MPI gives ranks a terminal, and colours would hide the lines that are counted
        }

    def execute(self, run):
        if run.skip:
            return Report(skips=[(run.name, run.skip)])
        if run.problem:
            return Report(failed=1, problem=run.problem)
        share = min(run.ranks, self.cores)
        with self.changed:
            self.waiting.append(run)
            self.changed.wait_for(lambda: (self.waiting[0] is run and self.free >= share) or self.stopped)
            self.waiting.remove(run)
            self.free -= share
            self.changed.notify_all()
        try:
            return self.start(run)
        finally:
            with self.changed:
                self.free += share
                self.changed.notify_all()

    def start(self, run):
        begin = time.monotonic()
        with tempfile.TemporaryFile() as output:
            with self.changed:
                if self.stopped:
                    return Report(problem="not run")
                process = subprocess.Popen(run.command, cwd=self.root, env={**self.environment, **run.environment}, stdin=subprocess.DEVNULL,
                                           stdout=output, stderr=subprocess.STDOUT, start_new_session=True)
                self.processes.add(process)
            try:
                exit_code, late = process.wait(run.timeout or self.timeout), False
            except subprocess.TimeoutExpired:
                exit_code, late = -signal.SIGKILL, True
            launch.end(process)  # also what a crashed program may have left behind
            self.processes.discard(process)
            output.seek(0)
            report = count(output.read().decode(errors="replace"), exit_code)
        if late:
            report.problem = f"still running after {run.timeout or self.timeout:g} s, killed"
        report.seconds = time.monotonic() - begin
        return report

    def stop(self):
        with self.changed:
            self.stopped = True
            self.changed.notify_all()
        for process in list(self.processes):
            launch.end(process)


def show(run, report):
    if report.failed and report.output:
        print(f"\n----- output of {run.name}\n{report.output.rstrip()}\n-----", flush=True)
    counts = [f"{number} {word}" for number, word in
              ((report.passed, "passed"), (report.failed, "failed"), (len(report.skips), "skipped")) if number]
    print(f"{'FAIL' if report.failed else 'ok  '}  {run.name:<60} {', '.join(counts):<22} {report.seconds:6.1f} s"
          + (f"  {report.problem}" if report.problem else ""))
    for test, reason in report.skips:
        print(f"      SKIPPED {test}: {reason}")
    if not report.failed:
        for line in report.output.splitlines():
            if line.startswith("| "):
                print(f"      {line}")
    sys.stdout.flush()


def main(arguments):
    parser = argparse.ArgumentParser(description="run every test and count")
    parser.add_argument("--build", default="build", help="the build folder [build]")
    parser.add_argument("--cuda", default="none", choices=("on_cpu", "gpu", "none"), help="how CUDA kernels run [none]")
    parser.add_argument("--mutants", choices=("none", "one", "all"), help="changed kernels that tests must catch: one a kernel, by the revision [one; all with --full]")
    parser.add_argument("--full", action="store_true", help="also the long matrices")
    parser.add_argument("--only", default="", metavar="REGEX", help="only runs whose name matches")
    parser.add_argument("--timeout", type=float, default=300, metavar="SECONDS", help="of one program [300]")
    parser.add_argument("--root", default=str(ROOT), help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    root, build = Path(options.root).resolve(), Path(options.build).resolve()

    runs = [run for run in find_runs(root, build, options.full, options.cuda, options.mutants or ("all" if options.full else "one")) if re.search(options.only, run.name)]
    runs.sort(key=lambda run: -run.ranks)  # the ones that run alone first, then pairs
    runner = Runner(root, build, options.timeout)
    runner.environment["SKEWBENCH_TEST_FULL"] = "1" if options.full else ""
    runner.environment["SKEWBENCH_TEST_CUDA"] = options.cuda
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    passed = failed = skipped = 0
    failures, begin = [], time.monotonic()
    with ThreadPoolExecutor(max_workers=max(2, launch.cores())) as pool:
        try:
            for run, report in pool.map(lambda run: (run, runner.execute(run)), runs):
                show(run, report)
                passed, failed, skipped = passed + report.passed, failed + report.failed, skipped + len(report.skips)
                if report.failed:
                    failures.append(run.name)
        except (KeyboardInterrupt, SystemExit) as reason:
            runner.stop()
            print("interrupted", flush=True)
            return 130 if isinstance(reason, KeyboardInterrupt) else reason.code
    print(f"\n{len(runs)} runs in {time.monotonic() - begin:.0f} s")
    for name in failures:
        print(f"failed: {name}")
    print(f"{passed} passed, {failed} failed, {skipped} skipped", flush=True)
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
