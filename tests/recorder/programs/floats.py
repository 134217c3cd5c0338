"""Cyclic garbage holds floats. When it is collected they go to a free list, and come back as others."""

import random


class Customer:
    def __init__(self):
        self.basket = []


class Item:
    def __init__(self, owner, price):
        self.owner, self.price = owner, price


rng, cache = random.Random(1), {}
for visit in range(2500):
    number = int(300 * rng.random() ** 2)
    customer = cache.pop(number, None) or Customer()
    cache[number] = customer
    customer.basket.append(Item(customer, rng.random()))
    if len(customer.basket) > 6:
        customer.basket = [item for item in customer.basket if item.price < 0.5]
    if len(cache) > 60:
        del cache[next(iter(cache))]
print(sum(len(customer.basket) for customer in cache.values()) > 0)
