"""Writes result files exactly as results/schema.md says, with chosen numbers: what the tests of this folder read."""

import contextlib
import datetime
import os
import shutil
import socket
import tempfile
import unittest
from pathlib import Path

import h5py
import numpy as np

DEFAULTS = {
    "dataset": "fashion_mnist", "data": "", "model": "lenet", "norm": "group", "workers": "16", "topology": "ring", "skew": "iid",
    "algorithm": "d_psgd", "lr": "0.05", "lr-schedule": "constant", "momentum": "0.9", "weight-decay": "0.0001", "batch": "32",
    "epochs": "3", "seed": "1", "device": "host", "kernels": "auto", "eval-every": "1", "eval-samples": "2000",
    "eval-workers": "64", "running-stats": "local", "augment": "none",
}
IN_THE_PATH = ("dataset", "model", "norm", "topology", "workers", "skew", "algorithm", "seed")
FIXED_TEXT = "S256"


def case_string(options):
    o = {**DEFAULTS, **options}
    more = "".join(f"/{key}={o[key]}" for key in sorted(o) if key not in IN_THE_PATH and o[key] != DEFAULTS.get(key))
    return (f"train:{o['dataset']}/{o['model']}/{o['norm']}/{o['topology']}/n{o['workers']}/{o['skew']}/{o['algorithm']}"
            f"/seed{o['seed']}{more}")


def write_example(folder, options=None, *, accuracy, average=None, verdict="PASSED", state="complete", oversubscribed="no",
                  payload_per_step=1000, seconds_per_row=10.0, evaluation_seconds=2.0, histogram=None, pid=None, ranks=2,
                  consensus=None, loss_of_average=None, started=None):
    """Writes one file into `folder` and returns its path.

    `accuracy`: fractions, one row per evaluation and one column per evaluated worker; its first row is epoch 0. Each epoch
    has 10 steps, and worker i sends payload_per_step bytes a step whatever i; the last two rows are on the full test set.
    `state`: complete, running (as its writer left it when it was killed: SWMR flags set), interrupted.
    """
    config = {**DEFAULTS, **(options or {})}
    accuracy = np.asarray(accuracy, dtype=np.float64)
    evaluations, evaluated = accuracy.shape
    workers = int(config["workers"])
    epoch = np.arange(evaluations, dtype=np.float64)
    step = (10 * epoch).astype(np.int64)
    average = accuracy.mean(axis=1) if average is None else np.asarray(average, dtype=np.float64)
    full = np.array([evaluations - 1 - row < 2 and row > 0 for row in range(evaluations)], dtype=np.uint8)
    per_rank = np.ones((1, ranks))
    started = started or datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
    rows = {
        "epoch": epoch, "step": step, "samples": step * 32 * workers,
        "train_loss": np.where(epoch == 0, np.nan, 2.3 * np.exp(-epoch)), "evaluated_samples": np.where(full == 1, 10000, 2000),
        "full": full, "loss": 1 - accuracy, "accuracy": accuracy,
        "loss_of_average": 1 - average if loss_of_average is None else np.asarray(loss_of_average, dtype=np.float64),
        "accuracy_of_average": average,
        "consensus_distance": np.full(evaluations, 0.5) if consensus is None else np.asarray(consensus, dtype=np.float64),
        "payload_bytes": np.tile(step[:, None] * payload_per_step, (1, workers)),
        "wire_bytes": np.tile(step[:, None] * payload_per_step // 2, (1, workers)),
        "seconds_total": epoch * seconds_per_row,
    }
    for name, share in (("compute", 0.6), ("exchange", 0.1), ("wait", 0.05), ("mix", 0.05)):
        rows[f"seconds_{name}"] = share * epoch[:, None] * seconds_per_row * per_rank
    rows["seconds_evaluation"] = evaluation_seconds * epoch[:, None] * per_rank
    rows["seconds_evaluation"][:, 1:] /= 2  # rank 0 evaluates longest
    if histogram is None:
        histogram = np.full((workers, 10), 60000 // (10 * workers), dtype=np.int64)

    case = case_string(config)
    suffix = {"complete": ".h5", "running": ".running.h5", "interrupted": ".interrupted-1.h5"}[state]
    path = Path(folder) / (case.replace("/", "_").replace(":", "_") + suffix)
    path.parent.mkdir(parents=True, exist_ok=True)
    done = state == "complete"
    writer = path if done else path.with_suffix(".writing")
    with h5py.File(writer, "w", libver="latest") as file:
        file.attrs["schema"] = np.int64(1)
        for key, value in (("suite", "skewbench"), ("kind", "train"), ("case", case), ("started_utc", started),
                           ("host", socket.gethostname())):
            file.attrs[key] = value
        file.attrs["pid"] = np.int64(os.getpid() if pid is None else pid)
        for key, value in (("status", "complete" if done else "running"), ("verdict", verdict if done else "NOT_VERIFIED"),
                           ("reason", ""), ("ended_utc", "2024-05-01T10:01:00Z" if done else "")):
            file.attrs.create(key, value.encode(), dtype=FIXED_TEXT)
        groups = {
            "config": config,
            "environment": {
                "git_revision": "0123abc", "git_dirty": "no", "cpu": "a CPU", "cores": "2", "ranks": str(ranks),
                "oversubscribed": oversubscribed, "mpi": "an MPI", "onednn": "2.6.3", "hdf5": "1.10.8", "compiler": "g++ 12",
                "instruction_set": "AVX-512", "argv": "train --case " + case,
            },
            "topology": {"name": config["topology"], "workers": config["workers"], "period": "1", "lanes": "1", "diameter": "8",
                         "max_degree": "2", "spectral_gap": "0.0507"},
            "model": {"parameters": "79510", "vector_length": "79600", "flops_per_sample": "47700000"},
            "partition": {},
        }
        for group, attributes in groups.items():
            file.create_group(group).attrs.update(attributes)
        file["topology"]["edges"] = np.array([[0, 0, i, (i + 1) % workers] for i in range(workers)], dtype=np.int32)
        file["partition"]["class_histogram"] = histogram
        file["partition"]["samples"] = histogram.sum(axis=1)
        file["evaluated_workers"] = np.arange(evaluated, dtype=np.int32)
        file["edge_bytes"] = np.zeros((0, 4), dtype=np.int64)
        for key, values in rows.items():
            file.create_dataset(key, shape=(0, *values.shape[1:]), maxshape=(None, *values.shape[1:]), dtype=values.dtype)
        with contextlib.suppress() if done else _killed(file, writer, path):
            for key, values in rows.items():
                file[key].resize(len(values), axis=0)
                file[key][...] = values
                file[key].flush()
    return path


@contextlib.contextmanager
def _killed(file, writer, path):
    """What is on disk while the SWMR writer still holds the file is what a killed one leaves."""
    file.swmr_mode = True
    yield
    file.flush()
    shutil.copyfile(writer, path)
    os.unlink(writer)


class ExampleRuns(unittest.TestCase):
    """A test with a folder of runs of its own, and one sweep's folder in it."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.runs = Path(folder.name)
        self.folder = self.runs / "s"

    def write(self, accuracy, options=None, **more):
        return write_example(self.folder, {"workers": "2", **(options or {})}, accuracy=accuracy, **more)
