"""Read one configuration with one reader: ``python read_with.py READER FILE MODULE...``.

Each prints how many directives it has got, so that nobody wins by not reading.
"""

import sys
from pathlib import Path


def tuner(file: str, load: tuple[str, ...]) -> int:
    """Read as the program does."""
    from tuner.apache.reading.options import ReadOptions
    from tuner.apache.reading.reader import read_configuration

    options = ReadOptions(server_root=str(Path(file).parent), before=load)
    configuration = read_configuration(file, options)
    assert not configuration.errors, configuration.errors[0]
    return len(configuration.directives)


def apacheconfig(file: str, load: tuple[str, ...]) -> int:
    """Read into nested dictionaries."""
    from apacheconfig import make_loader

    with make_loader() as loader:
        found = loader.load(file)
    return len(found["VirtualHost"])


def main() -> None:
    """Run one reader."""
    readers = {"tuner": tuner, "apacheconfig": apacheconfig}
    print(readers[sys.argv[1]](sys.argv[2], tuple(sys.argv[3:])))


if __name__ == "__main__":
    main()
