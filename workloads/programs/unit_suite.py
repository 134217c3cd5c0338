"""A test suite at work: unittest over parts of the standard library and a small bank.

Each test makes its own fixtures and drops them; failures that are meant to be make exceptions with
tracebacks, which are cycles; results pile up to the end.

usage: unit_suite.py [ROUNDS]         the whole suite that many times
"""

import collections
import heapq
import io
import string
import sys
import unittest


class Account:
    def __init__(self, owner, balance=0):
        self.owner, self.balance, self.entries = owner, balance, []

    def transfer(self, other, amount):
        if amount > self.balance:
            raise ValueError(f"{self.owner} has {self.balance}, not {amount}")
        self.balance -= amount
        other.balance += amount
        self.entries.append((other, -amount))
        other.entries.append((self, amount))  # accounts that have met refer to each other


class BankTest(unittest.TestCase):
    def setUp(self):
        self.accounts = [Account(f"owner {n}", 100) for n in range(20)]

    def test_transfers_keep_the_sum(self):
        for n, account in enumerate(self.accounts):
            account.transfer(self.accounts[(7 * n + 1) % 20], n)
        self.assertEqual(sum(account.balance for account in self.accounts), 2000)

    def test_nobody_overdraws(self):
        for account in self.accounts:
            with self.assertRaisesRegex(ValueError, "owner [0-9]+ has 100"):
                account.transfer(self.accounts[0], 101)

    def test_entries_are_kept(self):
        for amount in range(1, 9):
            self.accounts[0].transfer(self.accounts[1], amount)
        self.assertEqual([amount for _, amount in self.accounts[1].entries], list(range(1, 9)))


class HeapTest(unittest.TestCase):
    def test_sorts(self):
        numbers = [(7919 * n) % 1009 for n in range(150)]
        heap = []
        for number in numbers:
            heapq.heappush(heap, (number, str(number)))
        self.assertEqual([heapq.heappop(heap)[0] for _ in numbers], sorted(numbers))

    def test_merges(self):
        rows = [list(range(first, 60, 4)) for first in range(4)]
        self.assertEqual(list(heapq.merge(*rows)), list(range(60)))


class TextTest(unittest.TestCase):
    def test_templates(self):
        for n in range(10):
            template = string.Template("$who owes $what to ${whom}s")
            text = template.substitute(who=f"a{n}", what=n, whom="b")
            self.assertEqual(text, f"a{n} owes {n} to bs")

    def test_words_are_counted(self):
        text = io.StringIO("one two three two three three\n" * 5)
        words = collections.Counter(word for line in text for word in line.split())
        self.assertEqual(words.most_common(1), [("three", 15)])


class CasesTest(unittest.TestCase):
    @unittest.expectedFailure
    def test_what_fails(self):
        self.assertEqual([{"n": n} for n in range(12)], [None] * 12)

    def test_many_cases(self):
        for n in range(20):
            with self.subTest(n=n):
                self.assertEqual(n * (n - 1) % 2, 0)

    def test_deques_turn(self):
        turning = collections.deque(range(50))
        for _ in range(100):
            turning.rotate(7)
        self.assertEqual(turning[0], 0)


def main():
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 1
    out = io.StringIO()
    runner = unittest.TextTestRunner(out, verbosity=2)
    loader = unittest.defaultTestLoader
    results = [runner.run(loader.loadTestsFromModule(sys.modules[__name__])) for _ in range(rounds)]
    print(sum(result.testsRun for result in results), "tests")
    sys.exit(not all(result.wasSuccessful() for result in results))


if __name__ == "__main__":
    main()
