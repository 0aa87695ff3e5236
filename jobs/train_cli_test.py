"""What a user can get wrong with build/bin/train: one sentence, non-zero on every rank, no hang, nothing left behind."""

import gzip
import os
import re
import shlex
import struct
import subprocess
import tempfile
import unittest
from pathlib import Path

import launch

ROOT = Path(__file__).resolve().parent.parent
TRAIN = Path(os.environ.get("SKEWBENCH_BUILD", ROOT / "build")) / "bin/train"
SECONDS = 20  # nothing that is refused may take longer

# Small enough to train in a moment.
SMALL = {"dataset": "synthetic:8x8x1,4,64,16", "model": "mlp", "norm": "none", "workers": "4", "batch": "8",
         "eval-samples": "8", "epochs": "1"}


def small(**changes):
    return [word for name, value in {**SMALL, **changes}.items() for word in (f"--{name}", value)]


def idx(dims, payload, magic=None):
    return struct.pack(f">I{len(dims)}I", magic if magic is not None else 0x800 + len(dims), *dims) + payload


def write_images(folder, images=60000, labels=None, **changes):
    """A folder like Debian's, all images black; `changes` replace the bytes of a file."""
    names = {}
    for split, count in (("train", images), ("t10k", 10000)):
        names[f"{split}_images"] = (f"{split}-images-idx3-ubyte.gz", lambda n=count: idx([n, 28, 28], bytes(n * 784)))
        names[f"{split}_labels"] = (f"{split}-labels-idx1-ubyte.gz", lambda n=count: idx([n], bytes(i % 10 for i in range(n))))
    for key, (name, content) in names.items():
        data = changes[key] if key in changes else gzip.compress(content(), 1)
        if data is not None:
            (folder / name).write_bytes(data)


class TrainTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        if not TRAIN.exists():
            raise AssertionError(f"{TRAIN} is not built")
        cls.launcher = launch.find_launcher(TRAIN)

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        self.out = self.folder / "out"
        self.out.mkdir()

    def run_train(self, *options, ranks=None, environment=()):
        """The process's exit code, output and errors; under the launcher, the exit code of every rank instead."""
        program = [str(TRAIN), *options]
        if ranks:
            codes = self.folder / "codes"
            codes.unlink(missing_ok=True)
            script = f"{shlex.join(program)}; echo $? >>{shlex.quote(str(codes))}"
            program = self.launcher.start(["bash", "-c", script], ranks, bind=False)
        process = subprocess.Popen(program, cwd=ROOT, env={**launch.environment(), **dict(environment)}, text=True,
                                   stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True)
        try:
            output, errors = process.communicate(timeout=SECONDS)
        except subprocess.TimeoutExpired:
            launch.end(process, 1)
            self.fail(f"hangs: {shlex.join(program)}")
        code = [int(text) for text in codes.read_text().split()] if ranks else process.returncode
        return code, output, errors

    def assert_refused(self, sentence, *options, ranks=None, environment=(), out="x.h5"):
        """`sentence` is a regular expression that the one line of errors matches."""
        line = [*options, "--out", str(self.out / out)] if out else list(options)
        before = {path: path.read_bytes() for path in self.out.iterdir()}
        code, output, errors = self.run_train(*line, ranks=ranks, environment=environment)
        with self.subTest(options=options):
            if ranks:
                self.assertEqual(len(code), ranks, errors)
                self.assertNotIn(0, code, errors)
            else:
                self.assertEqual(code, 1, output + errors)
            own = [line for line in errors.splitlines() if line.startswith("train: ")]  # libraries may add notes of theirs
            self.assertEqual(len(own), 1, errors)
            self.assertNotIn("MPI_ABORT", errors)
            self.assertRegex(own[0], sentence)
            self.assertEqual({path: path.read_bytes() for path in self.out.iterdir()}, before)


