"""The resources of every CUDA kernel of a build, and whether they are what its folder expects.

One call of nvcc leaves PTX, cubins and ptxas' report of kernels/OP/FILE.cu in BUILD/cuda/kernels/OP/FILE. What must hold is
data beside the kernels, kernels/OP/resources.toml: one table a kernel, which may be empty. For all of them: no spills and
no local memory. And where the table says so:

    [add_v2_kernel]
    loads = 16         # bytes: so wide is every global load in its loops; in the whole kernel where it has no loop with one
    stores = 16
    load_share = 0.8   # instead of every load: of the bytes so many; say in a comment what the rest is (store_share too)
    tensor = "HMMA"    # this instruction stands in a loop
    registers = 128    # at most so many a thread
"""

import re
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import cuda_tools
import ptx_text
import sass

try:
    import tomllib
except ImportError:  # before Python 3.11
    import tomli as tomllib

PTX = "ptx"  # beside the architectures: what the translator and later GPUs get
KEYS = {"loads": int, "stores": int, "load_share": float, "store_share": float, "tensor": str, "registers": int}
CODE_KEYS = set(KEYS) - {"registers"}


@dataclass
class Kernel:
    name: str  # short, with template arguments
    mangled: str
    folder: str  # kernels/OP
    source: str  # its .cu file
    architecture: str  # or PTX, which has no registers yet
    usage: cuda_tools.Usage
    code: sass.Summary | None  # None: not disassembled, as read_build() was told
    most_threads: int = 0  # from __launch_bounds__; 0: not given
    problems: list = field(default_factory=list)

    @property
    def loop_loads(self):
        return self.code.loop_loads or self.code.loads

    @property
    def loop_stores(self):
        return self.code.loop_stores or self.code.stores


def sources(root, build):
    """The .cu files of operations: those of kernels/cuda_on_cpu test the translator and are not held to anything."""
    found = sorted(path for path in (root / "kernels").rglob("*.cu") if "cuda_on_cpu" not in path.parts)
    return [(path.relative_to(root), build / "cuda" / path.relative_to(root).with_suffix("")) for path in found]


def read_file(source, kept, expected=None):
    """The kernels of one .cu file, on every architecture; for `expected` see read_build()."""
    stem = kept.name
    ptxas_txt, ptx = kept / "ptxas.txt", kept / f"{stem}.ptx"
    cubins = {architecture: kept / f"{stem}.{architecture}.cubin" for architecture in cuda_tools.ARCHITECTURES}
    for file in (ptxas_txt, ptx, *cubins.values()):
        if not file.exists():
            raise cuda_tools.ToolError(f"{source} is not built, or nvcc refused it: {file} is missing")
    said, text = cuda_tools.parse_ptxas(ptxas_txt.read_text()), ptx.read_text()
    limits, functions = cuda_tools.block_limits(text), ptx_text.parse(text)
    names = cuda_tools.demangle(functions)
    asks_for_code = expected is None or any(CODE_KEYS & set(table_of(expected, str(source.parent), name) or {}) for name in names.values())
    kernels = [Kernel(names[mangled], mangled, str(source.parent), str(source), PTX, cuda_tools.Usage(), sass.summarise(function),
                      limits.get(mangled, 0)) for mangled, function in functions.items()]
    for architecture, cubin in cubins.items():
        usages = cuda_tools.parse_usage(cuda_tools.run(cuda_tools.find_tool("cuobjdump"), "-res-usage", cubin))
        code = None
        if asks_for_code or any(usage.stack or usage.local for usage in usages.values()):
            code = sass.parse(cuda_tools.disassemble(cubin))
        for mangled, usage in sorted(usages.items()):
            if (code is not None and mangled not in code) or mangled not in names or (mangled, architecture) not in said:
                raise cuda_tools.ToolError(f"{source}: {mangled} has registers, but no code or no report for {architecture}")
            reported = said[mangled, architecture]
            usage.spill_stores, usage.spill_loads, usage.barriers = reported.spill_stores, reported.spill_loads, reported.barriers
            kernel = Kernel(names[mangled], mangled, str(source.parent), str(source), architecture, usage,
                            code and sass.summarise(code[mangled]), limits.get(mangled, 0))
            if usage.registers != reported.registers:
                kernel.problems.append(f"the cubin has {usage.registers} registers, ptxas said {reported.registers}: rebuild")
            kernels.append(kernel)
    return kernels


