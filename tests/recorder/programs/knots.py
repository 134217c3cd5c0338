"""Cyclic garbage that changed before it became garbage, unseen, and what the program took out of it.

A tree whose nodes know their parent and the document; passes rewrite it: cut off parts, move nodes
to other parents, keep some in a variable only. Documents die as wholes, mostly of old objects.
Dictionaries of some share their keys with those of objects that are made later.
"""

import gc
import random

random.seed(7)
gc.set_threshold(150, 8, 8)


class Document:
    def __init__(self):
        self.nodes, self.names, self.current = [], {}, None


class Node:
    def __init__(self, document, parent, name):
        self.document, self.parent, self.children = document, parent, []
        self.attributes = {"name": name}
        if parent is not None:
            parent.children.append(self)
        document.names[name] = self


class Shared:
    def __init__(self, node):
        self.node, self.me = node, self
        if random.random() < 0.3:
            self.dictionary = vars(self)
        if random.random() < 0.01:
            setattr(self, random.choice("abcdefghij"), node)


class Visitor:
    def __init__(self, document):
        self.document, self.stack, self.seen = document, [], []
        self.dispatch = {"visit": self.visit}

    def visit(self, node):
        self.stack.append(node)
        self.seen.append(node.attributes)
        for child in list(node.children):
            self.visit(child)
        self.stack.pop()


def grow(document, count):
    root = Node(document, None, "root")
    document.nodes.append(root)
    nodes = [root]
    for i in range(count):
        nodes.append(Node(document, random.choice(nodes[-12:]), f"n{i}"))
    return root, nodes


def rewrite(document, nodes, rounds):
    held = []
    for i in range(rounds):
        node = random.choice(nodes)
        what = random.randrange(6)
        if what == 0 and node.parent is not None:  # cut off; perhaps the frame has it
            node.parent.children.remove(node)
            node.parent = None
            if i % 3 == 0:
                held.append(node)
        elif what == 1 and held:  # and back
            node.children.append(held[-1])
            held.pop().parent = node
        elif what == 2:
            node.attributes = {"name": str(i), "old": node.attributes}
        elif what == 3 and len(node.children) > 1:
            node.children = [child for child in node.children if child is not None]
        elif what == 4:
            document.names[f"n{i % 40}"] = node
            node.visits = [Shared(node) for _ in range(5)]
        else:
            node.__dict__["extra"] = [node.parent, (node, document.current)]
            document.current = node
    return [(node, node.attributes) for node in held]


kept, tables = [], []
for round_number in range(34):
    document = Document()
    root, nodes = grow(document, 60 + round_number % 5 * 40)
    visitor = Visitor(document)
    visitor.visit(root)
    parts = rewrite(document, nodes, 400)
    kept.extend(random.sample(parts, min(3, len(parts))))
    if len(kept) > 40:  # parts of documents outlive the rest, then let go of it
        for node, _ in kept[:20]:
            node.document, node.parent = None, None
            node.__dict__.pop("extra", None)
        del kept[:30]
    if round_number % 4 == 0:
        tables.append((visitor.dispatch, [vars(visitor), vars(document)]))
    del tables[:-5]

print(len(kept), len(tables))
