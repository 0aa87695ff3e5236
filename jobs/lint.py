"""Checks the rules of the repository that a machine can check: python jobs/lint.py

Prints "FILE:LINE: sentence" for each breach and exits 1 if there is one; lines that start with "warning" break nothing.
It looks at what git tracks and at untracked files that git does not ignore.
"""

import argparse
import re
import subprocess
import sys
from pathlib import Path

# Who may include whom: for the files of a folder (the first match counts), the folders (or single files) they may use besides their own.
# What an allowed folder may include is allowed with it. "mpi.h" stands for MPI's header.
INCLUDES = [
    ("kernels/base", []),
    ("kernels/cuda_on_cpu", ["kernels/base"]),
    ("kernels/*", ["kernels/base"]),
    ("comm/topology", ["kernels/base"]),
    ("comm/exchange", ["comm/topology", "kernels/base", "mpi.h"]),
    ("comm/codec", ["kernels/quantize", "kernels/base"]),
    ("comm/*", ["comm/exchange", "comm/codec", "kernels/mix", "comm/scheme_test_vectors.h"]),  # the schemes' tests share it
    ("partitions", ["kernels/base"]),
    ("bench", ["kernels", "comm", "partitions", "mpi.h"]),
]
CODE_FOLDERS = ("kernels", "comm", "partitions", "bench")
TOP = set(CODE_FOLDERS) | {"jobs", "results", "analysis", ".ci", ".gitignore", "Makefile", "README.md", "LICENSE"}
CODE = {".cc", ".h", ".cu", ".cuh", ".py", ".sh"}
TEXT = CODE | {".md", ".toml", ".txt", ".debian"}
LONG, LONGEST = 300, 500
HOPES = {"fast", "new", "opt", "final", "tmp"}  # words that name a hope instead of an idea
# Spelled so that this file does not find itself.
MACHINE_PATH = re.compile(r"(?<![\w.$}])/(?:home|work|tmp|root|Users)/")
UNOWNED = re.compile(r"\b(?:TO" r"DO|FIX" r"ME|XX" r"X)\b")
NAME = re.compile(r"[a-z0-9_]+(\.[a-z0-9_]+)*")


def folder_rule(path):
    """(the folder that `path` counts to, the folders it may use besides), or None outside the code folders."""
    parts = path.split("/")
    for pattern, allowed in INCLUDES:
        wanted = pattern.split("/")
        if len(parts) > len(wanted) and all(w in ("*", part) for w, part in zip(wanted, parts)):
            return "/".join(parts[: len(wanted)]), allowed
    return None


def reachable(allowed):
    """The folders of `allowed` and what they may include themselves."""
    found, waiting = set(), list(allowed)
    while waiting:
        folder = waiting.pop()
        if folder not in found:
            found.add(folder)
            rule = folder_rule(f"{folder}/x")
            waiting += rule[1] if rule else []
    return found


def check_includes(path, lines):
    rule = folder_rule(path)
    if rule is None:
        return
    own, allowed = rule
    may = reachable(allowed) | {own}
    for number, line in enumerate(lines, 1):
        found = re.match(r'\s*#\s*include\s*(["<])([^">]+)[">]', line)
        if not found:
            continue
        target = found[2]
        if target == "mpi.h":
            if "mpi.h" not in may:
                yield number, f"{own} must not include mpi.h"
        elif target.split("/")[0] in CODE_FOLDERS:
            if not any(target == name or target.startswith(name + "/") for name in may):
                yield number, f"{own} must not include {target}; it may use {', '.join(sorted(may - {own})) or 'nothing of ours'}"
        elif found[1] == '"':
            yield number, f'#include "{target}" must be relative to the top of the repository'


