"""A highlighter at work: Pygments colours modules of the standard library, as HTML.

Needs Debian's python3-pygments. Tokens come and go by the hundred thousand; lexers with their tables of
regular expressions stay.

usage: highlight_sources.py [MODULES]         modules come again if there are fewer
"""

import glob
import os
import sys
import sysconfig

import pygments
import pygments.formatters
import pygments.lexers


def main():
    modules = int(sys.argv[1]) if len(sys.argv) > 1 else 10
    paths = sorted(glob.glob(os.path.join(sysconfig.get_paths()["stdlib"], "*.py")))
    lexer = pygments.lexers.get_lexer_by_name("python")
    formatter = pygments.formatters.get_formatter_by_name("html")
    written = 0
    for number in range(modules):
        with open(paths[number % len(paths)], encoding="utf-8", errors="replace") as source:
            written += len(pygments.highlight(source.read(), lexer, formatter))
    print(f"{modules} modules, {written} characters")


if __name__ == "__main__":
    main()
