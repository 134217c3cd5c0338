"""Science on a graph of objects: people who know each other, built by preferential attachment; then
rounds of what such programs do: spread a rumour, find triangles, cut communities by label
propagation, and rewire some friendships.

The graph is one large cyclic structure that lives from beginning to end; rounds make short-lived
sets, lists and floats beside it, and rewiring stores into old objects all the time.

usage: object_graph.py [PEOPLE [ROUNDS]]
"""

import random
import sys


class Person:
    __slots__ = ("number", "friends", "label", "weight")

    def __init__(self, number):
        self.number, self.friends, self.label, self.weight = number, [], self, 1.0


class Tie:
    """A friendship as an object of its own: both ends refer to it, and it to both."""

    __slots__ = ("a", "b", "strength")

    def __init__(self, a, b, strength):
        self.a, self.b, self.strength = a, b, strength
        a.friends.append(self)
        b.friends.append(self)

    def other(self, person):
        return self.b if person is self.a else self.a

    def cut(self):
        self.a.friends.remove(self)
        self.b.friends.remove(self)


def build(rng, people):
    persons = [Person(0), Person(1)]
    ties = [Tie(persons[0], persons[1], 1.0)]
    while len(persons) < people:
        person = Person(len(persons))
        for tie in rng.sample(ties, min(3, len(ties))):  # who has many ties gets more
            ties.append(Tie(person, rng.choice((tie.a, tie.b)), rng.random()))
        persons.append(person)
    return persons, ties


def spread_rumour(rng, persons):
    reached, front = set(), [rng.choice(persons)]
    while front:
        reached.update(front)
        front = [
            friend
            for person in front
            for friend in [tie.other(person) for tie in person.friends if tie.strength > 0.6]
            if friend not in reached
        ]
        front = list(dict.fromkeys(front))
    return len(reached)


def count_triangles(persons):
    found = 0
    for person in persons[::16]:
        near = {tie.other(person) for tie in person.friends[:24]}
        for friend in near:
            found += sum(tie.other(friend) in near for tie in friend.friends[:24])
    return found // 2


def propagate_labels(persons):
    for person in persons:
        votes = {}
        for tie in person.friends:
            label = tie.other(person).label
            votes[label] = votes.get(label, 0.0) + tie.strength
        if votes:
            person.label = max(votes.items(), key=lambda vote: (vote[1], -vote[0].number))[0]
    return len({person.label for person in persons})


def rewire(rng, persons, ties):
    for _ in range(len(ties) // 50):
        at = rng.randrange(len(ties))
        ties[at].cut()
        a, b = rng.choice(persons), rng.choice(persons)
        ties[at] = Tie(a, b, rng.random())


def main():
    people = int(sys.argv[1]) if len(sys.argv) > 1 else 6000
    rounds = int(sys.argv[2]) if len(sys.argv) > 2 else 4
    rng = random.Random(1)
    persons, ties = build(rng, people)
    for number in range(rounds):
        reached, triangles = spread_rumour(rng, persons), count_triangles(persons)
        communities = propagate_labels(persons)
        rewire(rng, persons, ties)
        print(f"round {number}: {reached} reached, {triangles} triangles, {communities} communities")


main()