class NamesAndSizes(TrainTest):
    def refuse_all(self, table):
        """Options are looked at before anything else, so --show-case is enough, and quick."""
        for sentence, options in table:
            self.assert_refused(sentence, *options.split(), "--show-case", out=None)

    def test_unknown_names_come_with_the_nearest(self):
        self.refuse_all([
            ("'fashion_mnits'; did you mean 'fashion_mnist'", "--dataset fashion_mnits"),
            ("'lenett'; did you mean 'lenet'", "--model lenett"),
            ("'grup'; did you mean 'group'", "--norm grup"),
            ("'rng'; did you mean 'ring'", "--topology rng"),
            ("'labl'; did you mean 'label'", "--skew labl:100"),
            ("'d_pgsd'; did you mean 'd_psgd'", "--algorithm d_pgsd"),
            ("'hots'; did you mean 'host'", "--device hots"),
            ("'rfe'; did you mean 'ref'", "--kernels rfe"),
            ("'ncl'; did you mean 'nccl'", "--exchange ncl"),
            ("'locl'; did you mean 'local'", "--running-stats locl"),
            ("'--wrkers'; did you mean '--workers'", "--wrkers 4"),
            ("warmpu", "--lr-schedule warmpu:1"),
            ("miror", "--augment miror"),
            ("stray", "stray"),
            ("--lr", "--lr"),
        ])

    def test_impossible_combinations(self):
        self.refuse_all([
            ("tree", "--algorithm relaysgd --topology ring"),
            ("torus of 5", "--topology torus --workers 5"),
            ("32", "--topology social_network --workers 16"),
            ("group", "--norm group:0"),
            ("wants --device cuda", "--kernels vendor"),
            ("wants --device cuda", "--kernels hand:mix=1"),
            ("wants --device cuda", "--exchange nccl"),
            ("quadratics are in double", "--dataset quadratics --device cuda"),
        ])

    def test_impossible_splits_and_algorithms(self):
        for sentence, changes in [
            ("dirichlet.* not 0", {"skew": "dirichlet:0"}),
            ("dirichlet.* ALPHA", {"skew": "dirichlet"}),
            ("label.* not 101", {"skew": "label:101"}),
            ("iid.* no argument", {"skew": "iid:3"}),
            ("classes", {"skew": "label-mod", "workers": "5"}),
            ("samples", {"workers": "65"}),
            ("complete", {"algorithm": "all_reduce_sgd"}),
            ("mlp", {"norm": "batch"}),
        ]:
            self.assert_refused(sentence, *small(**changes))

    def test_zero_negative_and_foreign_numbers(self):
        self.refuse_all([(f"--{name}", f"--{name} {value}") for name, values in {
            "workers": "0 -4 1.5 many 1e3", "batch": "0 -1", "epochs": "0 -1 nan", "eval-every": "0", "eval-samples": "0 -5",
            "eval-workers": "0", "seed": "-1 x", "lr": "-0.1 nan inf 1e 0,1", "momentum": "-0.1 1", "weight-decay": "-1 inf",
        }.items() for value in values.split()])
        self.refuse_all([("decay", "--lr-schedule decay:1"), ("warmup", "--lr-schedule warmup:-1"),
                         ("decay", "--lr-schedule decay:1:x"), ("empty part", "--lr-schedule ,")])

    def test_cases(self):
        self.refuse_all([("train:", "--case trian:x"), ("case", "--case train:fashion_mnist/lenet"),
                         ("'lrr'; did you mean 'lr'", "--case train:fashion_mnist/lenet/group/ring/n16/iid/d_psgd/seed1/lrr=1")])

    def test_show_case_is_the_same_again(self):
        options = "--workers 8 --topology binary_tree --algorithm relaysgd --skew dirichlet:0.1 --lr 0.02 --epochs 2".split()
        code, case, _ = self.run_train(*options, "--show-case")
        self.assertEqual((code, case), (0, "train:fashion_mnist/lenet/group/binary_tree/n8/dirichlet:0.1/relaysgd/seed1/epochs=2/lr=0.02\n"))
        self.assertEqual(self.run_train("--case", case.strip(), "--show-case")[:2], (0, case))

    def test_the_list_has_a_sentence_for_every_name(self):
        code, output, _ = self.run_train("--list")
        self.assertEqual(code, 0)
        lines = [line.split("\t") for line in output.splitlines()]
        self.assertEqual([line for line in lines if len(line) != 3 or not all(line)], [])
        self.assertLessEqual({"d_psgd", "ring", "dirichlet-published:ALPHA", "lenet", "group", "lr-schedule", "fashion_mnist"},
                             {re.sub(r"\[.*", "", line[1]) for line in lines})


