"""The table of a sweep against hand-computed values, and that nothing which is missing or wrong disappears from it."""

import contextlib
import io
import unittest

import numpy as np

from analysis import cells, layout, sweep_cases, table
from analysis.example_results import ExampleRuns, case_string

NAN = float("nan")


class TableTest(ExampleRuns):
    def sweep(self, text=None):
        if text is None:
            return sweep_cases.load_folder(self.folder)
        path = self.runs / "s.toml"
        path.write_text(text)
        return sweep_cases.load_sweep(path, self.runs)

    def one_cell(self, sweep=None):
        grid = cells.Grid((sweep or self.sweep()).cases)
        self.assertEqual(len(grid.cells), 1)
        return next(iter(grid.cells.values()))

    def text(self, sweep, **more):
        return "\n".join(layout.as_text(block) for block in table.sweep_blocks(sweep, **more))

    def test_mean_worst_and_averaged_are_of_the_last_row(self):
        self.write([[0.1, 0.1], [0.6, 0.8], [0.7, 0.9]], average=[0.1, 0.75, 0.85])
        cell = self.one_cell()
        self.assertEqual([cell.accuracy_text(metric) for metric in ("mean", "worst", "average")], ["80.0", "70.0", "85.0"])
        self.assertEqual([cell.accuracy_text(metric, last=2) for metric in ("mean", "worst", "average")], ["75.0", "65.0", "80.0"])

    def test_spread_over_seeds_is_the_sample_deviation(self):
        for seed, value in enumerate((0.70, 0.72, 0.77)):
            self.write([[0.1, 0.1], [value, value]], {"seed": str(seed)})
        # mean 73, squared deviations 9 + 1 + 16, over 2: 13
        result = self.one_cell().accuracy("mean")
        self.assertAlmostEqual(result.mean, 73)
        self.assertAlmostEqual(result.deviation, 13 ** 0.5)
        self.assertEqual(self.one_cell().accuracy_text("mean"), "73.0±3.6")

    def test_bytes_and_seconds_at_the_first_row_at_or_above_the_target(self):
        self.write([[0.1, 0.1], [0.5, 0.7], [0.8, 0.9]], payload_per_step=1_000_000, seconds_per_row=10, evaluation_seconds=2)
        cell = self.one_cell()
        self.assertEqual((cell.cost_text(60, "payload"), cell.cost_text(60, "seconds")), ("10 MB", "8.0 s"))
        self.assertEqual((cell.cost_text(60.1, "payload"), cell.cost_text(60.1, "seconds")), ("20 MB", "16.0 s"))
        self.assertEqual((cell.cost_text(90, "payload"), cell.cost_text(90, "seconds")), ("-", "-"))

    def test_a_target_reached_on_some_seeds_only(self):
        self.write([[0.1, 0.1], [0.9, 0.9]], {"seed": "1"})
        self.write([[0.1, 0.1], [0.7, 0.7]], {"seed": "2"})
        self.assertEqual(self.one_cell().cost_text(80, "payload"), "- (1/2)")

    def test_nan_accuracy_is_shown_and_never_a_number(self):
        self.write([[0.1, 0.1], [0.9, NAN]])
        cell = self.one_cell()
        self.assertEqual([cell.accuracy_text(metric) for metric in cells.METRICS], ["nan"] * 3)
        self.assertEqual((cell.cost_text(5, "seconds"), cell.cost_text(50, "seconds")), ("0.0 s", "-"))

    def test_a_task_without_classes_shows_its_loss(self):
        self.write([[NAN, NAN], [NAN, NAN]], average=[NAN, 0.75])
        self.assertNotIn("Loss", self.text(self.sweep()))
        self.write([[NAN, NAN], [NAN, NAN]], {"dataset": "quadratics"}, loss_of_average=[2.0, 0.125])
        (self.folder / "train_fashion_mnist_lenet_group_ring_n2_iid_d_psgd_seed1.h5").unlink()
        self.assertRegex(self.text(self.sweep()), r"Loss of the averaged model[^0-9]*0\.125")

    def test_a_nan_seed_spoils_the_mean(self):
        self.write([[0.1, 0.1], [0.9, 0.9]], {"seed": "1"})
        self.write([[0.1, 0.1], [NAN, NAN]], {"seed": "2"})
        self.assertEqual(self.one_cell().accuracy_text("mean"), "nan")

    def test_a_diverged_run_has_no_accuracy_and_no_speed(self):
        self.write([[0.1, 0.1], [0.85, 0.85]], verdict="DIVERGED")
        cell = self.one_cell()
        self.assertEqual((cell.accuracy_text("mean"), cell.cost_text(80, "seconds")), ("diverged", "-"))
        self.assertIn("DIVERGED", self.text(self.sweep()))

    def test_one_diverged_seed_is_not_averaged_away(self):
        self.write([[0.1, 0.1], [0.9, 0.9]], {"seed": "1"})
        self.write([[0.1, 0.1], [0.2, 0.2]], {"seed": "2"}, verdict="DIVERGED")
        self.assertEqual(self.one_cell().accuracy_text("mean"), "diverged 1/2")
        self.assertEqual(cells.verdict_text(self.sweep().cases), "DIVERGED 1/2")

    def test_a_running_case_stands_in_brackets(self):
        self.write([[0.1, 0.1], [0.5, 0.7]], state="running")
        self.assertEqual(self.one_cell().accuracy_text("mean"), "(60.0)")
        self.assertIn("RUNNING", self.text(self.sweep()))

    def test_a_complete_run_replaces_an_interrupted_one_with_a_note(self):
        self.write([[0.1, 0.1], [0.5, 0.7]], state="interrupted")
        self.write([[0.1, 0.1], [0.8, 0.8]])
        sweep = self.sweep()
        self.assertEqual([case.state for case in sweep.cases], ["PASSED"])
        self.assertIn("interrupted-1", sweep.notes[0])

    def test_oversubscribed_times_are_marked(self):
        self.write([[0.1, 0.1], [0.9, 0.9]], oversubscribed="yes")
        self.assertEqual(self.one_cell().cost_text(80, "seconds"), "8.0 s*")
        self.assertIn("no timing", self.text(self.sweep()))

    def test_missing_failed_and_unexpected_cases_are_all_shown(self):
        options = {"skew": "iid"}
        self.write([[0.1, 0.1], [0.9, 0.9]], options)
        self.write([[0.1, 0.1], [0.9, 0.9]], {"skew": "label:50"})
        failed = case_string({"workers": "2", "skew": "label:20"}).replace("/", "_").replace(":", "_")
        (self.folder / f"{failed}.log").write_text(
            "# 2024-05-01T10:00:00Z start pid 1 on host: mpirun -np 2 build/bin/train --workers 2 --skew label:20 --out x.h5\n"
            "train: no such file\n# 2024-05-01T10:00:01Z failed: train: no such file\n")
        sweep = self.sweep('name = "s"\n[defaults]\nworkers = 2\n[[grid]]\nskew = ["iid", "label:20", "label:100", "iid"]\n')
        self.assertEqual({case.options["skew"]: case.state for case in sweep.cases},
                         {"iid": "PASSED", "label:20": "FAILED", "label:100": "MISSING", "label:50": "PASSED"})
        self.assertEqual(len(sweep.cases), 4)
        text = self.text(sweep)
        for word in ("missing", "failed", "train: no such file", "not in the sweep file", "label:100"):
            self.assertIn(word, text)
        self.assertEqual(len(cells.Grid(sweep.cases).rows), 1)  # defaults that only the files state do not open a second row

    def test_a_set_that_states_less_does_not_take_the_run_of_one_that_states_more(self):
        self.write([[0.1, 0.1], [0.9, 0.9]], {"norm": "batch"})
        sweep = self.sweep('name = "s"\n[[grid]]\nworkers = 2\n[[grid]]\nworkers = 2\nnorm = "batch"\n')
        self.assertEqual([case.state for case in sweep.cases], ["MISSING", "PASSED"])

    def test_results_of_an_older_sweep_file_open_rows_only_for_what_differs(self):
        self.write([[0.1, 0.1], [0.9, 0.9]], {"lr": "0.1"})
        sweep = self.sweep('name = "s"\n[[grid]]\nalgorithm = "d_psgd"\ntopology = "ring"\nnorm = "group"\nskew = "iid"\nlr = 0.02\n')
        self.assertEqual([case.state for case in sweep.cases], ["MISSING", "PASSED"])
        self.assertEqual(cells.Grid(sweep.cases).row_options, (*cells.ROW_OPTIONS, "lr"))

    def test_a_corrupt_file_becomes_a_note(self):
        self.write([[0.1, 0.1], [0.9, 0.9]])
        (self.folder / "bad.h5").write_bytes(b"x")
        self.assertIn("not read: bad.h5", self.text(self.sweep()))

    def test_columns_go_from_even_to_uneven(self):
        for skew in ("label:100", "dirichlet:0.1", "iid", "dirichlet:10", "label:20"):
            self.write([[0.1, 0.1], [0.9, 0.9]], {"skew": skew}, histogram=np.ones((2, 2), dtype=np.int64))
        self.assertEqual(cells.Grid(self.sweep().cases).skews, ["iid", "dirichlet:10", "dirichlet:0.1", "label:20", "label:100"])

    def test_options_that_differ_within_a_cell_open_rows(self):
        for lr in ("0.1", "0.01"):
            self.write([[0.1, 0.1], [0.9, 0.9]], {"lr": lr})
        self.assertEqual([row[-1] for row in cells.Grid(self.sweep().cases).rows], ["0.01", "0.1"])

    def test_terminal_text_fits_80_columns(self):
        for algorithm, norm, topology in (("all_reduce_sgd", "batch", "complete"), ("relaysgd", "group", "double_binary_trees")):
            for skew in ("iid", "dirichlet:0.1", "label:100", "dirichlet-published:0.01"):
                for seed in ("1", "2"):
                    self.write([[0.1, 0.1], [0.9, 0.7]], {"algorithm": algorithm, "norm": norm, "topology": topology, "skew": skew,
                                                          "seed": seed})
        text = self.text(self.sweep()) + "\n" + table.heading_text(self.sweep())
        self.assertEqual([line for line in text.splitlines() if len(line) > 80], [])
        self.assertEqual(text.count("dirichlet-published:0.01"), 5)  # a column that had to move to a second part is there

    def test_an_empty_sweep_and_one_case(self):
        self.assertIn("no results yet", self.text(self.sweep()))
        self.assertIn("MISSING", self.text(self.sweep('name = "s"\n[[grid]]\nskew = "iid"\n')))
        self.write([[0.1, 0.1], [0.9, 0.7]])
        self.assertIn("80.0", self.text(self.sweep()))

    def test_markdown_has_the_three_metrics_of_each_skew_as_columns(self):
        self.write([[0.1, 0.1], [0.9, 0.7]], average=[0.1, 0.85])
        block = table.sweep_blocks(self.sweep(), wide=True)[0]
        lines = layout.as_markdown(block).splitlines()
        self.assertIn("| algorithm | iid: mean | iid: worst | iid: averaged | verdict |", lines)
        self.assertIn("| d_psgd | 80.0 | 70.0 | 85.0 | PASSED |", lines)

    def test_bad_sweep_files_end_with_one_sentence(self):
        bad = self.runs / "bad.toml"
        bad.write_text("name = ")
        for path in (bad, self.runs / "absent.toml"):
            errors = io.StringIO()
            with contextlib.redirect_stderr(errors):
                self.assertEqual(table.main(["--sweep", str(path)]), 1)
            self.assertTrue(errors.getvalue().startswith("table: sweep file"))
            self.assertEqual(errors.getvalue().count("\n"), 1)


class NumbersTest(unittest.TestCase):
    def test_a_text_table_is_cut_only_where_it_must(self):
        for width, parts in ((12, 1), (11, 2)):  # "a" + space, then twice two spaces and three letters
            text = layout.as_text(layout.Block("", ["a", "bbb", "ccc"], [["1", "2", "3"]], 1), width)
            self.assertEqual(text.count("a"), parts)

    def test_bytes(self):
        self.assertEqual([cells.bytes_text(count) for count in (0, 999, 1000, 12_345_678, 2.5e9)], ["0 B", "999 B", "1 kB", "12.3 MB", "2.5 GB"])

    def test_same(self):
        self.assertTrue(cells.same("0.10", "0.1"))
        self.assertFalse(cells.same("nan", "0"))
        self.assertFalse(cells.same(None, "0"))
        self.assertFalse(cells.same("ring", "chain"))


if __name__ == "__main__":
    unittest.main()
