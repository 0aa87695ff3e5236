"""The test runner's own counting, on fake test programs (shell scripts): whatever is wrong must be counted as failed."""

import os
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time
import unittest
from pathlib import Path

import run_tests

JOBS = Path(__file__).resolve().parent

RUN = "[ RUN      ] {0}"
OK, FAIL, SKIP = "[       OK ] {0} (1 ms)", "[  FAILED  ] {0} (1 ms)", "[  SKIPPED ] {0} (0 ms)"


def ran(number):
    return f"[==========] {number} tests from 1 test suite ran. (3 ms total)"


def alive(pid):
    """Killed and not yet reaped counts as dead."""
    try:
        return Path(f"/proc/{pid.read_text().strip()}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


class CountTest(unittest.TestCase):
    def count(self, *lines, exit_code=0):
        report = run_tests.count("\n".join(lines), exit_code)
        return report.passed, report.failed, len(report.skips), report.problem

    def test_outcomes(self):
        self.assertEqual(self.count(OK.format("A.a"), OK.format("A.b"), ran(2)), (2, 0, 0, ""))
        self.assertEqual(self.count(OK.format("A.a"), FAIL.format("A.b"), ran(2), "[  FAILED  ] A.b", exit_code=1), (1, 1, 0, ""))
        failed = "[  FAILED  ] P/A.b/3, where GetParam() = (4, 0x1 (odd)) (12 ms)"
        self.assertEqual(self.count(failed, ran(1), exit_code=1), (0, 1, 0, ""))
        self.assertEqual(self.count("no newline before" + OK.format("A.a"), ran(1)), (1, 0, 0, ""))

    def test_a_crash_counts_as_failed_beside_what_passed(self):
        self.assertEqual(self.count(OK.format("A.a"), RUN.format("A.b"), exit_code=-signal.SIGSEGV), (1, 1, 0, "killed by SIGSEGV"))
        self.assertEqual(self.count(OK.format("A.a"), exit_code=1)[:2], (1, 1))
        self.assertEqual(self.count(OK.format("A.a"), exit_code=0)[:2], (1, 1), "an early exit(0) is no success")
        self.assertEqual(self.count(OK.format("A.a"), ran(1), exit_code=3)[:2], (1, 1), "a rank that failed silently")

    def test_no_tests_and_lost_tests_count_as_failed(self):
        self.assertEqual(self.count("[==========] 0 tests from 0 test suites ran. (0 ms total)"), (0, 1, 0, "has no tests"))
        self.assertEqual(self.count(""), (0, 1, 0, "ended before its last test, exit code 0"))
        self.assertEqual(self.count(OK.format("A.a"), ran(2))[:2], (1, 1))

    def test_skips_carry_their_reason(self):
        report = run_tests.count("\n".join([RUN.format("A.a"), "a_test.cc:3: Skipped", "no CUDA", "device", "", SKIP.format("A.a"),
                                            RUN.format("A.b"), SKIP.format("A.b"), ran(2), "  YOU HAVE 1 DISABLED TEST"]), 0)
        self.assertEqual(report.skips, [("A.a", "no CUDA device"), ("A.b", "no reason given"),
                                        ("a disabled test", "disabled in its source")])
        self.assertEqual((report.passed, report.failed), (0, 0))


class ProgramTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = Path(folder.name)
        self.build = self.root / "build"
        mpirun = self.root / "mpirun"
        mpirun.write_text("#!/bin/bash\n[ $1 = --version ] && { echo 'mpirun (Open MPI) 4.1.4'; exit; }\n"
                          "[ $1 = -np ] || exit 1\nexport RANKS=$2; exec \"${!#}\"\n")
        mpirun.chmod(0o755)

    def program(self, name, body, source="", tests="tests"):
        path = self.build / tests / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("#!/bin/bash\n" + body)
        path.chmod(0o755)
        cc = self.root / f"{name}.cc"
        cc.parent.mkdir(parents=True, exist_ok=True)
        cc.write_text(source)

    def passing(self, number=1):
        return "".join(f"echo '{OK.format(f'A.t{i}')}'\n" for i in range(number)) + f"echo '{ran(number)}'\n"

    def command(self, *more):
        return [sys.executable, str(JOBS / "run_tests.py"), "--build", str(self.build), "--root", str(self.root), *more]

    def run_all(self, *more):
        done = subprocess.run(self.command(*more), env={**os.environ, "MPIRUN": str(self.root / "mpirun")}, text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=60)
        return done.returncode, done.stdout, done.stdout.splitlines()[-1]

    def test_the_last_line_and_the_exit_code(self):
        self.program("kernels/a_test", "echo '| 3 tried'\necho 'nobody asked'\n" + self.passing(2))
        code, output, last = self.run_all()
        self.assertEqual((code, last), (0, "2 passed, 0 failed, 0 skipped"))
        self.assertIn("\n      | 3 tried\n", output)
        self.assertNotIn("nobody asked", output)
        self.program("kernels/b_test", f"echo 'why it failed'; echo '{FAIL.format('B.b')}'; echo '{ran(1)}'; exit 1\n")
        code, output, last = self.run_all()
        self.assertEqual((code, last), (1, "2 passed, 1 failed, 0 skipped"))
        self.assertIn("why it failed", output)
        self.assertIn("failed: kernels/b_test", output)
        self.assertEqual(self.run_all("--only", "a_test")[::2], (0, "2 passed, 0 failed, 0 skipped"))
        self.assertEqual(self.run_all("--only", "nothing")[::2], (1, "0 passed, 0 failed, 0 skipped"))

    def test_only_skips_is_no_success(self):
        self.program("kernels/a_test", f"echo 'a.cc:1: Skipped'; echo 'no GPU'; echo; echo '{SKIP.format('A.a')}'; echo '{ran(1)}'\n")
        code, output, last = self.run_all()
        self.assertEqual((code, last), (1, "0 passed, 0 failed, 1 skipped"))
        self.assertIn("SKIPPED A.a: no GPU", output)

    def test_a_crash_a_hang_and_an_unbuilt_test_fail(self):
        self.program("kernels/crash_test", "kill -SEGV $$\n")
        self.program("kernels/empty_test", "exit 0\n")
        pid = self.root / "pid"
        self.program("kernels/hang_test", f"trap '' TERM\n(trap '' TERM; echo $BASHPID > {pid}; sleep 100) &\nwait; sleep 100\n")
        (self.root / "comm").mkdir()
        (self.root / "comm/unbuilt_test.cc").write_text("")
        begin = time.monotonic()
        code, output, last = self.run_all("--timeout", "1")
        self.assertEqual((code, last), (1, "0 passed, 4 failed, 0 skipped"))
        for words in ("killed by SIGSEGV", "ended before its last test", "still running after 1 s", "is not built"):
            self.assertIn(words, output)
        self.assertFalse(alive(pid), "what the test started is gone too")
        self.assertLess(time.monotonic() - begin, 30)

    def test_an_mpi_test_runs_at_each_number_of_ranks(self):
        self.program("comm/x_mpi_test", 'echo "on $RANKS ranks"\n' + self.passing(), "int a;\n// ranks: 1 2 5\n// full ranks: 1 8\n")
        code, output, last = self.run_all()
        self.assertEqual((code, last), (0, "3 passed, 0 failed, 0 skipped"), output)
        self.assertEqual(re.findall(r"on (\d) rank", output), ["5", "2", "1"])
        self.assertEqual(re.findall(r"on (\d) rank", self.run_all("--full")[1]), ["8", "1"])
        self.program("comm/x_mpi_test", self.passing(), "int a;\n")
        self.assertRegex(self.run_all()[1], 'has no line "// ranks')

    def test_a_cuda_test_runs_once_for_each_order(self):
        say = 'echo "order $SKEWBENCH_CUDA_ORDER ranks $RANKS"\n' + self.passing()
        self.program("kernels/a_cuda_test", say, tests="cuda_on_cpu/tests")
        self.program("comm/b_cuda_mpi_test", say, "// ranks: 1 2\n", tests="cuda_on_cpu/tests")
        code, output, last = self.run_all("--cuda", "on_cpu")
        self.assertEqual((code, last), (0, "5 passed, 0 failed, 0 skipped"), output)
        for name in ("kernels/a_cuda_test, reversed", "kernels/a_cuda_test, random:1", "comm/b_cuda_mpi_test on 2 ranks, forward"):
            self.assertIn(name, output)
        self.assertEqual(self.run_all("--cuda", "on_cpu", "--full")[2], "9 passed, 0 failed, 0 skipped")
        self.program("kernels/a_cuda_test", f"[ $SKEWBENCH_CUDA_ORDER != reversed ] || exit 1\n{self.passing()}", tests="cuda_on_cpu/tests")
        self.assertEqual(self.run_all("--cuda", "on_cpu", "--only", "a_cuda")[2], "2 passed, 1 failed, 0 skipped")

    def test_a_cuda_test_finds_what_it_wants_in_its_environment(self):
        self.program("kernels/a_cuda_test", f'[ "$CHECKS,$OTHER" = 0,x=y ] || exit 1\n{self.passing()}',
                     "int a;\n// environment: CHECKS=0 OTHER=x=y\n// full environment: CHECKS=1\n", tests="cuda_on_cpu/tests")
        self.assertEqual(self.run_all("--cuda", "on_cpu")[2], "3 passed, 0 failed, 0 skipped")
        self.assertEqual(self.run_all("--cuda", "on_cpu", "--full")[2], "0 passed, 3 failed, 0 skipped")

    def test_without_nvcc_cuda_tests_are_skipped_by_name(self):
        self.program("kernels/a_test", self.passing())
        (self.root / "kernels/a_cuda_test.cc").write_text("")
        (self.root / "kernels/cuda_on_cpu").mkdir()
        (self.root / "kernels/cuda_on_cpu/b_test.cc").write_text("")
        code, output, last = self.run_all("--cuda", "none")
        self.assertEqual((code, last), (0, "1 passed, 0 failed, 2 skipped"), output)
        self.assertIn("SKIPPED kernels/a_cuda_test: no nvcc", output)
        self.assertEqual(self.run_all("--cuda", "on_cpu")[2], "1 passed, 2 failed, 0 skipped", "with nvcc they must be built")
        self.assertEqual(self.run_all("--cuda", "gpu")[::2], (1, "0 passed, 1 failed, 0 skipped"))

    def test_mutants_are_tried_where_an_operation_has_kernels(self):
        (self.root / "kernels/a").mkdir(parents=True)
        (self.root / "kernels/a/a_v1.cu").write_text("")
        self.program("kernels/a/a_cuda_test", self.passing(), tests="cuda_on_cpu/tests")
        self.assertEqual(self.run_all("--cuda", "on_cpu", "--mutants", "one", "--only", "mutants")[2], "0 passed, 1 failed, 0 skipped", "not built")
        for folder, option in (("mutants", "--children"), ("samples", "--no-such-option")):
            program = self.root / "build/cuda_on_cpu" / folder / "a"
            program.parent.mkdir(parents=True)
            program.write_text(f"#!/bin/sh\necho arguments $*\n[ $5 = {option} ] && {{ {self.passing()} exit; }}\nexit 1\n")
            program.chmod(0o755)
        self.assertEqual(self.run_all("--cuda", "on_cpu", "--full", "--only", "mutants")[2], "1 passed, 0 failed, 0 skipped")
        output = self.run_all("--cuda", "on_cpu", "--only", "mutants")[1]
        self.assertIn("arguments --equivalent kernels/a/equivalent_mutants.txt --ptx ", output)
        self.assertIn("build/cuda/kernels/a --sample 1", output)
        self.assertEqual(self.run_all("--cuda", "none", "--only", "mutants")[2], "0 passed, 0 failed, 1 skipped")
        self.assertEqual(self.run_all("--cuda", "on_cpu", "--mutants", "none", "--only", "mutants")[2], "0 passed, 0 failed, 0 skipped")

    def test_python_tests_are_counted_the_same_way(self):
        (self.root / "analysis").mkdir()
        (self.root / "analysis/__init__.py").write_text("")
        (self.root / "analysis/a_test.py").write_text("""
import unittest
class T(unittest.TestCase):
    def test_good(self): pass
    def test_bad(self):
        for i in range(3):
            with self.subTest(i=i): self.assertEqual(i, 1)
    def test_error(self): raise KeyError("gone")
    def test_skip(self): self.skipTest("no browser")
    @unittest.skip("not today")
    def test_decorated(self): pass
    @unittest.expectedFailure
    def test_expected(self): self.fail()
class Broken(unittest.TestCase):
    @classmethod
    def setUpClass(cls): raise OSError("no disk")
    def test_never(self): pass
class Absent(unittest.TestCase):
    @classmethod
    def setUpClass(cls): raise unittest.SkipTest("no printer")
    def test_never(self): pass
""")
        (self.root / "analysis/b_test.py").write_text("import no_such_module\n")
        (self.root / "analysis/c_test.py").write_text("")
        code, output, last = self.run_all()
        # c: bad, error, Broken; b: cannot be imported; a: no tests.
        self.assertEqual((code, last), (1, "2 passed, 5 failed, 3 skipped"), output)
        for words in ("no browser", "not today", "no printer", "no disk", "no_such_module", "has no tests", "KeyError: 'gone'"):
            self.assertIn(words, output)

    def test_an_interruption_ends_what_runs(self):
        pid = self.root / "pid"
        self.program("kernels/hang_test", f"echo $$ > {pid}.part; mv {pid}.part {pid}; exec sleep 100\n")
        process = subprocess.Popen(self.command(), stdout=subprocess.PIPE, text=True)
        deadline = time.monotonic() + 20
        while not pid.exists() and time.monotonic() < deadline:
            time.sleep(0.02)
        process.send_signal(signal.SIGTERM)
        output, _ = process.communicate(timeout=20)
        self.assertEqual(process.returncode, 143, output)
        self.assertFalse(alive(pid))


class OrderTest(unittest.TestCase):
    def test_a_run_of_all_cores_starts_in_its_turn(self):
        with tempfile.TemporaryDirectory() as folder:
            log = Path(folder) / "log"
            log.touch()
            runner = run_tests.Runner(Path(folder), Path(folder), 20)
            runner.cores = runner.free = 2

            def start(name, ranks, seconds):
                run = run_tests.Run(name, ["sh", "-c", f"echo {name} >> {log}; sleep {seconds}"], ranks)
                thread = threading.Thread(target=runner.execute, args=(run,))
                thread.start()
                while not (run in runner.waiting or name in log.read_text()):
                    time.sleep(0.01)
                return thread

            threads = [start("long", 1, 0.5), start("large", 2, 0), start("small", 1, 0)]
            for thread in threads:
                thread.join()
            self.assertEqual(log.read_text().split(), ["long", "large", "small"])


if __name__ == "__main__":
    unittest.main()
