"""Hold the handlers of badges to what handlers promise."""  # noqa: INP001

from pathlib import Path

from handlers.testing import contract

test_contract = contract("badges", samples=Path(__file__).parent / "samples")
