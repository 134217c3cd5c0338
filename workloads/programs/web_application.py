"""A WSGI application with marks: a shop that answers in JSON. For any server: `gunicorn web_application`,
wsgiref (prefork_web.py), mod_wsgi.

    GET  /product?number=7      a product and what goes with it
    GET  /search?word=blue      all products of that word, streamed in pieces
    POST /basket?visitor=3      puts the products of a JSON list in a visitor's basket; answers what is in it
    GET  /fail                  raises: servers answer 500

Products refer to each other both ways, so the catalogue is one big cycle that lives on; baskets live in the
middle of things, in a cache that forgets; parsing and answering makes garbage, some of it cyclic.
"""

import collections
import json
import random
import urllib.parse

try:
    import gcreplay_marks as marks
except ImportError:  # not recorded with --marks, and not installed
    marks = None

PRODUCTS = 1000
BASKETS = 200
COLOURS = ("blue", "red", "green", "black", "white", "grey", "amber")
THINGS = ("chair", "table", "lamp", "shelf", "stool", "mirror", "carpet", "curtain")


class Product:
    def __init__(self, number, rng):
        self.number = number
        self.words = [rng.choice(COLOURS), rng.choice(THINGS)]
        self.price = rng.randrange(500, 90000)
        self.options = {"width": rng.randrange(20, 200), "height": rng.randrange(20, 200)}
        self.related = []

    def summary(self):
        return {"number": self.number, "name": " ".join(self.words), "price": self.price}


class Catalogue:
    def __init__(self, count):
        rng = random.Random(7)
        self.products = [Product(number, rng) for number in range(count)]
        self.by_word = collections.defaultdict(list)
        for product in self.products:
            product.related.extend(rng.sample(self.products, 4))
            for word in product.words:
                self.by_word[word].append(product)


class Baskets:
    """The least recently used are forgotten."""

    def __init__(self, limit):
        self.limit, self.kept = limit, collections.OrderedDict()

    def get(self, visitor):
        basket = self.kept.setdefault(visitor, {"visitor": visitor, "lines": []})
        self.kept.move_to_end(visitor)
        while len(self.kept) > self.limit:
            self.kept.popitem(last=False)
        return basket


def load():
    return Catalogue(PRODUCTS), Baskets(BASKETS)


if marks is not None:
    with marks.phase("load"):
        catalogue, baskets = load()
else:
    catalogue, baskets = load()


def show_product(query):
    product = catalogue.products[int(query["number"][0]) % PRODUCTS]
    answer = product.summary()
    answer["options"] = product.options
    answer["related"] = [other.summary() for other in product.related]
    return answer


def stream_search(query):
    found = catalogue.by_word[query["word"][0]]
    for first in range(0, len(found), 20):
        page = [product.summary() for product in found[first : first + 20]]
        yield (json.dumps(page) + "\n").encode()


def fill_basket(query, body):
    basket = baskets.get(int(query["visitor"][0]))
    for number in json.loads(body):
        line = {"product": catalogue.products[number % PRODUCTS], "basket": basket}  # a cycle
        basket["lines"].append(line)
    del basket["lines"][:-12]
    return [line["product"].summary() for line in basket["lines"]]


def shop(environ, start_response):
    query = urllib.parse.parse_qs(environ.get("QUERY_STRING", ""))
    path = environ["PATH_INFO"]
    if path == "/search":
        start_response("200 OK", [("Content-Type", "application/json")])
        return stream_search(query)
    if path == "/product":
        answer = show_product(query)
    elif path == "/basket":
        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        answer = fill_basket(query, body)
    elif path == "/fail":
        raise RuntimeError("as asked")
    else:
        start_response("404 Not Found", [("Content-Type", "text/plain")])
        return [b"not here\n"]
    start_response("200 OK", [("Content-Type", "application/json")])
    return [json.dumps(answer).encode()]


application = shop if marks is None else marks.wsgi(shop)
