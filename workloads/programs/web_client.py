"""Asks a web_application.py under load: several connections at a time, a request each.

usage: web_client.py PORT REQUESTS [AT_A_TIME [FAILING]]

FAILING of the requests ask for what raises. Prints how many were answered, by status; exit code 1 if any
was not.
"""

import collections
import http.client
import json
import random
import sys
import threading
import time

WORDS = ("blue", "red", "green", "chair", "table", "lamp")


def ask(port, rng, fails):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    kind = rng.random()
    if fails:
        connection.request("GET", "/fail")
    elif kind < 0.5:
        connection.request("GET", f"/product?number={rng.randrange(1000)}")
    elif kind < 0.7:
        connection.request("GET", f"/search?word={rng.choice(WORDS)}")
    else:
        chosen = json.dumps([rng.randrange(1000) for _ in range(3)])
        connection.request("POST", f"/basket?visitor={int(400 * rng.random() ** 3)}", chosen)
    response = connection.getresponse()
    response.read()
    connection.close()
    return response.status


def wait_for(port):
    """Until the server listens: it does not notice this connection as a request."""
    for _ in range(600):
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        try:
            connection.connect()
            return
        except OSError:
            time.sleep(0.1)
        finally:
            connection.close()
    sys.exit(f"web_client: nothing listens on port {port}")


def main():
    port, requests = int(sys.argv[1]), int(sys.argv[2])
    at_a_time = int(sys.argv[3]) if len(sys.argv) > 3 else 4
    failing = int(sys.argv[4]) if len(sys.argv) > 4 else 0
    statuses = collections.Counter()
    todo = list(range(requests))
    lock = threading.Lock()

    def work(seed):
        rng = random.Random(seed)
        while True:
            with lock:
                if not todo:
                    return
                number = todo.pop()
            try:
                status = ask(port, rng, number < failing)
            except OSError as error:
                status = type(error).__name__
            with lock:
                statuses[status] += 1

    wait_for(port)
    clients = [threading.Thread(target=work, args=(seed,)) for seed in range(at_a_time)]
    for client in clients:
        client.start()
    for client in clients:
        client.join()
    print("answered", " ".join(f"{status}:{count}" for status, count in sorted(statuses.items(), key=str)))
    sys.exit(0 if statuses[200] == requests - failing and statuses[500] == failing else 1)


if __name__ == "__main__":
    main()
