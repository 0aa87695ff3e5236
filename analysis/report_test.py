"""The report: self-contained, complete for partial sweeps, and its summary computed from the numbers."""

import contextlib
import html.parser
import io
import re
import tempfile
import unittest

import numpy as np

from analysis import cells, figure_style, report, summary, sweep_cases
from analysis.example_results import ExampleRuns, write_example

NAN = float("nan")
SWEEP = 'name = "s"\n[[grid]]\nalgorithm = ["d_psgd", "relaysgd"]\nskew = ["iid", "label:100"]\nworkers = 2\n'


class Page(html.parser.HTMLParser):
    """All tags, attributes and text of a page."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.attributes, self.words = [], [], []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += attrs

    def handle_data(self, data):
        self.words.append(data)


class ReportTest(ExampleRuns):
    def report(self, text=SWEEP):
        path = self.runs / "s.toml"
        path.write_text(text)
        sweep = sweep_cases.load_sweep(path, self.runs)
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed):
            report.report(sweep)
        return sweep, printed.getvalue(), (self.folder / "report.html").read_text(encoding="utf-8")

    def mixed_sweep(self):
        self.write([[0.1, 0.1], [0.9, 0.9]], {"algorithm": "d_psgd", "skew": "iid"})
        self.write([[0.1, 0.1], [0.3, 0.2]], {"algorithm": "d_psgd", "skew": "label:100"}, histogram=np.array([[8, 0], [0, 8]]))
        self.write([[0.1, 0.1], [0.9, 0.8]], {"algorithm": "relaysgd", "skew": "iid"}, state="running")
        (self.folder / "bad.h5").write_bytes(b"x")

    def test_the_page_needs_nothing_else_and_has_every_case(self):
        self.mixed_sweep()
        sweep, printed, text = self.report()
        self.assertNotRegex(text, r"https?:|//\w+\.\w")
        page = Page(text)
        self.assertFalse({"link", "script", "iframe", "img"} & set(page.tags))
        for name, value in page.attributes:
            if name in ("href", "src", "xlink:href"):
                self.assertRegex(value, r"^(#|data:image/png;base64,)")
        words = "".join(page.words)
        for case in sweep.cases:
            self.assertIn(case.case or "relaysgd group ring label:100 n2 seed", words.replace(" seed1", " seed"))
        for state in ("PASSED", "RUNNING", "MISSING"):
            self.assertIn(state, words)
            self.assertIn(state, printed)
        self.assertIn("bad.h5", words)
        self.assertIn(str(self.folder / "report.html"), printed)

    def test_ids_are_unique_and_references_resolve(self):
        self.mixed_sweep()
        _, _, text = self.report()
        ids = re.findall(r'\bid="([^"]+)"', text)
        self.assertGreater(len(ids), 100)
        self.assertEqual(len(ids), len(set(ids)))
        self.assertLessEqual(set(re.findall(r'href="#([^"]+)"', text)) | set(re.findall(r"url\(#([^)]+)\)", text)), set(ids))

    def test_figures_are_drawn_as_svg_and_png(self):
        self.mixed_sweep()
        self.report()
        drawn = {path.name for path in (self.folder / "figures").iterdir()}
        for name in ("accuracy_against_skew", "accuracy_against_epochs", "accuracy_against_payload", "accuracy_against_seconds",
                     "consensus_against_epochs", "class_histograms"):
            self.assertLessEqual({f"{name}.svg", f"{name}.png"}, drawn)
        self.assertNotIn("scaling.svg", drawn)

    def test_scaling_is_drawn_for_several_worker_counts(self):
        for workers in ("2", "4"):
            self.write([[0.1] * int(workers), [0.9] * int(workers)], {"workers": workers})
        self.report('name = "s"\n[[grid]]\nworkers = [2, 4]\n')
        self.assertTrue((self.folder / "figures" / "scaling.svg").exists())

    def test_an_empty_sweep_one_case_nan_and_diverged_give_a_report(self):
        _, printed, text = self.report()
        self.assertIn("4 MISSING", printed)
        self.assertEqual(text.count("<details>"), 4)
        self.write([[NAN, NAN], [NAN, NAN]], {"dataset": "quadratics"})
        self.report('name = "s"\n[[grid]]\nworkers = 2\n')
        self.write([[0.1, 0.1]], {"skew": "label:100"}, verdict="DIVERGED")
        _, printed, _ = self.report('name = "s"\n[[grid]]\nworkers = 2\nskew = ["iid", "label:100"]\n')
        self.assertIn("diverged", printed)

    def test_a_case_name_cannot_inject_markup(self):
        self.write([[0.1, 0.1], [0.9, 0.9]], {"data": "<script>x"})
        _, _, text = self.report()
        self.assertNotIn("<script>", text)

    def test_a_missing_sweep_file_ends_with_one_sentence(self):
        errors = io.StringIO()
        with contextlib.redirect_stderr(errors):
            self.assertEqual(report.main(["--sweep", str(self.runs / "absent.toml")]), 1)
        self.assertEqual(errors.getvalue().count("\n"), 1)


class SummaryTest(unittest.TestCase):
    def said(self, accuracies, **more):
        with tempfile.TemporaryDirectory() as folder:
            for (algorithm, skew), value in accuracies.items():
                write_example(folder, {"workers": "2", "algorithm": algorithm, "skew": skew}, accuracy=[[0.1, 0.1], [value, value]],
                              **more.get(algorithm, {}))
            return summary.summary(cells.Grid(sweep_cases.load_folder(folder).cases))

    def test_drops_are_computed_and_sorted(self):
        said = self.said({("d_psgd", "iid"): 0.88, ("d_psgd", "label:100"): 0.30, ("relaysgd", "iid"): 0.857, ("relaysgd", "label:100"): 0.792,
                          ("all_reduce_sgd", "iid"): 0.886, ("all_reduce_sgd", "label:100"): 0.89})
        self.assertIn("all_reduce_sgd 88.6 → 89.0 % (+0.4), relaysgd 85.7 → 79.2 % (-6.5)", said)
        self.assertIn("Not so: d_psgd 88.0 → 30.0 % (-58.0)", said)
        self.assertIn("One seed:", said)

    def test_nothing_is_claimed_about_missing_nan_or_diverged(self):
        said = self.said({("d_psgd", "iid"): 0.88, ("relaysgd", "iid"): NAN, ("relaysgd", "label:100"): 0.8,
                          ("x", "iid"): 0.9, ("x", "label:100"): 0.9}, x={"verdict": "DIVERGED"})
        self.assertNotIn("→", said)
        self.assertIn("Diverged at iid or label:100: x", said)
        self.assertIn("No statement about d_psgd, relaysgd", said)

    def test_one_class_mix_says_nothing_about_skew(self):
        self.assertIn("one class mix", self.said({("d_psgd", "iid"): 0.9}))


class StyleTest(unittest.TestCase):
    def test_names_are_moved_apart_and_no_further(self):
        np.testing.assert_allclose(figure_style.spread([0.5, 0.9], 0.1), [0.5, 0.9])
        np.testing.assert_allclose(figure_style.spread([0.52, 0.5], 0.1), [0.56, 0.46])
        positions = sorted(figure_style.spread([0.98, 0.99, 1.0, 0.2], 0.1))
        self.assertTrue(all(b - a > 0.0999 for a, b in zip(positions, positions[1:])))
        self.assertLessEqual(positions[-1], 1)

    def test_an_algorithm_has_one_colour_and_an_unknown_one_keeps_its_own(self):
        self.assertEqual(figure_style.look_of({"algorithm": "relaysgd", "norm": "batch"})["color"], figure_style.COLOURS["relaysgd"])
        self.assertEqual(figure_style.look_of({"algorithm": "d2"}), figure_style.look_of({"algorithm": "d2"}))


if __name__ == "__main__":
    unittest.main()
