"""NVIDIA's binary tools and what they and ptxas say about kernels: where they are, what they print, short names.

cuobjdump and nvdisasm come with most toolkits; where they do not, jobs/setup/cuda_tools.txt pins them from PyPI and
`make setup` installs them into the build's Python environment, whose wheels hide them in a folder of their own.
"""

import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

ARCHITECTURES = ("sm_80", "sm_90")


class ToolError(Exception):
    """One sentence for the user."""


def find_tool(name, path=sys.path):
    """Beside nvcc, on PATH, or in this Python's packages; throws where it is nowhere."""
    nvcc = shutil.which("nvcc")
    beside = [Path(nvcc).parent / name] if nvcc else []
    on_path = [Path(found)] if (found := shutil.which(name)) else []
    packaged = [tool for folder in path if folder for tool in sorted(Path(folder).glob(f"nvidia/*/bin/{name}"))]
    for tool in beside + on_path + packaged:
        if tool.is_file():
            return tool
    raise ToolError(f"{name} is neither beside nvcc nor on PATH nor among the Python packages of {sys.executable}: make setup installs it")


def run(*command):
    result = subprocess.run([str(part) for part in command], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    if result.returncode:
        raise ToolError(f"{' '.join(map(str, command))} failed: {result.stderr.strip() or result.stdout.strip()}")
    return result.stdout


def disassemble(cubin):
    """nvdisasm's text, kept beside the cubin: a call takes half a second."""
    kept = cubin.with_suffix(".sass")
    if not kept.exists() or kept.stat().st_mtime < cubin.stat().st_mtime:
        text = run(find_tool("nvdisasm"), "-c", cubin)
        kept.write_text(text)
    return kept.read_text()


@dataclass
class Usage:
    """What one kernel takes on one architecture. Bytes are per thread, shared memory per block."""

    registers: int = 0
    stack: int = 0
    shared: int = 0  # static
    local: int = 0
    spill_stores: int = 0
    spill_loads: int = 0
    barriers: int = 0


def parse_usage(text):
    """{mangled kernel: Usage} of `cuobjdump -res-usage`."""
    usages, name = {}, None
    for line in text.splitlines():
        if found := re.match(r"\s*Function (\S+):", line):
            name = found[1]
        elif name and (found := re.match(r"\s*REG:(\d+) STACK:(\d+) SHARED:(\d+) LOCAL:(\d+)", line)):
            usages[name] = Usage(*map(int, found.groups()))
            name = None
    return usages


def parse_ptxas(text):
    """{(mangled kernel, architecture): Usage} of what `ptxas -v` says."""
    usages, key = {}, None
    for line in text.splitlines():
        if found := re.search(r"Compiling entry function '(\S+)' for '(\S+)'", line):
            key = (found[1], found[2])
            usages[key] = Usage()
        elif key is None:
            continue
        elif found := re.search(r"(\d+) bytes stack frame, (\d+) bytes spill stores, (\d+) bytes spill loads", line):
            usages[key].stack, usages[key].spill_stores, usages[key].spill_loads = map(int, found.groups())
        elif found := re.search(r"Used (\d+) registers", line):
            usages[key].registers = int(found[1])
            usages[key].barriers = int(n[1]) if (n := re.search(r"used (\d+) barriers", line)) else 0
            usages[key].shared = int(n[1]) if (n := re.search(r"(\d+) bytes smem", line)) else 0
            key = None
    return usages


def short_name(demangled):
    """'void a::(anonymous namespace)::f_kernel<(int)64, true>(float*)' -> 'f_kernel<64, true>'."""
    text, depth, end = demangled.replace("(anonymous namespace)::", ""), 0, None
    text = re.sub(r"\((?:bool|int|unsigned int|long|unsigned long|[\w:]+)\)(?=-?[\w:]+[,>])", "", text)
    for i, c in enumerate(text):
        depth += (c == "<") - (c == ">")
        if c == "(" and depth == 0:
            end = i
            break
    text, depth, start = text[:end], 0, 0
    for i, c in enumerate(text):
        depth += (c == "<") - (c == ">")
        if depth == 0 and (c == " " or text.startswith("::", i)):
            start = i + (1 if c == " " else 2)
    return re.sub(r"(\d)[uUlL]+(?=[,>])", r"\1", text[start:])


def base_name(short):
    return short.split("<")[0]


def demangle(names):
    """{mangled: short name}; equal short names of one file are a matter of their templates, so they keep their arguments."""
    names = sorted(set(names))
    if not names:
        return {}
    lines = subprocess.run(["c++filt"], input="\n".join(names), stdout=subprocess.PIPE, text=True, check=True).stdout.splitlines()
    return {mangled: short_name(line) for mangled, line in zip(names, lines)}


def block_limits(ptx):
    """{mangled kernel: most threads a block may have} from .maxntid, where __launch_bounds__ was given."""
    limits = {}
    for found in re.finditer(r"\.entry\s+(\S+?)\(([^{]*)\{", ptx):
        if bound := re.search(r"\.(?:max|req)ntid\s+(\d+)(?:\s*,\s*(\d+))?(?:\s*,\s*(\d+))?", found[2]):
            product = 1
            for number in bound.groups():
                product *= int(number or 1)
            limits[found[1]] = product
    return limits
