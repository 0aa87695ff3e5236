"""Measures what training costs: python jobs/bench_train.py [--build build] [--data DIR] [--only networks,training,...]

Starts build/bin/bench_train in all its modes, each case of memory in processes of its own (a process never forgets its
peak), and build/bin/train for its start-up. Every line has the requirement and whether it is reached; a missed one is
no error, a wrong result is: exit code 1.
"""

import argparse
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import launch

ROOT = Path(__file__).resolve().parent.parent

RANKS = 2
MEMORY = [(16, 1), (1024, 4)]  # workers, GB allowed
MEMORY_CASES = [("d_psgd", "ring"), ("relaysgd", "binary_tree"), ("all_reduce_sgd", "complete")]
START_UPS, START_UP_SECONDS = 5, 2.0


def run(command, quiet=False):
    """The exit code of a program that prints to this one's output; all it started ends with it."""
    sys.stdout.flush()
    process = subprocess.Popen([str(part) for part in command], cwd=ROOT, env=launch.environment(), stdin=subprocess.DEVNULL,
                               stdout=subprocess.DEVNULL if quiet else None, start_new_session=True)
    try:
        return process.wait()
    finally:
        launch.end(process)


def networks(bench, **_):
    return run([bench])


def training(bench, launcher, **_):
    return run(launcher.start([bench, "--training"], RANKS))


def memory(bench, launcher, data, **_):
    print(f"# Peak memory of lenet/group on Fashion-MNIST, summed over {RANKS} ranks, in GB")
    print("#   workers, algorithm, topology        peak  state buffers images  required")
    codes = []
    for workers, limit in MEMORY:
        for algorithm, topology in MEMORY_CASES:
            case = ["--memory", workers, "--limit", limit, "--algorithm", algorithm, "--topology", topology]
            codes.append(run(launcher.start([bench, *case, *data], RANKS)))
    print("# state: arrays of the workers; buffers: the exchange's; images: once per rank")
    return max(codes)


def start_up(train, launcher, data, **_):
    """From outside and with the whole of mpirun, so an upper bound: a run of one step less the evaluation behind it."""
    import h5py  # slow to load, and not needed by the others

    seconds = []
    for _ in range(START_UPS):
        with tempfile.TemporaryDirectory() as folder:
            result = Path(folder) / "one_step.h5"
            # At step 0 all workers are equal and evaluated once; one worker behind it keeps the run short.
            case = ["--workers", 16, "--epochs", 0.01, "--eval-workers", 1, *data, "--out", result]
            begin = time.monotonic()
            code = run(launcher.start([train, *case], RANKS), quiet=True)
            wall = time.monotonic() - begin
            if code != 0:
                return code
            with h5py.File(result, "r") as file:
                evaluation = file["seconds_evaluation"][:]
            seconds.append(wall - float((evaluation[-1] - evaluation[0]).min()))
    middle = statistics.median(seconds)
    verdict = "reached" if middle < START_UP_SECONDS else "MISSED"
    print(f"# Start-up of train: Fashion-MNIST, 16 workers on {RANKS} ranks, from before mpirun")
    print("# through loading, first evaluation and first step to the end of a one-step run,")
    print("# less the evaluation behind the step")
    figures = f"PASSED    {middle:.2f} s, the median of {START_UPS} from {min(seconds):.2f} to {max(seconds):.2f} s"
    print(f"{figures:<63}< {START_UP_SECONDS:g} s: {verdict}")
    return 0


PARTS = {"networks": networks, "training": training, "memory": memory, "start-up": start_up}


def main(arguments):
    parser = argparse.ArgumentParser(description="measure what training costs in time and memory")
    parser.add_argument("--build", default="build", help="the build folder [build]")
    parser.add_argument("--data", default="", metavar="DIR", help="where Fashion-MNIST is, if not at its default")
    parser.add_argument("--only", default=",".join(PARTS), metavar="LIST", help=f"some of {','.join(PARTS)} [all]")
    options = parser.parse_args(arguments)
    chosen = options.only.split(",")
    for name in chosen:
        if name not in PARTS:
            parser.error(f"--only {name}: there is {', '.join(PARTS)}")
    bench, train = (Path(options.build).resolve() / "bin" / name for name in ("bench_train", "train"))
    try:
        launcher = launch.find_launcher(bench)
    except launch.LaunchError as error:
        print(f"bench_train.py: {error}", file=sys.stderr)
        return 1
    data = ["--data", options.data] if options.data else []
    codes = [PARTS[name](bench=bench, train=train, launcher=launcher, data=data) for name in chosen]
    return 1 if any(codes) else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
