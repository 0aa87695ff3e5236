"""The sweep runner against a fake driver and a fake mpirun (shell scripts): resume, failure, interruption, bad files."""

import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
import unittest
from pathlib import Path

import h5py

JOBS = Path(__file__).resolve().parent

# Options lr, workers, skew, epochs, trajectory. The skew says what happens: fail, hang, crash, silent (no file).
# --show-case names the case as the driver does; each start is noted in "starts".
TRAIN = r"""#!/bin/bash
here=$(dirname "$0")
lr=0.05 workers=16 skew=iid out= show=
if [ "$1" = --list ]; then
  printf 'model\tlenet\ta network\n'
  for name in lr workers skew epochs trajectory; do printf 'option\t%s\tsomething\n' $name; done
  exit 0
fi
while [ $# -gt 0 ]; do
  case $1 in
    --lr) lr=$2; shift 2 ;;
    --workers) workers=$2; shift 2 ;;
    --skew) skew=$2; shift 2 ;;
    --epochs) shift 2 ;;
    --out) out=$2; shift 2 ;;
    --show-case) show=1; shift ;;
    *) shift ;;
  esac
done
case_string="train:fashion_mnist/lenet/group/ring/n$workers/$skew/d_psgd/seed1/lr=$lr"
if [ -n "$show" ]; then
  [ "$skew" = impossible ] && { echo "train: the skew 'impossible' is impossible" >&2; exit 1; }
  echo "$case_string"
  exit 0
fi
echo "$case_string" >>"$here/starts"
echo "epoch 1.00  loss 0.412 [0.398 0.455]  accuracy 85.3 % [83.9 86.0]  average 85.9 %  consensus 0.12  12.3 s"
case $skew in
  fail) echo "train: the data ran away" >&2; echo ------- >&2; exit 1 ;;
  crash) kill -SEGV $$ ;;
  silent) exit 0 ;;
  hang) trap 'echo stopped >>"$here/stopped"; exit 1' TERM; : >"$here/hangs"; while :; do sleep 0.05; done ;;
esac
cp "$here/template.h5" "$out.part" && python_case="$case_string" "$PYTHON" "$here/finish.py" "$out"
"""

FINISH = """
import os, sys, h5py
with h5py.File(sys.argv[1] + ".part", "a") as file:
    file.attrs["case"] = os.environ["python_case"]
    file.attrs["verdict"] = "DIVERGED" if "/diverge/" in os.environ["python_case"] else "PASSED"
os.rename(sys.argv[1] + ".part", sys.argv[1])
"""

MPIRUN = """#!/bin/bash
[ "$1" = --version ] && { echo "mpirun (Open MPI) 4.1.4"; exit 0; }
while [ "${1#-}" != "$1" ]; do
  case $1 in -np) echo "$2" >>"$(dirname "$0")/ranks"; shift 2 ;; *) shift ;; esac
done
exec "$@"
"""


class SweepTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = Path(folder.name)
        self.bin = self.root / "build/bin"
        self.bin.mkdir(parents=True)
        for name, text in (("train", TRAIN), ("mpirun", MPIRUN), ("finish.py", FINISH)):
            (self.bin / name).write_text(text)
            (self.bin / name).chmod(0o755)
        h5py.File(self.bin / "template.h5", "w").close()
        self.file = self.root / "sweep.toml"
        self.results = self.root / "runs"

    def write(self, body, head='name = "trial"\nreason = "a test"\n'):
        self.file.write_text(head + body)

    def command(self, verb, *more):
        return [sys.executable, str(JOBS / "sweep.py"), verb, str(self.file), "--build", str(self.root / "build"),
                "--results", str(self.results), *more]

    @property
    def environment(self):
        return {**os.environ, "MPIRUN": str(self.bin / "mpirun"), "PYTHON": sys.executable}

    def sweep(self, verb, *more):
        done = subprocess.run(self.command(verb, *more), env=self.environment, timeout=60, text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        return done.returncode, done.stdout

    def starts(self):
        path = self.bin / "starts"
        return [re.search(r"/n16/(\w+)/", line)[1] for line in path.read_text().splitlines()] if path.exists() else []

    def test_a_list_is_an_axis_and_equal_cases_are_merged(self):
        self.write('[defaults]\nworkers = 8\n[[grid]]\nskew = ["iid", "label"]\nlr = [0.1, 0.2]\n[[grid]]\nskew = "iid"\nlr = 0.1\n')
        code, output = self.sweep("list")
        self.assertEqual(code, 0)
        cases = [line for line in output.splitlines() if line.startswith("train:")]
        self.assertEqual([re.sub(r".*/n8/(\w+)/.*lr=(.*)", r"\1 \2", case) for case in cases],
                         ["iid 0.1", "iid 0.2", "label 0.1", "label 0.2"])
        self.assertIn("merged 1 repeated", output)

    def test_finished_cases_are_skipped_and_one_more_runs_alone(self):
        self.write('[[grid]]\nskew = ["iid", "label"]\n')
        code, output = self.sweep("run")
        self.assertEqual(code, 0, output)
        self.assertIn("2 finished", output)
        files = sorted(path.name for path in (self.results / "trial").iterdir())
        stem = "train_fashion_mnist_lenet_group_ring_n16_iid_d_psgd_seed1_lr=0.05"
        self.assertEqual(files[:2], [f"{stem}.h5", f"{stem}.log"])
        self.write('[[grid]]\nskew = ["iid", "label", "third"]\n')
        code, output = self.sweep("run")
        self.assertEqual(code, 0, output)
        self.assertEqual(self.starts(), ["iid", "label", "third"])
        self.assertIn("2 with a result, 1 to run", output)

    def test_a_failed_case_stays_visible_and_stops_nothing(self):
        self.write('[[grid]]\nskew = ["fail", "crash", "silent", "diverge", "iid"]\n')
        code, output = self.sweep("run")
        self.assertEqual(code, 1, output)
        self.assertEqual(self.starts(), ["fail", "crash", "silent", "diverge", "iid"])
        self.assertIn("1 finished, 1 diverged, 3 failed", output)
        summary = output[output.index("3 failed") :]
        self.assertIn("train: the data ran away", summary)
        self.assertIn("SIGSEGV", summary)
        self.assertIn("exit code 0, but no result file", summary)
        log = re.search(r"log: (\S*fail\S*)", summary)[1]
        self.assertIn("train: the data ran away", Path(log).read_text())
        code, output = self.sweep("status")
        self.assertIn("1 finished, 1 diverged, 3 failed", output)
        self.sweep("run")
        self.assertEqual(self.starts()[5:], ["fail", "crash", "silent"], "failed cases run again, finished ones do not")

    def test_a_case_over_its_time_is_killed_and_fails(self):
        self.write('[[grid]]\nskew = ["hang", "iid"]\n')
        code, output = self.sweep("run", "--timeout", "4")
        self.assertEqual(code, 1, output)
        self.assertIn("still running after 4 s", output)
        self.assertIn("1 finished, 1 failed", output)

    def interrupt(self, number):
        self.write('[[grid]]\nskew = ["iid", "hang", "label"]\n')
        process = subprocess.Popen(self.command("run"), env=self.environment, text=True, start_new_session=True,
                                   stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        deadline = time.monotonic() + 30
        while not (self.bin / "hangs").exists() and time.monotonic() < deadline:
            time.sleep(0.02)
        process.send_signal(number)
        output, _ = process.communicate(timeout=30)
        return process.returncode, output

    def test_an_interruption_ends_the_child_and_the_same_command_continues(self):
        for number in (signal.SIGINT, signal.SIGTERM):
            with self.subTest(number=number):
                self.setUp()
                code, output = self.interrupt(number)
                self.assertEqual(code, 128 + number, output)
                self.assertIn("1 finished, 1 interrupted, 1 waiting", output)
                self.assertIn("the same command continues", output)
                self.assertEqual((self.bin / "stopped").read_text(), "stopped\n", "the child was told to end")
                self.assertIn("interrupted  train:", self.sweep("status")[1])
                text = (self.bin / "train").read_text().replace("  hang) ", "  never) ")
                (self.bin / "train").write_text(text)
                code, output = self.sweep("run")
                self.assertEqual(code, 0, output)
                self.assertEqual(self.starts(), ["iid", "hang", "hang", "label"])

    def test_bad_sweep_files_are_refused_by_name_before_anything_runs(self):
        grid = '[[grid]]\nskew = "iid"\n'
        head = 'name = "trial"\nreason = "r"\n'
        cases = [
            (head + '[[grid]]\nskw = "iid"\n', "unknown option in .* 'skw'; did you mean 'skew'"),
            (head + "[defaults]\nworker = 3\n" + grid, "'worker'; did you mean 'workers'"),
            (head + "rank = 2\n" + grid, "unknown key in .* 'rank'; did you mean 'ranks'"),
            (head + "ranks = 0\n" + grid, "'ranks' must be positive"),
            (head + 'ranks = "two"\n' + grid, "'ranks' has the wrong type"),
            (head + '[[grid]]\nout = "x"\n', "'out' cannot be set"),
            (head + "[[grid]]\nlr = []\n", "'lr' must be a string"),
            (head + "[defaults]\nlr = [0.1, 0.2]\n" + grid, "'lr' must be a string"),
            (head + '[[grid]]\nskew = ["iid", "impossible"]\n', "train: the skew 'impossible' is impossible .in --skew"),
            (head, "needs 'grid'"),
            ('name = "trial"\n' + grid, "needs 'reason'"),
            ('name = "../x"\nreason = "r"\n' + grid, "cannot be a folder's name"),
            ("name = trial\n", "not valid TOML"),
        ]
        for text, sentence in cases:
            with self.subTest(sentence=sentence):
                self.write(text, head="")
                code, output = self.sweep("run")
                self.assertEqual(code, 1, output)
                self.assertRegex(output, f"^sweep: .*{sentence}")
                self.assertEqual(len(output.splitlines()), 1, output)
        self.assertEqual(self.starts(), [])

    def test_a_foreign_file_in_the_place_of_a_result_is_an_error_and_stays(self):
        self.write('[[grid]]\nskew = "iid"\n')
        self.sweep("run")
        result = next((self.results / "trial").glob("*.h5"))
        result.write_text("not HDF5")
        code, output = self.sweep("run")
        self.assertEqual(code, 1)
        self.assertIn("is not a result file", output)
        self.assertEqual(result.read_text(), "not HDF5")
        with h5py.File(result, "w") as file:
            file.attrs["case"], file.attrs["verdict"] = "train:other", "PASSED"
        self.assertIn("holds another case: train:other", self.sweep("status")[1])

    def test_ranks_are_at_most_the_workers_and_a_dry_run_starts_nothing(self):
        self.write("ranks = 3\n[[grid]]\nworkers = [2, 16]\n")
        code, output = self.sweep("run", "--dry-run")
        self.assertEqual(code, 0)
        self.assertEqual(re.findall(r"-np (\d+)", output), ["2", "3"])
        self.assertEqual(re.findall(r"-np (\d+)", self.sweep("run", "--dry-run", "--ranks", "1")[1]), ["1", "1"])
        self.assertEqual(self.starts(), [])
        self.assertIn("--lr 0.5", self.sweep("run", "--dry-run", "--set", "lr=0.5")[1])
        self.assertRegex(self.sweep("run", "--only", "nothing")[1], "no case of .* matches 'nothing'")

    def test_a_launcher_that_is_missing_is_named(self):
        self.write('[[grid]]\nskew = "iid"\n')
        done = subprocess.run(self.command("run"), env={**self.environment, "MPIRUN": "no_such_mpirun"}, text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        self.assertEqual((done.returncode, done.stdout), (1, "sweep: MPIRUN=no_such_mpirun is not a command\n"))

    def test_a_terminal_of_80_columns_gets_one_line_that_never_wraps(self):
        self.write('[[grid]]\nskew = ["iid", "hang"]\n')
        code = ("import os, pty, sys\nos.environ['COLUMNS'] = '80'\n"
                "sys.exit(os.waitstatus_to_exitcode(pty.spawn(%s)))" % json.dumps(self.command("run", "--timeout", "1")))
        done = subprocess.run([sys.executable, "-c", code], env=self.environment, stdin=subprocess.DEVNULL, timeout=60,
                              stdout=subprocess.PIPE)
        changing = re.findall(r"\r\x1b\[K([^\r\n]+)", done.stdout.decode())
        self.assertTrue(any("[2/2]" in line and "epoch 1.00" in line and "left" in line for line in changing), done.stdout)
        self.assertLessEqual(max(map(len, [line for line in changing if "epoch" in line])), 79)
        self.assertEqual(done.returncode, 1)


if __name__ == "__main__":
    unittest.main()
