"""The kernel benchmark's command line: rows that can be run again by their names, files beside them, refusals, counts."""

import json
import os
import subprocess
import tempfile
import unittest
from pathlib import Path

import cuda_build

ROOT = Path(__file__).resolve().parent.parent
BUILD = Path(os.environ.get("SKEWBENCH_BUILD", ROOT / "build"))
ROW = "relu/forward/lenet.relu1/n:8/host/own/hot"


def run(program, *arguments):
    return subprocess.run([str(BUILD / program), *arguments], cwd=ROOT, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=120)


class BenchKernelsTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)

    def refused(self, *arguments, program="bin/bench_kernels"):
        done = run(program, *arguments)
        self.assertNotEqual(done.returncode, 0)
        self.assertEqual(done.stdout, "")
        self.assertEqual(len(done.stderr.splitlines()), 1, done.stderr)
        return done.stderr

    def test_a_row_runs_again_by_its_name(self):
        self.assertIn(ROW, run("bin/bench_kernels", "--list").stdout.splitlines())
        out = self.folder / "deeper" / "rows"
        done = run("bin/bench_kernels", "--only", f"^{ROW}$", "--min-time", "0.001", "--out", str(out))
        self.assertEqual(done.returncode, 0, done.stderr)
        heading, _, row = done.stdout.splitlines()[-3:]
        self.assertEqual(row.split()[0], "PASSED", done.stdout)
        self.assertEqual(heading.split()[1] + "/" + row.split()[1], ROW)
        self.assertLessEqual(max(map(len, done.stdout.splitlines())), 80, done.stdout)
        header, row = map(json.loads, Path(f"{out}.jsonl").read_text().splitlines())
        self.assertEqual((header["schema"], row["case"], row["verdict"]), (1, ROW, "PASSED"))
        self.assertLessEqual(row["t_min_s"], row["t_p50_s"])
        self.assertEqual(row["least_bytes_read"], 4 * 8 * 6272)
        import h5py

        with h5py.File(f"{out}.h5") as file:
            self.assertEqual(file["rows/case"][0].decode(), ROW)
            self.assertEqual(file["rows/t_p50_s"][0], row["t_p50_s"])

    def test_refusals(self):
        self.assertIn("no row fits", self.refused("--only", "no such row"))
        self.assertIn("there is no folder", self.refused("--shapes", str(self.folder / "none")))
        (self.folder / "a.txt").write_text("fold x count3\n")
        self.assertIn("a.x: nobody knows the operation fold", self.refused("--shapes", str(self.folder)))
        self.assertIn("cannot be written", self.refused("--only", ROW, "--out", "/proc/none/rows"))

    @unittest.skipUnless(cuda_build.HAS_KERNELS, cuda_build.WHY_NONE)
    def test_translated_kernels_count_and_are_no_gpu(self):
        counts = self.folder / "counts.json"
        done = run("cuda_on_cpu/bin/bench_kernels", "--place", "device", "--batches", "1", "--only", "relu/backward/lenet", "--counts", str(counts))
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        rows = [line for line in done.stdout.splitlines() if line.startswith("PASSED")]
        self.assertTrue(rows and all(row.endswith("not a GPU timing") for row in rows), done.stdout)
        cases = json.loads(counts.read_text())
        self.assertGreaterEqual(len(cases), 2)
        for case in cases:
            self.assertNotIn("t_p50_s", case)
            self.assertGreater(case["launches"][0]["instructions"], 0)
            self.assertEqual(case["launches"][0]["bytes_written"], case["least_bytes_written"])
        self.assertIn("there is no GPU here", self.refused("--needs-gpu", program="cuda_on_cpu/bin/bench_kernels"))

    @unittest.skipUnless(cuda_build.HAS_KERNELS, cuda_build.WHY_NONE)
    def test_too_much_for_a_translated_kernel_is_skipped(self):
        done = run("cuda_on_cpu/bin/bench_kernels", "--place", "device", "--batches", "8", "--only", "relu/forward/lenet", "--limit", "10")
        self.assertEqual(done.returncode, 0)
        self.assertIn("too many for a translated kernel", done.stdout)
        self.assertNotIn("PASSED", done.stdout)
