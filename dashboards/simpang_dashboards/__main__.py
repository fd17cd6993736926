"""Write the dashboards' JSON: ``python -m simpang_dashboards [FOLDER]``."""

import sys
from pathlib import Path
from typing import Final

from grafana_foundation_sdk.cog.encoder import JSONEncoder

from . import operators, planners

BOARDS: Final = {"operators": operators.build, "planners": planners.build}


def text(name: str) -> str:
    """A dashboard as JSON."""
    return JSONEncoder(sort_keys=True, indent=1, ensure_ascii=False).encode(BOARDS[name]()) + "\n"


def main() -> None:
    """Write next to the package's folder, where provisioning expects it."""
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parents[1] / "json"
    for name in BOARDS:
        (folder / f"{name}.json").write_text(text(name), encoding="utf-8")


if __name__ == "__main__":
    main()
