"""Hold the three to what handlers promise; this test fails, and says why."""  # noqa: INP001

from pathlib import Path

from handlers.testing import contract

test_contract = contract("faulty_handlers", samples=Path(__file__).parent / "samples")
