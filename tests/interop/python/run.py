"""Runs every test beside this file and ends with a count that `cargo xtask` reads."""

import pathlib
import sys
import unittest


def main():
    folder = pathlib.Path(__file__).resolve().parent
    tests = unittest.defaultTestLoader.discover(str(folder))
    result = unittest.TextTestRunner(stream=sys.stdout, verbosity=2).run(tests)
    broken = {getattr(case, "test_case", case).id() for case, _ in result.failures + result.errors}
    print(f"# pass {max(result.testsRun - len(broken) - len(result.skipped), 0)}")
    print(f"# fail {len(broken)}")
    sys.exit(0 if result.wasSuccessful() else 1)


main()
