"""Running on a GPU: without one it says so in one sentence; with one (a stand-in here) it keeps what was printed."""

import shutil
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path
from unittest import mock

import gpu_run

JOBS = Path(__file__).resolve().parent


class GpuRunTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)

    def test_without_a_gpu_it_is_one_sentence(self):
        reason = gpu_run.why_no_gpu()
        if not reason:
            self.skipTest("there is a GPU here")
        for what in ("check", "test", "bench"):
            done = subprocess.run([sys.executable, str(JOBS / "gpu_run.py"), what, "--results", str(self.folder / "none")], text=True,
                                  stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
            self.assertEqual((done.returncode, done.stdout), (1, f"gpu_run: {reason}\n"))
        self.assertFalse((self.folder / "none").exists())

    def test_a_missing_driver_is_named(self):
        if shutil.which("nvcc"):
            self.assertEqual(gpu_run.why_no_gpu("libno_such_driver.so.1"), "there is no GPU here: no NVIDIA driver is installed")
        else:
            self.assertIn("no nvcc", gpu_run.why_no_gpu("libno_such_driver.so.1"))

    def script(self, name, body):
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("#!/bin/sh\n" + body)
        path.chmod(0o755)
        return path

    def run_main(self, what, *more):
        with mock.patch.object(gpu_run, "why_no_gpu", return_value=""):
            code = gpu_run.main([what, "--build", str(self.folder / "build"), "--results", str(self.folder / "results"), *more])
        files = sorted((self.folder / "results").glob("*.txt"))
        return code, files[-1].read_text()

    def test_bench_keeps_what_was_printed(self):
        self.script("build/bin/bench_kernels", "echo row of $2, $6 $7; exit 3\n")
        code, text = self.run_main("bench", "--batches", "32")
        self.assertEqual(code, 3)
        self.assertIn("row of device, --batches 32", text)
        self.assertRegex(text, r"(?m)^# revision: [0-9a-f]{40}$|^# revision: ")
        self.assertIn("exit code 3", text)

    def test_a_sanitizer_that_finds_something_fails(self):
        self.script("build/gpu/tests/kernels/a/a_cuda_test", "exit 0\n")
        self.script("build/gpu/tests/kernels/gone/gone_cuda_test", "exit 0\n")  # its source is not there any more
        tool = self.script("compute-sanitizer", "echo sanitizer $2; [ $2 != racecheck ]\n")
        which = shutil.which
        with mock.patch.object(gpu_run, "run_and_keep", side_effect=self.kept(gpu_run.run_and_keep)), \
             mock.patch.object(gpu_run.run_tests, "sources", return_value=["kernels/a/a_cuda_test", "kernels/a/a_test"]), \
             mock.patch.object(gpu_run.shutil, "which", side_effect=lambda name: str(tool) if name == "compute-sanitizer" else which(name)):
            code, text = self.run_main("test")
        self.assertEqual(code, 1)
        self.assertIn("FAILED: 5 runs, 1 of them failed", text)
        self.assertNotIn("gone_cuda_test", text)
        self.assertRegex(text, r"(?m)^ok    initcheck +a_cuda_test .*  sanitizer initcheck$")
        self.assertRegex(text, r"(?m)^FAIL  racecheck +a_cuda_test .*exit code 1 .*\nsanitizer racecheck$")

    def kept(self, original):
        """The suite's own test runner is not started: it would look for every test of the tree."""
        return lambda command, out: 0 if "jobs/run_tests.py" in map(str, command) else original(command, out)