def words(identifier):
    """The words of a snake_case or PascalCase identifier, in lower case."""
    return {part.lower() for part in re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+", identifier)}


def check_names(path, lines):
    """Functions and types whose names hope. Only names of several words: `new` alone is C++'s own."""
    python = path.endswith(".py")
    pattern = r"\b(?:def|class)\s+(\w+)" if python else r"\b(?:struct|class|enum|union)\s+(\w+)|\b(\w+)\s*\("
    for number, line in enumerate(lines, 1):
        for found in re.finditer(pattern, line.split("//")[0]):
            name = next(filter(None, found.groups()))
            hopes = words(name) & HOPES
            if hopes and len(words(name)) > 1:
                yield number, f"the name {name} says '{hopes.pop()}': name the idea instead"


def check_path(path):
    """Breaches of the path alone, as sentences."""
    name, suffix = Path(path).name, Path(path).suffix
    if path.split("/")[0] not in TOP:
        yield f"{path.split('/')[0]} does not belong at the top of the repository"
    if suffix in CODE and not NAME.fullmatch(name):
        yield "the file's name is not snake_case"
    if suffix in CODE and words(name) & HOPES:
        yield f"the file's name says '{(words(name) & HOPES).pop()}': name the idea instead"
    if suffix == ".py" and path.split("/")[0] not in ("jobs", "analysis"):
        yield "Python belongs in jobs/ and analysis/ only"


def check_text(path, lines):
    """Breaches in the text, as (line number, sentence)."""
    suffix, name = Path(path).suffix, Path(path).name
    if suffix in CODE and len(lines) > LONGEST:
        yield len(lines), f"{len(lines)} lines; split at {LONGEST}"
    for number, line in enumerate(lines, 1):
        if found := MACHINE_PATH.search(line):
            yield number, f"a path of one machine: {line[found.start() :].split()[0]}"
        if suffix not in TEXT and name != "Makefile":
            continue
        if line != line.rstrip():
            yield number, "space at the end of the line"
        if "\t" in line and name != "Makefile":
            yield number, "a tab"
        if found := UNOWNED.search(line):
            yield number, f"'{found[0]}' is owned by nobody: do it or state the limit"
    if name.endswith("_mpi_test.cc") and not any(re.fullmatch(r"// ranks: *\d[\d ]*", line) for line in lines):
        yield 1, 'a *_mpi_test.cc needs a line such as "// ranks: 1 2 3"'
    if suffix in (".cc", ".h", ".cu", ".cuh"):
        yield from check_includes(path, lines)
    if suffix in CODE:
        yield from check_names(path, lines)


def folders_without_readme(paths):
    folders = {str(Path(path).parent) for path in paths if not path.startswith(".")}
    return sorted(folder for folder in folders if str(Path(folder) / "README.md") not in paths)


def lint(root, paths):
    """(breaches, warnings) of the files `paths` below `root`, as printable lines."""
    breaches, warnings = [], []
    for path in sorted(paths):
        breaches += [f"{path}:1: {sentence}" for sentence in check_path(path)]
        try:
            lines = (root / path).read_text().splitlines()
        except UnicodeDecodeError:
            continue  # pictures and the like
        breaches += [f"{path}:{number}: {sentence}" for number, sentence in check_text(path, lines)]
        if Path(path).suffix in CODE and LONG < len(lines) <= LONGEST:
            warnings.append(f"warning: {path} has {len(lines)} lines, more than {LONG}")
    breaches += [f"{Path(folder) / 'README.md'}:1: is missing; it says what belongs into the folder" for folder in folders_without_readme(set(paths))]
    return breaches, warnings


def main(arguments):
    parser = argparse.ArgumentParser(description="check the rules of the repository")
    parser.add_argument("--root", default=str(Path(__file__).resolve().parent.parent), help=argparse.SUPPRESS)
    root = Path(parser.parse_args(arguments).root)
    listed = subprocess.run(["git", "ls-files", "-z", "-co", "--exclude-standard"], cwd=root, check=True, stdout=subprocess.PIPE)
    paths = [path for path in listed.stdout.decode().split("\0") if path and (root / path).is_file()]
    breaches, warnings = lint(root, paths)
    print("\n".join(warnings + breaches + [f"{len(paths)} files, {len(breaches)} breaches"]))
    return 1 if breaches else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
