"""What a kernel's machine code does: instructions by kind and width, and which of them stand in loops.

Reads the text of `nvdisasm -c`, one section ".text.<kernel>" a kernel. A loop is a natural loop of the control flow: a
jump back to a block that dominates it, with everything between. So code that the compiler moved behind the end of a
kernel and that jumps back is no loop, and neither is the padding that jumps to itself.
"""

import re
from collections import Counter
from dataclasses import dataclass, field

_SECTION = re.compile(r"^\s*\.section\s+\.text\.(\S+?),")
_LABEL = re.compile(r"^(\.L_\w+|[$_A-Za-z][\w$.]*):\s*$")
_LINE = re.compile(r"^\s*/\*([0-9a-f]+)\*/\s+(?:@(!?U?P\w+)\s+)?([A-Z][\w.]*)\s*(.*)$")
_TARGET = re.compile(r"`\(([^)]+)\)")

GLOBAL_LOADS, GLOBAL_STORES = ("LDG", "LDGSTS"), ("STG",)
TENSOR = ("HMMA", "IMMA", "DMMA", "BMMA", "HGMMA", "QGMMA", "IGMMA")
_ENDS = ("EXIT", "RET", "BRX", "JMX", "KILL")  # nothing follows them unless they are predicated


@dataclass
class Instruction:
    opcode: str  # with its modifiers: LDG.E.128
    predicate: str = ""
    targets: tuple = ()  # labels
    barrier: str = ""  # of BSSY and BSYNC: the register that connects them

    @property
    def name(self):
        return self.opcode.split(".")[0]

    @property
    def width(self):
        """Bytes that one thread moves."""
        for part in self.opcode.split(".")[1:]:
            if part in ("128", "64"):
                return int(part) // 8
            if part in ("U8", "S8", "U16", "S16"):
                return int(part[1:]) // 8
        return 4


@dataclass
class Function:
    instructions: list = field(default_factory=list)
    labels: dict = field(default_factory=dict)  # label -> index of the instruction that it stands before


def parse(text):
    """{mangled kernel: Function} of nvdisasm's text."""
    functions, current = {}, None
    for line in text.splitlines():
        if found := _SECTION.match(line):
            current = functions.setdefault(found[1], Function())
        elif current is None:
            continue
        elif found := _LABEL.match(line):
            current.labels[found[1]] = len(current.instructions)
        elif found := _LINE.match(line):
            _, predicate, opcode, operands = found.groups()
            targets = _TARGET.findall(operands) if opcode.split(".")[0] in ("BRA", "CALL", "BSSY", "JMP") else []
            if listed := re.search(r'BRANCH_TARGETS ([^"]*)"', operands):
                targets += listed[1].split(",")
            barrier = re.match(r"B\d+", operands)
            current.instructions.append(Instruction(opcode, predicate or "", tuple(targets), barrier[0] if barrier else ""))
    return functions


def successors(function):
    """Indices that may run after each instruction, and the entries: 0 and what is called."""
    code, entries, opened = function.instructions, {0}, {}
    after = []
    for i, instruction in enumerate(code):
        targets = {function.labels[label] for label in instruction.targets if function.labels.get(label, len(code)) < len(code)}
        falls = i + 1 < len(code)
        if instruction.name == "CALL" and not (targets and all(label.startswith(".L_x_") for label in instruction.targets)):
            entries |= targets
            targets = set()
        elif instruction.name == "BSSY":
            opened[instruction.barrier] = targets
            targets = set()
        elif instruction.name == "BSYNC":
            targets = opened.get(instruction.barrier, set())
        elif instruction.name in ("CALL", "BRA", "JMP") + _ENDS:  # ptxas also leaves loops by a CALL within the kernel
            falls = falls and bool(instruction.predicate or re.search(r"\.DIV|\.CONV", instruction.opcode))
        after.append(targets | ({i + 1} if falls else set()))
    return after, entries


