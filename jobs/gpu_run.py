"""Runs CUDA tests and benchmarks on a GPU and writes what came out to results/gpu/: python jobs/gpu_run.py check|test|bench

check: one sentence and exit code 1 where there is no GPU, or no nvcc. test: every CUDA test through NVIDIA's runtime, then
again under compute-sanitizer's memcheck, racecheck, initcheck and synccheck where that is installed. bench: every row of
bench_kernels on the device, or those that further options choose. Files are named by date and GPU and say what they ran on.
"""

import argparse
import ctypes
import datetime
import re
import shutil
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import launch
import run_tests

ROOT = Path(__file__).resolve().parent.parent
SANITIZERS = ("memcheck", "racecheck", "initcheck", "synccheck")
SANITIZER_SECONDS = 1200  # that one program may take under one tool; racecheck makes shared memory a hundred times slower
ENVIRONMENT = {"CUDA_DEVICE_ORDER": "PCI_BUS_ID"}  # so that the first GPU of CUDA is the first of nvidia-smi, which the file names


def why_no_gpu(library="libcuda.so.1"):
    """Empty where a GPU can be used, by asking the driver itself."""
    if not shutil.which("nvcc"):
        return "there is no nvcc here, so there are no CUDA kernels to run"
    try:
        driver = ctypes.CDLL(library)
    except OSError:
        return "there is no GPU here: no NVIDIA driver is installed"
    count = ctypes.c_int(0)
    if error := driver.cuInit(0):
        return f"there is no GPU here: the driver does not start (CUDA error {error})"
    if driver.cuDeviceGetCount(ctypes.byref(count)) or count.value == 0:
        return "there is no GPU here: the driver finds no device"
    return ""


def output_of(*command):
    try:
        return subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, cwd=ROOT).stdout.strip()
    except OSError:
        return "unknown"


def environment():
    """What a reader of the file must know, as '# key: value' lines."""
    gpus = output_of("nvidia-smi", "--query-gpu=name,driver_version,clocks.sm,clocks.max.sm,power.limit,temperature.gpu", "--format=csv,noheader")
    gpus = gpus.splitlines() or ["unknown"]
    facts = [("started", datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds")), *(("gpu", gpu) for gpu in gpus),
             ("nvcc", (output_of("nvcc", "--version").splitlines() or ["unknown"])[-1]), ("revision", output_of("git", "rev-parse", "HEAD")),
             ("changed files", len(output_of("git", "status", "--porcelain").splitlines()))]
    return gpus[0].split(",")[0], "".join(f"# {key}: {value}\n" for key, value in facts)


def stem(kind, gpu):
    name = re.sub(r"\W+", "_", gpu.lower()).strip("_") or "gpu"
    return f"{datetime.datetime.now(datetime.timezone.utc):%Y%m%d_%H%M%S}_{name}_{kind}"


def run_and_keep(command, out):
    """Runs, shows and keeps what a command prints; its exit code."""
    out.write(f"$ {' '.join(map(str, command))}\n")
    process = subprocess.Popen([str(part) for part in command], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, cwd=ROOT,
                               env={**ENVIRONMENT, **launch.environment()}, start_new_session=True)
    try:
        for line in process.stdout:
            print(line, end="", flush=True)
            out.write(line)
            out.flush()
        code = process.wait()
    finally:
        launch.end(process)
    out.write(f"exit code {code}\n\n")
    return code


def run_aside(command):
    """Runs a command that shares the GPU with others: (exit code, what it printed, seconds)."""
    begin = time.monotonic()
    with tempfile.TemporaryFile() as output:
        process = subprocess.Popen([str(part) for part in command], stdout=output, stderr=subprocess.STDOUT, cwd=ROOT, env={**ENVIRONMENT, **launch.environment()},
                                   start_new_session=True)
        try:
            code = process.wait(SANITIZER_SECONDS)
        except subprocess.TimeoutExpired:
            code = f"none: still running after {SANITIZER_SECONDS} s, killed"
        launch.end(process)
        output.seek(0)
        return code, output.read().decode(errors="replace"), time.monotonic() - begin


def sanitize(sanitizer, programs, out):
    """Every program under every tool, side by side; of those that find nothing, the last line is kept. The exit codes."""
    runs = [(tool, program) for program in programs for tool in SANITIZERS]

    def command(tool, program):
        # Calls that fail are the suite's own affair: it checks each, and a test asks for more memory than there is. What the
        # vendor's kernels do is the vendor's.
        return [sanitizer, "--tool", tool, "--report-api-errors", "no", "--error-exitcode", "9", program, "--gtest_brief=1", "--gtest_filter=-*Cudnn*:*Vendor*"]

    codes = []
    with ThreadPoolExecutor(max_workers=min(8, launch.cores())) as pool:
        for run, (code, text, seconds) in zip(runs, pool.map(lambda run: run_aside(command(*run)), runs)):
            last = (text.strip().splitlines() or ["it printed nothing"])[-1]
            said = f"{'ok  ' if code == 0 else 'FAIL'}  {run[0]:<10} {run[1].name:<40} {seconds:6.1f} s  exit code {code}  {last}\n"
            print(said, end="", flush=True)
            out.write(said + (text + "\n" if code else ""))
            out.flush()
            codes.append(code)
    return codes


def test(build, folder):
    gpu, facts = environment()
    path = folder / f"{stem('tests', gpu)}.txt"
    with path.open("w") as out:
        out.write(facts)
        codes = [run_and_keep([sys.executable, "jobs/run_tests.py", "--build", build, "--cuda", "gpu"], out)]
        if sanitizer := shutil.which("compute-sanitizer"):
            codes += sanitize(sanitizer, [build / "gpu/tests" / name for name in run_tests.sources(ROOT) if (build / "gpu/tests" / name).is_file() and name.endswith("_cuda_test")], out)
        else:
            out.write("compute-sanitizer is not installed: not run\n")
        verdict = "PASSED" if not any(codes) else "FAILED"
        out.write(f"{verdict}: {len(codes)} runs, {sum(map(bool, codes))} of them failed\n")
    print(f"{verdict}; {path}")
    return 0 if verdict == "PASSED" else 1


def bench(build, folder, options):
    gpu, facts = environment()
    name = folder / stem("kernels", gpu)
    with Path(f"{name}.txt").open("w") as out:
        out.write(facts)
        code = run_and_keep([build / "bin/bench_kernels", "--place", "device", "--needs-gpu", "--out", name, *options], out)
    print(f"exit code {code}; {name}.txt, .jsonl, .h5")
    return code


def main(arguments):
    parser = argparse.ArgumentParser(description="CUDA tests and benchmarks on a GPU")
    parser.add_argument("what", choices=("check", "test", "bench"))
    parser.add_argument("--build", default="build", help="the build folder [build]")
    parser.add_argument("--results", default=str(ROOT / "results/gpu"), help="where to write [results/gpu]")
    options, passed_on = parser.parse_known_args(arguments)
    if passed_on and options.what != "bench":
        parser.error(f"only bench passes options on: {' '.join(passed_on)}")
    if reason := why_no_gpu():
        print(f"gpu_run: {reason}", file=sys.stderr)
        return 1
    if options.what == "check":
        return 0
    folder = Path(options.results)
    folder.mkdir(parents=True, exist_ok=True)
    build = Path(options.build).resolve()
    return test(build, folder) if options.what == "test" else bench(build, folder, passed_on)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
