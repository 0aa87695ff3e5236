"""Published numbers parse as their README says, and every table file names rows that exist."""

import re
import tempfile
import unittest
from pathlib import Path
from unittest import mock

from analysis import cells, layout, published, sweep_cases, table
from analysis.example_results import write_example


class PublishedFilesTest(unittest.TestCase):
    def test_row_counts_are_those_of_the_readme(self):
        readme = (published.PUBLISHED / "README.md").read_text(encoding="utf-8")
        stated = {name: int(count) for name, count in re.findall(r"^\| (\w+\.csv) \| (\d+) \|", readme, re.MULTILINE)}
        counted = {path.name: len(published.read_csv(path)) for path in published.PUBLISHED.glob("*.csv")}
        self.assertEqual(counted, stated)
        self.assertEqual(sum(counted.values()), 1640)

    def test_values_that_are_no_numbers_survive(self):
        rows = {path.name: published.read_csv(path) for path in published.PUBLISHED.glob("*.csv")}
        others = [(name, row["value"]) for name, found in rows.items() for row in found if cells.number(row["value"]) is None]
        self.assertEqual(sum(value == "diverged" for _, value in others), 7)
        self.assertIn(("qsgd.csv", "2.8n+32"), others)
        self.assertEqual(len(others), 9)

    def test_another_header_is_refused(self):
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "other.csv"
            path.write_text("a,b\n1,2\n")
            with self.assertRaises(published.BadTable):
                published.read_csv(path)

    def test_every_table_names_existing_rows_once(self):
        names = published.table_names()
        self.assertLessEqual({"relaysum-table2", "quagmire-norms"}, set(names))
        for name in names:
            loaded = published.load_table(name)
            self.assertTrue(loaded.cells)
            self.assertIn(loaded.metric, cells.METRICS)
            used = [id(cell.published) for cell in loaded.cells]
            self.assertEqual(len(used), len(set(used)), name)

    def test_whole_tables_are_there(self):
        self.assertEqual(len(published.load_table("relaysum-table2").cells), 26)
        self.assertEqual(len(published.load_table("quagmire-norms").cells), 16)

    def test_an_unknown_table_is_refused_with_the_known_ones(self):
        with self.assertRaisesRegex(published.BadTable, "relaysum-table2"):
            published.load_table("relaysum")

    def test_a_filter_that_fits_no_row_is_refused(self):
        with tempfile.TemporaryDirectory() as folder, mock.patch.object(published, "TABLES", Path(folder)):
            (Path(folder) / "t.toml").write_text(
                'title = "t"\ncsv = "quagmire_cifar10_norms.csv"\nmetric = "mean"\n[[column]]\nlabel = "iid"\n'
                'published = { skew_value = "5" }\nours = {}\n[[row]]\nlabel = "BSP"\npublished = { algorithm = "BSP" }\nours = {}\n')
            with self.assertRaisesRegex(published.BadTable, "0 published rows"):
                published.load_table("t")


class CompareTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.runs = Path(folder.name)

    def write(self, options, accuracy, folder="first", **more):
        options = {"algorithm": "all_reduce_sgd", "topology": "complete", "workers": "5", "dataset": "cifar10", **options}
        write_example(self.runs / folder, options, accuracy=[[0.1] * 5, [accuracy] * 5], **more)

    def rows(self, name="quagmire-norms"):
        block = table.published_block(name, self.runs)
        return {(row[0], row[1]): row[2:] for row in block.rows}, layout.as_text(block)

    def test_cells_without_a_run_say_not_run(self):
        rows, text = self.rows()
        self.assertEqual(rows["BSP, GroupNorm", "iid"], ["78.9", "not run", "not run"])
        self.assertEqual(text.count("78.9"), 1)
        self.assertEqual([line for line in text.splitlines() if len(line) > 80], [])

    def test_the_same_set_up_gives_a_difference_in_points(self):
        self.write({}, 0.80)
        rows, text = self.rows()
        self.assertEqual(rows["BSP, GroupNorm", "iid"], ["78.9", "80.0", "+1.1", "PASSED"])
        self.assertNotIn("†", text)

    def test_another_set_up_is_marked_and_explained_and_gives_no_difference(self):
        self.write({"dataset": "fashion_mnist", "norm": "batch", "skew": "label:100"}, 0.371)
        rows, text = self.rows()
        self.assertEqual(rows["BSP, BatchNorm", "label 100 %"], ["67.1", "37.1†", "PASSED"])
        self.assertIn("dataset cifar10 / fashion_mnist", " ".join(text.split()))

    def test_the_closest_set_up_is_chosen_and_its_seeds_are_averaged(self):
        self.write({"dataset": "fashion_mnist"}, 0.90, "first")
        self.write({"seed": "1"}, 0.76, "second")
        self.write({"seed": "2"}, 0.80, "second")
        rows, _ = self.rows()
        self.assertEqual(rows["BSP, GroupNorm", "iid"], ["78.9", "78.0±2.8", "-0.9", "PASSED"])

    def test_a_diverged_run_is_no_number(self):
        self.write({}, 0.80, verdict="DIVERGED")
        rows, _ = self.rows()
        self.assertEqual(rows["BSP, GroupNorm", "iid"], ["78.9", "diverged", "DIVERGED"])

    def test_a_sweep_shows_the_published_cells_that_belong_to_it(self):
        self.write({"dataset": "fashion_mnist"}, 0.80)
        blocks = table.context_blocks(sweep_cases.load_folder(self.runs / "first"))
        self.assertEqual([(block.title.split(",")[0], len(block.rows)) for block in blocks], [("Quagmire", 1)])
        self.assertIn("published (other set-up)", blocks[0].header)


if __name__ == "__main__":
    unittest.main()