def blocks_of(after, entries):
    """Basic blocks: (first instruction of each, edges between blocks, entry blocks)."""
    leaders = set(entries)
    for i, targets in enumerate(after):
        if targets != {i + 1}:
            leaders |= targets | ({i + 1} if i + 1 < len(after) else set())
    firsts = sorted(leaders)
    number = {first: block for block, first in enumerate(firsts)}
    edges = []
    for block, _ in enumerate(firsts):
        end = firsts[block + 1] if block + 1 < len(firsts) else len(after)
        edges.append({number[target] for target in after[end - 1]})
    return firsts, edges, {number[entry] for entry in entries}


def dominators(edges, entries):
    """For each block the set of those that every path to it passes; None where there is no path."""
    before = [[] for _ in edges]
    for block, targets in enumerate(edges):
        for target in targets:
            before[target].append(block)
    found = [{block} if block in entries else None for block in range(len(edges))]
    changed = True
    while changed:
        changed = False
        for block in range(len(edges)):
            if block in entries:
                continue
            known = [found[b] for b in before[block] if found[b] is not None]
            if known and (now := set.intersection(*known) | {block}) != found[block]:
                found[block], changed = now, True
    return found, before


def looped(function):
    """Indices of the instructions that stand in a loop."""
    if not function.instructions:
        return set()
    after, entries = successors(function)
    firsts, edges, entry_blocks = blocks_of(after, entries)
    dominated_by, before = dominators(edges, entry_blocks)
    inside = set()
    for block, targets in enumerate(edges):
        for head in targets:
            if dominated_by[block] is None or head not in dominated_by[block] or _is_padding(function, firsts[head]):
                continue
            body, waiting = {head}, [block]
            while waiting:
                member = waiting.pop()
                if member not in body:
                    body.add(member)
                    waiting += before[member]
            inside |= body
    ends = firsts[1:] + [len(function.instructions)]
    return {i for block in inside for i in range(firsts[block], ends[block])}


def _is_padding(function, index):
    """A jump to itself, without a condition: what fills a kernel's end."""
    instruction = function.instructions[index]
    return instruction.name == "BRA" and not instruction.predicate and any(function.labels.get(t) == index for t in instruction.targets)


@dataclass
class Summary:
    instructions: int = 0
    loads: Counter = field(default_factory=Counter)  # width -> global loads, those to shared memory (LDGSTS) with them
    stores: Counter = field(default_factory=Counter)
    loop_loads: Counter = field(default_factory=Counter)  # the same, in loops only
    loop_stores: Counter = field(default_factory=Counter)
    local: int = 0  # accesses of local memory
    generic: int = 0  # accesses through generic addresses
    tensor: Counter = field(default_factory=Counter)  # opcode -> number
    loop_tensor: int = 0


def summarise(function):
    summary, inside = Summary(), looped(function)
    for i, instruction in enumerate(function.instructions):
        name = instruction.name
        summary.instructions += name != "NOP"
        if name in GLOBAL_LOADS:
            summary.loads[instruction.width] += 1
            summary.loop_loads[instruction.width] += i in inside
        elif name in GLOBAL_STORES:
            summary.stores[instruction.width] += 1
            summary.loop_stores[instruction.width] += i in inside
        elif name in ("LDL", "STL"):
            summary.local += 1
        elif name in ("LD", "ST"):
            summary.generic += 1
        elif name in TENSOR:
            summary.tensor[instruction.opcode] += 1
            summary.loop_tensor += i in inside
    for counter in (summary.loop_loads, summary.loop_stores):
        for width in [w for w, number in counter.items() if not number]:
            del counter[width]
    return summary


def wide_share(counter, width):
    """Share of the bytes that instructions at least so wide move; 1 where nothing is moved."""
    total = sum(w * number for w, number in counter.items())
    return sum(w * number for w, number in counter.items() if w >= width) / total if total else 1.0
