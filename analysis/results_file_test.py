"""Reading result files: complete ones, those of a running or killed process, and everything that is not one."""

import os
import tempfile
import unittest
from pathlib import Path

import h5py
import numpy as np

from analysis.example_results import write_example
from analysis.results_file import UnreadableResult, read_folder, read_run

ACCURACY = [[0.1, 0.1], [0.5, 0.6], [0.7, 0.8]]


class ResultsFileTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)

    def write(self, **more):
        return write_example(self.folder, {"workers": "2", **more.pop("options", {})}, **{"accuracy": ACCURACY, **more})

    def refused(self, path):
        with self.assertRaises(UnreadableResult) as raised:
            read_run(path)
        sentence = str(raised.exception)
        self.assertIn(path.name, sentence)
        self.assertNotIn("\n", sentence)
        return sentence

    def test_a_complete_file(self):
        run = read_run(self.write())
        self.assertEqual((run.state, run.verdict, run.ended), ("complete", "PASSED", "2024-05-01T10:01:00Z"))
        self.assertEqual(run.case, "train:fashion_mnist/lenet/group/ring/n2/iid/d_psgd/seed1")
        mean, worst, average = run.accuracy_percent()
        np.testing.assert_allclose(mean, [10, 55, 75])
        np.testing.assert_allclose(worst, [10, 50, 70])
        np.testing.assert_allclose(average, [10, 55, 75])
        np.testing.assert_allclose(run.payload_per_worker(), [0, 10000, 20000])

    def test_training_seconds_are_without_the_slowest_ranks_evaluation(self):
        np.testing.assert_allclose(read_run(self.write(seconds_per_row=10, evaluation_seconds=2)).training_seconds(), [0, 8, 16])

    def test_label_skew_of_equal_and_of_disjoint_classes(self):
        self.assertEqual(read_run(self.write(histogram=np.full((2, 10), 5))).label_skew(), 0)
        self.assertAlmostEqual(read_run(self.write(histogram=np.array([[8, 0], [0, 8]]))).label_skew(), 0.5)

    def test_what_a_killed_writer_leaves_is_read(self):
        path = self.write(state="running")
        with self.assertRaises(OSError):  # else this test does not see a file in SWMR mode
            h5py.File(path, "r")
        run = read_run(path)
        self.assertEqual((run.state, run.verdict, run.ended), ("running", "NOT_VERIFIED", ""))
        self.assertEqual(run.evaluations, 3)

    def test_a_running_file_of_a_dead_process_is_interrupted(self):
        child = os.fork()
        if child == 0:
            os._exit(0)
        os.waitpid(child, 0)
        self.assertEqual(read_run(self.write(state="running", pid=child)).state, "interrupted")
        self.assertEqual(read_run(self.write(state="interrupted")).state, "interrupted")
        # This process began later than the run: it has the pid by chance.
        self.assertEqual(read_run(self.write(state="running", started="2001-01-01T00:00:00Z")).state, "interrupted")

    def test_rows_of_a_running_file_are_cut_to_the_shortest_dataset(self):
        path = self.write()
        with h5py.File(path, "a") as file:
            file["loss"].resize(2, axis=0)
        run = read_run(path)
        self.assertEqual({len(values) for values in run.rows.values()}, {2})

    def test_a_complete_name_with_an_unfinished_status_is_refused(self):
        path = self.write(state="running")
        renamed = path.with_name("claimed.h5")
        path.rename(renamed)
        self.refused(renamed)  # its SWMR flags are set
        path = self.write()
        with h5py.File(path, "a") as file:
            file.attrs.modify("status", np.bytes_(b"running"))
        self.assertIn("'running'", self.refused(path))

    def test_damaged_and_foreign_files_are_refused(self):
        good = self.write().read_bytes()
        path = self.folder / "bad.h5"
        for content, word in ((b"", "empty"), (b"not a file of ours\n" * 50, "not an HDF5 file"), (good[: len(good) // 2], "truncated")):
            path.write_bytes(content)
            self.assertIn(word, self.refused(path))
        for position in range(64, len(good), len(good) // 40):  # whatever h5py makes of damage: a Run or one sentence
            path.write_bytes(good[:position] + b"\xff" * 64 + good[position + 64:])
            try:
                read_run(path)
            except UnreadableResult:
                pass
        path.unlink()
        with h5py.File(path, "w") as file:
            file["numbers"] = [1, 2, 3]
        self.assertIn("not a result of skewbench", self.refused(path))
        self.refused(self.folder / "absent.h5")

    def test_another_schema_kind_or_a_missing_part_is_named(self):
        def changed(change):
            path = self.write()
            with h5py.File(path, "a") as file:
                change(file)
            return self.refused(path)

        self.assertIn("schema 2", changed(lambda file: file.attrs.modify("schema", np.int64(2))))
        self.assertIn("'kernels'", changed(lambda file: file.attrs.modify("kind", "kernels")))
        self.assertIn("'accuracy'", changed(lambda file: file.__delitem__("accuracy")))
        self.assertIn("'model'", changed(lambda file: file.__delitem__("model")))
        self.assertIn("epochs do not rise", changed(lambda file: file["epoch"].__setitem__(..., [0, 2, 1])))

    def test_a_folder_skips_bad_files_and_says_so(self):
        self.write()
        (self.folder / "bad.h5").write_bytes(b"x")
        runs, skipped = read_folder(self.folder)
        self.assertEqual(len(runs), 1)
        self.assertEqual(len(skipped), 1)
        self.assertEqual(read_folder(self.folder / "absent"), ([], []))


if __name__ == "__main__":
    unittest.main()
