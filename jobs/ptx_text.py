"""nvcc's PTX as the functions of sass.py, so that one summary serves both: widths, loops, tensor-core instructions."""

import re

import sass

_ENTRY = re.compile(r"^\s*(?:\.visible\s+)?\.entry\s+([\w$]+)\s*\(")
_LABEL = re.compile(r"^\s*(\$[\w$]+):")
_CODE = re.compile(r"^\s*(?:@(!?%\w+)\s+)?([a-z][\w.:]*)\s*([^;]*);")


def width(opcode):
    """Bytes of ld, st and their vector forms: ld.global.v4.f32 -> 16."""
    found = re.search(r"(?:\.v(\d))?\.(?:b|u|s|f)(8|16|32|64)$", opcode)
    return int(found[1] or 1) * int(found[2]) // 8 if found else 4


def instruction(opcode, predicate, operands):
    """The machine-code name of what sass.summarise() counts; the PTX name of everything else."""
    parts = opcode.split(".")
    if parts[0] in ("ld", "st") and "global" in parts:
        name = ("LDG" if parts[0] == "ld" else "STG") + _width_suffix(width(opcode))
    elif opcode.startswith("cp.async.c") and "global" in parts:
        name = "LDGSTS" + _width_suffix(int(re.findall(r",\s*(\d+)", operands)[0]))
    elif parts[0] in ("ld", "st") and "local" in parts:
        name = "LDL" if parts[0] == "ld" else "STL"
    elif parts[0] == "mma":
        name = "HMMA." + opcode
    elif parts[0] == "bra":
        return sass.Instruction("BRA", predicate, tuple(re.findall(r"\$[\w$]+", operands)))
    elif parts[0] in ("ret", "exit", "trap"):
        name = "EXIT"
    else:
        name = opcode.upper() if parts[0] in ("ld", "st") and "param" in parts else "PTX." + opcode
    return sass.Instruction(name, predicate)


def _width_suffix(width_in_bytes):
    return {16: ".128", 8: ".64", 4: "", 2: ".U16", 1: ".U8"}[width_in_bytes]


def parse(text):
    """{mangled kernel: sass.Function}"""
    functions, current, is_body = {}, None, False
    for line in text.splitlines():
        if found := _ENTRY.match(line):
            current, is_body = functions.setdefault(found[1], sass.Function()), False
        elif current is None:
            continue
        elif line.startswith("{"):
            is_body = True
        elif line.startswith("}"):
            current = None
        elif is_body and (found := _LABEL.match(line)):
            current.labels[found[1]] = len(current.instructions)
        elif is_body and (found := _CODE.match(line)):
            current.instructions.append(instruction(found[2], found[1] or "", found[3]))
    return functions
