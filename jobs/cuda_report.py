"""What every CUDA kernel takes and moves, without a GPU: python jobs/cuda_report.py [--build build] [--only REGEX]

First table: registers, spills, stack, shared memory, occupancy, width of the global accesses and tensor-core
instructions, from what nvcc, ptxas, cuobjdump and nvdisasm say; and whether it is what kernels/OP/resources.toml expects.
Second table, where BUILD/cuda/counts.json is (make cuda-report writes it): bytes and instructions that the translated
kernels counted on the CPU, against the bytes that any version must move, and the least time on an A100 and an H100. That
is a prediction from documented peaks (gpus.toml), no measurement. Exit code 1 where a kernel is not as expected.
--json FILE writes both; --suggest prints tables for resources.toml that describe the kernels as they are.
"""

import argparse
import json
import re
import shutil
import sys
from dataclasses import fields, is_dataclass
from pathlib import Path

import cuda_resources
import cuda_tools
import gpu_model

ROOT = Path(__file__).resolve().parent.parent


def launches_of(counts):
    """{mangled kernel: its launches} over all counted cases."""
    launches = {}
    for case in counts:
        for launch in case["launches"]:
            launches.setdefault(launch["kernel"], []).append(launch)
    return launches


def occupancy_of(kernel, gpus, launches):
    """Occupancy as it was launched on the CPU; else with as many threads as __launch_bounds__ names; else None."""
    if kernel.architecture == cuda_resources.PTX:
        return None
    gpu = next(gpu for gpu in gpus.values() if gpu["architecture"] == kernel.architecture)
    seen = launches.get(kernel.mangled, [])
    threads = max((launch["threads"] for launch in seen), default=kernel.most_threads)
    dynamic = max((launch["dynamic_shared"] for launch in seen), default=0)
    if not threads:
        return None
    return threads, dynamic, gpu_model.occupancy(gpu, threads, kernel.usage.registers, kernel.usage.shared + dynamic)


def resource_rows(kernels, gpus, launches):
    yield ("kernel", "arch", "regs", "spill", "stack", "smem", "threads", "occup.", "by", "instr.", "loads", "stores", "tensor", "")
    yield ("", "", "", "[B]", "[B]", "[B]", "", "[%]", "", "", "[n x B]", "[n x B]", "", "")
    for kernel in sorted(kernels, key=lambda kernel: (kernel.folder, kernel.name, kernel.architecture)):
        usage, found = kernel.usage, occupancy_of(kernel, gpus, launches)
        threads, dynamic, occupancy = found or (0, 0, None)
        tensor = " ".join(f"{number}x{opcode.removeprefix('HMMA.mma.sync.aligned.')}" for opcode, number in kernel.code.tensor.items())
        machine = (usage.registers, usage.spill_stores + usage.spill_loads, usage.stack, usage.shared + dynamic, threads or "?",
                   f"{100 * occupancy.share:.0f}" if occupancy else "?", occupancy.limit if occupancy else "")
        yield (kernel.name, kernel.architecture, *(machine if kernel.architecture != cuda_resources.PTX else ("",) * len(machine)),
               kernel.code.instructions, cuda_resources.histogram(kernel.loop_loads),
               cuda_resources.histogram(kernel.loop_stores), tensor or "-", "NOT AS EXPECTED" if kernel.problems else "ok")


def traffic_rows(counts, gpus, tensor_kernels):
    names = list(gpus)
    yield ("case", "least", "asked for", "ratio", "instr.", *(part for name in names for part in (name, "bound by")))
    yield ("", "[B]", "[B]", "", "/thread", *(part for _ in names for part in ("[us]", "")))
    for case in counts:
        least = case["least_bytes_read"] + case["least_bytes_written"]
        asked = sum(launch["bytes_read"] + launch["bytes_written"] for launch in case["launches"])
        instructions = sum(launch["instructions"] for launch in case["launches"])
        threads = sum(launch["blocks"] * launch["threads"] for launch in case["launches"])
        tensor = any(launch["kernel"] in tensor_kernels for launch in case["launches"])
        cells = []
        for gpu in gpus.values():
            prediction = gpu_model.predict(gpu, least, asked, case["flops"], instructions, tensor)
            cells += [f"{1e6 * prediction.seconds:.2f}", prediction.bound]
        yield (case["case"], least, asked, f"{asked / least:.2f}", f"{instructions / threads:.0f}", *cells)


