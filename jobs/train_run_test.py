"""What a run of build/bin/train leaves behind, end to end: result files by results/schema.md, the same bits on any number of ranks
and from --case, bytes counted by hand, a user's quadratics against numpy, DIVERGED, and kill -9 at several moments."""

import functools
import os
import random
import re
import shlex
import signal
import subprocess
import tempfile
import time
import unittest
from pathlib import Path

import h5py
import launch
import numpy as np

ROOT = Path(__file__).resolve().parent.parent
TRAIN = Path(os.environ.get("SKEWBENCH_BUILD", ROOT / "build")) / "bin/train"
SECONDS = 200  # then it hangs; two cores that do four other things took 60 for what takes 2

# Seven workers: a multiple of no number of ranks but one. 84 / (7 * 3) = 4 steps an epoch.
SMALL = {"dataset": "synthetic:8x8x1,4,84,40", "model": "mlp", "norm": "none", "workers": "7", "batch": "3", "lr": "0.1",
         "skew": "dirichlet:0.5", "eval-samples": "20", "eval-every": "0.5", "epochs": "2"}
WORKERS, STEPS, EVALUATIONS = 7, 8, 5
QUADRATICS = {"dataset": "quadratics", "workers": "5", "epochs": "40", "eval-every": "10", "trajectory": ""}

# What depends on nothing but the case.
BITS = ("epoch", "step", "samples", "train_loss", "evaluated_samples", "full", "loss", "accuracy", "loss_of_average", "accuracy_of_average",
        "consensus_distance", "payload_bytes")


def words(options):
    return [word for name, value in options.items() for word in ([f"--{name}", value] if value else [f"--{name}"])]


def attributes(item):
    """Texts without their padding."""
    return {name: value.decode() if isinstance(value, bytes) else value for name, value in item.attrs.items()}


def contents(path, **how):
    """Every dataset of the root, and its attributes."""
    with h5py.File(path, "r", **how) as file:
        return {name: item[()] for name, item in file.items() if isinstance(item, h5py.Dataset)}, attributes(file)


def rows_of(arrays, count):
    return {name: arrays[name][:count] for name in BITS}


class RunTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        if not TRAIN.exists():
            raise AssertionError(f"{TRAIN} is not built")
        cls.launcher = launch.find_launcher(TRAIN)
        cls.folder_of_class = tempfile.TemporaryDirectory()
        cls.folder = Path(cls.folder_of_class.name)

    @classmethod
    def tearDownClass(cls):
        cls.folder_of_class.cleanup()

    @classmethod
    def start(cls, options, ranks, out):
        program = cls.launcher.start([str(TRAIN), *words(options), "--out", str(out)], ranks, bind=False)
        return subprocess.Popen(program, cwd=ROOT, env=launch.environment(), text=True, stdin=subprocess.DEVNULL,
                                stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True)

    @classmethod
    def run_train(cls, options, ranks, out):
        process = cls.start(options, ranks, out)
        try:
            output, _ = process.communicate(timeout=SECONDS)
        except subprocess.TimeoutExpired:
            launch.end(process, 1)
            raise AssertionError(f"hangs: {shlex.join(process.args)}") from None
        if process.returncode != 0:
            raise AssertionError(f"exit code {process.returncode}: {output}")
        return output

    @classmethod
    @functools.lru_cache(maxsize=None)
    def result(cls, ranks, *changes):
        """The path of a complete run of SMALL with these (option, value) pairs; run once."""
        path = cls.folder / f"{ranks}_{len(list(cls.folder.iterdir()))}.h5"
        cls.run_train({**SMALL, **dict(changes)}, ranks, path)
        return path

    def assert_same_bits(self, got, want):
        for name in BITS:
            self.assertEqual(got[name].shape, want[name].shape, name)
            self.assertEqual(got[name].tobytes(), want[name].tobytes(), f"{name}: {got[name]} instead of {want[name]}")


