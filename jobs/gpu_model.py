"""What a GPU's documented limits say about a kernel without running it: occupancy, and the least time it can take.

The numbers are in gpus.toml. A prediction is the largest of four lower bounds, so a kernel can only be slower:
  memory   the bytes that any version must move, at the peak of the device's memory
  L1       the bytes that the threads ask for, at what all first-level caches deliver together
  compute  the operations, at the peak of the units that do them
  issue    the instructions, at one a clock and scheduler
"""

from dataclasses import dataclass
from pathlib import Path

try:
    import tomllib
except ImportError:  # before Python 3.11
    import tomli as tomllib

WARP = 32


def load_gpus(path=Path(__file__).with_name("gpus.toml")):
    return tomllib.loads(path.read_text())


def round_up(value, unit):
    return -(-value // unit) * unit


@dataclass
class Occupancy:
    warps: int
    share: float
    limit: str  # what allows no more: warps, blocks, registers, shared memory


def occupancy(gpu, threads, registers, shared):
    """Of blocks of so many threads, registers a thread and bytes of shared memory a block, static and dynamic."""
    warps = round_up(threads, WARP) // WARP
    by = {"warps": gpu["max_warps"] // warps, "blocks": gpu["max_blocks"]}
    if registers:
        in_registers = gpu["registers"] // round_up(registers * WARP, gpu["register_unit"])
        by["registers"] = in_registers // gpu["warp_unit"] * gpu["warp_unit"] // warps
    by["shared memory"] = gpu["shared_bytes"] // round_up(shared + gpu["shared_bytes_reserved"], gpu["shared_unit"])
    limit = min(by, key=by.get)
    resident = by[limit] * warps
    return Occupancy(resident, resident / gpu["max_warps"], limit)


@dataclass
class Prediction:
    seconds: float
    bound: str


def predict(gpu, least_bytes, asked_bytes, flops, thread_instructions, uses_tensor_cores):
    clocks = gpu["multiprocessors"] * gpu["clock_hz"]
    bounds = {
        "memory": least_bytes / gpu["memory_bytes_per_second"],
        "L1": asked_bytes / (clocks * gpu["l1_bytes_per_clock"]),
        "compute": flops / gpu["tf32_flops" if uses_tensor_cores else "float32_flops"],
        "issue": thread_instructions / WARP / (clocks * gpu["schedulers"]),
    }
    bound = max(bounds, key=bounds.get)
    return Prediction(bounds[bound], bound)
