"""Every rule of lint.py: a file that breaks it is reported at its line, its correct twin is not."""

import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

import lint

HOME = "/ho" "me/somebody/data"
UNOWNED = "TO" "DO"


class RuleTest(unittest.TestCase):
    def breaches(self, path, text):
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text)
            readme = file.parent / "README.md"
            readme.write_text("What belongs here.\n")
            return lint.lint(Path(folder), {path, str(readme.relative_to(folder))})

    def assert_broken(self, path, text, line, sentence):
        found, _ = self.breaches(path, text)
        self.assertEqual(len(found), 1, found)
        self.assertRegex(found[0], f"^{path}:{line}: .*{sentence}")

    def assert_clean(self, path, text):
        self.assertEqual(self.breaches(path, text)[0], [])

    def test_who_may_include_whom(self):
        allowed = [
            ("kernels/conv2d/conv2d_host.cc", "kernels/base/error.h"),
            ("kernels/conv2d/conv2d_host.cc", "kernels/conv2d/conv2d.h"),
            ("comm/gossip/gossip.cc", "comm/exchange/exchange.h"),
            ("comm/gossip/gossip.cc", "comm/topology/topology.h"),  # through the exchange
            ("comm/gossip/gossip.cc", "kernels/mix/mix.h"),
            ("comm/exchange/exchange.cc", "mpi.h"),
            ("bench/train/algorithms/d_psgd.cc", "comm/gossip/gossip.h"),
            ("bench/train/train_main.cc", "bench/train/options.h"),
            ("bench/train/train_main.cc", "partitions/split.h"),
        ]
        forbidden = [
            ("kernels/base/error.cc", "kernels/mix/mix.h"),
            ("kernels/conv2d/conv2d_host.cc", "kernels/mix/mix.h"),
            ("kernels/conv2d/conv2d_host.cc", "mpi.h"),
            ("comm/topology/topology.cc", "comm/exchange/exchange.h"),
            ("comm/topology/topology.cc", "mpi.h"),
            ("comm/codec/codec.cc", "mpi.h"),
            ("comm/codec/codec.cc", "comm/exchange/exchange.h"),
            ("comm/gossip/gossip.cc", "comm/relaysum/relaysum.h"),
            ("comm/gossip/gossip.cc", "partitions/split.h"),
            ("comm/gossip/gossip_test.cc", "bench/train/run.h"),
            ("partitions/split.cc", "comm/topology/topology.h"),
            ("partitions/split.cc", "mpi.h"),
        ]
        for path, header in allowed:
            with self.subTest(path=path, header=header):
                self.assert_clean(path, f'#include "{header}"\n')
        for path, header in forbidden:
            with self.subTest(path=path, header=header):
                self.assert_broken(path, f"#include <vector>\n#include <{header}>\n", 2, "must not include")
        self.assert_broken("comm/gossip/gossip.cc", '#include "gossip.h"\n', 1, "relative to the top")

    def test_names(self):
        self.assert_broken("kernels/mix/Mix.cc", "", 1, "snake_case")
        self.assert_broken("kernels/mix/mix_fast.cc", "", 1, "'fast'")
        self.assert_broken("kernels/mix/mix.cc", "int a;\nvoid mix_new(int);\n", 2, "mix_new")
        self.assert_broken("kernels/mix/mix.h", "struct FinalMix {};\n", 1, "FinalMix")
        self.assert_broken("jobs/run.py", "def " "opt_run():\n    pass\n", 1, "opt_run")
        self.assert_clean("kernels/mix/mix.cc", "auto p = new (place) int;  // a new_thing(x)\nstruct Breakfast final {};\nfinalize(p);\n")

    def test_places(self):
        self.assert_broken("kernels/mix/mix.py", "", 1, "Python belongs")
        self.assert_broken("tools/README.md", "words\n", 1, "tools does not belong")
        found, _ = lint.lint(Path("/nowhere"), set())
        self.assertEqual(found, [])
        with tempfile.TemporaryDirectory() as folder:
            (Path(folder) / "Makefile").write_text("")
            self.assertEqual(lint.lint(Path(folder), {"Makefile"})[0], ["README.md:1: is missing; it says what belongs into the folder"])

    def test_text(self):
        self.assert_broken("jobs/run.py", f"a = 1\nb = '{HOME}'\n", 2, "a path of one machine")
        self.assert_broken("results/rows.csv", f"1,{HOME}\n", 1, "a path of one machine")
        self.assert_broken("comm/gossip/gossip.cc", "int a; \n", 1, "space at the end")
        self.assert_broken("comm/gossip/gossip.cc", "\tint a;\n", 1, "a tab")
        self.assert_broken("jobs/run.py", f"# {UNOWNED}: later\n", 1, "owned by nobody")
        self.assert_clean("jobs/run.py", f"a = 'https://example.org/home'\nb = 'analysis{HOME}'\n")

    def test_lengths(self):
        self.assert_broken("jobs/run.py", "a = 1\n" * 501, 501, "501 lines")
        found, warnings = self.breaches("jobs/run.py", "a = 1\n" * 301)
        self.assertEqual((found, len(warnings)), ([], 1))
        self.assertEqual(self.breaches("jobs/run.py", "a = 1\n" * 300), ([], []))

    def test_an_mpi_test_names_its_ranks(self):
        self.assert_broken("comm/gossip/gossip_mpi_test.cc", "int a;\n", 1, "ranks")
        self.assert_clean("comm/gossip/gossip_mpi_test.cc", "// ranks: 1 2 3\nint a;\n")


class ProgramTest(unittest.TestCase):
    def test_it_looks_at_tracked_and_untracked_files_but_not_at_ignored_ones(self):
        with tempfile.TemporaryDirectory() as folder:
            root = Path(folder)
            subprocess.run(["git", "init", "-q", folder], check=True)
            (root / "README.md").write_text("What this is.\n")
            (root / ".gitignore").write_text("build/\n")
            (root / "build").mkdir()
            (root / "build/x.py").write_text("\t\n")

            def run():
                done = subprocess.run([sys.executable, lint.__file__, "--root", folder], stdout=subprocess.PIPE, text=True)
                return done.returncode, done.stdout

            self.assertEqual(run(), (0, "2 files, 0 breaches\n"))
            (root / "notes.md").write_text("words \n")
            code, output = run()
            self.assertEqual(code, 1)
            self.assertIn("notes.md:1: space at the end of the line", output)


if __name__ == "__main__":
    unittest.main()
