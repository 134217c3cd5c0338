"""A JSON service without the network: each request is parsed, worked on against the session it names,
and answered with JSON. Sessions sit in a cache of fixed size that forgets the least recently used; who
asks is skewed, as it is on real sites: few sessions get most requests.

Most of what a request makes dies with it; sessions die in the middle of their lives, which is what
generational designs dislike most.

usage: json_service.py [REQUESTS [SESSIONS]]
"""

import collections
import json
import random
import sys


class Session:
    """One visitor: a history of fixed length and a basket that grows."""

    def __init__(self, number):
        self.number = number
        self.history = collections.deque(maxlen=16)
        self.basket = {}
        self.profile = {"name": f"visitor {number}", "visits": 0, "tags": []}


class Cache:
    def __init__(self, size):
        self.size, self.sessions, self.evicted = size, collections.OrderedDict(), 0

    def get(self, number):
        session = self.sessions.get(number)
        if session is None:
            session = self.sessions[number] = Session(number)
            if len(self.sessions) > self.size:
                self.sessions.popitem(last=False)
                self.evicted += 1
        self.sessions.move_to_end(number)
        return session


def make_request(rng, visitors):
    visitor = int(visitors * rng.random() ** 3)
    items = [
        {"sku": rng.randrange(5000), "count": rng.randrange(1, 4), "options": {"size": rng.choice("SML")}}
        for _ in range(rng.randrange(1, 6))
    ]
    return json.dumps({"visitor": visitor, "items": items, "query": f"page {rng.randrange(400)}"})


def answer(cache, text):
    request = json.loads(text)
    session = cache.get(request["visitor"])
    session.profile["visits"] += 1
    session.history.append((request["query"], len(request["items"])))
    for item in request["items"]:
        entry = session.basket.setdefault(item["sku"], {"count": 0, "seen": []})
        entry["count"] += item["count"]
        entry["seen"].append(session.profile["visits"])
        del entry["seen"][:-4]
    while len(session.basket) > 40:
        del session.basket[next(iter(session.basket))]
    lines = sorted(session.basket.items(), key=lambda pair: -pair[1]["count"])[:8]
    return json.dumps({
        "visitor": session.number,
        "basket": [{"sku": sku, **entry} for sku, entry in lines],
        "history": list(session.history)[-5:],
    })


def main():
    requests = int(sys.argv[1]) if len(sys.argv) > 1 else 2500
    sessions = int(sys.argv[2]) if len(sys.argv) > 2 else 300
    rng = random.Random(1)
    cache, sent = Cache(sessions), 0
    for _ in range(requests):
        sent += len(answer(cache, make_request(rng, sessions * 8)))
    print(f"{requests} requests, {sent} bytes of answers, {cache.evicted} sessions forgotten")


main()
