"""Runs a sweep file on this machine, one case after the other: one result file and one log a case.

    python jobs/sweep.py run FILE.toml [--build build] [--ranks N] [--only REGEX] [--set OPTION=VALUE] [--dry-run]
    python jobs/sweep.py status FILE.toml
    python jobs/sweep.py list FILE.toml

A case with a result file is skipped, so the same command continues after an interruption. A failed case keeps its log,
stands in the summary, runs again next time, and stops none of the others; the exit code is then 1.
"""

import argparse
import datetime
import re
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import grid
import launch

ROOT = Path(__file__).resolve().parent.parent

FINISHED, DIVERGED, FAILED, RUNNING, INTERRUPTED, WAITING, FOREIGN = (
    "finished", "diverged", "failed", "running", "interrupted", "waiting", "foreign")


def duration(seconds):
    seconds = round(seconds)
    if seconds < 60:
        return f"{seconds} s"
    return f"{seconds // 60} min {seconds % 60:02} s" if seconds < 3600 else f"{seconds // 3600} h {seconds % 3600 // 60:02} min"


def relative(path):
    """Paths below the repository as seen from there, where the cases run: short, and the same on every machine."""
    return path.relative_to(ROOT) if ROOT in path.parents else path


def utc():
    return datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


class CaseFiles:
    """What lies in the sweep's folder for one case, and what that says."""

    def __init__(self, folder, case):
        self.case = case
        self.result = folder / f"{case.stem}.h5"
        self.log = folder / f"{case.stem}.log"

    def state(self):
        """(state, sentence). The result file decides; without one, the last mark that a run left in the log."""
        if self.result.exists():
            return self._verdict()
        marks = []
        if self.log.exists():
            marks = [line for line in self.log.read_text(errors="replace").splitlines() if line.startswith("# ")]
        if not marks:
            return WAITING, ""
        if found := re.match(r"# \S+ failed: (.*)", marks[-1]):
            return FAILED, found[1]
        if found := re.match(r"# \S+ start pid (\d+) on (\S+)", marks[-1]):
            if found[2] == socket.gethostname() and Path(f"/proc/{found[1]}").exists():
                return RUNNING, f"pid {found[1]}"
        return INTERRUPTED, ""

    def _verdict(self):
        import h5py  # slow to load, and not needed before there is a result

        try:
            with h5py.File(self.result, "r") as file:
                values = [file.attrs[name] for name in ("case", "verdict")]
        except (OSError, KeyError):
            return FOREIGN, f"{self.result} is not a result file"
        case, verdict = (value.decode() if isinstance(value, bytes) else str(value) for value in values)
        if case.rstrip("\0") != self.case.text:
            return FOREIGN, f"{self.result} holds another case: {case}"
        return (DIVERGED if verdict.startswith("DIVERGED") else FINISHED), verdict.rstrip("\0")


class Display:
    """Lines that stay, and on a terminal one line that changes."""

    def __init__(self, stream=sys.stdout):
        self.stream, self.terminal, self.shown = stream, stream.isatty(), ""

    def keep(self, text):
        self.change("")
        print(text, file=self.stream, flush=True)

    def change(self, text):
        if not self.terminal:
            return
        text = text[: shutil.get_terminal_size().columns - 1]  # a full last column would wrap
        if text != self.shown:
            self.stream.write("\r\x1b[K" + text)
            self.stream.flush()
            self.shown = text


class Running:
    """One started case: its process, its last line, its log."""

    def __init__(self, command, log):
        self.started, self.line, self.sentence = time.monotonic(), "", ""
        self.log = open(log, "a", encoding="utf-8")
        self.process = subprocess.Popen(command, cwd=ROOT, env=launch.environment(), stdin=subprocess.DEVNULL,
                                        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True)
        self.mark(f"start pid {self.process.pid} on {socket.gethostname()}: {shlex.join(command)}")
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()

    def mark(self, text):
        print(f"# {utc()} {text}", file=self.log, flush=True)

    def _read(self):
        for raw in self.process.stdout:
            text = raw.decode(errors="replace").rstrip()
            print(text, file=self.log, flush=True)
            if text.startswith("train: "):
                self.sentence = text
            elif re.search(r"\w", text):
                self.line = text

    @property
    def seconds(self):
        return time.monotonic() - self.started

    def end(self, grace=10.0):
        launch.end(self.process, grace)
        self.reader.join(5)

    def failure(self):
        code = self.process.returncode
        how = f"killed by {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"
        return self.sentence or f"{how}: {self.line}".rstrip(": ")


