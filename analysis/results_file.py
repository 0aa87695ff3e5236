"""Reads a training run's result file (results/schema.md) into a `Run`.

Whatever can be wrong with a file (foreign, truncated, of a later schema, rows that contradict each other) becomes one
`UnreadableResult` with one sentence, so that a folder with one bad file still gives a table, and says which file is not in it.
"""

import datetime
import os
import re
import socket
from dataclasses import dataclass
from pathlib import Path

import h5py
import numpy as np

SCHEMA = 1
INTERRUPTED_NAME = re.compile(r"\.interrupted-\d+\.h5$")
ROW_DATASETS = (
    "epoch", "step", "samples", "train_loss", "evaluated_samples", "full", "loss", "accuracy", "loss_of_average",
    "accuracy_of_average", "consensus_distance", "payload_bytes", "wire_bytes", "seconds_compute", "seconds_exchange",
    "seconds_wait", "seconds_mix", "seconds_evaluation", "seconds_total",
)
TWO_DIMENSIONAL = {
    "loss", "accuracy", "payload_bytes", "wire_bytes", "seconds_compute", "seconds_exchange", "seconds_wait", "seconds_mix",
    "seconds_evaluation",
}


class UnreadableResult(Exception):
    """One sentence: which file, and why nothing is read from it."""


@dataclass
class Run:
    """One result file. `rows` holds the datasets of the root that have one row per evaluation, all cut to the same length."""

    path: Path
    state: str  # complete, running (its process lives, or lives on another host), interrupted
    case: str
    verdict: str
    reason: str
    started: str
    ended: str
    host: str
    pid: int
    config: dict
    environment: dict
    topology: dict
    model: dict
    rows: dict
    evaluated_workers: np.ndarray
    class_histogram: np.ndarray | None = None

    @property
    def evaluations(self):
        return len(self.rows["epoch"])

    @property
    def oversubscribed(self):
        return self.environment.get("oversubscribed") == "yes"

    @property
    def diverged(self):
        return self.verdict == "DIVERGED"

    def accuracy_percent(self):
        """(mean worker, worst worker, averaged model), each [E], in percent. A worker's NaN makes its row's mean and worst NaN."""
        accuracy = 100 * self.rows["accuracy"]
        return accuracy.mean(axis=1), accuracy.min(axis=1), 100 * self.rows["accuracy_of_average"]

    def payload_per_worker(self):
        """[E] bytes sent so far, mean over all workers."""
        return self.rows["payload_bytes"].mean(axis=1)

    def training_seconds(self):
        """[E] wall time so far without the evaluations, which every rank waits for: they measure, they do not train."""
        return self.rows["seconds_total"] - self.rows["seconds_evaluation"].max(axis=1)

    def label_skew(self):
        """Mean over workers of the total variation distance between its classes and all classes: 0 = equal mixes. None without classes."""
        histogram = self.class_histogram
        if histogram is None or histogram.sum() == 0:
            return None
        held = histogram[histogram.sum(axis=1) > 0]
        own = held / held.sum(axis=1, keepdims=True)
        everywhere = histogram.sum(axis=0) / histogram.sum()
        return float(0.5 * np.abs(own - everywhere).sum(axis=1).mean())


def read_run(path):
    """Reads one file; raises UnreadableResult. A file whose name says `running` or `interrupted` is opened in SWMR mode."""
    path = Path(path)
    unfinished = path.name.endswith(".running.h5") or INTERRUPTED_NAME.search(path.name) is not None
    try:
        with _open(path, unfinished) as file:
            run = _read_open_file(path, file)
    except UnreadableResult:
        raise
    except (OSError, RuntimeError, KeyError, ValueError, TypeError) as error:  # what h5py raises on damaged content
        raise UnreadableResult(f"{path.name} cannot be read, it is truncated or damaged: {_one_line(error)}") from error
    status = run.state
    if not unfinished and status != "complete":
        raise UnreadableResult(f"{path.name} has the name of a complete run but its status is '{status}'")
    if unfinished:
        run.state = "running" if path.name.endswith(".running.h5") and process_may_live(run.host, run.pid, run.started) else "interrupted"
    return run