def print_table(rows):
    rows = [tuple(map(str, row)) for row in rows]
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    for row in rows:
        cells = [cell.ljust(width) if i == 0 or not re.match(r"[\d.]+$", cell) else cell.rjust(width)
                 for i, (cell, width) in enumerate(zip(row, widths))]
        print("  ".join(cells).rstrip())


def plain(value):
    """As JSON has it. dataclasses.asdict takes a Counter's items for things to count."""
    if is_dataclass(value):
        return {field.name: plain(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, dict):
        return {str(key): plain(part) for key, part in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(part) for part in value]
    return value


def suggest(kernels, expected):
    """Tables that fit the kernels which have none yet: to be read and corrected, not to be pasted."""
    done = set()
    for kernel in kernels:
        base = cuda_tools.base_name(kernel.name)
        if base in expected.get(kernel.folder, {}) or base in done:
            continue
        done.add(base)
        print(f"# {kernel.folder}\n[{base}]")
        for what, counter in (("loads", kernel.loop_loads), ("stores", kernel.loop_stores)):
            if counter and max(counter) == 16:
                print(f"{what} = 16" + ("" if len(counter) == 1 else f"  # {cuda_resources.histogram(counter)}"))
        if kernel.code.loop_tensor:
            print(f'tensor = "{next(iter(kernel.code.tensor)).split(".")[0]}"')


def main(arguments):
    parser = argparse.ArgumentParser(description="resources and traffic of every CUDA kernel, without a GPU")
    parser.add_argument("--build", default="build", help="the build folder [build]")
    parser.add_argument("--only", default="", metavar="REGEX", help="only kernels whose name matches")
    parser.add_argument("--json", metavar="FILE", help="write both tables there")
    parser.add_argument("--suggest", action="store_true", help="print tables for resources.toml")
    options = parser.parse_args(arguments)
    if not shutil.which("nvcc"):
        print("cuda_report: there is no nvcc here, so there are no CUDA kernels to report on", file=sys.stderr)
        return 1
    build = Path(options.build).resolve()
    try:
        kernels = cuda_resources.read_build(ROOT, build)
    except cuda_tools.ToolError as error:
        print(f"cuda_report: {error}", file=sys.stderr)
        return 1
    expected, problems = cuda_resources.load_expectations(ROOT)
    if options.suggest:
        suggest(kernels, expected)
        return 0
    problems += cuda_resources.check_all(kernels, expected)
    counts_file = build / "cuda" / "counts.json"
    counts = json.loads(counts_file.read_text()) if counts_file.exists() else []
    shown = [kernel for kernel in kernels if re.search(options.only, kernel.name)]
    gpus = gpu_model.load_gpus()
    print("# Resources. loads, stores: global accesses in loops, number x bytes. Occupancy: documented limits of A100 and H100.")
    print_table(resource_rows(shown, gpus, launches_of(counts)))
    if counts:
        tensor_kernels = {kernel.mangled for kernel in kernels if kernel.code.tensor}
        cases = [case for case in counts if re.search(options.only, case["case"])]
        print("\n# Traffic, counted on the CPU, and the least time it can take: a PREDICTION from documented peaks, not yet run on a GPU.")
        print("# least: what any version must move. asked for: what the threads load and store; caches serve what exceeds the least.")
        print_table(traffic_rows(cases, gpus, tensor_kernels))
        counted = {launch["kernel"] for case in counts for launch in case["launches"]}
        if uncounted := sorted({kernel.name for kernel in shown if kernel.mangled not in counted}):
            print(f"# In no case above: {', '.join(uncounted)}")
    if options.json:
        Path(options.json).write_text(json.dumps({"schema": 1, "kernels": [plain(kernel) for kernel in kernels], "counts": counts}, indent=1))
    print()
    for problem in problems:
        print(f"NOT AS EXPECTED  {problem}")
    print(f"{len(kernels)} kernels and architectures, {len(problems)} not as expected")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