def read_build(root, build, expected=None):
    """Every kernel of the build. Given what is `expected`, files are disassembled only if a table asks for something of the
    code, or a kernel has a stack (without one no local memory is used): half a second each."""
    with ThreadPoolExecutor(max_workers=2) as pool:
        return [kernel for kernels in pool.map(lambda pair: read_file(*pair, expected), sources(root, build)) for kernel in kernels]


def table_of(expected, folder, name):
    """The table that holds for a kernel: its own, or that of all instances of its template; None."""
    tables = expected.get(folder, {})
    return tables.get(name, tables.get(cuda_tools.base_name(name)))


def load_expectations(root):
    """{folder: {kernel: table}}, and what is wrong with the files."""
    expected, problems = {}, []
    for path in sorted((root / "kernels").glob("*/resources.toml")):
        folder = str(path.parent.relative_to(root))
        try:
            expected[folder] = tomllib.loads(path.read_text())
        except tomllib.TOMLDecodeError as error:
            problems.append(f"{folder}/resources.toml: {error}")
            continue
        for kernel, table in expected[folder].items():
            for key, value in table.items() if isinstance(table, dict) else [(kernel, table)]:
                if key not in KEYS or type(value) is not KEYS[key]:
                    problems.append(f"{folder}/resources.toml: {kernel} has {key} = {value!r}, which means nothing")
    return expected, problems


def check(kernel, table):
    """Sentences on what `kernel` does not keep."""
    usage, code, problems = kernel.usage, kernel.code, list(kernel.problems)
    if usage.spill_stores or usage.spill_loads:
        problems.append(f"spills registers: {usage.spill_stores} bytes stored, {usage.spill_loads} loaded")
    if usage.stack or usage.local or (code and code.local):
        problems.append(f"uses local memory: a stack of {usage.stack} bytes, {code.local} accesses")
    for what in ("load", "store"):
        width = table.get(what + "s")
        if width is None:
            continue
        counter = kernel.loop_loads if what == "load" else kernel.loop_stores
        wanted, share = table.get(what + "_share", 1.0), sass.wide_share(counter, width)
        if not counter:
            problems.append(f"has no global {what} at all")
        elif share < wanted:
            problems.append(f"moves {100 * share:.0f} % of the bytes of its global {what}s with {width}-byte accesses or wider, not {100 * wanted:.0f} %: "
                            + histogram(counter))
    tensor = table.get("tensor")
    if tensor and not (code.loop_tensor and all(opcode.startswith(tensor) for opcode in code.tensor)):
        problems.append(f"has no {tensor} in a loop: {', '.join(code.tensor) or 'no tensor-core instruction'}")
    if usage.registers > table.get("registers", 255):
        problems.append(f"takes {usage.registers} registers, more than {table['registers']}")
    return problems


def check_all(kernels, expected):
    """Sentences for everything that is not as the folders expect; fills in each kernel's own."""
    problems, used = [], set()
    for kernel in kernels:
        table = table_of(expected, kernel.folder, kernel.name)
        used |= {(kernel.folder, key) for key in (kernel.name, cuda_tools.base_name(kernel.name))}
        if table is None:
            kernel.problems = [f"stands in no table of {kernel.folder}/resources.toml"]
        else:
            kernel.problems = check(kernel, table)
        problems += [f"{kernel.source}: {kernel.name} on {kernel.architecture} {problem}" for problem in kernel.problems]
    for folder, tables in expected.items():
        problems += [f"{folder}/resources.toml: there is no kernel {name}" for name in tables if (folder, name) not in used]
    return problems


def histogram(counter):
    """{16: 8, 4: 2} -> '8x16 2x4'"""
    return " ".join(f"{number}x{width}" for width, number in sorted(counter.items(), reverse=True)) or "-"


def version_of(name):
    found = re.search(r"_v(\d+)_", name)
    return int(found[1]) if found else 0
