"""The parts of test/torture; see torture.py."""
