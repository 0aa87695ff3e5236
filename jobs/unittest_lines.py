"""Runs one unittest module and prints GoogleTest's lines, so that one parser (run_tests.py) counts C++ and Python.

python jobs/unittest_lines.py MODULE; exit code 1 if a test failed.
"""

import sys
import time
import traceback
import unittest

OK, FAILED, SKIPPED = "       OK ", "  FAILED  ", "  SKIPPED "


class LineResult(unittest.TestResult):
    """One line a test, whatever its subtests do; a class or module whose set-up fails or skips is one line as well."""

    def __init__(self):
        super().__init__()
        self.current = None
        self.counts = {OK: 0, FAILED: 0, SKIPPED: 0}

    def startTest(self, test):
        super().startTest(test)
        self.current, self.outcome, self.started = test, OK, time.monotonic()
        print(f"[ RUN      ] {test.id()}", flush=True)

    def stopTest(self, test):
        super().stopTest(test)
        self.line(self.outcome, test, time.monotonic() - self.started)
        self.current = None

    def line(self, outcome, test, seconds=0.0):
        self.counts[outcome] += 1
        name = test.id().replace(" ", "")  # a class: "setUpClass (module.Class)"
        print(f"[{outcome}] {name} ({round(1000 * seconds)} ms)", flush=True)

    def record(self, outcome, test):
        if self.current is None:  # a class or module
            self.line(outcome, test)
        elif self.outcome != FAILED:
            self.outcome = outcome

    def failed(self, test, error):
        traceback.print_exception(*error, file=sys.stdout)
        self.record(FAILED, test)

    addFailure = addError = failed

    def addSubTest(self, test, subtest, error):
        if error:
            print(f"in {subtest.id()}")
            self.failed(test, error)

    def addSkip(self, test, reason):
        print(f"{test.id()}: Skipped\n{reason}\n")
        self.record(SKIPPED, test)

    def addUnexpectedSuccess(self, test):
        print("expected to fail, but passed")
        self.record(FAILED, test)


def main(module):
    result = LineResult()
    unittest.defaultTestLoader.loadTestsFromName(module).run(result)
    print(f"[==========] {sum(result.counts.values())} tests ran.")
    return 1 if result.counts[FAILED] else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
