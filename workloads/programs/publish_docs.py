"""A publisher at work: docutils makes HTML of a generated reStructuredText manual, section by section.

Needs Debian's python3-docutils. Each document's tree has parents and children that refer to each
other; transforms rewrite it, writers walk it.

usage: publish_docs.py [SECTIONS]
"""

import sys

import docutils.core

SECTION = """
Section {n}
===========

Some *emphasised* and **strong** words, ``code``, and a link to `section {n}`_ of the manual [#note{n}]_.

- first item of {n}
- second item, with

  1. an enumeration
  2. of two

===== ======
name  number
===== ======
one   {n}
two   {m}
===== ======

.. note:: Remember {m}.

.. [#note{n}] A footnote that says nothing.
"""


def main():
    sections = int(sys.argv[1]) if len(sys.argv) > 1 else 20
    written, at_once = 0, 10
    for first in range(0, sections, at_once):
        last = min(first + at_once, sections)
        text = "Manual\n######\n" + "".join(SECTION.format(n=n, m=n * n) for n in range(first, last))
        written += len(docutils.core.publish_string(text, writer_name="html5"))
    print(f"{sections} sections, {written} bytes")


if __name__ == "__main__":
    main()
