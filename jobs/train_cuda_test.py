"""Training with everything on a device, the program as a user starts it: results, and what cannot run. The program is
BUILD/cuda_on_cpu/bin/train, whose kernels run on the CPU."""

import os
import re
import subprocess
import tempfile
import unittest
from pathlib import Path

import cuda_build
import h5py
import launch

ROOT = Path(__file__).resolve().parent.parent
BUILD = Path(os.environ.get("SKEWBENCH_BUILD", ROOT / "build"))
TRAIN = BUILD / "cuda_on_cpu/bin/train"
SECONDS = 60

SMALL = {"dataset": "synthetic:6x6x1,3,60,20", "model": "mlp", "norm": "none", "workers": "4", "batch": "5", "eval-samples": "10",
         "epochs": "1", "device": "cuda"}
BITS = ("train_loss", "loss", "accuracy", "loss_of_average", "accuracy_of_average", "consensus_distance", "payload_bytes", "trajectory")


def words(options):
    return [word for name, value in options.items() for word in ([f"--{name}", value] if value else [f"--{name}"])]


class CudaTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.launcher = launch.find_launcher(TRAIN)

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)

    def start(self, options, ranks=1, program=TRAIN, **environment):
        """(exit code, output and errors) of a run that must end by itself. One rank needs no launcher, which takes a second to end."""
        command = [str(program), *words({**SMALL, **options}), "--out", str(self.folder / "x.h5")]
        if ranks > 1:
            command = self.launcher.start(command, ranks, bind=False)
        process = subprocess.Popen(command, cwd=ROOT, env={**launch.environment(), "SKEWBENCH_CUDA_CHECKS": "0", **environment}, text=True, stdin=subprocess.DEVNULL,
                                   stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True)
        try:
            output, _ = process.communicate(timeout=SECONDS)
        except subprocess.TimeoutExpired:
            launch.end(process, 1)
            self.fail(f"hangs: {command}")
        return process.returncode, output

    def refuse(self, sentence, options, ranks=2, program=TRAIN, **environment):
        code, output = self.start(options, ranks, program, **environment)
        self.assertNotEqual(code, 0, output)
        said = [line for line in output.splitlines() if line.startswith("train: ")]
        self.assertEqual(len(said), 1, output)
        self.assertRegex(said[0], sentence)
        self.assertEqual([path.name for path in self.folder.iterdir() if path.name == "x.h5"], [])

    def result(self, options, ranks):
        code, output = self.start({"trajectory": "", **options}, ranks)
        self.assertEqual(code, 0, output)
        with h5py.File(self.folder / "x.h5", "r") as file:
            bits = {name: file[name][()].tobytes() for name in BITS}
            environment = {name: value.decode() if isinstance(value, bytes) else value for name, value in file["environment"].attrs.items()}
        (self.folder / "x.h5").unlink()
        return bits, environment


@unittest.skipUnless(cuda_build.HAS_KERNELS, cuda_build.WHY_NONE)
class Runs(CudaTest):
    def test_the_same_bits_on_any_number_of_ranks_and_over_any_transport(self):
        bits, environment = self.result({}, 1)
        self.assertIn("on the CPU", environment["device"])
        for ranks, exchange, name in ((2, "mpi", "MPI"), (3, "nccl", "NCCL")):
            others, environment = self.result({"exchange": exchange}, ranks)
            self.assertEqual([key for key in BITS if others[key] != bits[key]], [], f"{ranks} ranks, {exchange}")
            self.assertRegex(environment["exchange"], f"^{name}")

    def test_the_hosts_gradients_give_the_hosts_bits(self):
        device, _ = self.result({"kernels": "ref"}, 2)
        host, environment = self.result({"kernels": "ref", "device": "host"}, 2)
        self.assertEqual([key for key in BITS if key != "consensus_distance" and device[key] != host[key]], [])
        self.assertEqual((environment["device"], environment["exchange"]), ("host", "MPI"))

    def test_a_rung_can_be_named(self):
        first, _ = self.result({"kernels": "hand:linear=1,mix=1"}, 1)
        self.assertEqual(first["payload_bytes"], self.result({}, 1)[0]["payload_bytes"])


@unittest.skipUnless(cuda_build.HAS_KERNELS, cuda_build.WHY_NONE)
class Refusals(CudaTest):
    def test_no_device(self):
        self.refuse("--device cuda: there is no CUDA device", {}, SKEWBENCH_CUDA_DEVICES="0")

    def test_a_driver_older_than_the_toolkit(self):
        self.refuse(r"the NVIDIA driver supports CUDA 11\.0, older than the toolkit's CUDA \d+\.\d+", {}, ranks=1, SKEWBENCH_CUDA_DRIVER="11.0")

    def test_not_enough_device_memory(self):
        self.refuse(r"not enough device memory: \d+ bytes were asked for, \d+ of \d+ are free, rank \d of 2, case train:", {},
                    SKEWBENCH_CUDA_MEMORY="20000")

    def test_two_ranks_on_one_gpu_with_nccl(self):
        self.refuse("NCCL wants a GPU for each rank, but ranks 0 and 1 share GPU", {"exchange": "nccl"}, SKEWBENCH_CUDA_SHARED_DEVICE="1")

    def test_no_library_of_the_vendor(self):
        self.refuse("--kernels vendor: .*", {"kernels": "vendor"}, ranks=1)

    def test_rungs_and_names(self):
        for sentence, kernels in (("'conv2d_forwrd'; did you mean 'conv2d_forward'", "hand:conv2d_forwrd=1"),
                                  ("linear_forward has no v99; it has v1", "hand:linear_forward=99"),
                                  ("'linear' is no OPERATION=RUNG", "hand:linear"), ("twice", "hand:mix=1,mix=2"),
                                  ("rungs are missing", "hand:"), ("only hand takes rungs", "vendor:mix=1"), ("'hnad'", "hnad")):
            self.refuse(sentence, {"kernels": kernels}, ranks=1)

    def test_doubles_stay_on_the_host(self):
        self.refuse("quadratics are in double", {"dataset": "quadratics", "model": "quadratics"}, ranks=1)

    def test_the_program_with_nvidias_runtime_says_what_is_missing(self):
        code, output = self.start({}, 1, BUILD / "bin/train")
        if code == 0:
            self.skipTest("this machine has a GPU")
        self.assertRegex(output, r"train: --device cuda: (there is no CUDA device|the NVIDIA driver)")


if __name__ == "__main__":
    unittest.main()