def read_folder(folder):
    """All runs of a folder, sorted by name, and one sentence per file that was skipped. A folder that is not there is empty."""
    runs, skipped = [], []
    for path in sorted(Path(folder).glob("*.h5")):
        try:
            runs.append(read_run(path))
        except UnreadableResult as error:
            skipped.append(str(error))
    return runs, skipped


def _open(path, unfinished):
    if not path.is_file():
        raise UnreadableResult(f"{path} is not a file")
    if path.stat().st_size == 0:
        raise UnreadableResult(f"{path.name} is empty")
    if not h5py.is_hdf5(path):
        raise UnreadableResult(f"{path.name} is not an HDF5 file")
    if unfinished:
        try:
            return h5py.File(path, "r", libver="latest", swmr=True)
        except (OSError, ValueError):
            pass  # its flags were cleared since: an ordinary file
    return h5py.File(path, "r")


def _read_open_file(path, file):
    name = path.name
    if "schema" not in file.attrs or _text(file.attrs.get("suite", "")) != "skewbench":
        raise UnreadableResult(f"{name} is an HDF5 file but not a result of skewbench: it has no suite and schema attributes of ours")
    schema = int(file.attrs["schema"])
    if schema != SCHEMA:
        raise UnreadableResult(f"{name} has schema {schema}; this analysis reads schema {SCHEMA}")
    attributes = {key: _text(value) for key, value in file.attrs.items()}
    if attributes.get("kind") != "train":
        raise UnreadableResult(f"{name} holds a '{attributes.get('kind', '')}' result, not a training run")
    for key in ("case", "status", "verdict", "started_utc"):
        if key not in attributes:
            raise UnreadableResult(f"{name} has no attribute '{key}'")
    groups = {}
    for group in ("config", "environment", "topology", "model"):
        if group not in file:
            raise UnreadableResult(f"{name} has no group '{group}'")
        groups[group] = {key: _text(value) for key, value in file[group].attrs.items()}
    histogram = file["partition/class_histogram"][()] if "partition/class_histogram" in file else None
    return Run(
        path=path, state=attributes["status"], case=attributes["case"], verdict=attributes["verdict"],
        reason=attributes.get("reason", ""), started=attributes["started_utc"], ended=attributes.get("ended_utc", ""),
        host=attributes.get("host", ""), pid=int(file.attrs.get("pid", 0)), rows=_read_rows(name, file), evaluated_workers=file["evaluated_workers"][()],
        class_histogram=histogram, **groups,
    )


def _read_rows(name, file):
    """Between two flushes of a running file one dataset may already be a row longer than another: all are cut to the shortest."""
    rows = {}
    for key in ROW_DATASETS:
        if key not in file:
            raise UnreadableResult(f"{name} has no dataset '{key}'")
        rows[key] = file[key][()]
        dimensions = 2 if key in TWO_DIMENSIONAL else 1
        if rows[key].ndim != dimensions:
            raise UnreadableResult(f"{name}: dataset '{key}' has {rows[key].ndim} dimensions instead of {dimensions}")
    length = min(len(values) for values in rows.values())
    rows = {key: values[:length] for key, values in rows.items()}
    if np.any(np.diff(rows["epoch"]) <= 0):
        raise UnreadableResult(f"{name}: its epochs do not rise from row to row")
    return rows


def process_may_live(host, pid, started):
    """Whether the process that began at or before `started` (ISO 8601, UTC) may still be there; on another host nobody can tell, so yes."""
    if host != socket.gethostname() or pid <= 0:
        return True
    try:
        os.kill(pid, 0)  # signal 0 only asks whether it exists
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    began = _began(pid)
    try:
        claimed = datetime.datetime.fromisoformat(started).timestamp()
    except ValueError:
        return True
    return began is None or began <= claimed + 2  # a later process has the pid by chance; both clocks count whole seconds


def _began(pid):
    """Seconds since 1970; None where the system does not say."""
    try:
        ticks = float(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19])
        boot = float(re.search(r"^btime (\d+)", Path("/proc/stat").read_text(), re.MULTILINE)[1])
    except (OSError, IndexError, ValueError, TypeError):
        return None
    return boot + ticks / os.sysconf("SC_CLK_TCK")


def _text(value):
    if isinstance(value, bytes):
        return value.rstrip(b"\0").decode("utf-8", "replace")
    return str(value).rstrip("\0")


def _one_line(error):
    return " ".join(str(error).split())