class Launches(TrainTest):
    def test_every_rank_refuses_and_one_speaks(self):
        self.assert_refused("did you mean 'd_psgd'", *small(algorithm="d_pgsd"), ranks=2)
        self.assert_refused("missing", *small(dataset="fashion_mnist", data=str(self.folder / "nowhere")), ranks=2)

    def test_more_ranks_than_workers(self):
        self.assert_refused("3 ranks", *small(workers="2", topology="chain"), ranks=3)

    def test_a_launch_that_produced_singletons(self):
        for variables in ({"OMPI_COMM_WORLD_SIZE": "2"}, {"PMI_SIZE": "2"}, {"SLURM_STEP_NUM_TASKS": "2", "SLURM_PROCID": "0"}):
            self.assert_refused("2 processes .* MPI sees one", *small(), environment=variables)


class Files(TrainTest):
    def test_out_is_needed_and_never_overwritten(self):
        self.assert_refused("--out", *small(), out=None)
        self.assert_refused("(folder|directory|written|created|missing)", *small(), out="no/such/folder/x.h5")
        (self.out / "x.h5").write_text("mine")
        self.assert_refused("exists", *small())
        self.assert_refused("exists", *small(), ranks=2)

    def test_a_run_leaves_its_result_alone_and_a_second_one_refuses(self):
        code, output, errors = self.run_train(*small(), "--out", str(self.out / "x.h5"), ranks=2)
        self.assertEqual(code, [0, 0], errors)
        self.assertRegex(output, r"epoch 1\.00 +loss [\d.]+ .*accuracy [\d.]+ %.* consensus [\d.e-]+ +[\d.]+ s\n")
        self.assertNotIn("\r", output, "plain lines in a log")
        self.assertEqual([path.name for path in self.out.iterdir()], ["x.h5"])
        self.assert_refused("exists", *small())

    def test_an_out_folder_names_the_file_after_the_case(self):
        code, _, errors = self.run_train(*small(), "--out", f"{self.out}/")
        self.assertEqual(code, 0, errors)
        case = self.run_train(*small(), "--show-case")[1].strip()
        self.assertEqual([path.name for path in self.out.iterdir()], [re.sub("[/:]", "_", case) + ".h5"])

    def test_missing_and_corrupt_data(self):
        good = gzip.compress(idx([60000], bytes(i % 10 for i in range(60000))), 1)
        cases = [
            ("missing", {"train_images": None}),
            ("t10k-labels.*missing", {"t10k_labels": None}),
            ("truncated", {"train_labels": good[: len(good) // 2]}),
            ("train-labels.*(corrupt|truncated|magic|label)", {"train_labels": good[:200] + b"\xff" * 50 + good[250:]}),
            ("magic", {"train_labels": gzip.compress(idx([60000], bytes(60000), magic=0x803))}),
            ("(magic|truncated)", {"train_labels": b"not compressed at all"}),
            ("truncated", {"train_labels": gzip.compress(idx([60000], bytes(59999)))}),
            ("too long", {"train_labels": gzip.compress(idx([60000], bytes(60001)))}),
            ("59999", {"train_labels": gzip.compress(idx([59999], bytes(59999)))}),
            ("label 10", {"t10k_labels": gzip.compress(idx([10000], bytes(9999) + b"\x0a"))}),
            ("28x28", {"t10k_images": gzip.compress(idx([10000, 28, 27], bytes(10000 * 28 * 27)), 1)}),
        ]
        options = ["--workers", "4", "--epochs", "1", "--data", str(self.folder / "data")]
        (self.folder / "data").mkdir()
        for sentence, changes in cases:
            for path in (self.folder / "data").iterdir():
                path.unlink()
            write_images(self.folder / "data", **changes)
            self.assert_refused(sentence, *options)
        self.assert_refused("(missing|directory|folder)", "--data", str(self.folder / "nowhere"))


if __name__ == "__main__":
    unittest.main()