class Runner:
    def __init__(self, sweep, folder, train, display):
        self.sweep, self.folder, self.train, self.display = sweep, folder, train, display
        self.launcher = launch.find_launcher(train)
        self.stop, self.done, self.begin = 0, 0, time.monotonic()

    def command(self, case, files):
        program = [relative(self.train), *case.arguments, "--out", relative(files.result)]
        return self.launcher.start(program, self.sweep.ranks_of(case))

    def left(self, running, case, to_run):
        """Estimated seconds until the sweep ends, from the cases that this run did; None before there is anything."""
        epoch, epochs = re.match(r"epoch ([\d.]+)", running.line), case.options.get("epochs")
        part = min(float(epoch[1]) / float(epochs), 1.0) if epoch and epochs else 0.0
        spent = self.done + part
        return (time.monotonic() - self.begin) * (to_run - spent) / spent if spent > 0 else None

    def run_case(self, case, files, head, to_run):
        """(state, sentence) of one case, run to its end or to an interruption."""
        running = Running(self.command(case, files), files.log)
        late = False
        while running.process.poll() is None and not self.stop and not late:
            left = self.left(running, case, to_run)
            ahead = f", {duration(left)} left" if left is not None else ""
            self.display.change(f"{head} {duration(running.seconds)}{ahead}  {case.label}  {running.line}")
            late = self.sweep.timeout is not None and running.seconds > self.sweep.timeout
            time.sleep(0.1)
        running.end()
        if self.stop and not files.result.exists():
            running.mark("interrupted")
            return INTERRUPTED, ""
        if running.process.returncode == 0 and files.result.exists():
            running.mark(f"exit 0 after {running.seconds:.1f} s")
            return files.state()
        if late:
            sentence = f"still running after {self.sweep.timeout:g} s, killed"
        elif running.process.returncode == 0:
            sentence = "exit code 0, but no result file"
        else:
            sentence = running.failure()
        running.mark(f"failed: {sentence}")
        return FAILED, sentence

    def run(self, cases):
        """Runs the cases that have no result yet. The exit code."""
        self.folder.mkdir(parents=True, exist_ok=True)
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, lambda got, _: setattr(self, "stop", got))
        outcome = {}
        files = {case.text: CaseFiles(self.folder, case) for case in cases}
        waiting = [case for case in cases if not files[case.text].result.exists()]
        self.display.keep(f"{self.sweep.name}: {len(cases)} cases, {len(cases) - len(waiting)} with a result, "
                          f"{len(waiting)} to run with {self.launcher.kind or 'mpirun'}, in {relative(self.folder)}")
        for number, case in enumerate(cases, 1):
            if self.stop:
                break
            head = f"[{number:{len(str(len(cases)))}}/{len(cases)}]"
            mine = files[case.text]
            if mine.result.exists():
                outcome[case.text] = mine.state()
                if case in waiting:
                    waiting.remove(case)  # somebody else ran it meanwhile
                continue
            if not self.display.terminal:
                self.display.keep(f"{head} started   {case.text}")
            start = time.monotonic()
            outcome[case.text] = state, sentence = self.run_case(case, mine, head, len(waiting))
            self.done += 1
            note = f"  {sentence}" if state == FAILED else ""
            self.display.keep(f"{head} {state:<11} {duration(time.monotonic() - start):>11}  {case.label}{note}")
        return self.summary(cases, files, outcome)

    def summary(self, cases, files, outcome):
        states = [outcome.get(case.text, (WAITING, ""))[0] for case in cases]
        self.display.keep(f"{self.sweep.name}: {tally(states)} in {duration(time.monotonic() - self.begin)}")
        for case in cases:
            state, sentence = outcome.get(case.text, (WAITING, ""))
            if state in (FAILED, FOREIGN):
                self.display.keep(f"{state}: {case.text}\n  {sentence}\n  log: {relative(files[case.text].log)}")
        if self.stop:
            self.display.keep(f"interrupted by {signal.Signals(self.stop).name}; the same command continues")
            return 128 + self.stop
        return 1 if FAILED in states or FOREIGN in states else 0


def tally(states):
    return ", ".join(f"{states.count(state)} {state}" for state in dict.fromkeys(sorted(states, key=_ORDER.index)))


_ORDER = [FINISHED, DIVERGED, FAILED, FOREIGN, RUNNING, INTERRUPTED, WAITING]


def main(arguments):
    parser = argparse.ArgumentParser(description="run a sweep file")
    parser.add_argument("verb", choices=["run", "status", "list"])
    parser.add_argument("file", help="sweep file (TOML), see jobs/sweeps/")
    parser.add_argument("--build", default="build", help="the build folder [build]")
    parser.add_argument("--ranks", type=int, help="ranks a case [the file's, else the cores], at most its workers")
    parser.add_argument("--timeout", type=float, help="seconds a case may take [the file's, else no limit]")
    parser.add_argument("--only", default="", metavar="REGEX", help="only cases whose case string matches")
    parser.add_argument("--set", action="append", default=[], metavar="OPTION=VALUE", help="above the file's options")
    parser.add_argument("--results", default=str(ROOT / "results/runs"), help="where sweeps go [results/runs]")
    parser.add_argument("--dry-run", action="store_true", help="print the commands only")
    options = parser.parse_args(arguments)
    if options.ranks is not None and options.ranks < 1:
        parser.error(f"--ranks must be positive, not {options.ranks}")
    if bad := [text for text in options.set if "=" not in text]:
        parser.error(f"--set wants OPTION=VALUE, not {bad[0]}")
    try:
        return act(options)
    except (grid.SweepError, launch.LaunchError) as error:
        print(f"sweep: {error}", file=sys.stderr)
        return 1


def act(options):
    train = (Path(options.build) / "bin/train").resolve()
    sweep = grid.read(options.file, train, options.set)
    sweep.ranks = options.ranks or sweep.ranks
    sweep.timeout = options.timeout or sweep.timeout
    folder = Path(options.results).resolve() / sweep.name
    cases = [case for case in sweep.cases if re.search(options.only, case.text)]
    if not cases:
        raise grid.SweepError(f"no case of {options.file} matches '{options.only}'")
    if sweep.merged:
        print(f"{sweep.name}: merged {sweep.merged} repeated combinations")
    if options.verb == "list":
        for case in cases:
            print(case.text)
        return 0
    if options.verb == "status":
        states = []
        for case in cases:
            state, sentence = CaseFiles(folder, case).state()
            states.append(state)
            print(f"{state:<11}  {case.text}" + (f"  {sentence}" if state in (FAILED, FOREIGN, RUNNING) else ""))
        print(f"{sweep.name}: {tally(states)}")
        return 0
    runner = Runner(sweep, folder, train, Display())
    if options.dry_run:
        for case in cases:
            print(shlex.join(runner.command(case, CaseFiles(folder, case))))
        return 0
    return runner.run(cases)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
