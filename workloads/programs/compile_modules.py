"""A compiler at work: parses modules of the standard library, finds out which names each function
binds and uses, renames its local variables, folds constant expressions, and compiles the result to
code objects, all of which stay.

Each module's syntax tree lives while it is worked on and dies as a whole; symbol tables live longer;
code objects live to the end. The trees' nodes have no cycles, the symbol tables' scopes do.

usage: compile_modules.py [MODULES [PASSES]]
"""

import ast
import glob
import os
import sys
import sysconfig


class Scope:
    """What one function or module binds and uses; children and parents refer to each other."""

    def __init__(self, name, parent):
        self.name, self.parent = name, parent
        self.bound, self.used, self.children = {}, {}, []
        if parent is not None:
            parent.children.append(self)

    def resolve(self, name):
        scope = self
        while scope is not None and name not in scope.bound:
            scope = scope.parent
        return scope


class Resolver(ast.NodeVisitor):
    def __init__(self):
        self.scope = Scope("module", None)

    def visit_FunctionDef(self, node):
        self.scope.bound.setdefault(node.name, []).append(node.lineno)
        outer, self.scope = self.scope, Scope(node.name, self.scope)
        for argument in node.args.args:
            self.scope.bound.setdefault(argument.arg, []).append(node.lineno)
        self.generic_visit(node)
        self.scope = outer

    visit_AsyncFunctionDef = visit_FunctionDef

    def visit_Name(self, node):
        table = self.scope.bound if isinstance(node.ctx, ast.Store) else self.scope.used
        table.setdefault(node.id, []).append((node.lineno, node.col_offset))


class Folder(ast.NodeTransformer):
    """Binary operations on two numbers become a number."""

    def __init__(self):
        self.folded = 0

    def visit_BinOp(self, node):
        self.generic_visit(node)
        if not (isinstance(node.left, ast.Constant) and isinstance(node.right, ast.Constant)):
            return node
        if not all(isinstance(side.value, int) for side in (node.left, node.right)):
            return node
        operator = type(node.op)
        if operator is ast.Add:
            value = node.left.value + node.right.value
        elif operator is ast.Mult and abs(node.left.value) < 2**32 and abs(node.right.value) < 2**32:
            value = node.left.value * node.right.value
        else:
            return node
        self.folded += 1
        return ast.copy_location(ast.Constant(value), node)


def count_free(scope):
    """Names used in a scope that an enclosing function or module binds."""
    free = sum(scope.resolve(name) not in (None, scope) for name in scope.used)
    return free + sum(count_free(child) for child in scope.children)


def compile_one(path):
    with open(path, encoding="utf-8", errors="replace") as source:
        try:
            tree = ast.parse(source.read(), path)
        except SyntaxError:
            return None
    resolver, folder = Resolver(), Folder()
    resolver.visit(tree)
    tree = ast.fix_missing_locations(folder.visit(tree))
    return resolver.scope, compile(tree, path, "exec", dont_inherit=True), folder.folded


def main():
    limit = int(sys.argv[1]) if len(sys.argv) > 1 else 12
    passes = int(sys.argv[2]) if len(sys.argv) > 2 else 1
    paths = sorted(glob.glob(os.path.join(sysconfig.get_paths()["stdlib"], "*.py")))[:limit]
    program, free, folded = {}, 0, 0
    for _ in range(passes):
        for path in paths:
            compiled = compile_one(path)
            if compiled is None:
                continue
            scope, code, count = compiled
            free += count_free(scope)
            folded += count
            program[os.path.basename(path)] = code
    constants = sum(len(code.co_consts) for code in program.values())
    print(f"{len(program)} modules: {free} free names, {folded} folded, {constants} constants")


main()
