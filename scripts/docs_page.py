"""Blocks of tables in docs/, between <!-- NAME --> and <!-- /NAME -->, that scripts write anew."""
import os
import re

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))


class NoBlock(Exception):
    pass


def write_block(page, name, text):
    """Puts text, which ends with a line end, into the block of docs/PAGE; NoBlock if there is none."""
    path = os.path.join(ROOT, "docs", page)
    with open(path, encoding="utf-8") as file:
        whole = file.read()
    block = re.compile(rf"<!-- {name} -->\n.*?<!-- /{name} -->\n", re.S)
    if not block.search(whole):
        raise NoBlock(f"docs/{page} has no block <!-- {name} -->")
    with open(path, "w", encoding="utf-8") as file:
        file.write(block.sub(lambda _: f"<!-- {name} -->\n{text}<!-- /{name} -->\n", whole, count=1))