class Contents(RunTest):
    def test_the_file_is_complete_and_by_the_schema(self):
        n, e, r, s = WORKERS, EVALUATIONS, 2, STEPS
        arrays, texts = contents(self.result(r, ("trajectory", "")))
        with h5py.File(self.result(r, ("trajectory", "")), "r") as file:
            d = int(file["model"].attrs["parameters"])
            groups = {name: attributes(item) for name, item in file.items() if isinstance(item, h5py.Group)}
            inner = {f"{group}/{name}": item[()] for group in groups for name, item in file[group].items()}
        f8, i8, i4 = np.float64, np.int64, np.int32
        expected = {"epoch": (f8, (e,)), "step": (i8, (e,)), "samples": (i8, (e,)), "train_loss": (f8, (e,)), "evaluated_samples": (i8, (e,)),
                    "full": (np.uint8, (e,)), "loss": (f8, (e, n)), "accuracy": (f8, (e, n)), "loss_of_average": (f8, (e,)),
                    "accuracy_of_average": (f8, (e,)), "consensus_distance": (f8, (e,)), "payload_bytes": (i8, (e, n)),
                    "wire_bytes": (i8, (e, n)), "seconds_total": (f8, (e,)), "evaluated_workers": (i4, (n,)),
                    "edge_bytes": (i8, (2 * n, 4)), "trajectory": (f8, (s + 1, n, d))}
        expected.update({f"seconds_{phase}": (f8, (e, r)) for phase in ("compute", "exchange", "wait", "mix", "evaluation")})
        self.assertEqual({name: (array.dtype, array.shape) for name, array in arrays.items()}, expected)
        self.assertEqual(set(groups), {"config", "environment", "topology", "model", "partition"})
        self.assertEqual({name: (array.dtype, array.shape) for name, array in inner.items()},
                         {"topology/edges": (i4, (2 * n, 4)), "partition/class_histogram": (i8, (n, 4)), "partition/samples": (i8, (n,))})

        schema = (ROOT / "results/schema.md").read_text()
        named = [*arrays, *texts, *groups, *(name.split("/")[1] for name in inner),
                 *(name for group in ("environment", "topology", "model") for name in groups[group])]
        self.assertEqual([name for name in named if f"`{name}`" not in schema], [], "not in the schema")
        for group in groups.values():
            self.assertEqual([name for name, value in group.items() if not isinstance(value, str)], [], "not a string")

        self.assertEqual((texts["schema"], texts["suite"], texts["kind"], texts["status"], texts["verdict"], texts["reason"]),
                         (1, "skewbench", "train", "complete", "PASSED", ""))
        for name in ("started_utc", "ended_utc"):
            self.assertRegex(texts[name], r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d")
        self.assertEqual({name: groups["config"][name] for name in SMALL}, SMALL)
        self.assertEqual(groups["config"]["momentum"], "0.9", "defaults included")
        self.assertEqual((groups["environment"]["ranks"], groups["topology"]["name"], groups["topology"]["diameter"]), ("2", "ring", "3"))
        self.assertEqual(inner["partition/class_histogram"].sum(axis=1).tolist(), inner["partition/samples"].tolist())
        self.assertEqual(inner["partition/samples"].tolist(), [12] * n)
        self.assertEqual(sorted(map(tuple, inner["topology/edges"][:, 2:])), sorted((i, (i + k) % n) for i in range(n) for k in (1, -1)))

        self.assertEqual(arrays["step"].tolist(), [0, 2, 4, 6, 8])
        self.assertEqual(arrays["epoch"].tolist(), [0, 0.5, 1, 1.5, 2])
        self.assertEqual(arrays["samples"].tolist(), [21 * step for step in arrays["step"]])
        self.assertTrue(np.isnan(arrays["train_loss"][0]) and np.isfinite(arrays["train_loss"][1:]).all())
        for name in ("loss", "accuracy", "loss_of_average", "accuracy_of_average", "consensus_distance", "trajectory"):
            self.assertTrue(np.isfinite(arrays[name]).all(), name)
        self.assertTrue((np.diff(arrays["seconds_total"]) > 0).all())
        self.assertTrue((arrays["accuracy"] * arrays["evaluated_samples"][:, None] % 1 < 1e-9).all(), "fractions of the samples")

    def test_the_trajectory_begins_at_the_common_start_and_fits_the_consensus_distance(self):
        arrays, _ = contents(self.result(2, ("trajectory", "")))
        steps = arrays["trajectory"]
        self.assertTrue((steps[0] == steps[0, 0]).all())
        self.assertTrue((steps[1:] != steps[:-1]).any(axis=(1, 2)).all(), "every step changes something")
        at = steps[arrays["step"]]
        distance = np.sqrt(((at - at.mean(axis=1, keepdims=True)) ** 2).sum(axis=2).mean(axis=1))
        np.testing.assert_allclose(arrays["consensus_distance"], distance, rtol=1e-4, atol=1e-5)  # the file's mean is in float32

    def test_the_last_two_evaluations_use_the_whole_test_set(self):
        arrays, _ = contents(self.result(2))
        self.assertEqual(arrays["full"].tolist(), [0, 0, 0, 1, 1])
        self.assertEqual(arrays["evaluated_samples"].tolist(), [20, 20, 20, 40, 40])
        once, _ = contents(self.result(2, ("eval-every", "9")))
        self.assertEqual((once["step"].tolist(), once["full"].tolist()), ([0, 8], [0, 1]))

    def test_a_sample_of_the_workers_may_be_evaluated(self):
        everybody, _ = contents(self.result(2))
        self.assertEqual(everybody["evaluated_workers"].tolist(), list(range(WORKERS)))
        some, _ = contents(self.result(2, ("eval-workers", "3")))
        chosen = some["evaluated_workers"].tolist()
        self.assertEqual((len(set(chosen)), chosen), (3, sorted(chosen)))
        for name in ("loss", "accuracy"):
            self.assertEqual(some[name].tobytes(), np.ascontiguousarray(everybody[name][:, chosen]).tobytes())
        self.assertEqual(contents(self.result(3, ("eval-workers", "3")))[0]["evaluated_workers"].tolist(), chosen)


class Bytes(RunTest):
    def test_edges_add_up_to_workers(self):
        for ranks, changes in ((2, ()), (3, ()), (3, (("topology", "binary_tree"), ("algorithm", "relaysgd")))):
            arrays, _ = contents(self.result(ranks, *changes))
            for column, name in ((2, "payload_bytes"), (3, "wire_bytes")):
                sums = np.bincount(arrays["edge_bytes"][:, 0], weights=arrays["edge_bytes"][:, column], minlength=WORKERS)
                self.assertEqual(sums.tolist(), arrays[name][-1].tolist(), name)
                self.assertTrue((np.diff(arrays[name], axis=0) >= 0).all() and (arrays[name][0] == 0).all())

    def test_a_ring_by_hand(self):
        path = self.result(2)
        with h5py.File(path, "r") as file:
            message = 4 * int(file["model"].attrs["vector_length"])
        arrays, _ = contents(path)
        self.assertEqual(arrays["payload_bytes"].tolist(), [[2 * message * step] * WORKERS for step in arrays["step"]])
        # Workers 0-3 and 4-6: the edges between 3 and 4 and between 6 and 0 leave their rank.
        crossing = [1, 0, 0, 1, 1, 0, 1]
        self.assertEqual(arrays["wire_bytes"].tolist(), [[message * step * count for count in crossing] for step in arrays["step"]])
        self.assertEqual({tuple(row[:2]) for row in arrays["edge_bytes"].tolist() if row[3]}, {(3, 4), (4, 3), (6, 0), (0, 6)})

    def test_nothing_crosses_a_wire_on_one_rank(self):
        arrays, _ = contents(self.result(1))
        self.assertEqual(arrays["wire_bytes"].tolist(), [[0] * WORKERS] * EVALUATIONS)
        self.assertEqual(arrays["edge_bytes"][:, 3].tolist(), [0] * 2 * WORKERS)


class SameBits(RunTest):
    def test_on_any_number_of_ranks(self):
        for changes in ((), (("algorithm", "all_reduce_sgd"), ("topology", "complete")), (("algorithm", "relaysgd"), ("topology", "binary_tree"))):
            want, _ = contents(self.result(1, *changes))
            for ranks in (2, 3):
                self.assert_same_bits(contents(self.result(ranks, *changes))[0], want)

    def test_from_the_case_string_in_the_file(self):
        first = self.result(2)
        case = contents(first)[1]["case"]
        again = self.folder / "again.h5"
        self.run_train({"case": case}, 3, again)
        arrays, texts = contents(again)
        self.assert_same_bits(arrays, contents(first)[0])
        self.assertEqual(texts["case"], case)
        with h5py.File(again, "r") as file, h5py.File(first, "r") as other:
            self.assertEqual(attributes(file["config"]), attributes(other["config"]))

    def test_another_seed_gives_others(self):
        self.assertNotEqual(contents(self.result(2, ("seed", "2")))[0]["loss"].tobytes(), contents(self.result(2))[0]["loss"].tobytes())


class Quadratics(RunTest):
    def test_a_users_functions_follow_numpy(self):
        n, d, steps = 5, 6, 40
        numbers = np.random.default_rng(3)
        a, b, x0 = numbers.normal(size=(n, d, d)) / 3, numbers.normal(size=(n, d)), numbers.normal(size=d)
        data = self.folder / "functions.data"
        with h5py.File(data, "w") as file:
            file["A"], file["b"], file["x0"] = a, b, x0
        path = self.folder / "quadratics.h5"
        self.run_train({**QUADRATICS, "data": str(data), "lr": "0.07", "momentum": "0.8", "weight-decay": "0.01",
                        "lr-schedule": "warmup:10,decay:30:0.5"}, 2, path)
        mixing = np.array([[1 / 3 if (i - j) % n in (0, 1, n - 1) else 0 for j in range(n)] for i in range(n)])
        x, momentum = np.tile(x0, (n, 1)), np.zeros((n, d))
        want = [x]
        for step in range(steps):
            rate = 0.07 * min(1, step / 10) * (0.5 if step >= 30 else 1)
            gradient = np.einsum("nrc,nr->nc", a, np.einsum("nrc,nc->nr", a, x) - b) + 0.01 * x
            momentum = 0.8 * momentum + gradient
            x = mixing @ (x - rate * (gradient + 0.8 * momentum))
            want.append(x)
        arrays, texts = contents(path)
        self.assertEqual(arrays["trajectory"].shape, (steps + 1, n, d))
        self.assertEqual(arrays["trajectory"][0].tobytes(), np.tile(x0, (n, 1)).tobytes())
        np.testing.assert_allclose(arrays["trajectory"], want, rtol=0, atol=1e-12 * np.abs(want).max())
        losses = [[0.5 * sum(np.sum((a[j] @ vector - b[j]) ** 2) for j in range(n)) / n for vector in want[step]] for step in arrays["step"]]
        np.testing.assert_allclose(arrays["loss"], losses, rtol=1e-12)
        self.assertTrue(np.isnan(arrays["accuracy"]).all() and np.isnan(arrays["accuracy_of_average"]).all())
        self.assertEqual(texts["verdict"], "PASSED")
        with h5py.File(path, "r") as file:
            self.assertEqual(list(file["partition"]), ["samples"], "no classes, no histogram")

    def test_too_large_a_rate_ends_as_diverged(self):
        path = self.folder / "diverged.h5"
        output = self.run_train({**QUADRATICS, "lr": "1e6", "epochs": "500"}, 2, path)
        arrays, texts = contents(path)
        self.assertEqual((texts["status"], texts["verdict"]), ("complete", "DIVERGED"))
        self.assertRegex(texts["reason"], r"not finite .*step \d+|step \d+ .*not finite")
        self.assertIn("DIVERGED", output)
        self.assertLess(arrays["step"][-1], 500)
        self.assertEqual({len(arrays[name]) for name in BITS}, {len(arrays["step"])})
        self.assertEqual(len(arrays["trajectory"]), arrays["step"][-1] + 1)
        self.assertFalse(np.isfinite(arrays["loss"][-1]).all())

    def test_a_network_diverges_too(self):
        arrays, texts = contents(self.result(2, ("lr", "1e20")))
        self.assertEqual((texts["status"], texts["verdict"]), ("complete", "DIVERGED"))
        self.assertLess(len(arrays["step"]), EVALUATIONS)


class Killed(RunTest):
    LONG = {**SMALL, "eval-every": "0.25", "epochs": "500", "eval-samples": "8"}  # 2001 evaluations, one a step

    def kill(self, process):
        """SIGKILL to the launcher and all ranks, as when a node goes down."""
        for number in launch._session(process.pid):
            try:
                os.kill(number, signal.SIGKILL)
            except ProcessLookupError:
                pass
        process.wait()
        process.stdout.close()
        deadline = time.monotonic() + 5
        while launch._session(process.pid) and time.monotonic() < deadline:
            time.sleep(0.01)

    def test_every_finished_evaluation_is_readable_and_the_case_can_run_again(self):
        undisturbed = self.folder / "undisturbed.h5"
        self.run_train(self.LONG, 2, undisturbed)
        want, _ = contents(undisturbed)
        moments = random.Random(1)
        for number, lines in enumerate((0, 1, 2, 10, 60, 200)):
            out = self.folder / f"killed{number}.h5"
            running = out.with_suffix(".running.h5")
            process, seen = self.start(self.LONG, 2, out), 0
            while seen < lines and (line := process.stdout.readline()):
                seen += line.startswith("epoch")
            self.assertEqual(seen, lines, "the run ended by itself")
            time.sleep(moments.random() * (0.3 if lines == 0 else 0.02))
            self.kill(process)
            self.assertFalse(out.exists(), "nothing looks complete")
            if lines == 0 and not running.exists():
                continue
            arrays, texts = contents(running, swmr=True)
            self.assertEqual((texts["status"], texts["verdict"], texts["ended_utc"]), ("running", "NOT_VERIFIED", ""))
            rows = len(arrays["seconds_total"])
            self.assertGreaterEqual(rows, seen)
            self.assert_same_bits(rows_of(arrays, rows), rows_of(want, rows))
        again = self.folder / "killed3.h5"
        interrupted = again.with_suffix(".running.h5").read_bytes()
        self.run_train(self.LONG, 2, again)
        self.assertEqual(sorted(path.name for path in self.folder.glob("killed3*")), ["killed3.h5", "killed3.interrupted-1.h5"])
        self.assertEqual(again.with_suffix(".interrupted-1.h5").read_bytes(), interrupted)
        arrays, texts = contents(again)
        self.assertEqual((texts["status"], texts["verdict"]), ("complete", "PASSED"))
        self.assert_same_bits(arrays, want)


if __name__ == "__main__":
    unittest.main()
